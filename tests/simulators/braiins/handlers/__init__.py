"""Handlers of all operations, by area; importing this package registers them."""

from . import (
    access,
    actions,
    advanced,
    configuration,
    cooling,
    miner,
    network,
    performance,
    pools,
    targets,
    upgrade,
)

__all__ = [
    "access",
    "actions",
    "advanced",
    "configuration",
    "cooling",
    "miner",
    "network",
    "performance",
    "pools",
    "targets",
    "upgrade",
]

"""The time limits of the integration, shortened while a test needs them to run out."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from aiohttp import ClientTimeout

from custom_components.asic_miner import polling
from custom_components.asic_miner.miners import detect
from custom_components.asic_miner.miners.braiins import base, session
from custom_components.asic_miner.miners.braiins import pools as braiins_pools
from custom_components.asic_miner.miners.braiins import transport as braiins
from custom_components.asic_miner.miners.whatsminer import core, patience
from custom_components.asic_miner.miners.whatsminer import pools as whatsminer_pools
from custom_components.asic_miner.miners.whatsminer import transport as whatsminer

SHORT = 0.15
"""Real seconds; loopback answers within a few milliseconds, and a late answer to a spoilt
request changes nothing that is asserted."""
_HURRIED = whatsminer.Timeouts(
    connect=SHORT, read=SHORT, write=SHORT, silent=SHORT, stall=SHORT, install=SHORT
)


@contextmanager
def hurried() -> Iterator[None]:
    """Let whoever waits for a device give up soon, by the same code as ever."""
    with ExitStack() as stack:
        for target, name, value in (
            (polling, "POLL_SECONDS", 6 * SHORT),
            (polling, "POLL_MARGIN_SECONDS", SHORT),
            (detect, "PROBE_SECONDS", 3 * SHORT),
            (braiins, "TIMEOUT", ClientTimeout(total=2 * SHORT, connect=SHORT)),
        ):
            stack.enter_context(patch.object(target, name, value))
        stack.enter_context(
            patch.object(
                whatsminer.Transport,
                "timeouts",
                # What is made meanwhile has its own limits after it.
                property(lambda _: _HURRIED, lambda made, own: made.__dict__.update(timeouts=own)),
                create=True,
            )
        )
        yield


@contextmanager
def brisk() -> Iterator[None]:
    """Let pauses between two looks or logins pass quickly; nothing gives up earlier."""
    with ExitStack() as stack:
        for target, name, value in (
            (core.Core, "confirm_seconds", 1.0),
            (core.Core, "confirm_interval", 0.05),
            (patience, "FIRST_PAUSE", 0.0),
            (patience, "LONGEST_PAUSE", 0.0),
            (session, "FIRST_BACKOFF", 0.0),
            (session, "LAST_BACKOFF", 0.0),
            (base, "PATIENCE", (0.05, 0.05)),
            (whatsminer_pools.PoolOrders, "pools_seconds", 1.0),
            (braiins_pools, "CONFIRM_SECONDS", (0.05, 0.1, 0.2)),
        ):
            stack.enter_context(patch.object(target, name, value))
        stack.enter_context(
            patch.object(base.BraiinsBase._write, "__defaults__", ((0.05, 0.1, 0.2),))
        )
        yield

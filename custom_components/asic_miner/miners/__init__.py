"""What a miner is and how to talk to one.

Knows nothing of Home Assistant: this package can be lifted out as a library.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .braiins.client import BraiinsClient
from .client import Credentials, MinerClient
from .models import JsonValue, Make
from .whatsminer.client import WhatsminerClient

if TYPE_CHECKING:
    from aiohttp import ClientSession

DEFAULT_PORTS = {Make.WHATSMINER: 4028, Make.BRAIINS: 80}
"""The port each make listens on."""


def create_client(
    make: Make,
    host: str,
    port: int,
    credentials: Credentials,
    session: ClientSession,
    *,
    memory: Mapping[str, JsonValue] | None = None,
) -> MinerClient:
    """Return a client for a miner of a known make. Nothing is sent yet.

    `session` is used by makes that speak HTTP and stays the caller's to close.
    `memory` is what `MinerClient.memory` of an earlier client held, whoever it was of.
    """
    match make:
        case Make.WHATSMINER:
            return WhatsminerClient(host, port, credentials, memory=memory)
        case Make.BRAIINS:
            return BraiinsClient(host, port, credentials, session)

"""What a miner is and how to talk to one.

Knows nothing of Home Assistant: this package can be lifted out as a library.
"""

import asyncio
from collections.abc import Mapping
from importlib import import_module
import sys
from typing import TYPE_CHECKING, Protocol, cast

from .client import Credentials, MinerClient
from .models import JsonValue, Make

if TYPE_CHECKING:
    from aiohttp import ClientSession

DEFAULT_PORTS = {Make.WHATSMINER: 4028, Make.BRAIINS: 80}
"""The port each make listens on."""


class MakeModule(Protocol):
    """What the module `MAKE.client` has to have."""

    def create(
        self,
        host: str,
        port: int,
        credentials: Credentials,
        session: ClientSession,
        memory: Mapping[str, JsonValue] | None,
    ) -> MinerClient:
        """Return a client for a miner of the make."""


def client_module(make: Make) -> str:
    """Return the name of the module that has to be loaded for a make: more than a megabyte."""
    return f"{__package__}.{make.value}.client"


async def create_client(
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
    Where `client_module` is not loaded yet, that is done in a thread: most homes have one make.
    """
    name = client_module(make)
    # While another thread is at it the module is listed before it is whole.
    module = sys.modules.get(name)
    if not hasattr(module, "create"):
        module = await asyncio.to_thread(import_module, name)
    return cast("MakeModule", module).create(host, port, credentials, session, memory)

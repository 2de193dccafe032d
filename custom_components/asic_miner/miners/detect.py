"""Which make answers at an address, and who it is."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from . import DEFAULT_PORTS, create_client
from .braiins.public import told_model
from .client import Credentials
from .errors import MinerError, OutdatedFirmwareError, UnreachableError
from .lean import dataclass
from .models import Identity, Make

if TYPE_CHECKING:
    from aiohttp import ClientSession

PROBE_SECONDS = 8.0
"""Longer than a loaded control board needs to answer, short enough to wait for in a form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Detected:
    """What was found at an address."""

    make: Make
    port: int
    identity: Identity | None
    """None where the make tells it only after logging in."""
    model: str | None = None
    """What it tells before that, where somebody has asked."""


async def detect(session: ClientSession, host: str, port: int | None = None) -> Detected:
    """Find out which make answers at `host`, without sending any credentials.

    With `port` given only that port is asked, in the language of both makes; else
    each make is asked at its own port. Raises UnreachableError when nothing accepts
    a connection, MalformedReplyError when something answers that is no known miner.
    """
    # One port is asked in one language after the other: some devices take one connection.
    at_once = asyncio.Semaphore(1 if port else len(DEFAULT_PORTS))
    answers = await asyncio.gather(
        *(
            _probe(session, make, host, port or default, at_once)
            for make, default in DEFAULT_PORTS.items()
        )
    )
    for answer in answers:
        if isinstance(answer, Detected):
            return answer
    # That something answered says more than that something else did not.
    failures = [answer for answer in answers if isinstance(answer, MinerError)]
    raise min(failures, key=_says_little)


async def with_model(found: Detected, host: str) -> Detected:
    """Add the model of a miner that has not told who it is, if it tells that without a login.

    Takes 2 s at most, and raises nothing.
    """
    if found.make is Make.BRAIINS and found.identity is None:
        return replace(found, model=await told_model(host))
    return found


def _says_little(failure: MinerError) -> int:
    """Return how little a failure says of what is there."""
    if isinstance(failure, OutdatedFirmwareError):
        return 0
    return 2 if isinstance(failure, UnreachableError) else 1


async def _probe(
    session: ClientSession, make: Make, host: str, port: int, at_once: asyncio.Semaphore
) -> Detected | MinerError:
    """Ask one make at one port."""
    async with at_once:
        try:
            return await _ask(session, make, host, port)
        except MinerError as error:
            return error


async def _ask(session: ClientSession, make: Make, host: str, port: int) -> Detected:
    client = await create_client(make, host, port, Credentials(), session)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            identity = await client.probe()
    except TimeoutError as error:
        raise UnreachableError(f"no answer within {PROBE_SECONDS:g} s") from error
    finally:
        await client.close()
    return Detected(make=make, port=port, identity=identity)

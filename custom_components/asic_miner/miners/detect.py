"""Which make answers at an address, and who it is."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import DEFAULT_PORTS, create_client
from .client import Credentials
from .errors import MinerError, UnreachableError
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


async def detect(session: ClientSession, host: str, port: int | None = None) -> Detected:
    """Find out which make answers at `host`, without sending any credentials.

    With `port` given only that port is asked, in the language of both makes; else
    each make is asked at its own port. Raises UnreachableError when nothing accepts
    a connection, MalformedReplyError when something answers that is no known miner.
    """
    asked = {make: default if port is None else port for make, default in DEFAULT_PORTS.items()}
    answers = await asyncio.gather(
        *(_probe(session, make, host, at) for make, at in asked.items()), return_exceptions=True
    )
    failures: list[MinerError] = []
    for answer in answers:
        match answer:
            case Detected():
                return answer
            case MinerError():
                failures.append(answer)
            case BaseException():
                raise answer
    # That something answered says more than that something else did not.
    raise next(
        (failure for failure in failures if not isinstance(failure, UnreachableError)),
        failures[0],
    )


async def _probe(session: ClientSession, make: Make, host: str, port: int) -> Detected:
    """Ask one make at one port."""
    client = create_client(make, host, port, Credentials(), session)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            identity = await client.probe()
    except TimeoutError as error:
        raise UnreachableError(f"no answer within {PROBE_SECONDS:g} s") from error
    finally:
        await client.close()
    return Detected(make=make, port=port, identity=identity)

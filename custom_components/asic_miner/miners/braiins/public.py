"""What Braiins OS tells of itself without a login, on its older interface of port 4028."""

import asyncio
from contextlib import suppress
import json

from ..wording import as_name

PORT = 4028
"""That of cgminer, which Braiins OS still answers at."""
SECONDS = 2.0
"""For all of it. A control board answers within tens of milliseconds, and only a name in a list
is lost without it."""
MOST = 1 << 16
"""Bytes; a description has some hundred for each hashboard."""
LONGEST = 60
"""Characters of a name in a list; that of the longest model has half as many."""


async def told_model(host: str) -> str | None:
    """Return what the miner at `host` calls its model (`devdetails`), None if it does not say.

    One connection, one reading command, no login. Raises nothing: it is asked for a list only.
    """
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, PORT)
            try:
                writer.write(b'{"command":"devdetails"}')
                reply = await _reply(reader)
            finally:
                writer.transport.abort()
    except OSError:
        return None
    return _model(reply)


async def _reply(reader: asyncio.StreamReader) -> bytes:
    """Read up to a zero byte, the end of the connection or as much as a miner may say."""
    reply = b""
    while len(reply) < MOST and b"\0" not in reply and (part := await reader.read(MOST)):
        reply += part
    return reply.partition(b"\0")[0]


def _model(reply: bytes) -> str | None:
    with suppress(ValueError, RecursionError, KeyError, TypeError, AttributeError):
        for board in json.loads(reply)["DEVDETAILS"]:
            model = board.get("Model")
            if isinstance(model, str) and model.strip():
                return as_name(model)[:LONGEST]
    return None

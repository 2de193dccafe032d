"""What all groups of operations stand on: the session, and answers of a few plain forms."""

import asyncio
from collections.abc import Awaitable, Callable
import time

from aiohttp import ClientSession

from ..errors import MalformedReplyError
from .parse import Json, flag, number
from .session import BraiinsSession


class Operations:
    """Requests to one device."""

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        password: str,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Send nothing yet. `session` stays the caller's; `clock` and `sleep` are in seconds."""
        self._session = BraiinsSession(
            host, port, username, password, session, clock=clock, sleep=sleep
        )

    async def read_any(self, path: str) -> Json:
        """Read whatever is at a path. What the device says when it refuses is not told."""
        return await self._session.call("GET", path, private=True)

    async def _object(self, path: str, *, query: dict[str, str] | None = None) -> dict[str, Json]:
        """Read an object."""
        reply = await self._session.call("GET", path, query=query)
        if not isinstance(reply, dict):
            raise MalformedReplyError(f"{path}: not an object")
        return reply

    async def _action(self, path: str, body: Json = None) -> bool | None:
        """Do something; any success means accepted, the boolean tells what was before."""
        return flag(await self._session.call("PUT", path, body))

    async def _number(
        self, method: str, path: str, unit: str, value: float | None = None
    ) -> float | None:
        """Set a number, or let the device choose one; returns what it tells to hold now."""
        body: Json = None if value is None else {unit: value}
        return number(await self._session.call(method, path, body), unit)

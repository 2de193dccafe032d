"""What all parts of the client stand on: one writer at a time, and what is known by now."""

import asyncio
from collections.abc import Awaitable, Callable
import time
from typing import Final, override

from aiohttp import ClientSession

from ..client import Credentials, MinerClient
from ..errors import Reason, UnconfirmedError, UnsupportedError
from ..models import Capabilities, Make, Snapshot
from .api import BraiinsApi
from .boards import Boards
from .changes import Changes
from .configuration import Constraints
from .legacy import WebServer
from .reading import Reader, attempt, look_deadline
from .snapshot import shown
from .transport import ProcessAwayError

DEFAULT_USERNAME: Final = "root"
"""The only user there is."""

PATIENCE: Final = (5.0, 10.0, 20.0)
"""Seconds between attempts at what is safe to repeat while the mining process restarts."""

CONFIRM_SECONDS: Final = (1.0, 2.0, 4.0)
"""Pauses between looks after a write without an answer: settings hold at once, a pause
shows within about 5 s."""

RESTART_CONFIRM_SECONDS: Final = (5.0, 10.0, 20.0, 30.0)
"""As above; hashboards and what restarts the mining process take a minute or more to show."""

REBOOT_CONFIRM_SECONDS: Final = (2.0, 4.0, 8.0, 16.0)
"""As above; a board needs some seconds before it goes silent."""


class BraiinsBase(MinerClient):
    """One miner with Braiins OS 25.07 or newer."""

    make = Make.BRAIINS
    # A pause shows within about five seconds, a target in the configuration at once.
    settling_seconds = 5.0

    def __init__(
        self,
        host: str,
        port: int,
        credentials: Credentials,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Send nothing yet. `clock` and `sleep` are in seconds."""

        def api(host: str) -> BraiinsApi:
            return BraiinsApi(
                host,
                port,
                credentials.username or DEFAULT_USERNAME,
                credentials.password or "",
                session,
                clock=clock,
                sleep=sleep,
            )

        self._api = api(host)
        self._api_at = api
        """The same operations at another address."""
        self._web = WebServer(host, port, session)
        self._host = host
        # The API is served beside the web page.
        self.web_port = port
        self._clock = clock
        self._sleep = sleep
        self._writes = asyncio.Lock()
        self._capabilities = Capabilities()
        self._reader = Reader(self._api, clock)
        self._changes = Changes(self._api)
        self._boards = Boards(self._api, clock)

    @property
    @override
    def capabilities(self) -> Capabilities:
        """What the device has shown in `identify` and `read` since the client was made."""
        return self._capabilities

    def _learn(self, seen: Snapshot) -> None:
        """Add to the capabilities what has just been seen."""
        reader = self._reader
        self._capabilities = self._capabilities.merged(
            shown(reader.constraints, seen, reader.version, reader.facts.ranges)
        )

    async def _need(self, major: int, minor: int, what: str) -> None:
        """Raise UnsupportedError unless the device's contract is of a version or newer."""
        version = await self._reader.learn_version()
        if (version.major, version.minor) < (major, minor):
            raise UnsupportedError(
                f"{what} needs version {major}.{minor} of the Braiins OS API, and this"
                f" firmware has {version}",
                Reason.NEEDS_API,
                needed=f"{major}.{minor}",
                version=str(version),
            )

    async def _write(
        self,
        send: Callable[[], Awaitable[object]],
        shows: Callable[[], Awaitable[bool]],
        pauses: tuple[float, ...] = CONFIRM_SECONDS,
    ) -> None:
        """Send one write; when no answer comes, look whether it shows instead of repeating."""
        async with self._writes:
            try:
                await send()
            except UnconfirmedError:
                for pause in pauses:
                    await self._sleep(pause)
                    if await attempt(shows, look_deadline()) is True:
                        return
                raise

    async def _constraints(self) -> Constraints:
        """Return what the device accepts."""
        if self._reader.constraints is None:
            self._reader.constraints = await self._api.get_constraints()
            self._learn(Snapshot())
        return self._reader.constraints

    async def _patiently(self, call: Callable[[], Awaitable[object]]) -> None:
        """Repeat what the mining process refuses while it restarts; it was not executed."""
        for pause in PATIENCE:
            try:
                await call()
            except ProcessAwayError:
                await self._sleep(pause)
            else:
                return
        await call()

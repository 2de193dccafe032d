"""A miner with Braiins OS as the one interface to a miner of any make."""

import asyncio
from collections.abc import Awaitable, Callable
import math
import time
from typing import Final, override

from aiohttp import ClientSession

from ..client import Credentials, MinerClient
from ..errors import (
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
)
from ..models import Capabilities, Feature, Identity, Make, PowerRange, SettingValue, Snapshot
from . import convert, settings
from .api import BraiinsApi
from .boards import Boards
from .changes import Changes
from .configuration import Constraints
from .reading import READ_SECONDS, Reader, attempt, look_deadline
from .schema import MinerStatus, TargetKind
from .session import ProcessAwayError, ProcessStoppedError
from .snapshot import shown, snapshot

DEFAULT_USERNAME: Final = "root"
"""The only user there is."""

PATIENCE: Final = (5.0, 10.0, 20.0)
"""Seconds between attempts to pause or resume while the mining process restarts."""

CONFIRM_SECONDS: Final = (1.0, 2.0, 4.0)
"""Pauses between looks after a write without an answer: settings hold at once, a pause
shows within about 5 s."""

BOARD_CONFIRM_SECONDS: Final = (5.0, 10.0, 20.0, 30.0)
"""As above; a switched hashboard takes up to a minute or more to show."""

REBOOT_CONFIRM_SECONDS: Final = (2.0, 4.0, 8.0, 16.0)
"""As above; a board needs some seconds before it goes silent."""


class BraiinsClient(MinerClient):
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
        self._api = BraiinsApi(
            host,
            port,
            credentials.username or DEFAULT_USERNAME,
            credentials.password or "",
            session,
            clock=clock,
        )
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

    # Who it is

    @override
    async def probe(self) -> Identity | None:
        """Ask for the version of the API (`getApiVersion`), which is told to anyone."""
        try:
            await self._api.get_api_version()
        except UnreachableError, MalformedReplyError:
            raise
        except MinerError as error:
            raise MalformedReplyError("what answers is not Braiins OS") from error
        return None

    @override
    async def identify(self) -> Identity:
        """Ask who answers, and which targets it takes. Three to four requests."""
        version = await self._api.get_api_version()
        details = await self._api.get_miner_details()
        mac, hostname = details.mac_address, details.hostname
        if convert.mac_of(mac) is None:
            network = await self._api.get_network()
            mac, hostname = network.mac_address, hostname or network.hostname
        found = convert.identity(details, version, mac, hostname)
        await self._reader.learn_constraints()
        self._learn(Snapshot())
        return found

    @override
    async def check_access(self) -> None:
        """Log in, also just after a refusal, and read; a session may do everything."""
        await self._api.login()
        await self._api.get_miner_details()

    # Reading

    @override
    async def read(self, *, slow: bool, seconds: float = READ_SECONDS) -> Snapshot:
        """Read the live values with three requests, with `slow` six or seven more.

        Available as long as `miner/details` answers, which needs no mining process. The
        live values come first; what has not answered within `seconds` in all is None.
        """
        reading = await self._reader.read(slow=slow, seconds=seconds)
        seen = snapshot(reading)
        self._learn(seen)
        return seen

    def _learn(self, seen: Snapshot) -> None:
        """Add to the capabilities what has just been seen."""
        self._capabilities = self._capabilities.merged(shown(self._reader.constraints, seen))

    # Commands

    @override
    async def set_mining(self, on: bool) -> None:
        """Pause (`pauseMining`) or resume (`resumeMining`); start a stopped process (`start`).

        While the mining process restarts this is tried again for 35 s: a refused
        request was not executed, and these are safe to repeat.
        """

        async def shows() -> bool:
            details = await self._api.get_miner_details()
            mines = details.status != MinerStatus.PAUSED and details.bosminer_uptime_s != 0
            return mines is on

        await self._write(self._resume if on else self._pause, shows)

    async def _resume(self) -> None:
        try:
            await self._patiently(self._api.resume_mining)
        except ProcessStoppedError:
            await self._api.start()

    async def _pause(self) -> None:
        try:
            await self._patiently(self._api.pause_mining)
        except ProcessStoppedError:
            # Without a process nothing mines: what was wanted already is.
            return

    async def _patiently(self, call: Callable[[], Awaitable[object]]) -> None:
        for pause in PATIENCE:
            try:
                await call()
            except ProcessAwayError:
                await self._sleep(pause)
            else:
                return
        await call()

    @override
    async def set_locate(self, on: bool) -> None:
        """Let the light blink or not (`setLocateDeviceStatus`)."""

        async def shows() -> bool:
            return await self._api.get_locate_device_status() is on

        await self._write(lambda: self._api.set_locate_device_status(on), shows)

    @override
    async def set_power_target(self, watts: float) -> bool:
        """Store a power target in W (`setPowerTarget`), whole watts, no restart.

        While the tuner holds a hashrate or is operated manually nothing is sent and
        RejectedError says so: the mode is never changed unasked, since that means tuning
        anew. Whether the target took effect is looked up afterwards, too.
        """
        wanted = round(await self._checked(watts, Feature.POWER_TARGET, "W"))

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.power_watt, wanted)

        async def write() -> None:
            await self._must_hold(TargetKind.POWER)
            _same(await self._api.set_power_target(wanted), wanted, "W")

        await self._write(write, shows)
        await self._in_force(TargetKind.POWER)
        return True

    @override
    async def set_hashrate_target(self, terahashes: float) -> None:
        """Store a hashrate target in TH/s (`setHashrateTarget`); see `set_power_target`."""
        wanted = await self._checked(terahashes, Feature.HASHRATE_TARGET, "TH/s")

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.hashrate_terahash, wanted)

        async def write() -> None:
            await self._must_hold(TargetKind.HASHRATE)
            _same(await self._api.set_hashrate_target(wanted), wanted, "TH/s")

        await self._write(write, shows)
        await self._in_force(TargetKind.HASHRATE)

    @override
    async def default_power_target(self) -> None:
        """Store the model's own power target (`setDefaultPowerTarget`)."""
        default = (await self._offered(Feature.POWER_TARGET)).default

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.power_watt, default)

        async def write() -> None:
            await self._must_hold(TargetKind.POWER)
            await self._api.set_default_power_target()

        await self._write(write, shows)
        await self._in_force(TargetKind.POWER)

    @override
    async def default_hashrate_target(self) -> None:
        """Store the model's own hashrate target (`setDefaultHashrateTarget`)."""
        default = (await self._offered(Feature.HASHRATE_TARGET)).default

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.hashrate_terahash, default)

        async def write() -> None:
            await self._must_hold(TargetKind.HASHRATE)
            await self._api.set_default_hashrate_target()

        await self._write(write, shows)
        await self._in_force(TargetKind.HASHRATE)

    @override
    async def set_setting(self, setting: Feature, value: SettingValue) -> None:
        """Change one setting and leave all others as they are. All survive a reboot.

        Cooling mode and temperatures (`setCoolingMode`) interrupt mining for minutes, and
        on firmware of 2026 that hashes also the answers to most reads; gentler is to pause,
        change them, wait 45 s and resume. They settle after up to a minute or more. The
        performance mode (`setPerformanceMode`) tunes anew. Scaling (`setDps`) and ramping
        (`setQuickRamping`) interrupt nothing.

        What is set so already is not sent. Needs the mining process.
        """
        constraints = await self._constraints()
        wanted = settings.checked(constraints, setting, value)
        await self._write(
            lambda: self._changes.send(constraints, setting, wanted),
            lambda: self._changes.shows(constraints, setting, wanted),
        )

    @override
    async def set_hashboard(self, index: int, on: bool) -> None:
        """Switch one hashboard (`updateHashboards`); all boards restart and are tuned anew.

        Accepted at once, shows after up to a minute or more, survives a reboot. The last
        board that is on is not switched off: InvalidValueError. Machines without a
        controller on each board refuse single boards: RejectedError.
        """
        await self._write(
            lambda: self._boards.send(index, on),
            lambda: self._boards.shows(index, on),
            BOARD_CONFIRM_SECONDS,
        )

    @override
    async def restart_mining(self) -> None:
        """Restart the mining process (`restart`)."""
        sent = self._clock()

        async def shows() -> bool:
            uptime = (await self._api.get_miner_details()).bosminer_uptime_s
            return uptime is not None and uptime <= self._clock() - sent

        await self._write(self._api.restart, shows)

    @override
    async def reboot(self) -> None:
        """Restart the control board (`reboot`); silence afterwards is as it should be."""
        sent = self._clock()

        async def shows() -> bool:
            try:
                uptime = (await self._api.get_miner_details()).system_uptime_s
            except UnreachableError:
                return True
            return uptime is not None and uptime <= self._clock() - sent

        await self._write(self._api.reboot, shows, REBOOT_CONFIRM_SECONDS)

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

    async def _offered(self, name: Feature) -> PowerRange:
        """Return what is offered of a target; UnsupportedError where there is none."""
        await self._constraints()
        offered = self._capabilities.ranges.get(name)
        if offered is None:
            raise UnsupportedError("the device names no range for this target")
        return offered

    async def _checked(self, value: float, name: Feature, unit: str) -> float:
        """Return a value that is within what is offered, else raise InvalidValueError."""
        offered = await self._offered(name)
        # Put so that what is no number is outside, too.
        if not offered.minimum <= value <= offered.maximum:
            raise InvalidValueError(
                f"{value:g} {unit} is outside {offered.minimum:g} to {offered.maximum:g} {unit}"
            )
        return value

    async def _must_hold(self, kind: TargetKind) -> None:
        """Raise RejectedError while the tuner holds something else than a target of a kind."""
        other = await self._other_kind(kind)
        if other is not None:
            raise RejectedError(
                f"a {kind} target has no effect while the performance mode of the miner is"
                f" {other}, so nothing has been changed; change the mode for it"
            )

    async def _in_force(self, kind: TargetKind) -> None:
        """Raise RejectedError when the tuner holds something else than what was just set."""
        other = await self._other_kind(kind)
        if other is not None:
            raise RejectedError(
                f"the {kind} target is stored, but has no effect while the performance mode of"
                f" the miner is {other}; change the mode for it"
            )

    async def _other_kind(self, kind: TargetKind) -> TargetKind | None:
        """Return what the tuner holds where that is known and of another kind."""
        mode = await attempt(self._api.get_performance_mode, look_deadline())
        # Not being able to look is no reason against a write, nor makes one fail.
        if isinstance(mode, MinerError) or mode.kind is kind:
            return None
        return mode.kind


def _close(told: float | None, wanted: float | None) -> bool:
    """Tell whether two targets are the same but for how they were written down."""
    return told is not None and wanted is not None and math.isclose(told, wanted, rel_tol=1e-6)


def _same(accepted: float | None, wanted: float, unit: str) -> None:
    """Raise RejectedError when the device says that it took something else than was sent."""
    if accepted is not None and not _close(accepted, wanted):
        raise RejectedError(f"the device took {accepted:g} {unit} instead of {wanted:g} {unit}")

"""A miner with Braiins OS as the one interface to a miner of any make."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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
from ..models import Capabilities, Feature, Identity, Make, MinerState, PowerRange, Snapshot
from . import convert
from .api import BraiinsApi
from .schema import (
    Constraints,
    CoolingState,
    Hashboard,
    MinerConfiguration,
    MinerDetails,
    MinerStats,
    MinerStatus,
    PerformanceMode,
    PoolGroup,
    TargetKind,
    TunerState,
)
from .session import ProcessAwayError, ProcessStoppedError
from .state import Process, miner_state, mining_wanted, present_faults

DEFAULT_USERNAME: Final = "root"
"""The only user there is."""

READ_SECONDS: Final = 9.0
"""A poll may take 10 s; what has answered a second before that is still worth having."""

PATIENCE: Final = (5.0, 10.0, 20.0)
"""Seconds between attempts to pause or resume while the mining process restarts."""

CONFIRM_SECONDS: Final = (1.0, 2.0, 4.0)
"""Pauses between looks after a write without an answer: settings hold at once, a pause
shows within about 5 s."""

REBOOT_CONFIRM_SECONDS: Final = (2.0, 4.0, 8.0, 16.0)
"""As above; a board needs some seconds before it goes silent."""

ALWAYS = frozenset(
    {
        Feature.HASHRATE,
        Feature.EXPECTED_HASHRATE,
        Feature.POWER,
        Feature.EFFICIENCY,
        Feature.TEMPERATURE,
        Feature.UPTIME,
        Feature.SHARES,
        Feature.POOL,
        Feature.MINING,
        Feature.LOCATE,
        Feature.RESTART_MINING,
        Feature.REBOOT,
    }
)
"""What every device of contract 1.0.0 has, also while a pause hides it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Slow:
    """What the last slow read brought."""

    hashboards: tuple[Hashboard, ...] | None = None
    tuner: TunerState | None = None
    mode: PerformanceMode | None = None
    configuration: MinerConfiguration | None = None
    pools: tuple[PoolGroup, ...] | None = None
    locate: bool | None = None


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
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Send nothing yet. `clock` and `sleep` are in seconds, as is the limit of a read."""
        self._api = BraiinsApi(
            host,
            port,
            credentials.username or DEFAULT_USERNAME,
            credentials.password or "",
            session,
            clock=clock,
        )
        self._clock = clock
        self._sleep = sleep
        self._read_seconds = read_seconds
        self._writes = asyncio.Lock()
        self._capabilities = Capabilities()
        self._constraints: Constraints | None = None
        self._slow = _Slow()
        self._mining_uptime: int | None = None

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
        constraints = await self._answered(self._api.get_constraints, self._deadline())
        if not isinstance(constraints, MinerError):
            self._constraints = constraints
        self._learn(Snapshot(), ())
        return found

    @override
    async def check_access(self) -> None:
        """Log in, also just after a refusal, and read; a session may do everything."""
        await self._api.login()
        await self._api.get_miner_details()

    # Reading

    @override
    async def read(self, *, slow: bool) -> Snapshot:
        """Read the live values with three requests, with `slow` six or seven more.

        While the mining process is down only what works without it is asked for.
        """
        deadline = self._deadline()
        try:
            async with asyncio.timeout_at(deadline):
                details = await self._api.get_miner_details()
        except TimeoutError as error:
            raise UnreachableError(f"no answer within {self._read_seconds:g} s") from error
        restarted = self._restarted(details)
        stats, cooling, process = await self._read_live(details, deadline)
        if process is not Process.RUNNING:
            # What a process that is gone said last is not what is now.
            self._slow = replace(self._slow, hashboards=None, tuner=None, mode=None)
        if slow or restarted:
            await self._read_slow(deadline, process, anew=restarted)
        snapshot = self._snapshot(details, stats, cooling, process)
        self._learn(snapshot, self._slow.hashboards or ())
        return snapshot

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._read_seconds

    def _restarted(self, details: MinerDetails) -> bool:
        """Tell whether the mining process has come back or been replaced since the last read."""
        before, now = self._mining_uptime, details.bosminer_uptime_s
        self._mining_uptime = now
        if before is None or not now:
            return False
        return before == 0 or now < before

    async def _answered[T](
        self, ask: Callable[[], Awaitable[T]], deadline: float
    ) -> T | MinerError:
        """Return an answer or what went wrong, so that one part can fail alone."""
        try:
            async with asyncio.timeout_at(deadline):
                return await ask()
        except TimeoutError:
            return UnreachableError("no answer in time")
        except MinerError as error:
            return error

    async def _read_live(
        self, details: MinerDetails, deadline: float
    ) -> tuple[MinerStats | None, CoolingState | None, Process]:
        """Read what needs the mining process, and find out what that does."""
        async with asyncio.TaskGroup() as group:
            cooling = group.create_task(self._answered(self._api.get_cooling_state, deadline))
            # Without a process the small one is enough to tell stopped from restarting.
            stats = (
                None
                if details.bosminer_uptime_s == 0
                else group.create_task(self._answered(self._api.get_miner_stats, deadline))
            )
        answers = [cooling.result(), *([stats.result()] if stats else [])]
        process = Process.STOPPED if details.bosminer_uptime_s == 0 else Process.RUNNING
        if any(isinstance(answer, ProcessAwayError) for answer in answers):
            process = Process.AWAY
        elif any(isinstance(answer, ProcessStoppedError) for answer in answers):
            process = Process.STOPPED
        return _value(stats.result()) if stats else None, _value(cooling.result()), process

    async def _read_slow(self, deadline: float, process: Process, *, anew: bool) -> None:
        """Read what changes rarely; `anew` the constraints too, which a restart can change."""

        def ask[T](call: Callable[[], Awaitable[T]]) -> asyncio.Task[T | MinerError]:
            return group.create_task(self._answered(call, deadline))

        api, running = self._api, process is Process.RUNNING
        async with asyncio.TaskGroup() as group:
            hashboards = ask(api.get_hashboards) if running else None
            tuner = ask(api.get_tuner_state) if running else None
            mode = ask(api.get_performance_mode) if running else None
            configuration = ask(api.get_miner_configuration)
            pools = ask(api.get_pools)
            locate = ask(api.get_locate_device_status)
            limits = ask(api.get_constraints) if anew or self._constraints is None else None
        self._slow = _Slow(
            hashboards=_value(hashboards.result()) if hashboards else None,
            tuner=_value(tuner.result()) if tuner else None,
            mode=_value(mode.result()) if mode else None,
            configuration=_value(configuration.result()),
            pools=_value(pools.result()),
            locate=_value(locate.result()),
        )
        if limits and (constraints := _value(limits.result())) is not None:
            self._constraints = constraints

    def _snapshot(
        self,
        details: MinerDetails,
        stats: MinerStats | None,
        cooling: CoolingState | None,
        process: Process,
    ) -> Snapshot:
        slow = self._slow
        # Of the averages 5 to 30 s jump with the luck of a few shares, and 5 min still
        # shows what was before a change of the target. One minute is four polls.
        measured = convert.terahash(stats.work.last_1m_gigahash) if stats else None
        state = miner_state(details, slow.tuner.state if slow.tuner else None, measured, process)
        # Averages only fade during a pause, and nothing can be read without a process.
        off = state in {MinerState.PAUSED, MinerState.STOPPED}
        hashrate = 0.0 if off else measured
        power = stats.approximated_watt if stats else None
        states = slow.hashboards or ()
        kind = convert.active_kind(slow.mode, slow.configuration, self._constraints)
        return Snapshot(
            mac=convert.mac_of(details.mac_address),
            state=state,
            mining_wanted=mining_wanted(state),
            hashrate=hashrate,
            expected_hashrate=convert.expected_hashrate(details, stats),
            power=0.0 if off and power is None else power,
            efficiency=_efficiency(stats, hashrate, power),
            temperature=convert.temperature(cooling, states),
            inlet_temperature=convert.inlet(states),
            outlet_temperature=convert.outlet(states),
            uptime=details.system_uptime_s,
            mining_uptime=details.bosminer_uptime_s,
            accepted_shares=stats.shares.accepted if stats else None,
            rejected_shares=stats.shares.rejected if stats else None,
            boards=convert.boards(states, paused=off),
            fans=convert.fans(cooling.fans) if cooling else (),
            pools=None if slow.pools is None else convert.pools(slow.pools),
            faults=present_faults(details),
            locate=slow.locate,
            power_target=self._stored_power(kind),
            power_target_effective=slow.tuner.power_watt if slow.tuner else None,
            hashrate_target=self._stored_hashrate(kind),
        )

    def _stored_power(self, kind: TargetKind | None) -> float | None:
        """Return the target in W; what is stored of a kind that is not active is stale."""
        stored, mode = self._slow.configuration, self._slow.mode
        if kind is not TargetKind.POWER:
            return None
        if stored is not None and stored.power_watt is not None:
            return stored.power_watt
        return mode.power_watt if mode else None

    def _stored_hashrate(self, kind: TargetKind | None) -> float | None:
        """Return the target in TH/s, as `_stored_power`."""
        stored, mode = self._slow.configuration, self._slow.mode
        if kind is not TargetKind.HASHRATE:
            return None
        if stored is not None and stored.hashrate_terahash is not None:
            return stored.hashrate_terahash
        return mode.hashrate_terahash if mode else None

    def _learn(self, snapshot: Snapshot, states: tuple[Hashboard, ...]) -> None:
        """Add to the capabilities what has just been seen."""
        limits = self._constraints
        power = convert.power_range(limits) if limits else None
        hashrate = convert.hashrate_range(limits) if limits else None
        seen: dict[Feature, bool] = {
            Feature.POWER_TARGET: power is not None,
            Feature.POWER_TARGET_EFFECTIVE: power is not None,
            Feature.DEFAULT_POWER_TARGET: power is not None,
            Feature.HASHRATE_TARGET: hashrate is not None,
            Feature.DEFAULT_HASHRATE_TARGET: hashrate is not None,
            Feature.INLET_TEMPERATURE: snapshot.inlet_temperature is not None,
            Feature.OUTLET_TEMPERATURE: snapshot.outlet_temperature is not None,
            Feature.FAULTS: snapshot.faults is not None,
            Feature.BOARD_TEMPERATURE: any(b.temperature is not None for b in snapshot.boards),
            Feature.BOARD_CHIP_TEMPERATURE: any(
                b.chip_temperature is not None for b in snapshot.boards
            ),
            Feature.BOARD_FREQUENCY: any(b.frequency is not None for b in snapshot.boards),
            Feature.BOARD_VOLTAGE: any(b.voltage is not None for b in snapshot.boards),
            Feature.BOARD_CHIPS: any(b.chips is not None for b in snapshot.boards),
        }
        known = limits.hashboard_ids if limits else ()
        self._capabilities = self._capabilities.merged(
            Capabilities(
                features=ALWAYS | {feature for feature, there in seen.items() if there},
                boards=frozenset(board.index for board in snapshot.boards)
                | {convert.board_index(name, place) for place, name in enumerate(known, 1)},
                fans=frozenset(fan.index for fan in snapshot.fans),
                power_target=power,
                hashrate_target=hashrate,
            )
        )

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
    async def set_power_target(self, watts: float) -> None:
        """Store a power target in W (`setPowerTarget`), whole watts, no restart.

        Whether that makes a tuner which holds a hashrate change over is not known. If it
        does not, RejectedError says so; the mode is never changed unasked, since leaving
        manual operation or a hashrate target means tuning anew.
        """
        wanted = round(await self._checked(watts, "power_target", "W"))

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return stored.power_watt == wanted

        async def write() -> None:
            _same(await self._api.set_power_target(wanted), wanted, "W")

        await self._write(write, shows)
        await self._in_force(TargetKind.POWER)

    @override
    async def set_hashrate_target(self, terahashes: float) -> None:
        """Store a hashrate target in TH/s (`setHashrateTarget`); see `set_power_target`."""
        wanted = await self._checked(terahashes, "hashrate_target", "TH/s")

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return stored.hashrate_terahash == wanted

        async def write() -> None:
            _same(await self._api.set_hashrate_target(wanted), wanted, "TH/s")

        await self._write(write, shows)
        await self._in_force(TargetKind.HASHRATE)

    @override
    async def default_power_target(self) -> None:
        """Store the model's own power target (`setDefaultPowerTarget`)."""
        limits = await self._limits()

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return stored.power_watt is not None and stored.power_watt == limits.power_watt.default

        await self._write(self._api.set_default_power_target, shows)
        await self._in_force(TargetKind.POWER)

    @override
    async def default_hashrate_target(self) -> None:
        """Store the model's own hashrate target (`setDefaultHashrateTarget`)."""
        limits = await self._limits()

        async def shows() -> bool:
            stored = (await self._api.get_miner_configuration()).hashrate_terahash
            return stored is not None and stored == limits.hashrate_terahash.default

        await self._write(self._api.set_default_hashrate_target, shows)
        await self._in_force(TargetKind.HASHRATE)

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
                    if await self._answered(shows, self._deadline()) is True:
                        return
                raise

    async def _limits(self) -> Constraints:
        """Return the constraints, asking for them when that has not been done."""
        if self._constraints is None:
            self._constraints = await self._api.get_constraints()
            self._learn(Snapshot(), ())
        return self._constraints

    async def _checked(self, value: float, name: str, unit: str) -> float:
        """Return a value that is within what is offered, else raise InvalidValueError."""
        await self._limits()
        limits: PowerRange | None = getattr(self._capabilities, name)
        if limits is None:
            raise UnsupportedError("the device takes no such target")
        if not math.isfinite(value) or not limits.minimum <= value <= limits.maximum:
            raise InvalidValueError(
                f"{value:g} {unit} is outside {limits.minimum:g} to {limits.maximum:g} {unit}"
            )
        return value

    async def _in_force(self, kind: TargetKind) -> None:
        """Raise RejectedError when the tuner holds something else than what was just set."""
        mode = await self._answered(self._api.get_performance_mode, self._deadline())
        # The write was accepted; not being able to look does not make it fail.
        if isinstance(mode, MinerError) or mode.kind in {None, kind}:
            return
        raise RejectedError(
            f"the {kind} target is stored, but has no effect while the performance mode of the"
            f" miner is {mode.kind}; change the mode in its own web interface"
        )


def _value[T](answer: T | MinerError) -> T | None:
    return None if isinstance(answer, MinerError) else answer


def _same(accepted: float | None, wanted: float, unit: str) -> None:
    """Raise RejectedError when the device accepted something else than was sent."""
    if accepted is not None and not math.isclose(accepted, wanted, rel_tol=1e-6):
        raise RejectedError(f"the device took {accepted:g} {unit} instead of {wanted:g} {unit}")


def _efficiency(
    stats: MinerStats | None, hashrate: float | None, power: float | None
) -> float | None:
    """Return J/TH while mining, the device's own where it gives one."""
    if stats is None or not hashrate:
        return None
    if stats.joule_per_terahash is not None and stats.joule_per_terahash > 0:
        return stats.joule_per_terahash
    return None if power is None else power / hashrate

"""State of the whole machine and how it moves on in simulated time (reference 6)."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from ..clock import Clock
from ..plant import Plant
from .errorlog import ErrorLog
from .knobs import Timing, Unknowns
from .pools import Pools
from .presets import Preset, Range
from .series import HashSeries
from .settings import factory_settings
from .tuner import DEFAULT_SHUTDOWN_HOURS, Tuner
from .wire import Json, RefusedError

HISTORY = 93_600.0
"""Seconds a fresh simulator has been mining: more than the longest window of a day."""
UP_BEFORE = 400_000.0
"""Seconds a fresh simulator has been up."""
FINE, COARSE = 10.0, 600.0
"""Steps in seconds by which time moves while something changes, and while nothing does."""
COOLED_BY = 8.0
"""Degrees below the hot temperature at which scaling steps up and a thermal pause ends."""


class Process(StrEnum):
    """The mining process, seen from the gateway."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    CRASHED = "crashed"


class Device:
    """One machine. `advance` first, then read or act."""

    def __init__(self, preset: Preset, clock: Clock, seed: int, mac: str) -> None:
        """Begin as a machine that has been mining for more than a day."""
        self.preset = preset
        self.clock = clock
        self.seed = seed
        self.mac = mac
        self.timing = Timing()
        self.unknowns = Unknowns()
        self.plant = Plant(nameplate=preset.nameplate, seed=seed)
        self.settings = factory_settings(preset, mac)
        self.tuner = Tuner(preset, self.settings)
        self.pools = Pools()
        self.errors = ErrorLog(preset, seed)
        self.powered = True
        self.locate = False
        self.license_restricted = False
        self.dead_boards: set[str] = set()
        """Enabled boards that have stopped to hash and to draw; see `board_dies`."""
        self.stopped_fans: set[int] = set()
        """Fans, counted from 0, that stand still whatever is asked of them; tests fill it."""
        self.system_task_running = False
        self.stock_firmware = False
        self.mining_restarts = 0
        self.process = Process.RUNNING
        self.paused = False
        self.pause_wanted = False
        self.boards_ready = True
        self.thermal_pause = False
        self.cooldown_until: float | None = None
        self.resume_fails_until = 0.0
        self.now = clock.now()
        self.booted_at = self.now - UP_BEFORE
        self.process_since = self.now - HISTORY
        self.phase_since = self.process_since
        self._phase = ""
        self._agenda: dict[str, tuple[float, Callable[[], None]]] = {}
        self._draws: deque[tuple[float, float]] = deque()
        self._scaled_at = self.now
        self.plant.advance(self.now)
        self._apply()
        self.plant.settle()
        self.series = {board: HashSeries(self.process_since) for board in self.settings.boards}
        for board, series in self.series.items():
            work = self.plant.hashrate * self.share(board) * HISTORY
            series.add(self.now, work)
            self.pools.work(self.settings.groups, work, self.now)
        self._draws.append((self.now, self.plant.power))

    # What it is

    @property
    def hashing(self) -> bool:
        """Tell whether boards are asked to hash now."""
        return (
            self.powered
            and self.process is Process.RUNNING
            and not self.paused
            and self.boards_ready
            and not self.suspended
            and any(self.settings.boards.values())
        )

    @property
    def suspended(self) -> bool:
        """Tell whether the running process cannot mine although it is to."""
        return (
            self.thermal_pause
            or self.fans_broken
            or self.cooldown_until is not None
            or not self.pools.usable(self.settings.groups)
        )

    @property
    def fans_broken(self) -> bool:
        """Tell whether fewer fans turn than the stored cooling mode requires."""
        mode = next(iter(self.settings.cooling.values()))
        required = mode.get("minimum_required_fans") if isinstance(mode, dict) else None
        turning = self.preset.nameplate.fans - len(self.stopped_fans)
        return isinstance(required, int) and turning < required

    @property
    def mining_wanted(self) -> bool:
        """Tell whether the machine is set to mine."""
        return self.process is not Process.STOPPED and not self.pause_wanted

    @property
    def status(self) -> int:
        """Return the MinerStatus."""
        if self.process is not Process.RUNNING:
            return 1
        if self.paused:
            return 3
        if self.suspended:
            return 4
        if not self.boards_ready:
            return self.unknowns.starting_status
        return 5 if self.license_restricted else 2

    @property
    def process_uptime(self) -> float:
        """Return seconds since the mining process could be reached, 0 while it cannot."""
        return self.now - self.process_since if self.process is Process.RUNNING else 0.0

    @property
    def power_estimate(self) -> float:
        """Return the consumption in W as the firmware estimates it, a little late."""
        moment = self.now - self.timing.estimate_lag
        earlier = self._draws[0]
        for point in self._draws:
            if point[0] > moment:
                part = (moment - earlier[0]) / max(point[0] - earlier[0], 1e-9)
                return earlier[1] + (point[1] - earlier[1]) * min(max(part, 0.0), 1.0)
            earlier = point
        return earlier[1]

    def share(self, board: str) -> float:
        """Return the part of the whole hashrate that one board gives."""
        shares = {
            name: self.plant.share(int(name) - 1)
            for name in self.settings.boards
            if self.works(name)
        }
        return shares[board] / sum(shares.values()) if board in shares else 0.0

    def works(self, board: str) -> bool:
        """Tell whether a board can hash."""
        return self.settings.boards[board] and board not in self.dead_boards

    def limit(self, member: str) -> float:
        """Return a temperature limit in °C of the stored cooling mode."""
        mode: Json = next(iter(self.settings.cooling.values()))
        stored = mode.get(member) if isinstance(mode, dict) else None
        value = stored.get("degree_c") if isinstance(stored, dict) else None
        if isinstance(value, int | float):
            return float(value)
        default: Range = getattr(self.preset, member)
        return default.default

    def need_process(self) -> None:
        """Refuse when the mining process cannot be asked (reference 6.1)."""
        if self.process is Process.STOPPED:
            raise RefusedError(412, "BOSminer is not running")
        if self.process is not Process.RUNNING:
            raise RefusedError(
                500, "BOSminer API connection error: Connection refused (os error 111)"
            )

    # What can be done to it

    def pause(self) -> bool:
        """Accept a pause; return whether it was paused already."""
        already, self.pause_wanted = self.pause_wanted, True
        self._forget("resume")
        if not self.paused:
            self._plan("pause", self.timing.pause, self._paused)
        return already

    def resume(self) -> bool:
        """Accept the end of a pause; return whether it was mining already."""
        if self.now < self.resume_fails_until:
            raise RefusedError(500, "BOSminer API error: cooling is not ready")
        already, self.pause_wanted = not self.pause_wanted, False
        self._forget("pause")
        if self.paused:
            self._plan("resume", self.timing.resume, self._resumed)
        return already

    def stop_process(self) -> bool:
        """End the mining process; return whether it was stopped already."""
        already = self.process is Process.STOPPED
        self._end_process(Process.STOPPED)
        return already

    def start_process(self) -> bool:
        """Start the mining process; return whether it was running already."""
        already = self.process is not Process.STOPPED
        if not already:
            self._begin_process(self.timing.process_start)
        return already

    def restart_process(self) -> bool:
        """Stop and start the mining process; return whether it was running before."""
        was_running = self.process is not Process.STOPPED
        if was_running:
            self.mining_restarts += 1
        self._end_process(Process.STARTING)
        self._begin_process(self.timing.process_start)
        return was_running

    def reload(self) -> None:
        """Restart the mining process for a changed configuration; a pause holds."""
        paused = self.pause_wanted
        self.mining_restarts += not paused
        self._end_process(Process.STARTING)
        self._begin_process(self.timing.process_start)
        self.paused = self.pause_wanted = paused

    def crash(self) -> None:
        """Let the mining process die; the board's supervisor starts it again."""
        self.mining_restarts += 1
        self._end_process(Process.CRASHED)
        self.errors.add(self.now, "mining process ended unexpectedly", "H1")
        self._plan("process", self.timing.crash_recovery, lambda: self._begin_process(0.0))

    def board_dies(self, board: str) -> None:
        """Let an enabled board fall silent; it stays listed, and the others hash on."""
        self.dead_boards.add(board)
        self.errors.add(self.now, "hashboard stopped working", "H1", board=int(board))

    def boot(self) -> None:
        """Forget what only lives in memory and start up, as after power or reboot."""
        self.powered = True
        self.locate = False
        self.system_task_running = False
        self.booted_at = self.now
        self.errors.add(self.now, "time is not synchronised yet", None, unset_clock=True)
        self._end_process(Process.STARTING)
        self._begin_process(self.timing.process_start)

    def halt(self, *, powered: bool) -> None:
        """Go down for a reboot, or without mains."""
        if powered and self.process is not Process.STOPPED:
            self.mining_restarts += 1
        self.powered = powered
        self._end_process(Process.STARTING)

    def switch_boards(self, boards: list[str], *, enable: bool) -> None:
        """Accept that boards go on or off; all boards start again, later."""

        def switched() -> None:
            changed = {board: enable for board in boards if self.settings.boards[board] != enable}
            if not changed:
                return
            self.settings.boards.update(changed)
            for board in changed:
                self.series[board] = HashSeries(self.now)
            if not self.paused:
                self.mining_restarts += 1
                self._start_boards()
            self.tuner.profiles.clear()
            self.retarget()

        # Several switches can be under way at once.
        self._plan(f"board {' '.join(boards)}", self.timing.board_switch, switched)

    def retarget(self) -> None:
        """Take up a changed target or mode without interrupting anything."""
        if self.tuner.retarget():
            self._plan("tuning", self.timing.tuning, lambda: self.tuner.finish(self.now))
        else:
            self._forget("tuning")

    def cooling_changed(self) -> None:
        """Restart mining after a cooling write, or make the next resume wait."""
        if self.paused:
            self.resume_fails_until = self.now + self.timing.cooling_settle
        else:
            self.reload()

    # How it moves on

    def advance(self) -> None:
        """Move on to the clock's time through everything that is due until then."""
        end = self.clock.now()
        while True:
            self._apply()
            due = min(self._agenda.values(), default=None, key=lambda item: item[0])
            goal = min(end, self.now + self._stride())
            if due is not None and due[0] <= goal:
                self._step(max(due[0], self.now))
                name = next(key for key, item in self._agenda.items() if item is due)
                del self._agenda[name]
                due[1]()
                continue
            self._step(goal)
            self._heat()
            if goal >= end:
                break
        self._apply()

    def _stride(self) -> float:
        hot = self.limit("hot_temperature")
        # The shared plant's chips end up 58 °C above the air at nameplate power.
        heating = 58.0 * self.plant.goal / self.preset.nameplate.power
        warmest = max(self.plant.chip_temperature, self.plant.ambient + heating)
        busy = (
            not self.plant.settled
            or self.tuner.scaled is not None
            or (self.thermal_pause or self.cooldown_until is not None)
            or warmest >= hot
        )
        return FINE if busy else COARSE

    def _step(self, until: float) -> None:
        passed = until - self.now
        if passed <= 0:
            return
        before = self.plant.hashrate
        self.plant.advance(until)
        self.now = until
        work = passed * (before + self.plant.hashrate) / 2
        for board, series in self.series.items():
            series.add(until, work * self.share(board))
        self.pools.work(self.settings.groups, work, until)
        self._draws.append((until, self.plant.power))
        while len(self._draws) > 2 and self._draws[1][0] < until - self.timing.estimate_lag:
            self._draws.popleft()

    def _apply(self) -> None:
        nameplate = self.preset.nameplate
        enabled = sum(self.settings.boards.values()) / nameplate.boards
        draw = self.tuner.draw()
        if self.license_restricted:
            draw = min(draw, self.preset.power.minimum)
        if enabled < 1:
            # One board alone takes about half of what three share, as was measured.
            draw = min(draw, self.preset.power.maximum * 0.75 * enabled)
        if any(self.settings.boards.values()):
            # What a dead board drew is not given to the others.
            draw *= sum(map(self.works, self.settings.boards)) / sum(self.settings.boards.values())
        self.plant.target = max(draw, nameplate.idle_power)
        # The shared plant's own 40 s belong to the default ramp of 30 s.
        ramp = self.settings.ramp_up
        self.plant.lag = 10.0 + (30 if ramp is None else ramp)
        on = self.hashing
        if on and not self.plant.on:
            self.plant.cold_start()
            self.tuner.preheating = True
            self._plan("preheat", self.timing.preheat, self._preheated)
        self.plant.on = on
        phase = f"{self.process} {self.status} {self.pause_wanted} {self.tuner.preheating}"
        if phase != self._phase:
            self.phase_since = self.phase_since if not self._phase else self.now
            self._phase = phase

    def _heat(self) -> None:
        warm = self.plant.chip_temperature
        hot = self.limit("hot_temperature")
        if self.hashing and warm >= self.limit("dangerous_temperature"):
            self.thermal_pause = True
            self.errors.add(self.now, "chips reached the dangerous temperature", "H2")
        elif self.thermal_pause and warm <= hot - COOLED_BY:
            self.thermal_pause = False
            self._start_boards()
        if self.cooldown_until is not None and self.now >= self.cooldown_until:
            self.cooldown_until = None
            self.tuner.start_over()
            self._start_boards()
        scaling = self.settings.scaling
        if not scaling.enabled:
            self.tuner.scaled = None
            return
        if not self.hashing or self.now < self._scaled_at + self.timing.scaling_interval:
            return
        self._scaled_at = self.now
        if warm >= hot:
            if not self.tuner.step_down() and scaling.shutdown_enabled:
                hours = scaling.shutdown_hours
                rest = DEFAULT_SHUTDOWN_HOURS if hours is None else hours
                self.cooldown_until = self.now + rest * 3600
        elif warm <= hot - COOLED_BY:
            self.tuner.step_up()

    def _preheated(self) -> None:
        self.tuner.preheating = False

    def _paused(self) -> None:
        self.paused = True

    def _resumed(self) -> None:
        self.paused = False
        self._start_boards()

    def _start_boards(self) -> None:
        self.boards_ready = False
        self._plan("boards", self.timing.board_start, self._boards_started)

    def _boards_started(self) -> None:
        self.boards_ready = True

    def _begin_process(self, after: float) -> None:
        self.process = Process.STARTING
        self._plan("process", after, self._process_up)

    def _process_up(self) -> None:
        self.process = Process.RUNNING
        self.process_since = self.now
        self.series = {board: HashSeries(self.now) for board in self.settings.boards}
        self.pools.reset()
        self.tuner.start_over()
        self._start_boards()

    def _end_process(self, state: Process) -> None:
        """Take the mining process down; what only it knew is gone."""
        self.process = state
        self.boards_ready = False
        self.thermal_pause = False
        self.cooldown_until = None
        if not self.unknowns.pause_survives:
            self.paused = self.pause_wanted = False
        for name in list(self._agenda):
            if name != "tuning" and not name.startswith("board "):
                self._forget(name)
        self._apply()

    def _plan(self, name: str, after: float, action: Callable[[], None]) -> None:
        self._agenda[name] = (self.now + after, action)

    def _forget(self, name: str) -> None:
        self._agenda.pop(name, None)

"""The machine behind the API: states, settings, power, shares.

Nothing runs by itself here. `advance` brings everything up to a moment of simulated time,
taking the steps that fell due on the way in their order, so that an hour passes as
faithfully in one call as in a thousand.
"""

from collections.abc import Callable
from enum import StrEnum
import math
from random import Random

from tests.simulators.plant import Plant
from tests.simulators.whatsminer.faults import Faults
from tests.simulators.whatsminer.presets import Preset
from tests.simulators.whatsminer.settings import Pool, Settings, factory_pools

BOOT = 90.0
"""Seconds from power or reboot to an answering API; devices take 60 to 180."""
START = 20.0
"""Seconds in which the mining program starts; devices take 5 to 60."""
STOP = 3.0
"""Seconds from power_off to boards without supply."""
RAMP_LAG = 300.0
"""First-order lag of the ramp in seconds: about 20 minutes until stable, as seen."""
FAST_RAMP_LAG = 60.0
"""The same with fast boot."""
LAG_PER_SPEED = 25.0
"""Seconds less of ramp lag for each step of adjust_upfreq_speed (0 to 9)."""
FAST_LAG = 0.15
"""Lag of set_power_pct, which is through within a second."""
SLOW_LAG = 45.0
"""Lag of set_power_pct_v2, which takes minutes."""
SETTLED = 0.03
"""Part of the goal that may be missing when the ramp counts as done, as in Plant."""
TOO_LOW = 0.2
"""Part of the nameplate's power below which live changes make the program restart."""
PEAK = 1.4
"""Part of the nameplate's power that the supply can give at most."""
MODE_POWER = {"low": 0.8, "normal": 1.0, "high": 1.12}
"""Power of each mode against the nameplate."""
SAMPLE = 5.0
"""Seconds for which one measurement stands, so that replies of one poll agree."""
SHARE_DIFFICULTY = 262144
"""Gives a share every few seconds at the hashrates of these models."""
HASHES_PER_DIFFICULTY = 2**32
REJECTED = 0.003
"""Part of the shares that pools refuse while all is well."""
WINDOWS = {"5s": 5.0, "1m": 60.0, "5m": 300.0, "15m": 900.0}
"""Averages that devices report, in seconds."""
LED_LAG = 2.0
"""Seconds until get_miner_info shows a change of the LED."""


class State(StrEnum):
    """What the machine is at."""

    BOOTING = "booting"
    STARTING = "starting"
    RAMPING = "ramping"
    STABLE = "stable"
    STOPPING = "stopping"
    OFF = "off"
    FAULT = "fault"
    """Set to mine and unable to."""


class Device:
    """One machine. Times are simulated seconds, power W, hashrate TH/s."""

    def __init__(self, preset: Preset, faults: Faults, *, seed: int, now: float) -> None:
        """Begin as a machine that has been mining for hours."""
        self.preset = preset
        self.faults = faults
        self.seed = seed
        self.now = now
        self.settings = Settings()
        self.pools = factory_pools(seed)
        self.plant = Plant(nameplate=preset.nameplate, seed=seed)
        self.plant.advance(now)
        self.mining_restarts = 0
        self.percent: int | None = None
        """Set by the percentage commands until the mining program restarts."""
        self.watts: int | None = None
        """The same for set_power."""
        self.temp_offset = 0
        """The part of the settings that the program read when it started."""
        self.off_since: float | None = None
        """When power_off came; None while set to mine."""
        self.off_reason = ""
        self.heated_from: float | None = None
        """When pre_power_on was first asked."""
        self.leds: dict[str, tuple[int, int, int]] = {}
        """Period, on-time and offset in ms by colour; empty is the automatic mode."""
        self.log: list[str] = []
        random = Random(seed)
        elapsed = 4 * 3600 + random.randrange(3600)
        self.started = now - elapsed
        self.booted = self.started - START - BOOT
        self.stable_after: float | None = 1050.0 + random.randrange(120)
        self.total = 0.0
        """TH since the mining program started."""
        self.averages = dict.fromkeys(WINDOWS, self.plant.hashrate)
        self._state = State.STABLE
        self._agenda: dict[str, tuple[float, Callable[[], None]]] = {}
        self._leds_before: dict[str, tuple[int, int, int]] = {}
        self._leds_changed = -math.inf
        self._sampled = -1
        self._samples = (1.0, 1.0)
        self._count(self.plant.hashrate, elapsed)

    # --- time ---------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Move on to `now`, doing on the way what falls due."""
        while self._agenda:
            name = min(self._agenda, key=lambda entry: self._agenda[entry][0])
            due, step = self._agenda[name]
            if due > now:
                break
            del self._agenda[name]
            self._run_to(due)
            step()
        self._run_to(now)

    def _run_to(self, now: float) -> None:
        span = now - self.now
        if span <= 0:
            return
        # Where power moves, small steps keep the counters and averages honest.
        steps = 1 if self.plant.settled else min(60, math.ceil(span / SAMPLE))
        for _ in range(steps):
            self.now += span / steps
            self.plant.advance(self.now)
            self._count(self.hashrate, span / steps)
        self.now = now

    def _count(self, hashrate: float, seconds: float) -> None:
        self.total += hashrate * seconds
        for name, window in WINDOWS.items():
            part = 1 - math.exp(-seconds / window)
            self.averages[name] += (hashrate - self.averages[name]) * part
        pool = self.active_pool
        if pool is None or not hashrate:
            return
        shares = hashrate * 1e12 * seconds / (SHARE_DIFFICULTY * HASHES_PER_DIFFICULTY)
        before = int(pool.accepted)
        refused = self.faults.rejected_part
        rejected = shares * (REJECTED if refused is None else refused)
        pool.accepted += shares - rejected
        pool.rejected += rejected
        if int(pool.accepted) > before:
            pool.last_share = self.now

    def _later(self, name: str, seconds: float, step: Callable[[], None]) -> None:
        self._agenda[name] = (self.now + seconds, step)

    # --- what is ------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Return what the machine is at now."""
        running = self._state in {State.RAMPING, State.STABLE}
        if running and (not self.boards or self.faults.no_hashrate):
            return State.FAULT
        return self._state

    @property
    def set_to_mine(self) -> bool:
        """Tell whether nobody has switched mining off."""
        return self.off_since is None

    @property
    def api_up(self) -> bool:
        """Tell whether the control board runs."""
        return self._state is not State.BOOTING

    @property
    def program_up(self) -> bool:
        """Tell whether the mining program answers."""
        if self._state in {State.STOPPING, State.OFF}:
            return self.preset.zeros_when_off
        return self._state in {State.RAMPING, State.STABLE}

    @property
    def running(self) -> bool:
        """Tell whether the boards have their supply."""
        return self._state in {State.RAMPING, State.STABLE}

    @property
    def stable(self) -> bool:
        """Tell whether the ramp is over."""
        return self.state is State.STABLE

    @property
    def boards(self) -> list[int]:
        """Return the slots whose boards are found."""
        count = self.preset.nameplate.boards
        return [slot for slot in range(count) if slot not in self.faults.missing_boards]

    @property
    def _found(self) -> float:
        return sum(self.plant.share(slot) for slot in self.boards)

    @property
    def hashrate(self) -> float:
        """Return TH/s without measuring noise."""
        return 0.0 if self.faults.no_hashrate else self.plant.hashrate * self._found

    @property
    def power(self) -> float:
        """Return W at the wall without measuring noise."""
        idle = self.preset.nameplate.idle_power
        return idle + (self.plant.power - idle) * self._found

    @property
    def measured(self) -> tuple[float, float]:
        """Return the noise factors of hashrate and power, the same for a few seconds."""
        sample = int(self.now // SAMPLE)
        if sample != self._sampled:
            self._sampled = sample
            self._samples = (self.plant.measured(1.0), self.plant.measured(1.0))
        return self._samples

    @property
    def active_pool(self) -> Pool | None:
        """Return the first pool that answers."""
        for place, pool in enumerate(self.pools):
            if place not in self.faults.dead_pools:
                return pool
        return None

    @property
    def shown_leds(self) -> dict[str, tuple[int, int, int]]:
        """Return the LEDs as get_miner_info shows them, a little late."""
        late = self.now - self._leds_changed < LED_LAG
        return self._leds_before if late else self.leds

    @property
    def limit_in_force(self) -> float | None:
        """Return the power limit in W that the program keeps, or None."""
        if self.settings.power_limit is None:
            return None
        return self.settings.power_limit * self.preset.limit_in_force

    @property
    def base_power(self) -> float:
        """Return the W of stable operation, what percentages refer to."""
        power = self.preset.nameplate.power * MODE_POWER[self.settings.power_mode]
        power *= 1 + self.settings.target_frequency / 100
        if self.limit_in_force is not None:
            power = min(power, self.limit_in_force)
        lowest, highest = TOO_LOW, PEAK
        nameplate = self.preset.nameplate.power
        return min(max(power, lowest * nameplate), highest * nameplate)

    @property
    def wanted_power(self) -> float:
        """Return the W asked for by all settings together."""
        if self.watts is not None:
            power = float(self.watts)
        else:
            power = self.base_power * (100 if self.percent is None else self.percent) / 100
        return min(power, PEAK * self.preset.nameplate.power)

    # --- what is done to it -------------------------------------------------------------

    def power_off(self, reason: str = "by whatsminer api") -> None:
        """Stop mining and cut the boards' supply."""
        if self.off_since is not None:
            return
        self.off_since, self.off_reason = self.now, reason
        self.note("power off")
        self._forget_live_changes()
        self.stable_after = None
        self.plant.on = False
        if self.faults.self_resume_after is not None:
            self._later("resume", self.faults.self_resume_after, self.power_on)
        # A program that is only just starting is stopped without having run.
        self._state = State.STOPPING
        self._later("state", STOP, lambda: self._become(State.OFF))

    def power_on(self) -> None:
        """Begin to mine."""
        if self.off_since is None:
            return
        self.off_since, self.off_reason = None, ""
        self.heated_from = None
        self.note("power on")
        self._agenda.pop("resume", None)
        if self.preset.zeros_when_off:
            self._begin_ramp()
        else:
            self._start_program()

    def restart_mining(self) -> None:
        """Restart the mining program; a machine that is off stays off."""
        self.mining_restarts += 1
        self.note("mining program restarts")
        if self.off_since is None:
            self._start_program()

    def reboot(self) -> None:
        """Restart the control board: nothing answers until it is up."""
        self.note("boot")
        self._agenda.clear()
        self._forget_live_changes()
        self.settings.restart_network()
        self.off_since, self.off_reason = None, ""
        self.set_leds({})
        self.plant.on = False
        self._state = State.BOOTING
        self._later("state", BOOT, self._booted)

    def lose_power(self) -> None:
        """Stand still without mains until `reboot`."""
        self._agenda.clear()
        self.plant.on = False
        self._state = State.BOOTING

    def set_percent(self, percent: int, lag: float) -> None:
        """Change power at once, in per cent of stable power."""
        self._change_live(percent=percent, watts=None, lag=lag)

    def set_watts(self, watts: int) -> None:
        """Change power at once, in W."""
        self._change_live(percent=None, watts=watts, lag=SLOW_LAG)

    def restore(self) -> None:
        """Undo live changes of power."""
        self._change_live(percent=None, watts=None, lag=SLOW_LAG)

    def set_leds(self, leds: dict[str, tuple[int, int, int]]) -> None:
        """Let LEDs blink, or with none, give them back to the firmware."""
        self._leds_before = self.shown_leds
        self._leds_changed = self.now
        self.leds = leds

    def set_pools(self, pools: list[Pool]) -> None:
        """Mine for other pools from now on."""
        self.pools = pools

    def factory_reset(self) -> None:
        """Forget all settings. The caller reboots."""
        self.settings = Settings()
        self.pools = factory_pools(self.seed)

    def note(self, event: str) -> None:
        """Write a line into the device's log."""
        self.log.append(f"{self.now:.0f} {event}")

    # --- steps --------------------------------------------------------------------------

    def _become(self, state: State) -> None:
        self._state = state

    def _forget_live_changes(self) -> None:
        self.percent = self.watts = None

    def _booted(self) -> None:
        self.booted = self.now
        self.note("api up")
        if self.settings.mine_at_boot:
            self._start_program()
        else:
            self.off_since = self.now
            self._state = State.OFF

    def _start_program(self) -> None:
        self._forget_live_changes()
        self.plant.on = False
        self._state = State.STARTING
        self._later("state", START, self._begin_ramp)

    def _begin_ramp(self) -> None:
        self.started = self.now
        self.temp_offset = self.settings.temp_offset
        self.stable_after = None
        self.total = 0.0
        self.averages = dict.fromkeys(WINDOWS, 0.0)
        for pool in self.pools:
            pool.accepted = pool.rejected = 0.0
            pool.last_share = None
        lag = RAMP_LAG - LAG_PER_SPEED * self.settings.upfreq_speed
        if self.settings.fast_boot:
            lag = FAST_RAMP_LAG
        self.plant.cold_start()
        self.plant.on = True
        self.plant.target = self.wanted_power
        self.plant.lag = lag
        self._state = State.RAMPING
        missing = self.plant.goal - self.plant.power
        allowed = SETTLED * self.plant.goal
        self._later("state", lag * math.log(missing / allowed), self._ramped)

    def _ramped(self) -> None:
        self.stable_after = self.now - self.started
        self._state = State.STABLE
        self.note("stable")

    def _change_live(self, *, percent: int | None, watts: int | None, lag: float) -> None:
        if self._state is not State.STABLE:
            # The commands refer to stable operation; devices ignore them before that.
            return
        self.percent, self.watts = percent, watts
        if self.wanted_power < TOO_LOW * self.preset.nameplate.power:
            self.restart_mining()
            return
        self.plant.target = self.wanted_power
        self.plant.lag = lag

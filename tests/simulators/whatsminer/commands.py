"""Writing commands for mining and power: what they accept, and what they do."""

from functools import partial

from tests.simulators.whatsminer.access import Access
from tests.simulators.whatsminer.device import (
    FAST_LAG,
    SLOW_LAG,
    Device,
    State,
)
from tests.simulators.whatsminer.envelopes import RefusedError
from tests.simulators.whatsminer.outcome import (
    Command,
    Fields,
    Outcome,
    before,
    choice,
    failed,
    number,
    yes_no,
)
from tests.simulators.whatsminer.presets import Cooling
from tests.simulators.whatsminer.replies import NO_SUCH_COMMAND
from tests.simulators.whatsminer.settings import Pool
from tests.simulators.whatsminer.system import System

LEAST_LIMIT = 0.25
"""Part of the nameplate below which a power limit is refused (700 W of 3300 were, once)."""
DENIED = 45
PREHEAT = 120.0
"""Seconds from the first pre_power_on until the device calls itself warm."""
NO_LIMIT = 99999
"""W with which adjust_power_limit takes the limit away."""


class Commands:
    """Writing commands of one device."""

    def __init__(self, device: Device, access: Access) -> None:
        """Act on `device`; passwords and permissions are in `access`."""
        self.device = device
        self.access = access
        self.system = System(device, access)
        self._known = self._table() | self.system.table()

    def is_write(self, command: str) -> bool:
        """Tell whether any generation has this as a command that needs a token."""
        return command in self._known

    def run(self, command: str, arguments: Fields) -> Outcome:
        """Execute a command. Raises RefusedError when it is not allowed, wrong or unknown here."""
        entry = self._known[command]
        if entry.needs_access and not self.access.enabled:
            raise RefusedError(DENIED, "can't access write cmd")
        if not entry.since <= self.device.preset.api < entry.until:
            raise RefusedError(NO_SUCH_COMMAND, "invalid cmd")
        return entry.handler(arguments)

    def _table(self) -> dict[str, Command]:
        modern, newest = (2, 0, 5), (2, 2, 0)
        return {
            "update_pools": Command(handler=self._update_pools),
            "restart_btminer": Command(handler=self._restart),
            "power_off": Command(handler=self._power_off),
            "power_on": Command(handler=self._power_on),
            "pre_power_on": Command(handler=self._preheat, until=newest),
            "set_led": Command(handler=self._led),
            "set_low_power": Command(handler=partial(self._power_mode, "low")),
            "set_normal_power": Command(
                handler=partial(self._power_mode, "normal"), since=(2, 0, 1)
            ),
            "set_high_power": Command(handler=partial(self._power_mode, "high"), since=(2, 0, 1)),
            "set_power_pct": Command(handler=self._percent_fast),
            "set_power_pct_v2": Command(handler=self._percent_slow, since=modern),
            "set_power": Command(handler=self._watts, since=newest),
            "restore_power_pct": Command(handler=self._restore, since=newest),
            "adjust_power_limit": Command(handler=self._power_limit, since=modern),
            "set_target_freq": Command(handler=self._target_frequency),
            "adjust_upfreq_speed": Command(handler=self._upfreq_speed, since=modern),
            "set_fast_mining": Command(handler=self._fast_mining, since=(2, 2, 2)),
            "set_fast_hash": Command(handler=self._fast_hash, since=(2, 2, 2)),
        }

    # --- mining -------------------------------------------------------------------------

    def _power_off(self, arguments: Fields) -> Outcome:
        return Outcome(replies=before(arguments), after=self.device.power_off)

    def _power_on(self, _: Fields) -> Outcome:
        self.device.power_on()
        return Outcome()

    def _restart(self, _: Fields) -> Outcome:
        return Outcome(replies=False, after=self.device.restart_mining)

    def _preheat(self, _: Fields) -> Outcome:
        """Warm up before power_on, which clients poll with this until it is complete."""
        device = self.device
        if device.heated_from is None:
            device.heated_from = device.now
        done = device.set_to_mine or device.now - device.heated_from >= PREHEAT
        words = "adjust complete" if done else "wait for adjust temp"
        return Outcome(message={"complete": str(done).lower(), "msg": words})

    def _led(self, arguments: Fields) -> Outcome:
        if "param" in arguments:
            choice(arguments, "param", {"auto"})
            self.device.set_leds({})
            return Outcome()
        colour = choice(arguments, "color", {"red", "green"})
        # A minute is more than any blinking needs; the manual gives no limit.
        times = tuple(
            number(arguments, name, 0, 60_000) for name in ("period", "duration", "start")
        )
        self.device.set_leds(self.device.leds | {colour: (times[0], times[1], times[2])})
        return Outcome()

    def _update_pools(self, arguments: Fields) -> Outcome:
        pools = []
        for place in (1, 2, 3):
            fields = [arguments.get(f"{name}{place}", "") for name in ("pool", "worker", "passwd")]
            url, user, password = fields
            if not (isinstance(url, str) and isinstance(user, str) and isinstance(password, str)):
                # null for an unused slot is what older devices stumble over.
                raise failed()
            if url:
                pools.append(Pool(url=url, user=user, password=password))
        if not pools:
            raise failed()
        self.device.set_pools(pools)
        return Outcome()

    # --- power --------------------------------------------------------------------------

    def _percent_fast(self, arguments: Fields) -> Outcome:
        percent = number(arguments, "percent", 0, 100)
        self._must_run()
        self.device.set_percent(percent, FAST_LAG)
        return Outcome()

    def _percent_slow(self, arguments: Fields) -> Outcome:
        preset = self.device.preset
        more = preset.liquid and preset.api >= (2, 2, 2)
        percent = number(arguments, "percent", 0, 200 if more else 100)
        self._must_run()
        self.device.set_percent(percent, SLOW_LAG)
        return Outcome()

    def _watts(self, arguments: Fields) -> Outcome:
        # The manual gives no range; what the limit accepts is taken here too.
        watts = number(arguments, "power", 0, NO_LIMIT)
        self._must_run()
        self.device.set_watts(watts)
        return Outcome()

    def _restore(self, _: Fields) -> Outcome:
        self._must_run()
        self.device.restore()
        return Outcome()

    def _must_run(self) -> None:
        """Refuse what the mining program has to do while there is none."""
        if self.device.state in {State.OFF, State.STOPPING, State.STARTING}:
            raise failed()

    def _power_limit(self, arguments: Fields) -> Outcome:
        watts = number(arguments, "power_limit", 0, NO_LIMIT)
        nameplate = self.device.preset.nameplate.power
        if watts < LEAST_LIMIT * nameplate:
            raise failed()
        lifted = watts == NO_LIMIT or watts == round(nameplate)
        self.device.settings.power_limit = None if lifted else watts
        return Outcome(after=self.device.restart_mining)

    def _power_mode(self, mode: str, _: Fields) -> Outcome:
        self.device.settings.power_mode = mode
        return Outcome(replies=False, after=self.device.restart_mining)

    def _target_frequency(self, arguments: Fields) -> Outcome:
        preset = self.device.preset
        lowest, highest = -100, 100
        if preset.api < (2, 0, 0):
            lowest = -10
        elif preset.api < (2, 2, 0) and preset.cooling is Cooling.AIR:
            highest = 0
        self.device.settings.target_frequency = number(arguments, "percent", lowest, highest)
        return Outcome(after=self.device.restart_mining)

    def _upfreq_speed(self, arguments: Fields) -> Outcome:
        self.device.settings.upfreq_speed = number(arguments, "upfreq_speed", 0, 9)
        # The two exclude each other; the later one wins.
        self.device.settings.fast_boot = False
        return Outcome()

    def _fast_mining(self, arguments: Fields) -> Outcome:
        self._must_have_fast_chips()
        self.device.settings.fast_mining = yes_no(arguments, "fast_mining")
        return Outcome()

    def _fast_hash(self, arguments: Fields) -> Outcome:
        self._must_have_fast_chips()
        self.device.settings.fast_hash = yes_no(arguments, "fast_hash")
        return Outcome()

    def _must_have_fast_chips(self) -> None:
        if not self.device.preset.fast_chips:
            raise failed()

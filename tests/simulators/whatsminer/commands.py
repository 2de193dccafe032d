"""Writing commands: since when they exist, what they accept, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
import re

from tests.simulators.whatsminer.access import DEFAULT_PASSWORD, Access
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import (
    FAST_LAG,
    SLOW_LAG,
    TOO_LOW,
    Device,
    State,
)
from tests.simulators.whatsminer.presets import Cooling
from tests.simulators.whatsminer.replies import FAILED, NO_SUCH_COMMAND, RefusedError
from tests.simulators.whatsminer.settings import Pool

type Fields = dict[str, Json]
type Handler = Callable[[Fields], Outcome]

PREHEAT = 120.0
"""Seconds from the first pre_power_on until the device calls itself warm."""
NO_LIMIT = 99999
"""W with which adjust_power_limit takes the limit away."""
LONGEST_PASSWORD = re.compile(r"[A-Za-z0-9_]{1,8}")


@dataclass(kw_only=True)
class Outcome:
    """What follows a command that was accepted."""

    message: Json = "API command OK"
    replies: bool = True
    """False for commands that act before they could answer."""
    after: Callable[[], None] | None = None
    """Done once the reply is out, or in place of one."""
    attached: bytes | None = None
    """Raw bytes after the reply."""
    upload: Callable[[bytes], None] | None = None
    """The client sends raw bytes after the reply, which are handed to this."""


def number(arguments: Fields, name: str, lowest: int, highest: int) -> int:
    """Read a whole number, which clients send as text or as a number."""
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise RefusedError(FAILED, "API command ERROR")
    try:
        result = int(value)
    except ValueError as error:
        raise RefusedError(FAILED, "API command ERROR") from error
    if not lowest <= result <= highest:
        raise RefusedError(FAILED, "API command ERROR")
    return result


def text(arguments: Fields, name: str) -> str:
    """Read a text that must be there."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(FAILED, "API command ERROR")
    return value


def choice(arguments: Fields, name: str, allowed: set[str]) -> str:
    """Read one of some words."""
    value = text(arguments, name)
    if value not in allowed:
        raise RefusedError(FAILED, "API command ERROR")
    return value


def flag(arguments: Fields, name: str) -> bool:
    """Read a switch that is written as 0 or 1."""
    return bool(number(arguments, name, 0, 1))


class Commands:
    """Writing commands of one device."""

    def __init__(self, device: Device, access: Access) -> None:
        """Act on `device`; passwords and permissions are in `access`."""
        self.device = device
        self.access = access
        self.images: list[int] = []
        """Sizes in bytes of the firmware images received."""
        self._known = self._table()

    def knows(self, command: str) -> bool:
        """Tell whether this generation has the command."""
        entry = self._known.get(command)
        if entry is None:
            return False
        since, until, _ = entry
        return since <= self.device.preset.api < until

    def is_write(self, command: str) -> bool:
        """Tell whether any generation has this as a writing command."""
        return command in self._known

    def run(self, command: str, arguments: Fields) -> Outcome:
        """Execute a command. Raises RefusedError when it is unknown, wrong or impossible."""
        if not self.knows(command):
            raise RefusedError(NO_SUCH_COMMAND, "invalid cmd")
        return self._known[command][2](arguments)

    def _table(self) -> dict[str, tuple[tuple[int, int, int], tuple[int, int, int], Handler]]:
        """Return first API, first API without, and handler of each command."""
        always, ever = (0, 0, 0), (9, 9, 9)
        return {
            "update_pools": (always, ever, self._update_pools),
            "restart_btminer": (always, ever, self._restart),
            "power_off": (always, ever, self._power_off),
            "power_on": (always, ever, self._power_on),
            "set_led": (always, ever, self._led),
            "set_low_power": (always, ever, partial(self._power_mode, "low")),
            "set_normal_power": ((2, 0, 1), ever, partial(self._power_mode, "normal")),
            "set_high_power": ((2, 0, 1), ever, partial(self._power_mode, "high")),
            "reboot": (always, ever, self._reboot),
            "set_power_pct": (always, ever, self._percent_fast),
            "set_power_pct_v2": ((2, 0, 5), ever, self._percent_slow),
            "set_power": ((2, 2, 0), ever, self._watts),
            "restore_power_pct": ((2, 2, 0), ever, self._restore),
            "adjust_power_limit": ((2, 0, 5), ever, self._power_limit),
            "set_target_freq": (always, ever, self._target_frequency),
        }

    # --- mining -------------------------------------------------------------------------

    def _power_off(self, arguments: Fields) -> Outcome:
        return self._before_or_after(arguments, self.device.power_off)

    def _power_on(self, _: Fields) -> Outcome:
        self.device.power_on()
        return Outcome()

    def _restart(self, _: Fields) -> Outcome:
        return Outcome(replies=False, after=self.device.restart_mining)

    def _reboot(self, arguments: Fields) -> Outcome:
        return self._before_or_after(arguments, self._boot)

    def _before_or_after(self, arguments: Fields, step: Callable[[], None]) -> Outcome:
        asked = arguments.get("respbefore") in {"true", True}
        return Outcome(replies=asked, after=step)

    def _boot(self) -> None:
        self.access.forget()
        self.device.reboot()

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
                raise RefusedError(FAILED, "API command ERROR")
            if url:
                pools.append(Pool(url=url, user=user, password=password))
        if not pools:
            raise RefusedError(FAILED, "API command ERROR")
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
            raise RefusedError(FAILED, "API command ERROR")

    def _power_limit(self, arguments: Fields) -> Outcome:
        watts = number(arguments, "power_limit", 0, NO_LIMIT)
        nameplate = self.device.preset.nameplate.power
        if watts < TOO_LOW * nameplate:
            raise RefusedError(FAILED, "API command ERROR")
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

    def _factory_reset(self, _: Fields) -> Outcome:
        def reset() -> None:
            self.device.factory_reset()
            self.access.change(DEFAULT_PASSWORD)
            self.access.enabled = False
            self.device.reboot()

        return Outcome(replies=False, after=reset)

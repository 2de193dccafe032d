"""Writing commands for everything but mining: network, passwords, fans, firmware, logs."""

from functools import partial
import re

from tests.simulators.whatsminer.access import DEFAULT_PASSWORD, Access
from tests.simulators.whatsminer.device import Device
from tests.simulators.whatsminer.faults import Transfer
from tests.simulators.whatsminer.outcome import (
    Command,
    Fields,
    Outcome,
    before,
    choice,
    failed,
    number,
    text,
    yes_no,
)
from tests.simulators.whatsminer.presets import Cooling

PASSWORD = re.compile(r"[A-Za-z0-9_]{1,8}")
"""What the manual allows as a password."""
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


class System:
    """Commands of one device that change its surroundings."""

    def __init__(self, device: Device, access: Access) -> None:
        """Act on `device`; passwords and permissions are in `access`."""
        self.device = device
        self.access = access
        self.images: list[bytes] = []
        """The firmware images received as a whole and accepted."""

    def table(self) -> dict[str, Command]:
        """Return the commands by name."""
        modern, newest = (2, 0, 5), (2, 2, 0)
        fast_boot, web, init = self._fast_boot, self._web_pools, self._mine_at_boot
        return {
            "reboot": Command(handler=self._reboot),
            "factory_reset": Command(handler=self._factory_reset),
            "update_pwd": Command(handler=self._password),
            "net_config": Command(handler=self._network),
            "set_hostname": Command(handler=self._hostname),
            "set_zone": Command(handler=self._zone),
            "load_log": Command(handler=self._remote_log),
            "download_logs": Command(handler=self._logs),
            "update_firmware": Command(handler=self._firmware),
            "enable_web_pools": Command(handler=partial(web, on=True)),
            "disable_web_pools": Command(handler=partial(web, on=False)),
            "enable_cgminer_fast_boot": Command(
                handler=partial(fast_boot, on=True), until=(2, 0, 0)
            ),
            "disable_cgminer_fast_boot": Command(
                handler=partial(fast_boot, on=False), until=(2, 0, 0)
            ),
            "enable_btminer_fast_boot": Command(
                handler=partial(fast_boot, on=True), since=(2, 0, 1)
            ),
            "disable_btminer_fast_boot": Command(
                handler=partial(fast_boot, on=False), since=(2, 0, 1)
            ),
            "enable_btminer_init": Command(handler=partial(init, on=True), since=newest),
            "disable_btminer_init": Command(handler=partial(init, on=False), since=newest),
            "set_temp_offset": Command(handler=self._temp_offset, since=modern),
            "set_poweroff_cool": Command(handler=self._poweroff_cool, since=modern),
            "set_fan_zero_speed": Command(handler=self._fan_zero_speed, since=modern),
            "set_heat_mode": Command(handler=self._heat_mode, since=newest),
            "set_customer_msg": Command(handler=self._set_note, since=newest),
            "get_customer_msg": Command(handler=self._note, since=newest, needs_access=False),
        }

    # --- the control board --------------------------------------------------------------

    def _boot(self) -> None:
        self.access.forget()
        self.device.reboot()

    def _reboot(self, arguments: Fields) -> Outcome:
        return Outcome(replies=before(arguments), after=self._boot)

    def _factory_reset(self, _: Fields) -> Outcome:
        def reset() -> None:
            self.device.factory_reset()
            self.access.change(DEFAULT_PASSWORD)
            self.access.enabled = False
            self.device.reboot()

        return Outcome(replies=False, after=reset)

    def _password(self, arguments: Fields) -> Outcome:
        old, new = text(arguments, "old"), text(arguments, "new")
        if old != self.access.password or not PASSWORD.fullmatch(new):
            raise failed()
        return Outcome(after=partial(self.access.change, new))

    def _network(self, arguments: Fields) -> Outcome:
        if "param" in arguments:
            choice(arguments, "param", {"dhcp"})
            return self._apply_network(None, None)
        static = {name: text(arguments, name) for name in ("ip", "mask", "gate", "dns")}
        if not all(ADDRESS.fullmatch(static[name]) for name in ("ip", "mask", "gate")):
            raise failed()
        return self._apply_network(static, text(arguments, "host"))

    def _apply_network(self, static: dict[str, str] | None, host: str | None) -> Outcome:
        def apply() -> None:
            self.device.settings.static = static
            if host is not None:
                self.device.settings.hostname = host
            self._boot()

        return Outcome(replies=False, after=apply)

    def _hostname(self, arguments: Fields) -> Outcome:
        self.device.settings.next_hostname = text(arguments, "hostname")
        return Outcome()

    def _zone(self, arguments: Fields) -> Outcome:
        zone, name = text(arguments, "timezone"), text(arguments, "zonename")
        self.device.settings.next_zone = (zone, name)
        return Outcome()

    def _remote_log(self, arguments: Fields) -> Outcome:
        address = text(arguments, "ip")
        port = str(number(arguments, "port", 1, 65535))
        self.device.settings.syslog = (address, port, choice(arguments, "proto", {"tcp", "udp"}))
        return Outcome()

    def _logs(self, _: Fields) -> Outcome:
        log = "".join(f"{line}\n" for line in self.device.log).encode()
        length = str(len(log))
        match self.device.faults.transfer:
            case Transfer.NO_LENGTH:
                length = "many"
            case Transfer.SHORT:
                log = log[:-5]
            case Transfer.LONG:
                log += b"more"
        return Outcome(message={"logfilelen": length}, attached=log, changes=False)

    def _firmware(self, _: Fields) -> Outcome:
        def received(image: bytes) -> None:
            self.images.append(image)
            self.device.note(f"firmware image of {len(image)} bytes")

        return Outcome(message="ready", upload=received, after=self._boot)

    # --- settings -----------------------------------------------------------------------

    def _fast_boot(self, _: Fields, *, on: bool) -> Outcome:
        self.device.settings.fast_boot = on
        if on:
            # The two exclude each other; the later one wins.
            self.device.settings.upfreq_speed = 0
        return Outcome()

    def _web_pools(self, _: Fields, *, on: bool) -> Outcome:
        self.device.settings.web_pools = on
        return Outcome()

    def _mine_at_boot(self, _: Fields, *, on: bool) -> Outcome:
        self.device.settings.mine_at_boot = on
        return Outcome()

    def _temp_offset(self, arguments: Fields) -> Outcome:
        self._must_be(Cooling.AIR)
        self.device.settings.temp_offset = number(arguments, "temp_offset", -30, 0)
        return Outcome()

    def _poweroff_cool(self, arguments: Fields) -> Outcome:
        self._must_be(Cooling.AIR)
        self.device.settings.poweroff_cool = yes_no(arguments, "poweroff_cool")
        return Outcome()

    def _fan_zero_speed(self, arguments: Fields) -> Outcome:
        self._must_be(Cooling.AIR)
        self.device.settings.fan_zero_speed = yes_no(arguments, "fan_zero_speed")
        return Outcome()

    def _heat_mode(self, arguments: Fields) -> Outcome:
        self._must_be(Cooling.HYDRO)
        self.device.settings.heat_mode = choice(arguments, "mode", {"anti-icing", "heating"})
        return Outcome()

    def _must_be(self, cooling: Cooling) -> None:
        if self.device.preset.cooling is not cooling:
            raise failed()

    def _set_note(self, arguments: Fields) -> Outcome:
        self.device.settings.notes[text(arguments, "key")] = text(arguments, "val")
        return Outcome()

    def _note(self, arguments: Fields) -> Outcome:
        key = text(arguments, "key")
        if key not in self.device.settings.notes:
            raise failed()
        return Outcome(message={key: self.device.settings.notes[key]}, changes=False)

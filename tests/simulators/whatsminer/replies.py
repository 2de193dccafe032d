"""What each generation answers to reading commands, those of the API itself and the others."""

from collections.abc import Callable
from random import Random

from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import Device
from tests.simulators.whatsminer.envelopes import Fields, RefusedError
from tests.simulators.whatsminer.presets import NOT_SET, Cooling, Down, Generation
from tests.simulators.whatsminer.program import MiningProgram

FORWARDED = frozenset({"summary", "pools", "edevs", "devs", "devdetails"})
"""Answered by the mining program, all others by the API itself."""
DOWN_TEXT = "Socket connect failed: Connection refused\n"
DOWN_STRING = "btminer process is down err"
LED_NUMBERS = {"red": 0, "green": 1}
NEVER = (9, 9, 9)
NO_SUCH_COMMAND = 14
FAILED = 132


class Replies(MiningProgram):
    """Reading commands of one device."""

    def __init__(self, device: Device, *, mac: str, host: str, epoch: float) -> None:
        """Describe `device`; `epoch` is the time of day at simulated second 0."""
        super().__init__(device, mac=mac, epoch=epoch)
        self.host = host
        random = Random(device.seed + 1)
        self.serial = f"HTM{random.randrange(10**9):09d}K{random.randrange(10**6):06d}"
        self.supply_serial = f"W{random.randrange(10**12):012d}"
        always = (0, 0, 0)
        self._known: dict[str, tuple[tuple[int, int, int], Callable[[Fields], Fields]]] = {
            "summary": (always, lambda _: self.summary()),
            "edevs": (always, lambda _: self.boards_reply()),
            "devs": (always, lambda _: self.boards_reply()),
            "pools": (always, lambda _: self.pools_reply()),
            "devdetails": (always, lambda _: self.details()),
            "status": (always, lambda _: self.status()),
            "get_version": (always, lambda _: self.version()),
            "get_psu": ((1, 4, 0), lambda _: self.flat(self.supply())),
            "get_miner_info": (
                (2, 0, 1),
                lambda arguments: self.flat(self.info(arguments.get("info"))),
            ),
            "get_error_code": ((2, 0, 1), lambda _: self.errors()),
        }
        """First API and answer of each reading command."""

    # --- dispatch -----------------------------------------------------------------------

    def read(self, command: str, arguments: Fields) -> Fields | str | None:
        """Answer a reading command: an object, a bare text, or None for no byte at all.

        Raises RefusedError, also for commands that this generation does not know.
        """
        if "+" in command:
            return self._joined(command.split("+"), arguments)
        if command in FORWARDED and not self.device.program_up:
            return self._down()
        since, answer = self._known.get(command, (NEVER, None))
        if answer is None or self.device.preset.api < since:
            raise RefusedError(NO_SUCH_COMMAND, "invalid cmd")
        return answer(arguments)

    def _joined(self, commands: list[str], arguments: Fields) -> Fields:
        if not self.device.preset.joins or not set(commands) <= FORWARDED:
            # One member that is not the mining program's spoils all of it.
            raise RefusedError(NO_SUCH_COMMAND, "invalid cmd")
        if not self.device.program_up:
            return {}
        reply: Fields = {}
        for command in commands:
            try:
                single = self.read(command, arguments)
            except RefusedError as error:
                single = self.refusal(error.code, error.text)
            reply[command] = [single]
        return reply | {"id": 1}

    def _down(self) -> Fields | str | None:
        match self.device.preset.down:
            case Down.REFUSED_TEXT:
                return DOWN_TEXT
            case Down.EMPTY:
                return None
            case Down.STRING:
                return self.refusal(FAILED, DOWN_STRING)

    # --- the API itself -----------------------------------------------------------------

    def status(self) -> Fields:
        """Return whether mining is switched off, in the shape of the generation."""
        device, year = self.device, self.device.preset.generation
        off = str(not device.set_to_mine).lower()
        if device.preset.api < (2, 0, 0):
            return {"btmineroff": off, "Firmware Version": device.preset.firmware}
        settings = device.settings
        message: Fields = {
            "mineroff": off,
            "FirmwareVersion": device.preset.firmware,
            "power_mode": settings.power_mode,
            "hash_percent": str(settings.target_frequency) if settings.target_frequency else "",
        }
        if year >= Generation.BTMINER_2023:
            since = device.off_since
            message["mineroff_reason"] = device.off_reason
            message["mineroff_time"] = "" if since is None else self._time_text(since)
        if year >= Generation.BTMINER_2024:
            message["power_limit_set"] = self._limit_set()
        if year >= Generation.COMPAT_2026:
            message |= {
                "fast_mining": str(settings.fast_mining).lower(),
                "fast_hash": str(settings.fast_hash).lower(),
                "power_pct": 100 if device.percent is None else device.percent,
            }
            if device.preset.cooling is Cooling.HYDRO:
                message["liquid_temp"] = self.readings.liquid_temperature()
        return self.flat(message)

    def version(self) -> Fields:
        """Return versions, and from 2.2 on the model."""
        preset = self.device.preset
        message: Fields = {"api_ver": preset.version, "fw_ver": preset.firmware}
        if preset.api >= (2, 0, 0):
            message |= {"platform": preset.platform, "chip": preset.chip}
        if preset.api >= (2, 2, 0):
            message["miner_type"] = preset.model
        return self.flat(message)

    def supply(self) -> Fields:
        """Return the power supply's values, all of them strings."""
        preset = self.device.preset
        identity: Fields = {
            "name": preset.psu_model,
            "hw_version": "V01.00",
            "sw_version": "V01.00.V01.03",
            "model": preset.psu_model,
        }
        if preset.api < (2, 0, 0):
            return identity
        volts = preset.supply_volts
        return identity | {
            "enable": str(int(self.device.running)),
            "iin": str(self._supply_current() if self.device.running else 0),
            "vin": f"{volts:.1f}" if preset.vin_in_volts else str(round(volts * 100)),
            "pin": str(self.readings.supply_power()),
            "fan_speed": str(self.readings.supply_fan()),
            "version": "-1",
            "serial_no": self.supply_serial,
            "vender" if preset.vender else "vendor": "7",
            "temp0": str(round(self.readings.ambient + 12.5, 1)),
        }

    def info(self, selection: Json) -> Fields:
        """Return identity and settings, all or those named in `selection`."""
        device, settings = self.device, self.device.settings
        static = settings.static or {}
        everything: Fields = {
            "ip": static.get("ip", self.host),
            "proto": "static" if static else "dhcp",
            "netmask": static.get("mask", "255.255.255.0"),
            "gateway": static.get("gate", "192.0.2.1"),
            "dns": static.get("dns", "192.0.2.1 192.0.2.2"),
            "hostname": settings.hostname,
            "mac": self.mac.upper(),
            "ledstat": self._led_text(),
            "minersn": self.serial,
            "powersn": self.supply_serial,
            "upfreq_speed": str(settings.upfreq_speed),
        }
        if device.preset.generation >= Generation.BTMINER_2024:
            everything["ntp"] = ["0.pool.example.org", "1.pool.example.org"]
        if not isinstance(selection, str) or not selection:
            return everything
        return {key: everything[key] for key in selection.split(",") if key in everything}

    def errors(self) -> Fields:
        """Return the faults, each with the time text of the device's zone."""
        if not self.device.program_up and self.device.preset.down is Down.STRING:
            return self.flat(DOWN_STRING)
        return self.flat({"error_code": [{str(code): at} for code, at in self.error_times()]})

    def _led_text(self) -> str:
        leds = self.device.shown_leds
        if not leds:
            return "auto"
        return "".join(
            f"{LED_NUMBERS[colour]},{period},{on},{offset} "
            for colour, (period, on, offset) in sorted(leds.items())
        )

    def _limit_set(self) -> str:
        if self.device.faults.power_limit_unset:
            return str(NOT_SET)
        limit = self.device.settings.power_limit
        return "" if limit is None else str(limit)

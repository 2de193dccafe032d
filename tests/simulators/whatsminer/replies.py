"""What each generation answers to reading commands: envelopes, keys and types."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import SHARE_DIFFICULTY, Device
from tests.simulators.whatsminer.presets import NOT_SET, Cooling, Down, Generation
from tests.simulators.whatsminer.readings import Readings

type Fields = dict[str, Json]

FORWARDED = frozenset({"summary", "pools", "edevs", "devs", "devdetails"})
"""Answered by the mining program, all others by the API itself."""
DOWN_TEXT = "Socket connect failed: Connection refused\n"
DOWN_STRING = "btminer process is down err"
DEVICE_ZONE = timezone(timedelta(hours=8))
"""The zone set at the factory, in which error times are written."""
LED_NUMBERS = {"red": 0, "green": 1}
NEVER = (9, 9, 9)
NO_SUCH_COMMAND = 14
FAILED = 132


class RefusedError(Exception):
    """The device answers with an error."""

    def __init__(self, code: int, text: str) -> None:
        """Keep code and text of the reply."""
        super().__init__(text)
        self.code = code
        self.text = text


class Replies:
    """Reading commands of one device."""

    def __init__(self, device: Device, *, mac: str, host: str, epoch: float) -> None:
        """Describe `device`; `epoch` is the time of day at simulated second 0."""
        self.device = device
        self.mac = mac
        self.host = host
        self.epoch = epoch
        self.readings = Readings(device)
        random = Random(device.seed + 1)
        self.serial = f"HTM{random.randrange(10**9):09d}K{random.randrange(10**6):06d}"
        self.supply_serial = f"W{random.randrange(10**12):012d}"
        self.board_serials = [
            f"BHM{random.randrange(10**12):012d}" for _ in range(device.preset.nameplate.boards)
        ]
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

    # --- envelopes ----------------------------------------------------------------------

    def when(self) -> int:
        """Return the time of day in epoch seconds."""
        return int(self.epoch + self.device.now)

    def flat(self, message: Json, code: int = 131, *, description: str = "") -> Fields:
        """Return the flat envelope of a success."""
        return {
            "STATUS": "S",
            "When": self.when(),
            "Code": code,
            "Msg": message,
            "Description": description,
        }

    def refusal(self, code: int, text: str) -> Fields:
        """Return the flat envelope of an error."""
        return {**self.flat(text, code), "STATUS": "E"}

    def listed(self, key: str, code: int, text: str, data: list[Json]) -> Fields:
        """Return cgminer's envelope, which grew shorter with API 2.0.5."""
        status: Fields = {"STATUS": "S", "Msg": text}
        if self.device.preset.api < (2, 0, 5):
            old = self.device.preset.generation < Generation.BTMINER_2021
            status = {
                "STATUS": "S",
                "When": self.when(),
                "Code": code,
                "Msg": text,
                "Description": "cgminer 4.9.2" if old else "btminer",
            }
        return {"STATUS": [status], key: data, "id": 1}

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

    # --- the mining program -------------------------------------------------------------

    def summary(self) -> Fields:
        """Return the whole machine's values, with the keys of its generation."""
        if self.device.preset.legacy:
            values = self._legacy_summary()
            return self.listed("SUMMARY", 11, "Summary", [values])
        return self.flat(self._current_summary())

    def _current_summary(self) -> Fields:
        device, now = self.device, self.readings
        return {
            "Elapsed": round(device.now - device.started, 2),
            "MHS av": now.hashrate("av"),
            "MHS 1m": now.hashrate("1m"),
            "MHS 15m": now.hashrate("15m"),
            "HS RT": now.hashrate(),
            "Pool Rejected%": round(self._rejected_part(), 4),
            "Fan Speed In": now.fan_speed(outlet=False),
            "Fan Speed Out": now.fan_speed(outlet=True),
            "Power": now.power(),
            "Power Rate": now.power_rate(),
            "Uptime": int(device.now - device.booted),
            "Power Limit": now.power_limit(),
            "Power Mode": device.settings.power_mode.capitalize(),
            "Factory GHS": now.factory(),
            "freq_avg": now.frequency(),
            "Target Freq": 0,
            "Env Temp": now.ambient,
            "Chip Temp Min": now.coldest_chip(),
            "Chip Temp Max": now.hottest_chip(),
            "Chip Temp Avg": now.mean_chip(),
            "Hash Stable": str(device.stable).lower(),
            "Hash Stable Cost Seconds": int(device.stable_after or 0),
            "Debug": f"-_{device.preset.chip}_0_{now.frequency()}",
            "Btminer Fast Boot": self._fast_boot(),
        }

    def _legacy_summary(self) -> Fields:
        device, now = self.device, self.readings
        year = device.preset.generation
        factory = now.factory()
        reply: Fields = {
            "Elapsed": int(device.now - device.started),
            **self._averages(None),
            "Found Blocks": 0,
            "Getworks": int((device.now - device.started) / 30),
            "Accepted": self._accepted(),
            "Rejected": self._rejected(),
            "Hardware Errors": 0,
            "Stale": 0,
            "Total MH": round(device.total * 1e6),
            "Device Hardware%": 0.0,
            "Device Rejected%": round(100 * self._rejected_part(), 4),
            "Pool Rejected%": round(100 * self._rejected_part(), 4),
            "Pool Stale%": 0.0,
            "Last getwork": self.when(),
            "Uptime": int(device.now - device.booted),
            "Security Mode": 0,
            "Chip Data": f"{device.preset.chip} BINV05-210101A",
            "Liquid Cooling": device.preset.liquid,
            "Temperature": now.temperature(),
            "freq_avg": now.frequency(),
            "Fan Speed In": now.fan_speed(outlet=False),
            "Fan Speed Out": now.fan_speed(outlet=True),
            "Power Current": self._supply_current(),
            "Power Fanspeed": now.supply_fan(),
        }
        if year <= Generation.BTMINER_2021:
            reply |= self._cgminer_statistics()
            reply |= self._errors_in_summary()
        if year == Generation.CGMINER_2019:
            frequencies = [now.board_frequency(slot) for slot in device.boards] or [0]
            reply |= {"freq_max": max(frequencies), "freq_min": min(frequencies)}
        if year <= Generation.BTMINER_2022:
            reply["Voltage"] = 1290 if device.running else 0
        if year >= Generation.CGMINER_2020:
            reply |= {
                "Target MHS": factory * 1000,
                "Factory GHS": factory,
                "Target Freq": round(device.preset.frequency),
                "Power": round(now.power()),
                "Power_RT": round(now.power()),
                "Power Limit": now.power_limit(),
                "Power Mode": device.settings.power_mode.capitalize(),
                "Env Temp": now.ambient,
                "Chip Temp Min": now.coldest_chip(),
                "Chip Temp Max": now.hottest_chip(),
                "Chip Temp Avg": now.mean_chip(),
                "Hash Stable": device.stable,
                "Hash Stable Cost Seconds": int(device.stable_after or 0),
                "Hash Deviation%": self._deviation(),
            }
        if Generation.CGMINER_2020 <= year <= Generation.BTMINER_2022:
            reply["MAC"] = self.mac.upper()
            # The quotes are part of the value on the wire.
            reply["Firmware Version"] = f"'{device.preset.firmware.strip("'")}'"
        if year >= Generation.BTMINER_2021:
            reply |= {
                "HS RT": now.hashrate(),
                "Power Rate": now.power_rate(),
                "Debug": f"-_{device.preset.chip}_0_{now.frequency()}",
                "CB Platform": device.preset.platform,
                "CB Version": "V10",
            }
        if Generation.BTMINER_2021 <= year <= Generation.BTMINER_2022:
            reply |= {
                "Power Voltage Input": device.preset.supply_volts,
                "Power Current Input": round(self._supply_current() / 1000, 2),
            }
        if year >= Generation.BTMINER_2023:
            reply["Upfreq Complete"] = int(device.stable)
        if year >= Generation.BTMINER_2024:
            reply["Btminer Fast Boot"] = self._fast_boot()
            reply["Board Temperature"] = [now.board_temperature(slot) for slot in device.boards]
        return reply

    def _cgminer_statistics(self) -> Fields:
        accepted, rejected = self._accepted(), self._rejected()
        minutes = max(self.device.now - self.device.started, 1) / 60
        return {
            "Discarded": 0,
            "Utility": round(accepted / minutes, 2),
            "Work Utility": round(accepted * SHARE_DIFFICULTY / minutes, 2),
            "Get Failures": 0,
            "Local Work": accepted * 3,
            "Remote Failures": 0,
            "Network Blocks": int(minutes / 10),
            "Difficulty Accepted": float(accepted * SHARE_DIFFICULTY),
            "Difficulty Rejected": float(rejected * SHARE_DIFFICULTY),
            "Difficulty Stale": 0.0,
            "Best Share": accepted * SHARE_DIFFICULTY,
        }

    def _errors_in_summary(self) -> Fields:
        errors = self.error_times()
        reply: Fields = {"Error Code Count": len(errors), "Factory Error Code Count": 0}
        for place, (code, time) in enumerate(errors):
            reply[f"Error Code {place}"] = code
            reply[f"Error {place} Time"] = time
        return reply

    def _averages(self, slot: int | None) -> Fields:
        """Return the averages in MH/s of a board, or of all, as legacy floats."""
        reply: Fields = {}
        for window in ("av", *self.readings.windows()):
            value = (
                self.readings.hashrate(window)
                if slot is None
                else self.readings.board_hashrate(slot, window)
            )
            reply[f"MHS {window}"] = float(value)
        return reply

    def boards_reply(self) -> Fields:
        """Return the hashboards; `devs` is the same as `edevs`."""
        boards = self.boards()
        return self.listed("DEVS", 9, f"{len(boards)} ASC(s)", boards)

    def pools_reply(self) -> Fields:
        """Return the pools."""
        pools = self.pools()
        return self.listed("POOLS", 7, f"{len(pools)} Pool(s)", pools)

    def boards(self) -> list[Json]:
        """Return one object for each hashboard that is found."""
        build = self._legacy_board if self.device.preset.legacy else self._current_board
        return [build(slot) for slot in self.device.boards]

    def _current_board(self, slot: int) -> Fields:
        now, device = self.readings, self.device
        return {
            "Slot": slot,
            "Temperature": now.board_temperature(slot),
            "Chip Frequency": now.board_frequency(slot),
            # The same names as ever, and yet TH/s on this generation.
            "MHS av": now.board_hashrate(slot, "av") / 1e6,
            "MHS 1m": now.board_hashrate(slot, "1m") / 1e6,
            "MHS 15m": now.board_hashrate(slot, "15m") / 1e6,
            "HS RT": now.board_hashrate(slot) / 1e6,
            "Factory GHS": now.board_factory(slot),
            "Upfreq Complete": int(device.stable),
            "Effective Chips": self._chips(),
            "PCB SN": self.board_serials[slot],
            "Chip Data": f"{device.preset.chip} BINV05-250101A",
        }

    def _legacy_board(self, slot: int) -> Fields:
        now, device = self.readings, self.device
        boards = max(len(device.boards), 1)
        accepted, rejected = self._accepted() // boards, self._rejected() // boards
        reply: Fields = {
            "ASC": slot,
            "Name": "SM",
            "ID": slot,
            "Slot": slot,
            "Enabled": "Y",
            "Status": "Alive" if device.running else "Initialising",
            "Temperature": now.board_temperature(slot),
            "Chip Frequency": now.board_frequency(slot),
            **self._averages(slot),
            "HS RT": float(now.board_hashrate(slot)),
            "Accepted": accepted,
            "Rejected": rejected,
            "Hardware Errors": 0,
            "Last Valid Work": self.when(),
            "Upfreq Complete": int(device.stable),
            "Effective Chips": self._chips(),
            "PCB SN": self.board_serials[slot],
            "Chip Data": f"{device.preset.chip} BINV05-210101A",
            "Factory GHS": now.board_factory(slot),
        }
        if device.preset.generation >= Generation.BTMINER_2021:
            reply |= {
                "Chip Temp Min": now.coldest_chip(),
                "Chip Temp Max": now.hottest_chip(),
                "Chip Temp Avg": now.mean_chip(),
                "chip_vol_diff": 9,
            }
        return reply

    def details(self) -> Fields:
        """Return the boards' driver and model, where that is still supported."""
        if not self.device.preset.legacy:
            raise RefusedError(FAILED, "devdetails is deprecated")
        rows: list[Json] = [
            {
                "DEVDETAILS": slot,
                "Name": "SM",
                "ID": slot,
                "Driver": "bitmicro",
                "Kernel": "",
                "Model": self.device.preset.model,
            }
            for slot in self.device.boards
        ]
        return self.listed("DEVDETAILS", 69, "Device Details", rows)

    def pools(self) -> list[Json]:
        """Return one object for each configured pool."""
        first = 0 if self.device.preset.generation <= Generation.CGMINER_2020 else 1
        return [self._pool(place, place + first) for place in range(len(self.device.pools))]

    def _pool(self, place: int, number: int) -> Fields:
        device = self.device
        pool = device.pools[place]
        active = pool is device.active_pool and device.running
        accepted, rejected = int(pool.accepted), int(pool.rejected)
        part = rejected / (accepted + rejected) if accepted + rejected else 0.0
        last = 0 if pool.last_share is None else int(self.epoch + pool.last_share)
        reply: Fields = {
            "POOL": number,
            "URL": pool.url,
            "Status": "Dead" if place in device.faults.dead_pools else "Alive",
            "Priority": place,
            "Quota": 1,
            "Getworks": accepted // 3,
            "Accepted": accepted,
            "Rejected": rejected,
            "Discarded": 0,
            "Stale": 0,
            "Get Failures": 0,
            "Remote Failures": 0,
            "User": pool.user,
            "Last Share Time": last,
            "Stratum Active": active,
            "Stratum Difficulty": float(SHARE_DIFFICULTY) if active else 0.0,
            "Pool Rejected%": round(part, 4),
            "Pool Stale%": 0.0,
            "Bad Work": 0,
        }
        if not device.preset.legacy:
            return reply | {"To Remove": False}
        return reply | {
            "Pool Rejected%": round(100 * part, 4),
            "Long Poll": "N",
            "Works": accepted * 3,
            "Diff1 Shares": 0,
            "Proxy Type": "",
            "Proxy": "",
            "Difficulty Accepted": float(accepted * SHARE_DIFFICULTY),
            "Difficulty Rejected": float(rejected * SHARE_DIFFICULTY),
            "Difficulty Stale": 0.0,
            "Last Share Difficulty": float(SHARE_DIFFICULTY) if last else 0.0,
            "Work Difficulty": float(SHARE_DIFFICULTY) if active else 0.0,
            "Has Stratum": 1,
            "Stratum URL": pool.url.partition("//")[2] if active else "",
            "Has GBT": 0,
            "Best Share": accepted * SHARE_DIFFICULTY,
            "Current Block Height": 900000,
            "Current Block Version": 536870912,
        }

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

    def error_times(self) -> list[tuple[int, str]]:
        """Return what is wrong, newest last."""
        device, faults = self.device, self.device.faults
        codes = [530 + slot for slot in sorted(faults.missing_boards)]
        # Each pool has a code of its own, and all together another.
        codes += [2021 + place for place in sorted(faults.dead_pools)]
        if device.pools and device.active_pool is None:
            codes.append(2010)
        if faults.fans_stopped and not device.preset.liquid:
            codes += [110, 111]
        if faults.no_hashrate:
            codes.append(2310)
        codes += faults.error_codes
        return [
            (code, self._time_text(device.started + 60 * place)) for place, code in enumerate(codes)
        ]

    # --- pieces -------------------------------------------------------------------------

    def _time_text(self, moment: float) -> str:
        wall = datetime.fromtimestamp(self.epoch + moment, UTC).astimezone(DEVICE_ZONE)
        return wall.strftime("%Y-%m-%d %H:%M:%S")

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

    def _fast_boot(self) -> str:
        return "enable" if self.device.settings.fast_boot else "disable"

    def _chips(self) -> int:
        return self.device.preset.nameplate.chips_per_board if self.device.running else 0

    def _supply_current(self) -> int:
        """Return mA."""
        return round(self.readings.supply_power() / self.device.preset.supply_volts * 1000)

    def _deviation(self) -> float:
        """Return by how many per cent the hashrate now differs from its average."""
        mean = self.readings.hashrate("15m")
        return round(100 * (self.readings.hashrate() - mean) / mean, 4) if mean else 0.0

    def _accepted(self) -> int:
        return sum(int(pool.accepted) for pool in self.device.pools)

    def _rejected(self) -> int:
        return sum(int(pool.rejected) for pool in self.device.pools)

    def _rejected_part(self) -> float:
        accepted, rejected = self._accepted(), self._rejected()
        return rejected / (accepted + rejected) if accepted + rejected else 0.0

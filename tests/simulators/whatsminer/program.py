"""What the mining program answers: summary, boards and pools, with the keys of each generation."""

from random import Random

from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import SHARE_DIFFICULTY, Device
from tests.simulators.whatsminer.envelopes import Fields, RefusedError, Speaker
from tests.simulators.whatsminer.presets import Generation

DEPRECATED = 132


class MiningProgram(Speaker):
    """The commands that the API forwards."""

    def __init__(self, device: Device, *, mac: str, epoch: float) -> None:
        """Describe `device`; `epoch` is the time of day at simulated second 0."""
        super().__init__(device, mac=mac, epoch=epoch)
        random = Random(device.seed + 3)
        self.board_serials = [
            f"BHM{random.randrange(10**12):012d}" for _ in range(device.preset.nameplate.boards)
        ]

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
            raise RefusedError(DEPRECATED, "devdetails is deprecated")
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

    def _chips(self) -> int:
        return self.device.preset.nameplate.chips_per_board if self.device.running else 0

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

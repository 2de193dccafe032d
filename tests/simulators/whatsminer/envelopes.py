"""The two envelopes of replies, and what every reply needs to know of its device."""

from datetime import UTC, datetime, timedelta, timezone

from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import Device
from tests.simulators.whatsminer.presets import Generation
from tests.simulators.whatsminer.readings import Readings

type Fields = dict[str, Json]

DEVICE_ZONE = timezone(timedelta(hours=8))
"""The zone set at the factory, in which error times are written."""


class RefusedError(Exception):
    """The device answers with an error."""

    def __init__(self, code: int, text: str) -> None:
        """Keep code and text of the reply."""
        super().__init__(text)
        self.code = code
        self.text = text


class Speaker:
    """Writes replies for one device."""

    def __init__(self, device: Device, *, mac: str, epoch: float) -> None:
        """Describe `device`; `epoch` is the time of day at simulated second 0."""
        self.device = device
        self.mac = mac
        self.epoch = epoch
        self.readings = Readings(device)

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

    def error_times(self) -> list[tuple[int, str]]:
        """Return what is wrong, newest last."""
        device, faults = self.device, self.device.faults
        codes = [530 + slot for slot in sorted(faults.missing_boards)]
        # Each pool has a code of its own, and all together another.
        codes += [2020 + place for place in sorted(faults.dead_pools)]
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

    def _time_text(self, moment: float) -> str:
        wall = datetime.fromtimestamp(self.epoch + moment, UTC).astimezone(DEVICE_ZONE)
        return wall.strftime("%Y-%m-%d %H:%M:%S")

    def _supply_current(self) -> int:
        """Return mA."""
        return round(self.readings.supply_power() / self.device.preset.supply_volts * 1000)

    def _fast_boot(self) -> str:
        return "enable" if self.device.settings.fast_boot else "disable"

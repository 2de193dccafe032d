"""What a thermostat sees: its sensors, and what its miners show."""

from collections.abc import Iterable, Iterator, Mapping

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import meters
from .coordinator import MinerCoordinator
from .miners.models import Snapshot
from .power import defaults
from .power.heat_model import HeatReadings, Kind
from .power.heat_safety import Dangers
from .power.heat_signs import Pools, Signs, Watch, total_power
from .power.model import Measured
from .thermostat_config import HeatSetup, celsius


class Senses:
    """Remembers what each sensor has said last."""

    def __init__(self, hass: HomeAssistant, setup: HeatSetup) -> None:
        """Begin without having seen anything."""
        self._hass = hass
        self._setup = setup
        self._watches = {mac: Watch(setup.chip_limit) for mac in setup.miners}
        self._pools = Pools()
        self._supply: Measured | None = None
        self.controlled: Measured | None = None
        """°C of what is heated, as last seen."""

    def read(
        self,
        miners: Mapping[str, MinerCoordinator],
        now: float,
        *,
        pump: Measured | None,
        backup_on: bool,
    ) -> HeatReadings:
        """Return what is measured now."""
        signs = [sign for mac, miner in miners.items() if (sign := self._look(mac, miner, now))]
        running = [sign for sign in signs if sign.running]
        self.controlled = self._read(self._setup.sensor, self.controlled, now)
        setup = self._setup
        return HeatReadings(
            dangers=Dangers(
                chip_excess=max(_known(sign.chip_excess for sign in signs), default=None),
                supply=self._read_supply(now),
                controlled=self.controlled,
                cooling_failed=max(_known(sign.cooling_failed for sign in signs), default=None),
                pump=pump,
            ),
            power=total_power(signs, all_answer=len(signs) == len(setup.miners)),
            running=bool(running),
            ramping=bool(running) and all(sign.ramping for sign in running),
            reachable=bool(signs),
            pool_alive=self._pools.alive([sign.pool_alive for sign in signs], now),
            backup_on=backup_on,
            outside=self._outside(now),
            window_open=meters.is_on(self._hass, setup.window) is True,
        )

    def _look(self, mac: str, miner: MinerCoordinator, now: float) -> Signs | None:
        snapshot = _fresh(miner, now)
        if snapshot is None:
            return None
        reading = miner.actuator.guard.reading if miner.actuator.guard else None
        at = reading.at if reading else now
        return self._watches[mac].look(snapshot, miner.capabilities, at)

    def _read_supply(self, now: float) -> Measured | None:
        """Return the water that leaves the miner; else, of a tank, the water itself."""
        if self._setup.outlet:
            # One that has never said anything is there all the same, and gets old.
            last = self._supply or Measured(value=0.0, at=now)
            self._supply = self._read(self._setup.outlet, last, now)
            return self._supply
        return None if self._setup.kind is Kind.ROOM else self.controlled

    def _outside(self, now: float) -> float | None:
        seen = self._read(self._setup.outside, None, now) if self._setup.outside else None
        return seen.value if seen else None

    def _read(self, entity_id: str, last: Measured | None, now: float) -> Measured | None:
        state = self._hass.states.get(entity_id)
        age = (dt_util.utcnow() - state.last_reported).total_seconds() if state else 0.0
        return celsius(self._hass, entity_id, last, now, age)


def _fresh(miner: MinerCoordinator, now: float) -> Snapshot | None:
    """Return what a miner has said; one poll that is lost is no reason to stop heating."""
    reading = miner.actuator.guard.reading if miner.actuator.guard else None
    recent = reading is not None and now - reading.at < defaults.READING_FRESH
    return miner.last if miner.last_update_success or recent else None


def _known(values: Iterable[float | None]) -> Iterator[float]:
    return (value for value in values if value is not None)

"""What miners show that matters to a thermostat. Pure.

Watts, °C, Unix time in seconds.
"""

from collections.abc import Collection, Sequence

from ..miners.lean import dataclass
from ..miners.models import Capabilities, Feature, MinerState, Snapshot
from . import defaults
from .lasting import Since

POOL_SECONDS = 1800.0
"""Own: half an hour after its pools were gone a miner is started again to see whether they are
back: often enough for a cold room, and within the starts of a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """What one miner shows."""

    running: bool
    """It is set to mine, also while it ramps or cannot."""
    ramping: bool
    power: float | None
    chip_excess: float | None
    """K by which its chips are above their limit; None where it does not say."""
    cooling_failed: float | None
    """Unix time of this reading, if a fan or the flow has failed in it."""
    pool_alive: bool | None
    """Whether one of its pools is alive; None where it does not say, or is off."""


class Watch:
    """Looks at one miner, reading after reading."""

    def __init__(self, chosen: float | None) -> None:
        """`chosen` is the limit of its chips in °C; None for what suits the miner."""
        self._chosen = chosen
        self._hot: float | None = None
        """What the miner itself calls hot."""
        self._turned: set[int] = set()
        """Fans that have been seen turning. Who cools otherwise has headers without fans."""
        self._heats = Since()
        """For how long it has mined at power."""

    def look(self, snapshot: Snapshot, capabilities: Capabilities, at: float) -> Signs:
        """Return what a reading of the time `at` shows."""
        running = runs(snapshot)
        at_power = snapshot.state is MinerState.MINING and _heats(snapshot)
        settled = self._heats.lasts(at_power, at) >= defaults.FLOW_SETTLE
        return Signs(
            running=running,
            ramping=running and snapshot.state in _RAMPING,
            power=snapshot.power,
            chip_excess=self._excess(snapshot, capabilities),
            cooling_failed=at if self._fails(snapshot, capabilities, settled=settled) else None,
            pool_alive=_pool_alive(snapshot) if running else None,
        )

    def limit(self, snapshot: Snapshot, capabilities: Capabilities) -> float:
        """Return the °C that the chips of this miner may have."""
        hot = snapshot.settings.get(Feature.HOT_TEMPERATURE)
        if isinstance(hot, int | float) and hot >= defaults.CHIP_LIMIT_LOWEST:
            self._hot = float(hot)
        if self._chosen is not None:
            return self._chosen
        usual = defaults.CHIP_LIMIT_AIR if capabilities.fans else defaults.CHIP_LIMIT_LIQUID
        return usual if self._hot is None else min(self._hot, defaults.CHIP_LIMIT_AIR)

    def _excess(self, snapshot: Snapshot, capabilities: Capabilities) -> float | None:
        limit = self.limit(snapshot, capabilities)
        return None if snapshot.temperature is None else snapshot.temperature - limit

    def _fails(self, snapshot: Snapshot, capabilities: Capabilities, *, settled: bool) -> bool:
        """Tell whether a fan or the flow has failed."""
        if any(fault.cooling and not fault.minor for fault in snapshot.faults or ()):
            return True
        self._turned |= {fan.index for fan in snapshot.fans if fan.speed}
        if snapshot.state is not MinerState.MINING:
            return False
        stand = {fan.index for fan in snapshot.fans if fan.speed == 0}
        return bool(stand & self._turned) or (settled and _no_flow(snapshot, capabilities))


def _heats(snapshot: Snapshot) -> bool:
    """Tell whether it draws so much that water must become warmer in it."""
    return snapshot.power is not None and snapshot.power >= defaults.FLOW_WATTS


def _no_flow(snapshot: Snapshot, capabilities: Capabilities) -> bool:
    """Tell whether the water that leaves is no warmer than what comes."""
    inlet, outlet = snapshot.inlet_temperature, snapshot.outlet_temperature
    if capabilities.fans or inlet is None or outlet is None:
        return False
    return outlet - inlet < defaults.FLOW_DELTA


_RAMPING = frozenset({MinerState.STARTING, MinerState.RESTARTING, MinerState.TUNING})


def runs(snapshot: Snapshot) -> bool:
    """Tell whether it mines or is about to, as far as can be told."""
    if snapshot.mining_wanted is not None:
        return snapshot.mining_wanted
    return snapshot.state not in {MinerState.PAUSED, MinerState.STOPPED}


def _pool_alive(snapshot: Snapshot) -> bool | None:
    if snapshot.pools is None:
        return None
    said = [pool.alive for pool in snapshot.pools]
    if True in said:
        return True
    return None if None in said or not said else False


def total_power(signs: Sequence[Signs], *, all_answer: bool) -> float | None:
    """Return the W of all; what one of them draws that does not say it is not known."""
    powers = [sign.power for sign in signs if sign.power is not None]
    return sum(powers) if all_answer and len(powers) == len(signs) else None


class Pools:
    """Remembers that there was no work for any miner; one that is off does not know."""

    def __init__(self) -> None:
        """Begin without having heard of any."""
        self._dead_until: float | None = None

    def alive(self, said: Collection[bool | None], now: float) -> bool | None:
        """Tell whether there is work for any miner.

        What the last one said holds for a while, in which the backup heater may help.
        """
        if True in said:
            self._dead_until = None
            return True
        if said and None not in said:
            self._dead_until = now + POOL_SECONDS
        return False if self._dead_until and now < self._dead_until else None

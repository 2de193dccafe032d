"""How many watts a temperature asks for: a PI controller that knows what it can command."""

from . import defaults
from .heat_model import HeatReadings, HeatSettings, Kind


def band(kind: Kind) -> float:
    """Return the K by which a temperature may be off before heating starts or stops."""
    return defaults.ROOM_DEADBAND if kind is Kind.ROOM else defaults.TANK_DEADBAND


def _gain(kind: Kind) -> float:
    """Return W per K."""
    return defaults.ROOM_GAIN if kind is Kind.ROOM else defaults.TANK_GAIN


class Regulator:
    """Remembers what was missing, in `integral` (K), and whether it is cold enough to heat."""

    def __init__(self) -> None:
        """Begin without a past, and warm."""
        self.integral = 0.0
        self._calls = False

    def adopt(self, error: float, readings: HeatReadings, kind: Kind) -> float | None:
        """Begin with what the miner draws, so that a restart changes nothing by itself.

        Returns these W; None where it draws nothing or does not say.
        """
        self._calls = readings.dangers.drawing
        if not self._calls or readings.power is None:
            return None
        self.integral = readings.power / _gain(kind) - error
        return readings.power

    def watts(
        self,
        error: float,
        passed: float,
        readings: HeatReadings,
        settings: HeatSettings,
        *,
        most: float,
        wished: float | None,
    ) -> float | None:
        """Return W from the floor to `most`; None while it is warm enough.

        `error` is what is missing in K, `passed` the seconds since the last call, and
        `wished` the W that the miner has been told.
        """
        gain, floor = _gain(settings.kind), settings.floor
        reset = defaults.ROOM_RESET if settings.kind is Kind.ROOM else defaults.TANK_RESET
        raw = gain * (error + self.integral)
        # Nothing is learned from an output at its end or a miner that does not follow.
        saturated = (raw >= most and error > 0) or (raw <= floor and error < 0)
        if not saturated and _follows(error, readings, wished, settings.coarse):
            self.integral += error * passed / reset
        bound = most / gain
        self.integral = min(max(self.integral, -bound), bound)
        watts = min(max(gain * (error + self.integral), floor), most)
        if error > band(settings.kind):
            self._calls = True
        elif error < -band(settings.kind) and watts <= floor:
            self._calls = False
        return watts if self._calls else None


def _follows(error: float, readings: HeatReadings, wished: float | None, coarse: float) -> bool:
    """Tell whether the watts that are measured are those that were wished.

    The guard, a limit or the firmware may hold a miner for long where it is. What then is
    missing, or too much, says nothing of the heat that is needed.
    """
    drawn = readings.power
    if not readings.running or readings.ramping or drawn is None or wished is None:
        return False
    off = coarse + max(defaults.CONFIRM_WATTS, defaults.CONFIRM_SHARE * wished)
    return drawn >= wished - off if error > 0 else drawn <= wished + off

"""Living from what an inverter holds back because nothing may be exported.

Nobody can see that. So more is drawn step by step, until the grid has to give it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from . import balance, defaults
from .aim_model import Aim, Intent
from .site_model import MinerNow, Reason, SiteReadings, SiteSettings, Why


@dataclass(kw_only=True, slots=True)
class _Probe:
    """The search for what a throttled inverter holds back."""

    at: float = 0.0
    step: float = defaults.PROBE_STEP
    aim: float | None = None
    paused_until: float = 0.0
    pause: float = defaults.PROBE_BACKOFF
    start_pause: float = defaults.PROBE_START_BACKOFF
    ran: bool = False
    covered: float = 0.0
    """The most W that were covered a short while ago."""
    covered_at: float = -math.inf

    def remember(self, drawn: float, now: float) -> None:
        """Take note of a draw that is covered."""
        young = self.covered_at <= now < self.covered_at + defaults.RIDE_LONGEST
        if drawn >= self.covered or not young:
            self.covered, self.covered_at = drawn, now


class ZeroExport:
    """The mode ZERO_EXPORT. Remembers what the last steps have found."""

    def __init__(self, smooth: balance.Smooth) -> None:
        """Begin without a past; the mean is that of all modes."""
        self._smooth = smooth
        self._probe = _Probe()

    def aim(
        self,
        settings: SiteSettings,
        readings: SiteReadings,
        miners: Sequence[MinerNow],
        now: float,
    ) -> Aim:
        """Keep the import in a band, and look now and then whether there is more."""
        low, high = settings.band
        drawn = sum(miner.state.drawn or 0.0 for miner in miners)
        middle = (low + high) / 2
        # What a battery gives counts as bought here: it is not what the sun holds back.
        grid = readings.grid.value if readings.grid is not None else 0.0
        taken = grid - balance.battery_part(settings, readings)
        raw = drawn + middle - taken
        smooth = self._smooth.add(raw, now)
        probe = self._probe
        running = any(miner.state.running for miner in miners)
        if probe.ran and not running:
            # There was not even enough for one at its floor: a start is not tried soon.
            probe.paused_until = now + probe.start_pause
            probe.start_pause = min(probe.start_pause * 2, defaults.PROBE_START_BACKOFF_LONGEST)
        probe.ran = running
        data = {"watts": taken, "low": low, "high": high}
        if taken > high:
            # What a step cannot have brought is a cloud, and says nothing of the step.
            own = probe.aim is not None and taken - high <= probe.step * defaults.PROBE_DOING
            if own and drawn > 0 and now - probe.at < defaults.PROBE_HOLD:
                # The probe met the grid: there is nothing more for a while.
                probe.paused_until = now + probe.pause
                probe.pause = min(probe.pause * 2, defaults.PROBE_BACKOFF_LONGEST)
                probe.covered = 0.0
            eager = probe.aim is not None and now - probe.at < defaults.PROBE_SETTLE
            probe.aim, probe.step = None, defaults.PROBE_STEP
            return Aim(
                intent=Intent.FOLLOW,
                watts=min(smooth, drawn),
                reason=Reason(why=Why.NO_SURPLUS, data=data),
                # What the probe itself has brought is taken back at once.
                eager=eager,
            )
        probe.remember(drawn, now)
        if taken >= low:
            probe.aim = None
            return Aim(intent=Intent.HOLD, watts=drawn, reason=Reason(why=Why.BALANCED, data=data))
        if taken >= 0 and _is_dark(readings, now):
            # What little is bought at night is all that the house needs, and no sun is held back.
            probe.aim = None
            return Aim(
                intent=Intent.HOLD, watts=drawn, reason=Reason(why=Why.NO_SURPLUS, data=data)
            )
        if now < probe.paused_until:
            reason = Reason(why=Why.PROBE_PAUSED, data=data, until=probe.paused_until)
            return Aim(intent=Intent.HOLD, watts=drawn, reason=reason)
        most = sum(m.ability.maximum * m.state.excess for m in miners)
        if probe.aim is None or now - probe.at >= defaults.PROBE_SETTLE:
            if probe.aim is not None:
                # The last one was covered in full, so the next may be larger.
                largest = max(defaults.PROBE_STEP_LARGEST, defaults.PROBE_SHARE * most)
                probe.step = min(probe.step * 2, largest)
                probe.pause = defaults.PROBE_BACKOFF
                probe.start_pause = defaults.PROBE_START_BACKOFF
            # A cloud that has passed gives back what was covered before it.
            probe.step = max(probe.step, probe.covered - drawn)
            probe.at = now
            probe.aim = max(drawn + probe.step, smooth)
        least = min((m.state.floor * m.state.excess for m in miners), default=0.0)
        # What is on its way already is not taken back for being slow.
        watts = max(probe.aim, sum(_reached(one) for one in miners)) if running else least
        return Aim(
            intent=Intent.FOLLOW,
            watts=min(watts, most),
            reason=Reason(why=Why.PROBING, data={**data, "aim": watts}),
        )


def _is_dark(readings: SiteReadings, now: float) -> bool:
    """Tell whether there is no sun that could be held back."""
    if readings.elevation is not None and readings.elevation <= 0:
        return True
    solar = readings.solar
    recent = solar is not None and now - solar.at <= defaults.METER_HOLD
    return solar is not None and recent and solar.value <= defaults.NOISE


def _reached(miner: MinerNow) -> float:
    """Return what a miner draws, or will when it has obeyed."""
    state = miner.state
    drawn, ordered = state.drawn or 0.0, state.current * state.excess
    return max(drawn, ordered) if state.running and state.busy else drawn

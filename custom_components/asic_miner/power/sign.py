"""Whether the meter of the grid is the wrong way round, found out from what the miners draw.

What miners draw more comes from the grid, or is no longer exported. So the meter moves with
their draw. One that moves by as much the other way, again and again, has the wrong sign.
Where a battery makes up for the draw the meter does not move, and nothing is concluded.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median

from ..miners.lean import dataclass
from ..miners.models import JsonValue
from . import defaults
from .lasting import Since, since
from .learning import number
from .model import Measured
from .site_model import MinerNow


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One report of the meter, with what the miners were known to draw. W."""

    at: float
    grid: float
    drawn: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """A change of the draw that the meter has followed the wrong way."""

    at: float
    rose: bool
    """Whether the draw rose."""


class Sign:
    """Gathers what speaks against the sign of the meter, and forgets it with what speaks for it."""

    def __init__(self, stored: JsonValue = None) -> None:
        """Begin with what `to_json` once gave, of the same meter with the same sign."""
        known = stored if isinstance(stored, dict) else {}
        self.trusted = known.get("trusted") is True
        """Whether its owner has insisted that it is right; then nothing is concluded any more."""
        self.wrong = known.get("wrong") is True and not self.trusted
        """Whether it is taken to be the wrong way round."""
        self._said = known.get("said") is True
        """Whether its owner has said before that it is right."""
        self._against = [] if self.trusted else list(_against(known.get("against")))
        self._since = None if self.trusted else number(known.get("since"))
        self._resting = Since()
        self._tried = 0.0
        """When all miners were last at rest for long enough to begin anew."""
        self._windows = tuple(
            deque[Sample](maxlen=defaults.SIGN_SAMPLES) for _ in defaults.SIGN_SPACING
        )
        self._keys: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, JsonValue]:
        """Return what is to be kept over a restart."""
        return {
            "trusted": self.trusted,
            "said": self._said,
            "wrong": self.wrong,
            "since": self._since,
            "against": [{"at": one.at, "rose": one.rose} for one in self._against],
        }

    def trust(self) -> None:
        """Take its owner's word that it is right, and begin anew; for good the second time.

        Who has just mended it says so as well, and it may be turned round again. Where it was not
        found to be wrong nothing was asked.
        """
        if self.wrong:
            self.trusted, self._said = self._said, True
            self._forget()
            self._clear()

    def listen(self, grid: Measured | None, miners: Sequence[MinerNow], now: float) -> None:
        """Take a report of the meter, if it is a new one.

        Who has been silent for longer than METER_PAUSE is left out, as one that is stored for the
        winter: if it draws, then for all that is known here it is a part of the house.
        """
        if self.trusted:
            return
        there = {one.key: one.state.drawn for one in miners if not _away(one)}
        keys = frozenset(there)
        drawn = [watts for watts in there.values() if watts is not None]
        known = 0 < len(drawn) == len(there)
        if not known or keys != self._keys:
            # The sum would jump though nobody draws more or less.
            self._keys = keys
            self._clear()
        if known and grid is not None:
            self._add(Sample(at=grid.at, grid=grid.value, drawn=sum(drawn)))
        self._judge(now, rests=known and max(drawn) <= defaults.OFF_WATTS)

    def jumped(self, now: float) -> None:
        """Take that the clock was set: nobody knows for how long it has been doubted, or they rest.

        What is held then is lowered and stopped from now on as if the doubt were new.
        """
        if self._since is not None:
            self._since = now
        self._resting = Since()
        self._clear()

    @property
    def doubted_since(self) -> float | None:
        """Return since when nothing is to be built on the meter; None where it is believed."""
        return self._since

    def _add(self, new: Sample) -> None:
        """Take a sample, and weigh those that there are if they are enough.

        Those that have said something are not weighed again.
        """
        newest = self._windows[0]
        if newest and new.at == newest[-1].at:
            return
        if newest and not 0 < new.at - newest[-1].at <= defaults.METER_HOLD:
            self._clear()
        for samples, spacing in zip(self._windows, defaults.SIGN_SPACING, strict=True):
            if samples and new.at - samples[-1].at < spacing:
                continue
            samples.append(new)
            if len(samples) == defaults.SIGN_SAMPLES and self._weigh(samples):
                self._clear()
                for window in self._windows:
                    window.append(new)
                return

    def _weigh(self, samples: Sequence[Sample]) -> bool:
        """Tell whether samples say something, and take note of it."""
        agrees, opposes = follows(samples, 1), follows(samples, -1)
        if (agrees is None) is (opposes is None):
            return False
        if opposes is None:
            self._forget()
        else:
            self._against.append(Against(at=samples[-1].at, rose=opposes > 0))
        return True

    def _clear(self) -> None:
        for samples in self._windows:
            samples.clear()

    def _judge(self, now: float, *, rests: bool) -> None:
        """Decide anew whether it is wrong, and whether it is to be believed meanwhile.

        When all have been lowered and stopped, and that has shown nothing, it is tried again.
        """
        young = [one for one in self._against if now - defaults.SIGN_MEMORY < one.at <= now]
        self._against = young
        rises = sum(one.rose for one in young)
        if min(rises, len(young) - rises) >= defaults.SIGN_EACH:
            self.wrong = True
        self._tried = min(self._tried, now)
        if self._resting.lasts(rests, now) >= defaults.MINIMUM_OFF:
            self._tried = now
        newer = sum(one.at > self._tried for one in young)
        if not self.wrong and newer < defaults.SIGN_DOUBT:
            self._since = None
        else:
            self._since = since(self._since, now)

    def _forget(self) -> None:
        self.wrong, self._since = False, None
        self._against = []


def follows(samples: Sequence[Sample], factor: int) -> float | None:
    """Return by how many W the draw has changed, if the meter moved by `factor` times as much.

    None if it did not, or if the draw has hardly changed. A few samples may not fit: the meter
    shows at once what a miner says at its next poll.
    """

    def rest(one: Sample) -> float:
        return one.grid - factor * one.drawn

    middle = median(rest(one) for one in samples)
    allowed = defaults.SIGN_SHARE * _range(one.drawn for one in samples)
    fitting = [one for one in samples if abs(rest(one) - middle) <= allowed / 2]
    if len(fitting) < len(samples) - defaults.SIGN_ODD:
        return None
    change = _range(one.drawn for one in fitting)
    half = min(one.drawn for one in fitting) + change / 2
    above = sum(one.drawn > half for one in fitting)
    if change < defaults.SIGN_STEP or min(above, len(fitting) - above) < defaults.SIGN_SIDE:
        return None
    if _range(rest(one) for one in fitting) > defaults.SIGN_SHARE * change:
        return None
    return change if fitting[-1].drawn > fitting[0].drawn else -change


def _away(miner: MinerNow) -> bool:
    """Tell whether nobody has known for long what a miner draws."""
    return miner.state.drawn is None and miner.state.silent > defaults.METER_PAUSE


def _range(values: Iterable[float]) -> float:
    found = list(values)
    return max(found) - min(found)


def _against(stored: JsonValue) -> Iterable[Against]:
    for one in stored if isinstance(stored, list) else ():
        at = number(one.get("at")) if isinstance(one, dict) else None
        if isinstance(one, dict) and at is not None:
            yield Against(at=at, rose=one.get("rose") is True)

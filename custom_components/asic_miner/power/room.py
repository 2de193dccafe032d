"""How miners behind one limit make room for each other, where there is more to be had for all.

Only where a limit is the only one of a miner: what others give up behind it is then its own.
"""

from collections.abc import Mapping, Sequence

from . import defaults
from .candidate import Candidate


def to_start(
    ones: Sequence[Candidate],
    parts: Mapping[str, float],
    together: Mapping[str, frozenset[str]],
) -> tuple[Candidate, Candidate, float] | None:
    """Return who could be started if another drew less, that other, and its order.

    A start may go to full draw for minutes, for which there is no room where others fill a
    limit. Afterwards all together draw what the limit takes. None where that is not more.
    """
    for starter in ones:
        if parts[starter.key] <= 0 or not starter.startable:
            continue
        if starter.room < starter.floor * defaults.ROOM_SHARE:
            continue
        givers = [one for one in ones if one.key in together.get(starter.key, ()) and one.on]
        # What was ordered already and has not shown yet comes by itself.
        coming = sum(max(one.now.state.committed - one.allocated * one.excess, 0) for one in givers)
        need = starter.start_watts * (1 + defaults.RISE_NOISE) - starter.room - coming
        able = [one for one in givers if one.can_fall and one.obeyed and not one.ramping]
        if need <= 0 or sum(one.expected - one.floor for one in able) < need:
            continue
        # The finest steps first, since they give no more than is needed.
        giver = max(able, key=lambda one: (not one.now.ability.tuned, one.allocated))
        order = giver.order(giver.expected - max(need, giver.least_change))
        if giver.allocated - order >= giver.least_change:
            return starter, giver, order
    return None


def to_fill(
    ones: Sequence[Candidate],
    parts: Mapping[str, float],
    together: Mapping[str, frozenset[str]],
) -> tuple[Candidate, float, Candidate, float] | None:
    """Return who is lowered a little, and who has room for its next step then; each its order.

    Both are ordered at once; the second waits for its limit until the first has obeyed. None
    where that is not more in all, by what makes a change worthwhile.
    """
    for coarse in ones:
        step = coarse.step_up()
        if step is None or step > parts[coarse.key] or not coarse.can_rise:
            continue
        more = (step - coarse.allocated) * coarse.excess
        for fine in ones:
            if fine is coarse or fine.key not in together.get(coarse.key, ()):
                continue
            if fine.now.ability.tuned or not (fine.can_fall and fine.obeyed) or fine.ramping:
                continue
            least = max(more - coarse.room, fine.least_change)
            order = fine.order((fine.allocated - least) * fine.excess)
            gives = (fine.allocated - order) * fine.excess
            if least <= gives <= more - fine.least_change:
                return fine, order, coarse, step
    return None

"""Miners as a controller sees them, put together by hand."""

from dataclasses import replace
import math

from custom_components.asic_miner.power.model import Ability, GuardState, Measured, Wish
from custom_components.asic_miner.power.site_model import MinerNow

from .rig import PERCENT, START

IDLE = GuardState(
    wish=None,
    limit=None,
    goal=None,
    sent=None,
    confirmed=None,
    drawn=15.0,
    committed=15.0,
    start_watts=3400.0,
    running=False,
    busy=False,
    blocked_up=None,
    excess=1.0,
    current=0.0,
    can_start_at=-math.inf,
    can_stop_at=-math.inf,
    can_rise_at=-math.inf,
    can_fall_at=-math.inf,
    floor=1000.0,
    starts=0,
    changes=0,
    wait=None,
    until=None,
)


def miner(key: str, draws: float = 0.0, ability: Ability = PERCENT, **more: object) -> MinerNow:
    """Return one that draws so many W, and may go on drawing them."""
    state = replace(IDLE, floor=ability.minimum)
    if draws:
        state = replace(state, drawn=draws, committed=draws, current=draws, running=True)
    if isinstance(wish := more.get("wish"), Wish):
        more.setdefault("personal", wish.personal)
    changed = replace(state, **more)  # type: ignore[arg-type] # by name
    return MinerNow(key=key, ability=ability, state=changed)


def measured(value: float, age: float = 0.0) -> Measured:
    """Return a value that was reported so many seconds before START."""
    return Measured(value=value, at=START - age)

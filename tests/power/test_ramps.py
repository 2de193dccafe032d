"""Circuits with miners that take minutes: a start of a WhatsMiner goes to full draw first."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import Measured, Source, Wish
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import (
    Circuit,
    MinerNow,
    Mode,
    SiteMiner,
    SiteReadings,
    SiteSettings,
)
from tests.benchmarks.power.plant import SimMiner, SimWhatsminer, fleet
from tests.benchmarks.power.traces import STEP
from tests.benchmarks.power.wire import EPOCH, poll, send

HOUSE = 300.0
MODES = [mode for mode in Mode if mode is not Mode.ZERO_EXPORT]
SEGMENT = st.tuples(
    st.sampled_from([0.0, 1500.0, 4000.0, 9000.0]),
    st.sampled_from(MODES),
    st.integers(min_value=1, max_value=90),
    st.sampled_from([None, 0.0, 1200.0, 3400.0]),
)
"""Sun, mode, minutes, and what a person orders of one miner at its begin."""


def commanded(miner: SimMiner) -> float:
    """Return the W to which a miner goes by what it was told, as its kind does it."""
    if not miner.on:
        return 0.0
    if isinstance(miner, SimWhatsminer) and not miner.stable:
        return miner.full
    return miner.target


@given(
    limit=st.integers(min_value=900, max_value=10_000),
    count=st.integers(min_value=1, max_value=4),
    weather=st.lists(SEGMENT, min_size=1, max_size=6),
)
# Two that start at full draw share what is enough for one and a half: one makes room.
@example(limit=5000, count=3, weather=[(0.0, Mode.FULL, 60, None), (0.0, Mode.FULL, 90, 1200.0)])
# A person wants all of one while others fill the circuit.
@example(
    limit=8200, count=4, weather=[(9000.0, Mode.SURPLUS, 90, None), (0.0, Mode.HEAT, 60, 3400)]
)
# A person orders what has not been read yet, and it is read between two looks.
@example(limit=900, count=3, weather=[(0.0, Mode.OFF, 1, 1200.0)])
@settings(deadline=None, max_examples=15)
def test_ramps_never_bring_a_circuit_above_its_limit(
    limit: int, count: int, weather: list[tuple[float, Mode, int, float | None]]
) -> None:
    miners = fleet(count)
    guards = {miner.key: Guard(miner.ability) for miner in miners}
    circuit = Circuit(key="c", members=frozenset(guards), limit=float(limit))
    places = tuple(SiteMiner(key=key, priority=place) for place, key in enumerate(guards))
    site = SiteController(SiteSettings(miners=places, circuits=(circuit,)))
    now = -float(STEP)
    for sun, mode, minutes, manual in weather:
        site.configure(SiteSettings(miners=places, circuits=(circuit,), mode=mode, fixed=5000.0))
        if manual is not None:
            wish = Wish(watts=manual, source=Source.USER, at=EPOCH + now)
            guards[miners[-1].key].wish(wish)
        for _ in range(minutes * 60 // STEP):
            now += STEP
            at = EPOCH + now
            for place, miner in enumerate(miners):
                miner.advance(now)
                poll(miner, guards[miner.key], now, place)
            drawn = sum(miner.power for miner in miners)
            if now % 10 < STEP:
                readings = SiteReadings(
                    grid=Measured(value=HOUSE + drawn - sun, at=at),
                    price=0.1,
                    price_limit=0.2,
                    heat={miners[0].key: 2000.0},
                )
                known = [MinerNow.of(key, guard, at) for key, guard in guards.items()]
                site.plan(at, readings, known).apply(guards, at)
            for miner in miners:
                send(miner, guards[miner.key], now)
            assert sum(commanded(miner) for miner in miners) <= limit + 1
            # Their control boards apart, which draw all the time.
            assert sum(miner.power for miner in miners if miner.on) <= limit + 1

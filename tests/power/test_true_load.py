"""What a circuit and a phase truly carry, with other loads, silent meters and absent miners."""

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from custom_components.asic_miner.power.model import Measured, Source
from custom_components.asic_miner.power.site_model import Circuit, Load, Mode, SiteMiner

from .house import House
from .rig import PERCENT, TARGET

LIMIT = 6000.0
PHASE = 5000.0
SETTLE = 4
"""Plans until all have given way to a load that was switched on: meter, order, and reading."""
SEGMENT = st.tuples(
    st.sampled_from([0.0, 800.0, 2500.0, 4500.0]),
    st.sampled_from([Mode.FULL, Mode.FIXED, Mode.SURPLUS, Mode.HEAT]),
    st.sampled_from(["all", "no circuit", "no phase", "none"]),
    st.booleans(),
    st.integers(min_value=1, max_value=60),
    st.sampled_from([None, 0.0, 1200.0, 3400.0]),
)
"""Other loads on both, mode, meters that speak, whether a miner is away, plans, a person."""


@given(events=st.lists(SEGMENT, min_size=1, max_size=8))
@example(
    events=[
        (2500.0, Mode.FULL, "all", False, 60, None),
        (2500.0, Mode.FULL, "none", False, 60, 3400.0),
    ]
)
@example(
    events=[
        (0.0, Mode.FULL, "all", False, 60, None),
        (0.0, Mode.FULL, "all", True, 60, None),
        (2500.0, Mode.FULL, "all", False, 60, None),
    ]
)
@example(
    events=[
        (0.0, Mode.FULL, "all", False, 1, None),
        (0.0, Mode.FULL, "all", False, 1, None),
        (0.0, Mode.FULL, "all", False, 1, None),
        (0.0, Mode.FULL, "no phase", False, 5, None),
    ]
)
@settings(deadline=None, max_examples=15)
def test_true_load_stays_within_limits(
    events: list[tuple[float, Mode, str, bool, int, float | None]],
) -> None:
    house = House(abilities=(PERCENT, TARGET, TARGET))
    keys = list(house.rigs)
    circuit = Circuit(key="c", members=frozenset(keys), limit=LIMIT, metered=True)
    places = tuple(SiteMiner(key=key, priority=n, phase=1) for n, key in enumerate(keys))
    house.set(miners=places, circuits=(circuit,), phase_limit=PHASE, fixed=5000.0)
    others, away, gone = 0.0, None, 0.0
    for load, mode, speaks, leaves, steps, manual in events:
        house.set(mode=mode)
        settle = 0
        if speaks == "all" or load < others:
            # Nobody can know of what is switched on where no meter speaks.
            settle, others = SETTLE if load > others else 0, load
        if leaves and away is None:
            away = keys[-1]
            rig = house.rigs.pop(away)
            gone = rig.drawn
            house.extra = replace(
                house.extra,
                loads=(Load(key=away, drawn=0.0, most=rig.guard.state(house.now).committed),),
            )
        elif not leaves and away is not None:
            rig.now = house.now
            rig.read()
            house.rigs[away], away, gone = rig, None, 0.0
            house.extra = replace(house.extra, loads=())
        if manual is not None:
            house.rigs[keys[0]].wish(manual, Source.USER)
        for step in range(steps):
            told = Measured(value=others + house.drawn + gone, at=house.now)
            none = Measured(value=0.0, at=house.now)
            if speaks in {"all", "no phase"}:
                house.extra = replace(house.extra, circuits={"c": told})
            if speaks in {"all", "no circuit"}:
                house.extra = replace(house.extra, phases={1: told, 2: none, 3: none})
            house.step()
            if step >= settle:
                running = sum(one.drawn for one in house.rigs.values() if one.on)
                if running:
                    assert others + gone + running <= min(LIMIT, PHASE) + 1

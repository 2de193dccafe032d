"""Two whole days, as `scripts/bench --power` lives through them, against the best of the others."""

import pytest

from tests.benchmarks.power.traces import Kind
from tests.benchmarks.power.world import PLANNER, run


@pytest.mark.parametrize("kind", [Kind.CLEAR, Kind.CLOUDS])
def test_more_surplus_at_no_more_starts(kind: Kind) -> None:
    mine = run(kind, 3, PLANNER)
    for name in ("evcc", "openevse", "ladder"):
        other = run(kind, 3, name)
        assert mine.used > other.used
        assert mine.starts <= other.starts


def test_a_breaker_is_never_overloaded_by_what_is_really_drawn() -> None:
    mine = run(Kind.NIGHT, 3, PLANNER)
    assert mine.breaches == 0
    assert mine.used > 90

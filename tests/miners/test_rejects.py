"""The reject rate: of the latest shares, and never of so few that one of them counts much."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.rejects import LEAST, WINDOW, RejectMeter

POLL = 15


def test_nothing_is_known_without_shares() -> None:
    """Neither zero nor a division by it."""
    meter = RejectMeter()
    assert meter.add(None, None, 0) is None
    assert meter.add(0, 0, 15) is None
    assert meter.add(5, None, 30) is None


def test_of_a_day_of_mining_the_first_reading_is_all_there_is() -> None:
    """Home Assistant has just started, or the miner has just been added."""
    meter = RejectMeter()
    assert meter.add(9900, 100, 0) == pytest.approx(1.0)
    assert meter.add(9900, 100, 15) == pytest.approx(1.0)


def test_a_month_without_rejects_hides_nothing() -> None:
    """Ten in a hundred are refused from now on; five minutes later that is all."""
    meter = RejectMeter()
    accepted, rejected = 1_000_000, 1_000
    assert meter.add(accepted, rejected, 0) == pytest.approx(0.1, abs=0.001)
    for poll in range(1, 121):
        if poll > 60:
            rejected += 1
        accepted += 10 if poll <= 60 else 9
        rate = meter.add(accepted, rejected, poll * POLL)
    assert rate == pytest.approx(10.0)
    for poll in range(121, 182):
        accepted += 10
        rate = meter.add(accepted, rejected, poll * POLL)
    assert rate == pytest.approx(0.0)


def test_one_reject_of_a_small_miner_is_no_third() -> None:
    """It finds a share in five minutes."""
    meter = RejectMeter()
    for share in range(300):
        meter.add(share, 0, share * 300)
    assert meter.add(299, 1, 300 * 300) == pytest.approx(1.0)


def test_counters_that_begin_anew() -> None:
    """After a restart of mining, what was before is no part of it."""
    meter = RejectMeter()
    meter.add(50_000, 5_000, 0)
    assert meter.add(50_000, 5_000, 2 * WINDOW) == pytest.approx(100 / 11)
    assert meter.add(199, 1, 2 * WINDOW + POLL) == pytest.approx(0.5)


def test_a_pause_changes_nothing() -> None:
    """The latest shares are still the latest."""
    meter = RejectMeter()
    for poll in range(100):
        meter.add(98 * poll, 2 * poll, poll * POLL)
    assert meter.add(98 * 99, 2 * 99, 10_000) == pytest.approx(2.0)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=200))
def test_always_a_part_of_enough_shares(steps: list[tuple[int, int]]) -> None:
    """Between 0 and 100 %, of LEAST shares where there were so many."""
    meter = RejectMeter()
    totals = accumulate(steps, lambda a, b: (a[0] + b[0], a[1] + b[1]))
    for poll, (accepted, rejected) in enumerate(totals):
        rate = meter.add(accepted, rejected, poll * POLL)
        if not accepted + rejected:
            assert rate is None
            continue
        assert rate is not None
        assert 0 <= rate <= 100
        looked_at = accepted + rejected - sum(meter._seen[0][1:])
        assert looked_at >= min(LEAST, accepted + rejected)

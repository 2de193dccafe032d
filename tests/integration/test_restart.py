"""The restart watch: what belongs to a restart, and when it is over."""

import pytest

from custom_components.asic_miner.const import RESTART_SECONDS
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    UnreachableError,
    UnsupportedError,
    WrongMinerError,
)
from custom_components.asic_miner.miners.models import Snapshot
from custom_components.asic_miner.restart import Restart, RestartWatch

BEFORE = Snapshot(uptime=5000, mining_uptime=4000)


@pytest.mark.parametrize("kind", Restart)
def test_it_is_over_when_what_restarts_counts_anew(kind: Restart) -> None:
    """Also when no poll has seen it away."""
    watch = RestartWatch(kind, BEFORE, now=0)
    assert not watch.is_over(Snapshot(uptime=5010, mining_uptime=4010), now=10)
    restarted = {
        Restart.BOARD: Snapshot(uptime=20),
        Restart.MINING: Snapshot(uptime=5040, mining_uptime=5),
    }
    assert watch.is_over(restarted[kind], now=40)


def test_the_mining_process_is_away_for_a_while() -> None:
    """The board answers for it meanwhile; that is not the end yet."""
    watch = RestartWatch(Restart.MINING, BEFORE, now=0)
    assert not watch.is_over(Snapshot(uptime=5010), now=10)
    assert watch.is_over(Snapshot(uptime=5020, mining_uptime=2), now=20)


def test_a_board_that_does_not_tell_its_uptime() -> None:
    """It is back when it answers after it has been away."""
    watch = RestartWatch(Restart.BOARD, None, now=0)
    assert not watch.is_over(Snapshot(), now=5)
    assert watch.excuses(UnreachableError("booting"), now=10)
    assert watch.is_over(Snapshot(), now=60)


def test_what_belongs_to_a_restart() -> None:
    """Silence and nonsense do; a refused login or another miner do not."""
    watch = RestartWatch(Restart.BOARD, BEFORE, now=0)
    assert watch.excuses(UnreachableError("booting"), now=10)
    assert watch.excuses(MalformedReplyError("half a reply"), now=10)
    assert watch.excuses(UnsupportedError("404 while it boots"), now=10)
    assert not watch.excuses(AuthenticationError("refused"), now=10)
    assert not watch.excuses(WrongMinerError("another"), now=10)


def test_it_ends_after_its_time() -> None:
    """A miner that is still away then is away."""
    watch = RestartWatch(Restart.BOARD, BEFORE, now=0)
    assert not watch.excuses(UnreachableError("gone"), now=RESTART_SECONDS)
    assert watch.is_over(Snapshot(uptime=9000), now=RESTART_SECONDS)


def test_nothing_to_restart() -> None:
    """A miner that is off restarts nothing, and shows that it is off."""
    watch = RestartWatch(Restart.MINING, BEFORE, now=0)
    assert watch.is_over(Snapshot(mining_wanted=False), now=5)


def test_a_restart_that_does_not_begin() -> None:
    """The same power mode again restarts nothing; a minute later that is plain."""
    watch = RestartWatch(Restart.MINING, BEFORE, now=0)
    assert not watch.is_over(Snapshot(uptime=5030, mining_uptime=4030), now=30)
    assert watch.is_over(Snapshot(uptime=5061, mining_uptime=4061), now=61)


def test_two_restarts_in_a_row() -> None:
    """The first has only just begun to count when the second is ordered."""
    watch = RestartWatch(Restart.MINING, Snapshot(uptime=5000, mining_uptime=2), now=0)
    assert not watch.is_over(Snapshot(uptime=5030), now=30)
    assert watch.is_over(Snapshot(uptime=5040, mining_uptime=5), now=40)

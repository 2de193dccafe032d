"""How long a device is waited for: the real numbers, which other tests shorten to see them end.

They are those that docs/security.md promises, and each that is longer than a poll is named there.
"""

from dataclasses import fields
from pathlib import Path

from aiohttp import ClientTimeout

from custom_components.asic_miner import const, moving, network_search
from custom_components.asic_miner.miners import detect
from custom_components.asic_miner.miners.braiins import public, reading
from custom_components.asic_miner.miners.braiins import transport as braiins
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "asic_miner"
POLL = 10.0
"""Seconds that a poll may take, and everything that is not named below."""
CONNECT = 5.0
"""Seconds until a connection has come about or is given up."""

LONGER_OF_WHATSMINER = {"write": 15.0, "stall": 60.0, "log": 120.0, "install": 300.0}
LONGER_OF_BRAIINS = {"DOWNLOAD_TIMEOUT": 900.0, "UPLOAD_TIMEOUT": 1800.0}


def test_polls_and_looks_end_like_a_poll() -> None:
    """Polling, finding out what it is and looking for it somewhere else."""
    for seconds in (
        const.POLL_SECONDS,
        detect.PROBE_SECONDS,
        public.SECONDS,
        reading.READ_SECONDS,
        moving.LOOK_SECONDS,
        network_search.CONNECT_SECONDS,
    ):
        assert 0 < seconds <= POLL


def test_what_a_whatsminer_may_take() -> None:
    """Only commands and files have longer than a poll."""
    limits = {field.name: getattr(Timeouts(), field.name) for field in fields(Timeouts)}
    assert all(seconds > 0 for seconds in limits.values())
    assert limits["connect"] <= CONNECT
    longer = {name: seconds for name, seconds in limits.items() if seconds > POLL}
    assert longer == LONGER_OF_WHATSMINER


def test_what_braiins_os_may_take() -> None:
    """Only files have longer than a poll."""
    found = {n: limit for n, limit in vars(braiins).items() if isinstance(limit, ClientTimeout)}
    assert all(0 < (limit.connect or 0) <= CONNECT for limit in found.values())
    # What is open without end is never opened, see below.
    assert found.pop("STREAM_TIMEOUT").total is None
    assert {name: limit.total for name, limit in found.items() if limit.total != POLL} == (
        LONGER_OF_BRAIINS
    )
    assert found["DOWNLOAD_TIMEOUT"].sock_read == 60.0


def test_no_stream_is_opened() -> None:
    """One may stay silent for days. The client of Braiins OS has two, which nobody here uses."""
    for path in INTEGRATION.rglob("*.py"):
        text = path.read_text("utf-8")
        opens = any(
            f".{name}(" in text for name in ("get_miner_status", "get_miner_detailed_status")
        )
        assert not opens, path
        assert ".stream(" not in text or path.name == "api.py", path


def test_no_other_limits_of_requests() -> None:
    """Those of HTTP are all in one place, the one that is looked at above."""
    made = [
        path for path in INTEGRATION.rglob("*.py") if "ClientTimeout(" in path.read_text("utf-8")
    ]
    assert made == [Path(braiins.__file__)]


def test_the_page_names_them() -> None:
    """Each limit stands in the row about time."""
    [row] = [
        line
        for line in (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
        if line.startswith("| Take memory or time |")
    ]
    for seconds in (CONNECT, POLL, *LONGER_OF_WHATSMINER.values(), *LONGER_OF_BRAIINS.values()):
        assert f" {seconds:.0f} s" in row

"""What is counted exactly: connections, requests, logins and recorder rows of simulated hours.

The numbers are the same on every machine and stand in `counts.json`: whoever changes one does
it on purpose, with ASIC_MINER_COUNTS=write. BENCH_DAY adds a day at the default tempo.
"""

from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.const import CONF_POLL_SECONDS, LIVE_INTERVAL, MAX_POLL_SECONDS
from tests.demo.hass import ROOT
from tests.integration.conftest import add_through_flow

from .hour import Count, Metered

HOUR = 3600.0
DAY = 24 * HOUR
SETTLED = 300.0
"""Seconds: the first long read and the minute of faster reading are over."""
LOGINS_A_DAY = 24
RESULTS = ROOT / "test-output" / "bench" / "counts"
EXPECTED = Path(__file__).parent / "counts.json"
EXACT = ("polls", "connections", "requests", "logins", "writes", "sent", "received", "rows")
"""The size of the database is that of whole pages, and the recorder's own."""


def note(name: str, count: Count) -> None:
    """Keep a result for the tables, and hold it against what it has been."""
    counted = asdict(count)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(counted, indent=1), "utf-8")
    exact = {key: counted[key] for key in EXACT}
    expected = json.loads(EXPECTED.read_text("utf-8"))
    if os.environ.get("ASIC_MINER_COUNTS") == "write":
        expected[name] = exact
        text = json.dumps(dict(sorted(expected.items())), indent=2) + "\n"
        EXPECTED.write_text(text, "utf-8")
    assert exact == expected.get(name)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most that a device may be burdened with, and the recorder for it."""

    live: int
    """Requests, and connections, of a live poll."""
    hour: int
    """The same in an hour with its slow reads and one look who it is."""
    rows: int
    """Of the recorder in an hour."""


WHATSMINER = Budget(
    # Joined, as the simulated firmware answers that, and at work: two less than three.
    live=1,
    # 240 live polls, what it is set to and four slow facts a minute, and a few for who it is.
    hour=240 * 1 + 60 * 5 + 10,
    rows=600,
)
BRAIINS = Budget(
    live=3,
    # Six slow parts a minute, and the rare ones every five or ten minutes.
    hour=240 * 3 + 60 * 6 + 12 + 3 * 6 + 10,
    rows=600,
)


@pytest.mark.parametrize(
    ("metered", "budget"),
    [("M60S", WHATSMINER), ("M30S++", WHATSMINER), ("S19j Pro", BRAIINS)],
    indirect=["metered"],
)
async def test_an_hour(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_custom_integrations: None,
    metered: Metered,
    budget: Budget,
) -> None:
    entry = await add_through_flow(hass, metered.tap)
    await metered.pass_time(hass, entry, SETTLED)
    polls = []
    for _ in range(4):
        before = await metered.count(hass)
        await metered.pass_time(hass, entry, 1)
        polls.append(await metered.count(hass) - before)
    # One of four has the slow facts with it.
    live = min(polls, key=lambda poll: poll.requests)
    note(f"{metered.name}, poll", live)
    assert live.requests <= budget.live
    assert live.connections <= budget.live

    before = await metered.count(hass)
    await metered.pass_time(hass, entry, HOUR)
    hour = await metered.count(hass) - before
    note(f"{metered.name}, hour", hour)
    assert hour.polls == HOUR / LIVE_INTERVAL.total_seconds()
    assert hour.requests <= budget.hour
    assert hour.connections <= budget.hour
    assert hour.rows <= budget.rows
    assert hour.logins == 0
    assert hour.writes == 0


@pytest.mark.parametrize("metered", ["S19j Pro"], indirect=True)
async def test_a_day_at_the_slowest_tempo_needs_no_login(
    hass: HomeAssistant, enable_custom_integrations: None, metered: Metered
) -> None:
    """The longest pauses that a user can choose do not let a session end."""
    entry = await add_through_flow(hass, metered.tap)
    hass.config_entries.async_update_entry(entry, options={CONF_POLL_SECONDS: MAX_POLL_SECONDS})
    await hass.config_entries.async_reload(entry.entry_id)
    before = metered.logins
    await metered.pass_time(hass, entry, DAY)
    # A few at first are faster.
    assert 0 <= metered.polls - DAY / MAX_POLL_SECONDS <= 5
    assert metered.logins == before


# Thousands of polls: too long for every change, so `scripts/bench` asks for it by name.
@pytest.mark.skipif(not os.environ.get("BENCH_DAY"), reason="takes minutes; part of scripts/bench")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("metered", ["M60S", "S19j Pro"], indirect=True)
async def test_a_day(
    recorder_mock: Recorder, hass: HomeAssistant, enable_custom_integrations: None, metered: Metered
) -> None:
    entry = await add_through_flow(hass, metered.tap)
    await metered.pass_time(hass, entry, SETTLED)
    before = await metered.count(hass)
    await metered.pass_time(hass, entry, DAY)
    count = await metered.count(hass) - before
    note(f"{metered.name}, day", count)
    assert count.logins <= LOGINS_A_DAY
    assert count.writes == 0

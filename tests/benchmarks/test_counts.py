"""What is counted exactly: connections, requests, logins and recorder rows of simulated hours.

The numbers are the same on every machine. BENCH_DAY adds a day at the default tempo.
"""

from dataclasses import asdict
import json
import os

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
import pytest

from custom_components.asic_miner.const import CONF_POLL_SECONDS, MAX_POLL_SECONDS
from tests.demo.hass import ROOT
from tests.integration.conftest import add_through_flow

from .hour import Count, Metered

HOUR = 3600.0
DAY = 24 * HOUR
SETTLED = 300.0
"""Seconds: the first long read and the minute of faster reading are over."""
LOGINS_A_DAY = 24
RESULTS = ROOT / "test-output" / "bench" / "counts"


def note(name: str, count: Count) -> None:
    """Keep a result for the tables."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(count), indent=1), "utf-8")


@pytest.mark.parametrize(
    ("metered", "live", "hour", "rows"),
    [
        # Joined where the firmware has proved to answer that: two instead of three.
        ("M60S", 2, 719, 2000),
        ("M30S++", 2, 719, 2000),
        ("S19j Pro", 3, 1100, 2000),
    ],
    indirect=["metered"],
)
async def test_an_hour(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_custom_integrations: None,
    metered: Metered,
    live: int,
    hour: int,
    rows: int,
) -> None:
    entry = await add_through_flow(hass, metered.tap)
    await metered.pass_time(hass, entry, SETTLED)
    before = await metered.count(hass)
    await metered.pass_time(hass, entry, 15)
    one = await metered.count(hass) - before
    await metered.pass_time(hass, entry, HOUR)
    count = await metered.count(hass) - before
    note(f"{metered.name}, poll", one)
    note(f"{metered.name}, hour", count)


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
    assert metered.polls == DAY / MAX_POLL_SECONDS
    assert metered.logins == before


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

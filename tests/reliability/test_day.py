"""A day in simulated time with everything that happens to miners, and all well at its end.

The soak in real time has a hundred miners and half an hour. This has three miners of both makes
and 24 hours at the usual tempo: what is due hourly or at midnight, the clocks put back in
autumn, sessions that end, and energy over a day have their turn. Every timer runs as ever, see
`simulated.py`.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
import json
import logging
import os
from typing import override
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.statistics import StatisticsRow, statistics_during_period
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import text

from tests.demo.hass import ROOT
from tests.integration.conftest import Miner, add_through_flow
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins import server as braiins
from tests.simulators.whatsminer import WhatsminerSimulator, exchange
from tests.simulators.whatsminer import server as whatsminer

from .day import BOOT, LOOK, MINUTE, Lived, ours
from .simulated import SimulatedTime
from .soak.verdict import ENERGY, ONE_EACH

HOURS = float(os.environ.get("ASIC_MINER_DAY", "6"))
"""How long the day is, at least 6. Everything happens in a short one, too, with less time in
between."""
HOUR = 3600.0
PART = HOURS / 24
CHANGE = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""When the clocks of Berlin are put back from three to two."""
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = CHANGE - timedelta(hours=13 * PART)
"""So that midnight is within six hours, too."""
DEVICE_LOOK = 0.5
"""Seconds between two looks of a simulated device at its clock; of real ones, 5 ms are right."""
ROWS = 600
"""Of the recorder for each miner and hour, the budget of `scripts/bench`."""
RAMPS = 5
"""How often a miner ramps without having been away: targets, the morning, restarts."""
RAMP_ROWS = 20 * 4 * 8
"""Twenty minutes of four polls with eight values."""
RESULTS = ROOT / "test-output" / "day.json"

LEARNED = {"AutoUpgrade", "LoggedError", "LoggedFault", "Personal"}
"""Objects of which there are more afterwards: what newer firmware tells, the newest lines of the
device's own log, and of each miner the last order of a person."""
ROWS_BY_ENTITY = text(
    "SELECT states_meta.entity_id, count(*) FROM states JOIN states_meta USING (metadata_id)"
    " GROUP BY 1"
)

type Happening = Callable[[], Awaitable[object]]


def long(minutes: float) -> float:
    """Return seconds that are shorter in a shorter day, and longer than lines are drawn over."""
    return max(minutes * PART, 6) * MINUTE


def happenings(lived: list[Lived]) -> Iterator[tuple[float, Happening]]:
    """Yield what happens, with hours of a full day after the change of clocks."""
    for place, one in enumerate(lived):
        # Not to all at the same moment.
        later = place / 6

        def at(hour: float, what: Happening, later: float = later) -> tuple[float, Happening]:
            return hour + later, what

        yield at(-12.5, partial(one.target, 0.7))
        yield at(-11.7, partial(one.mains, MINUTE))
        yield at(-10.9, one.forget)
        yield at(-10.1, one.reboot)
        yield at(-9.3, partial(one.pools, long(30)))
        yield at(-8.5, one.reload)
        yield at(-7.7, partial(one.upgraded, 5 * MINUTE))
        yield at(-6.9, partial(one.cable, long(10)))
        yield at(-6.1, partial(one.cable, 3 * MINUTE))
        # From OFF to ON an automation has them off, and the clocks are put back meanwhile.
        yield 0.0, one.asleep
        yield at(5.6, one.crash)
        yield at(6.4, one.restart_mining)
        yield at(7.2, partial(one.target, 1.0))
        yield at(8.0, partial(one.mains, long(45)))
        # As when Home Assistant restarts.
        yield 9.3, partial(one.reload, 3 * MINUTE)


OFF, ON = -4.7, 4.7
"""Hours after the change of clocks; also in a day of six hours not at what the clock on the wall
shows twice then."""


async def automated(hass: HomeAssistant, miners: list[Miner]) -> None:
    """Have automations of Home Assistant switch the miners off at night and on in the morning."""
    switches = [miner.entity_id("mining") for miner in miners]

    def automation(name: str, hour: float) -> dict[str, object]:
        local = (CHANGE + timedelta(hours=hour * PART)).astimezone(BERLIN)
        return {
            "alias": name,
            "trigger": {"platform": "time", "at": f"{local:%H:%M:%S}"},
            "action": {"service": f"switch.turn_{name}", "target": {"entity_id": switches}},
        }

    assert await async_setup_component(
        hass, "automation", {"automation": [automation("off", OFF), automation("on", ON)]}
    )


@pytest.fixture
async def simulated(freezer: FrozenDateTimeFactory) -> AsyncGenerator[SimulatedTime]:
    """The time of everything, on a day that is an hour longer than others."""
    # Each of some ten thousand statements would be told.
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    freezer.move_to(BEGIN)
    made = SimulatedTime(loop, freezer)
    with (
        made.running(),
        patch.object(exchange, "TICK", DEVICE_LOOK),
        patch.object(whatsminer, "TICK", DEVICE_LOOK),
        patch.object(braiins, "BOOT_LOOK", DEVICE_LOOK),
    ):
        yield made


class Heard(logging.Handler):
    """Keeps what is logged as text.

    The harness keeps the records, and with an error in one its frames and all that is in them.
    """

    def __init__(self) -> None:
        """Have heard nothing."""
        super().__init__()
        self.lines: list[tuple[int, str, str, bool]] = []
        """Level, logger, text, and whether there is a traceback."""

    def quiet(self, lived: list[Lived]) -> None:
        """See that nothing is told but that a miner was lost, once each time."""
        assert [line for line in self.lines if line[3]] == []
        loud = [line for line in self.lines if line[0] >= logging.ERROR]
        lost = [line for line in loud if line[2].startswith("Error fetching")]
        assert [line for line in loud if line not in lost] == []
        for one in lived:
            told = [line for line in lost if one.miner.entry.title in line[2]]
            assert 0 < len(told) <= len(one.away)
        ours = [line for line in self.lines if "asic_miner" in line[1]]
        assert len(ours) < 10 * sum(len(one.away) for one in lived)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(
            (record.levelno, record.name, record.getMessage(), record.exc_info is not None)
        )


@pytest.fixture
def recorder_config() -> dict[str, object]:
    """As often as in Home Assistant, which the harness makes after each change."""
    return {"commit_interval": 5}


@pytest.fixture
async def lived(
    simulated: SimulatedTime,
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_custom_integrations: None,
) -> AsyncGenerator[list[Lived]]:
    """Two WhatsMiners with different firmware and an Antminer, added and read."""
    asyncio.get_running_loop().set_debug(False)
    await hass.config.async_set_time_zone("Europe/Berlin")
    # Statistics are of what has been recorded, and time would run away from a slow machine.
    simulated.busy = lambda: recorder_mock.backlog > 0
    devices = [
        WhatsminerSimulator(preset="M60S", clock=simulated, seed=1),
        WhatsminerSimulator(preset="M30S++", clock=simulated, seed=2),
        BraiinsSimulator(preset="S19j Pro", clock=simulated, seed=3),
    ]
    async with AsyncExitStack() as stack:
        miners = []
        for device in devices:
            await device.start()
            stack.push_async_callback(device.stop)
            miners.append(Miner(hass, device, await add_through_flow(hass, device)))
        # Everything has been read, and nothing is read faster any more.
        await asyncio.sleep(5 * MINUTE)
        yield [Lived(miner, simulated) for miner in miners]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("enable_statistics", [True])
@pytest.mark.parametrize("enable_nightly_purge", [True])
async def test_a_day(
    simulated: SimulatedTime,
    lived: list[Lived],
    recorder_mock: Recorder,
    hass: HomeAssistant,
    enable_statistics: bool,
    enable_nightly_purge: bool,
) -> None:
    await automated(hass, [one.miner for one in lived])
    heard, before = Heard(), ours()
    with patch.object(logging.getLogger(), "handlers", [heard]):
        await _lived_through(simulated, lived)
        await async_wait_recording_done(hass)
    _results(lived)

    for one in lived:
        assert one.wrong() == []
        assert one.counted == pytest.approx(one.known, abs=ENERGY * one.known + one.unsure)
        # Little of the day was unknown, and no outage took longer than it had to.
        assert one.known > 0.9 * one.drawn
        assert max(one.away) < long(45) + BOOT
        assert {"starting", "mining", "unavailable"} < one.states
        assert one.states & {"stopped", "paused"}
    more = {name: n - before[name] for name, n in ours().items() if n > before[name]}
    assert more.keys() <= LEARNED
    heard.quiet(lived)
    await _recorded(hass, lived)
    await _put_away(hass, lived)


async def _lived_through(simulated: SimulatedTime, lived: list[Lived]) -> None:
    async with asyncio.TaskGroup() as doing:
        looking = doing.create_task(_looks(lived))
        for hour, what in sorted(happenings(lived), key=lambda one: one[0]):
            due = (CHANGE - BEGIN).total_seconds() + hour * PART * HOUR
            await asyncio.sleep(due - simulated.now())
            doing.create_task(_happen(what))
        await asyncio.sleep(HOURS * HOUR - simulated.now())
        looking.cancel()


async def _happen(what: Happening) -> None:
    await what()


async def _looks(lived: list[Lived]) -> None:
    while True:
        await asyncio.sleep(LOOK)
        for one in lived:
            one.look()


async def _recorded(hass: HomeAssistant, lived: list[Lived]) -> None:
    """See that the recorder holds no more than it should, and statistics of each hour."""

    def read() -> tuple[dict[str, int], dict[str, list[StatisticsRow]]]:
        with session_scope(hass=hass, read_only=True) as session:
            rows: dict[str, int] = dict(session.execute(ROWS_BY_ENTITY).tuples().all())
        energy = {one.miner.entity_id("energy") for one in lived}
        end = BEGIN + timedelta(hours=HOURS)
        return rows, statistics_during_period(hass, BEGIN, end, energy, "hour", None, {"sum"})

    rows, statistics = await get_instance(hass).async_add_executor_job(read)
    for one in lived:
        entities = {one.miner.entity_id(key) for key in one.miner.entity_keys()}
        written = sum(rows.get(entity, 0) for entity in entities)
        # What ramps changes with each poll: power, hashrate, efficiency, temperature, boards.
        assert written < ROWS * HOURS + RAMP_ROWS * (len(one.away) + RAMPS)
        hours = statistics[one.miner.entity_id("energy")]
        # The clock of the wall is not what they are made by.
        assert len(hours) >= int(HOURS) - 1
        assert {after["start"] - before["start"] for before, after in pairwise(hours)} == {HOUR}
        total = hours[-1]["sum"]
        assert total is not None
        # The last hour may not be over.
        assert 0.9 * one.counted * (1 - 1 / HOURS) < total <= one.counted * 1.01


async def _put_away(hass: HomeAssistant, lived: list[Lived]) -> None:
    """See that nothing of the integration is left when its entries are."""
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    for one in lived:
        assert one.miner.entry.state is ConfigEntryState.LOADED
        assert await hass.config_entries.async_unload(one.miner.entry.entry_id)
    await hass.async_block_till_done()
    # Any task or timer that was left would hold one.
    assert {name: n for name, n in ours().items() if name in ONE_EACH} == {}


def _results(lived: list[Lived]) -> None:
    """Keep the figures for the page on reliability."""
    told = [
        {
            "miner": one.miner.entry.title,
            "counted": round(one.counted, 3),
            "known": round(one.known, 3),
            "drawn": round(one.drawn, 3),
            "allowed": round(ENERGY * one.known + one.unsure, 3),
            "away": one.away,
        }
        for one in lived
    ]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1), "utf-8")

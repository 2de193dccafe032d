"""Lets simulated hours pass in one Home Assistant and counts what they cost."""

from dataclasses import asdict, dataclass
from typing import Self

from homeassistant.components.recorder import get_instance
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import text

from custom_components.asic_miner.coordinator import MinerCoordinator
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .tap import Tap


@dataclass(frozen=True, kw_only=True)
class Count:
    """What has happened so far, or between two such moments."""

    polls: int
    connections: int
    requests: int
    logins: int
    """Accepted at the device: tokens of a WhatsMiner, sessions of Braiins OS."""
    writes: int
    sent: int
    received: int
    rows: int
    """Of the recorder's table of states."""
    database: int
    """Bytes of the recorder's database that are in use."""

    def __sub__(self, other: Self) -> Count:
        """Return what has happened since."""
        before = asdict(other)
        return Count(**{name: value - before[name] for name, value in asdict(self).items()})


class Metered:
    """One device with a meter in its wire."""

    def __init__(self, device: WhatsminerSimulator | BraiinsSimulator, clock: ManualClock) -> None:
        """Count from now on."""
        self.device = device
        self.tap = Tap(device)
        self.clock = clock
        self.polls = 0

    async def pass_time(self, hass: HomeAssistant, entry: ConfigEntry, seconds: float) -> None:
        """Poll at the coordinator's own tempo until so many simulated seconds have passed."""
        coordinator: MinerCoordinator = entry.runtime_data
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            assert coordinator.update_interval is not None
            self.clock.advance(coordinator.update_interval.total_seconds())
            await coordinator.async_refresh()
            assert coordinator.last_update_success
            self.polls += 1
        await async_wait_recording_done(hass)

    async def count(self, hass: HomeAssistant) -> Count:
        """Return all counts up to now."""
        device = self.device
        if isinstance(device, BraiinsSimulator):
            requests, logins = len(device.requests), device.logins
        else:
            requests, logins = len(device.commands), device.tokens_issued
        rows, database = await get_instance(hass).async_add_executor_job(_recorded, hass)
        return Count(
            polls=self.polls,
            connections=self.tap.connections,
            requests=requests,
            logins=logins,
            writes=device.writes,
            sent=self.tap.sent,
            received=self.tap.received,
            rows=rows,
            database=database,
        )


def _recorded(hass: HomeAssistant) -> tuple[int, int]:
    with session_scope(hass=hass, read_only=True) as session:

        def number(query: str) -> int:
            return int(session.execute(text(query)).scalar_one())

        used = number("PRAGMA page_count") - number("PRAGMA freelist_count")
        for r in session.execute(text("select states_meta.entity_id, count(*) from states join states_meta using (metadata_id) group by 1 order by 2 desc")): print(r)
        return number("SELECT count(*) FROM states"), used * number("PRAGMA page_size")

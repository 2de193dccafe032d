"""Lets simulated hours pass in one Home Assistant and counts what they cost."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance, session_scope
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

    def __init__(
        self, name: str, device: WhatsminerSimulator | BraiinsSimulator, clock: ManualClock
    ) -> None:
        """Count from now on."""
        self.name = name
        self.device = device
        self.tap = Tap(device)
        self.clock = clock
        self.polls = 0
        self._weather = Random(7)

    @property
    def logins(self) -> int:
        """Return how many tokens or sessions the device has given."""
        device = self.device
        return device.logins if isinstance(device, BraiinsSimulator) else device.tokens_issued

    async def pass_time(self, hass: HomeAssistant, entry: ConfigEntry, seconds: float) -> None:
        """Poll at the coordinator's own tempo until so many simulated seconds have passed."""
        coordinator: MinerCoordinator = entry.runtime_data
        plant = self.device.device.plant
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            assert coordinator.update_interval is not None
            self.clock.advance(coordinator.update_interval.total_seconds())
            # Power and hashrate jitter by themselves; so that temperatures do, the air does.
            plant.ambient = 24.0 + self._weather.gauss(0, 1)
            await coordinator.async_refresh()
            assert coordinator.last_update_success
            self.polls += 1

    async def count(self, hass: HomeAssistant) -> Count:
        """Return all counts up to now."""
        device = self.device
        asked = device.requests if isinstance(device, BraiinsSimulator) else device.commands
        await async_wait_recording_done(hass)
        rows, database = await get_instance(hass).async_add_executor_job(_recorded, hass)
        return Count(
            polls=self.polls,
            connections=self.tap.connections,
            requests=len(asked),
            logins=self.logins,
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
        return number("SELECT count(*) FROM states"), used * number("PRAGMA page_size")

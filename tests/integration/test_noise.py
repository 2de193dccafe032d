"""What is shown and when: at once what matters, every two minutes what hardly moves."""

from dataclasses import replace
from unittest.mock import AsyncMock

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED, STATE_UNAVAILABLE
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.setup import async_setup_component
import pytest

from custom_components.asic_miner.const import NOISE_SECONDS
from custom_components.asic_miner.coordinator import MinerCoordinator
from custom_components.asic_miner.miners.models import MinerState
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner


class Watched:
    """A miner that says what a test wants, from the moment when all of it was shown last."""

    def __init__(self, miner: Miner, clock: ManualClock) -> None:
        """Show one snapshot."""
        self.miner = miner
        self.clock = clock
        self.coordinator: MinerCoordinator = miner.entry.runtime_data
        self.say()
        clock.advance(NOISE_SECONDS)
        self.say()

    def say(
        self,
        *,
        power: float | None = 3000.0,
        temperature: float | None = 70.0,
        state: MinerState = MinerState.MINING,
        locate: bool = False,
    ) -> None:
        """Have it shown that the miner says so."""
        self.coordinator.async_set_updated_data(
            replace(
                self.coordinator.data,
                power=power,
                temperature=temperature,
                state=state,
                locate=locate,
            )
        )


@pytest.fixture
async def watched(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, clock: ManualClock
) -> Watched:
    """An air-cooled WhatsMiner."""
    return Watched(await add_miner(whatsminer), clock)


@pytest.mark.parametrize(
    ("noise", "news"),
    [(3059.0, 3061.0), (2941.0, 2939.0), (3001.0, 0.0), (3001.0, None)],
)
async def test_noise_waits_and_news_do_not(
    watched: Watched, noise: float, news: float | None
) -> None:
    """Two of a hundred of a reading."""
    watched.say(power=noise)
    assert watched.miner.number("power") == 3000
    # Nothing is lost: guard and controllers see it.
    assert watched.coordinator.data.power == noise
    watched.say(power=news)
    assert watched.miner.state("power") == ("unknown" if news is None else str(news))


@pytest.mark.parametrize(("noise", "news"), [(70.9, 71.0), (69.1, 69.0)])
async def test_noise_of_a_temperature(watched: Watched, noise: float, news: float) -> None:
    """One degree, whatever the temperature is."""
    watched.say(temperature=noise)
    assert watched.miner.number("temperature") == 70
    watched.say(temperature=news)
    assert watched.miner.number("temperature") == news


async def test_noise_of_energy(watched: Watched) -> None:
    """What 3 kW draw in a minute."""
    meter = watched.coordinator.energy
    before = watched.miner.number("energy")
    meter.total = before + 0.049
    watched.say()
    assert watched.miner.number("energy") == before
    meter.total = before + 0.051
    watched.say()
    assert watched.miner.number("energy") == meter.total


async def test_many_small_changes_are_a_large_one(watched: Watched) -> None:
    """What counts is how far it is from what is shown."""
    for power in (3020.0, 3040.0, 3059.0):
        watched.say(power=power)
        assert watched.miner.number("power") == 3000
    watched.say(power=3065.0)
    assert watched.miner.number("power") == 3065


async def test_noise_is_shown_within_two_minutes_also_when_nothing_changes_any_more(
    device: SimulatedMiner,
    add_miner: AddMiner,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last value is not held back for ever by a miner that stands still."""
    miner = await add_miner(device)
    watched = Watched(miner, clock)
    last = replace(watched.coordinator.data, power=3001.0)
    monkeypatch.setattr(watched.coordinator.client, "read", AsyncMock(return_value=last))
    shown = []
    for _ in range(8):
        clock.advance(15)
        await miner.poll()
        shown.append(miner.number("power"))
    assert shown == [3000] * 7 + [3001]


async def test_who_asks_is_shown_noise_too(
    hass: HomeAssistant, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an automation does that reads at a moment of its own."""
    assert await async_setup_component(hass, "homeassistant", {})
    read = AsyncMock(return_value=replace(watched.coordinator.data, power=3001.0))
    monkeypatch.setattr(watched.coordinator.client, "read", read)
    entity_id = watched.miner.entity_id("power")
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": entity_id}, blocking=True
    )
    read.assert_awaited_once()
    assert watched.miner.number("power") == 3001


async def test_all_is_shown_when_the_state_changes(watched: Watched) -> None:
    """What is left over of a change is part of it."""
    watched.say(power=3001.0, state=MinerState.LIMITED)
    assert watched.miner.number("power") == 3001
    assert watched.miner.state("state") == "limited"


async def test_away_and_back_are_shown_at_once(
    watched: Watched, whatsminer: WhatsminerSimulator
) -> None:
    """With the energy up to now."""
    # The first one counts for all the time that has passed, which is shown.
    for _ in range(2):
        watched.clock.advance(15)
        await watched.miner.poll()
    shown = watched.miner.number("energy")
    assert shown < watched.coordinator.energy.total
    await whatsminer.stop()
    await watched.miner.poll()
    assert watched.miner.state("power") == watched.miner.state("energy") == STATE_UNAVAILABLE
    await whatsminer.start()
    await watched.miner.poll()
    assert watched.miner.number("energy") == pytest.approx(watched.coordinator.energy.total)


async def test_what_has_not_changed_is_not_written_again(
    hass: HomeAssistant, watched: Watched
) -> None:
    """Neither as a new state nor as a report of the same one."""
    written: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        written.append(event.data["entity_id"])

    @callback
    def reported(event: Event[EventStateReportedData]) -> None:
        written.append(event.data["entity_id"])

    @callback
    def every(_: EventStateReportedData) -> bool:
        return True

    hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
    hass.bus.async_listen(EVENT_STATE_REPORTED, reported, event_filter=every)
    watched.say()
    await hass.async_block_till_done()
    assert written == []
    watched.say(locate=True)
    await hass.async_block_till_done()
    assert written == [watched.miner.entity_id("locate")]


async def test_new_limits_are_shown_with_an_old_value(watched: Watched) -> None:
    """Of a number, its ends are shown, too."""
    coordinator = watched.coordinator
    feature = next(iter(coordinator.capabilities.ranges))
    limits = coordinator.capabilities.ranges[feature]
    entity_id = watched.miner.entity_id(feature.value)
    coordinator.capabilities = replace(
        coordinator.capabilities,
        ranges={
            **coordinator.capabilities.ranges,
            feature: replace(limits, maximum=limits.maximum + limits.step),
        },
    )
    watched.say()
    state = watched.miner.hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["max"] == limits.maximum + limits.step

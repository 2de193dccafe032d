"""Miners of a power controller that are not loaded or only watched still count on circuits."""

from unittest.mock import patch

from homeassistant import config_entries
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner, add_through_flow
from .house import LIMITS, House, house_with

LIMIT = 8000.0


async def test_who_is_not_loaded_keeps_its_room(
    hass: HomeAssistant,
    clock: ManualClock,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
) -> None:
    """As much as it was seen to draw; at most, where nobody has seen it since a restart."""
    house = await house_with(hass, clock, add_miner, whatsminer, braiins)
    await house.add(circuit={"name": "Garage", "members": house.devices, "watts": LIMIT})
    await house.live(10)
    gone, there = house.miners
    before = house.controller.states()[gone.mac]
    assert before.committed > 3000
    assert await hass.config_entries.async_unload(gone.entry.entry_id)

    def headroom() -> float:
        house.controller.async_tick()
        kept = sum(load.most for load in house.controller._readings.loads)
        states = house.controller.states()
        assert list(states) == [there.mac]
        left = LIMIT - kept - states[there.mac].committed
        assert abs(float(house.state("headroom")) - left) <= 1
        return kept

    assert headroom() == before.committed
    assert house.controller.title(gone.mac) == gone.entry.title
    assert await hass.config_entries.async_reload(house.entry.entry_id)
    maximum = gone.entry.data["capabilities"]["ranges"]["power_target"]["maximum"]
    assert headroom() == maximum
    # And so one that is disabled does.
    await hass.config_entries.async_set_disabled_by(
        gone.entry.entry_id, config_entries.ConfigEntryDisabler.USER
    )
    assert headroom() == maximum


async def test_who_is_only_watched_counts_with_what_it_draws(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator
) -> None:
    """It has no guard, and is commanded by nobody."""
    miner = Miner(hass, whatsminer, await add_through_flow(hass, whatsminer, password=""))
    house = House(hass=hass, clock=clock, miners=[miner])
    await house.add(circuit={"name": "Garage", "members": house.devices, "watts": LIMIT})
    await house.live(10)
    assert miner.entry.runtime_data.actuator.guard is None
    (load,) = house.controller._readings.loads
    assert load.key == miner.mac
    assert 3000 < load.drawn <= load.most


async def test_who_could_not_be_let_go_of_wakes_nobody(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A controller that is gone plans no more, though a switch still asks it for room."""
    house = await house_with(hass, clock, add_miner, whatsminer)
    house.load = 4000.0
    await house.add(limits=LIMITS | {"import_limit": 6000})
    await house.call("select.select_option", "mode", option="off")
    await house.live(1500)
    [miner], controller = house.miners, house.controller
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await hass.config_entries.async_unload(miner.entry.entry_id)
    plan = controller.plan
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_on", "mining")
    assert controller.plan is not plan
    assert await hass.config_entries.async_remove(house.entry.entry_id)
    plan = controller.plan
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_on", "mining")
    assert controller.plan is plan
    await miner.entry.runtime_data.async_shutdown()

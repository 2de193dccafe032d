"""Budgets, pauses and boosts: never too much, never by surprise, and back to what was before."""

import asyncio
from types import ModuleType
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.importlib import async_import_module
import probatio
import pytest

from custom_components.asic_miner import budgets
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners.errors import RejectedError
from custom_components.asic_miner.power.model import Source
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner


def device_id(miner: Miner) -> str:
    """Return what an action takes to know the miner."""
    device = dr.async_get(miner.hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    return device.id


async def act(name: str, *miners: Miner, **data: object) -> dict[str, object]:
    """Perform an action for miners, and return what it answers."""
    hass = miners[0].hass
    answers = hass.services.supports_response(DOMAIN, name) != "none"
    devices = [device_id(miner) for miner in miners]
    answer = await hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": devices if len(devices) > 1 else devices[0], **data},
        blocking=True,
        return_response=answers,
    )
    return dict(answer or {})


async def pass_time(clock: ManualClock, seconds: float, *miners: Miner) -> None:
    """Let time pass as it would: polls, what they start, and budgets that are shared again."""
    hass = miners[0].hass
    for _ in range(round(seconds / 30)):
        clock.advance(30)
        for miner in miners:
            await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
        if held := hass.data.get(budgets.BUDGETS):
            await held._async_share_again(None)  # type: ignore[arg-type] # unused
        await hass.async_block_till_done(wait_background_tasks=True)


def power(device: SimulatedMiner) -> float:
    """Return what a device really draws."""
    return float(device.truth()["power"] or 0)


async def test_what_it_did_before_anybody_wished_is_as_wished(
    device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """A miner that just mines waits for nothing, and says so."""
    miner = await add_miner(device)
    assert miner.state("state") == "mining"
    assert miner.state("power_status") == "as_wished"
    # The wish is nobody's all the same.
    assert miner.entry.runtime_data.actuator.state.wish.source is Source.ADOPTED


@pytest.mark.parametrize("watts", ["nan", float("inf"), "-inf"])
async def test_a_budget_is_a_number_of_watts(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, watts: object
) -> None:
    miner = await add_miner(whatsminer)
    with pytest.raises(probatio.Invalid, match="finite"):
        await act("set_power_budget", miner, watts=watts)


async def test_budget_of_one(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It is lowered, paused below its floor, and comes back with a margin; nothing restarts."""
    miner = await add_miner(whatsminer)
    answer = await act("set_power_budget", miner, watts=2400)
    assert answer["applied"] == pytest.approx(2400, abs=50)
    await pass_time(clock, 300, miner)
    assert power(whatsminer) == pytest.approx(2400, rel=0.05)
    assert whatsminer.truth()["mining_restarts"] == 0

    answer = await act("set_power_budget", miner, watts=-100)
    assert (answer["applied"], answer["left"]) == (0, 0)
    await pass_time(clock, 1200, miner)
    assert whatsminer.truth()["mining"] is False

    # At its very floor it does not start: it would flap there.
    await act("set_power_budget", miner, watts=870)
    await pass_time(clock, 1200, miner)
    assert whatsminer.truth()["mining"] is False
    await act("set_power_budget", miner, watts=3000)
    await pass_time(clock, 3600, miner)
    assert whatsminer.truth()["mining"] is True
    assert power(whatsminer) == pytest.approx(3000, rel=0.05)


async def test_budget_of_two(
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
) -> None:
    """The first gets what it can draw, the second the rest; together never more."""
    first, second = await add_miner(whatsminer), await add_miner(braiins)
    answer = await act("set_power_budget", first, second, watts=5000)
    assert float(str(answer["applied"])) <= 5000
    await pass_time(clock, 1800, first, second)
    assert power(whatsminer) > 3300
    assert 1000 < power(braiins) < 1800
    assert power(whatsminer) + power(braiins) < 5000 * 1.03


async def test_a_budget_that_is_not_renewed(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Whoever set it may have died: the miner falls back to what was said to be safe."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=2400, valid_for={"minutes": 5}, fallback="pause")
    await pass_time(clock, 240, miner)
    assert power(whatsminer) == pytest.approx(2400, rel=0.05)
    await pass_time(clock, 1200, miner)
    assert whatsminer.truth()["mining"] is False


async def test_a_person_ends_a_budget(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Whoever moves the slider means it."""
    miner = await add_miner(whatsminer)
    await act("set_power_budget", miner, watts=1500)
    await pass_time(clock, 300, miner)
    await miner.call("number.set_value", "power_target", value=2600)
    await pass_time(clock, 600, miner)
    assert power(whatsminer) == pytest.approx(2600, rel=0.05)


async def test_a_slider_moved_while_a_budget_is_loaded_is_newer(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The first budget waits for what shares it; it was ordered before that."""
    miner = await add_miner(whatsminer)

    async def slow(hass: HomeAssistant, name: str) -> ModuleType:
        clock.advance(1)
        await miner.call("number.set_value", "power_target", value=2600)
        clock.advance(1)
        return await async_import_module(hass, name)

    with patch(f"{budgets.__name__}.async_import_module", slow):
        await act("set_power_budget", miner, watts=1500)
    await pass_time(clock, 600, miner)
    assert power(whatsminer) == pytest.approx(2600, rel=0.05)


async def test_pause_for_a_while(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Mining stops at once and goes on by itself with what was wished before."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await miner.call("number.set_value", "power_target", value=2200)
    await pass_time(clock, 900, miner)
    await act("pause", miner, duration={"minutes": 30})
    await pass_time(clock, 1500, miner)
    assert device.truth()["mining"] is False
    await pass_time(clock, 5400, miner)
    assert device.truth()["mining"] is True
    assert power(device) == pytest.approx(2200, rel=0.06)


async def test_a_budget_goes_on_after_a_pause(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It is the budget that starts the miner then, and not one that has run out meanwhile."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=2400, valid_for={"hours": 1}, fallback="pause")
    await pass_time(clock, 120, miner)
    await act("pause", miner, duration={"minutes": 20})
    # That it is set again meanwhile, as every minute, ends no pause.
    await act("set_power_budget", miner, watts=2000, valid_for={"hours": 1}, fallback="pause")
    await pass_time(clock, 1080, miner)
    assert whatsminer.truth()["mining"] is False
    await pass_time(clock, 2400, miner)
    assert power(whatsminer) == pytest.approx(2000, rel=0.05)
    await act("pause", miner, duration={"hours": 2})
    await pass_time(clock, 3 * 3600, miner)
    assert whatsminer.truth()["mining"] is False


async def test_an_older_budget_stops_nobody(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Whom a person has switched on since, though it was off when the budget was set."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 900, miner)
    await act("set_power_budget", miner, watts=0)
    await pass_time(clock, 120, miner)
    await miner.call("switch.turn_on", "mining")
    await pass_time(clock, 2400, miner)
    assert whatsminer.truth()["mining"] is True


@pytest.mark.parametrize("data", [{}, {"duration": {"hours": 1}}])
async def test_a_refused_pause_ends_no_budget(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    data: dict[str, object],
) -> None:
    """What it wished still holds, and so does that it is shared again and runs out."""
    miner = await add_miner(whatsminer)
    await act("set_power_budget", miner, watts=2000, valid_for={"hours": 1})
    await pass_time(clock, 1200, miner)
    coordinator = miner.entry.runtime_data
    with (
        patch.object(coordinator.client, "set_mining", side_effect=RejectedError("not now")),
        pytest.raises(HomeAssistantError),
    ):
        await act("pause", miner, **data)
    assert budgets.held(hass, coordinator) is not None
    await pass_time(clock, 4500, miner)
    assert whatsminer.truth()["mining"] is False


async def test_pause_until_resumed(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Off stays off until somebody resumes it, over a restart of Home Assistant as well."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("pause", miner)
    await pass_time(clock, 1200, miner)
    assert await miner.hass.config_entries.async_reload(miner.entry.entry_id)
    await pass_time(clock, 1200, miner)
    assert device.truth()["mining"] is False
    await act("resume", miner)
    await pass_time(clock, 300, miner)
    assert device.truth()["mining"] is True


async def test_boost_over_a_restart_of_home_assistant(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """All that it can for a time, and back, though Home Assistant was restarted meanwhile."""
    miner = await add_miner(whatsminer)
    await miner.call("number.set_value", "power_target", value=1800)
    await pass_time(clock, 600, miner)
    await act("boost", miner, duration={"minutes": 20})
    await pass_time(clock, 600, miner)
    assert power(whatsminer) > 3300
    assert await miner.hass.config_entries.async_reload(miner.entry.entry_id)
    await pass_time(clock, 1200, miner)
    assert power(whatsminer) == pytest.approx(1800, rel=0.05)


async def test_what_cannot_be_set(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A miner of which not even the draw is known can be stopped, and says so of the rest."""
    miner = await add_miner(whatsminer)
    actuator = miner.entry.runtime_data.actuator
    actuator._guard = None
    with pytest.raises(ServiceValidationError) as error:
        await act("boost", miner)
    assert error.value.translation_key == "nothing_to_set"
    await act("pause", miner)
    assert whatsminer.truth()["mining"] is False


async def test_a_budget_outlives_a_reload(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Options that are changed load the miner anew; its safe state comes all the same."""
    miner = await add_miner(whatsminer)
    await act("set_power_budget", miner, watts=2000, valid_for={"minutes": 20})
    await pass_time(clock, 300, miner)
    assert await miner.hass.config_entries.async_reload(miner.entry.entry_id)
    await pass_time(clock, 300, miner)
    assert power(whatsminer) == pytest.approx(2000, rel=0.06)
    await pass_time(clock, 2400, miner)
    assert whatsminer.truth()["mining"] is False


async def test_an_order_that_came_meanwhile_is_not_taken_back(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """One order is refused while a newer one waits for it; the newer one holds."""
    miner = await add_miner(whatsminer)
    actuator = miner.entry.runtime_data.actuator
    client = miner.entry.runtime_data.client
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def refused(watts: float) -> bool:
        under_way.set()
        await go_on.wait()
        raise RejectedError("not now")

    with patch.object(client, "set_power_target", refused):
        first = asyncio.create_task(actuator.async_wish(2000, Source.USER))
        await under_way.wait()
        second = asyncio.create_task(actuator.async_wish(0, Source.USER))
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(HomeAssistantError):
            await first
        await second
    await pass_time(clock, 300, miner)
    assert whatsminer.truth()["mining"] is False


async def test_a_power_is_no_order_to_start(
    braiins: BraiinsSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """What is off stays off, whatever target somebody sets for later."""
    miner = await add_miner(braiins)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 1200, miner)
    await miner.call("number.set_value", "power_target", value=2000)
    await pass_time(clock, 1800, miner)
    assert braiins.truth()["mining"] is False
    assert braiins.truth()["power_target"] == 2000


@pytest.mark.parametrize("how", ["slider", "budget"])
async def test_who_switches_it_off_elsewhere_wants_it_off(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner, how: str
) -> None:
    """What was wished before, and a budget that is set again, start nothing; a person does."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    if how == "slider":
        await miner.call("number.set_value", "power_target", value=2200)
    else:
        await act("set_power_budget", miner, watts=2200)
    await pass_time(clock, 1800, miner)
    assert device.truth()["mining"] is True
    # As at the miner's own page, where Home Assistant does not see it.
    await miner.entry.runtime_data.client.set_mining(False)
    await pass_time(clock, 3600, miner)
    if how == "budget":
        await act("set_power_budget", miner, watts=2400)
        await pass_time(clock, 1800, miner)
    assert device.truth()["mining"] is False
    assert miner.state("power_status") == "stays_off"
    await miner.call("switch.turn_on", "mining")
    await pass_time(clock, 1200, miner)
    assert device.truth()["mining"] is True


async def test_the_end_of_a_boost_starts_nothing(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Who has switched it off meanwhile wants it off; switched on, it is as before the boost."""
    miner = await add_miner(device)
    clock.advance(1800)
    await miner.poll()
    await miner.call("number.set_value", "power_target", value=2200)
    await pass_time(clock, 900, miner)
    await act("boost", miner, duration={"hours": 1})
    await pass_time(clock, 900, miner)
    assert power(device) > 2500
    # As at the miner's own page, where Home Assistant does not see it.
    await miner.entry.runtime_data.client.set_mining(False)
    await pass_time(clock, 900, miner)
    assert miner.state("power_status") == "stays_off"
    clock.advance(1200)
    await pass_time(clock, 1800, miner)
    assert miner.entry.runtime_data.actuator.interlude is None
    assert device.truth()["mining"] is False
    assert miner.state("power_status") == "stays_off"
    await miner.call("switch.turn_on", "mining")
    await pass_time(clock, 2400, miner)
    assert power(device) == pytest.approx(2200, rel=0.06)


async def test_what_was_refused_is_not_said_to_be_tried_again(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A person is told at once; what was wished before holds, and it is so already."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    actuator = miner.entry.runtime_data.actuator
    await actuator.async_wish(actuator.percent_base * 0.7, Source.BUDGET)
    await pass_time(clock, 1200, miner)
    assert miner.state("power_status") == "as_wished"
    whatsminer.faults.codes = dict.fromkeys(("set_power", "set_power_pct", "set_power_pct_v2"), 132)
    with pytest.raises(HomeAssistantError):
        await miner.call("number.set_value", "power_target", value=3000)
    assert actuator.state.wish.source is Source.BUDGET
    await miner.poll()
    assert miner.state("power_status") == "as_wished"
    # What nobody stands by is tried again later, and says so.
    await actuator.async_wish_if_new(3000, Source.BUDGET, quietly=True)
    await miner.poll()
    assert miner.state("power_status") == "refused"


QUICKLY = {"fast": True}


async def settled_at(watts: float, miner: Miner, clock: ManualClock) -> None:
    """Have a person set the draw of a miner, and wait until it is there."""
    await pass_time(clock, 1800, miner)
    await miner.call("number.set_value", "power_target", value=watts)
    await pass_time(clock, 900, miner)
    assert power(miner.device) == pytest.approx(watts, rel=0.03)


@pytest.mark.parametrize("percent", [40, 90])
async def test_a_quick_level_that_is_refused_is_not_wished(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner, percent: int
) -> None:
    """Who was told that it did not work does not expect it a minute later."""
    miner = await add_miner(whatsminer)
    await settled_at(2200, miner, clock)
    state = miner.entry.runtime_data.actuator.state
    before = (state.wish, state.sent, state.confirmed, state.changes)
    whatsminer.faults.codes["set_power_pct"] = 132
    whatsminer.commands.clear()
    with pytest.raises(HomeAssistantError):
        await act("set_power_percent", miner, percent=percent, **QUICKLY)
    assert whatsminer.commands.count("set_power_pct") == 1
    whatsminer.faults.codes.clear()
    writes = whatsminer.truth()["writes"]
    await pass_time(clock, 1200, miner)
    state = miner.entry.runtime_data.actuator.state
    assert (state.wish, state.sent, state.confirmed, state.changes) == before
    assert whatsminer.truth()["writes"] == writes
    assert power(whatsminer) == pytest.approx(2200, rel=0.03)
    # The next order does not wait for what was refused.
    await act("set_power_percent", miner, percent=70)
    await pass_time(clock, 600, miner)
    assert power(whatsminer) == pytest.approx(0.7 * 3441, rel=0.03)


async def test_more_that_is_refused_while_ramping_does_not_come_when_it_has_settled(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Less was taken in the ramp and is what holds, given once more when it counts."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1800, miner)
    await miner.call("button.press", "restart_mining")
    await pass_time(clock, 120, miner)
    assert miner.state("state") == "starting"
    await act("set_power_percent", miner, percent=60, **QUICKLY)
    with pytest.raises(HomeAssistantError):
        await act("set_power_percent", miner, percent=90, **QUICKLY)
    wish = miner.entry.runtime_data.actuator.state.wish
    assert wish.watts == pytest.approx(0.6 * 3441, rel=0.01)
    whatsminer.commands.clear()
    await pass_time(clock, 2400, miner)
    assert miner.state("state") == "mining"
    assert power(whatsminer) == pytest.approx(0.6 * 3441, rel=0.03)
    sent = [name for name in whatsminer.commands if name.startswith("set_power")]
    assert sent == ["set_power_pct_v2"]


async def test_a_refused_quick_level_ends_neither_a_budget_nor_a_pause(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Both go on to their end."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1800, miner)
    await act("set_power_budget", miner, watts=2000, valid_for={"hours": 2})
    await pass_time(clock, 1200, miner)
    await act("boost", miner, duration={"minutes": 30})
    coordinator = miner.entry.runtime_data
    boost = coordinator.actuator.interlude
    whatsminer.faults.codes["set_power_pct"] = 132
    with pytest.raises(HomeAssistantError):
        await act("set_power_percent", miner, percent=30, **QUICKLY)
    assert coordinator.actuator.interlude is boost
    await pass_time(clock, 600, miner)
    assert power(whatsminer) > 3300
    await pass_time(clock, 2400, miner)
    assert budgets.held(hass, coordinator) is not None
    assert power(whatsminer) == pytest.approx(2000, rel=0.05)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("pause", {}),
        ("pause", {"duration": {"hours": 1}}),
        ("resume", {}),
        ("boost", {"duration": {"hours": 1}}),
        ("set_power_budget", {"watts": 0}),
    ],
)
async def test_one_that_is_not_there_keeps_no_other_from_it(
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    action: str,
    data: dict[str, object],
) -> None:
    """Whoever pauses all of them is told what failed, and has paused the others."""
    first, second = await add_miner(whatsminer), await add_miner(braiins)
    actuator = second.entry.runtime_data.actuator
    clock.advance(1800)
    await pass_time(clock, 30, first, second)
    starts = action in {"resume", "boost"}
    if starts:
        await act("pause", first, second)
        await pass_time(clock, 60, first, second)
        clock.advance(1200)
        await pass_time(clock, 60, first, second)
    assert braiins.truth()["mining"] is not starts
    await whatsminer.unplug()
    with pytest.raises(HomeAssistantError, match=first.entry.title):
        await act(action, first, second, **data)
    assert (actuator.state.wish.watts > 0) is starts
    await pass_time(clock, 180, second)
    assert braiins.truth()["mining"] is starts


async def test_all_that_refuse_are_named(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
) -> None:
    """Each with its own reason, in the language of Home Assistant."""
    hass.config.language = "de"
    first, second = await add_miner(whatsminer), await add_miner(braiins)
    await whatsminer.unplug()
    await braiins.unplug()
    with pytest.raises(HomeAssistantError) as refused:
        await act("pause", first, second)
    said = str(refused.value)
    assert first.entry.title in said
    assert second.entry.title in said
    assert "antwortet nicht" in said


async def test_a_command_that_is_cancelled_on_its_way_blocks_nothing(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """As by a script that begins anew. What had been ordered by then is still seen to."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    began = asyncio.Event()

    async def hang(self: object, on: bool) -> None:
        began.set()
        await asyncio.Event().wait()

    with patch.object(type(miner.entry.runtime_data.client), "set_mining", hang):
        order = asyncio.create_task(miner.entry.runtime_data.async_user_mining(False))
        await began.wait()
        order.cancel()
        with pytest.raises(asyncio.CancelledError):
            await order
    assert device.truth()["mining"] is True
    await pass_time(clock, 900, miner)
    assert device.truth()["mining"] is False
    await miner.call("switch.turn_on", "mining")
    await pass_time(clock, 600, miner)
    assert device.truth()["mining"] is True

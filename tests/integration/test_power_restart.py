"""Budgets, pauses and boosts over a real restart: Home Assistant stops, and starts again."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any
from unittest.mock import patch

from homeassistant.core import CoreState, HomeAssistant
import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import Source
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner
from .home import miner_in, restarted, stop
from .test_power_actions import act, pass_time, power

pytestmark = pytest.mark.usefixtures("hass_storage")

type Page = dict[str, Any]
"""What is written down of the actuator."""


def diary(miner: Miner) -> str:
    """Return the key of what is written down of a miner."""
    return f"asic_miner.{miner.entry.entry_id}"


async def written(miner: Miner, storage: dict[str, Any], shows: Callable[[Page], bool]) -> None:
    """Wait until the file shows something."""
    async with asyncio.timeout(20):
        while not ((file := storage.get(diary(miner))) and shows(file["data"]["actuator"])):
            await asyncio.sleep(0.01)


async def test_a_pause_until_tomorrow_ends_tomorrow(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """With what was wished before it, also if Home Assistant was restarted in between."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await miner.call("number.set_value", "power_target", value=2200)
    await pass_time(clock, 900, miner)
    await act("pause", miner, duration={"hours": 12})
    await pass_time(clock, 600, miner)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        clock.advance(6 * 3600)
        await pass_time(clock, 600, miner)
        assert device.truth()["mining"] is False
        clock.advance(6 * 3600)
        await pass_time(clock, 3600, miner)
        assert device.truth()["mining"] is True
        assert power(device) == pytest.approx(2200, rel=0.06)


async def test_a_pause_that_ended_while_home_assistant_was_down(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It ends as soon as somebody can end it."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await act("pause", miner, duration={"hours": 1})
    await pass_time(clock, 300, miner)
    await stop(hass)
    clock.advance(2 * 3600)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 1800, miner)
        assert whatsminer.truth()["mining"] is True


async def test_a_power_cut_right_after_a_pause(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_storage: dict[str, Any],
) -> None:
    """What ends is written down at once, and not when Home Assistant stops."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)

    await act("pause", miner, duration={"hours": 1})
    await written(miner, hass_storage, lambda page: page["interlude"] is not None)
    await act("resume", miner)
    await written(miner, hass_storage, lambda page: page["interlude"] is None)


class PowerCut:
    """Home Assistant loses power while the miner is told to start or stop, which it does."""

    def __init__(self, miner: Miner, storage: dict[str, Any]) -> None:
        """Nothing has happened yet."""
        self._miner, self._storage = miner, storage
        self._client = miner.entry.runtime_data.client
        self._order = self._client.set_mining
        self._file: Any = None

    async def _when_written(self, on: bool) -> None:
        begun, other = ("on_since", "off_since") if on else ("off_since", "on_since")

        def shows(page: Page) -> bool:
            past = page["guard"]["past"]
            return bool(past[begun] > past[other] and past["ran"] is not on)

        await written(self._miner, self._storage, shows)
        self._file = deepcopy(self._storage[diary(self._miner)])
        await self._order(on)

    async def after(self, wish: Awaitable[object], clock: ManualClock, *, on: bool) -> None:
        """Wish, and stop Home Assistant with what was in the file when the miner was told."""
        with patch.object(self._client, "set_mining", self._when_written):
            await wish
            for _ in range(60):
                await pass_time(clock, 30, self._miner)
                if self._file:
                    break
        assert self._miner.device.truth()["mining"] is on
        await stop(self._miner.hass)
        self._storage[diary(self._miner)] = self._file


async def test_a_power_cut_right_after_a_stop_of_ours(
    hass: HomeAssistant,
    braiins: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_storage: dict[str, Any],
) -> None:
    """What a budget has stopped, a budget starts again."""
    miner = await add_miner(braiins)
    await pass_time(clock, 1200, miner)
    wish = miner.entry.runtime_data.actuator.async_wish_if_new(0, Source.SITE, quietly=True)
    await PowerCut(miner, hass_storage).after(wish, clock, on=False)
    clock.advance(900)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 60, miner)
        await act("set_power_budget", miner, watts=2400)
        await pass_time(clock, 3600, miner)
        assert braiins.truth()["mining"] is True


async def test_a_power_cut_right_after_a_boost_has_started_it(
    hass: HomeAssistant,
    braiins: BraiinsSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_storage: dict[str, Any],
) -> None:
    """What stays off does so after the boost, whoever wants it then."""
    miner = await add_miner(braiins)
    await pass_time(clock, 1200, miner)
    await miner.call("number.set_value", "power_target", value=2200)
    await pass_time(clock, 900, miner)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 900, miner)
    # Its target comes first, and the start with a later poll.
    wish = act("boost", miner, duration={"minutes": 30})
    await PowerCut(miner, hass_storage).after(wish, clock, on=True)
    clock.advance(120)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 2400, miner)
        assert braiins.truth()["mining"] is False
        await act("set_power_budget", miner, watts=2400)
        await pass_time(clock, 1800, miner)
        assert braiins.truth()["mining"] is False


async def test_what_is_off_stays_off(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """By a pause without an end."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("pause", miner)
    await pass_time(clock, 300, miner)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 3600, miner)
        assert device.truth()["mining"] is False


async def test_a_boost_starts_nothing_after_a_restart(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Who has switched the miner off meanwhile at its own page, wants it off."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await miner.call("number.set_value", "power_target", value=2200)
    await pass_time(clock, 900, miner)
    await act("boost", miner, duration={"hours": 1})
    await pass_time(clock, 600, miner)
    # As at the miner's own page, where Home Assistant does not see it.
    await miner.entry.runtime_data.client.set_mining(False)
    await stop(hass)
    clock.advance(60)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 7200, miner)
        assert device.truth()["mining"] is False


async def test_a_boost_goes_on_and_ends(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """For as long as was said."""
    miner = await add_miner(whatsminer)
    await miner.call("number.set_value", "power_target", value=1800)
    await pass_time(clock, 600, miner)
    await act("boost", miner, duration={"minutes": 40})
    await pass_time(clock, 600, miner)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 600, miner)
        assert power(whatsminer) > 3300
        await pass_time(clock, 1800, miner)
        assert power(whatsminer) == pytest.approx(1800, rel=0.05)


async def test_a_budget_goes_on_and_falls_to_its_safe_state(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Nobody renews it; that Home Assistant was restarted makes it no longer."""
    miner = await add_miner(whatsminer)
    await act("set_power_budget", miner, watts=2000, valid_for={"minutes": 40})
    await pass_time(clock, 600, miner)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 900, miner)
        assert power(whatsminer) == pytest.approx(2000, rel=0.06)
        await pass_time(clock, 1800, miner)
        assert whatsminer.truth()["mining"] is False


@pytest.mark.parametrize(("fallback", "mines"), [("pause", False), ("floor", True), ("hold", True)])
async def test_a_budget_that_ran_out_while_home_assistant_was_down(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    fallback: str,
    mines: bool,
) -> None:
    """Its safe state comes as soon as somebody can bring it about."""
    miner = await add_miner(whatsminer)
    valid = {"minutes": 30}
    await act("set_power_budget", miner, watts=2400, valid_for=valid, fallback=fallback)
    await pass_time(clock, 600, miner)
    before = power(whatsminer)
    await stop(hass)
    clock.advance(2 * 3600)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 1800, miner)
        assert whatsminer.truth()["mining"] is mines
        if fallback == "hold":
            assert power(whatsminer) == pytest.approx(before, rel=0.05)
        elif fallback == "floor":
            assert 0 < power(whatsminer) < 1200


async def test_a_person_has_ended_a_budget_before_the_restart(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Off stays off, though the budget was shared a moment before and never again."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=2400)
    await pass_time(clock, 900, miner)
    await miner.call("switch.turn_off", "mining")
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 3600, miner)
        assert device.truth()["mining"] is False


async def test_a_power_cut_right_after_a_person_has_ended_a_budget(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_storage: dict[str, Any],
) -> None:
    """Home Assistant has not looked at its budgets since; off stays off all the same."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=2400)
    await pass_time(clock, 900, miner)
    await miner.call("switch.turn_off", "mining")
    await hass.async_block_till_done()
    budgets = hass_storage["asic_miner.budgets"]
    assert budgets["data"]["held"]
    await stop(hass)
    hass_storage["asic_miner.budgets"] = budgets
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 3600, miner)
        assert device.truth()["mining"] is False


async def test_what_a_person_has_set_is_newer_than_a_budget_from_before_the_restart(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_storage: dict[str, Any],
) -> None:
    """Nobody has looked at the budgets since; and nothing is sent again for it."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=2000)
    await pass_time(clock, 900, miner)
    await miner.call("number.set_value", "power_target", value=2800)
    for _ in range(12):
        clock.advance(30)
        await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert power(device) == pytest.approx(2800, rel=0.06)
    budgets = hass_storage["asic_miner.budgets"]
    assert budgets["data"]["held"]
    await stop(hass)
    hass_storage["asic_miner.budgets"] = budgets
    writes = device.truth()["writes"]
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 1800, miner)
        assert power(device) == pytest.approx(2800, rel=0.06)
        assert device.truth()["writes"] == writes


async def test_a_budget_keeps_a_miner_off_that_it_cannot_feed(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """And has it start again when there is more, over restarts in between."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=0)
    await pass_time(clock, 900, miner)
    async with restarted(hass) as again:
        miner = miner_in(again, miner)
        await pass_time(clock, 1200, miner)
        assert device.truth()["mining"] is False
        await act("set_power_budget", miner, watts=2400)
        await pass_time(clock, 3600, miner)
        assert power(device) == pytest.approx(2400, rel=0.06)


async def _stopped_and_started(miner: Miner, clock: ManualClock) -> None:
    """Order a stop, and a start before the stop has shown, so that the start has to wait."""
    await pass_time(clock, 1200, miner)
    await miner.call("switch.turn_off", "mining")
    await miner.call("switch.turn_on", "mining")
    assert miner.device.truth()["mining"] is False


@pytest.mark.parametrize("way", ["reload", "restart"])
async def test_a_start_that_waits_outlives(
    way: str, hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The action has succeeded, so that nobody would notice that nothing comes of it."""
    miner = await add_miner(device)
    await _stopped_and_started(miner, clock)
    if way == "reload":
        assert await hass.config_entries.async_reload(miner.entry.entry_id)
        await pass_time(clock, 900, miner)
        assert device.truth()["mining"] is True
    else:
        async with restarted(hass) as again:
            await pass_time(clock, 900, miner_in(again, miner))
            assert device.truth()["mining"] is True


async def test_a_start_is_not_kept_for_long(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Who comes home an hour later does not expect it any more."""
    miner = await add_miner(device)
    await _stopped_and_started(miner, clock)
    await stop(hass)
    clock.advance(3600)
    async with restarted(hass) as again:
        await pass_time(clock, 1800, miner_in(again, miner))
        assert device.truth()["mining"] is False


@pytest.mark.parametrize("before", [True, False], ids=["before the reload", "after it"])
async def test_off_is_newer_than_a_start_that_waits(
    before: bool,
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
) -> None:
    miner = await add_miner(device)
    await _stopped_and_started(miner, clock)
    if before:
        await miner.call("switch.turn_off", "mining")
    hass.set_state(CoreState.starting)
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await miner.poll()
    assert device.truth()["mining"] is False
    if not before:
        await miner.call("switch.turn_off", "mining")
    hass.set_state(CoreState.running)
    await pass_time(clock, 1800, miner)
    assert device.truth()["mining"] is False


async def test_a_start_that_was_sent_is_not_sent_again(
    hass: HomeAssistant, braiins: BraiinsSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Whoever has stopped it since, as at the miner's own page, wants it off."""
    miner = await add_miner(braiins)
    await _stopped_and_started(miner, clock)
    await pass_time(clock, 60, miner)
    assert braiins.truth()["mining"] is True
    await miner.entry.runtime_data.client.set_mining(False)
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await pass_time(clock, 900, miner)
    assert braiins.truth()["mining"] is False


async def test_what_goes_off_during_a_boost_is_not_started_after_a_restart(
    hass: HomeAssistant, braiins: BraiinsSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """What was wished before the boost is wished again after it, and is no start that waits."""
    miner = await add_miner(braiins)
    await pass_time(clock, 1200, miner)
    await act("boost", miner, duration={"minutes": 20})
    await pass_time(clock, 900, miner)
    await miner.entry.runtime_data.client.set_mining(False)
    await pass_time(clock, 400, miner)
    async with restarted(hass) as again:
        await pass_time(clock, 900, miner_in(again, miner))
        assert braiins.truth()["mining"] is False


async def test_what_was_off_before_a_boost_that_another_hand_has_ended(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It is off by order again, also when it boots mining later."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 900, miner)
    await act("boost", miner, duration={"minutes": 20})
    await pass_time(clock, 900, miner)
    assert whatsminer.truth()["mining"] is True
    await miner.entry.runtime_data.client.set_mining(False)
    await pass_time(clock, 900, miner)
    await miner.call("button.press", "reboot")
    await pass_time(clock, 900, miner)
    assert whatsminer.truth()["mining"] is False


async def test_a_short_boost_of_what_is_off_has_its_minimum_time(
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Then the guard stops it; until then nobody has started it by another hand."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 900, miner)
    await act("boost", miner, duration={"minutes": 5})
    await pass_time(clock, defaults.MINIMUM_ON - 120, miner)
    assert whatsminer.truth()["mining"] is True
    await pass_time(clock, 600, miner)
    assert whatsminer.truth()["mining"] is False
    assert "started mining by itself" not in caplog.text


async def test_a_miner_that_boots_mining_is_off_as_before(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It is stopped again, which is nobody's order that it should stay so."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    await act("set_power_budget", miner, watts=0)
    await pass_time(clock, 900, miner)
    await miner.call("button.press", "reboot")
    await pass_time(clock, 900, miner)
    assert whatsminer.truth()["mining"] is False
    await act("set_power_budget", miner, watts=2400)
    await pass_time(clock, 1800, miner)
    assert whatsminer.truth()["mining"] is True


@pytest.mark.parametrize("there", [True, False], ids=["off", "without mains"])
@pytest.mark.parametrize("way", ["on", "restart"])
async def test_off_holds_a_miner_that_was_off_already(
    way: str,
    there: bool,
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
) -> None:
    """It boots mining when the mains are back, which is nobody's start."""
    miner = await add_miner(whatsminer)
    await pass_time(clock, 1200, miner)
    # As at the miner's own page.
    await miner.entry.runtime_data.client.set_mining(False)
    await pass_time(clock, 900, miner)
    if not there:
        await whatsminer.unplug()
        await pass_time(clock, 300, miner)
        # Its switch is not available then.
        await act("pause", miner)
    else:
        await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 60, miner)

    async def mains_cut(miner: Miner) -> None:
        if there:
            await whatsminer.unplug()
            await pass_time(clock, 60, miner)
        await whatsminer.plug()
        await pass_time(clock, 900, miner)
        assert whatsminer.truth()["mining"] is False
        await act("set_power_budget", miner, watts=2400)
        await pass_time(clock, 3600, miner)
        assert whatsminer.truth()["mining"] is False
        await miner.call("switch.turn_on", "mining")
        await pass_time(clock, 900, miner)
        assert whatsminer.truth()["mining"] is True

    if way == "on":
        await mains_cut(miner)
    else:
        async with restarted(hass) as again:
            await mains_cut(miner_in(again, miner))


async def test_a_pause_of_what_is_off_is_no_leave_to_start_it(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A budget that takes the place of the pause leaves it off as it was."""
    miner = await add_miner(device)
    await pass_time(clock, 1200, miner)
    await miner.call("switch.turn_off", "mining")
    await pass_time(clock, 900, miner)
    await act("pause", miner, duration={"minutes": 60})
    await pass_time(clock, 120, miner)
    await act("set_power_budget", miner, watts=2400)
    await pass_time(clock, 1800, miner)
    assert device.truth()["mining"] is False
    assert miner.state("power_status") == "stays_off"

"""Commands: what is ordered happens, and every refusal is told in plain words."""

import asyncio
from unittest.mock import patch

import aiohttp
from homeassistant.components.number.const import SERVICE_SET_VALUE
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.errors import (
    TRANSLATION_KEYS,
    USER_ERRORS,
    translation_key,
)
from custom_components.asic_miner.miners.client import MinerClient
from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.off_guard import REPEATS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner, add_through_flow


async def test_mining_off_and_on(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Off on purpose is no hashrate and no efficiency, and not unavailable."""
    miner = await add_miner(device)
    pools = device.truth()["pools"]
    await miner.call("switch.turn_off", "mining")
    clock.advance(120)
    await miner.poll()
    assert device.truth()["mining"] is False
    assert miner.state("mining") == "off"
    assert miner.state("state") in {"paused", "stopped"}
    assert miner.number("hashrate") == 0
    assert miner.number("power") < 50
    assert miner.state("efficiency") == "unknown"

    await miner.call("switch.turn_on", "mining")
    clock.advance(1800)
    await miner.poll()
    assert device.truth()["mining"] is True
    assert miner.state("mining") == "on"
    assert miner.number("hashrate") > 50
    assert device.truth()["pools"] == pools


async def test_locate(device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner) -> None:
    """The light is what the device says it is."""
    miner = await add_miner(device)
    assert miner.state("locate") == "off"
    for word in ("on", "off"):
        await miner.call(f"switch.turn_{word}", "locate")
        clock.advance(10)
        await miner.poll()
        assert device.truth()["locate"] is (word == "on")
        assert miner.state("locate") == word


async def test_power_change_restarts_nothing(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Whatever the slider is called, mining goes on and the pools stay."""
    miner = await add_miner(device)
    before = device.truth()
    for key, value in (("power_percent", 70), ("power_target", 2400)):
        if key not in miner.entity_keys():
            continue
        await miner.call("number.set_value", key, value=value)
        clock.advance(1200)
        await miner.poll()
        assert miner.number(key) == pytest.approx(value, rel=0.02)
        after = device.truth()
        assert float(after["power"] or 0) < 0.85 * float(before["power"] or 0)
        assert miner.number("power") == pytest.approx(float(after["power"] or 0), rel=0.05)
        for kept in ("mining_restarts", "pools", "mining"):
            assert after[kept] == before[kept]


async def test_power_limit_restarts_mining_and_says_so(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The lasting limit is another thing than the slider."""
    miner = await add_miner(whatsminer)
    restarts = whatsminer.truth()["mining_restarts"]
    state = miner.hass.states.get(miner.entity_id("power_limit"))
    assert state is not None
    assert "restarts" in state.name
    assert state.attributes["mode"] == "box"
    await miner.call("number.set_value", "power_limit", value=3000)
    assert miner.state("state") == "restarting"
    clock.advance(1800)
    await miner.poll()
    await miner.poll()
    assert whatsminer.truth()["mining_restarts"] == int(restarts or 0) + 1
    assert miner.number("power_limit") == 3000
    assert miner.state("state") == "mining"


async def test_power_mode(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Chosen is what the miner says after it has restarted mining."""
    miner = await add_miner(whatsminer)
    assert miner.state("power_mode") == "normal"
    await miner.call("select.select_option", "power_mode", option="low")
    clock.advance(1800)
    await miner.poll()
    await miner.poll()
    assert whatsminer.truth()["power_mode"] == "low"
    assert miner.state("power_mode") == "low"


async def test_restart_mining(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The button restarts mining once."""
    clock.advance(3600)
    miner = await add_miner(device)
    restarts = int(device.truth()["mining_restarts"] or 0)
    await miner.call("button.press", "restart_mining")
    assert miner.state("state") == "restarting"
    clock.advance(300)
    await miner.poll()
    await miner.poll()
    assert device.truth()["mining_restarts"] == restarts + 1
    assert miner.state("state") in {"starting", "tuning", "mining"}


async def test_out_of_range_is_refused_before_anything_is_sent(
    device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """Home Assistant knows the true limits of each device."""
    miner = await add_miner(device)
    key = "power_percent" if "power_percent" in miner.entity_keys() else "power_target"
    writes = device.truth()["writes"]
    with pytest.raises(ServiceValidationError):
        await miner.call(f"number.{SERVICE_SET_VALUE}", key, value=99_999)
    assert device.truth()["writes"] == writes


@pytest.mark.usefixtures("all_enabled")
async def test_write_access_switched_off_later(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """The refusal says what to do, and shows on the device page."""
    miner = await add_miner(whatsminer)
    assert miner.state("write_access") == "on"
    whatsminer.access.enabled = False
    with pytest.raises(HomeAssistantError, match="WhatsMinerTool"):
        await miner.call("switch.turn_off", "mining")
    await miner.poll()
    assert miner.state("write_access") == "off"
    assert miner.state("mining") == "on"
    assert miner.entry.data["memory"]["write_access"] is False
    issue = (DOMAIN, f"write_access_off_{miner.entry.entry_id}")
    assert ir.async_get(hass).async_get_issue(*issue) is not None

    # What the message asks for is done, and it goes away by itself.
    whatsminer.access.enabled = True
    await miner.call("switch.turn_on", "locate")
    await miner.poll()
    assert miner.state("write_access") == "on"
    assert ir.async_get(hass).async_get_issue(*issue) is None

    whatsminer.access.enabled = False
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_off", "locate")
    await miner.poll()
    assert ir.async_get(hass).async_get_issue(*issue) is not None
    assert await hass.config_entries.async_remove(miner.entry.entry_id)
    assert ir.async_get(hass).async_get_issue(*issue) is None


async def test_password_changed_on_the_device(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A WhatsMiner can still be read; a refused command asks for the new password."""
    miner = await add_miner(whatsminer)
    whatsminer.password = "changed"
    with pytest.raises(HomeAssistantError, match="stored login"):
        await miner.call("switch.turn_off", "mining")
    await miner.poll()
    assert miner.number("hashrate") > 0
    assert list(miner.entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_unplugged_when_a_command_is_given(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The user is told, and nothing is sent later behind their back."""
    miner = await add_miner(device)
    await device.unplug()
    with pytest.raises(HomeAssistantError, match="does not answer"):
        await miner.call("switch.turn_off", "mining")
    await miner.plug(clock)
    assert miner.state("mining") == "on"


@pytest.mark.parametrize("kind", TRANSLATION_KEYS, ids=lambda kind: kind.__name__)
async def test_every_refusal_has_words(
    kind: type[MinerError], braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Each kind of error reaches the user as a translated text with the miner's name."""
    miner = await add_miner(braiins)
    client = miner.entry.runtime_data.client
    with (
        patch.object(client, "set_locate", side_effect=kind("the reason")),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await miner.call("switch.turn_on", "locate")
    assert raised.value.translation_key == TRANSLATION_KEYS[kind]
    assert isinstance(raised.value, ServiceValidationError) is issubclass(kind, USER_ERRORS)
    assert miner.entry.title in str(raised.value)


def kinds_of(base: type[MinerError]) -> set[type[MinerError]]:
    """Return all errors below one, however far."""
    return {base}.union(*(kinds_of(kind) for kind in base.__subclasses__()))


@pytest.mark.parametrize(
    "kind", sorted(kinds_of(MinerError) - {MinerError}, key=str), ids=lambda kind: kind.__name__
)
def test_finer_kinds_have_the_words_of_their_base(kind: type[MinerError]) -> None:
    """A client may tell more than the interface promises."""
    assert translation_key(kind("the reason")) in TRANSLATION_KEYS.values()


async def test_commands_while_the_mining_process_is_away(
    braiins: BraiinsSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Stopped and restarting are everyday states; the user is told, without a traceback."""
    miner = await add_miner(braiins)
    async with aiohttp.ClientSession() as session:
        base = f"http://{braiins.host}:{braiins.port}/api/v1"
        login = {"username": "root", "password": braiins.password}
        async with session.post(f"{base}/auth/login", json=login) as answer:
            token = (await answer.json())["token"]
        async with session.put(f"{base}/actions/stop", headers={"Authorization": token}) as answer:
            assert answer.status == 200
    clock.advance(60)
    await miner.poll(slow=True)
    assert miner.state("state") == "stopped"
    with pytest.raises(HomeAssistantError, match="mining process"):
        await miner.call("number.set_value", "power_target", value=2500)


async def test_one_command_at_a_time(whatsminer: WhatsminerSimulator, add_miner: AddMiner) -> None:
    """Commands and polls that come together reach the miner one after another."""
    miner = await add_miner(whatsminer)
    whatsminer.max_open_connections = 0
    await asyncio.gather(
        miner.call("switch.turn_on", "locate"),
        miner.call("number.set_value", "power_percent", value=80),
        miner.poll(slow=True),
        miner.call("switch.turn_off", "mining"),
    )
    assert whatsminer.max_open_connections == 1


@pytest.mark.parametrize("between", [False, True], ids=["alone", "with a poll meanwhile"])
async def test_the_effect_is_read_by_itself(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    between: bool,
) -> None:
    """Nobody has to ask: after the settling time the state is that of the device."""
    miner = await add_miner(whatsminer)
    coordinator = miner.entry.runtime_data
    coordinator.client.settling_seconds = 0.5 if between else 0.01
    await miner.call("switch.turn_on", "locate")
    if between:
        # Its regular one, which comes too early to see the light.
        await coordinator.async_refresh()
        assert miner.state("locate") == "off"
    clock.advance(10)
    async with asyncio.timeout(30):
        while miner.state("locate") != "on":
            await asyncio.sleep(0.02)
            await hass.async_block_till_done()


async def _resume_by_itself(miner: Miner, device: WhatsminerSimulator, clock: ManualClock) -> None:
    """Let the device be seen off, start mining by itself, and be seen doing so."""
    # Its draw is down within half a minute.
    clock.advance(30)
    await miner.poll()
    assert miner.state("mining") == "off"
    device.device.power_on()
    clock.advance(60)
    await miner.poll()
    await miner.hass.async_block_till_done(wait_background_tasks=True)


async def test_off_stays_off(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A WhatsMiner that resumes by itself is switched off again, a limited number of times."""
    miner = await add_miner(whatsminer)
    issues = ir.async_get(hass)
    issue = (DOMAIN, f"off_does_not_hold_{miner.entry.entry_id}")
    await miner.call("switch.turn_off", "mining")
    for _ in range(REPEATS):
        await _resume_by_itself(miner, whatsminer, clock)
        assert whatsminer.truth()["mining"] is False
        assert issues.async_get_issue(*issue) is None

    await _resume_by_itself(miner, whatsminer, clock)
    assert whatsminer.truth()["mining"] is True
    assert miner.state("mining") == "on"
    assert issues.async_get_issue(*issue) is not None

    # A new order begins anew.
    await miner.call("switch.turn_off", "mining")
    assert issues.async_get_issue(*issue) is None
    await _resume_by_itself(miner, whatsminer, clock)
    assert whatsminer.truth()["mining"] is False


async def test_on_is_left_alone(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """What nobody has switched off here may start as it likes."""
    miner = await add_miner(whatsminer)
    await miner.call("switch.turn_off", "mining")
    await miner.poll()
    await miner.call("switch.turn_on", "mining")
    clock.advance(60)
    await miner.poll()
    await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is True


async def test_off_that_has_no_effect_is_told_again(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Also a miner that was never seen off is told again, until it is or has been told enough."""
    miner = await add_miner(whatsminer)
    issue = (DOMAIN, f"off_does_not_hold_{miner.entry.entry_id}")
    await miner.call("switch.turn_off", "mining")
    for _ in range(REPEATS):
        # It comes back before anybody has looked.
        whatsminer.device.power_on()
        clock.advance(30)
        await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
        assert whatsminer.truth()["mining"] is False
    assert ir.async_get(hass).async_get_issue(*issue) is None


async def test_off_holds_over_a_restart_of_home_assistant(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The miner resumes while nobody watches, and is switched off again."""
    miner = await add_miner(whatsminer)
    await miner.call("switch.turn_off", "mining")
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    whatsminer.device.power_on()
    clock.advance(600)
    assert await hass.config_entries.async_setup(miner.entry.entry_id)
    await hass.async_block_till_done()
    for _ in range(3):
        clock.advance(30)
        await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is False


async def test_off_is_told_again_after_a_refusal(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """One repeat that fails is not the last one."""
    miner = await add_miner(whatsminer)
    await miner.call("switch.turn_off", "mining")
    clock.advance(30)
    await miner.poll()
    whatsminer.device.power_on()
    whatsminer.faults.codes["power_off"] = 132
    clock.advance(30)
    await miner.poll()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is True
    whatsminer.faults.codes.clear()
    for _ in range(8):
        clock.advance(30)
        await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is False


async def test_the_newest_power_level_holds(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Shedding passes an order that is under way, and is not undone by it."""
    miner = await add_miner(whatsminer)
    coordinator = miner.entry.runtime_data
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(client: MinerClient) -> bool:
        under_way.set()
        await go_on.wait()
        return await client.set_power_percent(100)

    task = asyncio.create_task(coordinator.async_set_draw(slowly))
    await under_way.wait()
    await coordinator.async_shed_percent(30)
    go_on.set()
    await task
    clock.advance(5)
    whatsminer.refresh()
    assert float(whatsminer.truth()["power"] or 0) < 1300


async def test_a_password_changes_here_and_there_though_nobody_waits(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A script that is stopped leaves no half-changed password."""
    miner = await add_miner(whatsminer)
    task = asyncio.create_task(miner.entry.runtime_data.async_change_password("other_1"))
    async with asyncio.timeout(10):
        while whatsminer.password != "other_1":
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await miner.hass.async_block_till_done()
    assert miner.entry.data["password"] == "other_1"


async def test_only_watched(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock
) -> None:
    """Without a password nothing is asked for one: that was the user's choice."""
    entry = await add_through_flow(hass, whatsminer, password="")
    with pytest.raises(ServiceValidationError) as error:
        await entry.runtime_data.async_command(lambda client: client.set_mining(False))
    assert error.value.translation_key == "only_watched"
    assert not hass.config_entries.flow.async_progress()


async def test_a_refused_off_is_not_done_later(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Who was told that it did not work does not expect it to happen hours afterwards."""
    miner = await add_miner(whatsminer)
    whatsminer.access.enabled = False
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_off", "mining")
    whatsminer.access.enabled = True
    for _ in range(12):
        clock.advance(60)
        await miner.poll()
        await hass.async_block_till_done(wait_background_tasks=True)
        assert whatsminer.truth()["mining"] is True


async def test_a_refused_increase_keeps_what_was_to_be_given_again(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Less was ordered while ramping; more is refused then, and less is what holds."""
    miner = await add_miner(whatsminer)
    coordinator = miner.entry.runtime_data
    await miner.call("button.press", "restart_mining")
    clock.advance(120)
    await miner.poll()
    await coordinator.async_set_draw(lambda client: client.set_power_percent(60))
    with pytest.raises(HomeAssistantError):
        await coordinator.async_set_draw(lambda client: client.set_power_percent(90))
    coordinator.actuator.release()
    for _ in range(20):
        clock.advance(120)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert float(whatsminer.truth()["power"] or 0) < 0.65 * 3441

"""What only the user can mend: when it is said, how it is mended here, and when it is over."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.components.repairs.const import FlowType
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.issues import SEVERITIES
from custom_components.asic_miner.off_guard import REPEATS
from custom_components.asic_miner.repair_steps import FLOWS
from custom_components.asic_miner.restart import Restart, RestartWatch
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import START, AddMiner, Miner, add_through_flow
from .house import House


@pytest.fixture(autouse=True)
async def _repairs(hass: HomeAssistant) -> None:
    """Have what the frontend mends issues through."""
    assert await async_setup_component(hass, REPAIRS, {})


def issue(owner: Miner | House, key: str) -> ir.IssueEntry | None:
    """Return an issue of a miner or a controller, None when it is not raised."""
    return ir.async_get(owner.hass).async_get_issue(DOMAIN, f"{key}_{owner.entry.entry_id}")


class Fix:
    """A fix flow, as the frontend goes through it."""

    def __init__(self, owner: Miner | House, key: str) -> None:
        """Be about one issue of a miner or a controller."""
        self.manager: RepairsFlowManager = owner.hass.data[REPAIRS]["flow_manager"]
        self.issue_id = f"{key}_{owner.entry.entry_id}"
        self.flow_id = ""

    async def begin(self) -> Any:
        """Open the issue."""
        step = await self.manager.async_init(DOMAIN, context={"issue_id": self.issue_id})
        self.flow_id = step["flow_id"]
        return step

    async def submit(self, **given: str) -> Any:
        """Fill in the form that is shown."""
        return await self.manager.async_configure(self.flow_id, given)

    async def choose(self, option: str) -> Any:
        """Choose from the menu that is shown."""
        return await self.manager.async_configure(self.flow_id, {"next_step_id": option})


async def test_a_healthy_miner_has_no_issues(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """Nothing is said without a reason."""
    miner = await add_miner(whatsminer)
    assert [key for key in SEVERITIES if issue(miner, key)] == []


@pytest.mark.usefixtures("all_enabled")
async def test_write_access(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Try again says what is still wrong, and when nothing is, the issue is over."""
    miner = await add_miner(whatsminer)
    whatsminer.access.enabled = False
    with pytest.raises(HomeAssistantError, match="WhatsMinerTool"):
        await miner.call("switch.turn_off", "mining")
    await miner.poll()
    raised = issue(miner, "write_access_off")
    assert raised is not None
    assert raised.is_fixable

    fix = Fix(miner, "write_access_off")
    step = await fix.begin()
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "confirm")
    step = await fix.submit()
    assert step["errors"] == {"base": "write_access_off"}
    await whatsminer.unplug()
    step = await fix.submit()
    assert step["errors"] == {"base": "unreachable"}

    whatsminer.access.enabled = True
    await whatsminer.start()
    whatsminer.power_cycled()
    clock.advance(600)
    whatsminer.refresh()
    writes = whatsminer.writes
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert whatsminer.writes == writes + 1
    assert whatsminer.truth()["mining"] is True
    assert issue(miner, "write_access_off") is None
    await miner.poll()
    assert issue(miner, "write_access_off") is None
    assert miner.state("write_access") == "on"


async def test_nothing_is_tried_while_the_entry_is_not_loaded(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """That is said instead."""
    miner = await add_miner(whatsminer)
    whatsminer.access.enabled = False
    with pytest.raises(HomeAssistantError):
        await miner.call("switch.turn_off", "mining")
    await miner.poll()
    fix = Fix(miner, "write_access_off")
    await fix.begin()
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    step = await fix.submit()
    assert step["errors"] == {"base": "not_loaded"}


async def _resume_too_often(miner: Miner, device: WhatsminerSimulator, clock: ManualClock) -> None:
    """Switch the miner off and have it mine again by itself until it is left alone."""
    await miner.call("switch.turn_off", "mining")
    for _ in range(REPEATS + 1):
        clock.advance(60)
        await miner.poll()
        assert miner.state("mining") == "off"
        device.device.power_on()
        clock.advance(60)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)


async def test_off_does_not_hold_and_is_to(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """It is switched off at once, and from then on again whenever it resumes."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    await _resume_too_often(miner, whatsminer, clock)
    assert issue(miner, "off_does_not_hold") is not None
    assert whatsminer.truth()["mining"] is True

    fix = Fix(miner, "off_does_not_hold")
    step = await fix.begin()
    assert step["type"] is FlowResultType.MENU
    assert step["menu_options"] == ["keep_off", "leave"]
    whatsminer.faults.codes["power_off"] = 132
    step = await fix.choose("keep_off")
    assert step["errors"] == {"base": "refused"}
    assert step["description_placeholders"]["reason"]
    assert issue(miner, "off_does_not_hold") is not None
    whatsminer.faults.codes.clear()
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert issue(miner, "off_does_not_hold") is None
    assert whatsminer.truth()["mining"] is False

    clock.advance(60)
    await miner.poll()
    whatsminer.device.power_on()
    clock.advance(60)
    await miner.poll()
    await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is False


async def test_off_does_not_hold_and_need_not(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Left alone it stays on, and nothing more is said or sent."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    await _resume_too_often(miner, whatsminer, clock)
    fix = Fix(miner, "off_does_not_hold")
    await fix.begin()
    writes = whatsminer.writes
    step = await fix.choose("leave")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    clock.advance(60)
    await miner.poll()
    assert issue(miner, "off_does_not_hold") is None
    assert whatsminer.truth()["mining"] is True
    assert whatsminer.writes == writes


@pytest.fixture
async def careless(clock: ManualClock) -> AsyncGenerator[WhatsminerSimulator]:
    """A WhatsMiner whose owner has set the default password back."""
    miner = WhatsminerSimulator(preset="M60S", clock=clock, seed=1, password="admin")
    await miner.start()
    yield miner
    await miner.stop()


async def test_default_password(careless: WhatsminerSimulator, add_miner: AddMiner) -> None:
    """It is changed on the miner and here, or neither, and commands go on."""
    miner = await add_miner(careless)
    assert issue(miner, "default_password") is not None
    fix = Fix(miner, "default_password")
    step = await fix.begin()
    assert step["step_id"] == "confirm"
    step = await fix.submit(new_password="one", repeated="other")
    assert step["errors"] == {"repeated": "passwords_differ"}
    step = await fix.submit(new_password="admin", repeated="admin")
    assert step["errors"] == {"new_password": "still_default"}
    step = await fix.submit(new_password="much_too_long", repeated="much_too_long")
    assert step["errors"] == {"base": "invalid_value"}
    careless.faults.codes["update_pwd"] = 132
    step = await fix.submit(new_password="rig_7", repeated="rig_7")
    assert step["errors"] == {"base": "refused"}
    name = miner.entry.title
    assert step["description_placeholders"]["reason"] == f"{name} refused this (code 132)"
    miner.hass.config.language = "de"
    step = await fix.submit(new_password="rig_7", repeated="rig_7")
    assert step["description_placeholders"]["reason"] == f"{name} hat das abgelehnt (Code 132)"
    assert careless.password == miner.entry.data["password"] == "admin"
    assert issue(miner, "default_password") is not None

    careless.faults.codes.clear()
    step = await fix.submit(new_password="rig_7", repeated="rig_7")
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert careless.password == miner.entry.data["password"] == "rig_7"
    await miner.poll()
    assert issue(miner, "default_password") is None
    await miner.call("switch.turn_on", "locate")
    assert careless.truth()["locate"] is True


@pytest.mark.parametrize("delivered", ["root", ""])
async def test_password_of_delivery_of_braiins_os(
    delivered: str, clock: ManualClock, add_miner: AddMiner
) -> None:
    """`root` or none: said without asking the miner, and changed like that of a WhatsMiner."""
    device = BraiinsSimulator(preset="S19j Pro", clock=clock, seed=3, password=delivered)
    await device.start()
    try:
        miner = await add_miner(device)
        assert issue(miner, "default_password") is not None
        fix = Fix(miner, "default_password")
        await fix.begin()
        for known in ("root", ""):
            step = await fix.submit(new_password=known, repeated=known)
            assert step["errors"] == {"new_password": "still_default"}
        step = await fix.submit(new_password="Mine 4 all!", repeated="Mine 4 all!")
        assert step["type"] is FlowResultType.CREATE_ENTRY
        assert device.password == miner.entry.data["password"] == "Mine 4 all!"
        await miner.poll()
        assert issue(miner, "default_password") is None
        assert await miner.hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await device.stop()


async def test_default_password_given_in_another_way(
    hass: HomeAssistant, careless: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """The issue is over as soon as another password is stored."""
    miner = await add_miner(careless)
    assert issue(miner, "default_password") is not None
    careless.password = "rig_7"
    hass.config_entries.async_update_entry(
        miner.entry, data={**miner.entry.data, "password": "rig_7"}
    )
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    assert issue(miner, "default_password") is None


@pytest.fixture
async def outdated(clock: ManualClock) -> AsyncGenerator[WhatsminerSimulator]:
    """A WhatsMiner without power modes: its firmware is of before 2022."""
    miner = WhatsminerSimulator(preset="M31S-2021", clock=clock, seed=7)
    await miner.start()
    yield miner
    await miner.stop()


async def test_firmware_without_what_is_needed(
    outdated: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """Said with its version; over with the first poll that finds another firmware."""
    miner = await add_miner(outdated)
    raised = issue(miner, "outdated_firmware")
    assert raised is not None
    assert raised.is_fixable
    assert raised.translation_placeholders is not None
    version = outdated.device.preset.firmware.strip("'")
    assert raised.translation_placeholders["version"] == version
    outdated.change_firmware("M30S++")
    miner.entry.runtime_data._identity_due = 0.0
    await miner.poll()
    assert issue(miner, "outdated_firmware") is None
    assert await miner.hass.config_entries.async_unload(miner.entry.entry_id)


async def test_firmware_is_looked_at_again_at_once(
    outdated: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Who has just installed it need not wait an hour to be told whether it is enough."""
    miner = await add_miner(outdated)
    fix, writes = Fix(miner, "outdated_firmware"), outdated.writes
    step = await fix.begin()
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "confirm")
    assert not step["errors"]
    step = await fix.submit()
    assert step["errors"] == {"base": "still_so"}
    assert step["description_placeholders"]["version"] == "20210103.17.REL"
    assert issue(miner, "outdated_firmware") is not None

    await outdated.unplug()
    step = await fix.submit()
    assert step["errors"] == {"base": "unreachable"}
    assert issue(miner, "outdated_firmware") is not None
    # Just plugged in, and still booting: nothing was read, so nothing is mended.
    miner.entry.runtime_data._restart = RestartWatch(Restart.BOARD, None, START, away=True)
    step = await fix.submit()
    assert step["errors"] == {"base": "unreachable"}

    outdated.change_firmware("M30S++")
    await outdated.plug()
    clock.advance(1800)
    outdated.refresh()
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert issue(miner, "outdated_firmware") is None
    assert "power_mode" in miner.entity_keys(), "and what it can do now is there at once"
    assert outdated.writes == writes


async def test_firmware_that_has_become_too_old(
    hass: HomeAssistant, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """As after a downgrade; it is over with the first poll that works again."""
    miner = await add_miner(braiins)
    braiins.faults.old_firmware = 404
    await hass.config_entries.async_reload(miner.entry.entry_id)
    assert issue(miner, "outdated_firmware") is not None
    braiins.faults.old_firmware = None
    await miner.poll()
    assert issue(miner, "outdated_firmware") is None


async def test_an_update_after_a_downgrade(
    hass: HomeAssistant, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Where the interface is missing as a whole, the miner's refusal says that it still is."""
    miner = await add_miner(braiins)
    braiins.faults.old_firmware = 404
    await hass.config_entries.async_reload(miner.entry.entry_id)
    fix = Fix(miner, "outdated_firmware")
    await fix.begin()
    step = await fix.submit()
    assert step["errors"] == {"base": "still_so"}
    braiins.faults.old_firmware = None
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert issue(miner, "outdated_firmware") is None
    assert miner.state("mining") == "on"


@pytest.fixture
async def swapped(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
) -> AsyncGenerator[tuple[Miner, WhatsminerSimulator]]:
    """A miner at whose address another one answers; it has moved to another port."""
    miner = await add_miner(whatsminer)
    address = whatsminer.port
    await whatsminer.stop()
    stranger = WhatsminerSimulator(preset="M60S", clock=clock, seed=99, port=address)
    await stranger.start()
    whatsminer.port = 0
    await whatsminer.start()
    await miner.poll()
    yield miner, stranger
    if miner.entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    await stranger.stop()


async def test_wrong_miner_goes_on_in_the_flow_for_the_address(
    hass: HomeAssistant,
    swapped: tuple[Miner, WhatsminerSimulator],
    whatsminer: WhatsminerSimulator,
) -> None:
    """There the new address is entered; the issue is over when ours answers."""
    miner, _ = swapped
    raised = issue(miner, "wrong_miner")
    assert raised is not None
    assert raised.severity is ir.IssueSeverity.ERROR
    fix = Fix(miner, "wrong_miner")
    step = await fix.begin()
    assert step["menu_options"] == ["move", "remove"]
    step = await fix.choose("move")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "goes_on"
    kind, flow_id = step["next_flow"]
    assert kind is FlowType.CONFIG_FLOW
    flow = hass.config_entries.flow.async_get(flow_id)
    assert flow["context"]["source"] == SOURCE_RECONFIGURE
    assert flow["context"]["entry_id"] == miner.entry.entry_id
    assert issue(miner, "wrong_miner") is not None

    hass.config_entries.flow.async_abort(flow_id)
    hass.config_entries.async_update_entry(
        miner.entry, data={**miner.entry.data, "port": whatsminer.port}
    )
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    assert issue(miner, "wrong_miner") is None
    assert miner.number("hashrate") > 0


async def test_wrong_miner_when_home_assistant_starts(
    hass: HomeAssistant, swapped: tuple[Miner, WhatsminerSimulator]
) -> None:
    """The entry fails and the issue says what can be done: here, to remove it."""
    miner, stranger = swapped
    ir.async_delete_issue(hass, DOMAIN, f"wrong_miner_{miner.entry.entry_id}")
    await hass.config_entries.async_reload(miner.entry.entry_id)
    assert miner.entry.state is ConfigEntryState.SETUP_RETRY
    assert issue(miner, "wrong_miner") is not None
    fix = Fix(miner, "wrong_miner")
    await fix.begin()
    step = await fix.choose("remove")
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "remove")
    assert hass.config_entries.async_entries(DOMAIN)
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.async_entries(DOMAIN)
    assert issue(miner, "wrong_miner") is None
    assert stranger.writes == 0


async def test_wrong_miner_is_over_when_ours_is_back(
    swapped: tuple[Miner, WhatsminerSimulator], whatsminer: WhatsminerSimulator
) -> None:
    """Nobody has to click anything."""
    miner, stranger = swapped
    assert issue(miner, "wrong_miner") is not None
    await whatsminer.stop()
    await stranger.stop()
    whatsminer.port = miner.entry.data["port"]
    await whatsminer.start()
    await miner.poll()
    assert issue(miner, "wrong_miner") is None


async def test_a_removed_miner_leaves_no_issues(
    hass: HomeAssistant, careless: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """Whatever was said of it."""
    miner = await add_miner(careless)
    coordinator = miner.entry.runtime_data
    for key in SEVERITIES:
        assert key in FLOWS, "nothing is told that cannot be gone through here"
        coordinator.issues.raise_issue(key, times="5", version="1", address="::1", days="2")
        assert issue(miner, key) is not None
    fix = Fix(miner, "default_password")
    assert await hass.config_entries.async_remove(miner.entry.entry_id)
    assert [key for key in SEVERITIES if issue(miner, key)] == []
    # One that a browser still shows can be closed.
    ir.async_create_issue(
        hass,
        DOMAIN,
        fix.issue_id,
        data={"entry_id": miner.entry.entry_id, "issue": "default_password"},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="default_password",
        translation_placeholders={"name": "Miner"},
    )
    step = await fix.begin()
    assert step["type"] is FlowResultType.FORM
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_a_clock_that_nobody_has_set(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A wrong time zone is no matter; days are, until the clock is right again."""
    miner = await add_miner(whatsminer)
    right = whatsminer.replies.epoch
    for hours, said in ((13, None), (-40 * 24, "40"), (0, None), (30, "1")):
        whatsminer.replies.epoch = right + hours * 3600
        clock.advance(15)
        await miner.poll(slow=True)
        raised = issue(miner, "clock_off")
        assert (raised and (raised.translation_placeholders or {})["days"]) == said
    # Just booted and without network it counts from its boot, which is no time of day.
    whatsminer.replies.epoch = 0.0
    await miner.poll(slow=True)
    assert issue(miner, "clock_off") is None


async def test_a_clock_is_looked_at_again(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """When its way to the time server was opened; if that was all, the issue is over."""
    miner = await add_miner(whatsminer)
    right = whatsminer.replies.epoch
    whatsminer.replies.epoch = right - 40 * 86400
    clock.advance(15)
    await miner.poll(slow=True)
    fix, writes = Fix(miner, "clock_off"), whatsminer.writes
    step = await fix.begin()
    assert step["type"] is FlowResultType.MENU
    assert step["menu_options"] == ["look", "reboot"]
    assert step["description_placeholders"]["days"] == "40"
    whatsminer.replies.epoch = right - 3 * 86400
    step = await fix.choose("look")
    assert step["errors"] == {"base": "still_so"}
    assert step["description_placeholders"]["days"] == "3"
    whatsminer.replies.epoch = right
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert issue(miner, "clock_off") is None
    assert whatsminer.writes == writes


async def test_a_miner_asks_for_the_time_when_it_boots(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """So it can be rebooted from here, once, and after asking; the clock then tells."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    right = whatsminer.replies.epoch
    whatsminer.replies.epoch = right - 40 * 86400
    await miner.poll(slow=True)
    fix = Fix(miner, "clock_off")
    await fix.begin()
    step = await fix.choose("reboot")
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "reboot")
    assert not step["errors"]
    whatsminer.faults.codes["reboot"] = 132
    step = await fix.submit()
    assert step["errors"] == {"base": "refused"}
    assert step["description_placeholders"]["reason"]
    whatsminer.faults.codes.clear()
    step = await fix.submit()
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "reboots")
    assert miner.state("state") == "restarting"
    assert issue(miner, "clock_off") is not None, "its clock has not been seen yet"
    whatsminer.replies.epoch = right
    await miner.until_back(clock)
    assert issue(miner, "clock_off") is None
    assert whatsminer.truth()["mining"] is True


async def test_a_clock_of_a_miner_that_is_only_watched(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock
) -> None:
    """No reboot is offered for it."""
    miner = Miner(hass, whatsminer, await add_through_flow(hass, whatsminer, password=""))
    whatsminer.replies.epoch -= 40 * 86400
    clock.advance(15)
    await miner.poll(slow=True)
    step = await Fix(miner, "clock_off").begin()
    assert step["menu_options"] == ["look"]

"""The grid meter of a real controller the wrong way round: what it does, and how it is mended."""

from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.issues import METER_SIGN
from custom_components.asic_miner.power import defaults
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .house import FROM_GRID, GRID, HOUSE_WATTS, INTO_GRID, METER, House, house_with
from .test_repairs import Fix, issue

TURNED: dict[str, Any] = METER | {"grid_sign": "export"}
PAIR = {"import_meter": FROM_GRID, "export_meter": INTO_GRID}
SWAPPED: dict[str, Any] = {
    "grid_sign": "import",
    "pair": {"import_meter": INTO_GRID, "export_meter": FROM_GRID},
}

NEW: dict[str, Any] = {
    "trusted": False,
    "said": False,
    "wrong": False,
    "since": None,
    "against": [],
}
"""What is known of a meter of which nothing was found."""


@pytest.fixture
async def house(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> House:
    """A house with one WhatsMiner, which mines."""
    assert await async_setup_component(hass, REPAIRS, {})
    return await house_with(hass, clock, add_miner, whatsminer)


def mining(house: House) -> bool:
    """Tell whether the miner really mines."""
    return house.miners[0].device.truth()["mining"] is True


async def found_wrong(house: House, hass_storage: dict[str, Any]) -> None:
    """Have it set up with a right meter, and found to be wrong before a restart."""
    await house.add()
    await house.live(60)
    await found_anew(house, hass_storage)


async def found_anew(house: House, hass_storage: dict[str, Any]) -> None:
    """Have it found to be wrong before a restart."""
    entries = house.hass.config_entries
    assert await entries.async_unload(house.entry.entry_id)
    page = hass_storage[f"{DOMAIN}.{house.entry.entry_id}"]["data"]
    page["site"]["sign"] |= {"wrong": True}
    assert await entries.async_setup(house.entry.entry_id)
    await house.hass.async_block_till_done()
    assert issue(house, METER_SIGN)


@pytest.mark.parametrize(
    ("meter", "mended"),
    [(TURNED, {"grid_meter": GRID, "grid_sign": "import"}), (SWAPPED, {"pair": PAIR})],
    ids=["one", "two"],
)
async def test_it_is_found_and_turned_round(
    house: House, meter: dict[str, Any], mended: dict[str, Any]
) -> None:
    """What is bought at night looks like surplus; a repair makes an end of that."""
    house.solar = 6000.0
    await house.add(meter=meter)
    await house.live(3600)
    assert not mining(house), "with the wrong sign, sun is what is bought"
    house.solar, house.load = 0.0, 1500.0
    for _ in range(60):
        await house.live(60)
        if issue(house, METER_SIGN):
            break
    told = issue(house, METER_SIGN)
    assert told is not None
    assert told.is_fixable
    assert told.severity is ir.IssueSeverity.ERROR
    assert told.translation_placeholders == {"name": house.entry.title}
    assert house.state("why") == "meter_sign"
    await house.live(defaults.METER_PAUSE)
    assert house.state("why") == "meter_sign"
    assert not mining(house)

    fix = Fix(house, METER_SIGN)
    step = await fix.begin()
    assert (step["type"], step["menu_options"]) == (FlowResultType.MENU, ["turn", "right"])
    step = await fix.choose("turn")
    assert (step["type"], step["step_id"]) == (FlowResultType.FORM, "turn")
    assert house.entry.options["meter"] == meter, "nothing is changed before it is confirmed"
    step = await fix.submit()
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await house.hass.async_block_till_done()
    assert house.entry.options["meter"] == meter | mended
    assert issue(house, METER_SIGN) is None
    assert house.state("dry_run") == "off"

    await house.live(1200)
    assert house.state("why") == "no_surplus"
    assert not mining(house)
    house.solar, house.load = HOUSE_WATTS + 2500, HOUSE_WATTS
    await house.live(2400)
    assert house.drawn == pytest.approx(2500, abs=150)
    assert issue(house, METER_SIGN) is None


async def test_a_right_meter_is_not_doubted(house: House) -> None:
    """Whatever the sun and the house do; a restart brings nothing up either."""
    await house.add()
    for solar, load in ((2800, 300), (5000, 300), (1000, 300), (5000, 2300), (5000, 300), (0, 300)):
        house.solar, house.load = float(solar), float(load)
        await house.live(900)
        assert house.controller.known()["meter_sign"] == NEW


async def test_it_stays_found_over_a_restart(house: House, hass_storage: dict[str, Any]) -> None:
    """Until another meter or sign is chosen, with which all begins anew."""
    await found_wrong(house, hass_storage)
    await house.live(20)
    assert house.state("why") == "meter_sign"
    hass = house.hass
    step = await hass.config_entries.options.async_init(house.entry.entry_id)
    flow = step["flow_id"]
    await hass.config_entries.options.async_configure(flow, {"next_step_id": "controller_meter"})
    await hass.config_entries.options.async_configure(flow, TURNED)
    await hass.async_block_till_done()
    assert issue(house, METER_SIGN) is None
    await house.live(20)
    assert house.state("why") != "meter_sign"


async def test_who_ignores_it_has_not_said_that_it_is_right(
    house: House, hass_storage: dict[str, Any]
) -> None:
    """It costs nothing to hear no more of it; to go by the meter again may."""
    await found_wrong(house, hass_storage)
    ir.async_ignore_issue(house.hass, DOMAIN, f"{METER_SIGN}_{house.entry.entry_id}", True)
    await house.live(20)
    told = issue(house, METER_SIGN)
    assert told is not None
    assert told.dismissed_version is not None
    assert house.state("why") == "meter_sign"


async def test_its_owner_has_the_last_word(house: House, hass_storage: dict[str, Any]) -> None:
    """Who says that it is right is believed at once; who says it again is not told any more."""
    await found_wrong(house, hass_storage)
    for trusted in (False, True):
        fix = Fix(house, METER_SIGN)
        await fix.begin()
        step = await fix.choose("right")
        assert step["type"] is FlowResultType.CREATE_ENTRY
        await house.live(20)
        assert issue(house, METER_SIGN) is None
        assert house.state("why") != "meter_sign"
        assert house.entry.options["meter"] == METER
        sign = house.controller.known()["meter_sign"]
        assert sign == NEW | {"said": True, "trusted": trusted}
        if not trusted:
            await found_anew(house, hass_storage)
    # Over a restart as well, whatever was known before.
    entries = house.hass.config_entries
    assert await entries.async_reload(house.entry.entry_id)
    await house.hass.async_block_till_done()
    sign = house.controller.known()["meter_sign"]
    assert sign == NEW | {"said": True, "trusted": True}
    # Another sign is another question.
    options = house.entry.options
    entries.async_update_entry(house.entry, options={**options, "meter": TURNED})
    assert await entries.async_reload(house.entry.entry_id)
    sign = house.controller.known()["meter_sign"]
    assert sign == NEW


async def test_what_is_over_is_not_turned(house: House, hass_storage: dict[str, Any]) -> None:
    """A dialog that was left open turns nothing back; and who cannot be asked is not changed."""
    await found_wrong(house, hass_storage)
    fix = Fix(house, METER_SIGN)
    await fix.begin()
    await fix.choose("turn")
    other = Fix(house, METER_SIGN)
    await other.begin()
    ir.async_delete_issue(house.hass, DOMAIN, fix.issue_id)
    step = await fix.submit()
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "over")
    assert house.entry.options["meter"] == METER
    assert await house.hass.config_entries.async_unload(house.entry.entry_id)
    step = await other.choose("right")
    assert (step["type"], step["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_a_controller_that_is_removed_leaves_no_issue(
    house: House, hass_storage: dict[str, Any]
) -> None:
    """Nothing is left to mend."""
    await found_wrong(house, hass_storage)
    assert await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert issue(house, METER_SIGN) is None

"""Which entities a miner has, what they show, and how they are presented."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Wire

from .conftest import AddMiner

WORKERS = {WhatsminerSimulator: "home.0", BraiinsSimulator: "example1.worker"}
"""What the pools of the simulated miners are mined as."""


async def test_entities(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner, snapshot: SnapshotAssertion
) -> None:
    """Name, unit, classes, category, limits: nothing changes unnoticed."""
    miner = await add_miner(device)
    registry = er.async_get(hass)
    listed = {}
    for entity in er.async_entries_for_config_entry(registry, miner.entry.entry_id):
        state = hass.states.get(entity.entity_id)
        shown = {
            "name": entity.original_name,
            "category": entity.entity_category and entity.entity_category.value,
            "enabled": entity.disabled_by is None,
            "device_class": entity.original_device_class,
            "unit": entity.unit_of_measurement,
            "capabilities": dict(entity.capabilities or {}),
        }
        assert (state is not None) == (entity.disabled_by is None)
        key = entity.unique_id.removeprefix(f"{miner.mac}_")
        listed[f"{entity.domain}.{key}"] = shown
    assert dict(sorted(listed.items())) == snapshot


async def test_values_are_right_in_magnitude_and_unit(
    device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """TH/s, W and °C, whatever unit the firmware uses."""
    miner = await add_miner(device)
    truth = device.truth()
    for key in ("hashrate", "power", "temperature"):
        assert miner.number(key) == pytest.approx(float(truth[key] or 0), rel=0.05), key
    boards = [key for key in miner.entity_keys() if key.startswith("board_hashrate_")]
    assert len(boards) == 3
    total = sum(miner.number(key) for key in boards)
    assert total == pytest.approx(miner.number("hashrate"), rel=0.05)
    # A 3 kW machine of these generations makes 17 to 40 J/TH.
    assert 15 < miner.number("efficiency") < 45
    assert miner.state("state") == "mining"
    assert miner.state("problem") == "off"
    assert miner.state("pool_connected") == "on"
    if "fault" in miner.entity_keys():
        assert miner.state("fault") == "none"


async def test_devices(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner, snapshot: SnapshotAssertion
) -> None:
    """The device page, and the hashboards as its children."""
    miner = await add_miner(device)
    devices = dr.async_get(hass)
    main = devices.async_get_device_by_identifier((DOMAIN, miner.mac), miner.entry.entry_id)
    assert main is not None
    assert main.connections == {(dr.CONNECTION_NETWORK_MAC, miner.mac)}
    port = f":{device.port}" if isinstance(device, BraiinsSimulator) else ""
    assert str(main.configuration_url) == f"http://{device.host}{port}"
    assert {
        "manufacturer": main.manufacturer,
        "model": main.model,
        "model_id": main.model_id,
        "name": main.name,
        "serial_number": main.serial_number,
        "sw_version": main.sw_version,
        "hw_version": main.hw_version,
    } == snapshot
    for index in (1, 2, 3):
        child = devices.async_get_child_device_by_identifier(
            (DOMAIN, f"{miner.mac}_hashboard_{index}"), miner.entry.entry_id
        )
        assert child is not None
        assert child.parent_device_id == main.id
        assert child.name == f"Hashboard {index}"


async def test_no_secret_is_shown(
    hass: HomeAssistant,
    device: SimulatedMiner,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither the password nor the worker's name is in a state or in the debug log."""
    caplog.set_level("DEBUG")
    miner = await add_miner(device)
    await miner.call("switch.turn_on", "locate")
    await miner.poll(slow=True)
    shown = " ".join(f"{state.state} {state.attributes}" for state in hass.states.async_all())
    ours = " ".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.asic_miner")
    )
    for secret in (device.password, WORKERS[type(device)]):
        assert secret not in shown
        assert secret not in ours


async def test_boards_that_show_up_later(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A legacy miner that is off shows no boards; they appear when it starts."""
    device = WhatsminerSimulator(preset="M30S++", clock=clock, seed=5)
    await device.start()
    try:
        device.faults.wire = Wire.CLOSE
        device.faults.wire_commands = {"edevs", "devs"}
        miner = await add_miner(device)
        assert "board_hashrate_1" not in miner.entity_keys()
        device.faults.wire = None
        await miner.poll()
        assert {"board_hashrate_1", "board_hashrate_2", "board_hashrate_3"} <= miner.entity_keys()
        assert miner.number("board_hashrate_1") > 10
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await device.stop()


@pytest.mark.usefixtures("all_enabled")
async def test_faults_in_words(whatsminer: WhatsminerSimulator, add_miner: AddMiner) -> None:
    """A fault that appears is a problem, a text and an event; what was there before is none."""
    miner = await add_miner(whatsminer)
    assert miner.state("problem") == "off"
    event = er.async_get(miner.hass).async_get_entity_id("event", DOMAIN, f"{miner.mac}_fault")
    assert event is not None

    def last_event() -> tuple[str | None, str | None]:
        state = miner.hass.states.get(event)
        assert state is not None
        return state.attributes.get("event_type"), state.attributes.get("code")

    assert last_event() == (None, None)
    whatsminer.faults.error_codes = [110]
    await miner.poll(slow=True)
    assert miner.state("problem") == "on"
    # The state is the same in all languages; its text is what the frontend shows.
    assert miner.state("fault") == "110"
    assert last_event() == ("appeared", "110")
    state = miner.hass.states.get(event)
    assert state is not None
    assert "fan" in state.attributes["message"].lower()

    whatsminer.faults.error_codes = []
    await miner.poll(slow=True)
    assert miner.state("problem") == "off"
    assert miner.state("fault") == "none"
    assert last_event() == ("cleared", "110")


async def test_network_budget(device: SimulatedMiner, add_miner: AddMiner) -> None:
    """A steady live poll takes three connections or requests at most, and no login."""
    miner = await add_miner(device)
    await miner.poll(slow=True)
    match device:
        case WhatsminerSimulator():
            before = device.connections
            await miner.poll()
            assert device.connections - before <= 3
            assert device.max_open_connections == 1
            assert "get_token" not in device.commands[-3:]
        case BraiinsSimulator():
            before, logins = len(device.requests), device.logins
            await miner.poll()
            assert len(device.requests) - before <= 3
            assert device.logins == logins
            assert device.max_open_requests <= 2
        case _:
            raise AssertionError(device)

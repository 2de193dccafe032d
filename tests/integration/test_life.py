"""The life of a miner: unplugged, off at the start, moved, replaced, restarted.

Where each case of a miner's life is, all on real sockets and with both makes:

- Home Assistant restarted: `test_home_assistant_restarted` here; energy in `test_energy.py`, the
  wish to be off in `test_control.py`, another release in `test_migration.py`
- miner off: `test_unplugged_while_running` and `test_off_when_home_assistant_starts` here; cut by
  its own plug in `test_surroundings.py`; a board that is gone in `test_stale.py`
- moved: while Home Assistant runs and while it is down in `test_flow_discovery.py`, found by the
  search in `test_flow_search.py`, by hand in `test_flow_reconfigure.py`
- replaced: `test_another_miner_at_the_address` and `test_a_stranger_between_two_polls` here, the
  new one added in `test_flow_discovery.py`, the way out in `test_repairs.py`
- upgraded: `test_upgrade.py`; old firmware that is mended in `test_repairs.py`
- password changed: here, and its recovery in `test_config_flow.py`
- restarted by order or by itself: here and in `test_restart.py`
"""

from collections.abc import AsyncGenerator
import json
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.asic_miner.const import DOMAIN, RESTART_SECONDS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner

pytestmark = pytest.mark.usefixtures("_quiet")


@pytest.fixture
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep the log of a test for the test."""
    caplog.set_level("INFO")


def lines(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    """Return the log lines of the integration that contain a text."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.asic_miner") and text in record.getMessage()
    ]


async def test_unplugged_while_running(
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All entities become unavailable, none shows zero, and it comes back by itself."""
    miner = await add_miner(device)
    assert miner.number("hashrate") > 0
    await device.unplug()
    for _ in range(3):
        await miner.poll()
        assert set(miner.states().values()) == {STATE_UNAVAILABLE}
    assert len(lines(caplog, "Error fetching")) == 1

    await miner.plug(clock)
    states = miner.states()
    assert STATE_UNAVAILABLE not in states.values()
    assert states["mining"] == "on"
    assert len(lines(caplog, "recovered")) == 1
    assert not [record for record in caplog.records if record.exc_info]


async def test_off_when_home_assistant_starts(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The same entities as when it was on, and alive with the first poll that finds it."""
    miner = await add_miner(device)
    before, states = miner.entity_keys(), set(miner.states())
    await device.unplug()
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert miner.entry.state is ConfigEntryState.LOADED
    assert miner.entity_keys() == before
    assert set(miner.states()) == states
    assert set(miner.states().values()) == {STATE_UNAVAILABLE}

    await miner.plug(clock)
    assert miner.state("mining") == "on"
    assert miner.entity_keys() == before


async def test_home_assistant_restarted(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The miner does not notice; entities, ids and what was counted are as before."""
    clock.advance(7200)
    miner = await add_miner(device)
    for _ in range(4):
        clock.advance(15)
        await miner.poll()
    before = {key: miner.entity_id(key) for key in miner.entity_keys()}
    # More than is shown: what has been counted since is kept as well.
    energy, writes = miner.entry.runtime_data.energy.total, device.truth()["writes"]
    assert energy > miner.number("energy") > 0
    # As Home Assistant does it: everything is unloaded, and made anew from what is stored.
    stored = json.loads(json.dumps(miner.entry.as_dict(), default=str))
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    hass.config_entries.async_update_entry(
        miner.entry, data=stored["data"], options=stored["options"]
    )
    clock.advance(20)
    assert await hass.config_entries.async_setup(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert {key: miner.entity_id(key) for key in miner.entity_keys()} == before
    assert miner.state("mining") == "on"
    assert miner.number("energy") == pytest.approx(energy)
    assert device.truth()["writes"] == writes
    assert device.truth()["mining_restarts"] == 0


@pytest.fixture
async def stranger(request: pytest.FixtureRequest) -> AsyncGenerator[SimulatedMiner]:
    """Another miner of the same model, up for longer than ours; it does not listen yet."""
    kind: type[Any] = request.param
    preset = "M60S" if kind is WhatsminerSimulator else "S19j Pro"
    clock = ManualClock()
    miner: SimulatedMiner = kind(preset=preset, clock=clock, seed=99)
    clock.advance(86_400)
    yield miner
    await miner.stop()


@pytest.mark.parametrize(
    ("device", "stranger"),
    [("whatsminer", WhatsminerSimulator), ("braiins", BraiinsSimulator)],
    indirect=True,
)
async def test_another_miner_at_the_address(
    hass: HomeAssistant, device: SimulatedMiner, stranger: SimulatedMiner, add_miner: AddMiner
) -> None:
    """Nothing of a stranger is recorded; the reason is told; ours is welcome back."""
    miner = await add_miner(device)
    await device.stop()
    stranger.port, stranger.password = device.port, device.password
    await stranger.start()
    await miner.poll()
    assert set(miner.states().values()) == {STATE_UNAVAILABLE}
    assert miner.entry.runtime_data.last_exception.translation_key == "wrong_miner"

    await hass.config_entries.async_reload(miner.entry.entry_id)
    assert miner.entry.state is ConfigEntryState.SETUP_RETRY
    assert miner.entry.error_reason_translation_key == "wrong_miner"

    await stranger.stop()
    await device.start()
    assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await hass.async_block_till_done()
    assert miner.number("hashrate") > 0


async def test_a_stranger_between_two_polls(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """A swap that no poll has seen shows in an uptime that has become shorter."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    hashrate = miner.state("hashrate")
    await whatsminer.stop()
    other = WhatsminerSimulator(preset="M60S", clock=clock, seed=99, port=whatsminer.port)
    other.power_cycled()
    await other.start()
    try:
        await miner.poll()
        assert miner.state("hashrate") == STATE_UNAVAILABLE
        assert hashrate != STATE_UNAVAILABLE
    finally:
        await other.stop()


async def test_password_changed_on_the_device(
    hass: HomeAssistant, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """Where reading needs a login, its refusal asks the user for the new one."""
    miner = await add_miner(braiins)
    braiins.password = "changed"
    await braiins.unplug()
    await braiins.plug()
    await miner.poll()
    assert set(miner.states().values()) == {STATE_UNAVAILABLE}
    [flow] = miner.entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    assert flow["step_id"] == "reauth_confirm"


async def test_password_changed_before_the_start(
    hass: HomeAssistant, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """The same when Home Assistant starts."""
    miner = await add_miner(braiins)
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    braiins.password = "changed"
    await braiins.unplug()
    await braiins.plug()
    await hass.config_entries.async_setup(miner.entry.entry_id)
    assert miner.entry.state is ConfigEntryState.SETUP_ERROR
    assert list(miner.entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_reboot_is_a_state_and_no_error(
    device: SimulatedMiner,
    clock: ManualClock,
    add_miner: AddMiner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Restarting until it is back, with no word of an error."""
    clock.advance(7200)
    miner = await add_miner(device)
    await miner.call("button.press", "reboot")
    assert miner.state("state") == "restarting"
    await miner.poll()
    assert miner.state("state") == "restarting"
    assert miner.state("hashrate") == STATE_UNKNOWN
    await miner.until_back(clock)
    assert miner.state("state") in {"starting", "tuning", "mining"}
    assert not lines(caplog, "Error fetching")


async def test_a_reboot_that_never_ends(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """After its time a miner that is away is away."""
    miner = await add_miner(whatsminer)
    await miner.call("button.press", "reboot")
    await whatsminer.unplug()
    await miner.poll()
    assert miner.state("state") == "restarting"
    clock.advance(RESTART_SECONDS)
    await miner.poll()
    assert miner.state("state") == STATE_UNAVAILABLE


async def test_firmware_update_shows_on_the_device_page(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """The identity is asked for every hour, and what is new is taken over."""
    miner = await add_miner(whatsminer)
    before = whatsminer.device.preset.firmware
    whatsminer.change_firmware("M50S")
    miner.entry.runtime_data._identity_due = 0.0
    await miner.poll()
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    assert device.sw_version == whatsminer.device.preset.firmware.strip("'") != before


async def test_unload_stops_everything(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """After the entry is unloaded nobody speaks to the miner any more."""
    miner = await add_miner(device)
    await miner.call("switch.turn_on", "locate")
    coordinator = miner.entry.runtime_data
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    assert miner.entry.state is ConfigEntryState.NOT_LOADED
    assert coordinator._unsub_refresh is None
    assert not coordinator._listeners

"""Another address, another login, another password: always of the same miner."""

from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.coordinator import MinerCoordinator
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import MinerClient
from custom_components.asic_miner.miners.errors import RejectedError, UnconfirmedError
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import add_through_flow
from .flows import fill, suggested

NEW = "New_1234"
"""Both makes take it."""


@pytest.fixture
async def entry(hass: HomeAssistant, device: SimulatedMiner) -> ConfigEntry:
    """A miner that is set up."""
    return await add_through_flow(hass, device)


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> Any:
    """Open the form."""
    step = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "reconfigure"
    return step


def filled(device: SimulatedMiner, **given: Any) -> dict[str, Any]:
    """Return the form as it is filled in when nothing but what is given changes."""
    advanced = {"port": device.port, "forget_password": False} | given.pop("advanced", {})
    return {"host": device.host, "change_password": False, "advanced": advanced} | given


async def done(hass: HomeAssistant, step: Any, entry: ConfigEntry) -> None:
    """Expect the end of a flow that has changed something."""
    assert step["type"] is FlowResultType.ABORT, step
    assert step["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.last_update_success
    assert not list(entry.async_get_active_flows(hass, {SOURCE_RECONFIGURE, "reauth"}))


async def test_another_address(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, unused_port: int
) -> None:
    """The password needs not be typed again, and is shown to nobody."""
    step = await reconfigure(hass, entry)
    assert suggested(step)["host"] == device.host
    assert "password" not in suggested(step)
    await device.stop()
    device.port = unused_port
    step = await fill(hass, step, **filled(device, host="no host"))
    assert step["errors"] == {"host": "invalid_host"}
    step = await fill(hass, step, **filled(device))
    assert step["errors"] == {"base": "unreachable"}
    await device.start()
    step = await fill(hass, step, **filled(device, host=f"http://{device.host}/"))
    await done(hass, step, entry)
    assert entry.data["host"] == device.host
    assert entry.data["port"] == unused_port
    assert entry.data["password"] == device.password


async def test_another_login(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """It is tried before it is kept."""
    device.password = NEW
    step = await fill(hass, await reconfigure(hass, entry), **filled(device, password="wrong"))
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(hass, step, **filled(device, password=NEW))
    await done(hass, step, entry)
    assert entry.data["password"] == NEW


async def test_another_miner(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, clock: ManualClock
) -> None:
    """Its history would be mixed up with that of ours."""
    kind: type[WhatsminerSimulator | BraiinsSimulator] = (
        WhatsminerSimulator if isinstance(device, WhatsminerSimulator) else BraiinsSimulator
    )
    other = kind(clock=clock, seed=90, password=device.password)
    await other.start()
    try:
        step = await fill(hass, await reconfigure(hass, entry), **filled(other))
        assert step["errors"] == {"base": "wrong_miner"}
        step = await fill(hass, step, **filled(device))
        await done(hass, step, entry)
        assert entry.data["port"] == device.port
    finally:
        await other.stop()


async def test_forget_the_password(hass: HomeAssistant, whatsminer: WhatsminerSimulator) -> None:
    """From now on it is only watched, and then there is none that could be changed."""
    entry = await add_through_flow(hass, whatsminer)
    forget = {"advanced": {"forget_password": True}}
    step = await fill(hass, await reconfigure(hass, entry), **filled(whatsminer, **forget))
    await done(hass, step, entry)
    assert entry.data["password"] is None
    assert not hass.states.async_entity_ids("switch")
    step = await reconfigure(hass, entry)
    step = await fill(hass, step, **filled(whatsminer, change_password=True))
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(
        hass, step, **filled(whatsminer, change_password=True, password=whatsminer.password)
    )
    assert step["step_id"] == "new_password"


async def to_new_password(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, **given: Any
) -> Any:
    """Go as far as the question for a new password."""
    step = await reconfigure(hass, entry)
    step = await fill(hass, step, **filled(device, change_password=True, **given))
    assert step["step_id"] == "new_password", step
    return step


async def test_change_the_password(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """On the miner and here, and nobody is asked for a login afterwards."""
    old = device.password
    step = await to_new_password(hass, device, entry)
    step = await fill(hass, step, new_password=NEW, repeated="Other")
    assert step["errors"] == {"repeated": "passwords_differ"}
    step = await fill(hass, step, new_password="", repeated="")
    assert step["errors"] == {"base": "invalid_value"}
    assert device.password == old
    step = await fill(hass, step, new_password=NEW, repeated=NEW)
    await done(hass, step, entry)
    assert device.password == NEW
    assert entry.data["password"] == NEW


async def test_change_the_password_of_a_miner_whose_login_was_not_known(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """The client that polls does not know the present one, so it is not asked to."""
    device.password = "Present1"
    step = await to_new_password(hass, device, entry, password="Present1")
    with patch.object(MinerCoordinator, "async_command", side_effect=AssertionError):
        step = await fill(hass, step, new_password=NEW, repeated=NEW)
    await done(hass, step, entry)
    assert device.password == entry.data["password"] == NEW


def client_of(device: SimulatedMiner) -> type[MinerClient]:
    """Return what speaks to this device."""
    return WhatsminerClient if isinstance(device, WhatsminerSimulator) else BraiinsClient


@pytest.mark.parametrize("loaded", [True, False])
async def test_it_is_not_known_whether_the_password_was_changed(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry, loaded: bool
) -> None:
    """Nothing is stored; submitting the same once more finds out that it has been."""
    if not loaded:
        assert await hass.config_entries.async_unload(entry.entry_id)
    old = device.password
    step = await to_new_password(hass, device, entry)
    with patch.object(client_of(device), "change_password", side_effect=UnconfirmedError("?")):
        step = await fill(hass, step, new_password=NEW, repeated=NEW)
    assert step["errors"] == {"base": "password_unconfirmed"}
    assert entry.data["password"] == old
    device.password = NEW
    step = await fill(hass, step, new_password=NEW, repeated=NEW)
    await done(hass, step, entry)
    assert entry.data["password"] == NEW


async def test_the_miner_keeps_its_password(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """Then so does the entry, and the form says why."""
    old = device.password
    step = await to_new_password(hass, device, entry)
    with patch.object(client_of(device), "change_password", side_effect=RejectedError("no")):
        step = await fill(hass, step, new_password=NEW, repeated=NEW)
    assert step["errors"] == {"base": "rejected"}
    assert step["description_placeholders"]["reason"] == "no"
    assert entry.data["password"] == device.password == old
    step = await fill(hass, step, new_password=NEW, repeated=NEW)
    await done(hass, step, entry)


async def test_an_error_that_is_not_the_miners(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """It is not hidden behind one of the miner's."""
    step = await to_new_password(hass, device, entry)
    with (
        patch.object(MinerCoordinator, "async_command", side_effect=HomeAssistantError("other")),
        pytest.raises(HomeAssistantError, match="other"),
    ):
        await fill(hass, step, new_password=NEW, repeated=NEW)

"""Adding a miner: each way it can go wrong, and that each can be put right in place."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.flow_forms import typed_address
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import add_through_flow
from .flows import fill, start, suggested


async def refused_login(hass: HomeAssistant, entry: ConfigEntry) -> Any:
    """Open the form that asks for a new login, as a refusal of the old one does."""
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    [step] = entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    return step


async def to_credentials(hass: HomeAssistant, device: SimulatedMiner) -> Any:
    """Go as far as the question for credentials."""
    step = await fill(hass, await start(hass), host=device.host, advanced={"port": device.port})
    assert step["type"] is FlowResultType.FORM, step
    assert step["step_id"] == "credentials"
    return step


async def test_a_miner_is_added(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """The make is found out, the credentials are tried, and the entry has all it needs."""
    entry = await add_through_flow(hass, device)
    truth = device.truth()
    assert entry.unique_id == truth["mac"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["host"] == device.host
    assert entry.data["port"] == device.port
    assert entry.data["identity"]["mac"] == truth["mac"]
    assert entry.title in {"WhatsMiner M60S", "WhatsMiner M30S++", "Antminer S19J Pro"}


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("192.168.1.50", ("192.168.1.50", None)),
        ("  miner.local ", ("miner.local", None)),
        ("http://192.168.1.50/#/login", ("192.168.1.50", None)),
        ("192.168.1.50:4029", ("192.168.1.50", 4029)),
        ("[fe80::1]:8080", ("fe80::1", 8080)),
        ("fd00::1", ("fd00::1", None)),
        ("::1", ("::1", None)),
        ("http://miner:99999/", None),
        ("not a host", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_what_people_paste_as_an_address(
    typed: str, address: tuple[str, int | None] | None
) -> None:
    """A copied web address is as good as a host, and a port that is typed counts."""
    assert typed_address(typed) == address


async def test_a_port_typed_with_the_host(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator
) -> None:
    """It is used as if it stood in its own field."""
    step = await fill(
        hass, await start(hass), host=f"{whatsminer.host}:{whatsminer.port}", advanced={}
    )
    assert step["step_id"] == "credentials"


async def test_wrong_address_then_right(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, unused_port: int
) -> None:
    """Nonsense and a silent address are told apart, and the form stays open."""
    step = await start(hass)
    step = await fill(hass, step, host="no host", advanced={})
    assert step["errors"] == {"host": "invalid_host"}
    step = await fill(hass, step, host="127.0.0.1", advanced={"port": unused_port})
    assert step["errors"] == {"base": "unreachable"}
    step = await fill(hass, step, host=whatsminer.host, advanced={"port": whatsminer.port})
    assert step["step_id"] == "credentials"


async def test_wrong_whatsminer_password_then_right(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator
) -> None:
    """A WhatsMiner does not say so plainly; the user is told all the same."""
    step = await to_credentials(hass, whatsminer)
    step = await fill(hass, step, password="wrong")
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(hass, step, password=whatsminer.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_write_access_off_then_monitoring_only(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator
) -> None:
    """A WhatsMiner that takes no commands can still be watched, without any control."""
    whatsminer.access.enabled = False
    step = await to_credentials(hass, whatsminer)
    step = await fill(hass, step, password=whatsminer.password)
    assert step["errors"] == {"base": "write_access_off"}
    step = await fill(hass, step)
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert step["result"].data["password"] is None
    assert hass.states.async_entity_ids("sensor")
    assert not hass.states.async_entity_ids(["switch", "number", "select", "button"])


async def test_write_access_switched_on_while_the_form_is_open(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator
) -> None:
    """What the error asks for can be done, and then the same form works."""
    whatsminer.access.enabled = False
    step = await to_credentials(hass, whatsminer)
    step = await fill(hass, step, password=whatsminer.password)
    assert step["errors"] == {"base": "write_access_off"}
    whatsminer.access.enabled = True
    step = await fill(hass, step, password=whatsminer.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_wrong_braiins_password_then_right(
    hass: HomeAssistant, braiins: BraiinsSimulator
) -> None:
    """The user name keeps what was typed; the password does not."""
    step = await to_credentials(hass, braiins)
    step = await fill(hass, step, username="root", password="wrong")
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(hass, step, username="root", password=braiins.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_braiins_without_a_password(hass: HomeAssistant, clock: ManualClock) -> None:
    """No password is a valid one on Braiins OS."""
    miner = BraiinsSimulator(preset="S19j Pro", clock=clock, seed=9, password="")
    await miner.start()
    try:
        step = await to_credentials(hass, miner)
        step = await fill(hass, step, username="root")
        assert step["type"] is FlowResultType.CREATE_ENTRY
        assert step["result"].data["password"] == ""
        await hass.async_block_till_done()
        assert await hass.config_entries.async_unload(step["result"].entry_id)
    finally:
        await miner.stop()


async def test_miner_goes_away_while_the_form_is_open(
    hass: HomeAssistant, device: SimulatedMiner
) -> None:
    """Put the plug back and go on."""
    step = await to_credentials(hass, device)
    await device.stop()
    step = await fill(hass, step, password=device.password)
    assert step["errors"] == {"base": "unreachable"}
    await device.start()
    step = await fill(hass, step, password=device.password)
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_a_miner_is_added_once(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """The second attempt says so."""
    entry = await add_through_flow(hass, device)
    step = await fill(hass, await start(hass), host=device.host, advanced={"port": device.port})
    if step["type"] is FlowResultType.FORM:
        step = await fill(hass, step, password=device.password)
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "already_configured"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_a_miner_that_has_moved_is_followed(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator
) -> None:
    """Adding a known miner at a new address moves its entry there."""
    entry = await add_through_flow(hass, whatsminer)
    await whatsminer.stop()
    old_port, whatsminer.port = whatsminer.port, 0
    await whatsminer.start()
    assert whatsminer.port != old_port
    step = await fill(
        hass, await start(hass), host=whatsminer.host, advanced={"port": whatsminer.port}
    )
    assert step["reason"] == "already_configured"
    await hass.async_block_till_done()
    assert entry.data["port"] == whatsminer.port
    assert entry.state is ConfigEntryState.LOADED


@pytest.fixture
async def entry(hass: HomeAssistant, device: SimulatedMiner) -> ConfigEntry:
    """A miner that is set up."""
    return await add_through_flow(hass, device)


async def test_new_password_after_it_was_changed_on_the_device(
    hass: HomeAssistant, device: SimulatedMiner, entry: ConfigEntry
) -> None:
    """A wrong one is refused in place; the right one brings the miner back."""
    device.password = "changed"
    step = await refused_login(hass, entry)
    assert step["step_id"] == "reauth_confirm"
    form = await hass.config_entries.flow.async_configure(step["flow_id"])
    assert "password" not in suggested(form), "a stored password goes to no browser"
    step = await fill(hass, step, password="wrong")
    assert step["errors"] == {"base": "authentication_failed"}
    step = await fill(hass, step, password="changed")
    assert step["type"] is FlowResultType.ABORT
    assert step["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data["password"] == "changed"
    assert entry.state is ConfigEntryState.LOADED
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_the_password_of_another_miner_is_not_taken_over(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock
) -> None:
    """If another miner has taken the address, its login is none for ours."""
    entry = await add_through_flow(hass, whatsminer)
    await whatsminer.stop()
    other = WhatsminerSimulator(preset="M60S", clock=clock, seed=77, port=whatsminer.port)
    await other.start()
    try:
        step = await refused_login(hass, entry)
        step = await fill(hass, step, password=other.password)
        assert step["errors"] == {"base": "wrong_miner"}
    finally:
        await other.stop()


async def test_only_watch_from_now_on(hass: HomeAssistant, whatsminer: WhatsminerSimulator) -> None:
    """Said so, there are no controls any more; a password left out by mistake is none of that."""
    entry = await add_through_flow(hass, whatsminer)
    assert hass.states.async_entity_ids(["switch", "number", "select", "button"])
    step = await refused_login(hass, entry)
    step = await fill(hass, step)
    assert step["errors"] == {"password": "password_needed"}
    assert entry.data["password"] == whatsminer.password
    step = await fill(hass, step, only_watch=True)
    assert step["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data["password"] is None
    assert not hass.states.async_entity_ids(["switch", "number", "select", "button"])
    assert hass.states.async_entity_ids("sensor")


async def test_firmware_before_the_interface(
    hass: HomeAssistant, braiins: BraiinsSimulator
) -> None:
    """Braiins OS without REST is recognised, and its owner learns what to do."""
    braiins.faults.old_firmware = 404
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    address = {"host": braiins.host, "advanced": {"port": braiins.port}}
    step = await hass.config_entries.flow.async_configure(flow["flow_id"], address)
    assert step["errors"] == {"base": "outdated_firmware"}
    braiins.faults.old_firmware = None
    step = await hass.config_entries.flow.async_configure(flow["flow_id"], address)
    assert step["step_id"] == "credentials"

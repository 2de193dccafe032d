"""A miner's whole life with all logging on: nothing that is secret shows anywhere.

The simulated devices get secrets that can be recognised, and at the end everything that
Home Assistant has said, shown or kept for showing is searched for them.
"""

from collections.abc import Iterator
import json
import logging
from pathlib import Path
from typing import Any, override

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.services import ACTIONS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.faults import Fault
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Wire

from .conftest import Miner
from .secrecy import (
    ACCOUNT,
    CHOSEN,
    CONTRACT,
    LATER,
    NEW_POOL_PASSWORD,
    PASSWORD,
    POOL_PASSWORD,
    POOL_URL,
    WORKER,
    WRONG,
    Secrets,
    Watch,
    said,
)
from .test_repairs import Fix, issue


async def _add(hass: HomeAssistant, device: SimulatedMiner, watch: Watch) -> ConfigEntry:
    """Add the miner, with a wrong password first."""
    flows = hass.config_entries.flow
    flow = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    address = {"host": device.host, "advanced": {"port": device.port}}
    # A simulated miner is on the loopback interface, as no real one is.
    step: Any = await flows.async_configure(flow["flow_id"], address)
    for password in (WRONG, PASSWORD):
        assert step["step_id"] == "credentials", step
        step = await flows.async_configure(flow["flow_id"], {"password": password})
        if password == WRONG:
            assert step["errors"] == {"base": "authentication_failed"}, step
            watch.say("flow", {key: step[key] for key in ("errors", "description_placeholders")})
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry: ConfigEntry = step["result"]
    return entry


async def _refused(watch: Watch, miner: Miner, service: str, key: str, **data: object) -> None:
    """Perform an action that fails, and keep how."""
    with pytest.raises(HomeAssistantError) as caught:
        await miner.call(service, key, **data)
    watch.raised(caught.value)


WORDS = f"failed for {ACCOUNT}.{WORKER} with {POOL_PASSWORD}, {CONTRACT} or {LATER}"
"""What a careless firmware might tell of what it was sent."""


class Told(dict[str, str]):
    """What a WhatsMiner answers to everything."""

    @override
    def __contains__(self, command: object) -> bool:
        """Leave it the command without which nothing is sent, and one that answers a user."""
        return command not in {"get_token", "get_customer_msg"}

    @override
    def __getitem__(self, command: str) -> str:
        """Tell too much."""
        return f"{command} {WORDS}"


def _refuse(device: SimulatedMiner) -> None:
    """Have the device refuse everything, and tell too much of what was secret in it."""
    if isinstance(device, WhatsminerSimulator):
        device.faults.texts = Told()
    elif isinstance(device, BraiinsSimulator):
        for method in ("PUT", "POST", "PATCH", "DELETE"):
            device.faults.set(f"{method} *", Fault(status=400, text="this is not possible now"))
        for path in (
            "POST pools",
            "PUT pools/batch",
            "PUT auth/password",
            "PUT license/apply-contract-key",
        ):
            device.faults.set(path, Fault(status=400, text=WORDS))


def _obey(device: SimulatedMiner) -> None:
    """End that."""
    if isinstance(device, WhatsminerSimulator):
        device.faults.texts = {}
    elif isinstance(device, BraiinsSimulator):
        device.faults.clear()


POOL = {"url": POOL_URL, "user": f"{ACCOUNT}.{WORKER}", "password": NEW_POOL_PASSWORD}
CALLS: dict[str, dict[str, Any]] = {
    "set_pools": {"pools": [POOL]},
    "set_power_percent": {"percent": 70},
    "set_power": {"watts": 2000},
    "set_led": {"colour": "red"},
    "get_customer_message": {"key": "place"},
    "set_customer_message": {"key": "place", "message": WORKER},
    "set_syslog": {"host": "192.0.2.10"},
    "change_password": {"new_password": f"{LATER} is too long"},
    "set_hostname": {"hostname": WORKER},
    "set_network": {"dhcp": True, "hostname": WORKER, "confirm": True},
    "apply_contract_key": {"contract_key": CONTRACT},
    "set_advanced_settings": {"settings": {"pool": {"password": POOL_PASSWORD}}},
    "change_power_target": {"change": -100},
    "change_hashrate_target": {"change": -1},
}
"""What an action is performed with, besides a confirmation. Passwords that are refused, too."""


async def _act(watch: Watch, miner: Miner, name: str, **data: object) -> bool:
    """Perform an action of ours, and keep how it fails; tell whether it was done."""
    hass = miner.hass
    [found] = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    [action] = [one for one in ACTIONS if one.name == name]
    confirmed = {"confirm": True} if action.confirm else {}
    try:
        answer = await hass.services.async_call(
            DOMAIN,
            name,
            {"device_id": found.id, **confirmed, **data},
            blocking=True,
            return_response=hass.services.supports_response(DOMAIN, name) != "none",
        )
    except HomeAssistantError as error:
        watch.raised(error)
        return False
    # Names are what a user asks for; passwords and keys are never in an answer.
    for secret in (PASSWORD, LATER, POOL_PASSWORD, NEW_POOL_PASSWORD, CONTRACT):
        assert secret not in json.dumps(answer, default=str), name
    return True


def _fail(device: SimulatedMiner) -> Iterator[None]:
    """Have the device fail in one way after the other, also with secrets in its own words."""
    told = f"no such worker {ACCOUNT}.{WORKER}"
    if isinstance(device, WhatsminerSimulator):
        for wire in (Wire.CUT, Wire.RESET, Wire.CLOSE, Wire.OVER_MAX):
            device.faults.wire = wire
            yield
        device.faults.wire = None
        device.faults.texts = {"pools": told, "edevs": told, "get_miner_info": told}
        yield
        device.faults.texts.clear()
    elif isinstance(device, BraiinsSimulator):
        # Unlike a WhatsMiner it tells the passwords of pools as well.
        told += f" with {POOL_PASSWORD}"
        for path in ("pools/", "configuration/miner", "auth/login", "network/"):
            device.faults.set(path, Fault(status=400, text=told))
            yield
            device.faults.set(path, Fault(truncated=True))
            yield
        device.faults.clear()


async def _new_login(hass: HomeAssistant, miner: Miner, watch: Watch) -> None:
    """Enter a wrong password and then the right one when asked for it."""
    [flow] = miner.entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    step: Any = None
    for password in (WRONG, LATER):
        step = await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"password": password}
        )
        watch.shown()
    assert step["reason"] == "reauth_successful", step
    await hass.async_block_till_done()


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Have everybody log everything, as whoever looks for a fault does."""
    caplog.set_level(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


async def test_nothing_secret_is_said_or_shown(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in the log, states, events, errors, issues, diagnostics or registries."""
    clock.advance(7200)
    secrets, watch = Secrets(), Watch(hass)
    secrets.plant(device)
    assert await async_setup_component(hass, "diagnostics", {})
    assert await async_setup_component(hass, "system_health", {})

    async def diagnose() -> None:
        watch.shown()
        found = await get_diagnostics_for_config_entry(hass, hass_client, miner.entry)
        watch.say("diagnostics", found)

    miner = Miner(hass, device, await _add(hass, device, watch))
    await miner.poll(slow=True)
    await diagnose()
    await miner.call("switch.turn_on", "locate")
    await _refused(watch, miner, "number.set_value", "power_target", value=1_000_000)
    [found] = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    pools = [{"url": POOL_URL, "user": f"{ACCOUNT}.{WORKER}", "password": NEW_POOL_PASSWORD}]
    await hass.services.async_call(
        DOMAIN, "set_pools", {"device_id": found.id, "pools": pools}, blocking=True
    )
    answer = await hass.services.async_call(
        DOMAIN, "get_pools", {"device_id": found.id}, blocking=True, return_response=True
    )
    # The mining process may restart for that.
    clock.advance(1800)
    # That is what the user asks for, so names may be in it; passwords never are.
    assert POOL_PASSWORD not in str(answer)
    assert NEW_POOL_PASSWORD not in str(answer)

    for _ in _fail(device):
        await miner.poll(slow=True)
        watch.raised(miner.entry.runtime_data.last_exception)
        await diagnose()
    await miner.call("switch.turn_off", "mining")
    clock.advance(120)
    await miner.poll(slow=True)
    await diagnose()

    # Its password is changed elsewhere, which shows at the latest after a restart of it.
    device.password = LATER
    await device.unplug()
    await miner.poll()
    await diagnose()
    if isinstance(device, BraiinsSimulator):
        await device.plug()
        clock.advance(600)
        await miner.poll(slow=True)
        watch.raised(miner.entry.runtime_data.last_exception)
    else:
        # Reading needs no password there.
        await miner.plug(clock)
        await _refused(watch, miner, "switch.turn_on", "locate")
    await diagnose()
    await _new_login(hass, miner, watch)
    await miner.poll(slow=True)
    await miner.call("switch.turn_on", "locate")
    await diagnose()
    registered = watch.registered()
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    await diagnose()

    found_secrets = [
        (where, secret, text)
        for where, text in (*watch.texts, *said(caplog.records))
        for secret in secrets.within(text)
    ]
    assert not found_secrets, found_secrets[:3]
    assert not secrets.within(registered, serials=False)
    # The search is worth nothing if it has nothing to look for or nothing to look at.
    assert len(secrets.always) > len(CHOSEN) + 1
    assert any(record.levelno == logging.DEBUG for record in caplog.records)
    assert {where for where, _ in watch.texts} >= {"state", "event", "exception", "diagnostics"}
    assert secrets.within(json.dumps(dict(miner.entry.data))) == sorted(
        {LATER, WORKER} | ({secrets_serial} if (secrets_serial := _own_serial(miner)) else set())
    )


def _own_serial(miner: Miner) -> str | None:
    """Return the serial number that the entry knows the miner by."""
    identity = miner.entry.data["identity"]
    return str(identity["serial"]) if identity["serial"] else None


async def _reconfigure(hass: HomeAssistant, miner: Miner, watch: Watch) -> None:
    """Enter a wrong password, then the right one, and give the miner another one."""
    flows, device = hass.config_entries.flow, miner.device
    step: Any = await flows.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": miner.entry.entry_id}
    )
    form = {
        "host": device.host,
        "change_password": True,
        "advanced": {"port": device.port, "forget_password": False},
    }
    for password in (WRONG, PASSWORD):
        watch.say("flow", step)
        step = await flows.async_configure(step["flow_id"], {**form, "password": password})
    assert step["step_id"] == "new_password", step
    for new, repeated in ((LATER, WRONG), (LATER, LATER)):
        watch.say("flow", step)
        step = await flows.async_configure(
            step["flow_id"], {"new_password": new, "repeated": repeated}
        )
    watch.say("flow", step)
    assert step["reason"] == "reconfigure_successful", step
    await hass.async_block_till_done()
    assert device.password == LATER


async def _options(hass: HomeAssistant, miner: Miner, watch: Watch) -> None:
    """Change the options."""
    step: Any = await hass.config_entries.options.async_init(miner.entry.entry_id)
    watch.say("flow", step)
    step = await hass.config_entries.options.async_configure(step["flow_id"], {"poll_seconds": 20})
    watch.say("flow", step)
    await hass.async_block_till_done()


async def _repair(miner: Miner, watch: Watch, clock: ManualClock) -> None:
    """Go through each repair that the device gives a reason for."""
    device = miner.device
    keys: tuple[str, ...] = ("outdated_firmware",)
    if isinstance(device, WhatsminerSimulator):
        keys = ("write_access_off", "clock_off")
        device.access.enabled = False
        device.replies.epoch -= 40 * 86_400
        await _refused(watch, miner, "switch.turn_on", "locate")
    elif isinstance(device, BraiinsSimulator):
        device.faults.old_firmware = 404
    clock.advance(60)
    await miner.poll(slow=True)
    for key in keys:
        assert issue(miner, key), key
        watch.shown()
        fix = Fix(miner, key)
        step = await fix.begin()
        watch.say("flow", step)
        step = await (fix.choose("look") if key == "clock_off" else fix.submit())
        assert step["errors"], key
        watch.say("flow", step)
    if isinstance(device, WhatsminerSimulator):
        device.access.enabled = True
        device.replies.epoch += 40 * 86_400
    elif isinstance(device, BraiinsSimulator):
        device.faults.clear()
    await miner.poll(slow=True)


LAST = ("set_network", "update_firmware", "restore_stock", "factory_reset")
"""After these a device is away, or another one."""


async def test_no_form_and_no_action_says_anything_secret(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    tmp_path: Path,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All forms, all repairs and all actions, obeyed and refused in the device's own words."""
    clock.advance(7200)
    secrets, watch = Secrets(), Watch(hass)
    secrets.plant(device)
    assert await async_setup_component(hass, "diagnostics", {})
    assert await async_setup_component(hass, REPAIRS, {})
    hass.config.config_dir = str(tmp_path)
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    image = tmp_path / "firmware.bin"
    image.write_bytes(b"no firmware at all")

    miner = Miner(hass, device, await _add(hass, device, watch))
    await _options(hass, miner, watch)
    await _repair(miner, watch, clock)
    await _reconfigure(hass, miner, watch)
    clock.advance(1800)
    await miner.poll(slow=True)

    calls = {**CALLS, "update_firmware": {"path": str(image)}}
    names = [one.name for one in ACTIONS if one.name not in LAST]
    done = {name for name in names if await _act(watch, miner, name, **calls.get(name, {}))}
    assert {"set_pools", "get_pools"} <= done, done
    await _act(watch, miner, "change_password", new_password=PASSWORD)
    assert device.password == PASSWORD
    clock.advance(1800)
    await miner.poll(slow=True)
    _refuse(device)
    other = {**POOL, "url": "stratum+tcp://other.example.com:3333"}
    calls["set_pools"] = {"pools": [other], "previous_passwords": [NEW_POOL_PASSWORD]}
    for name in names:
        await _act(watch, miner, name, **calls.get(name, {}))
    for service, key, data in (
        ("switch.turn_off", "mining", {}),
        ("number.set_value", "power_target", {"value": 2000}),
        ("button.press", "reboot", {}),
    ):
        # Some firmware accepts with such words; what counts is that nobody repeats them.
        try:
            await miner.call(service, key, **data)
        except HomeAssistantError as error:
            watch.raised(error)
    _obey(device)
    await miner.poll(slow=True)
    for name in LAST:
        await _act(watch, miner, name, **calls.get(name, {}))
        clock.advance(1800)
        await miner.poll(slow=True)
    watch.shown()
    watch.say("diagnostics", await get_diagnostics_for_config_entry(hass, hass_client, miner.entry))
    registered = watch.registered()
    assert await hass.config_entries.async_unload(miner.entry.entry_id)

    found = [
        (where, secret, text)
        for where, text in (*watch.texts, *said(caplog.records))
        for secret in secrets.within(text)
    ]
    assert not found, found[:3]
    assert not secrets.within(registered, serials=False)
    assert {where for where, _ in watch.texts} >= {"flow", "issue", "exception", "diagnostics"}

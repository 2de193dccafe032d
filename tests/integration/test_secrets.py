"""A miner's whole life with all logging on: nothing that is secret shows anywhere.

The simulated devices get secrets that can be recognised, and at the end everything that
Home Assistant has said, shown or kept for showing is searched for them.
"""

from collections.abc import Iterator
import json
import logging
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntry
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.faults import Fault
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Wire

from .conftest import Miner

# A WhatsMiner takes at most eight characters.
PASSWORD, WRONG, LATER = "pQ7kD2_a", "wR0ng_9z", "nE5w_x3J"
ACCOUNT, WORKER = "acct-zq81", "rig-x7k2"
POOL_PASSWORD, NEW_POOL_PASSWORD = "poolpw-5dR", "poolpw-8vT"
URL_USER, URL_PASSWORD, URL_PATH = "urluser-4g", "urlpass-6h", "authority-9t"
POOL_URL = f"stratum+tcp://{URL_USER}:{URL_PASSWORD}@pool.example.com:3333/{URL_PATH}"

CHOSEN = frozenset(
    {
        PASSWORD,
        WRONG,
        LATER,
        ACCOUNT,
        WORKER,
        POOL_PASSWORD,
        NEW_POOL_PASSWORD,
        URL_USER,
        URL_PASSWORD,
        URL_PATH,
    }
)


class Secrets:
    """What nobody is to see of one device."""

    def __init__(self) -> None:
        """Begin with what the test chooses itself."""
        self.always = set(CHOSEN)
        self.serials: set[str] = set()
        """The device page shows the device's own; they are to be nowhere else."""

    def plant(self, device: SimulatedMiner) -> None:
        """Give a device recognisable secrets, and note those that it makes up later."""
        device.password = PASSWORD
        if isinstance(device, WhatsminerSimulator):
            self._plant_whatsminer(device)
        elif isinstance(device, BraiinsSimulator):
            self._plant_braiins(device)
        else:
            raise TypeError(f"{type(device)} has secrets that nobody looks for")

    def _plant_whatsminer(self, device: WhatsminerSimulator) -> None:
        for pool in device.device.pools:
            pool.url, pool.user = POOL_URL, f"{ACCOUNT}.{WORKER}"
            pool.password = POOL_PASSWORD
        device.device.settings.hostname = WORKER
        replies = device.replies
        self.serials |= {replies.serial, replies.supply_serial, *replies.board_serials}
        issue = device.access.issue

        def noted(address: str, now: float, epoch: float) -> dict[str, str] | None:
            given = issue(address, now, epoch)
            if given:
                self.always |= {given["salt"], given["newsalt"], device.access.key}
                self.always |= set(device.access._tokens)
            return given

        device.access.issue = noted  # type: ignore[method-assign]  # to look at what it gives

    def _plant_braiins(self, device: BraiinsSimulator) -> None:
        for pool in device.device.settings.groups[0].pools:
            pool.url, pool.user = POOL_URL, f"{ACCOUNT}.{WORKER}"
            pool.password = POOL_PASSWORD
        device.device.settings.network.hostname = WORKER
        seed = device.device.seed
        self.serials |= {f"SIM{seed:04d}HB", f"SIMCB{seed:06d}", f"SIMPS{seed:06d}"}
        sessions = device.gateway.sessions
        begin = sessions.open

        def noted(now: float) -> str:
            token = begin(now)
            self.always.add(token)
            return token

        sessions.open = noted  # type: ignore[method-assign]  # to look at what it gives

    def within(self, text: str, *, serials: bool = True) -> list[str]:
        """Return those that stand in a text."""
        wanted = self.always | self.serials if serials else self.always
        return sorted(secret for secret in wanted if secret in text)


class Watch:
    """Everything that is said and shown while a test runs."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to all events, but those with which a user's own call begins."""
        self.hass = hass
        self.texts: list[tuple[str, str]] = []
        hass.bus.async_listen(MATCH_ALL, self._heard)

    async def _heard(self, event: Event[Any]) -> None:
        if event.event_type != "call_service":
            self.say("event", event.as_dict())

    def say(self, where: str, what: object) -> None:
        """Keep something for the search."""
        self.texts.append((where, json.dumps(what, default=str, ensure_ascii=False)))

    def raised(self, error: BaseException | None) -> None:
        """Keep all that an error says, with what it came from."""
        while error is not None:
            placeholders = getattr(error, "translation_placeholders", None)
            self.say("exception", [str(error), repr(error), placeholders])
            error = error.__cause__ or error.__context__

    def shown(self) -> None:
        """Keep all states, issues and flows as they are now."""
        for state in self.hass.states.async_all():
            self.say("state", state.as_dict())
        for issue in ir.async_get(self.hass).issues.values():
            self.say("issue", issue.translation_placeholders)
        for flow in self.hass.config_entries.flow.async_progress():
            self.say("flow", flow)

    def registered(self) -> str:
        """Return what the registries hold, as text."""
        devices = dr.async_get(self.hass)
        return json.dumps(
            [
                *(device.dict_repr for device in devices.devices),
                *(device.dict_repr for device in devices.child_devices),
                *(entity.extended_dict for entity in er.async_get(self.hass).entities.values()),
            ],
            default=str,
        )


def said(records: list[logging.LogRecord]) -> Iterator[tuple[str, str]]:
    """Yield where and what of all log lines, with their errors.

    Home Assistant itself logs, when it is told to log everything, each call of an action
    with its data. That is said by the user, not by us.
    """
    shape = logging.Formatter()
    for record in records:
        text = shape.format(record)
        if record.name == "homeassistant.core" and "call_service" in text:
            continue
        yield f"log of {record.name}", text


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


async def test_nothing_secret_is_said_or_shown(
    hass: HomeAssistant,
    device: SimulatedMiner,
    clock: ManualClock,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in the log, states, events, errors, issues, diagnostics or registries."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.NOTSET)
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

"""What a hostile device, a user without rights, a path or a host name cannot do.

Each test belongs to a claim in docs/security.md. Limits of size and time are proved by the
fault matrix and by the tests of each transport.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
import logging
from pathlib import Path
import re
from typing import Any, override
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.asic_miner import flow_search
from custom_components.asic_miner.action import Action
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.flow_forms import typed_address
from custom_components.asic_miner.flow_search import SearchSteps
from custom_components.asic_miner.miners.detect import detect
from custom_components.asic_miner.miners.errors import RejectedError
from custom_components.asic_miner.miners.models import JsonValue, Make
from custom_components.asic_miner.miners.redact import REDACTED, redacted
from custom_components.asic_miner.services import ALL_ACTIONS
from tests.integration.conftest import Miner, add_through_flow
from tests.integration.test_actions import EXAMPLES
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

from .gate import HEALTHY, Body, Delivery, Gate, Raw, Refused, Spoil
from .test_matrix import Behind

pytestmark = pytest.mark.usefixtures("one_time")

MAKES = pytest.mark.parametrize("make", ["whatsminer", "braiins"])

DANGEROUS = {
    "update_firmware",
    "restore_stock",
    "factory_reset",
    "set_network",
    "change_password",
    "apply_contract_key",
    "set_advanced_settings",
    "reset_advanced_settings",
    "set_pools",
}
"""What can brick a miner, cut it off, shut its owner out, or mine for somebody else."""
UNDONE_FROM_HERE = {"set_pools", "change_password", "apply_contract_key"}
"""By the same action with what was before: the miner stays within reach, and nothing is lost."""
MORE_EXAMPLES: dict[str, dict[str, object]] = {
    "download_logs": {"kind": "miner"},
    "set_power_budget": {"watts": 1000},
    "voice_command": {"command": "pause"},
}
FILES = {"update_firmware", "download_logs"}


@asynccontextmanager
async def trap() -> AsyncGenerator[tuple[int, list[bytes]]]:
    """Listen where nobody of ours has a reason to go."""
    visits: list[bytes] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], visits


@pytest.mark.parametrize("make", ["braiins"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_redirects_are_not_followed(
    hass: HomeAssistant, device: SimulatedMiner, status: str
) -> None:
    """Neither in a form nor while polling nor with a command, whose login would go along."""
    async with Gate(device, http=True) as gate, trap() as (port, visits):
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        where = f"Location: http://127.0.0.1:{port}/api/v1/auth/login"
        answer = f"HTTP/1.1 {status}\r\n{where}\r\nContent-Length: 0\r\n\r\n".encode()
        await gate.go(Raw(b"", answer))
        # A miner that is known to be away would not be commanded at all.
        with pytest.raises(HomeAssistantError):
            await miner.call("switch.turn_off", "mining")
        await miner.poll(slow=True)
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        step = await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"host": gate.host, "advanced": {"port": gate.port}}
        )
        assert step["type"] is FlowResultType.FORM
        assert step["errors"]
        assert visits == []


@MAKES
async def test_a_device_cannot_fill_the_registry(
    hass: HomeAssistant, device: SimulatedMiner, make: str
) -> None:
    """Thousands of hashboards and fans in its answers do not become thousands of entities."""

    def many(body: bytes) -> bytes:
        try:
            told = json.loads(body)
        except ValueError:
            return body
        if not isinstance(told, dict):
            return body
        for key, first in (("DEVS", "Slot"), ("hashboards", "id"), ("fans", "position")):
            if isinstance(told.get(key), list) and told[key]:
                one = told[key][0]
                numbers = range(3000)
                told[key] = [{**one, first: str(n) if first == "id" else n} for n in numbers]
        return json.dumps(told).encode()

    async with Gate(device, http=make == "braiins") as gate:
        await gate.go(Body(many))
        entry = await add_through_flow(hass, Behind(gate))
        for _ in range(2):
            await Miner(hass, device, entry).poll(slow=True)
        entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        # Sixteen boards with about seven entities each, 32 fans, and the miner's own.
        assert len(entities) < 350
        await gate.go(HEALTHY)


def named(nasty: str) -> Spoil:
    """Return what gives a device another name for everything that has one."""
    texts = {
        "hostname", "model", "name", "miner_type", "minertype", "miner_model", "fw_ver",
        "serial_number", "minersn", "full", "platform", "chip",
    }  # fmt: skip

    def spoil(body: bytes) -> bytes:
        def walk(value: Any) -> Any:
            if isinstance(value, dict):
                return {
                    k: nasty if k.lower() in texts and isinstance(v, str) else walk(v)
                    for k, v in value.items()
                }
            return [walk(v) for v in value] if isinstance(value, list) else value

        try:
            return json.dumps(walk(json.loads(body))).encode()
        except ValueError:
            return body

    return spoil


NASTY = "{{ states }}<script>alert(1)</script>![](http://evil.example)[Log in](//evil.example)"


@MAKES
async def test_a_hostile_text_is_only_text(
    hass: HomeAssistant, device: SimulatedMiner, make: str
) -> None:
    """Names out of a device are neither markup nor templates nor links, and not long."""
    async with Gate(device, http=make == "braiins") as gate:
        await gate.go(Body(named(NASTY + "x" * 200_000)))
        entry = await add_through_flow(hass, Behind(gate))
        miner = Miner(hass, device, entry)
        await miner.poll(slow=True)
        devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        fields = ("name", "model", "model_id", "sw_version", "hw_version", "serial_number")
        names = [getattr(one, field) or "" for one in devices for field in fields]
        names += [entry.title, *(str(state.name) for state in hass.states.async_all())]
        # That it got there at all, so that this can fail.
        assert any("alert" in name for name in names)
        assert [name for name in names if set(name) & set("<>{}[]!") or "//" in name] == []
        assert max(map(len, names)) <= 200
        size = max(len(repr(dict(state.attributes))) for state in hass.states.async_all())
        assert size < 2000
        assert miner.number("hashrate") > 0
        await gate.go(HEALTHY)


@pytest.mark.parametrize("make", ["whatsminer"])
async def test_a_stranger_writes_no_markup_into_a_form(
    hass: HomeAssistant, device: SimulatedMiner
) -> None:
    """The form for the login of miners that were found shows their names and words as text."""
    async with Gate(device, http=False) as gate:
        await gate.go(Body(named(NASTY)))
        found = await detect(async_get_clientsession(hass), gate.host, gate.port)
        flow = SearchSteps()
        flow.hass = hass
        flow._hits = {gate.host: found}
        flow._left = {Make.WHATSMINER: [gate.host]}
        assert await async_setup_component(hass, DOMAIN, {})
        shown = await flow.async_step_shared_login()
        assert shown["description_placeholders"]
        named_so = shown["description_placeholders"]["miners"]
        # In exactly these words: the simulated miner has none of its own.
        with patch.object(flow_search, "async_try", side_effect=RejectedError(NASTY)):
            refused = await flow.async_step_shared_login({"password": "x", "skip": False})
        assert refused["description_placeholders"]
        told = refused["description_placeholders"]["miners"]
        await gate.go(HEALTHY)
    assert "alert" in named_so
    assert set(named_so) & set("<>[]!{}") == set()
    assert "Log in" in told
    # Behind a backslash each of them is text in Markdown.
    assert set(re.sub(r"\\.", "", told)) & set("<>[]!{}*_`") == set()


def test_a_report_of_a_hostile_miner() -> None:
    """Who claims thousands of secrets gets a report without texts, in a moment."""
    words = " ".join(str(n) for n in range(100_000, 250_000))
    answers: dict[str, JsonValue] = {"pools": {"user": words}, "text": words, "number": 7}
    shown = redacted(answers, keys={"user"})
    assert words not in str(shown)
    assert [value for value in shown.values() if value not in {REDACTED, 7}] == []


@MAKES
@pytest.mark.parametrize("said", ["in good form", "as an error page", "as it is"])
async def test_a_device_cannot_write_lines_into_the_log(
    hass: HomeAssistant,
    device: SimulatedMiner,
    make: str,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither a line of its own nor what steers a terminal, nor into what a user is told."""
    line = "no\r\n2026-11-21 11:00:00 ERROR (MainThread) [homeassistant] Gone\x1b[2J\0\u2028"
    form = json.dumps({"STATUS": "E", "Code": 132, "Msg": line}).encode()
    plain = line.encode()
    status, body = ("200 OK", form) if said == "in good form" else ("400 Bad Request", plain)
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    answers = {
        "in good form": Raw(form, head.encode() + form),
        "as an error page": Raw(plain, head.encode() + plain),
        "as it is": Raw(plain),
    }
    caplog.set_level(logging.DEBUG, "custom_components.asic_miner")
    async with Gate(device, http=make == "braiins") as gate:
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        await gate.go(answers[said])
        # A miner that is known to be away would not be commanded at all.
        refused = []
        try:
            await miner.call("switch.turn_off", "mining")
        except HomeAssistantError as error:
            refused.append(str(error))
        # A status of success is one to Braiins OS, whatever is in it.
        assert refused or (make, said) == ("braiins", "in good form")
        await miner.poll(slow=True)
        await gate.go(HEALTHY)
    told = [r.getMessage() for r in caplog.records if r.name.startswith("custom_components")]
    assert told
    assert [one for one in (*told, *refused) if not one.isprintable()] == []


@MAKES
async def test_a_name_cannot_write_lines_into_the_log(
    hass: HomeAssistant, device: SimulatedMiner, make: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a miner calls itself is the title of its entry, and stands in every line of it."""
    caplog.set_level(logging.DEBUG, "custom_components.asic_miner")
    async with Gate(device, http=make == "braiins") as gate:
        await gate.go(Body(named("M60S\nERROR (MainThread) [homeassistant] Gone\x1b[2J")))
        entry = await add_through_flow(hass, Behind(gate))
        assert entry.title.isprintable()
        await gate.go(Refused())
        await Miner(hass, device, entry).poll()
    told = [r.getMessage() for r in caplog.records if r.name.startswith("custom_components")]
    assert told
    assert [one for one in told if not one.isprintable()] == []


def test_what_is_dangerous_is_for_administrators() -> None:
    """And what cannot be undone from here asks whether it is meant."""
    actions: dict[str, Action] = {action.name: action for action in ALL_ACTIONS}
    assert actions.keys() >= DANGEROUS | FILES
    assert [name for name in DANGEROUS | FILES if not actions[name].admin] == []
    asked = {name for name in DANGEROUS if actions[name].confirm}
    assert asked == DANGEROUS - UNDONE_FROM_HERE


@MAKES
@pytest.mark.parametrize("rights", ["none", "to see", "to control"])
async def test_without_rights(
    hass: HomeAssistant, device: SimulatedMiner, hass_read_only_user: MockUser, rights: str
) -> None:
    """Every action is refused before anything is sent to who may not perform it."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "intent", {})
    miner = Miner(hass, device, await add_through_flow(hass, device))
    may = {"none": {}, "to see": {"read": True}, "to control": {"read": True, "control": True}}
    hass_read_only_user.mock_policy({"entities": {"all": may[rights]}})
    context = Context(user_id=hass_read_only_user.id)
    found = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    before = device.truth()["writes"]
    examples = EXAMPLES | MORE_EXAMPLES
    for action in ALL_ACTIONS:
        only_answers = action.response is SupportsResponse.ONLY
        if not action.admin and (rights == "to control" or (rights == "to see" and only_answers)):
            continue
        call = hass.services.async_call(
            DOMAIN,
            action.name,
            {
                **examples.get(action.name, {}),
                **({"device_id": found[0].id} if action.devices else {}),
                **({"confirm": True} if action.confirm else {}),
            },
            blocking=True,
            context=context,
            return_response=action.response is not SupportsResponse.NONE,
        )
        if action.name == "voice_command":
            answer = await call
            assert isinstance(answer, dict)
            assert not answer["done"]
            continue
        with pytest.raises(Unauthorized):
            await call
    assert device.truth()["writes"] == before


@MAKES
async def test_who_may_control_may_act(
    hass: HomeAssistant, device: SimulatedMiner, hass_read_only_user: MockUser, make: str
) -> None:
    """The right to control the miner is enough for what is not for administrators."""
    miner = Miner(hass, device, await add_through_flow(hass, device))
    hass_read_only_user.mock_policy({"entities": {"entity_ids": {miner.entity_id("mining"): True}}})
    found = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    await hass.services.async_call(
        DOMAIN,
        "pause",
        {"device_id": found[0].id},
        blocking=True,
        context=Context(user_id=hass_read_only_user.id),
    )
    assert not device.truth()["mining"]


@pytest.mark.parametrize("make", ["whatsminer"])
async def test_nothing_dangerous_without_a_confirmation(
    hass: HomeAssistant, device: SimulatedMiner
) -> None:
    """Not ticked is not done."""
    miner = Miner(hass, device, await add_through_flow(hass, device))
    found = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    before = device.truth()["writes"]
    examples: dict[str, dict[str, Any]] = {
        "update_firmware": {"path": "/etc/passwd"},
        "set_network": {"dhcp": True},
        "restore_stock": {},
        "factory_reset": {},
        "set_advanced_settings": EXAMPLES["set_advanced_settings"],
        "reset_advanced_settings": {},
    }
    for name in DANGEROUS - UNDONE_FROM_HERE:
        with pytest.raises(ServiceValidationError) as error:
            await hass.services.async_call(
                DOMAIN, name, {"device_id": found[0].id, **examples[name]}, blocking=True
            )
        assert error.value.translation_key == "confirmation_needed"
    assert device.truth()["writes"] == before


@pytest.mark.parametrize("make", ["whatsminer"])
@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "{folder}/../secret.bin", "secret.bin", "/proc/self/environ", "", "\0", "~/x"],
)
async def test_paths_that_lead_out(
    hass: HomeAssistant, device: SimulatedMiner, tmp_path: Path, path: str
) -> None:
    """Only a file in a folder that Home Assistant may read goes to a miner."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"x" * 100)
    hass.config.allowlist_external_dirs = {str(folder)}
    miner = Miner(hass, device, await add_through_flow(hass, device))
    found = dr.async_entries_for_config_entry(dr.async_get(hass), miner.entry.entry_id)
    before = device.truth()["writes"]
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            DOMAIN,
            "update_firmware",
            {"device_id": found[0].id, "path": path.format(folder=folder), "confirm": True},
            blocking=True,
        )
    assert device.truth()["writes"] == before


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a b", "http://", "http://[::1", "host\r\nX-Injected: 1", "host\0", "-",
        "user:secret@", "a" * 300, "host:99999", "host:-1", "$(reboot)", "../../etc", "%2e%2e/",
    ],
)  # fmt: skip
async def test_host_names_that_are_none(hass: HomeAssistant, text: str) -> None:
    """They are refused in the form, or are a plain host; nothing of them gets further."""
    address = typed_address(text)
    if address is not None:
        host, _ = address
        assert not set(host) & set("\r\n\0 /@$()%")
        return
    assert await async_setup_component(hass, DOMAIN, {})
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    step = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"host": text, "advanced": {"port": 4028}}
    )
    assert step["type"] is FlowResultType.FORM
    assert step["errors"] == {"host": "invalid_host"}


@MAKES
async def test_a_stranger_gets_no_password_of_a_whatsminer(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock, make: str
) -> None:
    """What is sent to find out who is there carries no credentials, whichever make it is."""
    sent: list[bytes] = []

    class Listening(Body):
        """Keeps what is asked."""

        @override
        async def deliver(self, delivery: Delivery) -> None:
            """Note the request."""
            sent.append(delivery.request)
            delivery.writer.write(delivery.reply)

    async with Gate(device, http=make == "braiins") as gate:
        await gate.go(Listening(lambda body: body))
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        step = await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"host": gate.host, "advanced": {"port": gate.port}}
        )
        assert step["step_id"] == "credentials"
        text = b"".join(sent)
        assert sent
        for word in (b"password", b"token", b"Authorization", device.password.encode()):
            assert word not in text

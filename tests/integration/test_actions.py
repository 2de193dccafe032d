"""Actions: what is ordered happens, and who may not or does not mean it is refused."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.asic_miner import miner_entry, moving
from custom_components.asic_miner.action import Action
from custom_components.asic_miner.connect import async_client_for
from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners.client import MinerClient
from custom_components.asic_miner.miners.models import Feature
from custom_components.asic_miner.services import ACTIONS
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

NEW_POOLS = [
    {"url": "stratum+tcp://one.example.com:3333", "user": "owner.a", "password": "x"},
    {"url": "stratum+tcp://two.example.com:3333", "user": "owner.b", "password": ""},
]
EXAMPLES: dict[str, dict[str, object]] = {
    "set_pools": {"pools": NEW_POOLS},
    "set_power_percent": {"percent": 50},
    "set_power": {"watts": 2000},
    "set_led": {"colour": "red"},
    "get_customer_message": {"key": "place"},
    "set_customer_message": {"key": "place", "message": "garage"},
    "set_syslog": {"host": "192.168.1.10"},
    "change_password": {"new_password": "new_1"},
    "set_hostname": {"hostname": "garage"},
    "set_network": {"dhcp": True},
    "apply_contract_key": {"contract_key": "key"},
    "set_advanced_settings": {"settings": {}},
    "update_firmware": {"path": "/nowhere/firmware.bin"},
    "change_power_target": {"change": -100},
    "change_hashrate_target": {"change": -1},
}


def device_id(miner: Miner) -> str:
    """Return what an action takes to know the miner."""
    device = dr.async_get(miner.hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    return device.id


async def act(miner: Miner, name: str, **data: object) -> dict[str, object]:
    """Perform an action, and return what it answers."""
    answers = miner.hass.services.supports_response(DOMAIN, name) != "none"
    answer = await miner.hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": device_id(miner), **data},
        blocking=True,
        return_response=answers,
    )
    return dict(answer or {})


def writes(device: SimulatedMiner) -> int:
    """Return how many writes the device has taken."""
    return int(device.truth()["writes"] or 0)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
async def test_only_who_may(
    hass: HomeAssistant,
    hass_read_only_user: MockUser,
    whatsminer: WhatsminerSimulator,
    add_miner: AddMiner,
    action: Action,
) -> None:
    """What can redirect, cut off or empty a miner is for administrators."""
    miner = await add_miner(whatsminer)
    before = writes(whatsminer)
    call = {"device_id": device_id(miner), **EXAMPLES.get(action.name, {})}
    answers = hass.services.supports_response(DOMAIN, action.name) != "none"
    if action.admin:
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                action.name,
                call,
                blocking=True,
                return_response=answers,
                context=Context(user_id=hass_read_only_user.id),
            )
        assert writes(whatsminer) == before
    else:
        assert action.name in {
            "change_hashrate_target",
            "change_power_target",
            "get_customer_message",
            "get_profiles",
            "set_led",
            "set_power",
            "set_power_percent",
        }


@pytest.mark.parametrize(
    "action", [one for one in ACTIONS if one.confirm], ids=lambda action: action.name
)
async def test_only_if_meant(device: SimulatedMiner, add_miner: AddMiner, action: Action) -> None:
    """What cannot be undone needs a confirmation, and without it nothing is sent."""
    miner = await add_miner(device)
    before = writes(device)
    with pytest.raises(ServiceValidationError) as error:
        await act(miner, action.name, **EXAMPLES.get(action.name, {}))
    assert error.value.translation_key == "confirmation_needed"
    assert writes(device) == before


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
async def test_a_miner_that_is_not_loaded(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, action: Action
) -> None:
    """The action is there all the same, and says what is wrong."""
    miner = await add_miner(whatsminer)
    await miner.hass.config_entries.async_unload(miner.entry.entry_id)
    with pytest.raises(ServiceValidationError) as error:
        await act(miner, action.name, **EXAMPLES.get(action.name, {}))
    assert error.value.translation_key == "service_config_entry_not_loaded"


async def test_pools(device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner) -> None:
    """New pools hold, are shown, and no answer tells a password."""
    miner = await add_miner(device)
    await act(miner, "set_pools", pools=NEW_POOLS)
    clock.advance(120)
    assert str(device.truth()["pools"]).count("example.com") == 2
    answer = await act(miner, "get_pools")
    groups = answer["groups"]
    assert isinstance(groups, list)
    assert [(pool["url"], pool["user"]) for group in groups for pool in group["pools"]] == [
        (pool["url"], pool["user"]) for pool in NEW_POOLS
    ]
    assert "password" not in str(answer)


async def test_a_pool_without_its_password_is_refused(
    device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """No password is ever made up."""
    miner = await add_miner(device)
    before = device.truth()["pools"], writes(device)
    with pytest.raises(ServiceValidationError, match="password"):
        await act(
            miner, "set_pools", pools=[{"url": "stratum+tcp://a.example.com:1", "user": "me"}]
        )
    assert (device.truth()["pools"], writes(device)) == before


async def test_a_refusal_is_in_the_users_language(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """What we say ourselves has no word of English in it."""
    miner = await add_miner(whatsminer)
    with pytest.raises(ServiceValidationError) as error:
        await act(
            miner, "set_pools", pools=[{"url": "stratum+tcp://a.example.com:1", "user": "me"}]
        )
    key, told = error.value.translation_key, error.value.translation_placeholders
    texts = await async_get_translations(hass, "de", "exceptions", {"asic_miner"})
    name = miner.entry.title
    assert texts[f"component.asic_miner.exceptions.{key}.message"].format(**told or {}) == (
        f"Es fehlt das Passwort von Pool 1. {name} verrät vorhandene Passwörter nicht,"
        " daher muss jedes angegeben werden."
    )


async def test_a_group_without_pools_is_refused(
    braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """A name that no pool gives is a mistake."""
    miner = await add_miner(braiins)
    with pytest.raises(ServiceValidationError) as error:
        await act(miner, "set_pools", pools=NEW_POOLS, groups=[{"name": "other", "quota": 1}])
    assert error.value.translation_key == "empty_pool_group"


async def test_shedding_is_fast_and_then_made_good(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """The fast form reaches the miner at once, and the normal one follows by itself."""
    miner = await add_miner(whatsminer)
    await act(miner, "set_power_percent", percent=50, fast=True)
    clock.advance(2)
    whatsminer.refresh()
    assert float(whatsminer.truth()["power"] or 0) < 2100
    sent = writes(whatsminer)
    clock.advance(15)
    await miner.poll()
    await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert writes(whatsminer) == sent + 1
    for _ in range(3):
        clock.advance(15)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)
    # Once and not again.
    assert writes(whatsminer) == sent + 1
    clock.advance(600)
    await miner.poll()
    assert miner.number("power_percent") == 50
    assert whatsminer.truth()["mining_restarts"] == 0


async def test_shedding_starts_nothing(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Less power for a miner that is off is no order to start, now or later."""
    miner = await add_miner(whatsminer)
    await miner.entry.runtime_data.async_user_mining(False)
    clock.advance(60)
    await miner.poll()
    assert whatsminer.truth()["mining"] is False
    with pytest.raises(HomeAssistantError):
        await act(miner, "set_power_percent", percent=50, fast=True)
    # Longer than a miner has to stay off, after which the guard would start it.
    for _ in range(60):
        clock.advance(15)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert whatsminer.truth()["mining"] is False


async def test_less_while_ramping_up(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Downward is always allowed, upward waits, and the miner gets there in the end."""
    miner = await add_miner(whatsminer)
    await miner.call("button.press", "restart_mining")
    clock.advance(120)
    await miner.poll()
    assert miner.state("state") == "starting"
    await act(miner, "set_power_percent", percent=60)
    assert miner.state("power_percent") != "60.0"
    for _ in range(20):
        clock.advance(120)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert miner.state("state") == "mining"
    assert miner.number("power_percent") == 60
    assert miner.number("power") == pytest.approx(0.6 * 3441, rel=0.05)


async def test_watts_while_ramping_up(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """They are given once more when mining has settled, by the same command."""
    miner = await add_miner(whatsminer)
    await miner.call("button.press", "restart_mining")
    clock.advance(120)
    await miner.poll()
    await act(miner, "set_power", watts=1500)
    for _ in range(20):
        clock.advance(120)
        await miner.poll()
        await miner.hass.async_block_till_done(wait_background_tasks=True)
    assert miner.state("state") == "mining"
    assert whatsminer.commands.count("set_power") == 2
    assert miner.number("power") == pytest.approx(1500, rel=0.05)


async def test_password_here_and_there(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Both know the new one, and it works at once and after a restart."""
    miner = await add_miner(device)
    await act(miner, "change_password", new_password="other_1")
    assert device.password == "other_1"
    assert miner.entry.data["password"] == "other_1"
    await miner.call("switch.turn_on", "locate")
    assert await miner.hass.config_entries.async_reload(miner.entry.entry_id)
    await miner.call("switch.turn_off", "locate")


async def test_password_that_the_miner_does_not_take(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """Neither changes."""
    miner = await add_miner(whatsminer)
    for bad in ("far too long", "ümlaut", ""):
        with pytest.raises(ServiceValidationError):
            await act(miner, "change_password", new_password=bad)
    assert miner.entry.data["password"] == whatsminer.password == "miner_01"


NEW_ADDRESS = "192.168.77.5"
"""Where the miner is told to be; the simulators of a test live on loopback only."""


@pytest.fixture
def new_port(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> int:
    """Where the home network's new address is for the test: at another port of ours."""

    async def routed(hass: HomeAssistant, data: Mapping[str, Any]) -> MinerClient:
        if data["host"] == NEW_ADDRESS:
            data = {**data, "host": "127.0.0.1", "port": unused_tcp_port}
        return await async_client_for(hass, data)

    monkeypatch.setattr(moving, "async_client_for", routed)
    monkeypatch.setattr(miner_entry, "async_client_for", routed)
    return unused_tcp_port


async def test_moving_to_a_new_address(
    whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner, new_port: int
) -> None:
    """The entry follows the miner when it is there, and not before."""
    miner = await add_miner(whatsminer)
    entity = miner.entity_id("power")

    async def moves(_seconds: float) -> None:
        if whatsminer.port != new_port:
            await whatsminer.unplug()
            whatsminer.port = new_port
            await whatsminer.plug()
        clock.advance(60)
        # The device looks at its clock now and then.
        await asyncio.sleep(0.02)

    with patch.object(moving, "_pause", moves):
        await act(
            miner,
            "set_network",
            address=NEW_ADDRESS,
            gateway="192.168.77.1",
            hostname="garage",
            confirm=True,
        )
    await miner.hass.async_block_till_done()
    assert miner.entry.data["host"] == NEW_ADDRESS
    await miner.poll()
    assert miner.number("power") >= 0
    assert miner.entity_id("power") == entity


@pytest.mark.usefixtures("new_port")
async def test_not_found_at_the_new_address(
    whatsminer: WhatsminerSimulator, add_miner: AddMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry stays where it was, and the user learns what to do."""
    monkeypatch.setattr(moving, "FOLLOW_SECONDS", 0.0)
    miner = await add_miner(whatsminer)
    with pytest.raises(HomeAssistantError) as error:
        await act(
            miner,
            "set_network",
            address=NEW_ADDRESS,
            gateway="192.168.77.1",
            hostname="garage",
            confirm=True,
        )
    assert error.value.translation_key == "not_at_new_address"
    assert miner.entry.data["host"] == "127.0.0.1"


async def test_an_address_is_needed(whatsminer: WhatsminerSimulator, add_miner: AddMiner) -> None:
    """Neither automatic nor fixed is nothing."""
    miner = await add_miner(whatsminer)
    with pytest.raises(ServiceValidationError) as error:
        await act(miner, "set_network", address=NEW_ADDRESS, confirm=True)
    assert error.value.translation_key == "address_needed"


async def test_log_as_a_file(
    hass: HomeAssistant, device: SimulatedMiner, add_miner: AddMiner, tmp_path: Path
) -> None:
    """It lies in our folder of the configuration, whole."""
    hass.config.config_dir = str(tmp_path)
    miner = await add_miner(device)
    await miner.call("switch.turn_off", "mining")
    kinds = miner.entry.runtime_data.capabilities.choices[Feature.LOGS]
    answer = await act(miner, "download_logs", kind=kinds[0])
    path = Path(str(answer["path"]))
    assert path.parent == tmp_path / "asic_miner"
    content = await hass.async_add_executor_job(path.read_bytes)
    assert len(content) > 10


async def test_a_log_replaces_no_file(
    hass: HomeAssistant,
    device: SimulatedMiner,
    add_miner: AddMiner,
    tmp_path: Path,
) -> None:
    """Neither what has its name nor, through a link of its name, anything else."""
    hass.config.config_dir = str(tmp_path)
    miner = await add_miner(device)
    hass.config_entries.async_update_entry(miner.entry, title="../../etc/passwd")
    await miner.call("switch.turn_off", "mining")
    kind = miner.entry.runtime_data.capabilities.choices[Feature.LOGS][0]
    now = datetime(2026, 11, 20, 18, tzinfo=UTC)

    async def log() -> Path:
        with patch.object(dt_util, "now", return_value=now):
            return Path(str((await act(miner, "download_logs", kind=kind))["path"]))

    path = await log()
    assert path.parent == tmp_path / "asic_miner"

    async def refused() -> None:
        with pytest.raises(HomeAssistantError) as error:
            await log()
        assert error.value.translation_key == "cannot_write_file"
        told = {"path": str(path), "reason": "File exists"}
        assert error.value.translation_placeholders == told

    path.write_text("kept")
    await refused()
    assert path.read_text() == "kept"
    for target in (path.with_name("inside"), tmp_path / "outside", tmp_path / "nothing"):
        if target.name != "nothing":
            target.write_text("kept")
        path.unlink()
        path.symlink_to(target)
        await refused()
        assert path.is_symlink()
        assert target.read_text() == "kept" if target.name != "nothing" else not target.exists()


@pytest.mark.usefixtures("all_enabled")
async def test_firmware(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    tmp_path: Path,
) -> None:
    """The miner gets the very file, its progress is told, and it comes back."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    file = tmp_path / "miner.bin"
    file.write_bytes(bytes(range(256)) * 4000)
    miner = await add_miner(whatsminer)
    steps: list[tuple[str, int]] = []
    miner.entry.runtime_data.async_listen_to_install(lambda *step: steps.append(step))
    await act(miner, "update_firmware", path=str(file), confirm=True)
    assert whatsminer.images == [file.read_bytes()]
    assert steps[0] == ("started", 0)
    assert steps[-1] == ("finished", 100)
    assert len(steps) > 4
    event = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{miner.mac}_firmware")
    assert event is not None
    state = hass.states.get(event)
    assert state is not None
    assert state.attributes["event_type"] == "finished"
    assert miner.state("state") == "restarting"
    clock.advance(600)
    await miner.until_back(clock)


@pytest.mark.parametrize(
    ("name", "key"), [("elsewhere.bin", "path_not_allowed"), ("empty.bin", "file_not_found")]
)
async def test_firmware_file_that_is_none(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    add_miner: AddMiner,
    tmp_path: Path,
    name: str,
    key: str,
) -> None:
    """Only files of allowed folders, and nothing is sent."""
    folder = tmp_path / "allowed"
    folder.mkdir()
    (folder / "empty.bin").touch()
    (tmp_path / "elsewhere.bin").write_bytes(b"1234")
    (folder / "link.bin").symlink_to(tmp_path / "elsewhere.bin")
    hass.config.allowlist_external_dirs = {str(folder)}
    miner = await add_miner(whatsminer)
    before = writes(whatsminer)
    paths = [folder / name] if key == "file_not_found" else [tmp_path / name, folder / "link.bin"]
    for path in paths:
        with pytest.raises(ServiceValidationError) as error:
            await act(miner, "update_firmware", path=str(path), confirm=True)
        assert error.value.translation_key == key
    assert writes(whatsminer) == before


async def test_what_a_make_does_not_have(
    whatsminer: WhatsminerSimulator, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """It is refused in words, and nothing is sent."""
    for device, names in (
        (whatsminer, ("change_power_target", "get_profiles", "apply_contract_key")),
        (braiins, ("set_power_percent", "set_led", "set_time_zone", "get_customer_message")),
    ):
        miner = await add_miner(device)
        before = writes(device)
        for name in names:
            with pytest.raises(ServiceValidationError) as error:
                await act(miner, name, **EXAMPLES.get(name, {}))
            assert error.value.translation_key == "unsupported"
        assert writes(device) == before


async def test_targets_in_steps(
    braiins: BraiinsSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Each call changes it once, and answers what holds then."""
    miner = await add_miner(braiins)
    before = float(braiins.truth()["power_target"] or 0)
    answer = await act(miner, "change_power_target", change=-200)
    assert answer == {"target": before - 200}
    assert braiins.truth()["power_target"] == before - 200
    with pytest.raises(ServiceValidationError) as error:
        await act(miner, "change_power_target")
    assert error.value.translation_key == "change_or_percent_needed"


async def test_notes_and_time(whatsminer: WhatsminerSimulator, add_miner: AddMiner) -> None:
    """A note comes back as it was stored; the time zone is Home Assistant's own."""
    miner = await add_miner(whatsminer)
    await act(miner, "set_customer_message", key="place", message="garage, left")
    assert await act(miner, "get_customer_message", key="place") == {"message": "garage, left"}
    await miner.hass.config.async_set_time_zone("Europe/Berlin")
    await act(miner, "set_time_zone")
    await act(miner, "set_syslog", host="192.168.1.10", port=514, protocol="tcp")
    await act(miner, "set_led", colour="green", period=500, duration=100)
    await act(miner, "set_led", colour="auto")

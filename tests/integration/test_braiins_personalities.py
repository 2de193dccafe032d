"""Which entities a miner on Braiins OS has, by model and version: all it can do, nothing else."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.wire import Version
from tests.simulators.clock import ManualClock

from .conftest import AddMiner, Miner

type Personality = tuple[str, Version]

AIR_100: Personality = ("S19j Pro", (1, 0, 0))
AIR_110: Personality = ("S19j Pro", (1, 1, 0))
AIR_130: Personality = ("S21 Pro", (1, 3, 0))
AIR_170: Personality = ("S19 XP", (1, 7, 0))
HYDRO: Personality = ("S21 Hyd", (1, 4, 0))
MINI: Personality = ("BMM 100", (1, 0, 0))
WHATSMINER: Personality = ("M30S++", (1, 3, 0))
PERSONALITIES = (AIR_100, AIR_110, AIR_130, AIR_170, HYDRO, MINI, WHATSMINER)
BUILT_BY = {MINI: "Braiins", WHATSMINER: "MicroBT"}
FANS = {HYDRO: 0, MINI: 1, WHATSMINER: 2}
TARGETS = {
    "number.power_target",
    "number.hashrate_target",
    "button.default_power_target",
    "button.default_hashrate_target",
    "select.performance_mode",
    "sensor.power_target_effective",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A personality in Home Assistant."""

    personality: Personality
    device: BraiinsSimulator
    miner: Miner
    entities: dict[str, er.RegistryEntry]
    """By platform and the rest of the unique id, also the disabled ones."""


def name(personality: Personality) -> str:
    """Name a personality in a test's id."""
    preset, rest = personality
    return f"{preset} {'.'.join(map(str, rest))}"


@pytest.fixture(params=PERSONALITIES, ids=name)
async def shown(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner, request: pytest.FixtureRequest
) -> AsyncGenerator[Shown]:
    """Each personality, added as a user does and polled once more."""
    preset, rest = request.param
    device = BraiinsSimulator(preset=preset, rest=rest, clock=clock, seed=11)
    await device.start()
    try:
        miner = await add_miner(device)
        await miner.poll(slow=True)
        found = er.async_entries_for_config_entry(er.async_get(hass), miner.entry.entry_id)
        yield Shown(
            personality=request.param,
            device=device,
            miner=miner,
            entities={
                f"{entity.domain}.{entity.unique_id.removeprefix(f'{miner.mac}_')}": entity
                for entity in found
            },
        )
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await device.stop()


async def test_entities_of_personalities(
    hass: HomeAssistant, shown: Shown, snapshot: SnapshotAssertion
) -> None:
    """The whole set: category, class, unit, ends of a range, and whether it is available.

    Those that are disabled at first are enabled for that, with a mark of their own.
    """
    registry = er.async_get(hass)
    for entity in shown.entities.values():
        assert (hass.states.get(entity.entity_id) is None) == (entity.disabled_by is not None)
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(shown.miner.entry.entry_id)
    await shown.miner.poll(slow=True)
    listed = {}
    for key, entity in sorted(shown.entities.items()):
        state = hass.states.get(entity.entity_id)
        words = [
            entity.entity_category.value if entity.entity_category else "main",
            entity.original_device_class,
            entity.unit_of_measurement,
        ]
        if entity.domain == "number" and entity.capabilities:
            words.append("{min:g} to {max:g}".format_map(entity.capabilities))
        if entity.domain == "select" and entity.capabilities:
            words.append("/".join(entity.capabilities["options"]))
        assert state is not None
        words.append("unavailable" if state.state == STATE_UNAVAILABLE else "available")
        if entity.disabled_by is not None:
            words.append("disabled at first")
        listed[key] = ", ".join(str(word) for word in words if word)
    assert listed == snapshot


async def test_targets(shown: Shown) -> None:
    """A mini miner names no range, so it has nothing that would need one."""
    has = set(shown.entities)
    if shown.personality == MINI:
        assert not has & TARGETS
        # How far scaling steps down has a range of its own.
        numbers = {key for key in has if key.startswith("number.") and "power" in key}
        assert numbers == {"number.dps_power_step"}
    else:
        assert has >= TARGETS


async def test_boards_and_fans(shown: Shown) -> None:
    """As many as there are; the only board of a miner has no switch."""
    mini = shown.personality == MINI
    boards = {key for key in shown.entities if key.startswith("sensor.board_hashrate_")}
    assert len(boards) == (1 if mini else 3)
    fans = {key for key in shown.entities if key.startswith("sensor.fan_speed")}
    assert len(fans) == FANS.get(shown.personality, 4)
    switches = {key for key in shown.entities if "hashboard" in key}
    assert bool(switches) is not mini


async def test_what_follows_from_the_version(shown: Shown) -> None:
    """Automatic upgrades from 1.1.0, faults of now from 1.7.0, water temperatures from 1.4.0."""
    _, rest = shown.personality
    features = shown.miner.entry.runtime_data.client.capabilities.features
    assert ("auto_upgrade" in features) is (rest >= (1, 1, 0))
    assert ("faults" in features) is (rest >= (1, 7, 0))
    assert ("sensor.fault" in shown.entities) is (rest >= (1, 7, 0))
    logs = shown.miner.entry.runtime_data.client.capabilities.choices["logs"]
    assert len(logs) == (5 if rest >= (1, 3, 0) else 1)
    assert ("sensor.inlet_temperature" in shown.entities) is (shown.personality != MINI)
    assert ("select.cooling_mode" in shown.entities) is (shown.personality != HYDRO)


async def test_who_built_it(hass: HomeAssistant, shown: Shown) -> None:
    """Braiins OS runs on the hardware of several makers."""
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier(
        (DOMAIN, shown.miner.mac), shown.miner.entry.entry_id
    )
    assert device is not None
    assert device.manufacturer == BUILT_BY.get(shown.personality, "Bitmain")
    assert device.model == shown.device.truth()["model"]


async def test_values_are_right(shown: Shown) -> None:
    """Of every machine in the same units, from 40 W to 5 kW."""
    truth = shown.device.truth()
    assert shown.miner.state("state") == "mining"
    for key in ("hashrate", "power"):
        assert shown.miner.number(key) == pytest.approx(float(truth[key] or 0), rel=0.05), key

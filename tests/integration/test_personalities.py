"""Which entities a WhatsMiner has, by generation and cooling: all it can do, nothing else."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

AIR_22, AIR_20, LEGACY, HYDRO, IMMERSION = "M60S", "M30S++", "M30S-2020", "M63S", "M56S"
PERSONALITIES = (AIR_22, AIR_20, LEGACY, HYDRO, IMMERSION)
BOARDS = {AIR_22: 3, AIR_20: 3, LEGACY: 3, HYDRO: 4, IMMERSION: 4}
LIQUID = {HYDRO, IMMERSION}
FAN_SETTINGS = {"switch.poweroff_cool", "switch.fan_zero_speed", "number.temp_offset"}
"""Air cooling only, since API 2.0.5."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A personality in Home Assistant."""

    preset: str
    device: WhatsminerSimulator
    miner: Miner
    entities: dict[str, er.RegistryEntry]
    """By platform and the rest of the unique id, also the disabled ones."""

    def has(self, *keys: str) -> bool:
        """Tell whether it has all of these."""
        return set(keys) <= set(self.entities)


@pytest.fixture(params=PERSONALITIES)
async def shown(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner, request: pytest.FixtureRequest
) -> AsyncGenerator[Shown]:
    """Each personality, added as a user does and polled once more."""
    device = WhatsminerSimulator(preset=request.param, clock=clock, seed=11)
    await device.start()
    try:
        miner = await add_miner(device)
        await miner.poll(slow=True)
        found = er.async_entries_for_config_entry(er.async_get(hass), miner.entry.entry_id)
        yield Shown(
            preset=request.param,
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


async def test_boards_and_fans(shown: Shown) -> None:
    """As many as there are; where a liquid flows there is no fan to speak of."""
    boards = {key for key in shown.entities if key.startswith("sensor.board_hashrate_")}
    assert len(boards) == BOARDS[shown.preset]
    fans = {key for key in shown.entities if key.startswith("sensor.fan_speed")}
    assert len(fans) == (0 if shown.preset in LIQUID else 2)
    if shown.preset in LIQUID:
        assert not [key for key in shown.entities if "fan" in key]
        assert not FAN_SETTINGS & set(shown.entities)
    elif shown.preset in {AIR_22, AIR_20}:
        assert shown.has(*FAN_SETTINGS)
    else:
        assert not FAN_SETTINGS & set(shown.entities)


async def test_what_only_hydro_has(shown: Shown) -> None:
    """Heat can be chosen where water takes it away, and its temperature read."""
    hydro = shown.preset == HYDRO
    assert shown.has("select.heat_mode") is hydro
    assert shown.has("sensor.inlet_temperature") is hydro


async def test_power_controls(hass: HomeAssistant, shown: Shown) -> None:
    """None that the firmware does not have, and none beyond what the cooling bears."""
    legacy = shown.preset == LEGACY
    assert shown.has("number.power_limit") is not legacy
    assert shown.has("select.power_mode") is not legacy
    newest = shown.preset in {AIR_22, HYDRO}
    assert shown.has("button.restore_power") is newest
    assert shown.has("switch.mine_at_startup") is newest
    percent = shown.entities.get("number.power_percent")
    assert percent is not None
    assert percent.capabilities is not None
    # Immersion would bear more as well, but only firmware from API 2.2 on takes it.
    assert percent.capabilities["max"] == (200 if shown.preset == HYDRO else 100)
    target = shown.entities.get("number.power_target")
    if target is not None and target.capabilities is not None:
        nameplate = shown.device.device.preset.nameplate.power
        most = nameplate * percent.capabilities["max"] / 100
        assert target.capabilities["max"] == pytest.approx(most, rel=0.05)


async def test_what_needs_certain_chips(shown: Shown) -> None:
    """Only the variants VK, VL and VM have it."""
    fast = shown.device.device.preset.fast_chips
    assert shown.has("switch.fast_mining") is fast


async def test_every_personality_mines(shown: Shown) -> None:
    """And says so in the same words, whatever the firmware's own are."""
    assert shown.miner.state("mining") == "on"
    assert shown.miner.state("state") == "mining"
    expected = shown.device.device.preset.nameplate.hashrate
    assert shown.miner.number("hashrate") == pytest.approx(expected, rel=0.1)

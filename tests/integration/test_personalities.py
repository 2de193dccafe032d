"""Which entities a WhatsMiner has, by generation and cooling: all it can do, nothing else."""

from collections.abc import AsyncGenerator

from homeassistant.core import HomeAssistant
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from . import personality
from .conftest import AddMiner

AIR_22, AIR_20, LEGACY, HYDRO, IMMERSION = "M60S", "M30S++", "M30S-2020", "M63S", "M56S"
PERSONALITIES = (AIR_22, AIR_20, LEGACY, HYDRO, IMMERSION)
BOARDS = {AIR_22: 3, AIR_20: 3, LEGACY: 3, HYDRO: 4, IMMERSION: 4}
LIQUID = {HYDRO, IMMERSION}
FAN_SETTINGS = {"switch.poweroff_cool", "switch.fan_zero_speed", "number.temp_offset"}
"""Air cooling only, since API 2.0.5."""


type Shown = personality.Shown[str, WhatsminerSimulator]


@pytest.fixture(params=PERSONALITIES)
async def shown(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner, request: pytest.FixtureRequest
) -> AsyncGenerator[Shown]:
    """Each personality, added as a user does and polled once more."""
    device = WhatsminerSimulator(preset=request.param, clock=clock, seed=11)
    async with personality.showing(hass, add_miner, request.param, device) as shown:
        yield shown


async def test_entities_of_personalities(
    hass: HomeAssistant, shown: Shown, snapshot: SnapshotAssertion
) -> None:
    """The whole set, also those that are disabled at first."""
    assert await personality.listed(hass, shown) == snapshot


async def test_few_at_first(shown: Shown) -> None:
    """Besides the controls."""
    personality.few_at_first(shown)


async def test_boards_and_fans(shown: Shown) -> None:
    """As many as there are; where a liquid flows there is no fan to speak of."""
    boards = {key for key in shown.entities if key.startswith("sensor.board_hashrate_")}
    assert len(boards) == BOARDS[shown.personality]
    fans = {key for key in shown.entities if key.startswith("sensor.fan_speed")}
    assert len(fans) == (0 if shown.personality in LIQUID else 2)
    if shown.personality in LIQUID:
        assert not [key for key in shown.entities if "fan" in key]
        assert not FAN_SETTINGS & set(shown.entities)
    elif shown.personality in {AIR_22, AIR_20}:
        assert shown.has(*FAN_SETTINGS)
    else:
        assert not FAN_SETTINGS & set(shown.entities)


async def test_what_only_hydro_has(shown: Shown) -> None:
    """Heat can be chosen where water takes it away, and its temperature read."""
    hydro = shown.personality == HYDRO
    assert shown.has("select.heat_mode") is hydro
    assert shown.has("sensor.inlet_temperature") is hydro


async def test_power_controls(hass: HomeAssistant, shown: Shown) -> None:
    """None that the firmware does not have, and none beyond what the cooling bears."""
    legacy = shown.personality == LEGACY
    assert shown.has("number.power_limit") is not legacy
    assert shown.has("select.power_mode") is not legacy
    newest = shown.personality in {AIR_22, HYDRO}
    assert shown.has("button.restore_power") is newest
    assert shown.has("switch.mine_at_startup") is newest
    percent = shown.entities.get("number.power_percent")
    assert percent is not None
    assert percent.capabilities is not None
    # Immersion would bear more as well, but only firmware from API 2.2 on takes it.
    assert percent.capabilities["max"] == (200 if shown.personality == HYDRO else 100)
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

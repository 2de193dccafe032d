"""Which entities a miner on Braiins OS has, by model and version: all it can do, nothing else."""

from collections.abc import AsyncGenerator

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.asic_miner.const import DOMAIN
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.wire import Version
from tests.simulators.clock import ManualClock

from . import personality
from .conftest import AddMiner

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


type Shown = personality.Shown[Personality, BraiinsSimulator]


def name(one: Personality) -> str:
    """Name a personality in a test's id."""
    preset, rest = one
    return f"{preset} {'.'.join(map(str, rest))}"


@pytest.fixture(params=PERSONALITIES, ids=name)
async def shown(
    hass: HomeAssistant, clock: ManualClock, add_miner: AddMiner, request: pytest.FixtureRequest
) -> AsyncGenerator[Shown]:
    """Each personality, added as a user does and polled once more."""
    preset, rest = request.param
    device = BraiinsSimulator(preset=preset, rest=rest, clock=clock, seed=11)
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

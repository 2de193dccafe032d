"""Cooling modes, fan speeds and temperatures of whole simulated machines."""

import copy

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    Reason,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature
from tests.miners.reasons import because
from tests.simulators.braiins import PRESETS, BraiinsSimulator, Fault
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node
from tests.simulators.clock import ManualClock

from .machines import TEMPERATURES


@pytest.mark.parametrize("preset", ["S19j Pro", "S21 Pro", "BMM 101", "S19 XP"])
async def test_cooling_mode_keeps_temperatures_and_fans(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """Through all modes and back to where it was, fans included."""
    before = await plain.get("configuration/miner")
    auto = copy.deepcopy(before["temperature"]["mode"]["auto"])
    shared = {name: auto[name] for name in auto if name.endswith("_temperature")}
    for mode, members in {
        "immersion": shared,
        "manual": shared
        | {
            "fan_speed_ratio": 1.0,
            "minimum_required_fans": 2,
            "pause_mode": auto["pause_mode"],
        },
        "auto": auto,
    }.items():
        await client.set_setting(Feature.COOLING_MODE, mode)
        stored = await plain.get("configuration/miner")
        assert stored["temperature"]["mode"] == {mode: members}
        assert {name: stored[name] for name in stored if name != "temperature"} == {
            name: before[name] for name in before if name != "temperature"
        }
        clock.advance(600)
        assert (await client.read(slow=True)).settings[Feature.COOLING_MODE] == mode
    assert await plain.get("configuration/miner") == before
    assert miner.writes == 3
    assert miner.truth()["mining_restarts"] == 3


async def test_manual_speed_is_kept(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """A temperature changed in manual mode leaves the fans as they are; so do modes between."""
    manual: Node = {
        "fan_speed_ratio": 0.6,
        "minimum_required_fans": 3,
        "pause_mode": {"mode": {"auto": {}}},
        "target_temperature": None,
        "hot_temperature": {"degree_c": 85.0},
        "dangerous_temperature": {"degree_c": 95.0},
    }
    miner.device.settings.cooling = {"manual": copy.deepcopy(manual)}
    await client.set_setting(Feature.HOT_TEMPERATURE, 90)
    manual["hot_temperature"] = {"degree_c": 90}
    assert (await plain.get("configuration/miner"))["temperature"]["mode"] == {"manual": manual}
    clock.advance(600)
    settings = (await client.read(slow=True)).settings
    assert settings[Feature.TARGET_TEMPERATURE] == 58
    for mode in ("immersion", "manual"):
        await client.set_setting(Feature.COOLING_MODE, mode)
        clock.advance(600)
    assert (await plain.get("configuration/miner"))["temperature"]["mode"] == {"manual": manual}


async def test_disabled_cooling(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient
) -> None:
    """It is no choice and has no temperatures, and can be left."""
    miner.device.settings.cooling = {"disabled": {"fan_speed_ratio": 0.5}}
    settings = (await client.read(slow=True)).settings
    assert not settings.keys() & (TEMPERATURES | {Feature.COOLING_MODE})
    for feature in TEMPERATURES:
        with pytest.raises(InvalidValueError, check=because(Reason.COOLING_OFF)):
            await client.set_setting(feature, 70)
    why = because(Reason.NOT_A_CHOICE, choices="auto, manual, immersion")
    with pytest.raises(InvalidValueError, check=why):
        await client.set_setting(Feature.COOLING_MODE, "disabled")
    assert miner.writes == 0
    await client.set_setting(Feature.COOLING_MODE, "auto")
    assert "auto" in (await plain.get("configuration/miner"))["temperature"]["mode"]


@pytest.mark.parametrize("preset", ["S21 Hyd"])
@pytest.mark.parametrize("mode", ["auto", "manual", "immersion", "hydro"])
async def test_hydro_stays_hydro(mode: str, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Without water there is nothing that cools it."""
    kind: type[MinerError] = UnsupportedError
    why = because(Reason.ONLY_LIQUID)
    if mode == "hydro":
        kind, why = (
            InvalidValueError,
            because(Reason.NOT_A_CHOICE, choices="auto, manual, immersion"),
        )
    with pytest.raises(kind, check=why):
        await client.set_setting(Feature.COOLING_MODE, mode)
    assert miner.writes == 0


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    ("feature", "value", "place"),
    [
        (Feature.TARGET_TEMPERATURE, 88, "target"),
        (Feature.TARGET_TEMPERATURE, 99, "target"),
        (Feature.HOT_TEMPERATURE, 98, "hot"),
        (Feature.HOT_TEMPERATURE, 50, "hot"),
        (Feature.DANGEROUS_TEMPERATURE, 88, "dangerous"),
        (Feature.DANGEROUS_TEMPERATURE, 0, "dangerous"),
    ],
)
async def test_temperatures_rise(
    feature: Feature, value: float, place: str, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Target below hot below dangerous, in words that say so."""
    settings = (await client.read(slow=True)).settings
    would_be = {
        "target": f"{settings[Feature.TARGET_TEMPERATURE]:g}",
        "hot": f"{settings[Feature.HOT_TEMPERATURE]:g}",
        "dangerous": f"{settings[Feature.DANGEROUS_TEMPERATURE]:g}",
        place: str(value),
    }
    why = because(Reason.TEMPERATURES_ORDER, **would_be)
    with pytest.raises(InvalidValueError, match="below the hot", check=why):
        await client.set_setting(feature, value)
    assert miner.writes == 0


async def test_temperature_that_is_not_known(
    miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """The others are compared all the same, and what is not known is not made up."""
    miner.device.settings.cooling = {
        "manual": {"fan_speed_ratio": 0.5, "dangerous_temperature": {"degree_c": 95.0}}
    }
    miner.faults.set(
        "configuration/constraints", Fault(replace={"cooling_constraints.hot_temperature": {}})
    )
    why = because(Reason.TEMPERATURES_ORDER, target="95", hot="?", dangerous="95")
    with pytest.raises(InvalidValueError, check=why):
        await client.set_setting(Feature.TARGET_TEMPERATURE, 95)
    assert miner.writes == 0


async def test_cooling_mode_of_the_future(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """A mode we do not know is not replaced by one we know."""
    miner.faults.set(
        "configuration/miner", Fault(replace={"temperature.mode": {"freezing": {"depth": 3}}})
    )
    assert Feature.COOLING_MODE not in (await client.read(slow=True)).settings
    for feature, value in ((Feature.COOLING_MODE, "manual"), (Feature.HOT_TEMPERATURE, 80)):
        with pytest.raises(UnsupportedError):
            await client.set_setting(feature, value)
    assert miner.writes == 0

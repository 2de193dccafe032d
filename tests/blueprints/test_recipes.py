"""Every example of the page about other energy managers, loaded and obeyed by simulated miners."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
import re

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner

from .conftest import House

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
RECIPES: Mapping[str, str] = dict(
    re.findall(r"<!-- recipe: (\w+) -->\n```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
)
NAMES = {
    "switch.garage_miner": "mining",
    "number.garage_miner_power_target": "power_target",
    "sensor.garage_miner_power": "power",
}
"""Entities of the examples, and the keys that they stand for; long names are replaced first."""


async def cook(hass: HomeAssistant, recipe: str, miner: Miner | None = None) -> None:
    """Set up what a recipe says, with the entities of a miner in place of the page's."""
    text = RECIPES[recipe]
    for name in sorted(NAMES, key=len, reverse=True):
        if miner:
            text = text.replace(name, miner.entity_id(NAMES[name]))
    loaded = parse_yaml(text)
    assert isinstance(loaded, dict)
    for domain, config in loaded.items():
        assert await async_setup_component(hass, domain, {domain: config}), domain
    await hass.async_block_till_done()


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity of the recipe."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


def drawn(device: SimulatedMiner) -> float:
    """Return what the miner draws in W."""
    return float(device.truth()["power"] or 0)


def test_all_examples_are_tried() -> None:
    """What stands on the page as YAML is tried below, all of it."""
    assert set(RECIPES) == {"evcc", "emhass", "cheapest", "thermostat"}
    assert PAGE.read_text("utf-8").count("```yaml") == len(RECIPES)


async def test_amps_for_evcc(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """Amps become watts within the range of the miner, and the states are those of a charger."""
    hass = house.hass
    miner = await add_miner(device)
    await house.minutes(30)
    await cook(hass, "evcc", miner)
    assert shown(hass, "sensor.garage_miner_charging_status") == "C"
    before = drawn(device)
    full = float(shown(hass, "number.garage_miner_current"))
    assert full == pytest.approx(miner.number("power_target") / 230, abs=0.06)

    half = round(full / 2, 1)
    await hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": "number.garage_miner_current", "value": half},
        blocking=True,
    )
    await house.minutes(20)
    assert drawn(device) == pytest.approx(half * 230, rel=0.1)
    assert drawn(device) < before

    state = hass.states.get("number.garage_miner_current")
    assert state is not None
    for end, limit in (("min", "min"), ("max", "max")):
        await hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": "number.garage_miner_current", "value": state.attributes[end]},
            blocking=True,
        )
        target = hass.states.get(miner.entity_id("power_target"))
        assert target is not None
        assert house.orders[-1] == (
            "number.set_value",
            miner.entity_id("power_target"),
            pytest.approx(target.attributes[limit], abs=23),
        )

    await miner.call("switch.turn_off", "mining")
    await house.minutes(5)
    assert shown(hass, "sensor.garage_miner_charging_status") == "B"
    await device.unplug()
    await house.minutes(5)
    assert shown(hass, "sensor.garage_miner_charging_status") == "A"


async def test_plan_of_emhass(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """The plan is obeyed, a plan below the smallest draw is a pause, and silence is one, too."""
    hass = house.hass
    miner = await add_miner(device)
    await house.minutes(30)
    await cook(hass, "emhass", miner)
    plan = "sensor.p_deferrable0"

    async def says(watts: float, minutes: float) -> None:
        for _ in range(round(minutes / 5)):
            await house.show(plan, watts, unit_of_measurement="W")
            await house.minutes(5)

    await says(2000, 20)
    assert drawn(device) == pytest.approx(2000, rel=0.1)
    await says(300, 20)
    assert device.truth()["mining"] is False
    await says(2500, 50)
    assert device.truth()["mining"] is True
    assert drawn(device) == pytest.approx(2500, rel=0.1)
    # It dies; its last word stands in Home Assistant for ever.
    await house.minutes(70)
    assert shown(hass, plan) == "2500"
    assert device.truth()["mining"] is False


async def test_simple_thermostat(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """Home Assistant's own thermostat heats with the switch, and keeps its shortest times."""
    hass = house.hass
    miner = await add_miner(device)
    await house.minutes(20)
    await house.show("sensor.workshop_temperature", 19)
    await cook(hass, "thermostat", miner)

    async def room(temperature: float, minutes: float) -> None:
        await house.show("sensor.workshop_temperature", temperature)
        await house.minutes(minutes)

    async def mode(hvac_mode: str) -> None:
        await hass.services.async_call(
            "climate",
            "set_hvac_mode",
            {"entity_id": "climate.workshop", "hvac_mode": hvac_mode},
            blocking=True,
        )

    await mode("heat")
    await room(20, 20)
    assert device.truth()["mining"] is False
    await room(18, 20)
    assert device.truth()["mining"] is True
    await mode("off")
    await room(10, 20)
    assert device.truth()["mining"] is False


@pytest.mark.parametrize("expected_lingering_timers", [True])  # sensors by YAML never end
async def test_cheapest_hours(
    hass: HomeAssistant, house: House, freezer: FrozenDateTimeFactory
) -> None:
    """Four of the day's hours are cheap, told by what Nord Pool's own action answers."""
    start = dt_util.start_of_local_day()
    prices = [(hour * 7) % 24 / 10 for hour in range(24)]
    asked: list[ServiceCall] = []

    def answer(call: ServiceCall) -> dict[str, object]:
        asked.append(call)
        return {
            "SE3": [
                {
                    "start": dt_util.as_utc(start + timedelta(hours=hour)).isoformat(),
                    "end": dt_util.as_utc(start + timedelta(hours=hour + 1)).isoformat(),
                    "price": price,
                }
                for hour, price in enumerate(prices)
            ]
        }

    hass.services.async_register(
        "nordpool",
        "get_price_indices_for_date",
        answer,  # type: ignore[arg-type] # JSON, told more loosely than it is
        supports_response=SupportsResponse.ONLY,
    )
    await cook(hass, "cheapest")
    seen: list[int] = []
    begin = dt_util.now()
    for _ in range(24):
        freezer.tick(timedelta(hours=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        if shown(hass, "binary_sensor.cheapest_four_hours") == "on":
            seen.append(dt_util.now().hour)
    assert asked[0].data["resolution"] == 60
    today = [hour for hour in range(24) if prices[hour] in sorted(prices)[:4]]
    after_begin = [hour for hour in today if hour > begin.hour]
    assert [hour for hour in seen if hour > begin.hour] == after_begin
    assert after_begin
    assert er.async_get(hass).async_get("binary_sensor.cheapest_four_hours")

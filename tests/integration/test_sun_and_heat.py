"""The example of docs/heating.md: a room that is heated by the sun alone, and not too much."""

from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest

from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner
from .house import HOUSE_WATTS, House, house_with

PAGE = Path(__file__).parents[2] / "docs" / "heating.md"
ROOM = "sensor.office_temperature"
AUTOMATION = "automation.the_office_is_warm_enough"
TEN_MINUTES = 600.0
SUN = 2500.0
COLD, WARM = 19.0, 22.0


def example() -> dict[str, Any]:
    """Return the only example of the page, loaded."""
    _, _, rest = PAGE.read_text("utf-8").partition("<!-- recipe: sun and heat -->\n```yaml\n")
    assert rest.count("```yaml") == 0
    found = parse_yaml(rest.partition("```")[0])
    assert isinstance(found, dict)
    return found


class Office:
    """A house whose miner stands in an office."""

    def __init__(self, house: House) -> None:
        """Begin with a sunny day."""
        self.house = house
        self.most_bought = 0.0
        house.solar = HOUSE_WATTS + SUN
        house.seen = self.look

    def look(self) -> None:
        """Note what is bought, plan for plan."""
        self.most_bought = max(self.most_bought, self.house.grid)

    async def stays(self, temperature: float, minutes: int) -> None:
        """Have the room be so warm for a while."""
        self.house.say(ROOM, temperature, unit_of_measurement="°C")
        await self.look_on(minutes)

    async def look_on(self, minutes: int) -> None:
        """Have the automation look at what the sensor says, while time passes."""
        hass = self.house.hass
        for _ in range(minutes // 10):
            await hass.services.async_call(
                "automation",
                "trigger",
                {"entity_id": AUTOMATION, "skip_condition": False},
                blocking=True,
            )
            await self.house.live(TEN_MINUTES)

    @property
    def mining(self) -> bool:
        """Whether the miner really mines."""
        return self.house.miners[0].device.truth()["mining"] is True


@pytest.fixture
async def office(
    hass: HomeAssistant, clock: ManualClock, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> Office:
    """A controller in its first mode, and the automation as it stands on the page."""
    house = await house_with(hass, clock, add_miner, whatsminer)
    config = example()
    miner = house.miners[0].entity_id("mining")
    [automation] = config["automation"]
    [action] = automation["actions"]
    named = action["data"]["device_id"]
    assert "switch.office_miner" in named
    action["data"]["device_id"] = named.replace("switch.office_miner", miner)
    office = Office(house)
    await house.add()
    assert await async_setup_component(hass, "automation", config)
    # Its conditions and actions are tried; when it looks is not left to the clock on the wall.
    assert hass.states.is_state(AUTOMATION, "on")
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": AUTOMATION}, blocking=True
    )
    return office


async def test_a_warm_room_pauses_and_a_cold_one_follows_the_sun(office: Office) -> None:
    """Off while it is warm, by the sun alone while it is cold, and off without sun."""
    house = office.house
    await office.stays(COLD, 30)
    assert house.drawn == pytest.approx(SUN, abs=150)
    await office.stays(WARM, 30)
    assert not office.mining
    # The longest pause is over half an hour after the last look at a warm room.
    await office.stays(WARM, 60)
    assert not office.mining
    await office.stays(COLD, 60)
    assert office.mining
    assert house.drawn == pytest.approx(SUN, abs=150)

    office.most_bought = 0.0
    await office.stays(COLD, 30)
    assert office.most_bought < 150
    house.solar = 0.0
    await office.stays(COLD, 60)
    assert not office.mining
    await office.stays(COLD, 30)
    assert not office.mining


async def test_a_sensor_that_is_gone_leaves_the_miner_to_the_sun(office: Office) -> None:
    """Nobody pauses it for a number that nobody tells."""
    await office.stays(WARM, 20)
    assert not office.mining
    office.house.say(ROOM, "unavailable")
    await office.look_on(60)
    assert office.mining

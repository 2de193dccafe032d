"""A found block is told once, whatever the sensor and Home Assistant go through meanwhile."""

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState
import pytest

from .conftest import MEMORY, House
from .told import Told

BLOCKS = "sensor.pool_blocks_found"


class Finds(Told):
    """What has been told."""

    @property
    def numbers(self) -> list[object]:
        """How many blocks each of them told of, and how many there were then."""
        return [(find["found"], find["blocks"]) for find in self.told]


TELL = {
    "event": "told",
    "event_data": {name: f"{{{{ {name} }}}}" for name in ("title", "message", "found", "blocks")},
}


async def begin(house: House) -> Finds:
    """Watch the sensor of a pool."""
    await house.automate("block_found", block_sensor=BLOCKS, memory=MEMORY, tell=[TELL])
    return Finds(house.hass)


async def test_a_block_is_told(house: House) -> None:
    """In words, and not that there have been some before."""
    finds = await begin(house)
    await house.show(BLOCKS, 2, friendly_name="Pool Blocks found")
    assert (finds.numbers, house.memory) == ([], "2")
    await house.show(BLOCKS, 3, friendly_name="Pool Blocks found")
    assert finds.told == [
        {
            "title": "Block found",
            "message": "Pool Blocks found: a new block, 3 in all.",
            "found": 1,
            "blocks": 3,
        }
    ]
    # The same number again, or another attribute, is no other block.
    await house.show(BLOCKS, 3, friendly_name="Blocks")
    await house.show(BLOCKS, "5.0", friendly_name="Blocks")
    assert finds.numbers == [(1, 3), (2, 5)]
    assert finds.told[1]["message"] == "Blocks: 2 new blocks, 5 in all."


@pytest.mark.parametrize("gap", [STATE_UNAVAILABLE, STATE_UNKNOWN, "0", "nonsense"])
async def test_a_pool_that_does_not_answer(house: House, gap: str) -> None:
    """It tells nothing when it is back, but what has been found meanwhile."""
    finds = await begin(house)
    for state in (2, gap, 2, gap):
        await house.show(BLOCKS, state)
        await house.minutes(20)
    assert (finds.numbers, house.memory) == ([], "2")
    await house.show(BLOCKS, 3)
    assert finds.numbers == [(1, 3)]


async def test_a_counter_that_begins_anew(house: House) -> None:
    """As of another pool; its first block counts again."""
    finds = await begin(house)
    await house.show(BLOCKS, 7)
    await house.show(BLOCKS, 0)
    await house.minutes(59)
    assert house.memory == "7"
    await house.minutes(2)
    assert (finds.numbers, house.memory) == ([], "0")
    await house.show(BLOCKS, 1)
    assert finds.numbers == [(1, 1)]


async def test_a_block_while_home_assistant_was_down(house: House) -> None:
    """The sensor is there before the automation is, and shows what it did not see."""
    hass = house.hass
    await hass.services.async_call(
        "input_text", "set_value", {"entity_id": MEMORY, "value": "2"}, blocking=True
    )
    hass.set_state(CoreState.starting)
    await house.show(BLOCKS, 3)
    finds = await begin(house)
    assert finds.numbers == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert (finds.numbers, house.memory) == ([(1, 3)], "3")

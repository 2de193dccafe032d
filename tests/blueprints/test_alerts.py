"""Alerts: each fault is told in its time, and nothing is told of a miner that is merely off."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest

from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import House


class Alerts:
    """What has been told."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen."""
        self.told: list[dict[str, object]] = []
        hass.bus.async_listen("told", self._tell)

    @callback
    def _tell(self, event: Event[dict[str, object]]) -> None:
        self.told.append(dict(event.data))

    @property
    def kinds(self) -> list[object]:
        """Which alerts there were, in their order."""
        return [alert["alert"] for alert in self.told]


async def hold_still(hass: HomeAssistant, miner: Miner) -> None:
    """End the polls and leave the states as they are, for a test to change one by one."""
    shown = {
        entity.entity_id: state
        for entity in er.async_entries_for_config_entry(er.async_get(hass), miner.entry.entry_id)
        if (state := hass.states.get(entity.entity_id))
    }
    assert await hass.config_entries.async_unload(miner.entry.entry_id)
    for entity_id, state in shown.items():
        hass.states.async_set(entity_id, state.state, state.attributes)


async def begin(house: House, miner: Miner, *, polls: bool = True) -> Alerts:
    """Watch all of a miner that has been mining for long."""
    await house.enable(miner, *[k for k in miner.entity_keys() if k.startswith("fan_speed")])
    await house.enable(miner, "reject_rate")
    await house.minutes(20)
    keys = sorted(miner.entity_keys())
    have = set(keys)
    usual_efficiency = round(miner.number("efficiency"), 1)
    if not polls:
        await hold_still(house.hass, miner)
    await house.automate(
        "alerts",
        mining_switch=miner.entity_id("mining"),
        state_sensor=miner.entity_id("state"),
        power_sensor=miner.entity_id("power"),
        problem_sensor=miner.entity_id("problem"),
        fault_sensor=miner.entity_id("fault") if "fault" in have else "",
        boards=[miner.entity_id(key) for key in keys if key.startswith("board_hashrate")],
        temperature_sensor=miner.entity_id("temperature"),
        fans=[miner.entity_id(key) for key in keys if key.startswith("fan_speed")],
        hashrate_sensor=miner.entity_id("hashrate"),
        usual_efficiency=usual_efficiency,
        pool_sensor=miner.entity_id("pool_connected"),
        reject_sensor=miner.entity_id("reject_rate"),
        tell=[
            {
                "event": "told",
                "event_data": {
                    "alert": "{{ alert }}",
                    "title": "{{ title }}",
                    "message": "{{ message }}",
                    "critical": "{{ critical }}",
                },
            }
        ],
    )
    return Alerts(house.hass)


async def test_silent_through_an_ordinary_day(
    house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """Mining, lowered, paused, unplugged while paused, plugged, started: not a word."""
    miner = await add_miner(device)
    alerts = await begin(house, miner)
    await house.minutes(20)
    key = "power_percent" if "power_percent" in miner.entity_keys() else "power_target"
    await miner.call("number.set_value", key, value=60 if key == "power_percent" else 1900)
    await house.minutes(20)
    await miner.call("switch.turn_off", "mining")
    await house.minutes(20)
    await device.unplug()
    await house.minutes(20)
    assert miner.state("mining") == STATE_UNAVAILABLE
    await device.plug()
    await house.minutes(10)
    if miner.state("mining") == "off":
        await miner.call("switch.turn_on", "mining")
    await house.minutes(40)
    assert miner.state("state") == "mining"
    await miner.call("button.press", "restart_mining")
    await house.minutes(40)
    assert alerts.told == []


async def test_offline(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """After five minutes, once, and not for a short gap."""
    miner = await add_miner(device)
    alerts = await begin(house, miner)
    await device.stop()
    await house.minutes(3)
    await device.start()
    await house.minutes(5)
    assert alerts.told == []
    await device.stop()
    await house.minutes(4)
    assert alerts.told == []
    await house.minutes(20)
    assert alerts.kinds == ["offline"]
    assert alerts.told[0]["title"] == miner.entry.title
    await device.start()
    await house.minutes(2)


# What a device shows is set beside the polls here, since no simulator breaks in all of these ways.
READINGS = [
    ("board", "board_hashrate_2", 0, 10),
    ("board", "board_hashrate_2", STATE_UNKNOWN, 10),
    ("hot", "temperature", 97, 2),
    ("fan", "fan_speed_1", 0, 0.5),
    ("hashrate", "hashrate", 40, 15),
    ("rejects", "reject_rate", 3, 15),
    ("pool", "pool_connected", "off", 10),
    ("problem", "problem", "on", 1),
    ("idle", "state", "stopped", 10),
]


@pytest.mark.parametrize(("kind", "key", "shown", "minutes"), READINGS)
async def test_each_in_its_time(
    house: House,
    braiins: BraiinsSimulator,
    add_miner: AddMiner,
    kind: str,
    key: str,
    shown: object,
    minutes: float,
) -> None:
    """Not before its time, then once; and never while the miner tunes, heat apart."""
    miner = await add_miner(braiins)
    alerts = await begin(house, miner, polls=False)
    entity_id = miner.entity_id(key)
    good, drawn = miner.state(key), miner.state("power")
    if key != "state":
        state = miner.entity_id("state")
        for quiet in ("tuning", "starting", "paused", "restarting"):
            await house.show(state, quiet)
            if quiet == "paused":
                await house.show(miner.entity_id("power"), 14)
                await house.show(miner.entity_id("mining"), "off")
            await house.show(entity_id, shown)
            await house.minutes(minutes + 2)
            await house.show(entity_id, good)
            await house.show(miner.entity_id("mining"), "on")
            await house.show(miner.entity_id("power"), drawn)
            await house.minutes(1)
        expected = ["hot"] * 4 if kind == "hot" else []
        assert alerts.kinds == expected
        alerts.told.clear()
        await house.show(state, "mining")
    await house.show(entity_id, shown)
    await house.minutes(minutes - 0.5)
    assert alerts.told == []
    await house.minutes(1)
    assert alerts.kinds == [kind]
    await house.minutes(20)
    assert alerts.kinds == [kind]
    assert alerts.told[0]["critical"] is (kind == "hot")
    assert str(alerts.told[0]["message"]).strip()


async def test_power_drawn_while_off(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A stop that was not obeyed is told after two minutes; an ordinary one is not."""
    miner = await add_miner(whatsminer)
    alerts = await begin(house, miner, polls=False)
    power = miner.entity_id("power")
    await house.show(miner.entity_id("mining"), "off", friendly_name="Garage")
    await house.minutes(1)
    await house.show(power, 14, unit_of_measurement="W")
    await house.minutes(5)
    assert alerts.told == []
    await house.show(power, 1.8, unit_of_measurement="kW")
    await house.minutes(1.5)
    assert alerts.told == []
    await house.minutes(1)
    assert alerts.kinds == ["stop"]
    assert alerts.told[0]["critical"] is True
    assert alerts.told[0]["title"] == "Garage"
    # As the sensor is shown everywhere: without decimals.
    assert "2 kW" in str(alerts.told[0]["message"])

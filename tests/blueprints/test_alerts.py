"""Alerts: each fault is told in its time, and nothing is told of a miner that is merely off.

The faults are in the simulated devices: the integration reads them as it reads real ones.
"""

from collections import Counter
from dataclasses import replace

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from homeassistant.util.yaml import load_yaml_dict

from custom_components.asic_miner.miners.whatsminer.faults import is_of_pools, texts
from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .alerting import BREAKDOWNS, Alerts, Breakdown, begin, breaks
from .conftest import BLUEPRINTS, House

SEEN_AFTER = 5.0
"""Minutes in which every fault has reached its entity: some facts are read once a minute, some
are averages of a minute, and that shares are rejected shows when there have been some."""
METER = "sensor.meter"


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
    assert alerts.message("offline") == "The miner does not answer."
    await device.start()
    await house.minutes(2)


async def test_each_fault(house: House, device: SimulatedMiner, add_miner: AddMiner) -> None:
    """Not for a moment of it; then in its time, once; and again when it comes back.

    One miner has them all, one after the other: each is over before the next.
    """
    miner = await add_miner(device)
    alerts = await begin(house, miner)
    await house.minutes(SEEN_AFTER)
    for fault in BREAKDOWNS:
        make = 0 if isinstance(device, WhatsminerSimulator) else 1
        if fault.says[make]:
            await has_and_loses(house, miner, alerts, fault, says=fault.says[make])


async def has_and_loses(
    house: House, miner: Miner, alerts: Alerts, fault: Breakdown, *, says: str
) -> None:
    """Give a miner one fault, for a moment and then for long, twice."""
    device, before = miner.device, miner.state(fault.key)
    expected = Counter([fault.kind])
    if fault.named and isinstance(device, WhatsminerSimulator):
        expected["problem"] += 1

    breaks(device, fault.kind)
    await house.minutes(fault.blip, step=15)
    assert fault.shows(miner.state(fault.key), before), fault.kind
    breaks(device, fault.kind, broken=False)
    await house.minutes(0.5, step=15)
    await house.minutes(fault.fades + fault.minutes)
    assert alerts.told == [], fault.kind

    for _ in range(2):
        assert not fault.shows(miner.state(fault.key), before), fault.kind
        breaks(device, fault.kind)
        await house.minutes(fault.minutes)
        assert fault.kind not in alerts.kinds
        await house.minutes(SEEN_AFTER)
        assert Counter(alerts.kinds) == expected, fault.kind
        assert says in alerts.message(fault.kind)
        assert "its fault" not in alerts.message(fault.kind)
        assert [a["critical"] for a in alerts.told if a["alert"] == fault.kind] == [
            fault.kind == "hot"
        ]
        await house.minutes(2)
        assert Counter(alerts.kinds) == expected, f"{fault.kind} once more"
        breaks(device, fault.kind, broken=False)
        await house.minutes(fault.fades)
        alerts.told.clear()


async def test_a_fault_that_costs_the_pool_is_told(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A miner that stops for a fault leaves its pool: the internet is not what to look at."""
    miner = await add_miner(whatsminer)
    alerts = await begin(house, miner)
    await house.minutes(SEEN_AFTER)
    breaks(whatsminer, "problem")
    breaks(whatsminer, "pool")
    whatsminer.device.plant.lost = 1.0
    await house.minutes(3 + SEEN_AFTER)
    assert miner.state("state") == "limited"
    assert alerts.kinds == ["problem"]
    assert "Board 3 (slot 2) lost its electrical balance" in alerts.message("problem")
    await house.minutes(5)
    assert alerts.kinds == ["problem", "pool"]
    told = alerts.message("pool")
    assert "But first look at its fault, which may be the reason: Board 3 (slot 2) lost" in told


def test_faults_of_pools_are_known() -> None:
    """The blueprint knows those that a miner names because of its pools, and takes no other."""
    blueprint = load_yaml_dict(str(BLUEPRINTS / "alerts.yaml"))
    assert blueprint["trigger_variables"]["pool_faults"] == sorted(filter(is_of_pools, texts()))
    assert not is_of_pools("530")


async def test_nothing_is_told_while_it_is_paused_starts_or_tunes(
    house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """With a dead board, a fan that stands still and the rest; all is told when it mines."""
    miner = await add_miner(device)
    alerts = await begin(house, miner)
    await miner.call("switch.turn_off", "mining")
    await house.minutes(1)
    faults = ["board", "fan", "hashrate", "rejects"]
    expected = set(faults)
    states = {"paused", "starting", "tuning"}
    if isinstance(device, BraiinsSimulator):
        machine = device.device
        machine.timing.board_start, machine.timing.tuning = 500.0, 5400.0
        machine.settings.power_target = 2000.0
        machine.retarget()
    else:
        faults.append("problem")
        expected.add("problem")
        states = {"stopped", "starting"}
    for kind in faults:
        breaks(device, kind)
    breaks(device, "pool")
    await house.minutes(30)
    assert alerts.told == []
    breaks(device, "pool", broken=False)
    await miner.call("switch.turn_on", "mining")
    seen = {"stopped" if isinstance(device, WhatsminerSimulator) else "paused"}
    minutes = 0.0
    while (state := miner.state("state")) != "mining":
        seen.add(state)
        assert alerts.told == [], state
        await house.minutes(0.5)
        minutes += 0.5
        assert minutes < 120, "it never mines"
    assert states <= seen
    # Longer than any of them waits.
    assert minutes > 16
    await house.minutes(15 + SEEN_AFTER)
    assert Counter(alerts.kinds) == Counter(expected)


async def test_firmware_that_says_why_it_does_not_mine(
    house: House, braiins: BraiinsSimulator, add_miner: AddMiner
) -> None:
    """The reason is told, and not besides that it is idle."""
    braiins.device.preset = replace(braiins.device.preset, rest=(1, 7, 0))
    miner = await add_miner(braiins)
    alerts = await begin(house, miner)
    breaks(braiins, "idle")
    await house.minutes(30)
    assert alerts.kinds == ["problem"]
    assert "Mining has stopped because fans fail. Check that every fan" in alerts.message("problem")


async def test_degrees_fahrenheit(
    hass: HomeAssistant, house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """180 of them are no reason to worry; 207 are, with the limit of 95 °C."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    miner = await add_miner(whatsminer)
    alerts = await begin(house, miner)
    assert miner.number("temperature") > 170
    await house.minutes(5)
    assert alerts.told == []
    breaks(whatsminer, "hot")
    await house.minutes(5)
    assert alerts.kinds == ["hot"]
    assert alerts.message("hot") == "The miner is hot: 206.6 °F."


async def test_power_drawn_while_off(
    house: House, whatsminer: WhatsminerSimulator, add_miner: AddMiner
) -> None:
    """A meter shows that a stop was not obeyed: told after two minutes. Its few watts are not."""
    miner = await add_miner(whatsminer)
    await house.show(METER, 3.4, unit_of_measurement="kW")
    alerts = await begin(house, miner, power_sensor=METER)
    await house.minutes(20)
    await miner.call("switch.turn_off", "mining")
    await house.show(METER, 14, unit_of_measurement="W")
    await house.minutes(10)
    assert miner.state("mining") == "off"
    assert alerts.told == []
    await house.show(METER, 1.8, unit_of_measurement="kW")
    await house.minutes(1.5)
    assert alerts.told == []
    await house.minutes(1)
    assert alerts.kinds == ["stop"]
    assert alerts.told[0]["critical"] is True
    assert alerts.message("stop") == "The miner is switched off and draws 1.8 kW."

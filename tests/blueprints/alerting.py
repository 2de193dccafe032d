"""What the tests of the alerts share: who listens, how a miner is watched, how it breaks."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.conftest import Miner
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.pools import REJECTED
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import House
from .told import Told

HOT, USUAL = 97.0, 82.0
"""°C of the chips: above the blueprint's limit and below where Braiins OS stops, and as ever."""
CHIP_RISE = 58.0
"""Degrees that simulated chips are warmer than the air at full power."""


class Alerts(Told):
    """What has been told."""

    @property
    def kinds(self) -> list[object]:
        """Which alerts there were, in their order."""
        return [alert["alert"] for alert in self.told]

    def message(self, kind: str) -> str:
        """Return the text of the latest alert of a kind."""
        return str(next(a["message"] for a in reversed(self.told) if a["alert"] == kind))


async def begin(house: House, miner: Miner, **other: object) -> Alerts:
    """Watch all of a miner that has been mining for long, with other inputs than usual."""
    keys = sorted(miner.entity_keys())
    fans = [key for key in keys if key.startswith("fan_speed")]
    await house.enable(miner, *fans, "reject_rate")
    await house.minutes(2)
    inputs: dict[str, object] = {
        "mining_switch": miner.entity_id("mining"),
        "state_sensor": miner.entity_id("state"),
        "power_sensor": miner.entity_id("power"),
        "problem_sensor": miner.entity_id("problem"),
        "fault_sensor": miner.entity_id("fault") if "fault" in keys else "",
        "boards": [miner.entity_id(key) for key in keys if key.startswith("board_hashrate")],
        "temperature_sensor": miner.entity_id("temperature"),
        "fans": [miner.entity_id(key) for key in fans],
        "hashrate_sensor": miner.entity_id("hashrate"),
        "usual_efficiency": round(miner.number("efficiency"), 1),
        "pool_sensor": miner.entity_id("pool_connected"),
        "reject_sensor": miner.entity_id("reject_rate"),
        "tell": [
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
    }
    await house.automate("alerts", **inputs | other)
    return Alerts(house.hass)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """One thing that goes wrong in a device, and what is to become of it."""

    kind: str
    """The alert that tells of it."""
    minutes: float
    """As the blueprint waits unless it is told otherwise."""
    key: str
    """The entity that shows it."""
    shows: Callable[[str, str], bool]
    """Whether a state of that entity is a bad one; the other is what it was before."""
    says: tuple[str, str]
    """A part of the message for WhatsMiner and for Braiins OS; "" where it cannot happen."""
    blip: float = 3.0
    """Minutes that it may last without a word."""
    fades: float = 4.0
    """Minutes until nothing is seen of it any more."""
    named: bool = False
    """A WhatsMiner names it as a fault, too."""


def _is(bad: str) -> Callable[[str, str], bool]:
    return lambda state, _: state == bad


BREAKDOWNS = (
    Breakdown(
        kind="board",
        minutes=10,
        key="board_hashrate_2",
        shows=lambda state, _: state == "unknown" or float(state) == 0,
        says=("1 of 3 hashboards without hashrate: Hashboard 2.",) * 2,
        blip=2,
        named=True,
    ),
    Breakdown(
        kind="hot",
        minutes=2,
        key="temperature",
        shows=lambda state, _: float(state) > 95,
        says=("The miner is hot: 97.0 °C.",) * 2,
        blip=0.25,
    ),
    Breakdown(
        kind="fan",
        minutes=0.5,
        key="fan_speed_1",
        shows=_is("0"),
        says=("A fan stands still while the miner mines:",) * 2,
        blip=0.25,
        named=True,
    ),
    Breakdown(
        kind="hashrate",
        minutes=15,
        key="hashrate",
        shows=lambda state, before: float(state) < 0.8 * float(before),
        says=("Too little hashrate for the power: 13", "Too little hashrate for the power: 7"),
        blip=5,
    ),
    Breakdown(
        kind="pool",
        minutes=10,
        key="pool_connected",
        shows=_is("off"),
        says=("No pool answers, so the miner earns nothing.",) * 2,
    ),
    Breakdown(
        kind="rejects",
        minutes=15,
        key="reject_rate",
        shows=lambda state, _: float(state) > 2,
        says=("% of the latest shares are rejected.",) * 2,
        blip=2,
        fades=12,
    ),
    Breakdown(
        kind="problem",
        minutes=3,
        key="problem",
        shows=_is("on"),
        says=("The miner has a problem. Board 3 (slot 2) lost its electrical balance", ""),
        blip=1.5,
    ),
    Breakdown(
        kind="idle",
        minutes=10,
        key="state",
        shows=_is("limited"),
        says=("", "does not mine as it should. Its state is Limited."),
    ),
)


def breaks(device: SimulatedMiner, kind: str, *, broken: bool = True) -> None:
    """Have something go wrong in a device, or be well again."""
    if isinstance(device, WhatsminerSimulator):
        _whatsminer_breaks(device, kind, broken=broken)
    else:
        assert isinstance(device, BraiinsSimulator)
        _braiins_breaks(device, kind, broken=broken)


def _whatsminer_breaks(device: WhatsminerSimulator, kind: str, *, broken: bool) -> None:
    faults, plant = device.faults, device.device.plant
    match kind:
        case "board":
            faults.missing_boards = {1} if broken else set()
        case "hot":
            plant.chip_temperature = HOT if broken else USUAL
            plant.ambient = plant.chip_temperature - CHIP_RISE
        case "fan":
            faults.fans_stopped = broken
        case "hashrate":
            plant.lost = 0.28 if broken else 0.0
        case "pool":
            faults.dead_pools = {0, 1, 2} if broken else set()
        case "rejects":
            faults.rejected_part = 0.2 if broken else None
        case "problem":
            faults.error_codes = [562] if broken else []
        case _:
            raise ValueError(kind)


def _braiins_breaks(device: BraiinsSimulator, kind: str, *, broken: bool) -> None:
    machine = device.device
    match kind:
        case "board" if broken:
            machine.board_dies("2")
        case "board":
            machine.dead_boards.clear()
        case "hot":
            machine.plant.chip_temperature = HOT if broken else USUAL
            machine.plant.ambient = machine.plant.chip_temperature - CHIP_RISE
        case "fan":
            machine.stopped_fans = {0} if broken else set()
        case "idle":
            # Without any fan the firmware stops by itself.
            machine.stopped_fans = {0, 1, 2, 3} if broken else set()
        case "hashrate":
            machine.plant.lost = 0.28 if broken else 0.0
        case "pool":
            machine.pools.all_dead = broken
        case "rejects":
            machine.pools.rejected_part = 0.2 if broken else REJECTED
        case _:
            raise ValueError(kind)

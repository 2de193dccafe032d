"""Proves the job of the integration against what the simulated miners really do."""

import asyncio
from collections.abc import Awaitable, Callable
import math
from typing import Self

from tests.simulators.base import SimulatedMiner

from .hass import Hass

WAIT_SECONDS = 400.0
"""Longer than a guard waits between two changes of power, which is real time here."""

COMPARED = {
    "state": None,
    "hashrate": "hashrate",
    "power": "power",
    "temperature": "temperature",
    "mining": "mining",
    "locate": "locate",
    "power_percent": "power_percent",
    "power_target": "power_target",
    "power_limit": "power_limit",
    "power_mode": "power_mode",
}
"""What is shown of each miner, and what its simulator calls the same thing."""

NOT_ALWAYS_TOLD = {"power_percent", "power_target"}
"""Many WhatsMiners cannot be asked for these; not known is the truth until one is set."""

TOLERANCE = 0.05
"""Readings jitter by a few tenths of a percent and are up to one poll old."""

type Say = Callable[[str], None]
type States = dict[str, str]


class CheckError(Exception):
    """What was to be shown is not so."""


class Miner:
    """One simulated miner and its entities in Home Assistant."""

    def __init__(
        self, hass: Hass, device: SimulatedMiner, entities: dict[str, str], name: str
    ) -> None:
        """Take the entity ids by the rest of their unique ids, and what the page shows as name."""
        self.hass = hass
        self.device = device
        self.entities = entities
        self.name = name

    @classmethod
    async def find(cls, hass: Hass, device: SimulatedMiner) -> Self:
        """Return the one that a device is in Home Assistant."""
        entities = await hass.entities(str(device.truth()["mac"]))
        # The switch has no name of its own, so it is called as the miner is.
        switch = (await hass.states())[entities["mining"]]
        return cls(hass, device, entities, switch["attributes"]["friendly_name"])

    async def states(self) -> States:
        """Return the states of all enabled entities by the rest of their unique ids."""
        states = await self.hass.states()
        return {
            key: states[entity_id]["state"]
            for key, entity_id in self.entities.items()
            if entity_id in states
        }

    async def differences(self) -> list[str]:
        """Return in words where a state and the device do not agree."""
        states, truth = await self.states(), self.device.truth()
        found = []
        for key, name in COMPARED.items():
            if name is None or key not in states or truth.get(name) is None:
                continue
            if states[key] == "unknown" and (key in NOT_ALWAYS_TOLD or not truth["mining"]):
                continue
            if key == "power" and not truth["mining"] and states[key] in {"0", "0.0"}:
                # Off on purpose is 0 W where the firmware does not tell its control board's draw.
                continue
            if not agree(states[key], truth[name]):
                found.append(f"{key} is {states[key]}, the device holds {truth[name]}")
        total = boards_together(states)
        if total is not None and not agree(str(total), truth["hashrate"]):
            found.append(f"the boards make {total:.1f} TH/s, the device {truth['hashrate']}")
        return found

    async def table(self) -> str:
        """Return states beside truth, a line each."""
        states, truth = await self.states(), self.device.truth()
        lines = [f"    {self.name}", f"      {'':22}{'Home Assistant':>18}{'device':>18}"]
        for key, name in COMPARED.items():
            if key in states:
                # What no device tells is worked out of what it tells.
                held = shown(truth.get(name)) if name else "worked out"
                lines.append(f"      {key:22}{shown(states[key]):>18}{held:>18}")
        total, whole = boards_together(states), truth["hashrate"]
        lines.append(f"      {'all hashboards':22}{shown(total):>18}{shown(whole):>18}")
        return "\n".join(lines)


def boards_together(states: States) -> float | None:
    """Return the sum of the boards in TH/s, whatever unit the firmware writes."""
    boards = [
        float(state)
        for key, state in states.items()
        if key.startswith("board_hashrate_") and is_number(state)
    ]
    return sum(boards) if boards else None


def is_number(state: str) -> bool:
    """Tell whether a state is one."""
    try:
        return math.isfinite(float(state))
    except ValueError:
        return False


def shown(value: object) -> str:
    """Return a value as the table shows it."""
    match value:
        case None:
            return "-"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.1f}"
        case str() if is_number(value):
            return f"{float(value):.1f}"
        case _:
            return str(value)


def agree(state: str, truth: object) -> bool:
    """Tell whether a state says what the device holds."""
    match truth:
        case bool():
            return state == ("on" if truth else "off")
        case int() | float():
            return is_number(state) and math.isclose(
                float(state), truth, rel_tol=TOLERANCE, abs_tol=1.0
            )
        case _:
            return state == truth


async def until(what: str, reached: Callable[[], Awaitable[str]]) -> None:
    """Wait until `reached` returns no complaint. Raises CheckError with the last one."""
    complaint = ""
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while complaint := await reached():
                await asyncio.sleep(0.5)
    except TimeoutError:
        raise CheckError(f"{what}: {complaint} (waited {WAIT_SECONDS:g} s)") from None


async def check(hass: Hass, devices: list[SimulatedMiner], say: Say) -> None:
    """Compare, pause and resume, move a slider, press locate. Raises CheckError."""
    miners = [await Miner.find(hass, device) for device in devices]

    async def all_agree() -> str:
        found = [f"{miner.name}: {text}" for miner in miners for text in await miner.differences()]
        return "; ".join(found)

    say("comparing states with what the devices hold")
    await until("states and devices do not agree", all_agree)
    for miner in miners:
        print(await miner.table(), flush=True)

    full = {miner.name: _full_draw(miner.device) for miner in miners}
    for miner in miners:
        await _pause_and_resume(miner, say)
    for miner in miners:
        await _move_slider(miner, full[miner.name], say)
        await _locate(miner, say)
    await until("states and devices do not agree in the end", all_agree)
    if complaints := hass.complaints:
        raise CheckError("Home Assistant complained:\n" + "\n".join(complaints))
    say("all miners are read and controlled as they should be")


async def _pause_and_resume(miner: Miner, say: Say) -> None:
    """Switch mining off and on by the miner's main switch."""
    before = miner.device.truth()
    for on in (False, True):
        word = "on" if on else "off"
        say(f"{miner.name}: turning mining {word}")
        await miner.hass.call(f"switch.turn_{word}", miner.entities["mining"])

        async def reached(on: bool = on) -> str:
            truth, states = miner.device.truth(), await miner.states()
            if truth["mining"] is not on:
                return "the device does not follow"
            hashrate = states["hashrate"]
            if not is_number(hashrate):
                return f"hashrate is {hashrate}"
            if on != (float(hashrate) > float(before["hashrate"] or 0) / 2):
                return f"hashrate is {hashrate}"
            return "; ".join(await miner.differences())

        await until(f"{miner.name}, mining {word}", reached)
    if miner.device.truth()["pools"] != before["pools"]:
        raise CheckError(f"{miner.name}: its pools have changed")


def _full_draw(device: SimulatedMiner) -> float:
    """Return what a miner draws at its full level, in W."""
    truth = device.truth()
    return float(truth["power"] or 0) * 100 / float(truth.get("power_percent") or 100)


async def _move_slider(miner: Miner, full: float, say: Say) -> None:
    """Change the draw by the slider the miner has, and see that nothing restarts."""
    key = "power_percent" if "power_percent" in miner.entities else "power_target"

    async def mining() -> str:
        state = (await miner.states())["state"]
        return "" if state in {"mining", "tuning"} else f"state is {state}"

    say(f"{miner.name}: waiting until its hashrate has settled")
    await until(f"{miner.name}, settled", mining)
    before = miner.device.truth()
    # A change that no noise can hide. In a second run the level of the first, 75 %, is
    # given back by the miner's guard, sooner or later than this comes.
    percent = 75 if before.get("power_percent") in {None, 100} else 90
    wanted = full * percent / 100
    value = percent if key == "power_percent" else round(wanted / 10) * 10
    say(f"{miner.name}: moving {key} to {value}")
    await miner.hass.call("number.set_value", miner.entities[key], value=value)

    async def reached() -> str:
        power = (await miner.states())["power"]
        if not (is_number(power) and math.isclose(float(power), wanted, rel_tol=0.08)):
            return f"power is {power} instead of about {wanted:.0f}"
        return "; ".join(await miner.differences())

    await until(f"{miner.name}, {key} {value}", reached)
    after = miner.device.truth()
    for kept in ("mining_restarts", "pools"):
        if after[kept] != before[kept]:
            raise CheckError(f"{miner.name}: {kept} changed from {before[kept]} to {after[kept]}")


async def _locate(miner: Miner, say: Say) -> None:
    """Let the light blink, and stop it."""
    say(f"{miner.name}: switching the identify light on and off")
    for word in ("on", "off"):
        await miner.hass.call(f"switch.turn_{word}", miner.entities["locate"])

        async def reached(on: bool = word == "on") -> str:
            if miner.device.truth()["locate"] is not on:
                return "the device does not follow"
            return "; ".join(await miner.differences())

        await until(f"{miner.name}, light {word}", reached)

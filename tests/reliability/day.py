"""One miner that lives through a simulated day, and everything that happens to it."""

import asyncio
from collections import Counter
import gc

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN

from custom_components.asic_miner.const import LIVE_INTERVAL
from custom_components.asic_miner.miners.energy import LONGEST_GAP
from tests.integration.conftest import Miner
from tests.integration.test_thermostat_safety import kill_pools
from tests.integration.test_upgrade import shown_firmware, upgrade
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

from .simulated import SimulatedTime
from .soak.fleet import JOULES

MINUTE = 60.0
NOTHING = {STATE_UNAVAILABLE, STATE_UNKNOWN}
LOOK = 5.0
"""Seconds between two looks at what a miner really draws."""
BOOT = 5 * MINUTE
"""Seconds after which a machine that has mains again has been read, at most."""
NOISE = {"power": 0.02, "hashrate": 0.05, "power_target": 0.0}
"""How far a value may be from the truth, as a part of it: four times the noise of a reading;
the hashrate is told as an average of some seconds."""


class Lived:
    """One miner over the day."""

    def __init__(self, miner: Miner, time: SimulatedTime) -> None:
        """Begin well."""
        self.miner = miner
        device = miner.device
        assert isinstance(device, WhatsminerSimulator | BraiinsSimulator)
        self.device = device
        self.time = time
        self.normal = miner.states()
        self.firmware = shown_firmware(miner.hass, miner)
        self.drawn = 0.0
        """kWh that it really drew."""
        self.known = 0.0
        """Those of it that could be known: see `look`."""
        self.unsure = 0.0
        """kWh by which `known` may be off, since nobody says when exactly it was read."""
        self.away: list[float] = []
        """Seconds for which it was not shown, each time."""
        self.states: set[str] = set()
        """Everything that was shown as its state."""
        self._reloaded = False
        self._shown = self._began = miner.number("energy")
        self._last = self._read = time.now(), self._power()

    @property
    def counted(self) -> float:
        """Return kWh that were added to its total."""
        return self._shown - self._began

    def _power(self) -> float:
        power = self.device.truth()["power"]
        assert isinstance(power, int | float)
        return power

    def look(self) -> None:
        """Note what it really draws, and see that its total of energy never falls.

        While it is shown, what it draws can be known. Two readings not too far apart are
        joined by a straight line; of a longer time, or over a reload, nothing is known.
        """
        now, power = self.time.now(), self._power()
        passed = now - self._last[0]
        drawn = (self._last[1] + power) / 2 * passed / JOULES
        self.drawn += drawn
        total = self.miner.state("energy")
        if total not in NOTHING:
            assert float(total) >= self._shown
            self._shown = float(total)
        self.states.add(self.miner.state("state"))
        if self.miner.state("power") not in NOTHING:
            if (gap := now - self._read[0]) > LOOK + 1:
                self.away.append(gap)
                line = (self._read[1] + power) / 2 * gap / JOULES
                # Both ends may have been read a poll earlier or later.
                slack = 2 * LIVE_INTERVAL.total_seconds()
                self.unsure += max(self._read[1], power) * slack / JOULES
                if abs(gap - LONGEST_GAP) <= slack:
                    self.unsure += line
                elif gap < LONGEST_GAP and not self._reloaded:
                    self.known += line
            else:
                self.known += drawn
            self._read = now, power
            self._reloaded = False
        self._last = now, power

    def wrong(self) -> list[str]:
        """Return what is not as it really is, or not shown although it was at the beginning."""
        now, truth = self.miner.states(), self.device.truth()
        wrong = [
            f"{key}: {now.get(key)}"
            for key, value in self.normal.items()
            if value not in NOTHING and now.get(key, STATE_UNKNOWN) in NOTHING
        ]
        for key, noise in NOISE.items():
            real = truth[key]
            assert isinstance(real, int | float)
            if now[key] in NOTHING or abs(float(now[key]) - real) > noise * real:
                wrong.append(f"{key}: {now[key]} instead of {real}")
        if not truth["mining"] or now["mining"] != "on" or now["state"] != "mining":
            wrong.append(f"mines: {truth['mining']}, {now['mining']}, {now['state']}")
        if (shown := shown_firmware(self.miner.hass, self.miner)) != self.firmware:
            wrong.append(f"firmware: {shown} instead of {self.firmware}")
        return wrong

    # What happens to it

    async def target(self, part: float) -> None:
        """Set its power target to a part of the way from the least to the most."""
        state = self.miner.hass.states.get(self.miner.entity_id("power_target"))
        assert state is not None
        least, most = state.attributes["min"], state.attributes["max"]
        value = round((least + part * (most - least)) / 10) * 10
        await self.miner.call("number.set_value", "power_target", value=value)

    async def mains(self, seconds: float) -> None:
        """Pull the mains, and give them back."""
        await self.device.unplug()
        await asyncio.sleep(seconds)
        await self.device.plug()

    async def cable(self, seconds: float) -> None:
        """Pull the network, while it goes on mining."""
        await self.device.stop()
        await asyncio.sleep(seconds)
        await self.device.start()

    async def upgraded(self, seconds: float) -> None:
        """Come back from a restart with newer firmware."""
        await self.device.unplug()
        self.firmware = upgrade(self.device)
        await asyncio.sleep(seconds)
        await self.device.plug()

    async def reboot(self) -> None:
        """Press the button."""
        await self.miner.call("button.press", "reboot")

    async def restart_mining(self) -> None:
        """Press the other button."""
        await self.miner.call("button.press", "restart_mining")

    async def crash(self) -> None:
        """Let the mining program end by itself."""
        if isinstance(self.device, WhatsminerSimulator):
            self.device.device.restart_mining()
        else:
            self.device.device.crash()

    async def forget(self) -> None:
        """Let it know no session any more, and have it commanded after that."""
        if isinstance(self.device, WhatsminerSimulator):
            self.device.access.forget()
        else:
            self.device.gateway.sessions.drop_all()
        for on in (True, False):
            await self.miner.call(f"switch.turn_{'on' if on else 'off'}", "locate")
            assert self.device.truth()["locate"] is on

    async def asleep(self) -> None:
        """See that it is off, and shown so."""
        truth = self.device.truth()
        assert truth["mining"] is False
        assert self.miner.state("mining") == "off"
        assert self.miner.state("state") in {"stopped", "paused"}

    async def pools(self, seconds: float) -> None:
        """Let no pool answer for a while."""
        kill_pools(self.device, dead=True)
        await asyncio.sleep(seconds)
        kill_pools(self.device, dead=False)

    async def reload(self, seconds: float = 0.0) -> None:
        """Unload its entry, and set it up again after a while."""
        self._reloaded = True
        entries, entry_id = self.miner.hass.config_entries, self.miner.entry.entry_id
        assert await entries.async_unload(entry_id)
        await asyncio.sleep(seconds)
        assert await entries.async_setup(entry_id)


def ours() -> dict[str, int]:
    """Return how many objects there are of each class of the integration."""
    gc.collect()
    return Counter(
        kind.__qualname__
        for kind in map(type, gc.get_objects())
        if kind.__module__.startswith("custom_components.asic_miner")
    )

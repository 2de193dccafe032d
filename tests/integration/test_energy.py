"""Energy over a day: what the Energy dashboard is given, held against what the device drew.

The reference is the integral of the simulated device's true power in steps of a few seconds.
The integration sees only what it polls, with the noise of a measurement.

How gaps are treated: readings up to LONGEST_GAP apart are joined by a straight line, so one
that was unreachable for a minute or two is charged what it drew meanwhile. Over longer gaps
nobody knows what was drawn, and nothing is made up; the reference leaves them out as well.
The same goes for a restart of Home Assistant, over which no line is drawn.
"""

from itertools import pairwise

import pytest

from custom_components.asic_miner.miners.energy import LONGEST_GAP
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

from .conftest import AddMiner, Miner

TEMPO = 15
"""Seconds between two polls, the integration's own default."""
CALM = 240
"""The same at the slow end of what can be chosen, for hours in which nothing happens."""
EVENTFUL = 600
"""Seconds in which whatever has just happened has its effect."""
STEPS = 3
"""Looks at the truth between two polls in eventful times; eight in calm ones."""
ALLOWED = 0.02
"""Part of the reference by which the integration may differ, as promised."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Day:
    """Lets time pass, polls as Home Assistant does, and keeps the books of the device."""

    def __init__(self, miner: Miner, clock: ManualClock) -> None:
        """Begin at the poll that has just been."""
        self.miner = miner
        self.clock = clock
        self.reference = 0.0
        """kWh that the device really drew while it could be known."""
        self.shown: list[float] = [miner.number("energy")]
        self._power = self._true_power()

    def _true_power(self) -> float:
        power = self.miner.device.truth()["power"]
        assert isinstance(power, int | float)
        return power

    def _pass(self, seconds: int, *, counted: bool) -> None:
        steps = STEPS if seconds == TEMPO else 8
        for _ in range(steps):
            self.clock.advance(seconds / steps)
            power = self._true_power()
            if counted:
                self.reference += (self._power + power) / 2 * seconds / steps / 3_600_000
            self._power = power

    async def poll(self) -> None:
        """Read the device and note what is shown, if anything is."""
        await self.miner.poll()
        state = self.miner.state("energy")
        if state not in {"unavailable", "unknown"}:
            self.shown.append(float(state))

    async def run(self, seconds: int) -> None:
        """Let time pass, with polls at first as usual and then seldom."""
        for end, tempo in ((min(EVENTFUL, seconds), TEMPO), (seconds - EVENTFUL, CALM)):
            for _ in range(end // tempo):
                self._pass(tempo, counted=True)
                await self.poll()

    async def unreachable(self, seconds: int) -> None:
        """Go on drawing power while no poll gets an answer."""
        await self.miner.device.stop()
        # Nobody knows more for asking more often.
        tempo = max(MINUTE, seconds // 20)
        for _ in range(seconds // tempo):
            self._pass(tempo, counted=seconds < LONGEST_GAP)
            await self.poll()
        await self.miner.device.start()
        # The first answer begins a new line, or ends the one over a short gap.
        await self.poll()

    async def off_by_order(self, seconds: int) -> None:
        """Pause for a while, as at an expensive hour."""
        await self.miner.call("switch.turn_off", "mining")
        await self.run(seconds)
        await self.miner.call("switch.turn_on", "mining")

    async def restart(self, seconds: int) -> None:
        """Have Home Assistant away for a while."""
        entries = self.miner.hass.config_entries
        assert await entries.async_unload(self.miner.entry.entry_id)
        self._pass(seconds, counted=False)
        assert await entries.async_setup(self.miner.entry.entry_id)
        await self.miner.hass.async_block_till_done()
        self.shown.append(self.miner.number("energy"))


@pytest.mark.timeout(600)
async def test_a_day_with_everything_that_happens(
    device: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Within two percent of the truth as far as that could be known, and never less."""
    day = Day(await add_miner(device), clock)
    await day.run(HOUR)
    await day.unreachable(4 * MINUTE)
    # A charge too much or too little would show here at once.
    assert day.shown[-1] == pytest.approx(day.reference, rel=ALLOWED)
    await day.run(HOUR)
    before = day.shown[-1]
    await day.unreachable(3 * HOUR)
    assert day.shown[-1] == pytest.approx(before, abs=0.001), "nothing is made up"
    await day.run(HOUR)
    await day.miner.call("number.set_value", "power_target", value=2500)
    await day.run(2 * HOUR)
    await day.restart(10 * MINUTE)
    await day.run(HOUR)
    await day.off_by_order(2 * HOUR)
    await day.run(2 * HOUR)
    await day.restart(HOUR)
    await day.run(int(DAY - clock.now()))

    assert all(before <= after for before, after in pairwise(day.shown))
    assert day.reference > 30
    assert day.shown[-1] == pytest.approx(day.reference, rel=ALLOWED)

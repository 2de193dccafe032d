"""Miners beside the one in trouble, which nothing may happen to."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN

from tests.integration.conftest import Miner

BOUND = 30.0
"""Real seconds in which anything has to end. Far above what it takes, and a hundred times
less than an answer that trickles; what waits for ever fails, a busy machine does not."""
NOTHING = {STATE_UNAVAILABLE, STATE_UNKNOWN}
TIMES = ("uptime",)
"""Values that follow the device's clock."""
PAUSE = 0.1
"""Real seconds between two readings, so that there is time for the trouble itself."""
_STEADY = 0.25
"""How far apart two readings of a miner may be for which no time passes: what jitters stays
within some percent, what is spoilt is off by far more."""


_MEASURED = (
    *("hashrate", "power", "energy", "efficiency", "temperature", "fan_speed", "psu_", "shares"),
    *("board_", "inlet_", "outlet_", "environment_", "pool_accepted", "pool_rejected", "accepted"),
    *("rejected", "reject_rate", "uptime"),
)
"""Beginnings of what is measured or counted, and so never the same twice."""
_SET = ("power_percent", "power_limit", "power_mode", "power_target", "hashrate_target")
"""What begins like these and is set: it may not change by a watt."""


def same(key: str, value: str, usual: str) -> bool:
    """Tell whether a state is the one that an undisturbed miner has, but for its noise."""
    if not key.startswith(_MEASURED) or key in _SET:
        return value == usual
    try:
        number, expected = float(value), float(usual)
    except ValueError:
        return value == usual
    return abs(number - expected) <= max(_STEADY * abs(expected), 2.0)


class Neighbours:
    """Reads the miners beside it while a trouble lasts."""

    def __init__(self, miners: Sequence[Miner]) -> None:
        """Take their states as they are now for the right ones."""
        self.miners = miners
        self.reads = 0
        self._normal = [miner.states() for miner in miners]
        self._writes = [miner.device.truth()["writes"] for miner in miners]
        for miner in miners:
            # The one in trouble may have the same; the log goes by it.
            miner.entry.runtime_data.name += ", a neighbour"

    @property
    def names(self) -> list[str]:
        """By which they are logged."""
        return [miner.entry.runtime_data.name for miner in self.miners]

    @asynccontextmanager
    async def read_meanwhile(self, *, hurried: bool) -> AsyncGenerator[None]:
        """Read each again and again, at least once, and all that it tells.

        With the time limits cut short, which are everybody's, a busy machine may miss one of
        them; then it is read until it has told everything. Raises TimeoutError when that, or
        one reading, does not end.
        """
        over = asyncio.Event()
        reading = [
            asyncio.create_task(self._read(place, over, hurried=hurried))
            for place in range(len(self.miners))
        ]
        try:
            yield
            over.set()
            await asyncio.gather(*reading)
        finally:
            for task in reading:
                task.cancel()

    async def _read(self, place: int, over: asyncio.Event, *, hurried: bool) -> None:
        while True:
            async with asyncio.timeout(BOUND):
                while not await self._read_once(place):
                    assert hurried, f"{self.miners[place].entry.title} was not read"
            if over.is_set():
                return
            await asyncio.sleep(PAUSE)

    async def _read_once(self, place: int) -> bool:
        """Return whether everything could be read. Fails for a wrong value in any case."""
        miner, normal = self.miners[place], self._normal[place]
        coordinator = miner.entry.runtime_data
        coordinator._slow_due = 0.0
        await coordinator.async_refresh()
        if not coordinator.last_update_success:
            return False
        self.reads += 1
        states = miner.states()
        known = {
            key: usual
            for key, usual in normal.items()
            if usual not in NOTHING and not any(name in key for name in TIMES)
        }
        missing = {key for key in known if states[key] in NOTHING}
        wrong = {
            key: (known[key], states[key])
            for key in known.keys() - missing
            if not same(key, states[key], known[key])
        }
        assert not wrong, wrong
        return not missing

    def untouched(self) -> None:
        """Fail if one of them has been commanded anything."""
        assert [miner.device.truth()["writes"] for miner in self.miners] == self._writes

    async def all_read(self) -> None:
        """Read each of them once, to the end."""
        for place in range(len(self.miners)):
            assert await self._read_once(place)

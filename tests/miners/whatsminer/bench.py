"""Simulated devices with their clocks, and clients for them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator


class Bench:
    """One simulated device, its clock, and a client."""

    def __init__(self, preset: str, *, write_enabled: bool = True) -> None:
        """Make both; nothing runs yet."""
        self.clock = ManualClock()
        self.miner = WhatsminerSimulator(
            preset=preset, clock=self.clock, write_enabled=write_enabled
        )

    def client(self, password: str | None = "") -> WhatsminerClient:
        """Return a client with the right password, another one, or none."""
        credentials = Credentials(password=self.miner.password if password == "" else password)
        made = WhatsminerClient(self.miner.host, self.miner.port, credentials)
        # Long enough for any machine; tests in which nothing shows make it short.
        made.confirm_seconds = 60.0
        made.confirm_interval = 0.02
        return made

    def pass_time(self, seconds: float) -> None:
        """Let simulated time pass, and the device notice."""
        self.clock.advance(seconds)
        self.miner.refresh()


@asynccontextmanager
async def bench(preset: str, *, write_enabled: bool = True) -> AsyncGenerator[Bench]:
    """Run a simulated device."""
    made = Bench(preset, write_enabled=write_enabled)
    await made.miner.start()
    try:
        yield made
    finally:
        await made.miner.stop()

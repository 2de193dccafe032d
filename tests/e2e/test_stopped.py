"""Home Assistant itself ends while a command has no answer yet, and is started again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
import signal

import aiohttp
import pytest

from tests.demo.hass import Hass, HassError
from tests.reliability.gate import HEALTHY, Gate, OnlyWrites, Silent
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator

from .test_life import until

POLLS = 3
"""After the start; whoever wanted to repeat the command would have done so at the first."""
STORED = ("core.config_entries", "core.entity_registry", "auth", "auth_provider.homeassistant")
"""What has to be on the disk before the process may be killed."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def gates(miners: list[SimulatedMiner]) -> AsyncGenerator[list[Gate]]:
    """A stretch of network before one miner of each make."""
    made = [Gate(miner, http=isinstance(miner, BraiinsSimulator)) for miner in miners[1:]]
    for gate in made:
        await gate.__aenter__()
    yield made
    for gate in made:
        await gate.__aexit__()


async def _command(hass: Hass, entity: str) -> None:
    # The process ends before it can say what became of it.
    with suppress(aiohttp.ClientError, HassError):
        await hass.call("switch.turn_off", entity)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
async def test_stopped_in_the_middle_of_a_write(
    tmp_path: Path, gates: list[Gate], how: signal.Signals
) -> None:
    """Nothing is sent a second time, and what is shown after the start is what the miners do."""
    config = tmp_path / "config"
    macs = [gate.device.mac for gate in gates]

    async with Hass(config=config) as hass:
        for gate in gates:
            await hass.add_miner(gate.host, gate.port, password=gate.device.password)
        switches = [(await hass.entities(mac))["mining"] for mac in macs]

        async def mines() -> bool:
            states = await hass.states()
            return all(states[switch]["state"] == "on" for switch in switches)

        await until(mines)

        async def stored() -> bool:
            files = [config / ".storage" / name for name in STORED]
            if not all(file.exists() for file in files):
                return False
            entries, entities, *_ = (file.read_text("utf-8") for file in files)
            return all(mac in entries for mac in macs) and all(one in entities for one in switches)

        await until(stored)
        before = [int(gate.device.truth()["writes"] or 0) for gate in gates]
        sent = [gate.write_requests for gate in gates]
        for gate in gates:
            await gate.go(OnlyWrites(Silent()))
        commands = [asyncio.create_task(_command(hass, switch)) for switch in switches]

        async def executed() -> bool:
            return [int(gate.device.truth()["writes"] or 0) for gate in gates] == [
                writes + 1 for writes in before
            ]

        await until(executed)
        assert not any(command.done() for command in commands), "it has no answer yet"
        await hass.stop(how)
        await asyncio.gather(*commands)

    for gate in gates:
        await gate.go(HEALTHY)
        gate.connections = 0
    async with Hass(config=config) as hass:

        async def stopped() -> bool:
            states = await hass.states()
            return all(states[switch]["state"] == "off" for switch in switches)

        await until(stopped)
        for _ in range(POLLS):
            for gate in gates:
                gate.received.clear()
            for gate in gates:
                await asyncio.wait_for(gate.received.wait(), 120)
            # The next request is of another poll.
            await asyncio.sleep(5)
        assert await stopped()
    for gate, writes, requests in zip(gates, before, sent, strict=True):
        truth = gate.device.truth()
        assert truth["mining"] is False
        assert truth["writes"] == writes + 1
        assert gate.write_requests == requests + 1

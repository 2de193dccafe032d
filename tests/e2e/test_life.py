"""What only a whole Home Assistant shows: restarts, the recorder's view, a clean log."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.demo.hass import Hass
from tests.simulators.base import SimulatedMiner

WAIT_SECONDS = 120.0
"""Several polls; generous, because waiting longer than needed costs nothing."""

pytestmark = pytest.mark.timeout(600)


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not await reached():
            await asyncio.sleep(0.5)


async def test_off_and_on_and_home_assistant_restarted_in_between(
    tmp_path: Path, miners: list[SimulatedMiner]
) -> None:
    """Energy goes on where it was, entities stay the same, and each miner returns by itself."""
    config = tmp_path / "config"
    macs = [str(miner.truth()["mac"]) for miner in miners]
    energy: dict[str, float] = {}

    async with Hass(config=config) as hass:
        for miner in miners:
            await hass.add_miner(miner.host, miner.port, password=miner.password)
        entities = {mac: await hass.entities(mac) for mac in macs}

        async def counted() -> bool:
            states = await hass.states()
            for mac in macs:
                energy[mac] = float(states[entities[mac]["energy"]]["state"])
            return min(energy.values()) > 0

        await until(counted)
        shown = set(await hass.states())

        # Unplugged while running: unavailable, not zero.
        await miners[0].unplug()

        async def gone() -> bool:
            states = await hass.states()
            values = {states[i]["state"] for i in entities[macs[0]].values() if i in states}
            assert "0" not in values
            assert "0.0" not in values
            return values == {"unavailable"}

        await until(gone)
        # The one line that a lost miner is worth.
        assert len(hass.complaints) == 1
        assert "Error fetching" in hass.complaints[0]

    async with Hass(config=config) as hass:
        # One is still without power, and nothing is missing.
        for mac in macs:
            assert await hass.entities(mac) == entities[mac]
        assert set(await hass.states()) >= shown
        states = await hass.states()
        assert states[entities[macs[0]]["hashrate"]]["state"] == "unavailable"
        for mac in macs[1:]:
            assert float(states[entities[mac]["energy"]]["state"]) >= energy[mac]

        await miners[0].plug()

        async def back() -> bool:
            states = await hass.states()
            return bool(states[entities[macs[0]]["mining"]]["state"] == "on")

        await until(back)
        states = await hass.states()
        assert float(states[entities[macs[0]]["energy"]]["state"]) >= energy[macs[0]]
        assert not hass.complaints


async def test_wrong_input_leaves_no_traceback(
    hass_process: Hass, miners: list[SimulatedMiner], unused_port: int
) -> None:
    """Wrong host, wrong port, wrong password: an answer in the form, none in the log."""
    flow = await hass_process.post("/api/config/config_entries/flow", {"handler": "asic_miner"})
    path = f"/api/config/config_entries/flow/{flow['flow_id']}"
    step = await hass_process.post(path, {"host": "no host!", "advanced": {}})
    assert step["errors"] == {"host": "invalid_host"}
    step = await hass_process.post(path, {"host": "127.0.0.1", "advanced": {"port": unused_port}})
    assert step["errors"] == {"base": "unreachable"}
    step = await hass_process.post(
        path, {"host": "127.0.0.1", "advanced": {"port": hass_process.port}}
    )
    assert step["errors"] == {"base": "malformed_reply"}
    miner = miners[0]
    step = await hass_process.post(path, {"host": miner.host, "advanced": {"port": miner.port}})
    step = await hass_process.post(path, {"password": "mistyped-0815"})
    assert step["errors"] == {"base": "authentication_failed"}
    step = await hass_process.post(path, {"password": miner.password})
    assert step["type"] == "create_entry"
    assert not hass_process.complaints
    assert "mistyped-0815" not in hass_process.log
    assert miner.password not in hass_process.log

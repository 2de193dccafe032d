"""Replies captured from real devices, where a folder of them is named."""

import json
import os
from pathlib import Path

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import Feature, MinerState, Snapshot
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .scripted import PASSWORD, Scripted

KNOWN_AS = {"devs": "edevs"}
"""Captures of a command under the other name that it has."""
READS = {"summary", "edevs", "pools", "get_psu", "get_version", "status", "get_miner_info",
         "get_error_code", "devdetails"}  # fmt: skip


def folders() -> list[Path]:
    """Return the folders of captured WhatsMiners."""
    root = os.environ.get("ASIC_MINER_CAPTURES")
    return sorted(Path(root).glob("whatsminer-*")) if root else []


def check(snapshot: Snapshot) -> None:
    """Whatever it is, it is a machine of this world."""
    assert snapshot.hashrate is None or 0 <= snapshot.hashrate < 2000
    assert snapshot.power is None or 0 <= snapshot.power < 20_000
    assert snapshot.temperature is None or 0 < snapshot.temperature < 120
    assert snapshot.efficiency is None or 8 < snapshot.efficiency < 150
    rates = [board.hashrate for board in snapshot.boards if board.hashrate is not None]
    if snapshot.hashrate and len(rates) == len(snapshot.boards) > 0:
        # The same unit, and the same machine at nearly the same time.
        assert sum(rates) == pytest.approx(snapshot.hashrate, rel=0.15)
    for board in snapshot.boards:
        assert 1 <= board.index <= 8
        assert board.temperature is None or 0 < board.temperature < 120
        assert board.chips is None or 0 <= board.chips < 1000
    for fan in snapshot.fans:
        assert fan.speed is not None
        assert 0 <= fan.speed < 20_000
    if snapshot.psu and snapshot.psu.input_voltage:
        assert 80 < snapshot.psu.input_voltage < 500
    for pool in snapshot.pools or ():
        assert "://" in pool.url


async def test_captures() -> None:
    """Every reply of every device can be read, by itself and as a whole."""
    if not folders():
        pytest.skip("ASIC_MINER_CAPTURES names no captures: real replies were NOT checked")
    for folder in folders():
        replies = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}
        assert replies
        variants = [name for name in replies if name.partition("_with_")[1]]
        plain = {
            KNOWN_AS.get(name, name): reply
            for name, reply in replies.items()
            if name not in variants
        }
        assert plain.keys() <= READS, f"{folder.name} has a command that is not read"
        await check_device(plain, folder.name)
        for name in variants:
            await check_device({**plain, name.partition("_with_")[0]: replies[name]}, folder.name)


async def check_device(replies: dict[str, bytes], name: str) -> None:
    """Read a whole device from its replies."""
    async with Scripted(replies).running() as device:
        client = WhatsminerClient("127.0.0.1", device.port, Credentials(password=PASSWORD))
        identity = await client.identify()
        assert identity.firmware, name
        snapshot = await client.read(slow=True)
        check(snapshot)
        if "summary" in replies:
            assert snapshot.hashrate is not None
            assert Feature.HASHRATE in client.capabilities
            assert snapshot.uptime is not None
        if "status" in replies:
            assert snapshot.mining_wanted is not None
            assert snapshot.state is not MinerState.UNKNOWN
        if "edevs" in replies:
            assert len(snapshot.boards) == len(json.loads(replies["edevs"])["DEVS"])
        if "pools" in replies:
            assert snapshot.pools is not None
        if "summary" in replies and "get_error_code" not in replies:
            body = json.loads(replies["summary"])["SUMMARY"][0]
            count = body.get("Error Code Count")
            assert snapshot.faults is not None
            assert len(snapshot.faults) == count

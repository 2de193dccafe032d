"""What a client keeps over a restart of its caller."""

from collections.abc import Mapping

import pytest

from custom_components.asic_miner.miners.models import Feature, JsonValue
from custom_components.asic_miner.miners.whatsminer import learned
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .bench import bench
from .devices import CREDENTIALS, miner, newer, status, summary
from .scripted import Scripted

UNLIMITED = {"Power Limit": 2147483647}
BELOW = summary(**UNLIMITED, **{"HS RT": 150e6})
"""Tells nothing of what it draws at 100 %."""


async def test_all_of_it() -> None:
    """Only what took time to learn, and no secrets."""
    async with bench("M60S") as b:
        client = b.client()
        assert client.memory == {}
        await client.identify()
        await client.check_access()
        await client.read(slow=True)
        kept = client.memory
        firmware = b.miner.device.preset.firmware
        assert kept == {
            "write_access": True,
            "full_power": 3441.0,
            "joins": {"firmware": firmware, "answered": True},
        }
        again = WhatsminerClient(b.miner.host, b.miner.port, CREDENTIALS, memory=kept)
        await again.identify()
        assert again.memory == kept


async def test_power_target_works_at_once() -> None:
    """Where one look at the device would not tell the full draw."""
    async with Scripted(newer(summary=BELOW)).running() as device:
        client = WhatsminerClient(
            "127.0.0.1", device.port, CREDENTIALS, memory={"full_power": 3400.0}
        )
        await client.identify()
        assert Feature.POWER_TARGET in client.capabilities
        assert client.capabilities.ranges[Feature.POWER_TARGET].default == 3400.0
        assert await client.set_power_target(1700) is True
        assert device.requests[-1]["percent"] == "50"
        assert device.commands.count("summary") == 1


async def test_wrong_base_is_learned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the limit in force, or from the draw at a known 100 % that has long been settled."""
    monkeypatch.setattr(learned, "_SETTLE_SECONDS", 0.0)
    told = status(power_pct=100)
    for totals, base in ((summary(), 3441.0), (summary(Power=3000, **UNLIMITED), 3000.0)):
        async with Scripted(newer(summary=totals, status=told)).running() as device:
            client = WhatsminerClient(
                "127.0.0.1", device.port, CREDENTIALS, memory={"full_power": 5000}
            )
            await client.identify()
            assert client.memory["full_power"] == 5000.0
            assert (await client.read(slow=False)).power_target == base
            assert client.memory["full_power"] == base


async def test_base_outlives_a_climb() -> None:
    """Home Assistant may have been started while the miner is on its way to 100 %."""
    script = newer(summary=summary(Power=1800, **UNLIMITED), status=status(power_pct=100))
    async with Scripted(script).running() as device:
        memory: dict[str, JsonValue] = {"full_power": 3400}
        client = WhatsminerClient("127.0.0.1", device.port, CREDENTIALS, memory=memory)
        await client.identify()
        for _ in range(3):
            assert (await client.read(slow=True)).power_target == 3400
        assert client.memory["full_power"] == 3400


@pytest.mark.parametrize(
    "memory",
    [
        {"write_access": "yes", "full_power": "3400", "joins": "yes"},
        {"write_access": 1, "full_power": True, "joins": True},
        {"write_access": None, "full_power": None, "joins": None},
        {"full_power": 0, "joins": {}},
        {"full_power": -1.0, "joins": {"firmware": 1, "answered": True}},
        {"full_power": 1e9, "joins": {"firmware": "20250612.16.REL3"}},
        {"full_power": float("nan"), "joins": {"firmware": "20250612.16.REL3", "answered": 1}},
        {"full_power": float("inf"), "joins": ["20250612.16.REL3", True]},
        {"something": "else"},
    ],
)
async def test_memory_that_makes_no_sense(memory: Mapping[str, JsonValue]) -> None:
    """It is as if there were none."""
    async with Scripted(newer(summary=BELOW)).running() as device:
        client = WhatsminerClient("127.0.0.1", device.port, CREDENTIALS, memory=memory)
        await client.identify()
        assert client.memory == {}
        assert Feature.POWER_TARGET not in client.capabilities
        seen = await client.read(slow=False)
        assert seen.write_access is seen.power_target is None
        assert device.commands[-3:] == ["status", "summary", "edevs"]


async def test_memory_of_another_client_is_not_changed() -> None:
    """Each one has its own."""
    async with miner(newer()) as (_, client):
        kept = client.memory
        await client.read(slow=True)
        assert kept == {}

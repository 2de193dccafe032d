"""What real devices said, from a folder of captures that is not part of the project."""

from collections.abc import Iterator
import json
import os
from pathlib import Path

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json, at, items, number, text
from custom_components.asic_miner.miners.braiins.schema import PoolGroup
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import Feature, MinerState

from .device import Device, refusal

PATHS = {
    "actions_locate": "actions/locate",
    "configuration_constraints": "configuration/constraints",
    "configuration_miner": "configuration/miner",
    "cooling_state": "cooling/state",
    "miner_details": "miner/details",
    "miner_errors": "miner/errors",
    "miner_hw_hashboards": "miner/hw/hashboards",
    "miner_stats": "miner/stats",
    "network": "network/",
    "performance_mode": "performance/mode",
    "performance_tuner_state": "performance/tuner-state",
    "pools": "pools/",
    "version": "version/",
}
"""Which call each file of a capture answers."""


def _folders() -> list[Path | None]:
    root = os.environ.get("ASIC_MINER_CAPTURES")
    found = sorted(Path(root).glob("braiins-*")) if root else []
    return [*found] or [None]


@pytest.fixture(params=_folders(), ids=lambda folder: folder.name if folder else "none")
def capture(request: pytest.FixtureRequest) -> dict[str, Json]:
    """The answers of one device by file name."""
    folder: Path | None = request.param
    if folder is None:
        pytest.skip("ASIC_MINER_CAPTURES does not name a folder with captures braiins-*")
    answers: dict[str, Json] = {
        file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")
    }
    unknown = answers.keys() - PATHS.keys()
    assert not unknown, f"files whose call is not known: {sorted(unknown)}"
    return answers


@pytest.fixture
def client(capture: dict[str, Json], device: Device, http: ClientSession) -> BraiinsClient:
    """A client of a device that says what was captured, and refuses all else."""
    device.answers = {("GET", path): refusal(404, "not captured") for path in PATHS.values()}
    device.answers |= {("GET", PATHS[name]): answer for name, answer in capture.items()}
    return BraiinsClient("127.0.0.1", device.port, Credentials(password="root"), http)


async def test_captured_device_is_recognised(
    capture: dict[str, Json], client: BraiinsClient
) -> None:
    """By its version, as itself."""
    await client.probe()
    identity = await client.identify()
    details = capture["miner_details"]
    assert identity.mac == (text(details, "mac_address") or "").lower()
    assert identity.model == text(details, "miner_identity", "miner_model")
    assert identity.manufacturer in {"Bitmain", "MicroBT", "Braiins"}
    assert identity.firmware
    assert identity.firmware in (text(details, "bos_version", "current") or "")
    assert identity.firmware.count(".") in {1, 2}
    assert len(identity.firmware) <= 8
    assert identity.hardware


async def test_captured_device_is_read(capture: dict[str, Json], client: BraiinsClient) -> None:
    """Every captured value arrives, in plain units, and none of another scale."""
    snapshot = await client.read(slow=True)
    stats = capture["miner_stats"]
    boards = items(at(capture["miner_hw_hashboards"], "hashboards"))
    assert snapshot.state in {MinerState.MINING, MinerState.TUNING}
    measured = number(stats, "miner_stats", "real_hashrate", "last_1m", "gigahash_per_second")
    assert measured is not None
    assert snapshot.hashrate == pytest.approx(measured / 1000)
    assert snapshot.hashrate is not None
    assert snapshot.expected_hashrate is not None
    assert snapshot.hashrate == pytest.approx(snapshot.expected_hashrate, rel=0.1)
    assert snapshot.power == number(stats, "power_stats", "approximated_consumption", "watt")
    assert snapshot.power is not None
    assert snapshot.efficiency == pytest.approx(snapshot.power / snapshot.hashrate, rel=0.05)
    assert snapshot.accepted_shares == number(stats, "pool_stats", "accepted_shares")
    assert [one.index for one in snapshot.boards] == list(range(1, len(boards) + 1))
    working = [one for one in snapshot.boards if one.enabled]
    assert sum(one.hashrate or 0 for one in working) == pytest.approx(snapshot.hashrate, rel=0.02)
    for one in working:
        assert one.frequency is not None
        assert 100 < one.frequency < 2000
        assert one.voltage is not None
        assert 0 < one.voltage < 30
        assert one.temperature is not None
        assert 0 < one.temperature < 120
    assert len(snapshot.fans) == len(items(at(capture["cooling_state"], "fans")))
    assert sorted(fan.index for fan in snapshot.fans) == list(range(1, len(snapshot.fans) + 1))
    assert snapshot.temperature is not None
    assert 0 < snapshot.temperature < 120
    assert snapshot.uptime == number(capture["miner_details"], "system_uptime_s")
    assert snapshot.pools
    assert snapshot.active_pool is not None
    assert snapshot.power_target == number(
        capture["configuration_miner"], "tuner", "power_target", "watt"
    )
    assert snapshot.power_target_effective is not None
    assert snapshot.locate is capture["actions_locate"]
    # The captured log of errors is long, and none of it is a present fault.
    assert snapshot.faults is None
    assert {Feature.BOARD_CHIPS, Feature.OUTLET_TEMPERATURE} <= client.capabilities.features


def test_captured_workers_stay_out_of_representations(capture: dict[str, Json]) -> None:
    """What is shown of a snapshot contains no pool user."""
    groups = [PoolGroup.parse(group) for group in items(capture["pools"])]
    assert groups
    for user in _users(capture["pools"]):
        assert user
        assert user not in repr(groups)


def _users(pools: Json) -> Iterator[str]:
    for group in items(pools):
        for pool in items(at(group, "pools")):
            yield text(pool, "user") or ""

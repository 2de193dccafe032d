"""Targets in steps and by relative changes, and an answer that is lost."""

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature
from custom_components.asic_miner.miners.orders import TargetReference
from tests.miners.reasons import because

from .answers import HASHRATE_MODE, drop, then
from .conftest import MakeClient, MakeMachine, Naps
from .device import Device

INCREMENT = ("PATCH", "performance/power-target/increment")
DECREMENT = ("PATCH", "performance/power-target/decrement")


async def test_steps(machine: MakeMachine, client_of: MakeClient) -> None:
    """Up and down by what was asked for; the new target is told; nothing restarts."""
    miner = await machine()
    client = client_of(miner)
    assert await client.step_power_target(-500) == 2540
    assert await client.step_power_target(100.4) == 2640
    assert miner.truth()["power_target"] == 2640
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    before = miner.truth()["hashrate_target"]
    assert isinstance(before, float)
    assert await client.step_hashrate_target(2.5) == pytest.approx(before + 2.5)
    assert await client.step_hashrate_target(-5) == pytest.approx(before - 2.5)
    assert await client.step_hashrate_target(0.01) == pytest.approx(before - 2.49)
    assert miner.truth()["mining_restarts"] == 0


async def test_relative(machine: MakeMachine, client_of: MakeClient) -> None:
    """Of the model's own, the lowest, the highest and the present target."""
    miner = await machine("S19j Pro", (1, 1, 0))
    client = client_of(miner)
    reference = TargetReference
    assert await client.scale_power_target(80, reference.NOMINAL) == 2432
    assert await client.scale_power_target(50, reference.CURRENT) == 1216
    assert await client.scale_power_target(150, reference.MINIMUM) == 1425
    assert await client.scale_power_target(50, reference.MAXIMUM) == 3100
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    assert await client.scale_hashrate_target(90, reference.NOMINAL) == pytest.approx(90.9)
    assert await client.scale_hashrate_target(90, reference.CURRENT) == pytest.approx(81.81)
    writes = miner.writes
    offered = client.capabilities.ranges[Feature.HASHRATE_TARGET]
    ends = {
        "minimum": f"{offered.minimum:g} TH/s",
        "maximum": f"{offered.maximum:g} TH/s",
    }
    for percent, of in [
        (120, reference.NOMINAL),
        (100, reference.MAXIMUM),
        (50, reference.MINIMUM),
    ]:
        with pytest.raises(
            InvalidValueError, match="outside", check=because(Reason.OUT_OF_RANGE, **ends)
        ):
            await client.scale_hashrate_target(percent, of)
    for none in (0, -5, float("nan"), float("inf")):
        with pytest.raises(
            InvalidValueError, match="no percentage", check=because(Reason.WRONG_KIND)
        ):
            await client.scale_hashrate_target(none, reference.NOMINAL)
    assert miner.writes == writes


async def test_relative_that_changes_nothing(device: Device, client: BraiinsClient) -> None:
    """Less than a watt would look done before it is; nothing is sent for it."""
    device.answers["GET", "version/"] = {"major": 1, "minor": 1, "patch": 0}
    for percent in (100, 100.02, 99.98):
        assert await client.scale_power_target(percent, TargetReference.CURRENT) == 2800
    assert device.writes == []


@pytest.mark.parametrize("step", [600.0, -2000.0, 0.0, 0.4, -0.6, float("nan"), float("inf")])
async def test_step_that_is_none_or_too_wide(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """Reckoned from the stored target of 2800 W before anything is sent."""
    with pytest.raises(InvalidValueError):
        await client.step_power_target(step)
    assert device.writes == []


@pytest.mark.parametrize("step", [0.0, 0.009, -1e-9, float("nan"), float("-inf")])
async def test_hashrate_step_that_would_not_show(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """What a device tells would be the same before and after, so nobody could say."""
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    why = because(Reason.STEP_TOO_SMALL, step="0.01 TH/s")
    with pytest.raises(InvalidValueError, match=r"the smallest is 0\.01 TH/s", check=why):
        await client.step_hashrate_target(step)
    assert device.asked == []


async def test_step_without_a_present_target(device: Device, client: BraiinsClient) -> None:
    """Where nothing is told there is nothing to reckon from."""
    device.answers["GET", "configuration/miner"] = {"tuner": {"power_target": None}}
    device.answers["GET", "performance/mode"] = {"tunermode": {"target": {"powertarget": {}}}}
    with pytest.raises(UnsupportedError, match="no present target"):
        await client.step_power_target(100)
    assert device.writes == []


async def test_step_of_the_other_mode(device: Device, client: BraiinsClient) -> None:
    """As with absolute targets: nothing is stored that has no effect."""
    device.answers["GET", "performance/mode"] = HASHRATE_MODE
    why = because(Reason.OTHER_PERFORMANCE_MODE)
    with pytest.raises(RejectedError, match="performance mode", check=why):
        await client.step_power_target(100)
    assert device.writes == []


@pytest.mark.parametrize("step", [1, 100])
async def test_step_that_was_accepted_and_ignored(
    step: float, device: Device, client: BraiinsClient
) -> None:
    """Firmware has done that."""
    device.answers[INCREMENT] = {"watt": 2800}
    why = because(Reason.LEFT_AS_IT_WAS)
    with pytest.raises(RejectedError, match="left its target at 2800 W", check=why):
        await client.step_power_target(step)


@pytest.mark.parametrize("step", [1, 100])
@pytest.mark.parametrize("worked", [True, False])
async def test_lost_answer_of_a_step(
    worked: bool, step: int, device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """Looked up, and never sent again: it would add up. The old target is no success."""
    device.answers[DECREMENT] = drop
    tuner: dict[str, Json] = {"enabled": True, "tuner_mode": 1}
    old: Json = {"tuner": tuner | {"power_target": {"watt": 2800}}}
    new: Json = {"tuner": tuner | {"power_target": {"watt": 2800 - step}}}
    device.answers["GET", "configuration/miner"] = then(old, old, new if worked else old)
    if worked:
        assert await client.step_power_target(-step) == 2800 - step
    else:
        with pytest.raises(UnconfirmedError):
            await client.step_power_target(-step)
    assert device.writes == [DECREMENT]
    assert naps.taken[0] == 1

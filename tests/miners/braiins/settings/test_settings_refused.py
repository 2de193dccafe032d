"""Settings that are none, are refused, or whose answer is lost."""

from collections.abc import Callable

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature, SettingValue
from tests.miners.reasons import because
from tests.simulators.braiins import BraiinsSimulator, Fault
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node

from .machines import TEMPERATURES


def outside(minimum: str, maximum: str) -> Callable[[MinerError], bool]:
    return because(Reason.OUT_OF_RANGE, minimum=minimum, maximum=maximum)


@pytest.mark.parametrize(
    ("feature", "value", "why"),
    [
        (Feature.DPS_POWER_STEP, 0, outside("1", "1000")),
        (Feature.DPS_POWER_STEP, 1001, outside("1", "1000")),
        (Feature.DPS_POWER_STEP, float("nan"), outside("1", "1000")),
        (Feature.DPS_POWER_STEP, True, because(Reason.WRONG_KIND)),
        (Feature.DPS_POWER_STEP, "100", because(Reason.WRONG_KIND)),
        (Feature.DPS_MINIMUM_POWER, 949, outside("950", "3344")),
        (Feature.DPS_MINIMUM_POWER, 3350, outside("950", "3344")),
        (Feature.DPS_SHUTDOWN_HOURS, 1000, outside("0", "999")),
        (Feature.DPS_MODE, "turbo", because(Reason.NOT_A_CHOICE, choices="normal, boost")),
        (Feature.DPS_MODE, 2, because(Reason.WRONG_KIND)),
        (Feature.DPS, 1, because(Reason.WRONG_KIND)),
        (Feature.DPS, "on", because(Reason.WRONG_KIND)),
        (Feature.QUICK_RAMP_UP, 1, outside("2", "600")),
        (Feature.QUICK_RAMP_DOWN, 601, outside("2", "600")),
        (Feature.DANGEROUS_TEMPERATURE, 109, outside("0", "108")),
        (Feature.HOT_TEMPERATURE, -1, outside("0", "108")),
        (
            Feature.COOLING_MODE,
            "hydro",
            because(Reason.NOT_A_CHOICE, choices="auto, manual, immersion"),
        ),
    ],
)
async def test_nothing_wrong_is_sent(
    feature: Feature,
    value: SettingValue,
    why: Callable[[MinerError], bool],
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """Out of range, or of another kind."""
    with pytest.raises(InvalidValueError, check=why):
        await client.set_setting(feature, value)
    assert miner.writes == 0


@pytest.mark.parametrize(
    ("feature", "value"),
    [(Feature.POWER_MODE, "low"), (Feature.FAST_BOOT, True), (Feature.HASHBOARD, True)],
)
async def test_what_is_no_setting_here(
    feature: Feature, value: SettingValue, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Of another make, or changed by another command."""
    with pytest.raises(UnsupportedError):
        await client.set_setting(feature, value)
    assert miner.writes == 0


ONE_OF_EACH: list[tuple[Feature, SettingValue, str]] = [
    (Feature.COOLING_MODE, "manual", "cooling/mode"),
    (Feature.HOT_TEMPERATURE, 85, "cooling/mode"),
    (Feature.PERFORMANCE_MODE, "hashrate_target", "performance/mode"),
    (Feature.DPS, True, "performance/dps"),
    (Feature.DPS_POWER_STEP, 250, "performance/dps"),
    (Feature.QUICK_RAMP_DOWN, 10, "performance/quick-ramping"),
]


@pytest.mark.parametrize("execute", [True, False])
@pytest.mark.parametrize(("feature", "value", "path"), ONE_OF_EACH)
async def test_lost_answers_are_looked_up(
    *,
    execute: bool,
    feature: Feature,
    value: SettingValue,
    path: str,
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """Told from the truth by reading, and never sent again."""
    await client.identify()
    miner.faults.set(f"PUT {path}", Fault(reset=True, execute=execute))
    if execute:
        await client.set_setting(feature, value)
    else:
        with pytest.raises(UnconfirmedError):
            await client.set_setting(feature, value)
    assert sum(request.startswith("PUT") for request in miner.requests) == 1
    miner.faults.clear()
    assert ((await client.read(slow=True)).settings[feature] == value) is execute


@pytest.mark.parametrize(("feature", "value", "path"), ONE_OF_EACH)
async def test_refusals_reach_the_user(
    *,
    feature: Feature,
    value: SettingValue,
    path: str,
    miner: BraiinsSimulator,
    client: BraiinsClient,
    plain: PlainClient,
) -> None:
    """Sent once, and nothing has changed."""
    before = await plain.get("configuration/miner")
    miner.faults.set(f"PUT {path}", Fault(status=400))
    with pytest.raises(RejectedError):
        await client.set_setting(feature, value)
    assert sum(request.startswith("PUT") for request in miner.requests) == 1
    await plain.put("actions/stop")
    miner.faults.clear()
    with pytest.raises(MiningProcessDownError):
        await client.set_setting(feature, value)
    assert await plain.get("configuration/miner") == before


@pytest.mark.parametrize(
    ("feature", "value", "path", "told", "why"),
    [
        (
            Feature.DPS,
            True,
            "performance/dps",
            {"enabled": False},
            because(Reason.TOOK_OTHER, taken="False", wanted="True"),
        ),
        (
            Feature.HOT_TEMPERATURE,
            85,
            "cooling/mode",
            {"auto": {"hot_temperature": {"degree_c": 86}}},
            because(Reason.TOOK_OTHER, taken="86.0", wanted="85"),
        ),
        (
            Feature.COOLING_MODE,
            "manual",
            "cooling/mode",
            {"auto": {}},
            because(Reason.TOOK_OTHER, taken="auto", wanted="manual"),
        ),
        (
            Feature.QUICK_RAMP_UP,
            10,
            "performance/quick-ramping",
            {"up_s": 11, "down_s": 30},
            because(Reason.TOOK_OTHER, taken="11", wanted="10"),
        ),
        (
            Feature.PERFORMANCE_MODE,
            "hashrate_target",
            "performance/mode",
            {"tunermode": {"target": {"powertarget": {}}}},
            because(Reason.LEFT_AS_IT_WAS),
        ),
    ],
)
async def test_another_value_than_sent_is_no_success(
    *,
    feature: Feature,
    value: SettingValue,
    path: str,
    told: Node,
    why: Callable[[MinerError], bool],
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """A device that says 200 and holds something else."""
    miner.faults.set(f"PUT {path}", Fault(body=told))
    with pytest.raises(RejectedError, check=why):
        await client.set_setting(feature, value)


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"min": {"watt": 5}},
        {"max": {"watt": 5}},
        {"min": {"watt": 5}, "max": {"watt": 5}},
        {"min": {"watt": 6}, "max": {"watt": 5}},
    ],
)
async def test_limits_that_are_no_range(
    limits: Node, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """There is nothing to choose from, so nothing is offered."""
    miner.faults.set(
        "configuration/constraints", Fault(replace={"dps_constraints.power_step": limits})
    )
    await client.read(slow=True)
    assert Feature.DPS_POWER_STEP not in client.capabilities


async def test_a_mode_that_nobody_tells_has_no_value(
    miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Neither is it stored, nor is there a default."""
    miner.faults.set("configuration/miner", Fault(remove=["dps.mode"]))
    miner.faults.set("configuration/constraints", Fault(remove=["dps_constraints.mode"]))
    assert Feature.DPS_MODE not in (await client.read(slow=True)).settings


@pytest.mark.parametrize("section", ["temperature", "dps", "hashboard_config"])
async def test_what_is_not_told_is_not_written_over(
    section: str, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """A part of the configuration that is missing may hold anything."""
    whole = (await client.read(slow=True)).settings
    miner.faults.set("configuration/miner", Fault(remove=[section]))
    lost = whole.keys() - (await client.read(slow=True)).settings.keys()
    assert (
        lost
        == {
            "temperature": TEMPERATURES | {Feature.COOLING_MODE},
            "dps": {feature for feature in whole if feature.startswith("dps")},
            "hashboard_config": {Feature.QUICK_RAMP_UP, Feature.QUICK_RAMP_DOWN},
        }[section]
    )
    for feature in lost:
        value: SettingValue = 80
        if feature in client.capabilities.choices:
            value = client.capabilities.choices[feature][-1]
        elif feature not in client.capabilities.ranges:
            value = True
        with pytest.raises((UnsupportedError, InvalidValueError)):
            await client.set_setting(feature, value)
    assert miner.writes == 0

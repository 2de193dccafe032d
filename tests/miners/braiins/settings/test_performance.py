"""What the tuner is told to hold, and at which target it begins."""

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    Reason,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature
from tests.miners.reasons import because
from tests.simulators.braiins import PRESETS, BraiinsSimulator, Fault
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node
from tests.simulators.clock import ManualClock

from .machines import HAS, SETTLED, difference


async def number_of(plain: PlainClient, path: str, *members: str) -> float:
    """Return one number of an answer."""
    node = await plain.get(path)
    for member in members:
        assert isinstance(node, dict)
        node = node[member]
    assert isinstance(node, int | float)
    return node


async def nominal(plain: PlainClient) -> float:
    """Return the hashrate in TH/s that the present clocks should give."""
    members = "miner_stats", "nominal_hashrate", "gigahash_per_second"
    return await number_of(plain, "miner/stats", *members) / 1000


async def watts(plain: PlainClient) -> float:
    """Return the draw in W as the machine estimates it."""
    return await number_of(plain, "miner/stats", "power_stats", "approximated_consumption", "watt")


@pytest.mark.parametrize("preset", ["S19j Pro", "S21 Pro", "S21 Hyd", "S19 XP"])
async def test_performance_mode(
    preset: str,
    miner: BraiinsSimulator,
    client: BraiinsClient,
    plain: PlainClient,
    clock: ManualClock,
) -> None:
    """There with what it does where no target was set, back with the target that was."""
    await client.identify()
    await client.set_power_target(2500)
    clock.advance(SETTLED)
    before, model = await plain.get("configuration/miner"), PRESETS[preset]
    now = await nominal(plain)
    assert model.hashrate.minimum < now < model.hashrate.default
    restarts = miner.truth()["mining_restarts"]
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    assert difference(before, await plain.get("configuration/miner")) == {
        "tuner.tuner_mode": 2,
        "tuner.hashrate_target": None,
        "tuner.hashrate_target.terahash_per_second": now,
        # A device keeps only the target that it holds.
        "tuner.power_target": None,
        "tuner.power_target.watt": None,
    }
    snapshot = await client.read(slow=True)
    assert snapshot.hashrate_target == now
    assert snapshot.power_target is None
    assert snapshot.settings.keys() - {Feature.AUTO_UPGRADE} == (
        HAS[preset]
        - {
            Feature.DPS_POWER_STEP,
            Feature.DPS_MINIMUM_POWER,
        }
    ) | {Feature.DPS_HASHRATE_STEP, Feature.DPS_MINIMUM_HASHRATE}
    assert Feature.DPS_HASHRATE_STEP in client.capabilities
    why = because(Reason.OTHER_PERFORMANCE_MODE)
    with pytest.raises(InvalidValueError, match="power", check=why):
        await client.set_setting(Feature.DPS_POWER_STEP, 100)

    before = await plain.get("configuration/miner")
    await client.set_setting(Feature.DPS_HASHRATE_STEP, 7.5)
    await client.set_setting(Feature.DPS_MINIMUM_HASHRATE, model.hashrate.default - 5)
    assert difference(before, await plain.get("configuration/miner")) == {
        "dps.hashrate_step": None,
        "dps.hashrate_step.terahash_per_second": 7.5,
        "dps.min_hashrate_target": None,
        "dps.min_hashrate_target.terahash_per_second": model.hashrate.default - 5,
    }

    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    assert (await client.read(slow=True)).power_target == 2500
    with pytest.raises(InvalidValueError, match="hashrate", check=why):
        await client.set_setting(Feature.DPS_HASHRATE_STEP, 9)
    assert miner.truth()["mining_restarts"] == restarts


async def test_performance_mode_begins_with_the_draw_of_now(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """A throttled miner whose power target nobody knows is not let loose."""
    settings, model = miner.device.settings, PRESETS["S19j Pro"]
    settings.tuner_mode, settings.power_target, settings.hashrate_target = 2, None, 80.0
    miner.device.retarget()
    clock.advance(SETTLED)
    drawn = await watts(plain)
    assert model.power.minimum < drawn < 0.9 * model.power.default
    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    assert miner.truth()["power_target"] == pytest.approx(drawn, rel=0.02)


@pytest.mark.parametrize(("wanted", "held"), [("power_target", 2), ("hashrate_target", 1)])
@pytest.mark.parametrize(
    ("number", "expected"), [(1, "minimum"), (10**9, "maximum")], ids=["little", "much"]
)
async def test_performance_mode_begins_within_what_is_offered(
    *,
    wanted: str,
    held: int,
    number: int,
    expected: str,
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """Whatever the miner says that it does."""
    settings = miner.device.settings
    settings.tuner_mode = held
    settings.power_target, settings.hashrate_target = (2500, None) if held == 1 else (None, 90.0)
    await client.identify()
    told: Node = {
        "miner_stats": {"nominal_hashrate": {"gigahash_per_second": number}},
        "power_stats": {"approximated_consumption": {"watt": number}},
    }
    miner.faults.set("miner/stats", Fault(body=told))
    await client.set_setting(Feature.PERFORMANCE_MODE, wanted)
    assert miner.truth()[wanted] == getattr(client.capabilities.ranges[Feature(wanted)], expected)


@pytest.mark.parametrize(("wanted", "held"), [("power_target", 2), ("hashrate_target", 1)])
async def test_performance_mode_of_a_miner_that_does_nothing(
    *,
    wanted: str,
    held: int,
    miner: BraiinsSimulator,
    client: BraiinsClient,
    plain: PlainClient,
    clock: ManualClock,
) -> None:
    """Refused with what to do, where the alternative is the full draw."""
    settings = miner.device.settings
    settings.tuner_mode = held
    settings.power_target, settings.hashrate_target = (2500, None) if held == 1 else (None, 90.0)
    before = await plain.get("configuration/miner")
    miner.faults.set("miner/stats", Fault(body={}))
    why = because(Reason.NO_TARGET_KNOWN)
    with pytest.raises(InvalidValueError, match=r"set a .* target", check=why):
        await client.set_setting(Feature.PERFORMANCE_MODE, wanted)
    miner.faults.clear()
    await client.set_mining(False)
    clock.advance(60)
    writes = miner.writes
    with pytest.raises(InvalidValueError, match=r"set a .* target", check=why):
        await client.set_setting(Feature.PERFORMANCE_MODE, wanted)
    assert miner.writes == writes
    assert await plain.get("configuration/miner") == before


async def test_performance_mode_never_exceeds_what_is_offered(
    miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """A stale target from elsewhere is not brought back as it was."""
    settings = miner.device.settings
    settings.tuner_mode, settings.hashrate_target, settings.power_target = 2, 90.0, 6000
    await client.read(slow=True)
    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    highest = client.capabilities.ranges[Feature.POWER_TARGET].maximum
    assert miner.truth()["power_target"] == highest < 6000
    settings.tuner_mode, settings.power_target = 2, 10
    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    assert miner.truth()["power_target"] == PRESETS["S19j Pro"].power.minimum


async def test_manual_operation(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """It is no choice, is not shown as one, and is left only when that is asked for."""
    miner.device.settings.tuner_enabled = False
    for _ in range(2):
        settings = (await client.read(slow=True)).settings
        assert Feature.PERFORMANCE_MODE not in settings
        assert Feature.DPS_POWER_STEP not in settings
        # Nor while only the configuration can be read.
        miner.faults.set("performance/mode", Fault(status=500))
    miner.faults.clear()
    why = because(Reason.NOT_A_CHOICE, choices="power_target, hashrate_target")
    with pytest.raises(InvalidValueError, check=why):
        await client.set_setting(Feature.PERFORMANCE_MODE, "manual")
    assert miner.writes == 0
    await client.set_setting(Feature.PERFORMANCE_MODE, "power_target")
    settings = (await client.read(slow=True)).settings
    assert settings[Feature.PERFORMANCE_MODE] == "power_target"


@pytest.mark.parametrize("preset", ["BMM 101"])
async def test_mini_miner_without_limits(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """What has no range is not offered."""
    for feature, value in (
        (Feature.DPS_MINIMUM_POWER, 30),
        (Feature.PERFORMANCE_MODE, "hashrate_target"),
    ):
        with pytest.raises(UnsupportedError):
            await client.set_setting(feature, value)
    with pytest.raises(InvalidValueError, check=because(Reason.LAST_HASHBOARD, board="1")):
        await client.set_hashboard(1, False)
    assert miner.writes == 0

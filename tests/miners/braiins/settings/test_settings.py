"""Settings of whole simulated machines: what changes, and that nothing else does."""

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.braiins.settings_schema import PowerScaling
from custom_components.asic_miner.miners.models import Feature, PowerRange, SettingValue
from tests.simulators.braiins import PRESETS, BraiinsSimulator
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node
from tests.simulators.clock import ManualClock

from .machines import HAS, TEMPERATURES, difference

SETTINGS = {feature for features in HAS.values() for feature in features} | {
    Feature.DPS_HASHRATE_STEP,
    Feature.DPS_MINIMUM_HASHRATE,
}
MODE = "temperature.mode"
CHANGES: list[tuple[str, Feature, SettingValue, dict[str, Node]]] = [
    *(
        (preset, feature, value, {path.format(kind): changed})
        for preset, kind in (
            ("S19j Pro", "auto"),
            ("S21 Pro", "auto"),
            ("S21 Hyd", "hydro"),
            ("BMM 101", "auto"),
            ("S19 XP", "auto"),
        )
        for feature, value, path, changed in (
            (Feature.TARGET_TEMPERATURE, 61, MODE + ".{}.target_temperature.degree_c", 61),
            (Feature.HOT_TEMPERATURE, 80.0, MODE + ".{}.hot_temperature.degree_c", 80),
            (Feature.DANGEROUS_TEMPERATURE, 95, MODE + ".{}.dangerous_temperature.degree_c", 95),
            (Feature.DPS, True, "dps.enabled", True),
            (Feature.DPS_SHUTDOWN, True, "dps.shutdown_enabled", True),
            (Feature.DPS_MODE, "boost", "dps.mode", 2),
            (Feature.DPS_POWER_STEP, 150.0, "dps.power_step.watt", 150),
            (Feature.DPS_SHUTDOWN_HOURS, 2, "dps.shutdown_duration.hours", 2),
        )
    ),
    (
        "S19j Pro",
        Feature.DPS_MINIMUM_POWER,
        1200,
        {"dps.min_power_target": None, "dps.min_power_target.watt": 1200},
    ),
    (
        "S21 Hyd",
        Feature.DPS_MINIMUM_POWER,
        3000.4,
        {"dps.min_power_target": None, "dps.min_power_target.watt": 3000},
    ),
    *(
        (
            preset,
            feature,
            45,
            # Both are always sent, so the one that was not set becomes what it already was.
            {
                "hashboard_config.quick_ramping_time_up_s": 45
                if feature is Feature.QUICK_RAMP_UP
                else 30,
                "hashboard_config.quick_ramping_time_down_s": 30
                if feature is Feature.QUICK_RAMP_UP
                else 45,
            },
        )
        for preset in PRESETS
        for feature in (Feature.QUICK_RAMP_UP, Feature.QUICK_RAMP_DOWN)
    ),
]


async def test_both_halves_of_the_scaling_are_sent(
    client: BraiinsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step and minimum belong together, and a device may take the default for a missing one."""
    sent: list[PowerScaling] = []
    set_dps = client._api.set_dps

    async def noting(scaling: PowerScaling) -> PowerScaling | None:
        sent.append(scaling)
        return await set_dps(scaling)

    monkeypatch.setattr(client._api, "set_dps", noting)
    await client.set_setting(Feature.DPS_MINIMUM_POWER, 1200)
    await client.set_setting(Feature.DPS_POWER_STEP, 150)
    assert sent[-1] == PowerScaling(power_step_watt=150, min_power_watt=1200)
    await client.set_setting(Feature.DPS_MINIMUM_POWER, 1300)
    assert sent[-1] == PowerScaling(power_step_watt=150, min_power_watt=1300)
    await client.set_setting(Feature.PERFORMANCE_MODE, "hashrate_target")
    await client.set_setting(Feature.DPS_MINIMUM_HASHRATE, 80)
    await client.set_setting(Feature.DPS_HASHRATE_STEP, 7)
    assert sent[-1] == PowerScaling(hashrate_step_terahash=7, min_hashrate_terahash=80)
    await client.set_setting(Feature.DPS_MINIMUM_HASHRATE, 81)
    assert sent[-1] == PowerScaling(hashrate_step_terahash=7, min_hashrate_terahash=81)


@pytest.mark.parametrize("preset", PRESETS)
async def test_which_model_has_which_settings(
    preset: str, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Everything a machine can be told, and nothing it cannot."""
    await client.identify()
    assert not client.capabilities.features & SETTINGS
    snapshot = await client.read(slow=True)
    capabilities, model = client.capabilities, PRESETS[preset]
    assert snapshot.settings.keys() - {Feature.AUTO_UPGRADE} == HAS[preset]
    assert (Feature.AUTO_UPGRADE in snapshot.settings) is (model.rest >= (1, 1, 0))
    assert capabilities.features & SETTINGS == HAS[preset]
    assert (Feature.HASHBOARD in capabilities) is (not preset.startswith("BMM"))
    chosen = {Feature.COOLING_MODE, Feature.PERFORMANCE_MODE, Feature.DPS_MODE}
    assert capabilities.choices.keys() - {Feature.LOGS} == HAS[preset] & chosen
    assert HAS[preset] - chosen - {Feature.DPS, Feature.DPS_SHUTDOWN} <= capabilities.ranges.keys()
    # Stored by the owner, stored by the factory, and not stored: the default.
    expected: dict[Feature, SettingValue] = {
        Feature.DPS_POWER_STEP: 200,
        Feature.DPS_SHUTDOWN_HOURS: 5,
        Feature.TARGET_TEMPERATURE: model.target_temperature.default,
        Feature.HOT_TEMPERATURE: 88,
        Feature.DANGEROUS_TEMPERATURE: 98,
        Feature.DPS: False,
        Feature.DPS_SHUTDOWN: False,
        Feature.DPS_MODE: "normal",
        Feature.QUICK_RAMP_UP: 30,
        Feature.QUICK_RAMP_DOWN: 30,
    }
    if model.rest >= (1, 1, 0):
        expected[Feature.AUTO_UPGRADE] = True
    if Feature.COOLING_MODE in HAS[preset]:
        expected[Feature.COOLING_MODE] = "auto"
        assert capabilities.choices[Feature.COOLING_MODE] == ("auto", "manual", "immersion")
    if model.publishes_limits:
        expected[Feature.PERFORMANCE_MODE] = "power_target"
        expected[Feature.DPS_MINIMUM_POWER] = model.power.default
        highest = capabilities.ranges[Feature.DPS_MINIMUM_POWER].maximum
        assert highest == capabilities.ranges[Feature.POWER_TARGET].maximum
    assert snapshot.settings == expected
    for feature in TEMPERATURES:
        assert capabilities.ranges[feature].minimum == 0
        assert capabilities.ranges[feature].maximum == 108
        assert capabilities.ranges[feature].step == 1
    assert capabilities.ranges[Feature.QUICK_RAMP_UP] == PowerRange(
        minimum=2, maximum=600, step=1, default=30
    )
    assert capabilities.ranges[Feature.DPS_SHUTDOWN_HOURS].maximum == 999
    assert miner.writes == 0


@pytest.mark.parametrize(("preset", "feature", "value", "changed"), CHANGES)
async def test_one_setting_changes_and_nothing_else(
    *,
    feature: Feature,
    value: SettingValue,
    changed: dict[str, Node],
    miner: BraiinsSimulator,
    client: BraiinsClient,
    plain: PlainClient,
) -> None:
    """The whole stored configuration is compared, pools and targets included."""
    before = await plain.get("configuration/miner")
    truth = miner.truth()
    await client.set_setting(feature, value)
    after = await plain.get("configuration/miner")
    assert difference(before, after) == changed
    assert miner.writes == 1
    now = miner.truth()
    restarted = now["mining_restarts"] != truth["mining_restarts"]
    assert restarted is (feature in TEMPERATURES)
    for name in ("mining", "pools", "power_target", "locate"):
        assert now[name] == truth[name]
    stored = round(value) if isinstance(value, float) else value
    assert (await client.read(slow=True)).settings[feature] == stored
    # What is set so already is not sent again.
    await client.set_setting(feature, value)
    assert miner.writes == 1


async def test_polls_ask_no_more_than_before(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """The settings come with what was read anyway, automatic upgrades now and then."""
    await client.identify()
    await client.read(slow=True)
    miner.requests.clear()
    await client.read(slow=False)
    assert len(miner.requests) == 3
    clock.advance(60)
    miner.requests.clear()
    assert (await client.read(slow=True)).settings
    assert len(miner.requests) == 9

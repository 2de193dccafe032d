"""Settings against whole simulated machines: what changes, and that nothing else does."""

from collections.abc import AsyncGenerator
import copy

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature, PowerRange, SettingValue
from tests.simulators.braiins import PRESETS, BraiinsSimulator, Fault
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node
from tests.simulators.clock import ManualClock

from .conftest import Naps

TEMPERATURES = {
    Feature.TARGET_TEMPERATURE,
    Feature.HOT_TEMPERATURE,
    Feature.DANGEROUS_TEMPERATURE,
}
ALWAYS = TEMPERATURES | {
    Feature.DPS,
    Feature.DPS_SHUTDOWN,
    Feature.DPS_MODE,
    Feature.DPS_POWER_STEP,
    Feature.DPS_SHUTDOWN_HOURS,
    Feature.QUICK_RAMP_UP,
    Feature.QUICK_RAMP_DOWN,
}
WITH_LIMITS = {Feature.PERFORMANCE_MODE, Feature.DPS_MINIMUM_POWER}
HAS: dict[str, set[Feature]] = {
    "S19j Pro": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S21 Pro": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S21 Hyd": ALWAYS | WITH_LIMITS,
    "BMM 100": ALWAYS | {Feature.COOLING_MODE},
    "BMM 101": ALWAYS | {Feature.COOLING_MODE},
    "M30S++": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S19 XP": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
}
SETTINGS = {feature for features in HAS.values() for feature in features} | {
    Feature.DPS_HASHRATE_STEP,
    Feature.DPS_MINIMUM_HASHRATE,
}


@pytest.fixture
def preset() -> str:
    """Which model is simulated."""
    return "S19j Pro"


@pytest.fixture
async def miner(preset: str, clock: ManualClock) -> AsyncGenerator[BraiinsSimulator]:
    """A machine that has been mining for a day, with settings of its owner's."""
    miner = BraiinsSimulator(preset=preset, clock=clock, seed=3)
    fans = miner.device.settings.cooling.get("auto")
    if isinstance(fans, dict):
        fans |= {
            "min_fan_speed": 20,
            "max_fan_speed": 70,
            "minimum_required_fans": 2,
            "pause_mode": {"mode": {"manual": {"pause_cooldown_fan_speed_ratio": 0.25}}},
        }
    scaling = miner.device.settings.scaling
    scaling.power_step, scaling.shutdown_hours = 200, 5
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
def client(
    miner: BraiinsSimulator, http: ClientSession, clock: ManualClock, naps: Naps
) -> BraiinsClient:
    """The client of the machine."""
    return BraiinsClient(
        "127.0.0.1",
        miner.port,
        Credentials(username="root", password="root"),
        http,
        clock=clock.now,
        sleep=naps,
    )


@pytest.fixture
async def plain(miner: BraiinsSimulator, http: ClientSession) -> PlainClient:
    """Another reader of the machine, which knows nothing of the client."""
    plain = PlainClient(miner, http)
    await plain.login()
    return plain


def flat(node: Node, path: str = "") -> dict[str, Node]:
    """Return every leaf of some JSON by its path; an empty object is a leaf, too."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    found: dict[str, Node] = {}
    for name, value in pairs:
        inner = f"{path}.{name}" if path else str(name)
        found |= flat(value, inner) if isinstance(value, dict | list) and value else {inner: value}
    return found


def difference(before: Node, after: Node) -> dict[str, Node]:
    """Return what has another value than before, None for what is gone."""
    old, new = flat(before), flat(after)
    return {
        path: new.get(path)
        for path in old.keys() | new.keys()
        if (path in old, path in new, old.get(path), new.get(path))
        != (True, True) + (new.get(path),) * 2
    }


SETTLED = 1800.0
"""Seconds after which the simulated tuner has long found a new target."""


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


@pytest.mark.parametrize("preset", ["S19j Pro", "S21 Pro", "BMM 101", "S19 XP"])
async def test_cooling_mode_keeps_temperatures_and_fans(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """Through all modes and back to where it was, fans included."""
    before = await plain.get("configuration/miner")
    auto = copy.deepcopy(before["temperature"]["mode"]["auto"])
    shared = {name: auto[name] for name in auto if name.endswith("_temperature")}
    for mode, members in {
        "immersion": shared,
        "manual": shared
        | {
            "fan_speed_ratio": 1.0,
            "minimum_required_fans": 2,
            "pause_mode": auto["pause_mode"],
        },
        "auto": auto,
    }.items():
        await client.set_setting(Feature.COOLING_MODE, mode)
        stored = await plain.get("configuration/miner")
        assert stored["temperature"]["mode"] == {mode: members}
        assert {name: stored[name] for name in stored if name != "temperature"} == {
            name: before[name] for name in before if name != "temperature"
        }
        clock.advance(600)
        assert (await client.read(slow=True)).settings[Feature.COOLING_MODE] == mode
    assert await plain.get("configuration/miner") == before
    assert miner.writes == 3
    assert miner.truth()["mining_restarts"] == 3


async def test_manual_speed_is_kept(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """A temperature changed in manual mode leaves the fans as they are; so do modes between."""
    manual: Node = {
        "fan_speed_ratio": 0.6,
        "minimum_required_fans": 3,
        "pause_mode": {"mode": {"auto": {}}},
        "target_temperature": None,
        "hot_temperature": {"degree_c": 85.0},
        "dangerous_temperature": {"degree_c": 95.0},
    }
    miner.device.settings.cooling = {"manual": copy.deepcopy(manual)}
    await client.set_setting(Feature.HOT_TEMPERATURE, 90)
    manual["hot_temperature"] = {"degree_c": 90}
    assert (await plain.get("configuration/miner"))["temperature"]["mode"] == {"manual": manual}
    clock.advance(600)
    settings = (await client.read(slow=True)).settings
    assert settings[Feature.TARGET_TEMPERATURE] == 58
    for mode in ("immersion", "manual"):
        await client.set_setting(Feature.COOLING_MODE, mode)
        clock.advance(600)
    assert (await plain.get("configuration/miner"))["temperature"]["mode"] == {"manual": manual}


async def test_disabled_cooling(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient
) -> None:
    """It is no choice and has no temperatures, and can be left."""
    miner.device.settings.cooling = {"disabled": {"fan_speed_ratio": 0.5}}
    settings = (await client.read(slow=True)).settings
    assert not settings.keys() & (TEMPERATURES | {Feature.COOLING_MODE})
    for feature in TEMPERATURES:
        with pytest.raises(InvalidValueError):
            await client.set_setting(feature, 70)
    with pytest.raises(InvalidValueError):
        await client.set_setting(Feature.COOLING_MODE, "disabled")
    assert miner.writes == 0
    await client.set_setting(Feature.COOLING_MODE, "auto")
    assert "auto" in (await plain.get("configuration/miner"))["temperature"]["mode"]


@pytest.mark.parametrize("preset", ["S21 Hyd"])
@pytest.mark.parametrize("mode", ["auto", "manual", "immersion", "hydro"])
async def test_hydro_stays_hydro(mode: str, miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """Without water there is nothing that cools it."""
    with pytest.raises(InvalidValueError if mode == "hydro" else UnsupportedError):
        await client.set_setting(Feature.COOLING_MODE, mode)
    assert miner.writes == 0


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (Feature.TARGET_TEMPERATURE, 88),
        (Feature.TARGET_TEMPERATURE, 99),
        (Feature.HOT_TEMPERATURE, 98),
        (Feature.HOT_TEMPERATURE, 50),
        (Feature.DANGEROUS_TEMPERATURE, 88),
        (Feature.DANGEROUS_TEMPERATURE, 0),
    ],
)
async def test_temperatures_rise(
    feature: Feature, value: float, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Target below hot below dangerous, in words that say so."""
    with pytest.raises(InvalidValueError, match="below the hot"):
        await client.set_setting(feature, value)
    assert miner.writes == 0


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
    with pytest.raises(InvalidValueError, match="power"):
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
    with pytest.raises(InvalidValueError, match="hashrate"):
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
    with pytest.raises(InvalidValueError, match=r"set a .* target"):
        await client.set_setting(Feature.PERFORMANCE_MODE, wanted)
    miner.faults.clear()
    await client.set_mining(False)
    clock.advance(60)
    writes = miner.writes
    with pytest.raises(InvalidValueError, match=r"set a .* target"):
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
    with pytest.raises(InvalidValueError):
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
    with pytest.raises(InvalidValueError, match="last"):
        await client.set_hashboard(1, False)
    assert miner.writes == 0


@pytest.mark.parametrize(
    ("feature", "value", "kind"),
    [
        (Feature.DPS_POWER_STEP, 0, InvalidValueError),
        (Feature.DPS_POWER_STEP, 1001, InvalidValueError),
        (Feature.DPS_POWER_STEP, float("nan"), InvalidValueError),
        (Feature.DPS_POWER_STEP, True, InvalidValueError),
        (Feature.DPS_POWER_STEP, "100", InvalidValueError),
        (Feature.DPS_MINIMUM_POWER, 949, InvalidValueError),
        (Feature.DPS_MINIMUM_POWER, 3350, InvalidValueError),
        (Feature.DPS_SHUTDOWN_HOURS, 1000, InvalidValueError),
        (Feature.DPS_MODE, "turbo", InvalidValueError),
        (Feature.DPS_MODE, 2, InvalidValueError),
        (Feature.DPS, 1, InvalidValueError),
        (Feature.DPS, "on", InvalidValueError),
        (Feature.QUICK_RAMP_UP, 1, InvalidValueError),
        (Feature.QUICK_RAMP_DOWN, 601, InvalidValueError),
        (Feature.DANGEROUS_TEMPERATURE, 109, InvalidValueError),
        (Feature.HOT_TEMPERATURE, -1, InvalidValueError),
        (Feature.COOLING_MODE, "hydro", InvalidValueError),
        (Feature.POWER_MODE, "low", UnsupportedError),
        (Feature.FAST_BOOT, True, UnsupportedError),
        (Feature.HASHBOARD, True, UnsupportedError),
    ],
)
async def test_nothing_wrong_is_sent(
    feature: Feature,
    value: SettingValue,
    kind: type[MinerError],
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """Out of range, of another kind, or no setting here."""
    with pytest.raises(kind):
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
    ("feature", "value", "path", "told"),
    [
        (Feature.DPS, True, "performance/dps", {"enabled": False}),
        (
            Feature.HOT_TEMPERATURE,
            85,
            "cooling/mode",
            {"auto": {"hot_temperature": {"degree_c": 86}}},
        ),
        (Feature.COOLING_MODE, "manual", "cooling/mode", {"auto": {}}),
        (Feature.QUICK_RAMP_UP, 10, "performance/quick-ramping", {"up_s": 11, "down_s": 30}),
        (
            Feature.PERFORMANCE_MODE,
            "hashrate_target",
            "performance/mode",
            {"tunermode": {"target": {"powertarget": {}}}},
        ),
    ],
)
async def test_another_value_than_sent_is_no_success(
    *,
    feature: Feature,
    value: SettingValue,
    path: str,
    told: Node,
    miner: BraiinsSimulator,
    client: BraiinsClient,
) -> None:
    """A device that says 200 and holds something else."""
    miner.faults.set(f"PUT {path}", Fault(body=told))
    with pytest.raises(RejectedError):
        await client.set_setting(feature, value)


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


async def test_cooling_mode_of_the_future(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """A mode we do not know is not replaced by one we know."""
    miner.faults.set(
        "configuration/miner", Fault(replace={"temperature.mode": {"freezing": {"depth": 3}}})
    )
    assert Feature.COOLING_MODE not in (await client.read(slow=True)).settings
    for feature, value in ((Feature.COOLING_MODE, "manual"), (Feature.HOT_TEMPERATURE, 80)):
        with pytest.raises(UnsupportedError):
            await client.set_setting(feature, value)
    assert miner.writes == 0


async def test_hashboard(
    miner: BraiinsSimulator, client: BraiinsClient, plain: PlainClient, clock: ManualClock
) -> None:
    """Off and on again; mining is interrupted, all else stays."""
    before = await plain.get("configuration/miner")
    await client.set_hashboard(2, False)
    clock.advance(60)
    board = (await client.read(slow=True)).board(2)
    assert board is not None
    assert board.enabled is False
    assert difference(before, await plain.get("configuration/miner")) == {
        "hashboard_config.hashboards.1.enabled": False
    }
    assert miner.truth()["mining_restarts"] == 1
    await client.set_hashboard(2, False)
    assert miner.writes == 1
    await client.set_hashboard(2, True)
    clock.advance(60)
    assert await plain.get("configuration/miner") == before
    with pytest.raises(InvalidValueError):
        await client.set_hashboard(4, False)


async def test_last_hashboard_stays_on(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Also when what was told a moment ago does not show yet."""
    await client.set_hashboard(1, False)
    await client.set_hashboard(2, False)
    for _ in range(2):
        with pytest.raises(InvalidValueError, match="switch mining off"):
            await client.set_hashboard(3, False)
        clock.advance(90)
    assert miner.device.settings.boards == {"1": False, "2": False, "3": True}
    assert miner.writes == 2
    await client.set_hashboard(1, True)
    clock.advance(90)
    await client.set_hashboard(3, False)
    clock.advance(90)
    miner.truth()  # which moves the machine on to now
    assert miner.device.settings.boards == {"1": True, "2": False, "3": False}


async def test_hashboard_changed_back_at_once(
    miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """A board that still looks on but has been told to go off is told anew."""
    await client.set_hashboard(1, False)
    await client.set_hashboard(1, True)
    assert miner.writes == 2


@pytest.mark.parametrize("preset", ["S21 Pro"])
async def test_single_board_of_a_machine_without_pic(
    miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """The device's own refusal reaches the user."""
    with pytest.raises(RejectedError, match="cut off"):
        await client.set_hashboard(1, False)


@pytest.mark.parametrize("execute", [True, False])
async def test_lost_answer_of_a_hashboard(
    execute: bool, miner: BraiinsSimulator, client: BraiinsClient
) -> None:
    """Looked up for a minute, since it shows late; never sent again."""
    await client.read(slow=True)
    miner.faults.set("PATCH miner/hw/hashboards", Fault(reset=True, execute=execute))
    if execute:
        await client.set_hashboard(3, False)
    else:
        with pytest.raises(UnconfirmedError):
            await client.set_hashboard(3, False)
    assert sum(request.startswith("PATCH") for request in miner.requests) == 1
    assert miner.device.settings.boards["3"] is not execute


async def test_hashboard_left_as_it_was(miner: BraiinsSimulator, client: BraiinsClient) -> None:
    """A device that says so in its answer did not do it."""
    miner.faults.set(
        "PATCH miner/hw/hashboards", Fault(body={"hashboards": [{"id": "1", "is_enabled": True}]})
    )
    with pytest.raises(RejectedError):
        await client.set_hashboard(1, False)

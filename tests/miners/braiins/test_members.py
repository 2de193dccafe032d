"""Each member of each answer goes where it belongs: every one has a value of its own."""

from collections.abc import Callable
from functools import partial
from typing import cast

import pytest

from custom_components.asic_miner.miners.braiins.configuration import (
    Constraints,
    CoolingLimits,
    Limits,
    MinerConfiguration,
    ScalingLimits,
)
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.braiins.schema import (
    ApiVersion,
    CoolingState,
    DetailedStatus,
    FanState,
    Hashboard,
    LoggedError,
    Login,
    MinerDetails,
    MinerStats,
    Network,
    PerformanceMode,
    PoolGroup,
    PoolState,
    ShareStats,
    TargetKind,
    TunerState,
    WorkStats,
)
from custom_components.asic_miner.miners.braiins.settings_schema import (
    SAVE_AND_APPLY,
    AutoUpgrade,
    CoolingKind,
    CoolingMode,
    EfficiencyPoint,
    License,
    NetworkConfiguration,
    PoolGroupSettings,
    PoolSettings,
    PowerScaling,
    QuickRamping,
    StaticAddress,
    TargetProfile,
    UpgradeMetadata,
    performance_mode_body,
)


def gigahash(value: float) -> Json:
    return {"gigahash_per_second": value}


def terahash(value: float) -> Json:
    return {"terahash_per_second": value}


def watt(value: float) -> Json:
    return {"watt": value}


def degrees(value: float) -> Json:
    return {"degree_c": value}


WORK: Json = {"real_hashrate": {"last_1m": gigahash(1.5)}, "nominal_hashrate": gigahash(2.5)}
SHARES: Json = {"accepted_shares": 1, "rejected_shares": 2, "stale_shares": 3}
WORK_READ = WorkStats(last_1m_gigahash=1.5, nominal_gigahash=2.5)
SHARES_READ = ShareStats(accepted=1, rejected=2, stale=3)
DETAILS: dict[str, Json] = {
    "hostname": "name",
    "mac_address": "mac",
    "serial_number": "serial",
    "miner_identity": {"brand": 1, "name": "long", "miner_model": "model"},
    "platform": 2,
    "control_board_soc_family": 3,
    "bos_version": {"current": "version"},
    "status": 4,
    "detailed_status": {"status": {"running": {"reason": {"normal": {}}}}},
    "system_uptime_s": 5,
    "system_uptime": 6,
    "bosminer_uptime_s": 7,
    "sticker_hashrate": gigahash(8.5),
}
DETAILS_READ = MinerDetails(
    hostname="name",
    mac_address="mac",
    serial_number="serial",
    brand=1,
    name="long",
    miner_model="model",
    platform=2,
    soc_family=3,
    bos_version="version",
    status=4,
    detailed_status=DetailedStatus(phase="running", reason="normal"),
    system_uptime_s=5,
    bosminer_uptime_s=7,
    sticker_gigahash=8.5,
)
BOARD: Json = {
    "id": "1",
    "enabled": True,
    "chips_count": 108,
    "current_voltage": {"volt": 12.5},
    "current_frequency": {"hertz": 5e8},
    "highest_chip_temp": {"temperature": degrees(70.5)},
    "board_temp": degrees(60.5),
    "lowest_inlet_temp": degrees(30.5),
    "highest_outlet_temp": degrees(50.5),
    "lowest_water_inlet_temp": degrees(31.5),
    "highest_water_outlet_temp": degrees(51.5),
    "stats": WORK,
}
BOARD_READ = Hashboard(
    id="1",
    enabled=True,
    chips_count=108,
    voltage_volt=12.5,
    frequency_hertz=5e8,
    chip_degree_c=70.5,
    board_degree_c=60.5,
    inlet_degree_c=30.5,
    outlet_degree_c=50.5,
    water_inlet_degree_c=31.5,
    water_outlet_degree_c=51.5,
    work=WORK_READ,
)
POOL: Json = {
    "url": "stratum+tcp://pool",
    "user": "worker",
    "enabled": True,
    "alive": False,
    "active": True,
    "stats": SHARES,
}
POOL_READ = PoolState(
    url="stratum+tcp://pool",
    user="worker",
    enabled=True,
    alive=False,
    active=True,
    shares=SHARES_READ,
)
FANS: Json = [{"position": 0, "rpm": 3000}, {"position": 1, "rpm": 3100}]


def status(phase: str, why: str, **content: Json) -> Json:
    return {"status": {phase: {"reason": {why: content}}}}


def scaling(power: Json, hashrate: Json) -> dict[str, Json]:
    return {
        "enabled": True,
        "mode": 2,
        "shutdown_enabled": False,
        "shutdown_duration": {"hours": 3},
        "power_target": power,
        "hashrate_target": hashrate,
        "on_start_target_percent": 90,
    }


SCALING_POWER: dict[str, Json] = {"power_step": watt(100), "min_power_target": watt(1500)}
SCALING_HASHRATE: dict[str, Json] = {
    "hashrate_step": terahash(5.5),
    "min_hashrate_target": terahash(60.5),
}
SCALING_READ = PowerScaling(
    enabled=True,
    mode=2,
    shutdown_enabled=False,
    shutdown_hours=3,
    power_step_watt=100,
    min_power_watt=1500,
    hashrate_step_terahash=5.5,
    min_hashrate_terahash=60.5,
    on_start_percent=90,
)
COOLING: Json = {
    "target_temperature": degrees(60.5),
    "hot_temperature": degrees(80.5),
    "dangerous_temperature": degrees(90.5),
    "minimum_required_fans": 2,
    "min_fan_speed": 10,
    "max_fan_speed": 95,
    "fan_speed_ratio": 0.5,
    "pause_mode": {"slow": {}},
}
COOLING_READ = CoolingMode(
    kind=CoolingKind.AUTO,
    target_degree_c=60.5,
    hot_degree_c=80.5,
    dangerous_degree_c=90.5,
    minimum_required_fans=2,
    min_fan_percent=10,
    max_fan_percent=95,
    fan_speed_ratio=0.5,
    pause_mode={"slow": {}},
)
GROUP: Json = {
    "name": "group",
    "uid": "7",
    "pools": [{"url": "a", "user": "b", "password": "c", "enabled": False}, {}],
    "load_balance_strategy": {"quota": {"value": 3}},
}
GROUP_READ = PoolGroupSettings(
    name="group",
    uid="7",
    pools=(
        PoolSettings(url="a", user="b", password="c", enabled=False),
        PoolSettings(url="", user=""),
    ),
    quota=3,
)
STATIC: Json = {
    "address": "192.0.2.2",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "dns_servers": ["192.0.2.3", 5, "192.0.2.4"],
}
STATIC_READ = StaticAddress(
    address="192.0.2.2",
    netmask="255.255.255.0",
    gateway="192.0.2.1",
    dns_servers=("192.0.2.3", "192.0.2.4"),
)


def limits(first: float, unit: str | None = None) -> Json:
    """Return default, least and most, each one more than the one before."""
    numbers: list[Json] = [first, first + 1, first + 2]
    if unit is not None:
        numbers = [{unit: number} for number in numbers]
    return dict(zip(("default", "min", "max"), numbers, strict=True))


def limits_read(first: float) -> Limits:
    return Limits(default=first, minimum=first + 1, maximum=first + 2)


CONSTRAINTS: Json = {
    "tuner_constraints": {
        "power_target": limits(1000, "watt"),
        "hashrate_target": limits(100, "terahash_per_second"),
        "default_mode": 2,
    },
    "hashboards_constraints": {
        "hashboard_ids": ["1", 2, "3"],
        "quick_ramping_time_s": limits(30),
    },
    "cooling_constraints": {
        "default_cooling_mode": 5,
        "target_temperature": limits(60, "degree_c"),
        "hot_temperature": limits(70, "degree_c"),
        "dangerous_temperature": limits(80, "degree_c"),
        "fan_speed_ratio": limits(0.5),
    },
    "dps_constraints": {
        "enabled": {"default": True},
        "shutdown_enabled": {"default": False},
        "mode": 1,
        "power_step": limits(200, "watt"),
        "min_power_target": limits(300, "watt"),
        "hashrate_step": limits(5, "terahash_per_second"),
        "min_hashrate_target": limits(6, "terahash_per_second"),
        "shutdown_duration": limits(2, "hours"),
    },
}
CONSTRAINTS_READ = Constraints(
    power_watt=limits_read(1000),
    hashrate_terahash=limits_read(100),
    default_kind=TargetKind.HASHRATE,
    hashboard_ids=("1", "3"),
    cooling=CoolingLimits(
        kind=CoolingKind.HYDRO,
        target_degree_c=limits_read(60),
        hot_degree_c=limits_read(70),
        dangerous_degree_c=limits_read(80),
        fan_speed_ratio=limits_read(0.5),
    ),
    scaling=ScalingLimits(
        enabled=True,
        shutdown_enabled=False,
        mode=1,
        power_step_watt=limits_read(200),
        min_power_watt=limits_read(300),
        hashrate_step_terahash=limits_read(5),
        min_hashrate_terahash=limits_read(6),
        shutdown_hours=limits_read(2),
    ),
    ramping_s=limits_read(30),
)
STORED: dict[str, Json] = {
    "tuner": {
        "enabled": True,
        "tuner_mode": 1,
        "power_target": watt(2500.5),
        "hashrate_target": terahash(99.5),
    },
    "temperature": {"mode": {"auto": COOLING}},
    "dps": {**scaling(None, None), **SCALING_POWER, **SCALING_HASHRATE},
    "hashboard_config": {"quick_ramping_time_up_s": 40, "quick_ramping_time_down_s": 50},
    "pool_groups": [GROUP],
}
STORED_READ = MinerConfiguration(
    tuner_enabled=True,
    kind=TargetKind.POWER,
    power_watt=2500.5,
    hashrate_terahash=99.5,
    told=frozenset({"temperature", "dps", "hashboard_config"}),
    cooling=COOLING_READ,
    scaling=SCALING_READ,
    ramping=QuickRamping(up_s=40, down_s=50),
    pool_groups=(GROUP_READ,),
)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (
            lambda: ApiVersion.parse({"major": 1, "minor": 2, "patch": 3}),
            ApiVersion(major=1, minor=2, patch=3),
        ),
        (lambda: ApiVersion.parse({"major": 1, "minor": 2, "patch": -3}), None),
        (
            lambda: ApiVersion.parse({"major": 0, "minor": 0, "patch": 0}),
            ApiVersion(major=0, minor=0, patch=0),
        ),
        (lambda: ApiVersion.parse({"major": 1, "minor": 2, "patch": True}), None),
        (lambda: ApiVersion.parse({"major": 1, "minor": 2}), None),
        (lambda: Login.parse({"token": "t", "timeout_s": 3600}), Login(token="t", timeout_s=3600)),
        (lambda: Login.parse({"token": "t"}), Login(token="t")),
        (lambda: Login.parse({"token": "ü", "timeout_s": 3600}), None),
        (lambda: Login.parse({"token": "a\nb"}), None),
        (lambda: Login.parse({"timeout_s": 3600}), None),
        (lambda: MinerDetails.parse(DETAILS), DETAILS_READ),
        (
            lambda: MinerStats.parse(
                {
                    "miner_stats": WORK,
                    "pool_stats": SHARES,
                    "power_stats": {
                        "approximated_consumption": watt(3000.5),
                        "efficiency": {"joule_per_terahash": 29.5},
                    },
                }
            ),
            MinerStats(
                work=WORK_READ,
                shares=SHARES_READ,
                approximated_watt=3000.5,
                joule_per_terahash=29.5,
            ),
        ),
        (lambda: Hashboard.parse_all({"hashboards": [BOARD]}), (BOARD_READ,)),
        (
            lambda: CoolingState.parse(
                {"fans": FANS, "highest_temperature": {"temperature": degrees(71.5)}}
            ),
            CoolingState(
                fans=(FanState(position=0, rpm=3000), FanState(position=1, rpm=3100)),
                highest_degree_c=71.5,
            ),
        ),
        (
            lambda: TunerState.parse(
                {
                    "overall_tuner_state": 3,
                    "mode_state": {
                        "powertargetmodestate": {"current_target": watt(2000.5)},
                        "hashratetargetmodestate": {"current_target": terahash(80.5)},
                    },
                }
            ),
            TunerState(state=3, power_watt=2000.5, hashrate_terahash=80.5),
        ),
        (
            lambda: PoolGroup.parse({"name": "group", "pools": [POOL]}),
            PoolGroup(name="group", pools=(POOL_READ,)),
        ),
        (lambda: PoolState.parse({}).url, ""),
        (lambda: PoolState.parse({}).user, ""),
        (
            lambda: Network.parse(
                {
                    "mac_address": "mac",
                    "hostname": "name",
                    "networks": [{"address": "192.0.2.2"}, {}, {"address": "192.0.2.3"}],
                }
            ),
            Network(mac_address="mac", hostname="name", addresses=("192.0.2.2", "192.0.2.3")),
        ),
        (
            lambda: LoggedError.parse(
                {
                    "timestamp": "then",
                    "message": "what",
                    "error_codes": [{"code": "1", "reason": "2", "hint": "3"}, {"code": "4"}],
                }
            ),
            LoggedError(
                timestamp="then", message="what", codes=("1", "4"), reasons=("2",), hints=("3",)
            ),
        ),
        (lambda: QuickRamping.parse({"up_s": 1, "down_s": 2}), QuickRamping(up_s=1, down_s=2)),
        (
            lambda: TargetProfile.parse(
                {
                    "target": {"watt": 2000.5, "terahash_per_second": 90.5},
                    "estimated_power_consumption": watt(2100.5),
                    "measured_hashrate": gigahash(91000.5),
                    "created": {"seconds": 1_700_000_000},
                }
            ),
            TargetProfile(
                power_watt=2000.5,
                hashrate_terahash=90.5,
                estimated_watt=2100.5,
                measured_gigahash=91000.5,
                created=1_700_000_000,
            ),
        ),
        (
            lambda: EfficiencyPoint.parse(
                {
                    "power_target": watt(2000.5),
                    "consumption": watt(2100.5),
                    "hashrate": terahash(90.5),
                    "fan_speed": 60,
                }
            ),
            EfficiencyPoint(
                power_watt=2000.5, consumption_watt=2100.5, hashrate_terahash=90.5, fan_percent=60
            ),
        ),
        (
            lambda: NetworkConfiguration.parse(
                {"hostname": "name", "protocol": {"static": STATIC}}
            ),
            NetworkConfiguration(hostname="name", static=STATIC_READ),
        ),
        (
            lambda: NetworkConfiguration.parse({"hostname": "name", "protocol": {"dhcp": {}}}),
            NetworkConfiguration(hostname="name", static=None),
        ),
        (
            lambda: License.parse({"state": {"limited": {"time_to_restricted": 9}}}),
            License(state="limited", time_to_restricted_s=9),
        ),
        *(
            (partial(License.parse, {"state": {state: {}}}), License(state=state))
            for state in ("none", "valid", "expired")
        ),
        (lambda: License.parse({"state": {"newer": {}}}), License(state=None)),
        (
            lambda: AutoUpgrade.parse(
                {
                    "enabled": True,
                    "next_execution": {"seconds": 2},
                    "last_execution": {"seconds": 1},
                }
            ),
            AutoUpgrade(enabled=True, next_execution=2, last_execution=1),
        ),
        (lambda: PowerScaling.parse(scaling(SCALING_POWER, SCALING_HASHRATE)), SCALING_READ),
        (lambda: Constraints.parse(CONSTRAINTS), CONSTRAINTS_READ),
        (lambda: MinerConfiguration.parse(STORED), STORED_READ),
        (lambda: PoolGroupSettings.parse(GROUP), GROUP_READ),
        (
            lambda: PoolGroupSettings.parse(
                {"load_balance_strategy": {"fixedshareratio": {"value": 0.25}}}
            ),
            PoolGroupSettings(name="", pools=(), fixed_share_ratio=0.25),
        ),
    ],
)
def test_every_member(read: Callable[[], object], expected: object) -> None:
    assert read() == expected


def test_the_obsolete_uptime_counts_where_the_newer_one_is_missing() -> None:
    old = {name: value for name, value in DETAILS.items() if name != "system_uptime_s"}
    assert MinerDetails.parse(old).system_uptime_s == 6
    assert MinerDetails.parse({**DETAILS, "system_uptime_s": 0}).system_uptime_s == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (status("paused", "user_pause"), None),
        ({"status": {"stopped": {}}}, DetailedStatus(phase="stopped")),
        (status("stopped", "newer"), DetailedStatus(phase="stopped")),
        (
            status("stopped", "hardware_error", message="a", reason="b", errors=["c", "d"]),
            DetailedStatus(phase="stopped", reason="hardware_error", message="a; b; c; d"),
        ),
        (
            status("stopped", "dead_pools", reason="b"),
            DetailedStatus(phase="stopped", reason="dead_pools", message="b"),
        ),
        (
            status("starting", "preheating"),
            DetailedStatus(phase="starting", reason="preheating"),
        ),
    ],
)
def test_detailed_status(value: Json, expected: DetailedStatus | None) -> None:
    assert DetailedStatus.parse(value) == expected


@pytest.mark.parametrize(
    "mode",
    [
        PerformanceMode(kind=TargetKind.POWER, power_watt=2500.5),
        PerformanceMode(kind=TargetKind.HASHRATE, hashrate_terahash=99.5),
    ],
)
def test_a_mode_is_read_as_it_is_written(mode: PerformanceMode) -> None:
    assert PerformanceMode.parse(performance_mode_body(mode)) == mode


def test_modes_that_are_not_set_from_here() -> None:
    assert PerformanceMode.parse({"manualmode": {}}) == PerformanceMode(kind=TargetKind.MANUAL)
    newer: list[Json] = [{}, {"tunermode": {}}, {"tunermode": {"target": {"newer": {}}}}]
    for unknown in newer:
        assert PerformanceMode.parse(unknown) == PerformanceMode(kind=None)
    for kind in (TargetKind.MANUAL, None):
        with pytest.raises(ValueError, match="tuner modes"):
            performance_mode_body(PerformanceMode(kind=kind))


TEMPERATURES: dict[str, Json] = {
    "target_temperature": degrees(60.5),
    "hot_temperature": degrees(80.5),
    "dangerous_temperature": degrees(90.5),
}
FAN_MEMBERS: dict[str, Json] = {"minimum_required_fans": 2, "pause_mode": {"slow": {}}}


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (
            CoolingKind.AUTO,
            {**TEMPERATURES, **FAN_MEMBERS, "min_fan_speed": 10, "max_fan_speed": 95},
        ),
        (CoolingKind.MANUAL, {**TEMPERATURES, **FAN_MEMBERS, "fan_speed_ratio": 0.5}),
        (CoolingKind.IMMERSION, TEMPERATURES),
        (CoolingKind.HYDRO, TEMPERATURES),
    ],
)
def test_a_cooling_mode_sends_only_what_it_has(kind: CoolingKind, members: Json) -> None:
    read = CoolingMode.parse({kind.value: COOLING})
    assert read is not None
    assert read.kind is kind
    assert read.body() == {kind.value: members}
    assert CoolingMode(kind=kind).body() == {kind.value: {}}


def test_cooling_that_is_disabled_can_be_read_and_not_be_set() -> None:
    disabled = CoolingMode.parse({"disabled": {}})
    assert disabled == CoolingMode(kind=CoolingKind.DISABLED)
    with pytest.raises(ValueError, match="disabled"):
        disabled.body()
    assert CoolingMode.parse({"newer": {}}) is None


@pytest.mark.parametrize(
    ("scaled", "target"),
    [
        (PowerScaling(enabled=True), None),
        (PowerScaling(power_step_watt=100, min_power_watt=1500), {"powertarget": SCALING_POWER}),
        (
            PowerScaling(hashrate_step_terahash=5.5, min_hashrate_terahash=60.5),
            {"hashratetarget": SCALING_HASHRATE},
        ),
    ],
)
def test_scaling_is_sent_for_one_kind_of_target(scaled: PowerScaling, target: Json) -> None:
    sent = scaled.body()
    assert isinstance(sent, dict)
    assert sent.get("target") == (None if target is None else {"target": target})
    assert sent.get("enable") == scaled.enabled


def test_scaling_sends_the_rest_under_the_names_of_the_request() -> None:
    rest = PowerScaling(
        enabled=True, mode=2, shutdown_enabled=False, shutdown_hours=3, on_start_percent=90
    )
    assert rest.body() == {
        "save_action": SAVE_AND_APPLY,
        "enable": True,
        "mode": 2,
        "enable_shutdown": False,
        "shutdown_duration": {"hours": 3},
        "on_start_target_percent": 90,
    }
    with pytest.raises(ValueError, match="of a power or of a hashrate"):
        PowerScaling(power_step_watt=100, min_hashrate_terahash=5.0).body()


def test_what_is_sent_to_the_device() -> None:
    assert PoolGroupSettings(name="g", pools=(PoolSettings(url="a", user="b"),)).body() == {
        "name": "g",
        "pools": [{"url": "a", "user": "b"}],
    }
    whole = PoolSettings(url="a", user="b", password="", enabled=False)
    assert whole.body() == {"url": "a", "user": "b", "password": "", "enabled": False}
    quota = PoolGroupSettings(name="g", pools=(), uid="7", quota=3)
    assert quota.body() == {
        "name": "g",
        "pools": [],
        "load_balance_strategy": {"quota": {"value": 3}},
    }
    ratio = PoolGroupSettings(name="g", pools=(), fixed_share_ratio=0.25)
    assert ratio.body() == {
        "name": "g",
        "pools": [],
        "load_balance_strategy": {"fixedshareratio": {"value": 0.25}},
    }
    assert STATIC_READ.body() == {
        **cast("dict[str, Json]", STATIC),
        "dns_servers": ["192.0.2.3", "192.0.2.4"],
    }
    assert UpgradeMetadata(size=5, sha256="ab", disable_cleanup=True).body() == {
        "size": 5,
        "hash": "ab",
        "discard_settings": False,
        "disable_cleanup": True,
    }


def test_the_number_of_fans_may_stand_beside_the_mode() -> None:
    bare: Json = {"mode": {"hydro": {}}, "minimum_required_fans": 3}
    read = MinerConfiguration.parse({"temperature": bare}).cooling
    assert read == CoolingMode(kind=CoolingKind.HYDRO, minimum_required_fans=3)
    both: Json = {"mode": {"auto": {"minimum_required_fans": 2}}, "minimum_required_fans": 3}
    read = MinerConfiguration.parse({"temperature": both}).cooling
    assert read == CoolingMode(kind=CoolingKind.AUTO, minimum_required_fans=2)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ({}, set()),
        ({"temperature": {"mode": {"newer": {}}}, "dps": {}}, {"dps"}),
        ({"temperature": {}}, {"temperature"}),
        ({"dps": None, "hashboard_config": []}, set()),
    ],
)
def test_what_is_known_to_be_stored(stored: Json, told: set[str]) -> None:
    read = MinerConfiguration.parse(stored)
    assert read.told == told
    assert read.pool_groups is None

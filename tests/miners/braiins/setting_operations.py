"""The other operations, each with an example."""

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
import json

from custom_components.asic_miner.miners.braiins import schema
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.braiins.settings_schema import (
    ArchiveFormat,
    AutoUpgrade,
    CoolingKind,
    CoolingMode,
    EfficiencyPoint,
    License,
    LogType,
    NetworkConfiguration,
    PoolGroupSettings,
    PoolSettings,
    PowerScaling,
    QuickRamping,
    RelativeReference,
    StaticAddress,
    TargetProfile,
    UpgradeMetadata,
)

from .device import Reply
from .operations import NO_CONTENT, Call, Operation, calling


def reading(name: str, what: ArchiveFormat | LogType) -> Call:
    """Return what reads a download to its end."""

    async def call(api: BraiinsApi) -> bytes:
        return b"".join([chunk async for chunk in getattr(api, name)(what, limit=10_000)])

    return call


IMAGE = bytes(range(256)) * 700
"""More than one piece, and every byte there is."""
IMAGE_METADATA = UpgradeMetadata(size=len(IMAGE), sha256=sha256(IMAGE).hexdigest())


async def image() -> AsyncIterator[bytes]:
    """Read it in pieces of an odd size."""
    for at in range(0, len(IMAGE), 50_001):
        yield IMAGE[at : at + 50_001]


TUNER_MODE: Json = {"tunermode": {"target": {"powertarget": {"power_target": {"watt": 2000}}}}}
TERAHASH = "terahash_per_second"
HASHRATE_MODE: Json = {
    "tunermode": {"target": {"hashratetarget": {"hashrate_target": {TERAHASH: 80.0}}}}
}
POOL_GROUP = PoolGroupSettings(
    name="main",
    quota=2,
    pools=(PoolSettings(url="stratum+tcp://a.example:1", user="u.w", password="x", enabled=True),),
)
RATIO_GROUP = PoolGroupSettings(name="spare", fixed_share_ratio=0.25, pools=())
POOL_GROUP_BODY: dict[str, Json] = {
    "name": "main",
    "pools": [
        {"url": "stratum+tcp://a.example:1", "user": "u.w", "password": "x", "enabled": True}
    ],
    "load_balance_strategy": {"quota": {"value": 2}},
}
RATIO_GROUP_BODY: Json = {
    "name": "spare",
    "pools": [],
    "load_balance_strategy": {"fixedshareratio": {"value": 0.25}},
}
STATIC: Json = {
    "address": "192.0.2.5",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "dns_servers": ["192.0.2.1"],
}
STATIC_ADDRESS = StaticAddress(
    address="192.0.2.5",
    netmask="255.255.255.0",
    gateway="192.0.2.1",
    dns_servers=("192.0.2.1",),
)
HOSTNAME_AND_DHCP: Json = {"hostname": "garage", "protocol": {"dhcp": {}}}

PERFORMANCE_MODES: list[tuple[schema.PerformanceMode, Json]] = [
    (schema.PerformanceMode(kind=schema.TargetKind.POWER, power_watt=2000), TUNER_MODE),
    (
        schema.PerformanceMode(kind=schema.TargetKind.HASHRATE, hashrate_terahash=80.0),
        HASHRATE_MODE,
    ),
    (
        schema.PerformanceMode(kind=schema.TargetKind.POWER),
        {"tunermode": {"target": {"powertarget": {"power_target": None}}}},
    ),
]
COOLING_MODES: list[tuple[CoolingMode, Json]] = [
    (
        CoolingMode(
            kind=CoolingKind.AUTO,
            target_degree_c=60.0,
            hot_degree_c=85.0,
            dangerous_degree_c=95.0,
            minimum_required_fans=2,
            min_fan_percent=10,
            max_fan_percent=80,
        ),
        {
            "auto": {
                "target_temperature": {"degree_c": 60.0},
                "hot_temperature": {"degree_c": 85.0},
                "dangerous_temperature": {"degree_c": 95.0},
                "minimum_required_fans": 2,
                "min_fan_speed": 10,
                "max_fan_speed": 80,
            }
        },
    ),
    (
        CoolingMode(kind=CoolingKind.MANUAL, fan_speed_ratio=0.5),
        {"manual": {"fan_speed_ratio": 0.5}},
    ),
    (
        CoolingMode(kind=CoolingKind.HYDRO, target_degree_c=45.0),
        {"hydro": {"target_temperature": {"degree_c": 45.0}}},
    ),
    (CoolingMode(kind=CoolingKind.IMMERSION), {"immersion": {}}),
    (
        CoolingMode(kind=CoolingKind.MANUAL, pause_mode={"mode": {"auto": {}}}),
        {"manual": {"pause_mode": {"mode": {"auto": {}}}}},
    ),
]

SETTING_OPERATIONS = [
    *(
        Operation(
            id=f"{name}{kind}Target",
            call=calling(f"{name}_{kind.lower()}_target", value),
            method="PATCH",
            path=f"performance/{kind.lower()}-target/{name}",
            body={unit: value},
            answer={unit: 2100},
            result=2100,
        )
        for name in ("increment", "decrement")
        for kind, unit, value in (("Power", "watt", 100), ("Hashrate", TERAHASH, 2.5))
    ),
    Operation(
        id="relativePowerTarget",
        call=lambda api: api.relative_power_target(50, RelativeReference.NOMINAL),
        method="PATCH",
        path="performance/power-target/relative",
        body={"percentage": 50, "reference": 1},
        answer={"watt": 1500},
        result=1500,
    ),
    Operation(
        id="relativeHashrateTarget",
        call=lambda api: api.relative_hashrate_target(62.5, RelativeReference.MAX),
        method="PATCH",
        path="performance/hashrate-target/relative",
        body={"percentage": 62.5, "reference": 3},
        answer={TERAHASH: 80},
        result=80,
    ),
    *(
        Operation(
            id="setPerformanceMode",
            call=calling("set_performance_mode", mode),
            method="PUT",
            path="performance/mode",
            body=body,
            answer=body,
            result=mode,
        )
        for mode, body in PERFORMANCE_MODES
    ),
    Operation(
        id="setDps",
        call=lambda api: api.set_dps(
            PowerScaling(
                enabled=True,
                mode=1,
                shutdown_enabled=False,
                shutdown_hours=3,
                power_step_watt=300,
                min_power_watt=1200,
                on_start_percent=80,
            )
        ),
        method="PUT",
        path="performance/dps",
        body={
            "save_action": 2,
            "enable": True,
            "mode": 1,
            "enable_shutdown": False,
            "shutdown_duration": {"hours": 3},
            "target": {
                "target": {
                    "powertarget": {
                        "power_step": {"watt": 300},
                        "min_power_target": {"watt": 1200},
                    }
                }
            },
            "on_start_target_percent": 80,
        },
        answer={
            "enabled": True,
            "mode": 1,
            "shutdown_enabled": False,
            "shutdown_duration": {"hours": 3},
            "power_target": {"power_step": {"watt": 300}, "min_power_target": {"watt": 1200}},
            "hashrate_target": None,
            "on_start_target_percent": 80,
        },
        result=PowerScaling(
            enabled=True,
            mode=1,
            shutdown_enabled=False,
            shutdown_hours=3,
            power_step_watt=300,
            min_power_watt=1200,
            on_start_percent=80,
        ),
    ),
    Operation(
        # What is not given must not be reset.
        id="setDps",
        call=lambda api: api.set_dps(PowerScaling(enabled=False)),
        method="PUT",
        path="performance/dps",
        body={"save_action": 2, "enable": False},
        answer={"enabled": False},
        result=PowerScaling(enabled=False),
    ),
    Operation(
        id="setDps",
        call=lambda api: api.set_dps(
            PowerScaling(hashrate_step_terahash=7.5, min_hashrate_terahash=80.0)
        ),
        method="PUT",
        path="performance/dps",
        body={
            "save_action": 2,
            "target": {
                "target": {
                    "hashratetarget": {
                        "hashrate_step": {TERAHASH: 7.5},
                        "min_hashrate_target": {TERAHASH: 80.0},
                    }
                }
            },
        },
        answer={
            "hashrate_target": {
                "hashrate_step": {TERAHASH: 7.5},
                "min_hashrate_target": {TERAHASH: 80.0},
            }
        },
        result=PowerScaling(hashrate_step_terahash=7.5, min_hashrate_terahash=80.0),
    ),
    Operation(
        id="setQuickRamping",
        call=lambda api: api.set_quick_ramping(60, 10),
        method="PUT",
        path="performance/quick-ramping",
        body={"up_s": 60, "down_s": 10},
        answer={"up_s": 60, "down_s": 10},
        result=QuickRamping(up_s=60, down_s=10),
    ),
    Operation(
        id="setDefaultQuickRamping",
        call=lambda api: api.set_default_quick_ramping(),
        method="PUT",
        path="performance/quick-ramping/default",
        answer={"up_s": 30, "down_s": 30},
        result=QuickRamping(up_s=30, down_s=30),
    ),
    Operation(
        id="getTargetProfiles",
        call=lambda api: api.get_target_profiles(),
        method="GET",
        path="performance/target-profiles",
        answer={
            "power_target_profiles": [
                {
                    "created": {"seconds": 1, "nanos": 0},
                    "target": {"watt": 2000},
                    "estimated_power_consumption": {"watt": 2050},
                    "measured_hashrate": {"gigahash_per_second": 70000.0},
                }
            ],
            "hashrate_target_profiles": [{"target": {TERAHASH: 80.0}}],
        },
        result=(
            TargetProfile(
                power_watt=2000,
                hashrate_terahash=None,
                estimated_watt=2050,
                measured_gigahash=70000.0,
                created=1,
            ),
            TargetProfile(
                power_watt=None,
                hashrate_terahash=80.0,
                estimated_watt=None,
                measured_gigahash=None,
            ),
        ),
    ),
    Operation(
        id="removeTunedProfiles",
        call=lambda api: api.remove_tuned_profiles(),
        method="DELETE",
        path="performance/tuned-profiles",
        answer=NO_CONTENT,
        result=None,
    ),
    Operation(
        id="getEfficiencyProfile",
        call=lambda api: api.get_efficiency_profile(),
        method="GET",
        path="performance/efficiency-profile",
        answer={
            "points": [
                {
                    "quality": 1,
                    "fan_speed": 40,
                    "power_target": {"watt": 2000},
                    "consumption": {"watt": 2040},
                    "hashrate": {TERAHASH: 75.0},
                }
            ]
        },
        result=(
            EfficiencyPoint(
                power_watt=2000, consumption_watt=2040, hashrate_terahash=75.0, fan_percent=40
            ),
        ),
    ),
    *(
        Operation(
            id="setCoolingMode",
            call=calling("set_cooling_mode", mode),
            method="PUT",
            path="cooling/mode",
            body=body,
            answer=body,
            result=mode,
        )
        for mode, body in COOLING_MODES
    ),
    Operation(
        id="updateHashboards",
        call=lambda api: api.update_hashboards(["1", "3"], enable=False),
        method="PATCH",
        path="miner/hw/hashboards",
        body={"hashboard_ids": ["1", "3"], "enable": False},
        answer={
            "hashboards": [
                {"id": "1", "is_enabled": False},
                {"id": "3", "is_enabled": False},
                {"id": None, "is_enabled": True},
                {"id": "4"},
            ]
        },
        result={"1": False, "3": False},
    ),
    Operation(
        id="createPoolGroup",
        call=lambda api: api.create_pool_group(POOL_GROUP),
        method="POST",
        path="pools/",
        body=POOL_GROUP_BODY,
        answer=Reply(status=201, body=json.dumps(POOL_GROUP_BODY | {"uid": "7"}).encode()),
        result=replace(POOL_GROUP, uid="7"),
    ),
    Operation(
        id="setBatchPools",
        call=lambda api: api.set_batch_pools([POOL_GROUP, RATIO_GROUP]),
        method="PUT",
        path="pools/batch",
        body=[POOL_GROUP_BODY, RATIO_GROUP_BODY],
        answer=[POOL_GROUP_BODY, RATIO_GROUP_BODY],
        result=(POOL_GROUP, RATIO_GROUP),
    ),
    Operation(
        id="updatePoolGroup",
        call=lambda api: api.update_pool_group("0", PoolGroupSettings(name="a", pools=())),
        method="PUT",
        path="pools/0",
        body={"name": "a", "pools": []},
        answer={"name": "a", "pools": []},
        result=PoolGroupSettings(name="a", pools=()),
    ),
    Operation(
        id="deletePool",
        call=lambda api: api.delete_pool("0"),
        method="DELETE",
        path="pools/0",
        answer=NO_CONTENT,
        result=None,
    ),
    Operation(
        id="getNetworkConfiguration",
        call=lambda api: api.get_network_configuration(),
        method="GET",
        path="network/configuration",
        answer={"hostname": "garage", "protocol": {"static": STATIC}},
        result=NetworkConfiguration(hostname="garage", static=STATIC_ADDRESS),
    ),
    Operation(
        id="updateNetworkConfiguration",
        call=lambda api: api.update_network_configuration(hostname="garage", dhcp=True),
        method="PATCH",
        path="network/configuration",
        body=HOSTNAME_AND_DHCP,
        answer=HOSTNAME_AND_DHCP,
        result=NetworkConfiguration(hostname="garage", static=None),
    ),
    Operation(
        id="updateNetworkConfiguration",
        call=lambda api: api.update_network_configuration(static=STATIC_ADDRESS),
        method="PATCH",
        path="network/configuration",
        body={"protocol": {"static": STATIC}},
        answer={"hostname": "garage", "protocol": {"static": STATIC}},
        result=NetworkConfiguration(hostname="garage", static=STATIC_ADDRESS),
    ),
    Operation(
        id="updateNetworkConfiguration",
        call=lambda api: api.update_network_configuration(hostname="shed"),
        method="PATCH",
        path="network/configuration",
        body={"hostname": "shed"},
        answer={"hostname": "shed", "protocol": None},
        result=NetworkConfiguration(hostname="shed", static=None),
    ),
    Operation(
        id="getLicenseState",
        call=lambda api: api.get_license_state(),
        method="GET",
        path="license/license",
        answer={"state": {"none": {"time_to_restricted": 86400}}},
        result=License(state="none", time_to_restricted_s=86400),
    ),
    Operation(
        id="getLicenseState",
        call=lambda api: api.get_license_state(),
        method="GET",
        path="license/license",
        answer={"state": None},
        result=License(state=None),
    ),
    Operation(
        id="applyContractKey",
        call=lambda api: api.apply_contract_key("secret"),
        method="PUT",
        path="license/apply-contract-key",
        body={"contract_key": "secret"},
        answer={"successful": True},
        result=True,
    ),
    Operation(
        id="applyContractKey",
        call=lambda api: api.apply_contract_key("secret", keep_existing=False),
        method="PUT",
        path="license/apply-contract-key",
        body={"contract_key": "secret", "keep_existing": False},
        answer={"successful": False},
        result=False,
    ),
    *(
        Operation(
            id="setPassword",
            call=calling("set_password", new),
            method="PUT",
            path="auth/password",
            body={"password": new},
            answer=NO_CONTENT,
            result=None,
        )
        for new in ("better", None)
    ),
    Operation(
        id="getAutoUpgradeStatus",
        call=lambda api: api.get_auto_upgrade_status(),
        method="GET",
        path="upgrade/auto-upgrade",
        answer={"enabled": True, "next_execution": {"seconds": 99}, "last_execution": None},
        result=AutoUpgrade(enabled=True, next_execution=99, last_execution=None),
    ),
    Operation(
        id="updateAutoUpgradeConfig",
        call=lambda api: api.update_auto_upgrade_config(enabled=False),
        method="PATCH",
        path="upgrade/auto-upgrade",
        body={"enabled": False},
        answer={"enabled": False, "next_execution": None},
        result=AutoUpgrade(enabled=False, next_execution=None, last_execution=None),
    ),
    Operation(
        id="systemUpgrade",
        call=lambda api: api.system_upgrade(IMAGE_METADATA, image),
        method="POST",
        path="upgrade/system-upgrade",
        form=True,
        answer=NO_CONTENT,
        result=None,
    ),
    Operation(
        id="restoreStock",
        call=lambda api: api.restore_stock(),
        method="POST",
        path="upgrade/restore-stock",
        answer=NO_CONTENT,
        result=None,
    ),
    *(
        Operation(
            id="factory_reset",
            call=calling("factory_reset", wipe_network=wipe),
            method="PUT",
            path="actions/factory-reset",
            query={} if wipe is None else {"wipe_network": "true" if wipe else "false"},
            answer=NO_CONTENT,
            result=None,
        )
        for wipe in (None, True, False)
    ),
    *(
        Operation(
            id="getAdvancedSettings",
            call=calling("get_advanced_settings", include_default=default),
            method="GET",
            path="advanced-settings/",
            query={} if default is None else {"include_default": "true"},
            answer={"a": 1},
            result={"a": 1},
        )
        for default in (None, True)
    ),
    Operation(
        id="setAdvancedSettings",
        call=lambda api: api.set_advanced_settings({"a": [1]}),
        method="PATCH",
        path="advanced-settings/",
        body={"a": [1]},
        answer={"a": [1], "b": 2},
        result={"a": [1], "b": 2},
    ),
    Operation(
        id="resetAllAdvancedSettings",
        call=lambda api: api.reset_all_advanced_settings(),
        method="DELETE",
        path="advanced-settings/",
        answer=[],
        result=None,
    ),
    Operation(
        id="getAdvancedSettingsSchema",
        call=lambda api: api.get_advanced_settings_schema(),
        method="GET",
        path="advanced-settings/schema",
        answer={"type": "object"},
        result={"type": "object"},
    ),
    *(
        Operation(
            id="getSupportArchive",
            call=reading("get_support_archive", archive),
            method="GET",
            path="miner/support-archive",
            body={"format": archive.value},
            answer=Reply(body=b"PK\x03\x04", content_type="application/octet-stream"),
            result=b"PK\x03\x04",
        )
        for archive in ArchiveFormat
    ),
    *(
        Operation(
            id="getLog",
            call=reading("get_log", log),
            method="GET",
            path=f"miner/log/{log.value}",
            answer=Reply(body=b"nothing\n", content_type="application/octet-stream"),
            result=b"nothing\n",
        )
        for log in LogType
    ),
    Operation(
        id="getOpenApiSchema",
        call=lambda api: api.get_open_api_schema(),
        method="GET",
        path="docs/openapi.json",
        answer={"openapi": "3.1.0"},
        result={"openapi": "3.1.0"},
    ),
]

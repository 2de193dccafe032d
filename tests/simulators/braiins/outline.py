"""Our own outline of the interface: operations, bodies and answers, for when nothing else is there.

It says what the contract file says that lives outside the repository, as far as tests need
it, and a test holds one against the other wherever both are at hand.
"""

from dataclasses import dataclass

from .outline_shapes import (
    CELSIUS,
    CELSIUS_LIMITS,
    COOLING,
    DETAILED,
    FEE,
    FLOAT_RANGE,
    GIGAHASH,
    GROUP,
    HASHRATE_PROFILE,
    HASHRATE_SCALING,
    HERTZ,
    HERTZ_LIMITS,
    HOURS,
    HOURS_LIMITS,
    INT_RANGE,
    MOMENT,
    NETWORK,
    PERCENTAGE,
    PERFORMANCE,
    POWER_PROFILE,
    POWER_SCALING,
    PROTOCOL,
    RAMPING,
    SCHEDULE,
    SENSOR,
    SHARES,
    STORED_COOLING,
    STRATEGY,
    SWITCH,
    TERAHASH,
    TERAHASH_LIMITS,
    VOLT,
    VOLT_LIMITS,
    WATT,
    WATT_LIMITS,
    WORK,
    OneOf,
    Shape,
)

READ = (401, 500)
"""Statuses of the refusals of what needs a session and nothing else."""
PROCESS = (401, 412, 500)
"""Of what needs the mining process, too."""
STORE = (400, 401, 422, 500)
"""Of what has a body besides a session."""
CHANGE = (400, 401, 412, 422, 500)
"""Of what has a body and needs the mining process."""


@dataclass(frozen=True)
class Op:
    """One operation."""

    id: str
    call: str
    """Method and path below `/api/v1/`, such as `GET pools/`."""
    answer: Shape | None = None
    body: Shape | None = None
    form: dict[str, Shape] | None = None
    """The parts of a form, instead of a body."""
    lines: bool = False
    """The answer is a stream of lines of JSON."""
    success: int | None = None
    """Its status, 200 or 204 unless given."""
    refusals: tuple[int, ...] = READ
    since: str = "1.0.0"
    query: tuple[str, ...] = ()


OPERATIONS = [
    Op("getLocateDeviceStatus", "GET actions/locate", answer=bool, refusals=(401,)),
    Op(
        "setLocateDeviceStatus",
        "PUT actions/locate",
        answer=bool,
        body=bool,
        refusals=(
            401,
            422,
        ),
    ),
    Op("pauseMining", "PUT actions/pause", answer=bool, refusals=PROCESS),
    Op("resumeMining", "PUT actions/resume", answer=bool, refusals=PROCESS),
    Op("start", "PUT actions/start", answer=bool),
    Op("stop", "PUT actions/stop", answer=bool),
    Op("restart", "PUT actions/restart", answer=bool),
    Op("reboot", "PUT actions/reboot"),
    Op("factory_reset", "PUT actions/factory-reset", since="1.2.0", query=("wipe_network",)),
    Op(
        "login",
        "POST auth/login",
        answer={"token": str, "timeout_s": int},
        body={"username": str, "password": str},
        refusals=(
            401,
            422,
            500,
        ),
    ),
    Op("setPassword", "PUT auth/password", body={"password?": str}, refusals=STORE),
    Op(
        "getConstraints",
        "GET configuration/constraints",
        answer={
            "tuner_constraints?": {
                "power_target?": WATT_LIMITS,
                "hashrate_target?": TERAHASH_LIMITS,
                "enabled?": SWITCH,
                "default_mode": int,
            },
            "cooling_constraints?": {
                "default_cooling_mode": int,
                "target_temperature?": CELSIUS_LIMITS,
                "hot_temperature?": CELSIUS_LIMITS,
                "dangerous_temperature?": CELSIUS_LIMITS,
                "fan_speed_ratio?": FLOAT_RANGE,
                "minimum_required_fans?": INT_RANGE,
                "min_fan_speed?": INT_RANGE,
                "max_fan_speed?": INT_RANGE,
                "pause_cooldown_fan_speed_ratio?": FLOAT_RANGE,
                "default_fan_pause_mode?": int,
                "default_fan_pause_runtime?@1.2.0": int,
                "fan_pause_runtime_limited_duration_s?@1.2.0": int,
            },
            "dps_constraints?": {
                "power_step?": WATT_LIMITS,
                "hashrate_step?": TERAHASH_LIMITS,
                "min_power_target?": WATT_LIMITS,
                "min_hashrate_target?": TERAHASH_LIMITS,
                "shutdown_enabled?": SWITCH,
                "shutdown_duration?": HOURS_LIMITS,
                "enabled?": SWITCH,
                "mode": int,
                "on_start_target_percent?@1.2.0": INT_RANGE,
            },
            "hashboards_constraints?": {
                "hashboard_ids": [str],
                "enabled?": SWITCH,
                "frequency?": HERTZ_LIMITS,
                "voltage?": VOLT_LIMITS,
                "quick_ramping_time_s?": INT_RANGE,
            },
        },
    ),
    Op(
        "getMinerConfiguration",
        "GET configuration/miner",
        answer={
            "pool_groups": [GROUP],
            "temperature?": {"minimum_required_fans?": int, "mode?": STORED_COOLING},
            "tuner?": {
                "enabled?": bool,
                "tuner_mode?": int,
                "power_target?": WATT,
                "hashrate_target?": TERAHASH,
            },
            "dps?": {
                "enabled?": bool,
                "power_step?": WATT,
                "hashrate_step?": TERAHASH,
                "min_power_target?": WATT,
                "min_hashrate_target?": TERAHASH,
                "shutdown_enabled?": bool,
                "shutdown_duration?": HOURS,
                "mode?": int,
                "on_start_target_percent?@1.2.0": int,
            },
            "hashboard_config?": {
                "global_frequency?": HERTZ,
                "global_voltage?": VOLT,
                "hashboards": [
                    {"id": str, "enabled?": bool, "frequency?": HERTZ, "voltage?": VOLT}
                ],
                "quick_ramping_time_up_s?": int,
                "quick_ramping_time_down_s?": int,
            },
        },
    ),
    Op("setCoolingMode", "PUT cooling/mode", answer=COOLING, body=COOLING, refusals=CHANGE),
    Op(
        "getCoolingState",
        "GET cooling/state",
        answer={
            "fans": [{"position?": int, "rpm": int, "target_speed_ratio?": float}],
            "highest_temperature?": SENSOR,
        },
        refusals=PROCESS,
    ),
    Op("getOpenApiSchema", "GET docs/openapi.json", answer=object, refusals=(401,)),
    Op(
        "applyContractKey",
        "PUT license/apply-contract-key",
        answer={"successful": bool},
        body={"contract_key": str, "keep_existing?@1.7.0": bool},
        refusals=STORE,
    ),
    Op(
        "getLicenseState",
        "GET license/license",
        answer={
            "state?": OneOf(
                {
                    "none": {"time_to_restricted": int},
                    "limited": {},
                    "valid": {
                        "type": int,
                        "contract_name": str,
                        "time_to_restricted": int,
                        "dev_fee?": FEE,
                    },
                    "expired": {"type": int, "contract_name": str, "dev_fee?": FEE},
                }
            )
        },
        refusals=PROCESS,
    ),
    Op(
        "getMinerDetails",
        "GET miner/details",
        answer={
            "uid": str,
            "miner_identity?": {"brand": int, "model": int, "name": str, "miner_model": str},
            "platform": int,
            "bos_mode": int,
            "bos_version?": {"current": str, "major": str, "bos_plus": bool},
            "hostname": str,
            "mac_address": str,
            "system_uptime": int,
            "sticker_hashrate?": GIGAHASH,
            "bosminer_uptime_s": int,
            "system_uptime_s": int,
            "status": int,
            "kernel_version": str,
            "psu_info?": {
                "version?": int,
                "fw_version?": int,
                "serial_number?": str,
                "model_name?": str,
                "min_voltage?": VOLT,
                "max_voltage?": VOLT,
            },
            "control_board_soc_family": int,
            "serial_number?": str,
            "is_pic_model?@1.7.0": bool,
            "detailed_status?@1.7.0": DETAILED,
        },
    ),
    Op(
        "getMinerErrors",
        "GET miner/errors",
        answer={
            "errors": [
                {
                    "timestamp": str,
                    "message": str,
                    "error_codes": [{"code": str, "reason": str, "hint": str}],
                    "components": [{"name": str, "index": int}],
                }
            ]
        },
    ),
    Op(
        "getHashboards",
        "GET miner/hw/hashboards",
        answer={
            "hashboards": [
                {
                    "id": str,
                    "enabled": bool,
                    "chips_count?": int,
                    "current_voltage?": VOLT,
                    "current_frequency?": HERTZ,
                    "highest_chip_temp?": SENSOR,
                    "board_temp?": CELSIUS,
                    "stats?": WORK,
                    "model?": str,
                    "lowest_inlet_temp?": CELSIUS,
                    "highest_outlet_temp?": CELSIUS,
                    "serial_number?": str,
                    "board_name?": str,
                    "chip_type?": str,
                    "lowest_water_inlet_temp?@1.4.0": CELSIUS,
                    "highest_water_outlet_temp?@1.4.0": CELSIUS,
                }
            ]
        },
        refusals=PROCESS,
    ),
    Op(
        "updateHashboards",
        "PATCH miner/hw/hashboards",
        answer={"hashboards": [{"id": str, "is_enabled": bool}]},
        body={"hashboard_ids": [str], "enable": bool},
        refusals=CHANGE,
    ),
    Op(
        "getMinerStats",
        "GET miner/stats",
        answer={
            "pool_stats?": SHARES,
            "miner_stats?": WORK,
            "power_stats?": {
                "approximated_consumption?": WATT,
                "efficiency?": {"joule_per_terahash": float},
            },
        },
        refusals=PROCESS,
    ),
    Op("getMinerStatus", "GET miner/status", answer={"status": int}),
    Op(
        "getMinerDetailedStatus",
        "GET miner/status/detailed",
        answer={"status?": DETAILED},
        lines=True,
        since="1.7.0",
    ),
    Op(
        "getSupportArchive",
        "GET miner/support-archive",
        answer=bytes,
        body={"format": str},
        refusals=(
            401,
            422,
            500,
        ),
    ),
    Op(
        "getLog",
        "GET miner/log/{log_type}",
        answer=bytes,
        refusals=(
            400,
            401,
            500,
        ),
        since="1.3.0",
    ),
    Op(
        "getNetwork",
        "GET network/",
        answer={
            "name": str,
            "mac_address?": str,
            "hostname?": str,
            "protocol?": int,
            "dns_servers": [str],
            "networks": [{"address": str, "netmask": str}],
            "default_gateway?": str,
        },
    ),
    Op("getNetworkConfiguration", "GET network/configuration", answer=NETWORK),
    Op(
        "updateNetworkConfiguration",
        "PATCH network/configuration",
        answer=NETWORK,
        body={"hostname?": str, "protocol?": PROTOCOL},
        refusals=STORE,
    ),
    Op(
        "setDps",
        "PUT performance/dps",
        answer={
            "enabled?": bool,
            "shutdown_enabled?": bool,
            "mode?": int,
            "shutdown_duration?": HOURS,
            "power_target?": POWER_SCALING,
            "hashrate_target?": HASHRATE_SCALING,
            "on_start_target_percent?@1.2.0": int,
        },
        body={
            "save_action": int,
            "enable?": bool,
            "enable_shutdown?": bool,
            "mode?": int,
            "shutdown_duration?": HOURS,
            "target?": {
                "target?": OneOf({"powertarget": POWER_SCALING, "hashratetarget": HASHRATE_SCALING})
            },
            "on_start_target_percent?@1.2.0": int,
        },
        refusals=CHANGE,
    ),
    Op("setPowerTarget", "PUT performance/power-target", answer=WATT, body=WATT, refusals=CHANGE),
    Op(
        "incrementPowerTarget",
        "PATCH performance/power-target/increment",
        answer=WATT,
        body=WATT,
        refusals=CHANGE,
    ),
    Op(
        "decrementPowerTarget",
        "PATCH performance/power-target/decrement",
        answer=WATT,
        body=WATT,
        refusals=CHANGE,
    ),
    Op(
        "setDefaultPowerTarget",
        "PUT performance/power-target/default",
        answer=WATT,
        refusals=PROCESS,
    ),
    Op(
        "relativePowerTarget",
        "PATCH performance/power-target/relative",
        answer=WATT,
        body=PERCENTAGE,
        refusals=CHANGE,
        since="1.1.0",
    ),
    Op(
        "setHashrateTarget",
        "PUT performance/hashrate-target",
        answer=TERAHASH,
        body=TERAHASH,
        refusals=CHANGE,
    ),
    Op(
        "incrementHashrateTarget",
        "PATCH performance/hashrate-target/increment",
        answer=TERAHASH,
        body=TERAHASH,
        refusals=CHANGE,
    ),
    Op(
        "decrementHashrateTarget",
        "PATCH performance/hashrate-target/decrement",
        answer=TERAHASH,
        body=TERAHASH,
        refusals=CHANGE,
    ),
    Op(
        "setDefaultHashrateTarget",
        "PUT performance/hashrate-target/default",
        answer=TERAHASH,
        refusals=PROCESS,
    ),
    Op(
        "relativeHashrateTarget",
        "PATCH performance/hashrate-target/relative",
        answer=TERAHASH,
        body=PERCENTAGE,
        refusals=CHANGE,
        since="1.1.0",
    ),
    Op("getPerformanceMode", "GET performance/mode", answer=PERFORMANCE, refusals=PROCESS),
    Op(
        "setPerformanceMode",
        "PUT performance/mode",
        answer=PERFORMANCE,
        body=PERFORMANCE,
        refusals=CHANGE,
    ),
    Op(
        "setQuickRamping",
        "PUT performance/quick-ramping",
        answer=RAMPING,
        body=RAMPING,
        refusals=CHANGE,
    ),
    Op(
        "setDefaultQuickRamping",
        "PUT performance/quick-ramping/default",
        answer=RAMPING,
        refusals=PROCESS,
    ),
    Op(
        "getTargetProfiles",
        "GET performance/target-profiles",
        answer={
            "power_target_profiles": [POWER_PROFILE],
            "hashrate_target_profiles": [HASHRATE_PROFILE],
        },
        refusals=PROCESS,
    ),
    Op("removeTunedProfiles", "DELETE performance/tuned-profiles"),
    Op(
        "getTunerState",
        "GET performance/tuner-state",
        answer={
            "overall_tuner_state": int,
            "mode_state?": OneOf(
                {
                    "powertargetmodestate": {"profile?": POWER_PROFILE, "current_target?": WATT},
                    "hashratetargetmodestate": {
                        "profile?": HASHRATE_PROFILE,
                        "current_target?": TERAHASH,
                    },
                }
            ),
        },
        refusals=PROCESS,
    ),
    Op(
        "getEfficiencyProfile",
        "GET performance/efficiency-profile",
        answer={
            "points": [
                {
                    "quality": int,
                    "fan_speed": int,
                    "power_target?": WATT,
                    "consumption?": WATT,
                    "hashrate?": TERAHASH,
                    "outlet_temp?": CELSIUS,
                    "ambient_temp?": CELSIUS,
                    "frequency?": HERTZ,
                    "voltage?": VOLT,
                }
            ]
        },
        refusals=PROCESS,
        since="1.4.0",
    ),
    Op(
        "getPools",
        "GET pools/",
        answer=[
            {
                "uid@1.1.0": str,
                "name": str,
                "strategy?": STRATEGY,
                "pools": [
                    {
                        "uid": str,
                        "url": str,
                        "user": str,
                        "enabled": bool,
                        "alive": bool,
                        "active": bool,
                        "stats?": SHARES,
                    }
                ],
            }
        ],
        refusals=PROCESS,
    ),
    Op("createPoolGroup", "POST pools/", answer=GROUP, body=GROUP, success=201, refusals=CHANGE),
    Op("setBatchPools", "PUT pools/batch", answer=[GROUP], body=[GROUP], refusals=CHANGE),
    Op(
        "updatePoolGroup",
        "PUT pools/{uid}",
        answer=GROUP,
        body=GROUP,
        refusals=(
            400,
            401,
            404,
            412,
            422,
            500,
        ),
    ),
    Op(
        "deletePool",
        "DELETE pools/{uid}",
        refusals=(
            401,
            404,
            412,
            500,
        ),
    ),
    Op(
        "getAutoUpgradeStatus",
        "GET upgrade/auto-upgrade",
        answer={
            "enabled": bool,
            "schedule?": SCHEDULE,
            "next_execution?": MOMENT,
            "last_execution?": MOMENT,
        },
        since="1.1.0",
    ),
    Op(
        "updateAutoUpgradeConfig",
        "PATCH upgrade/auto-upgrade",
        answer={"enabled": bool, "next_execution?": MOMENT},
        body={"enabled": bool, "schedule?": SCHEDULE},
        refusals=STORE,
        since="1.1.0",
    ),
    Op(
        "systemUpgrade",
        "POST upgrade/system-upgrade",
        form={
            "metadata": {
                "size": int,
                "hash": str,
                "discard_settings": bool,
                "disable_cleanup": bool,
            },
            "data": bytes,
        },
        refusals=(
            401,
            409,
            500,
        ),
        since="1.3.0",
    ),
    Op(
        "restoreStock",
        "POST upgrade/restore-stock",
        refusals=(
            401,
            409,
            500,
            501,
        ),
        since="1.3.0",
    ),
    Op(
        "getAdvancedSettings",
        "GET advanced-settings/",
        answer=dict,
        since="1.4.0",
        query=("include_default",),
    ),
    Op(
        "setAdvancedSettings",
        "PATCH advanced-settings/",
        answer=dict,
        body=dict,
        refusals=STORE,
        since="1.4.0",
    ),
    Op("resetAllAdvancedSettings", "DELETE advanced-settings/", answer=dict, since="1.4.0"),
    Op("getAdvancedSettingsSchema", "GET advanced-settings/schema", answer=dict, since="1.4.0"),
    Op(
        "getApiVersion",
        "GET version/",
        answer={"major": int, "minor": int, "patch": int},
        refusals=(),
    ),
]

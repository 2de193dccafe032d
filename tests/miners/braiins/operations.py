"""The operations that the client uses, each with an example."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

from custom_components.asic_miner.miners.braiins import configuration, schema
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json

from .device import Answer, Reply

NO_CONTENT = Reply(status=204)


type Call = Callable[[BraiinsApi], Awaitable[object]]


def calling(name: str, *arguments: object, **named: object) -> Call:
    """Return what calls an operation with some arguments."""

    async def call(api: BraiinsApi) -> object:
        return await getattr(api, name)(*arguments, **named)

    return call


async def whole[T](stream: AsyncGenerator[T]) -> list[T]:
    """Read a stream to its end, which a real one does not have."""
    return [value async for value in stream]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation and an example of its use."""

    id: str
    call: Call
    method: str
    path: str
    body: Json = None
    """Of JSON; a form is looked at by a test of its own."""
    form: bool = False
    query: dict[str, str] = field(default_factory=dict)
    answer: Answer = None
    """What the device answers; None to keep what it answers anyway."""
    result: object = ...
    """What is made of the answer; ... where other tests look at it."""


OPERATIONS = [
    Operation(
        id="login",
        call=lambda api: api.login(),
        method="POST",
        path="auth/login",
        body={"username": "root", "password": "root"},
        result=schema.Login(token="aB30000000000001", timeout_s=3600),
    ),
    Operation(
        id="getApiVersion",
        call=lambda api: api.get_api_version(),
        method="GET",
        path="version/",
        result=schema.ApiVersion(major=1, minor=0, patch=0),
    ),
    Operation(
        id="getMinerDetails",
        call=lambda api: api.get_miner_details(),
        method="GET",
        path="miner/details",
    ),
    Operation(
        id="getMinerStats",
        call=lambda api: api.get_miner_stats(),
        method="GET",
        path="miner/stats",
    ),
    Operation(
        id="getHashboards",
        call=lambda api: api.get_hashboards(),
        method="GET",
        path="miner/hw/hashboards",
    ),
    Operation(
        id="getMinerErrors",
        call=lambda api: api.get_miner_errors(),
        method="GET",
        path="miner/errors",
        answer={
            "errors": [
                {
                    "timestamp": "2026-01-02T03:04:05Z",
                    "message": "Board 2 lost {ERR:H2}",
                    "error_codes": [{"code": "H2", "reason": "r", "hint": "h"}],
                    "components": [{"name": "hashboard", "index": 2}],
                }
            ]
        },
        result=(
            schema.LoggedError(
                timestamp="2026-01-02T03:04:05Z",
                message="Board 2 lost {ERR:H2}",
                codes=("H2",),
                reasons=("r",),
                hints=("h",),
            ),
        ),
    ),
    Operation(
        id="getMinerStatus",
        call=lambda api: whole(api.get_miner_status()),
        method="GET",
        path="miner/status",
        # Line ends, none, and a number of the future.
        answer=Reply(body=b'{"status": 2}{"status":3}\n\n {"status": 77}\n'),
        result=[2, 3, 77],
    ),
    Operation(
        id="getMinerDetailedStatus",
        call=lambda api: whole(api.get_miner_detailed_status()),
        method="GET",
        path="miner/status/detailed",
        answer=Reply(
            body=b'{"status": {"status": {"stopped": {"reason": {"user_pause": {}}}},'
            b' "status_since": null, "status_until": null}}\n{"status": null}\n',
            content_type="application/x-ndjson",
        ),
        result=[schema.DetailedStatus(phase="stopped", reason="user_pause"), None],
    ),
    Operation(
        id="getCoolingState",
        call=lambda api: api.get_cooling_state(),
        method="GET",
        path="cooling/state",
    ),
    Operation(
        id="getMinerConfiguration",
        call=lambda api: api.get_miner_configuration(),
        method="GET",
        path="configuration/miner",
        result=configuration.MinerConfiguration(
            tuner_enabled=True,
            kind=schema.TargetKind.POWER,
            power_watt=2800,
            hashrate_terahash=None,
            pool_groups=(),
        ),
    ),
    Operation(
        id="getConstraints",
        call=lambda api: api.get_constraints(),
        method="GET",
        path="configuration/constraints",
        result=configuration.Constraints(
            power_watt=configuration.Limits(default=3000, minimum=950, maximum=6400),
            hashrate_terahash=configuration.Limits(default=100, minimum=70.5, maximum=250),
            default_kind=schema.TargetKind.POWER,
            hashboard_ids=("1", "2", "3"),
        ),
    ),
    Operation(
        id="getNetwork",
        call=lambda api: api.get_network(),
        method="GET",
        path="network/",
        result=schema.Network(
            mac_address="02:5a:10:00:00:07", hostname="Antminer", addresses=("192.0.2.7",)
        ),
    ),
    Operation(
        id="getPools",
        call=lambda api: api.get_pools(),
        method="GET",
        path="pools/",
    ),
    Operation(
        id="getLocateDeviceStatus",
        call=lambda api: api.get_locate_device_status(),
        method="GET",
        path="actions/locate",
        result=False,
    ),
    Operation(
        id="setLocateDeviceStatus",
        call=lambda api: api.set_locate_device_status(True),
        method="PUT",
        path="actions/locate",
        body=True,
        answer=True,
        result=True,
    ),
    Operation(
        # A bare false is a body too, not the absence of one.
        id="setLocateDeviceStatus",
        call=lambda api: api.set_locate_device_status(False),
        method="PUT",
        path="actions/locate",
        body=False,
        answer=False,
        result=False,
    ),
    *(
        Operation(id=name, call=call, method="PUT", path=path, answer=was, result=was)
        for name, path, call, was in [
            ("pauseMining", "actions/pause", BraiinsApi.pause_mining, True),
            ("resumeMining", "actions/resume", BraiinsApi.resume_mining, False),
            ("start", "actions/start", BraiinsApi.start, False),
            ("stop", "actions/stop", BraiinsApi.stop, True),
            ("restart", "actions/restart", BraiinsApi.restart, True),
        ]
    ),
    Operation(
        id="reboot",
        call=lambda api: api.reboot(),
        method="PUT",
        path="actions/reboot",
        answer=NO_CONTENT,
        result=None,
    ),
    Operation(
        id="getPerformanceMode",
        call=lambda api: api.get_performance_mode(),
        method="GET",
        path="performance/mode",
        result=schema.PerformanceMode(kind=schema.TargetKind.POWER, power_watt=2800),
    ),
    Operation(
        id="getTunerState",
        call=lambda api: api.get_tuner_state(),
        method="GET",
        path="performance/tuner-state",
        result=schema.TunerState(state=2, power_watt=2500, hashrate_terahash=None),
    ),
    Operation(
        id="setPowerTarget",
        call=lambda api: api.set_power_target(1500),
        method="PUT",
        path="performance/power-target",
        body={"watt": 1500},
        answer={"watt": 1500},
        result=1500,
    ),
    Operation(
        id="setDefaultPowerTarget",
        call=lambda api: api.set_default_power_target(),
        method="PUT",
        path="performance/power-target/default",
        answer={"watt": 3000},
        result=3000,
    ),
    Operation(
        id="setHashrateTarget",
        call=lambda api: api.set_hashrate_target(81.5),
        method="PUT",
        path="performance/hashrate-target",
        body={"terahash_per_second": 81.5},
        answer={"terahash_per_second": 81.5},
        result=81.5,
    ),
    Operation(
        id="setDefaultHashrateTarget",
        call=lambda api: api.set_default_hashrate_target(),
        method="PUT",
        path="performance/hashrate-target/default",
        answer={"terahash_per_second": 100},
        result=100,
    ),
]

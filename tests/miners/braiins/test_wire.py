"""Every operation as it goes over the wire: method, path, body, and what is made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
import pytest

from custom_components.asic_miner.miners.braiins import schema
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json, at, text
from custom_components.asic_miner.miners.errors import MalformedReplyError

from .device import Answer, Device, Reply

NO_CONTENT = Reply(status=204)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation and an example of its use."""

    id: str
    call: Callable[[BraiinsApi], Awaitable[object]]
    method: str
    path: str
    body: Json = None
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
                timestamp="2026-01-02T03:04:05Z", message="Board 2 lost {ERR:H2}", codes=("H2",)
            ),
        ),
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
        result=schema.MinerConfiguration(
            tuner_enabled=True,
            kind=schema.TargetKind.POWER,
            power_watt=2800,
            hashrate_terahash=None,
        ),
    ),
    Operation(
        id="getConstraints",
        call=lambda api: api.get_constraints(),
        method="GET",
        path="configuration/constraints",
        result=schema.Constraints(
            power_watt=schema.Limits(default=3000, minimum=950, maximum=6400),
            hashrate_terahash=schema.Limits(default=100, minimum=70.5, maximum=250),
            default_kind=schema.TargetKind.POWER,
            hashboard_ids=("1", "2", "3"),
        ),
    ),
    Operation(
        id="getNetwork",
        call=lambda api: api.get_network(),
        method="GET",
        path="network/",
        result=schema.Network(mac_address="02:5a:10:00:00:07", hostname="Antminer"),
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

by_name = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


@by_name
async def test_operation(operation: Operation, device: Device, api: BraiinsApi) -> None:
    """The right request leaves, and the answer is understood."""
    if operation.answer is not None:
        device.answers[operation.method, operation.path] = operation.answer

    result = await operation.call(api)

    asked = device.asked[-1]
    assert asked.call == (operation.method, operation.path)
    if operation.body is None:
        assert asked.body == b""
        assert asked.content_type is None
    else:
        # False equals 0 to Python, but not on the wire.
        assert asked.body == json.dumps(operation.body).encode()
        assert asked.content_type == "application/json"
    if operation.path in {"auth/login", "version/"}:
        assert asked.token is None
    else:
        assert asked.token == "aB30000000000001"
    if operation.result is not ...:
        assert result == operation.result
        assert type(result) is type(operation.result) or isinstance(result, float)


@by_name
async def test_operation_follows_the_contract(
    operation: Operation, device: Device, api: BraiinsApi
) -> None:
    """Path, name and body are those of the contract."""
    contract = load_contract()
    declared = at(contract, "paths", f"/api/v1/{operation.path}", operation.method.lower())
    assert text(declared, "operationId") == operation.id
    if operation.answer is not None:
        device.answers[operation.method, operation.path] = operation.answer

    await operation.call(api)

    body = device.asked[-1].body
    wanted = at(declared, "requestBody", "content", "application/json", "schema")
    if wanted is None:
        assert body == b""
    else:
        rules: Json = {"allOf": [wanted], "components": at(contract, "components")}
        Draft202012Validator(rules).validate(json.loads(body))
    assert (operation.answer == NO_CONTENT) is (at(declared, "responses", "204") is not None)


def test_every_operation_is_named_after_the_contract() -> None:
    """One coroutine per operation, in snake case, and none besides."""
    paths = at(load_contract(), "paths")
    assert isinstance(paths, dict)
    declared = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", text(operation, "operationId") or "").lower()
        for methods in paths.values()
        if isinstance(methods, dict)
        for operation in methods.values()
    }
    offered = {name for name in vars(BraiinsApi) if not name.startswith("_")}
    assert offered <= declared
    tried = {re.sub(r"(?<!^)(?=[A-Z])", "_", operation.id).lower() for operation in OPERATIONS}
    assert offered == tried


@pytest.mark.parametrize("path", ["actions/pause", "actions/locate"])
async def test_any_success_of_a_write_is_success(
    path: str, device: Device, api: BraiinsApi
) -> None:
    """A write that was accepted does not fail because its answer has no body."""
    device.answers["PUT", path] = NO_CONTENT
    call = api.pause_mining() if path == "actions/pause" else api.set_locate_device_status(True)
    assert await call is None


async def test_answers_of_another_shape_are_malformed(device: Device, api: BraiinsApi) -> None:
    """What is read must at least be of the right kind."""
    device.answers["GET", "miner/details"] = [1]
    device.answers["GET", "pools/"] = {"pools": []}
    device.answers["GET", "actions/locate"] = {"on": True}
    with pytest.raises(MalformedReplyError):
        await api.get_miner_details()
    with pytest.raises(MalformedReplyError):
        await api.get_pools()
    with pytest.raises(MalformedReplyError):
        await api.get_locate_device_status()


def load_contract() -> Json:
    """Return the contract; skip where it is not at hand."""
    folder = os.environ.get("ASIC_MINER_REFERENCE")
    if not folder:
        pytest.skip("ASIC_MINER_REFERENCE does not name the folder of braiins-openapi.json")
    contract: Json = json.loads((Path(folder) / "braiins-openapi.json").read_text())
    return contract

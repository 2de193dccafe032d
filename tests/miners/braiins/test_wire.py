"""Every operation as it goes over the wire: method, path, body, and what is made of it."""

import json
import os
from pathlib import Path
import re

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
import pytest

from custom_components.asic_miner.miners.braiins import schema
from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json, at, items, text
from custom_components.asic_miner.miners.braiins.settings_schema import (
    CoolingKind,
    CoolingMode,
    PowerScaling,
)
from custom_components.asic_miner.miners.errors import MalformedReplyError, UnsupportedError

from .device import Device
from .operations import NO_CONTENT, OPERATIONS, Operation
from .setting_operations import SETTING_OPERATIONS

ALL = OPERATIONS + SETTING_OPERATIONS

LEFT_OUT = {
    "get_miner_status",
    "get_miner_detailed_status",
    "system_upgrade",
}
"""Open streams, and an upload that can leave no firmware at all."""

by_name = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)


@by_name
async def test_operation(operation: Operation, device: Device, api: BraiinsApi) -> None:
    """The right request leaves, and the answer is understood."""
    if operation.answer is not None:
        device.answers[operation.method, operation.path] = operation.answer

    result = await operation.call(api)

    asked = device.asked[-1]
    assert asked.call == (operation.method, operation.path)
    assert asked.query == operation.query
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
    path = re.sub(r"^pools/0$", "pools/{uid}", operation.path)
    path = re.sub(r"^miner/log/.*", "miner/log/{log_type}", path)
    declared = at(contract, "paths", f"/api/v1/{path}", operation.method.lower())
    known = {text(parameter, "name") for parameter in items(at(declared, "parameters"))}
    assert operation.query.keys() <= known
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
    offered = {name for name in dir(BraiinsApi) if not name.startswith("_")}
    assert offered == declared - LEFT_OUT
    tried = {re.sub(r"(?<!^)(?=[A-Z])", "_", operation.id).lower() for operation in ALL}
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


async def test_pool_group_of_any_name(device: Device, api: BraiinsApi) -> None:
    """What a device gives out as uid stays one part of the path."""
    with pytest.raises(UnsupportedError):
        await api.delete_pool("a/../b?c")
    assert device.asked[-1].path == "pools/a%2F..%2Fb%3Fc"
    assert device.asked[-1].query == {}


async def test_manual_operation_is_not_offered(device: Device, api: BraiinsApi) -> None:
    """Clocks and voltages are no business of a home."""
    for kind in (schema.TargetKind.MANUAL, None):
        with pytest.raises(ValueError, match="tuner"):
            await api.set_performance_mode(schema.PerformanceMode(kind=kind))
    assert device.asked == []


async def test_new_password_is_used(device: Device, api: BraiinsApi) -> None:
    """After a change the next request logs in again, with the new one."""
    device.answers["PUT", "auth/password"] = NO_CONTENT
    for new in ("better", None):
        await api.set_password(new)
        device.password = new or ""
        device.tokens.clear()
        await api.get_miner_details()
    assert device.logins == 3


async def test_cooling_mode_of_the_future(device: Device, api: BraiinsApi) -> None:
    """An answer we do not know is no mode we know."""
    device.answers["PUT", "cooling/mode"] = {"freezing": {}}
    assert await api.set_cooling_mode(CoolingMode(kind=CoolingKind.AUTO)) is None


async def test_cooling_cannot_be_disabled(device: Device, api: BraiinsApi) -> None:
    """It is read and never written; nor is scaling of two kinds of target at once."""
    with pytest.raises(ValueError, match="disabled"):
        await api.set_cooling_mode(CoolingMode(kind=CoolingKind.DISABLED))
    with pytest.raises(ValueError, match="scaling"):
        await api.set_dps(PowerScaling(power_step_watt=1, hashrate_step_terahash=1))
    assert device.asked == []


def load_contract() -> Json:
    """Return the contract; skip where it is not at hand."""
    folder = os.environ.get("ASIC_MINER_REFERENCE")
    if not folder:
        pytest.skip("ASIC_MINER_REFERENCE does not name the folder of braiins-openapi.json")
    contract: Json = json.loads((Path(folder) / "braiins-openapi.json").read_text())
    return contract

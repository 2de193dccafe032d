"""Every operation as it goes over the wire: method, path, body, and what is made of it."""

from email import message_from_bytes
from email.policy import HTTP
import json
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
from custom_components.asic_miner.miners.errors import MalformedReplyError, RejectedError
from tests.simulators.braiins.sources import either, interface

from .device import Asked, Device
from .operations import NO_CONTENT, OPERATIONS, Operation
from .setting_operations import IMAGE, SETTING_OPERATIONS

ALL = OPERATIONS + SETTING_OPERATIONS

by_name = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)


@by_name
async def test_operation(operation: Operation, device: Device, api: BraiinsApi) -> None:
    """The right request leaves, and the answer is understood."""
    if operation.answer is not None:
        device.answers[operation.method, operation.path] = operation.answer

    result = await operation.call(api)

    [asked] = [one for one in device.asked if one.call == (operation.method, operation.path)]
    assert asked.query == operation.query
    if operation.form:
        assert asked.content_type is not None
        assert asked.content_type.startswith("multipart/form-data; boundary=")
    elif operation.body is None:
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


@either
@by_name
async def test_operation_follows_the_contract(
    operation: Operation, device: Device, api: BraiinsApi, source: str
) -> None:
    """Path, name and body are those of the contract."""
    contract: Json = interface(source)
    path = re.sub(r"^pools/0$", "pools/{uid}", operation.path)
    path = re.sub(r"^miner/log/.*", "miner/log/{log_type}", path)
    declared = at(contract, "paths", f"/api/v1/{path}", operation.method.lower())
    known = {text(parameter, "name") for parameter in items(at(declared, "parameters"))}
    assert operation.query.keys() <= known
    assert text(declared, "operationId") == operation.id
    if operation.answer is not None:
        device.answers[operation.method, operation.path] = operation.answer

    await operation.call(api)

    [asked] = [one for one in device.asked if one.call == (operation.method, operation.path)]
    content = at(declared, "requestBody", "content")
    if content is None:
        assert asked.body == b""
    elif operation.form:
        metadata, data = parts(asked)
        assert data == IMAGE
        reference = text(at(content, "multipart/form-data", "schema"), "$ref") or ""
        form = at(contract, *reference.removeprefix("#/").split("/"), "properties")
        assert at(form, "metadata") is not None
        check(contract, at(form, "metadata"), json.loads(metadata))
    else:
        check(contract, at(content, "application/json", "schema"), asked.json)
    assert (operation.answer == NO_CONTENT) is (at(declared, "responses", "204") is not None)


def check(contract: Json, rules: Json, value: Json) -> None:
    """Raise unless a value is as the contract has it."""
    whole: Json = {"allOf": [rules], "components": at(contract, "components")}
    Draft202012Validator(whole).validate(value)


def parts(asked: Asked) -> tuple[bytes, bytes]:
    """Return metadata and data of a form, which have to come in this order."""
    head = f"Content-Type: {asked.content_type}\r\n\r\n".encode()
    form = message_from_bytes(head + asked.body, policy=HTTP)
    metadata, data = form.iter_parts()
    assert metadata.get_content_type() == "application/json"
    assert metadata.get_param("name", header="content-disposition") == "metadata"
    assert data.get_content_type() == "application/octet-stream"
    assert data.get_param("name", header="content-disposition") == "data"
    first, second = metadata.get_payload(decode=True), data.get_payload(decode=True)
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    return first, second


@either
def test_every_operation_is_named_after_the_contract(source: str) -> None:
    """One coroutine per operation, in snake case, and none besides."""
    paths = at(interface(source), "paths")
    assert isinstance(paths, dict)
    declared = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", text(operation, "operationId") or "").lower()
        for methods in paths.values()
        if isinstance(methods, dict)
        for operation in methods.values()
    }
    offered = {name for name in dir(BraiinsApi) if not name.startswith("_")}
    # Reads an answer as it comes, for reports.
    offered.remove("read_any")
    assert offered == declared
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
    with pytest.raises(RejectedError):
        await api.delete_pool("a/../b?c")
    assert device.asked[-1].path == "pools/a%2F..%2Fb%3Fc"
    assert device.asked[-1].query == {}


async def test_manual_operation_is_not_offered(device: Device, api: BraiinsApi) -> None:
    """Clocks and voltages are no business of a home."""
    for kind in (schema.TargetKind.MANUAL, None):
        with pytest.raises(ValueError, match="tuner"):
            await api.set_performance_mode(schema.PerformanceMode(kind=kind))
    assert device.asked == []


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

"""Every operation, from our side to a simulated machine and back.

Held against our own outline of the interface, and against the contract where it is at hand.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json, at
from custom_components.asic_miner.miners.braiins.settings_schema import RelativeReference
from custom_components.asic_miner.miners.braiins.transport import ProcessStoppedError
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MinerError,
    RejectedError,
    UnsupportedError,
)
from tests.simulators.braiins import BraiinsSimulator, Exchange
from tests.simulators.braiins.contract import Contract
from tests.simulators.braiins.sources import either, held, interface
from tests.simulators.braiins.wire import Version
from tests.simulators.clock import ManualClock

from .device import Device, refusal
from .operations import OPERATIONS, Call, Operation, calling
from .setting_operations import SETTING_OPERATIONS

ALL = OPERATIONS + SETTING_OPERATIONS
STREAMS = ("getMinerStatus", "getMinerDetailedStatus")
REBOOTS = ("reboot", "factory_reset", "systemUpgrade", "restoreStock")
"""The last ones, of which the very last leaves no Braiins OS."""

PERSONALITIES: list[tuple[str, Version]] = [
    ("S19j Pro", (1, 0, 0)),
    ("S21 Hyd", (1, 4, 0)),
    ("BMM 100", (1, 0, 0)),
    ("BMM 101", (1, 1, 0)),
    ("M30S++", (1, 3, 0)),
    ("S19j Pro", (1, 7, 0)),
]


class Witness:
    """Holds everything on the wire against the contract of the device's version."""

    def __init__(self, contract: Contract) -> None:
        """Have seen nothing yet."""
        self.contract = contract
        self.done: set[tuple[str, str]] = set()

    def __call__(self, seen: Exchange) -> None:
        """Raise unless request and answer are as they have to be."""
        method, path = seen.method, seen.path
        if not self.contract.has(method, path):
            assert seen.status == 404, seen
            return
        if seen.status < 300:
            self.contract.check_request(method, path, seen.sent_kind, seen.sent)
            self.done.add(self.contract.operation(method, path))
        self.contract.check(method, path, seen.status, seen.kind, seen.body)


async def first[T](stream: AsyncGenerator[T]) -> T:
    """Return the first value of a stream without end."""
    async with aclosing(stream):
        return await anext(stream)


@either
@pytest.mark.parametrize(("preset", "rest"), PERSONALITIES)
async def test_every_operation_with_a_machine(
    preset: str, rest: Version, http: ClientSession, clock: ManualClock, source: str
) -> None:
    """What the version has works at least once; what it has not is told as such."""
    contract = held(source, rest)
    miner = BraiinsSimulator(preset=preset, rest=rest, clock=clock, seed=4)
    witness = Witness(contract)
    wrong: list[str] = []

    def note(seen: Exchange) -> None:
        try:
            witness(seen)
        except Exception as error:  # noqa: BLE001 - of any validator; shown in the end
            wrong.append(f"{seen.method} {seen.path}: {error}")

    await miner.start()
    try:
        await _try_all(miner, note, http, clock)
    finally:
        await miner.stop()
    assert wrong == []
    known = {("GET", "miner/status"), ("GET", "miner/status/detailed")} & set(contract.operations)
    if preset.startswith("BMM"):
        # There is no way back to a maker's own firmware.
        known |= {("POST", "upgrade/restore-stock")} & set(contract.operations)
    assert set(contract.operations) - witness.done == known


async def _try_all(
    miner: BraiinsSimulator,
    note: object,
    http: ClientSession,
    clock: ManualClock,
) -> None:
    assert callable(note)
    ordinary = [one for one in ALL if one.id not in (*REBOOTS, *STREAMS)]
    version = miner.device.preset.rest
    api = BraiinsApi("127.0.0.1", miner.port, "root", miner.password, http, clock=clock.now)
    assert await first(api.get_miner_status()) == 2
    if version >= (1, 7, 0):
        detailed = await first(api.get_miner_detailed_status())
        assert detailed is not None
        assert detailed.phase == "running"
    calls = [(one.id, one.call) for one in ordinary]
    calls += [("", call) for call in fitting(miner)]
    calls += [(one.id, one.call) for one in ALL if one.id in REBOOTS[:-1]]
    calls += [(one.id, one.call) for one in ALL if one.id == REBOOTS[-1]]
    for name, call in calls:
        # After a reset the password is another one.
        api = BraiinsApi("127.0.0.1", miner.port, "root", miner.password, http, clock=clock.now)
        miner.witness = note
        with suppress(RejectedError, UnsupportedError):
            await call(api)
        miner.witness = None
        if miner._reboot is not None:
            clock.advance(miner.device.timing.boot)
            await miner.booted()
        # Past every window in which the mining process cannot be asked.
        clock.advance(300)
        if name == "restoreStock" and version >= (1, 3, 0):
            return


def fitting(miner: BraiinsSimulator) -> list[Call]:
    """Return calls with values that this machine takes; those of the examples suit one model."""
    model = miner.device.preset
    power, hashrate = round(model.power.default * 0.9), model.hashrate.default * 0.9
    return [
        calling("set_power_target", power),
        calling("increment_power_target", 1),
        calling("decrement_power_target", 1),
        calling("relative_power_target", 95.0, RelativeReference.NOMINAL),
        calling("set_hashrate_target", hashrate),
        calling("increment_hashrate_target", 0.01),
        calling("decrement_hashrate_target", 0.01),
        calling("relative_hashrate_target", 95.0, RelativeReference.NOMINAL),
        calling("set_advanced_settings", {"allow_single_board": True}),
        calling("update_hashboards", list(miner.device.settings.boards), enable=True),
    ]


KINDS: dict[int, type[MinerError]] = {
    400: RejectedError,
    401: AuthenticationError,
    404: UnsupportedError,
    409: BusyError,
    412: ProcessStoppedError,
    422: RejectedError,
    500: RejectedError,
    501: UnsupportedError,
}
"""What a refusal is, whatever was asked."""

OTHERWISE: dict[tuple[str, int], type[MinerError]] = {
    # Not the operation is missing, but the group.
    ("updatePoolGroup", 404): RejectedError,
    ("deletePool", 404): RejectedError,
    # Nothing was done, and nothing is wrong with the password: it has just been used.
    ("systemUpgrade", 401): BusyError,
}


def documented(operation: Operation, contract: Json) -> list[int]:
    """Return the statuses of refusals that are named for an operation."""
    path = operation.path.replace("pools/0", "pools/{uid}")
    if path.startswith("miner/log/"):
        path = "miner/log/{log_type}"
    declared = at(contract, "paths", f"/api/v1/{path}", operation.method.lower(), "responses")
    assert isinstance(declared, dict)
    return sorted(int(status) for status in declared if int(status) >= 300)


@either
@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
async def test_every_documented_refusal_is_one_clear_error(
    operation: Operation, device: Device, http: ClientSession, source: str
) -> None:
    """The same status is the same kind of error everywhere, and no secret is in its words."""
    statuses = documented(operation, interface(source))
    for status in statuses:
        api = BraiinsApi("127.0.0.1", device.port, "root", "root", http)
        device.answers[operation.method, operation.path] = refusal(status, f"said {status}")
        with pytest.raises(MinerError) as caught:
            await operation.call(api)
        kind = OTHERWISE.get((operation.id, status), KINDS[status])
        assert type(caught.value) is kind, status
        assert str(caught.value)
    if operation.path not in {"auth/login", "version/"}:
        assert 401 in statuses


@either
def test_every_status_of_the_contract_is_known(source: str) -> None:
    """A status that a later contract adds is noticed here."""
    paths = at(interface(source), "paths")
    assert isinstance(paths, dict)
    named: set[int] = set()
    for methods in paths.values():
        assert isinstance(methods, dict)
        for operation in methods.values():
            responses: Json = at(operation, "responses")
            assert isinstance(responses, dict)
            named |= {int(status) for status in responses}
    assert {status for status in named if status >= 300} <= KINDS.keys()

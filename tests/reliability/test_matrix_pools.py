"""The column of the fault matrix for a command of several requests: other pools are set.

Here only the answer to the command is spoilt, not what is read before and after it: a miner
whose pools cannot be read is never sent others.
"""

from collections.abc import Iterator
from dataclasses import replace
import logging

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.asic_miner.const import DOMAIN
from tests.integration.conftest import Miner, add_through_flow
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

from .gate import Gate, OnlyWrites
from .limits import brisk
from .losses import quiet
from .neighbours import Neighbours
from .test_matrix import Behind, Trial, recovered
from .troubles import TROUBLES, Trouble

pytestmark = pytest.mark.usefixtures("one_time")

ON_THE_WIRE = {"half an answer, then closed", "reset", "garbage"}
IN_THE_DEVICE = {"401 storm", "token table full", "reboot in the middle of a write"}
PASSWORD = "nobodys-business"
POOLS = [
    {"url": "stratum+tcp://one.example.net:3333", "user": "owner.a", "password": PASSWORD},
    {"url": "stratum+tcp://two.example.net:3333", "user": "owner.b", "password": PASSWORD},
]
NEW = ", ".join(pool["url"] for pool in POOLS)


def cases() -> Iterator[object]:
    """Return each trouble once for each make."""
    for trouble in TROUBLES:
        if trouble.name in ON_THE_WIRE | IN_THE_DEVICE:
            for make in trouble.makes:
                yield pytest.param(trouble, make, id=f"{make}-{trouble.name}")


async def act(miner: Miner, action: str, **data: object) -> dict[str, object]:
    """Perform one of our actions on a miner and return what it says."""
    device = dr.async_get(miner.hass).async_get_device_by_identifier(
        (DOMAIN, miner.mac), miner.entry.entry_id
    )
    assert device is not None
    said = await miner.hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device.id, **data},
        blocking=True,
        return_response=action.startswith("get_"),
    )
    return dict(said or {})


async def set_in_trouble(trial: Trial) -> str:
    """Set other pools while the trouble lasts, and say what came of it."""
    said = ""
    before, writes = trial.device.truth()["pools"], trial.gate.write_requests
    trial._writes_before = trial._writes()
    async with trial.begun():
        try:
            await act(trial.added, "set_pools", pools=POOLS)
        except HomeAssistantError as error:
            outcome = (error.translation_key or "no words").replace("_", " ")
            said = f"{error} {error.translation_placeholders}"
        else:
            outcome = "done"
            assert trial.device.truth()["pools"] == NEW, "silence is not success"
        assert outcome != "no words"
        assert PASSWORD not in said
    done = trial.executed()
    assert done <= 1, "executed twice"
    assert trial.device.truth()["pools"] == (NEW if done else before)
    # A refused session is renewed, since nothing was executed by it.
    assert trial.gate.write_requests - writes <= 2
    return f"{outcome}, {'executed' if done else 'not executed'}"


@pytest.mark.parametrize(("trouble", "make"), cases())
async def test_pools(
    trouble: Trouble,
    make: str,
    hass: HomeAssistant,
    device: SimulatedMiner,
    neighbours: Neighbours,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No second write, words for what is not certain, and afterwards all is as the miner is."""
    caplog.set_level(logging.INFO)
    spoilt = trouble
    if trouble.name in ON_THE_WIRE:
        spoilt = replace(trouble, way=lambda one: OnlyWrites(trouble.way(one)))
    async with Gate(device, http=make == "braiins") as gate:
        with brisk():
            trial = Trial(hass, device, gate, spoilt, make, clock, neighbours)
            entry = await add_through_flow(hass, Behind(gate))
            trial.miner = Miner(hass, device, entry)
            await trial.within("pools", set_in_trouble(trial))
            done = trial.executed()
            await recovered(trial)
            assert trial.executed() == done, "sent again later"
            told = await act(trial.added, "get_pools")
            groups = told["groups"]
            assert isinstance(groups, list)
            listed = ", ".join(pool["url"] for group in groups for pool in group["pools"])
            assert listed == device.truth()["pools"]
            if not done:
                await act(trial.added, "set_pools", pools=POOLS)
                assert device.truth()["pools"] == NEW
            neighbours.untouched()
    quiet(caplog, PASSWORD, entry.runtime_data.name)

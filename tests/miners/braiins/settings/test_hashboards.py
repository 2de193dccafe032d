"""Hashboards switched off and on."""

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    Reason,
    RejectedError,
    UnconfirmedError,
)
from tests.miners.reasons import because
from tests.simulators.braiins import BraiinsSimulator, Fault
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.clock import ManualClock

from .machines import difference


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
    with pytest.raises(InvalidValueError, check=because(Reason.NO_HASHBOARD, board="4")):
        await client.set_hashboard(4, False)


async def test_last_hashboard_stays_on(
    miner: BraiinsSimulator, client: BraiinsClient, clock: ManualClock
) -> None:
    """Also when what was told a moment ago does not show yet."""
    await client.set_hashboard(1, False)
    await client.set_hashboard(2, False)
    for _ in range(2):
        with pytest.raises(
            InvalidValueError,
            match="switch mining off",
            check=because(Reason.LAST_HASHBOARD, board="3"),
        ):
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
    with pytest.raises(RejectedError, check=because(Reason.LEFT_AS_IT_WAS)):
        await client.set_hashboard(1, False)

"""What stands between a guard and a simulated miner: polls and commands."""

from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.power.guard import Guard
from custom_components.asic_miner.power.model import CommandKind

from .plant import SimMiner
from .traces import STEP

EPOCH = 1_800_000_000.0
"""Unix time of the trace's midnight."""
POLL = 15
"""Seconds between polls of a miner, as in life."""


def poll(miner: SimMiner, guard: Guard, now: float, place: int) -> None:
    """Tell the guard what the miner says, when its turn has come."""
    if (now + place * STEP) % POLL < STEP:
        guard.able(miner.ability)
        guard.read(miner.reading(now, EPOCH))


def send(miner: SimMiner, guard: Guard, now: float) -> None:
    """Send what the guard wants to be sent now."""
    at = EPOCH + now
    command = guard.next(at)
    if command is None:
        return
    guard.sent(command, at)
    error: MinerError | None = None
    try:
        match command.kind:
            case CommandKind.START:
                miner.start(now)
            case CommandKind.STOP:
                miner.stop(now)
            case CommandKind.SET_POWER:
                miner.set_power(command.watts or 0.0, now, fast=command.fast)
    except MinerError as refused:
        error = refused
    guard.done(command, at, error)

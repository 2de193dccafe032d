"""The answers of a WhatsMiner as they come."""

from typing import Any, cast

import pytest

from custom_components.asic_miner.miners.whatsminer.raw import COMMANDS, answers
from custom_components.asic_miner.miners.whatsminer.transport import Transport
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator
from tests.simulators.whatsminer.faults import Malformed, Wire
from tests.simulators.whatsminer.presets import PRESETS


async def _raw(device: WhatsminerSimulator) -> dict[str, Any]:
    return cast("dict[str, Any]", await answers(Transport(device.host, device.port)))


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_all_generations(preset: str) -> None:
    """Each answers what it has, in the form of request that it takes, and gives no token."""
    device = WhatsminerSimulator(preset=preset, clock=ManualClock(), seed=4)
    await device.start()
    try:
        said = await _raw(device)
    finally:
        await device.stop()
    assert list(said) == list(COMMANDS)
    for command in ("get_version", "summary", "edevs", "pools", "status"):
        text = str(said[command])
        assert "answer" in said[command], text
        # Nothing that says that the key of the command is missing.
        assert "'Code': 24" not in text
    assert device.tokens_issued == 0
    assert device.replies.serial not in str(said)
    assert device.mac not in str(said).lower()


async def test_what_cannot_be_read_is_shown_by_its_shape() -> None:
    """And what can be mended is."""
    device = WhatsminerSimulator(preset="M30S++", clock=ManualClock(), seed=4)
    await device.start()
    device.faults.malformed = {Malformed.PSU_COMMA}
    device.faults.wire, device.faults.wire_commands = Wire.CUT, {"pools"}
    try:
        said = await _raw(device)
    finally:
        await device.stop()
    assert "answer" in said["get_psu"]
    assert "malformed" in said["pools"]["answer"]
    assert "example.com" not in str(said["pools"])

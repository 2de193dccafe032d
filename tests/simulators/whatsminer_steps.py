"""Steps that tests of the simulated WhatsMiner share."""

from tests.simulators.naive_whatsminer import Device, ask, data, numeric
from tests.simulators.whatsminer.device import START

RAMP = 1200.0
"""Seconds in which every ramp is over."""


async def power(device: Device) -> float:
    """Return the W that the device reports."""
    return numeric(data(await ask(device, "summary"))["Power"])


def restarted(device: Device) -> None:
    """Wait until a restart of the mining program and its ramp are over."""
    device.pass_time(START)
    device.pass_time(RAMP)
    assert device.truth()["state"] == "stable"

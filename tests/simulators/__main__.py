"""Simulated miners from the command line, until interrupted.

    python -m tests.simulators
    python -m tests.simulators whatsminer:M60S@127.0.0.11 "braiins:S21 Pro@127.0.0.1:8080"

Without a port a device listens on its make's own (4028 or 80); without an address, on a free
port of 127.0.0.1. With no device named there is one of each preset.
"""

import argparse
import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
import signal
import sys

from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import Clock, RunningClock
from tests.simulators.whatsminer import PRESETS as WHATSMINER_PRESETS
from tests.simulators.whatsminer import WhatsminerSimulator

KINDS = ("whatsminer", "braiins")
OWN_PORTS = {"whatsminer": 4028, "braiins": 80}
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One device to be simulated."""

    kind: str
    preset: str
    host: str = LOOPBACK
    port: int = 0


type Maker = Callable[[Wanted, int, Clock], SimulatedMiner]


def _whatsminer(wanted: Wanted, seed: int, clock: Clock) -> SimulatedMiner:
    return WhatsminerSimulator(
        wanted.host,
        wanted.port,
        preset=wanted.preset,
        clock=clock,
        seed=seed,
    )


def _braiins(wanted: Wanted, seed: int, clock: Clock) -> SimulatedMiner:
    # Only here: a run without such a device does not need the web server behind it.
    from tests.simulators.braiins import BraiinsSimulator

    return BraiinsSimulator(
        wanted.host,
        wanted.port,
        preset=wanted.preset,
        clock=clock,
        seed=seed,
    )


MAKERS: dict[str, Maker] = {"whatsminer": _whatsminer, "braiins": _braiins}


def presets(kind: str) -> list[str]:
    """Return the names of the presets of a kind."""
    if kind == "whatsminer":
        return list(WHATSMINER_PRESETS)
    from tests.simulators.braiins.presets import PRESETS

    return list(PRESETS)


def parsed(text: str) -> Wanted:
    """Read KIND:PRESET[@HOST[:PORT]]. Raises ArgumentTypeError that says what is wrong."""
    name, at, address = text.partition("@")
    kind, colon, preset = name.partition(":")
    if not colon or kind not in KINDS:
        raise argparse.ArgumentTypeError(f"{text}: write it as whatsminer:… or braiins:…")
    if preset not in presets(kind):
        known = ", ".join(presets(kind))
        raise argparse.ArgumentTypeError(f"no {kind} preset is named {preset!r}; there are {known}")
    if not at:
        return Wanted(kind=kind, preset=preset)
    host, colon, port = address.partition(":")
    if not host or (colon and not (port.isdecimal() and int(port) < 65536)):
        raise argparse.ArgumentTypeError(f"{text}: the address is HOST or HOST:PORT")
    return Wanted(kind=kind, preset=preset, host=host, port=int(port) if colon else OWN_PORTS[kind])


def _arguments(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators", description="Simulated miners on the local network."
    )
    parser.add_argument(
        "devices", nargs="*", type=parsed, metavar="KIND:PRESET@HOST[:PORT]", help="what to run"
    )
    parser.add_argument("--speed", type=_speed, default=1.0, help="times as fast as real time")
    parser.add_argument("--seed", type=int, default=0, help="the first device's; others follow")
    parser.add_argument("--password", help="for all devices instead of each kind's own")
    parser.add_argument("--list", action="store_true", help="print the presets and end")
    return parser.parse_args(None if arguments is None else list(arguments))


def _speed(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be above zero")
    return value


async def run(devices: list[Wanted], *, speed: float, seed: int, password: str | None) -> int:
    """Simulate until SIGINT or SIGTERM and return the exit status."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    clock = RunningClock(speed)
    running: list[SimulatedMiner] = []
    try:
        for place, wanted in enumerate(devices):
            miner = MAKERS[wanted.kind](wanted, seed + place, clock)
            if password is not None:
                miner.password = password
            try:
                await miner.start()
            except OSError as error:
                print(f"{wanted.host}:{wanted.port}: {error.strerror}", file=sys.stderr)
                return 1
            running.append(miner)
            address = f"{miner.host}:{miner.port}"
            # Tabs, since names of presets and passwords may hold blanks.
            print(wanted.kind, wanted.preset, address, miner.password, sep="\t", flush=True)
        await over.wait()
    finally:
        for miner in running:
            await miner.stop()
    return 0


def main(arguments: Iterable[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = _arguments(arguments)
    if options.list:
        for kind in KINDS:
            for preset in presets(kind):
                print(f"{kind}:{preset}")
        return 0
    devices: list[Wanted] = options.devices or [
        Wanted(kind=kind, preset=preset) for kind in KINDS for preset in presets(kind)
    ]
    return asyncio.run(
        run(devices, speed=options.speed, seed=options.seed, password=options.password)
    )


if __name__ == "__main__":
    sys.exit(main())

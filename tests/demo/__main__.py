"""The demo: three simulated miners in a real Home Assistant. Started by scripts/demo."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import signal
import sys
import tempfile

from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import OWN_PASSWORD, BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .check import CheckError, check
from .hass import PASSWORD, USER, Hass, HassError

SPEED = 10.0
"""How much faster than real the miners ramp and warm up: minutes become seconds."""
CHECK_SPEED = 40.0
"""The same where nobody watches: twenty minutes of ramp take half a minute."""


def say(text: str) -> None:
    """Report progress at once, also into a pipe."""
    print(f"==> {text}", flush=True)


@asynccontextmanager
async def running_miners(speed: float) -> AsyncIterator[list[SimulatedMiner]]:
    """Run the three miners of the demo on free ports."""
    clock = RunningClock(speed)
    miners: list[SimulatedMiner] = [
        WhatsminerSimulator(preset="M60S", clock=clock, seed=1),
        WhatsminerSimulator(preset="M30S++", clock=clock, seed=2),
        BraiinsSimulator(preset="S19j Pro", clock=clock, seed=3, password=OWN_PASSWORD),
    ]
    try:
        for miner in miners:
            await miner.start()
        yield miners
    finally:
        for miner in miners:
            await miner.stop()


async def demo(config: Path, options: argparse.Namespace) -> int:
    """Run until the check is done or the user has had enough; return the exit code."""
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        # From the first moment on, so that nothing that was started is left behind.
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    shown = False
    try:
        say(f"starting three simulated miners, {options.speed:g} times as fast as real ones")
        async with running_miners(options.speed) as miners:
            say("starting Home Assistant (about ten seconds)")
            async with Hass(config=config, debug=options.debug) as hass:
                for miner in miners:
                    title = await hass.add_miner(miner.host, miner.port, password=miner.password)
                    model = miner.truth()["model"]
                    say(
                        f"added {title} at {miner.host}:{miner.port}"
                        if title
                        else f"{model} of an earlier run is now at {miner.host}:{miner.port}"
                    )
                if options.check:
                    await check(hass, miners, say)
                    return 0
                print(
                    f"\n    Open      {hass.url}\n    User      {USER}\n"
                    f"    Password  {PASSWORD}\n\n"
                    f"    The miners are under Settings > Devices & services > ASIC Miner.\n"
                    f"    Configuration and log: {config}\n    Stop with Ctrl+C.\n",
                    flush=True,
                )
                shown = True
                await asyncio.Event().wait()
    except asyncio.CancelledError:
        say("stopped")
    # As a shell tells an interruption, unless being stopped is how this ends well.
    return 0 if shown else 130


def positive(text: str) -> float:
    """Read a number above zero from the command line."""
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be above zero")
    return value


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Simulated miners in a real Home Assistant."
    )
    parser.add_argument(
        "--check", action="store_true", help="prove that reading and controlling work, and exit"
    )
    parser.add_argument("--config", type=Path, help="keep the configuration in this folder")
    parser.add_argument("--debug", action="store_true", help="write the integration's debug log")
    parser.add_argument(
        "--speed",
        type=positive,
        help="how much faster than real the miners are "
        f"(default {SPEED:g}, with --check {CHECK_SPEED:g})",
    )
    options = parser.parse_args()
    options.speed = options.speed or (CHECK_SPEED if options.check else SPEED)
    try:
        if options.config:
            return asyncio.run(demo(options.config.resolve(), options))
        with tempfile.TemporaryDirectory(prefix="asic-miner-demo-") as folder:
            return asyncio.run(demo(Path(folder), options))
    except (CheckError, HassError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

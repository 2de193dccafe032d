"""Invented answers, guided by which code they reach. For a long run by hand.

    pip install --target .setup/atheris --python-version 3.14 --only-binary :all: atheris==3.1.0
    export PYTHONPATH=.setup/atheris
    .venv/bin/python -m tests.reliability.guided whatsminer -max_total_time=600
    .venv/bin/python -m tests.reliability.guided braiins wire -max_total_time=600

With `wire` what is changed are answers as they are on a socket, to logins, commands and the
question who is there. What follows is for libFuzzer. atheris is not among the pinned tools, since
it is large and nothing else needs it. What does harm is kept in `found/` and ends the run.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
import hashlib
import sys

# Not a requirement of the tests, see above.
import atheris  # type: ignore[import-untyped]

from tests.demo.hass import ROOT

with atheris.instrument_imports(include=["custom_components.asic_miner.miners"]):
    from . import wire
    from .fuzz import FOUND, Case, recorded, tried

CORPUS = ROOT / "test-output" / "guided"
"""Answers that reached something new are kept here, and gone on from the next time."""
LONGEST = 1 << 16
"""Bytes of an invented answer, some times what a device sends at once."""
SECONDS = 20.0
"""For one trial of a dozen answers, which takes milliseconds; catches what explodes."""
PRESETS = {"whatsminer": "M60S", "braiins": "S19j Pro"}


type Trial = Callable[[bytes], Coroutine[object, object, object]]
"""One trial with a changed answer; the first byte says which, the others are the answer."""


def replacing(
    make: str, runner: asyncio.Runner
) -> tuple[list[bytes], Trial, Callable[[bytes], None]]:
    """Return seeds, a trial that replaces the body of one answer, and what keeps a case."""
    seed = runner.run(recorded(make, PRESETS[make]))
    names = sorted(seed.answers)

    def case(data: bytes) -> Case:
        return Case(
            make=make, answers={**seed.answers, names[data[0] % len(names)]: bytes(data[1:])}
        )

    def keep(data: bytes) -> None:
        (FOUND / f"{make}-{_digest(data)}.json").write_text(case(data).to_json())

    seeds = [bytes([place]) + seed.answers[name] for place, name in enumerate(names)]
    return seeds, lambda data: tried(case(data)), keep


def on_the_wire(
    make: str, runner: asyncio.Runner, stage: wire.Stage
) -> tuple[list[bytes], Trial, Callable[[bytes], None]]:
    """Return the same for one answer on a socket, in one of the jobs of a make."""
    known = [runner.run(wire.known(of, job)) for of, job in wire.SEEDS if of == make]
    places = [
        (one, name, place)
        for one in known
        for name, each in sorted(one.answers.items())
        if one.job in {wire.PROBE, "read"} or wire.is_login(name) or wire.is_write(name)
        for place in range(len(each))
    ]

    def case(data: bytes) -> wire.Exchange:
        one, name, place = places[data[0] % len(places)]
        each = list(one.answers[name])
        each[place] = bytes(data[1:])
        return replace(one, answers={**one.answers, name: tuple(each)})

    def keep(data: bytes) -> None:
        found = case(data)
        (wire.FOUND / f"{make}-{found.job}-{_digest(data)}.json").write_text(found.to_json())

    seeds = [
        bytes([number]) + one.answers[name][place]
        for number, (one, name, place) in enumerate(places)
    ]
    return seeds, lambda data: stage.tried(case(data)), keep


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def main(arguments: list[str]) -> None:
    """Run until something is found, or as long as libFuzzer is told."""
    program, make, *options = arguments
    runner = asyncio.Runner()
    corpus = CORPUS / make
    # Not closed: libFuzzer ends the process.
    open_for_good = AsyncExitStack()
    if options[:1] == ["wire"]:
        corpus = CORPUS / f"{make}-{options.pop(0)}"
        stage = runner.run(open_for_good.enter_async_context(wire.Stage.set()))
        seeds, trial, keep = on_the_wire(make, runner, stage)
    else:
        seeds, trial, keep = replacing(make, runner)

    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(seeds):
        (corpus / f"seed-{place}").write_bytes(seed)

    def one(data: bytes) -> None:
        if not data:
            return
        try:
            runner.run(asyncio.wait_for(trial(data), SECONDS))
        except BaseException:
            # Whatever it is, an interrupt too, the case is kept, and raised on.
            keep(data)
            raise

    # All simulated answers reach the same code, and each is kept all the same.
    fixed = ["-keep_seed=1", "-len_control=0", f"-max_len={LONGEST}"]
    atheris.Setup([program, str(corpus), *fixed, *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)

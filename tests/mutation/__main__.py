"""Changes a pure package in small ways and looks which changes no test notices.

scripts/mutate miners --sample 400 --seed 1
scripts/mutate miners --again      only those that no test noticed the last time

It changes the files beside it, so scripts/mutate starts it in a copy of the checkout.
"""

import argparse
from collections.abc import Iterator
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

from .cover import INTEGRATION, Cover, in_order, measure
from .judge import Change, Verdict, run, warm_up
from .names import RESULTS, TOOL, Listed
from .report import Result, show

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("power", "miners")
# The first few notice most mutants; pytest then need not look at all the other files.
FIRST = 12
# A survivor costs all its tests. Beyond these seconds it counts as one, so the share of
# the killed is at worst understated.
LONGEST = 30
# Every so often nothing is changed, to see that what fails does so because of a change.
CONTROL = 25
# So many seconds of tests tell it; a survivor's would cost more than the mutants between.
CONTROL_LONGEST = 10


def main(arguments: list[str]) -> int:
    """Run it; returns 1 when a test failed although nothing was changed."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__.partition("\n")[0])
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("--sample", type=int, default=300, help="how many mutants; 0 is all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="only those not killed last time")
    parser.add_argument("--longest", type=int, default=LONGEST, help="seconds of tests a mutant")
    asked = parser.parse_args(arguments)
    if (ROOT / ".git").exists():
        sys.exit("this is no copy: start it with scripts/mutate")
    results = Path(os.environ[RESULTS])
    kept = results / f"{asked.package}.json"
    cover = measure(ROOT, asked.package, results / f"{asked.package}-cover.json")
    result = Result.new(asked.package, asked.sample, asked.seed)
    if asked.again:
        result = Result.read(kept)
    warm_up()
    wrong = judge_all(result, cover, kept, asked.longest)
    print(show(result))
    if wrong:
        print(f"{wrong} runs failed although nothing was changed: do not believe these figures")
    return bool(wrong)


def judge_all(result: Result, cover: Cover, kept: Path, longest: float) -> int:
    """Judge every mutant of a run, keeping what is known; returns the failures unchanged."""
    wrong, logs = 0, kept.parent / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    for number, mutant in enumerate(listed(result, cover.root)):
        covering = cover.of_lines(mutant["path"], *mutant["lines"])
        ordered = in_order(covering, mutant["path"], cover)
        if number % CONTROL == 0 and ordered:
            least = min(longest, CONTROL_LONGEST)
            control, _ = judge(ordered, cover, logs / "control.log", None, least)
            if control is not Verdict.SURVIVED:
                wrong += 1
                (logs / "control.log").rename(logs / f"control-{number}.log")
                if not number:
                    break
        change = Change(path=cover.root / INTEGRATION / mutant["path"], text=mutant["text"])
        log = logs / f"{mutant['key']}.log"
        began = time.monotonic()
        verdict, whole = judge(ordered, cover, log, change, longest)
        result.note(mutant, verdict, whole=whole, tests=len(ordered))
        result.write(kept)
        took = time.monotonic() - began
        print(f"{number} {verdict} {took:.1f} s {mutant['path']} {mutant['scope']}", flush=True)
    return wrong


def judge(
    ordered: list[str], cover: Cover, log: Path, change: Change | None, longest: float
) -> tuple[Verdict, bool]:
    """Run the tests of one mutant; returns also whether these were all of them."""
    if not ordered:
        return Verdict.NO_TESTS, True
    chosen: list[str] = []
    seconds = 0.0
    for test in ordered:
        seconds += cover.tests[test].seconds
        if seconds > longest and chosen:
            break
        chosen.append(test)
    verdict = Verdict.SURVIVED
    for some in (chosen[:FIRST], chosen[FIRST:]):
        if some and verdict in {Verdict.SURVIVED, Verdict.NO_TESTS}:
            verdict = run(some, sum(cover.tests[test].seconds for test in some), log, change)
    return verdict, len(chosen) == len(ordered)


def listed(result: Result, root: Path) -> Iterator[Listed]:
    """Ask for the mutants of a run, each with the whole text of its file."""
    known = result.unkilled()
    asked = [str(result.sample), str(result.seed)]
    if known:
        (root / ".keys.mutation").write_text("\n".join(known), "utf-8")
        asked = ["--these", str(root / ".keys.mutation")]
    program = [os.environ[TOOL], str(Path(__file__).with_name("mutants.py"))]
    text = subprocess.run(  # noqa: S603 - a program beside this one
        [*program, str(root / INTEGRATION / result.package), *asked],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    result.every = json.loads(text[0])["all"]
    found: list[Listed] = [json.loads(line) for line in text[1:]]
    result.forget(known - {mutant["key"] for mutant in found})
    yield from found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

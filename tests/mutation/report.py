"""What became of the mutants, as tables."""

from collections import Counter
from dataclasses import asdict, dataclass, field
import json
from math import sqrt
from pathlib import Path
from typing import Self

from .judge import Verdict
from .names import Listed

# Of a sample the truth lies within this many deviations in 95 of 100 cases.
NINETY_FIVE = 1.96


@dataclass(kw_only=True, slots=True)
class Result:
    """One run: what was asked for, and what became of each mutant so far."""

    package: str
    sample: int
    seed: int
    every: int = 0
    judged: dict[str, dict[str, object]] = field(default_factory=dict)

    @classmethod
    def new(cls, package: str, sample: int, seed: int) -> Self:
        """Begin a run."""
        return cls(package=package, sample=sample, seed=seed)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a run that was kept."""
        return cls(**json.loads(path.read_text("utf-8")))

    def write(self, path: Path) -> None:
        """Keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never half of it, for who looks while it runs.
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self), indent=1), "utf-8")
        fresh.replace(path)

    def unkilled(self) -> set[str]:
        """Return the keys of those that no test noticed."""
        missed = {Verdict.SURVIVED, Verdict.NO_TESTS}
        return {key for key, said in self.judged.items() if said["verdict"] in missed}

    def forget(self, keys: set[str]) -> None:
        """Leave out mutants of code that is not there any more."""
        for key in keys:
            del self.judged[key]

    def note(self, mutant: Listed, verdict: Verdict, *, whole: bool, tests: int) -> None:
        """Add what became of one."""
        self.judged[mutant["key"]] = {
            "path": mutant["path"],
            "line": mutant["lines"][0],
            "scope": mutant["scope"],
            "operator": mutant["operator"],
            "before": mutant["before"],
            "after": mutant["after"],
            "verdict": verdict,
            "whole": whole,
            "tests": tests,
        }


def show(result: Result) -> str:
    """Return a table by file, the rate with its error, and every survivor."""
    verdicts: dict[str, Counter[str]] = {}
    for said in result.judged.values():
        verdicts.setdefault(str(said["path"]), Counter())[str(said["verdict"])] += 1
    rows = [
        f"{len(result.judged)} of {result.every} mutants of {result.package}, seed {result.seed}.",
        "",
        "| file | mutants | " + " | ".join(Verdict) + " | killed or timed out |",
        "|---|---|" + "---|" * len(Verdict) + "---|",
    ]
    whole: Counter[str] = sum(verdicts.values(), Counter())
    for name, counts in [*sorted(verdicts.items()), ("all", whole)]:
        told = " | ".join(str(counts[verdict]) for verdict in Verdict)
        rows.append(f"| {name} | {counts.total()} | {told} | {rate(counts):.0%} |")
    share, count = rate(whole), whole.total()
    left = 1 - count / result.every if result.every else 0.0
    error = NINETY_FIVE * sqrt(share * (1 - share) / count * left) if count else 0.0
    rows += ["", f"Killed: {share:.1%}, give or take {error:.1%} for being a sample.", ""]
    for key, said in sorted(result.judged.items(), key=lambda one: str(one[1]["path"])):
        if said["verdict"] in {Verdict.SURVIVED, Verdict.NO_TESTS}:
            more = "" if said["whole"] else ", not all its tests were run"
            rows.append(
                f"{said['path']}:{said['line']} {said['scope']} [{key}] {said['verdict']}{more}"
            )
            rows += [f"    - {said['before']}", f"    + {said['after']}"]
    return "\n".join(rows)


def rate(counts: Counter[str]) -> float:
    """Return the share of the mutants that a test noticed, also by never ending."""
    noticed = counts[Verdict.KILLED] + counts[Verdict.TIMED_OUT]
    return noticed / counts.total() if counts.total() else 0.0

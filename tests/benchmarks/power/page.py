"""Writes the tables and pictures of docs/power-bench.md from what came out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import mean

from .measure import Result
from .picture import draw
from .store import ROOT, Job
from .traces import Kind
from .verdict import OPEN, Verdict, verdict
from .world import GUARD, PLANNER, VARIANTS, controllers, run

PAGE = ROOT / "docs/power-bench.md"
IMAGES = ROOT / "docs/images"
SMART = "solar smart miner" + GUARD
MANY_SET = "planner, reserve -16000 W"
"""What half of ten miners draw: for who buys as much on purpose as the other that does."""
FEW = (PLANNER, "evcc" + GUARD, SMART)
"""Beside the planner those two that come nearest to it, for ten miners and other seeds."""
SEEDS = range(3)
NONE = "-"
PICTURES: Mapping[Kind, str] = {
    Kind.CLOUDS: "evcc" + GUARD,
    Kind.PRICE: "evcc" + GUARD,
    Kind.BATTERY: "evcc" + GUARD,
    Kind.NIGHT: "evcc" + GUARD,
}
"""The days that are drawn, and who is drawn below the planner."""


def jobs() -> list[Job]:
    """Return all that the page shows."""
    sunny = [kind for kind in Kind if kind is not Kind.NIGHT]
    others = [name for name in controllers() if name not in VARIANTS]
    return [
        *((kind, 3, name, 0) for kind in Kind for name in (PLANNER, *others)),
        # What an owner can set is about the sun, or the battery.
        *((kind, 3, name, 0) for kind in sunny for name in VARIANTS if name != MANY_SET),
        *((kind, 10, name, 0) for kind in Kind for name in FEW),
        (Kind.PRICE, 10, MANY_SET, 0),
        *((kind, 3, name, seed) for seed in SEEDS for kind in Kind for name in FEW),
    ]


def write(results: Sequence[Result]) -> None:
    """Put everything between the marks of the page, and draw its pictures."""
    text = PAGE.read_text("utf-8")
    tables: dict[str, Callable[[Sequence[Result]], str]] = {
        "days": _days,
        "verdicts": _verdicts,
        "not better": _open,
        "seeds": _seeds,
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{table(results)}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, "utf-8")
    for kind, other in PICTURES.items():
        shown = [run(kind, 3, name) for name in (PLANNER, other)]
        draw(shown, IMAGES / f"power-{kind.value.replace(' ', '-')}.png")


def _those(results: Sequence[Result], kind: Kind, miners: int, seed: int = 0) -> list[Result]:
    """Return one day, each controller once."""
    found = {
        one.controller: one
        for one in results
        if (one.trace, one.miners, one.seed) == (kind.value, miners, seed)
    }
    return list(found.values())


def _others(those: Sequence[Result]) -> list[Result]:
    return [one for one in those if one.controller not in VARIANTS]


def _judged(those: Sequence[Result]) -> list[tuple[Result, Verdict, str]]:
    return [(one, *verdict(one, those)) for one in _others(those)]


def _table(head: str, rows: Sequence[str]) -> str:
    return "\n".join([head, "|" + "---|" * (head.count("|") - 1), *rows, ""])


def _sun(one: Result) -> str:
    differs = one.trace == Kind.PRICE.value
    return f"{one.used:.1f} (sun {one.sun:.1f})" if differs else f"{one.used:.1f}"


def _beyond(one: Result) -> str:
    battery = f" (battery {one.battery:.1f})" if one.trace == Kind.BATTERY.value else ""
    return f"{one.beyond:.1f}{battery}"


def day_row(mine: Result) -> str:
    """Return the part of a row that says what the planner did."""
    return (
        f"| {mine.trace} | {mine.miners} | {_sun(mine)} | {_beyond(mine)} | {mine.price:.3f} "
        f"| {mine.starts} | {mine.changes} | {mine.breaks or NONE} |"
    )


def _days(results: Sequence[Result]) -> str:
    rows = []
    for miners in (3, 10):
        for kind in Kind:
            those = _those(results, kind, miners)
            mine = next(one for one in those if one.controller == PLANNER)
            usable = [one for one in _others(those) if not one.breaks and one.starts]
            best = max(usable, key=lambda one: one.used, default=None)
            text = "nobody can be used"
            if best is not None:
                word, about = verdict(best, those)
                text = (
                    f"{best.controller}: {_sun(best)}, {best.beyond:.1f}, {best.starts} "
                    f"| {_word(word, about, those)}"
                )
            rows.append(f"{day_row(mine)} {text} |")
    head = (
        "| day | miners | used % | beyond kWh | price | starts | changes | breaks "
        "| who uses most of the others: used %, beyond, starts | the planner is |"
    )
    return _table(head, rows)


def _word(word: Verdict, about: str, those: Sequence[Result]) -> str:
    if word is not Verdict.BETTER_SET:
        return f"{word}: {about}" if about else word
    chosen = next(one for one in those if one.controller == f"{PLANNER}, {about}")
    return f"{word}: {about} gives {chosen.used:.1f}, {chosen.beyond:.1f}, {chosen.starts}"


def _verdicts(results: Sequence[Result]) -> str:
    rows = []
    for miners in (3, 10):
        for kind in Kind:
            counted = Counter(word for _, word, _ in _judged(_those(results, kind, miners)))
            cells = " | ".join(str(counted[word] or NONE) for word in Verdict)
            rows.append(f"| {kind} | {miners} | {cells} |")
    return _table(f"| day | miners | {' | '.join(Verdict)} |", rows)


def _open(results: Sequence[Result]) -> str:
    rows = []
    for miners in (3, 10):
        for kind in Kind:
            those = _those(results, kind, miners)
            rows += [
                f"| {kind} | {miners} | {one.controller}: {_sun(one)}, {one.beyond:.1f}, "
                f"{one.starts} | {word}: {about} |"
                for one, word, about in _judged(those)
                if word in OPEN
            ]
    return _table("| day | miners | the other: used %, beyond, starts | the planner is |", rows)


def _seeds(results: Sequence[Result]) -> str:
    rows = []
    for kind in Kind:
        for name in FEW:
            ones = [
                one
                for seed in SEEDS
                for one in _those(results, kind, 3, seed)
                if one.controller == name and one.starts
            ]
            if not ones:
                continue
            used, starts = [one.used for one in ones], [one.starts for one in ones]
            broken = sum(bool(one.breaks) for one in ones)
            rows.append(
                f"| {kind} | {name} | {mean(used):.1f} ({min(used):.1f} to {max(used):.1f}) "
                f"| {mean(one.beyond for one in ones):.1f} "
                f"| {mean(starts):.1f} ({min(starts)} to {max(starts)}) "
                f"| {f'{broken} of {len(ones)}' if broken else NONE} |"
            )
    return _table("| day | who | used % | beyond kWh | starts | breaks a rule on |", rows)

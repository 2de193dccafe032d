"""The soak's plan and its verdict, which have to be right before a run of half an hour is."""

import copy

import pytest

from tests.benchmarks.fleet import MIX
from tests.reliability.soak.fleet import JOULES, Book, address
from tests.reliability.soak.plan import SOAK, WEIGHTS, lasting, plan
from tests.reliability.soak.verdict import Results, judge, level_lost, read_log, slope

MAKES = ["whatsminer", "braiins"] * 50
MINUTES = 20


def test_the_same_seed_is_the_same_plan() -> None:
    first = [*plan(MAKES, 900, 1)]
    assert first == [*plan(MAKES, 900, 1)]
    assert first != [*plan(MAKES, 900, 2)]


def test_everything_happens_to_many() -> None:
    """Troubles of one miner do not overlap, since the end of one would be that of both."""
    events = [*plan(MAKES, 900, 1)]
    assert {event.kind for event in events} == WEIGHTS.keys()
    assert len({event.place for event in events}) > 90
    assert all(0 <= event.at < 900 for event in events)
    happened = {event.what for event in events if event.kind == "trouble"}
    offered = {trouble.name for make in set(MAKES) for trouble in lasting(make)}
    assert len(happened) > 0.9 * len(offered) > 20
    ends: dict[int, float] = {}
    for event in events:
        if event.kind in {"trouble", "device"}:
            assert event.at >= ends.get(event.place, 0.0)
            ends[event.place] = event.at + event.seconds + SOAK.rest


def test_each_has_an_address() -> None:
    addresses = {address(place) for place in range(600)}
    assert len(addresses) == 600
    assert all(1 <= int(part) <= 250 for one in addresses for part in one.split(".")[2:])


def test_what_was_drawn_and_what_could_not_be_seen() -> None:
    book = Book()
    for second in range(101):
        book.add(float(second), 3000.0 if second < 50 else 1000.0)
    # One step of 2000 W, which is read up to 22.5 s later than it was taken.
    assert book.between(0, 100) == pytest.approx(2000 * 22.5 / 2 / JOULES)
    assert book.between(60, 100) == 0
    assert book.at(30) == pytest.approx(3000 * 30 / JOULES)
    assert book.at(30.5) - book.at(30) == pytest.approx(3000 * 0.5 / JOULES)
    assert book.unseen(0, 100) == 0
    # A constant draw is known also while nobody looks.
    book.unsure.append((10.0, 40.0, False))
    assert book.unseen(0, 100) == 0
    book.unsure.append((40.0, 60.0, False))
    assert book.unseen(0, 100) == pytest.approx(2000 * 20 / JOULES)
    assert book.unseen(60, 100) == 0
    book.unsure.append((70.0, 80.0, True))
    assert book.unseen(60, 100) == pytest.approx(1000 * 10 / JOULES)


def _minute(number: int, growth: dict[str, float]) -> Results:
    base = {"memory": 300.0, "tasks": 30, "sockets": 20, "descriptors": 60}
    return {name: value + number * growth.get(name, 0.0) for name, value in base.items()}


def _run(**growth: float) -> Results:
    """Return a run that is passed but for what grows in each minute."""
    ours = {"MinerCoordinator": 2, "Diary": 2, "BraiinsClient": 1, "WhatsminerClient": 1}
    one = {"counted": 1.0, "drawn": 1.01, "unseen": 0.0, "between": 0.0}
    return {
        "miners": 2,
        "minutes": [_minute(number, growth) for number in range(MINUTES)],
        "calm_before": {**_minute(0, {}), "ours": ours},
        "calm_after": {**_minute(0, {}), "ours": {**ours}},
        "unhealthy": {},
        "energy": {"a": {**one}, "b": {**one}},
        "log": {"signs": [], "errors": [], "lines": {}},
        "outcomes": {"stop: done": 3, "stop: unreachable": 2},
    }


def failed(results: Results) -> list[str]:
    """Return what does not hold."""
    return [one.what for one in judge(results) if not one.holds]


def test_a_run_that_is_passed() -> None:
    assert failed(_run()) == []
    assert failed(_run(memory=0.1)) == []


@pytest.mark.parametrize("what", ["memory", "tasks", "sockets", "descriptors"])
def test_a_leak_is_found(what: str) -> None:
    assert failed(_run(**{what: 1.5})) == [f"{what}, growth per minute"]


def test_the_warm_up_does_not_count() -> None:
    results = _run()
    for number in range(5):
        results["minutes"][number]["memory"] = 200.0 + 20 * number
    assert failed(results) == []
    assert slope([one["memory"] for one in results["minutes"]]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("where", "name", "value", "what"),
    [
        ("calm_after", "sockets", 26, "sockets, more than at the beginning"),
        ("unhealthy", "a", ["power: unknown"], "miners that are not as before"),
        ("outcomes", "stop: no words: ...", 1, "actions that failed without words"),
        ("log", "signs", ["Traceback (most"], "signs of errors in the log"),
        ("log", "errors", ["..."], "errors in the log other than that a miner is away"),
    ],
)
def test_what_else_is_no_success(where: str, name: str, value: object, what: str) -> None:
    results = copy.deepcopy(_run())
    results[where][name] = value
    assert failed(results) == [what]


def test_what_a_reload_should_have_put_away() -> None:
    results = _run()
    results["calm_after"]["ours"]["MinerCoordinator"] = 3
    assert failed(results) == ["objects of MinerCoordinator"]


def test_energy_that_is_lost() -> None:
    """By more than could not be seen, of one miner or of all."""
    results = _run()
    results["energy"]["a"] = {"counted": 0.9, "drawn": 1.0, "unseen": 0.2, "between": 0.0}
    assert failed(results) == ["energy of all, off by"]
    results["energy"]["a"]["unseen"] = 0.01
    assert "miners whose energy is off by more than could not be seen" in failed(results)
    results["energy"]["a"]["between"] = 0.08
    assert failed(results) == ["energy of all, off by"]
    del results["energy"]["a"]
    assert failed(results) == ["miners without a total of energy"]


@pytest.mark.parametrize(
    ("past", "lost"),
    [
        ([], False),
        (["reload: entry reloaded"], False),
        (["power: done"], False),
        (["power: done", "reload: entry reloaded"], True),
        (["device: unplugged for 20 s", "reload: entry reloaded"], True),
        (["power: done", "reload: entry reloaded", "restart mining: done"], False),
        (["power: done", "reload: entry reloaded", "restart mining: rejected"], True),
        (["power: unconfirmed"], True),
        (["power: unconfirmed", "power: rejected"], True),
        (["power: unconfirmed", "power: done"], False),
    ],
)
def test_when_a_level_may_be_unknown(past: list[str], lost: bool) -> None:
    assert level_lost(past) is lost


def test_what_a_log_says() -> None:
    logger = "[custom_components.asic_miner]"
    text = "\n".join(
        [
            f"2026-11-21 11:19:39.184 ERROR (MainThread) {logger} Error fetching a data: away",
            f"2026-11-21 11:19:39.184 WARNING (MainThread) {logger} b cannot be read",
            "2026-11-21 11:19:40.528 ERROR (MainThread) [homeassistant] Something else",
            "Traceback (most recent call last):",
        ]
    )
    told = read_log(text)
    assert told["lines"] == {
        "ERROR custom_components.asic_miner": 1,
        "WARNING custom_components.asic_miner": 1,
        "ERROR homeassistant": 1,
    }
    assert [line.endswith("Something else") for line in told["errors"]] == [True]
    assert len(told["signs"]) == 1


def test_both_makes_are_in_it() -> None:
    assert {preset[0] for preset in MIX} == {"M", "S"}

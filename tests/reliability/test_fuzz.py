"""Invented answers do no harm: to the client they are values, or an error of its own.

Two lengths: seconds in every run, and with ASIC_MINER_FUZZ=<examples> as long as one likes,
which a nightly run sets. What is found is written down in `found/` and tried ever after.
"""

import asyncio
from functools import cache
import hashlib
import json
import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from .fuzz import FOUND, Case, check, recorded, tried

SECONDS = 20.0
"""For one trial of a dozen answers, which takes milliseconds; catches what explodes."""
PRESETS = (
    ("whatsminer", "M60S"),
    ("whatsminer", "M30S++"),
    ("braiins", "S19j Pro"),
    ("braiins", "S21 Pro"),
)
LENGTH = settings(
    max_examples=int(os.environ.get("ASIC_MINER_FUZZ", "60")),
    # A long run searches, also where CI would have it try the same each time.
    derandomize="ASIC_MINER_FUZZ" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None

NUMBERS = st.sampled_from(
    [
        0,
        -1,
        1,
        2**31 - 1,
        2**31,
        2**53,
        2**63,
        2**64,
        -(2**64),
        10**15,
        10**30,
        10**400,
        65535,
        1e308,
        -1e308,
        5e-324,
        float("nan"),
        float("inf"),
        -float("inf"),
        -0.0,
    ]
)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "-1",
        "9" * 30,
        "9" * 5000,
        "nan",
        "inf",
        "1e999",
        "٣",
        "²",
        "0x10",
        "\x00",
        "\n",
        "true",
        "�",
        "a" * 70000,
        "[]",
        "{}",
        '"',
        "\\",
        "%s",
        "::1",
        "00:00:00:00:00:00",
        "127.0.0.1",
        "stratum+tcp://[",
        "//[::1",
        "20991231.99.REL" + "9" * 22,
    ]
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.integers(), st.floats(), TEXTS, st.text()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


PIECES = st.sampled_from(
    [
        b"",
        b",",
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\x00",
        b"\n",
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"[" * 3000,
        b"\xff\xfe",
        b"\\u",
    ]
)


@cache
def seeds(make: str, preset: str) -> Case:
    """Return what a simulated device answers, asked once."""
    with asyncio.Runner() as runner:
        return runner.run(recorded(make, preset))


def places(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return where in a JSON value something can be put."""
    found = [path] if path else []
    inner: list[tuple[str | int, Json]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, item in inner:
        found += places(item, (*path, key))
    return found


def put(value: Json, path: tuple[str | int, ...], new: Json, *, remove: bool) -> None:
    """Put something there, or take away what is there."""
    *way, last = path
    node = value
    for step in way:
        node = node[step]  # type: ignore[index]  # the path comes from the value
    if isinstance(node, dict | list):
        if remove:
            del node[last]  # type: ignore[arg-type]  # as above
        else:
            node[last] = new  # type: ignore[index]  # as above


@st.composite
def changed(draw: st.DrawFn, seed: Case) -> Case:
    """Return a device's answers with some of them changed."""
    answers = dict(seed.answers)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(answers)))
        answers[name] = draw(st.sampled_from([values, pieces]))(draw, answers[name])
    return Case(make=seed.make, answers=answers)


def values(draw: st.DrawFn, answer: bytes) -> bytes:
    """Change some values of an answer that stays JSON."""
    try:
        parsed: Json = json.loads(answer)
    except ValueError:
        return answer
    for _ in range(draw(st.integers(1, 5))):
        if known := places(parsed):
            path = draw(st.sampled_from(known))
            put(parsed, path, draw(VALUES), remove=draw(st.integers(0, 4)) == 0)
    return json.dumps(parsed).encode()


def pieces(draw: st.DrawFn, answer: bytes) -> bytes:
    """Change some bytes of an answer, which seldom stays JSON."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(answer)))
        end = min(len(answer), start + draw(st.integers(0, 30)))
        new = draw(PIECES | st.just(answer[start:end] * 3) | st.binary(max_size=8))
        answer = answer[:start] + new + answer[end:]
    return answer


def keep(case: Case) -> None:
    """Write down what did harm; the last one written is the smallest."""
    if not os.environ.get("ASIC_MINER_FUZZ_KEEP"):
        return
    digest = hashlib.sha256(case.to_json().encode()).hexdigest()[:12]
    (FOUND / f"{case.make}-{digest}.json").write_text(case.to_json())


@pytest.mark.parametrize(("make", "preset"), PRESETS)
@pytest.mark.timeout(0)
def test_invented_answers(make: str, preset: str) -> None:
    """Never another error, never a number that cannot be, always an end."""
    seed = seeds(make, preset)
    snapshots = 0

    @LENGTH
    @given(case=changed(seed))
    def trial(case: Case) -> None:
        nonlocal snapshots
        try:
            snapshots += runner.run(asyncio.wait_for(tried(case), SECONDS))
        except BaseException:
            # Whatever it is, a time-out too, the case is kept, and raised on.
            keep(case)
            raise

    with asyncio.Runner() as runner:
        assert runner.run(tried(seed)), "the answers as they are can be read"
        trial()
    # Otherwise nothing but the first refusal would have been tried.
    assert snapshots > LENGTH.max_examples // 4


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_found(path: Path) -> None:
    """What once did harm does none any more."""
    case = Case.from_json(path.read_text())
    with asyncio.Runner() as runner:
        runner.run(asyncio.wait_for(tried(case), SECONDS))


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 1 << 65, {"power": 1e7}, (1, [float("nan")])]
)
def test_the_check_itself(value: object) -> None:
    """It finds what it is there for."""
    with pytest.raises(AssertionError):
        check(value)

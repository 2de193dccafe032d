"""The judge of mutants: what becomes of a change, and that it is taken back."""

from pathlib import Path
import subprocess
import sys

import pytest

from .cover import Cover, Covered, in_order
from .judge import Verdict
from .names import Listed
from .report import Result, show

ROOT = Path(__file__).resolve().parents[2]
CODE = "def more(number):\n    return number + 1\n"
TESTS = "from thing import more\n\n\ndef test_more():\n    assert more(1) == 2\n"
# In a program of its own: a process that is full of threads is not to be forked.
PROGRAM = """
from pathlib import Path
import sys
from tests.mutation import judge
judge.GRACE = float(sys.argv[3])
change = judge.Change(path=Path("thing.py"), text=sys.argv[1])
print(judge.run([sys.argv[2]], 0.1, Path("log"), change))
"""


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (CODE.replace("+", "-"), Verdict.KILLED),
        (CODE.replace("number + 1", "2"), Verdict.SURVIVED),
        (CODE.replace("def", "fed"), Verdict.KILLED),
        (CODE.replace("return number", "while True: number"), Verdict.TIMED_OUT),
    ],
    ids=["wrong", "right for the test", "no Python", "without end"],
)
def test_what_becomes_of_a_change(tmp_path: Path, text: str, verdict: Verdict) -> None:
    (tmp_path / "thing.py").write_text(CODE)
    (tmp_path / "test_thing.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    # Long enough for a busy machine, short where nothing but the end of patience is awaited.
    patience = "5" if verdict is Verdict.TIMED_OUT else "100"
    said = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", PROGRAM, text, "test_thing.py::test_more", patience],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout.split("\n")[-2] == verdict, (tmp_path / "log").read_text()
    assert (tmp_path / "thing.py").read_text() == CODE


def test_one_of_each_function_comes_first_then_what_is_about_the_file_and_slow_ones_last() -> None:
    seconds = {"a[1]": 0.3, "a[2]": 0.1, "b": 0.2, "c": 9.0, "other": 0.0}
    besides = {"a[1]": 5, "a[2]": 5, "b": 3, "c": 0, "other": 0}
    cover = Cover(
        root=ROOT,
        tests={
            test: Covered(
                seconds=took,
                lines={
                    "x.py": frozenset({1 if test == "other" else 2}),
                    "z.py": frozenset(range(besides[test])),
                },
            )
            for test, took in seconds.items()
        },
    )
    found = cover.of_lines("x.py", 2, 3)
    assert in_order(found, "x.py", cover) == ["b", "a[2]", "a[1]", "c"]
    assert cover.of_lines("x.py", 3, 9) == set(seconds)
    assert cover.of_lines("y.py", 1, 9) == set()
    assert cover.tests["a[1]"].share("z.py") == 5 / 6
    assert Covered(seconds=0, lines={}).share("x.py") == 0


def test_the_table_and_the_survivors() -> None:
    result = Result.new("power", 4, 1)
    result.every = 400
    for number, verdict in enumerate(Verdict):
        mutant = Listed(
            key=str(number),
            path="power/x.py",
            scope="f",
            lines=(7, 7),
            operator="number",
            before=f"{number}",
            after="9",
            text="",
        )
        result.note(mutant, verdict, whole=True, tests=1)
    shown = show(result)
    assert "| power/x.py | 4 | 1 | 1 | 1 | 1 | 50% |" in shown
    assert "Killed: 50.0%, give or take 48.8%" in shown
    assert "power/x.py:7 f [1] survived\n    - 1\n    + 9" in shown
    assert "[0]" not in shown
    assert result.unkilled() == {"1", "3"}

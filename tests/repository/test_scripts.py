"""Who asks a script for help gets it, and nothing else happens."""

from pathlib import Path
import shutil
import subprocess

import pytest

from tests.benchmarks.__main__ import OTHERS, command

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file())


@pytest.mark.parametrize(
    "words", [*([name, "--help"] for name in SCRIPTS), ["setup", "-h"], ["mutate", "power", "-h"]]
)
def test_help_comes_before_any_work(words: list[str], tmp_path: Path) -> None:
    """In a checkout that is not set up it is shown all the same, and nothing is made."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    before = sorted(tmp_path.rglob("*"))
    answer = subprocess.run(  # noqa: S603 - our own scripts
        [tmp_path / "scripts" / words[0], *words[1:]],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    head = (ROOT / "scripts" / words[0]).read_text("utf-8").splitlines()[1]
    assert answer.stdout.splitlines()[0] == head.removeprefix("# ")
    assert "set -euo" not in answer.stdout
    assert not answer.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", OTHERS)
def test_each_measurement_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`scripts/bench --faults --help` does not run the matrix."""
    with pytest.raises(SystemExit) as ended:
        command(name)(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: scripts/bench {name}")

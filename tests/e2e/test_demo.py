"""The newcomer's first command, as a newcomer types it."""

import asyncio
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(600)


async def run(*arguments: str) -> tuple[int, str]:
    """Run scripts/demo and return its exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "scripts" / "demo"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_demo_check(tmp_path: Path) -> None:
    """It proves itself, and with a kept configuration it does so again."""
    for _ in range(2):
        code, printed = await run("--check", "--config", str(tmp_path / "kept"))
        assert code == 0, printed
        for model in ("M60S", "M30S++", "S19J Pro"):
            assert model in printed
        assert "all miners are read and controlled as they should be" in printed

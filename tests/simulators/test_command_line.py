"""Simulators from the command line."""

import asyncio
import signal
import sys

import pytest

from tests.simulators.__main__ import main, parsed
from tests.simulators.naive_whatsminer import parsed as reply
from tests.simulators.whatsminer import PRESETS


def test_devices_are_named_by_kind_preset_and_address() -> None:
    wanted = parsed("whatsminer:M30S++@127.0.0.11")
    assert (wanted.preset, wanted.host, wanted.port) == ("M30S++", "127.0.0.11", 4028)
    assert parsed("whatsminer:M60S@127.0.0.1:0").port == 0
    assert parsed("whatsminer:M60S").host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("whatsminer:S19", "no whatsminer preset is named 'S19'; there are M60S"),
        ("antminer:S19", "write it as whatsminer:"),
        ("whatsminer", "write it as whatsminer:"),
        ("whatsminer:M60S@", "the address is HOST or HOST:PORT"),
        ("whatsminer:M60S@127.0.0.1:99999", "the address is HOST or HOST:PORT"),
    ],
)
def test_mistakes_are_explained(text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([text])
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [f"whatsminer:{name}" for name in PRESETS] == [
        line for line in listed if line.startswith("whatsminer:")
    ]
    assert any(line.startswith("braiins:") for line in listed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_devices_run_until_interrupted(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.simulators", "--seed", "3", "--password", "secret_1"),
        *("--speed", "60", "whatsminer:M60S@127.0.0.1:0", "whatsminer:M31S-2021"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode().strip().split("\t") for _ in range(2)]
        assert [line[:2] + line[3:] for line in lines] == [
            ["whatsminer", "M60S", "secret_1"],
            ["whatsminer", "M31S-2021", "secret_1"],
        ]
        host, port = lines[0][2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'{"cmd":"get_version"}')
        assert reply(await reader.read())["Code"] == 131
        writer.close()
        process.send_signal(number)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_taken_port_is_named() -> None:
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.simulators", f"whatsminer:M60S@127.0.0.1:{port}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    taken.close()
    await taken.wait_closed()
    assert process.returncode == 1
    assert f"127.0.0.1:{port}" in errors.decode()

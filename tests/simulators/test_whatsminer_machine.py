"""The simulated WhatsMiner: off and on, restarts, boots."""

import asyncio
import json

import pytest

from tests.simulators.naive_whatsminer import (
    Session,
    ask,
    code,
    data,
    numeric,
    parsed,
    raw,
    rows,
    running,
    write,
)
from tests.simulators.whatsminer import PRESETS
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import BOOT, START, STOP
from tests.simulators.whatsminer.replies import DOWN_STRING, DOWN_TEXT

from .whatsminer_steps import RAMP, power, restarted

OLD_WAY_DOWN = {"M30S++": DOWN_TEXT.encode(), "M31S-2021": DOWN_TEXT.encode()}


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M63S"])
async def test_newer_firmware_answers_with_zeros_when_off(preset: str) -> None:
    async with running(preset) as device:
        before = data(await ask(device, "summary"))
        assert await code(device, "power_off", respbefore="true") == 131
        device.pass_time(STOP + 27)
        status = data(await ask(device, "status"))
        assert (status["mineroff"], status["mineroff_reason"]) == ("true", "by whatsminer api")
        assert len(str(status["mineroff_time"])) == len("2026-01-01 00:00:00")
        summary = data(await ask(device, "summary"))
        for key in ("MHS av", "MHS 1m", "HS RT", "freq_avg", "Power Limit"):
            assert summary[key] == 0
        assert 10 <= numeric(summary["Power"]) <= 20
        assert numeric(summary["Elapsed"]) == pytest.approx(numeric(before["Elapsed"]) + 30)
        boards = rows(await ask(device, "edevs"), "DEVS")
        assert [board["Effective Chips"] for board in boards] == [0] * len(boards)
        assert [board["Chip Frequency"] for board in boards] == [0] * len(boards)
        supply = data(await ask(device, "get_psu"))
        assert (supply["enable"], supply["iin"]) == ("0", "0")
        assert 10 <= int(str(supply["pin"])) <= 20


@pytest.mark.parametrize("preset", ["M30S++", "M31S-2021"])
async def test_older_firmware_refuses_when_off(preset: str) -> None:
    async with running(preset) as device:
        await write(device, "power_off", respbefore="true")
        device.pass_time(STOP)
        for command in ("summary", "edevs", "devs", "pools", "devdetails"):
            received = await raw(device, json.dumps({"cmd": command}).encode())
            assert received == OLD_WAY_DOWN[preset]
        assert parsed(await raw(device, b'{"cmd":"summary+pools"}')) == {}
        status = await ask(device, "status")
        off = data(status)["mineroff"] if "Msg" in status else status["btmineroff"]
        assert off == "true"
        assert data(await ask(device, "get_version"))["api_ver"]


async def test_power_off_without_respbefore_gives_no_answer() -> None:
    async with running() as device:
        assert await write(device, "power_off") is None
        assert device.truth()["mining"] is False


@pytest.mark.parametrize("preset", ["M60S", "M30S++"])
async def test_power_on_ramps_up(preset: str) -> None:
    async with running(preset) as device:
        await write(device, "power_off", respbefore="true")
        device.pass_time(60)
        assert await code(device, "power_on") == 131
        device.pass_time(START + 5)
        summary = data(await ask(device, "summary"))
        assert summary["Hash Stable"] in {False, "false"}
        assert summary["Hash Stable Cost Seconds"] == 0
        assert numeric(summary["Elapsed"]) < 60
        assert 0 < numeric(summary["HS RT"]) < PRESETS[preset].nameplate.hashrate * 2e5
        boards = rows(await ask(device, "edevs"), "DEVS")
        assert [board["Upfreq Complete"] for board in boards] == [0, 0, 0]
        assert all(numeric(board["Chip Frequency"]) == 160 for board in boards)
        assert device.truth()["state"] == "ramping"
        device.pass_time(RAMP)
        summary = data(await ask(device, "summary"))
        assert summary["Hash Stable"] in {True, "true"}
        assert 900 < numeric(summary["Hash Stable Cost Seconds"]) < 1200
        assert await power(device) == pytest.approx(PRESETS[preset].nameplate.power, rel=0.05)


async def test_off_may_not_hold() -> None:
    async with running() as device:
        device.faults.self_resume_after = 120
        await write(device, "power_off", respbefore="true")
        device.pass_time(119)
        assert device.truth()["mining"] is False
        device.pass_time(2)
        assert device.truth()["mining"] is True
        assert data(await ask(device, "status"))["mineroff"] == "false"
        device.pass_time(RAMP)
        assert device.truth()["state"] == "stable"


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("M30S++", DOWN_TEXT.encode()), ("M56S", b""), ("M60S", DOWN_STRING.encode())],
)
async def test_restart_of_the_mining_program(preset: str, expected: bytes) -> None:
    async with running(preset) as device:
        before = data(await ask(device, "summary"))
        assert await write(device, "restart_btminer") is None
        received = await raw(device, b'{"cmd":"summary"}')
        assert expected in received
        assert bool(received) is bool(expected)
        assert data(await ask(device, "status"))["mineroff"] == "false"
        assert data(await ask(device, "get_psu"))["enable"] == "0"
        device.pass_time(START + 1)
        summary = data(await ask(device, "summary"))
        assert numeric(summary["Elapsed"]) == pytest.approx(1, abs=1)
        assert numeric(summary["Uptime"]) > numeric(before["Uptime"])
        assert data(await ask(device, "pools"))["Accepted"] == 0
        assert device.truth()["mining_restarts"] == 1


async def test_a_restart_leaves_a_machine_off_that_was_off() -> None:
    async with running() as device:
        await write(device, "power_off", respbefore="true")
        device.pass_time(10)
        await write(device, "restart_btminer")
        device.pass_time(RAMP)
        assert device.truth()["state"] == "off"


@pytest.mark.parametrize("respbefore", [True, False])
async def test_reboot(*, respbefore: bool) -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        arguments: dict[str, Json] = {"respbefore": "true"} if respbefore else {}
        reply = await session.send("reboot", **arguments)
        assert (reply is not None) is respbefore
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "status")
        device.pass_time(BOOT - 1)
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "status")
        device.pass_time(1)
        assert data(await ask(device, "status"))["mineroff"] == "false"
        assert (await session.send("power_on") or {})["Code"] == 135
        device.pass_time(START + 1)
        assert numeric(data(await ask(device, "summary"))["Uptime"]) == START + 1


async def test_the_port_opens_by_itself_after_a_boot() -> None:
    async with running() as device:
        await write(device, "reboot")
        device.hand.advance(BOOT)
        async with asyncio.timeout(5):
            while True:
                try:
                    assert (await ask(device, "status"))["STATUS"] == "S"
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.001)


async def test_a_reboot_cuts_connections() -> None:
    async with running() as device:
        reader, writer = await asyncio.open_connection(device.host, device.port)
        while not device.open_connections:
            await asyncio.sleep(0)
        await write(device, "reboot")
        assert await reader.read() == b""
        writer.close()


async def test_mains_lost_and_back() -> None:
    async with running() as device:
        port = device.port
        await write(device, "set_power_pct", percent="50")
        await device.unplug()
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "status")
        assert (device.truth()["power"], device.truth()["hashrate"]) == (0, 0)
        device.pass_time(3600)
        await device.plug()
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "status")
        device.pass_time(BOOT)
        assert device.port == port
        assert data(await ask(device, "status"))["mineroff"] == "false"
        restarted(device)
        assert device.truth()["power_percent"] == 100


async def test_mining_at_boot_can_be_switched_off() -> None:
    async with running() as device:
        await write(device, "disable_btminer_init")
        await write(device, "reboot")
        device.pass_time(BOOT + START)
        assert data(await ask(device, "status"))["mineroff"] == "true"
        await write(device, "enable_btminer_init")
        await write(device, "reboot")
        device.pass_time(BOOT + START)
        assert device.truth()["state"] == "ramping"


async def test_fast_boot_and_speed_make_the_ramp_shorter() -> None:
    seconds = {}
    for command, arguments in (
        ("set_led", {"param": "auto"}),
        ("adjust_upfreq_speed", {"upfreq_speed": "9"}),
        ("enable_btminer_fast_boot", {}),
    ):
        async with running() as device:
            assert await code(device, command, **arguments) == 131
            await write(device, "restart_btminer")
            restarted(device)
            summary = data(await ask(device, "summary"))
            seconds[command] = numeric(summary["Hash Stable Cost Seconds"])
            fast = "enable" if command == "enable_btminer_fast_boot" else "disable"
            assert summary["Btminer Fast Boot"] == fast
    assert seconds["set_led"] > seconds["adjust_upfreq_speed"]
    assert seconds["adjust_upfreq_speed"] > seconds["enable_btminer_fast_boot"]

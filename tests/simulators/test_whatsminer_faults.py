"""The simulated WhatsMiner's faults: each one shows on the wire as it does on real devices."""

import asyncio
from collections.abc import Callable
import json

import pytest

from tests.simulators.naive_whatsminer import (
    Device,
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
from tests.simulators.whatsminer import Malformed, Wire
from tests.simulators.whatsminer.exchange import HALF_CLOSE, TICK
from tests.simulators.whatsminer.presets import NOT_SET
from tests.simulators.whatsminer.replies import DOWN_TEXT

SUMMARY = b'{"cmd":"summary"}'


async def past_half_close() -> None:
    """Wait until a client that closes counts as gone, not as having ended its part."""
    for _ in range(3 * HALF_CLOSE):
        await asyncio.sleep(TICK)


async def test_close_and_refused_text() -> None:
    async with running() as device:
        device.faults.wire = Wire.CLOSE
        assert await raw(device, SUMMARY) == b""
        device.faults.wire = Wire.REFUSED_TEXT
        assert await raw(device, SUMMARY) == DOWN_TEXT.encode()


async def test_a_fault_can_be_kept_to_some_commands() -> None:
    async with running() as device:
        device.faults.wire = Wire.CLOSE
        device.faults.wire_commands = {"summary"}
        assert await raw(device, SUMMARY) == b""
        assert (await ask(device, "status"))["STATUS"] == "S"


async def test_cut_in_the_middle() -> None:
    async with running() as device:
        whole = await raw(device, SUMMARY)
        device.faults.wire = Wire.CUT
        part = await raw(device, SUMMARY)
        assert 0 < len(part) < len(whole)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            parsed(part)


async def test_reset() -> None:
    async with running() as device:
        device.faults.wire = Wire.RESET
        with pytest.raises(ConnectionResetError):
            await raw(device, SUMMARY)


async def test_over_max_connect() -> None:
    async with running() as device:
        device.faults.wire = Wire.OVER_MAX
        assert (await ask(device, "get_token"))["Msg"] == "over max connect"


@pytest.mark.parametrize("half_close", [True, False])
async def test_hanging_until_the_silence_is_over(*, half_close: bool) -> None:
    async with running() as device:
        device.faults.wire = Wire.HANG
        asking = asyncio.create_task(raw(device, SUMMARY, half_close=half_close))
        while not device.commands:
            await asyncio.sleep(0)
        device.pass_time(9)
        done, _ = await asyncio.wait({asking}, timeout=0.05)
        assert not done
        device.pass_time(2)
        assert await asking == b""


async def test_a_client_that_gives_up_is_not_counted_for_ever() -> None:
    async with running() as device:
        device.faults.wire = Wire.HANG
        _, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(SUMMARY)
        while not device.commands:
            await asyncio.sleep(0)
        await past_half_close()
        assert device.open_connections == 1
        writer.close()
        async with asyncio.timeout(5):
            while device.open_connections:
                await asyncio.sleep(0.001)


async def test_slow_replies_wait_for_the_clock() -> None:
    async with running() as device:
        device.faults.reply_delay = 5
        asking = asyncio.create_task(raw(device, SUMMARY))
        done, _ = await asyncio.wait({asking}, timeout=0.05)
        assert not done
        device.pass_time(6)
        assert parsed(await asking)["STATUS"] == "S"


async def test_small_segments_and_another_ending() -> None:
    async with running() as device:
        whole = await raw(device, SUMMARY)
        device.faults.segment = 7
        device.faults.ending = b"\0"
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(SUMMARY)
        assert len(await reader.read(4096)) < len(whole)
        await reader.read()
        writer.close()
        assert await raw(device, SUMMARY) == whole + b"\0"


@pytest.mark.parametrize("number", [14, 23, 45, 132, 135, 137])
async def test_forced_codes_refuse_writes(number: int) -> None:
    async with running() as device:
        device.faults.codes["power_off"] = number
        session = Session(device)
        await session.open()
        received = await raw(device, session.request("power_off", respbefore="true"))
        assert session.opened(received)["Code"] == number
        assert ("enc" in parsed(received)) is (number not in {23, 137})
        assert device.truth()["mining"] is True


async def test_forced_codes_refuse_tokens_and_readings() -> None:
    async with running() as device:
        device.faults.codes.update(get_token=136, summary=132)
        assert (await ask(device, "get_token"))["Code"] == 136
        assert (await ask(device, "summary"))["Code"] == 132


async def test_a_text_in_place_of_an_object() -> None:
    async with running() as device:
        device.faults.texts["get_error_code"] = "btminer process is down err"
        assert (await ask(device, "get_error_code"))["Msg"] == "btminer process is down err"


async def test_executed_without_an_answer() -> None:
    async with running() as device:
        device.faults.unanswered.add("set_power_pct")
        assert await write(device, "set_power_pct", percent="70") is None
        assert device.truth()["power_percent"] == 70
        assert device.commands.count("set_power_pct") == 1


async def test_executed_in_silence() -> None:
    async with running() as device:
        device.faults.hang_unanswered = True
        session = Session(device)
        await session.open()
        asking = asyncio.create_task(raw(device, session.request("set_low_power")))
        done, _ = await asyncio.wait({asking}, timeout=0.05)
        assert not done
        assert device.truth()["power_mode"] == "low"
        device.pass_time(11)
        assert await asking == b""


async def test_answered_against_its_nature() -> None:
    async with running() as device:
        device.faults.answered.add("restart_btminer")
        assert await code(device, "restart_btminer") == 131
        assert device.truth()["mining_restarts"] == 1


async def test_a_client_that_hangs_up_does_not_stop_the_deed() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        device.faults.reply_delay = 1
        _, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(session.request("power_off", respbefore="true"))
        while "power_off" not in device.commands:
            await asyncio.sleep(0)
        await past_half_close()
        writer.close()
        async with asyncio.timeout(5):
            while device.truth()["mining"]:
                await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("malformed", "command", "repair"),
    [
        (Malformed.PSU_COMMA, "get_psu", lambda text: text.replace('"temp0"', ',"temp0"')),
        (Malformed.TRAILING_COMMA, "summary", lambda text: text.replace(",}", "}")),
        (Malformed.NEWLINE, "summary", lambda text: text.replace("\n", "")),
        (
            Malformed.ERROR_PAIRS,
            "get_error_code",
            lambda text: text.replace("[", "{").replace("]", "}"),
        ),
    ],
)
async def test_malformed_replies_can_be_repaired(
    malformed: Malformed, command: str, repair: Callable[[str], str]
) -> None:
    async with running() as device:
        device.faults.error_codes = [110, 530]
        device.faults.malformed.add(malformed)
        text = (await raw(device, json.dumps({"cmd": command}).encode())).decode()
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)
        assert json.loads(repair(text))["STATUS"] == "S"


async def test_firmware_of_2022_writes_a_malformed_error_list_by_itself() -> None:
    async with running("M50-2022") as device:
        device.faults.error_codes = [110]
        text = (await raw(device, b'{"cmd":"get_error_code"}')).decode()
        assert '["110":"' in text


async def test_missing_keys_and_wrong_types() -> None:
    async with running() as device:
        device.faults.missing_keys = {"Power", "Slot"}
        assert "Power" not in data(await ask(device, "summary"))
        assert "Slot" not in data(await ask(device, "edevs"))
        device.faults.missing_keys = set()
        device.faults.wrong_types = True
        summary = data(await ask(device, "summary"))
        assert summary["Fan Speed In"] == str(device.replies.readings.fan_speed(outlet=False))
        assert isinstance(data(await ask(device, "get_psu"))["pin"], int)
        assert data(await ask(device, "pools"))["To Remove"] == "false"


async def test_power_unknown_and_limit_not_set() -> None:
    async with running("M50S") as device:
        device.faults.power_unknown = True
        device.faults.power_limit_unset = True
        summary = data(await ask(device, "summary"))
        assert (summary["Power"], summary["Power Limit"]) == (-1, NOT_SET)
        assert data(await ask(device, "status"))["power_limit_set"] == str(NOT_SET)


async def test_a_missing_board() -> None:
    async with running() as device:
        device.faults.missing_boards = {1}
        boards = rows(await ask(device, "edevs"), "DEVS")
        assert [board["Slot"] for board in boards] == [0, 2]
        summary = data(await ask(device, "summary"))
        total = sum(numeric(board["HS RT"]) for board in boards) * 1e6
        assert numeric(summary["HS RT"]) == pytest.approx(total, abs=1)
        assert total == pytest.approx(124e6, rel=0.03)
        assert numeric(summary["Power"]) < 0.72 * 3441
        assert "531" in str((await ask(device, "get_error_code"))["Msg"])


async def test_no_board_at_all() -> None:
    async with running() as device:
        device.faults.missing_boards = {0, 1, 2}
        assert rows(await ask(device, "edevs"), "DEVS") == []
        assert data(await ask(device, "summary"))["HS RT"] == 0
        assert data(await ask(device, "status"))["mineroff"] == "false"
        assert device.truth()["state"] == "fault"


async def test_no_hashrate_though_set_to_mine() -> None:
    async with running() as device:
        device.faults.no_hashrate = True
        summary = data(await ask(device, "summary"))
        assert (summary["HS RT"], summary["Hash Stable"]) == (0, "false")
        assert numeric(summary["Power"]) > 1000
        assert data(await ask(device, "status"))["mineroff"] == "false"


async def test_dead_pools() -> None:
    async with running() as device:
        device.faults.dead_pools = {0}
        device.pass_time(600)
        pools = rows(await ask(device, "pools"), "POOLS")
        assert [pool["Status"] for pool in pools] == ["Dead", "Alive", "Alive"]
        assert [pool["Stratum Active"] for pool in pools] == [False, True, False]
        assert numeric(pools[1]["Accepted"]) > 0
        device.faults.dead_pools = {0, 1, 2}
        assert "2010" in str((await ask(device, "get_error_code"))["Msg"])


async def test_error_codes_may_be_many_and_double() -> None:
    async with running() as device:
        device.faults.error_codes = [110, 110, *range(5200, 5500)]
        errors = data(await ask(device, "get_error_code"))["error_code"]
        assert isinstance(errors, list)
        assert len(errors) == 302
        assert isinstance(errors[0], dict)
        assert isinstance(errors[1], dict)
        assert list(errors[0]) == list(errors[1]) == ["110"]
        assert errors[0] != errors[1]


async def test_old_firmware_reports_errors_in_the_summary() -> None:
    async with running("M31S-2021") as device:
        device.faults.fans_stopped = True
        summary = data(await ask(device, "summary"))
        assert (summary["Fan Speed In"], summary["Error Code Count"]) == (0, 2)
        assert (summary["Error Code 0"], summary["Error Code 1"]) == (110, 111)
        assert len(str(summary["Error 0 Time"])) == len("2026-01-01 00:00:00")


async def test_another_device_at_the_address() -> None:
    async with running() as device:
        device.faults.mac = "c6:07:20:00:00:09"
        assert data(await ask(device, "get_miner_info"))["mac"] == "C6:07:20:00:00:09"
        assert device.truth()["mac"] == "c6:07:20:00:00:09"


async def test_an_update_of_the_firmware_changes_units() -> None:
    async with running("M30S++") as device:
        before = numeric(data(await ask(device, "edevs"))["MHS av"])
        device.change_firmware("M60S")
        after = numeric(data(await ask(device, "edevs"))["MHS av"])
        assert after == pytest.approx(before / 1e6)
        assert data(await ask(device, "get_version"))["api_ver"] == "2.2.2"
        assert data(await ask(device, "summary"))["Factory GHS"] == 112000


def test_a_new_device_has_no_faults() -> None:
    faults = Device().faults
    assert faults.wire is None
    assert not any((faults.codes, faults.malformed, faults.missing_boards, faults.error_codes))

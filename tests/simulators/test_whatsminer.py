"""The simulated WhatsMiner on the wire: framing, envelopes, readings, handshake."""

import asyncio
import json

import pytest

from tests.simulators.clock import RunningClock
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
from tests.simulators.whatsminer import PRESETS, WhatsminerSimulator, crypto
from tests.simulators.whatsminer.access import LIFETIME, PER_ADDRESS

LEGACY = [name for name, preset in PRESETS.items() if preset.legacy]
CURRENT = [name for name, preset in PRESETS.items() if not preset.legacy]

# Computed with passlib, with OpenSSL's command line and with a third implementation, which
# all agree; no value is from a real device.
PASSWORD, SALT, NEWSALT, TIME = "Wm_2024x", "a1B2c3D4", "Z9y8X7w6", "3415"
KEY, SIGN = "vYN4wtyEiw3YTYBsonKP90", "W9BYJsCsvhlRFs2esEBoa."
AES = "be52863c43f0e6508cf5ed4ba4de25fd43f19337560c08e15f35bad409a4fd69"
COMMAND = {"token": SIGN, "cmd": "set_hostname", "hostname": "mmmmmmmmmmm"}
NUL_PADDED = (
    "I5CL1f6Ua/TiLhB+SpKmfJMLkK2KUq/CnpO0VDSHkV/C9NNJsfz6jAPWbjQ3GsuWwK3bveP6LBtg8ZToFl8V"
    "3+XZh4X8Wk47WmNFJEpZ2qM="
)
PKCS7_PADDED = (
    "I5CL1f6Ua/TiLhB+SpKmfJMLkK2KUq/CnpO0VDSHkV/C9NNJsfz6jAPWbjQ3GsuWwK3bveP6LBtg8ZToFl8V"
    "3+XZh4X8Wk47WmNFJEpZ2qMB5+1NLz+3uMFlIL1y9mCV"
)


# --- cryptography -----------------------------------------------------------------------


def test_keys_are_those_of_other_implementations() -> None:
    assert crypto.md5_crypt(PASSWORD, SALT) == KEY
    assert crypto.md5_crypt(KEY + TIME, NEWSALT) == SIGN
    assert crypto.aes_key(KEY).hex() == AES


@pytest.mark.parametrize("padded", [NUL_PADDED, PKCS7_PADDED])
def test_both_paddings_are_read(padded: str) -> None:
    assert crypto.decrypt(bytes.fromhex(AES), crypto.decode(padded)) == COMMAND


def test_replies_are_padded_with_nul() -> None:
    assert crypto.encrypt(bytes.fromhex(AES), crypto.compact(dict(COMMAND))) == NUL_PADDED


# --- framing ----------------------------------------------------------------------------


async def test_a_request_may_come_in_pieces_and_end_in_several_ways() -> None:
    async with running() as device:
        whole = b'{"cmd":"get_version"}'
        plain = await raw(device, whole)
        assert await raw(device, whole[:5], whole[5:12], whole[12:]) == plain
        assert await raw(device, whole, half_close=True) == plain
        assert await raw(device, whole + b"\n") == plain
        assert await raw(device, whole + b"\0") == plain
        assert device.commands == ["get_version"] * 5


async def test_a_late_newline_does_not_cost_the_reply() -> None:
    async with running() as device:
        assert parsed(await raw(device, b'{"cmd":"get_version"}', b"\n"))["Code"] == 131


@pytest.mark.parametrize(("preset", "ending"), [("M31S-2021", b"\0"), ("M30S-2020", b"\n")])
async def test_old_replies_carry_something_at_the_end(preset: str, ending: bytes) -> None:
    async with running(preset) as device:
        assert (await raw(device, b'{"command":"summary"}')).endswith(b"}" + ending)


async def test_a_silent_connection_is_closed_after_ten_seconds() -> None:
    async with running() as device:
        reader, writer = await asyncio.open_connection(device.host, device.port)
        while not device.open_connections:
            await asyncio.sleep(0)
        device.pass_time(9.9)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(), 0.05)
        device.pass_time(0.2)
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("request_", [b"hello\n", b"[1]", b'"summary"', b"{]\0"])
async def test_what_is_no_object_is_refused(request_: bytes) -> None:
    async with running() as device:
        reply = parsed(await raw(device, request_, half_close=True))
        assert (reply["STATUS"], reply["Code"], reply["Msg"]) == ("E", 23, "json cmd err")


async def test_too_many_connections_are_told_so() -> None:
    async with running() as device:
        device.max_connections = 1
        first = await asyncio.open_connection(device.host, device.port)
        while not device.open_connections:
            await asyncio.sleep(0)
        reply = await ask(device, "summary")
        assert (reply["STATUS"], reply["Msg"]) == ("E", "over max connect")
        first[1].close()
        assert (device.connections, device.max_open_connections) == (2, 2)
        while device.open_connections:
            await asyncio.sleep(0)
        assert (await ask(device, "summary"))["STATUS"] == "S"


async def test_the_port_stays_the_same_and_can_be_given() -> None:
    async with running() as device:
        port = device.port
        await device.stop()
        with pytest.raises(ConnectionRefusedError):
            await ask(device, "summary")
        await device.start()
        assert device.port == port
        rival = WhatsminerSimulator(port=port)
        with pytest.raises(OSError, match="in use"):
            await rival.start()


# --- readings ---------------------------------------------------------------------------


@pytest.mark.parametrize("preset", list(PRESETS))
async def test_boards_add_up_to_the_summary(preset: str) -> None:
    async with running(preset) as device:
        device.pass_time(100)
        summary = data(await ask(device, "summary"))
        boards = rows(await ask(device, "edevs"), "DEVS")
        nameplate = PRESETS[preset].nameplate
        assert [board["Slot"] for board in boards] == list(range(nameplate.boards))
        unit = 1 if PRESETS[preset].legacy else 1e6
        total = sum(numeric(board["HS RT"]) for board in boards) * unit
        assert total == pytest.approx(nameplate.hashrate * 1e6, rel=0.02)
        for key in ("MHS av", "MHS 1m", "MHS 15m"):
            added = sum(numeric(board[key]) for board in boards) * unit
            assert added == pytest.approx(numeric(summary[key]), abs=1)
        mean = sum(numeric(board["Chip Frequency"]) for board in boards) / len(boards)
        assert numeric(summary["freq_avg"]) == pytest.approx(mean, abs=1)
        assert numeric(summary["Elapsed"]) < numeric(summary["Uptime"])
        if "HS RT" in summary:
            assert total == pytest.approx(numeric(summary["HS RT"]), abs=1)
            rate = numeric(summary["Power"]) / (numeric(summary["HS RT"]) / 1e6)
            assert numeric(summary["Power Rate"]) == pytest.approx(rate, abs=0.02)
        if "Factory GHS" in summary:
            factory = sum(numeric(board["Factory GHS"]) for board in boards)
            assert numeric(summary["Factory GHS"]) == factory
        if PRESETS[preset].generation >= 2020:
            assert numeric(summary["Power"]) == pytest.approx(nameplate.power, rel=0.02)


@pytest.mark.parametrize("preset", list(PRESETS))
async def test_liquid_models_have_no_fans(preset: str) -> None:
    async with running(preset) as device:
        summary = data(await ask(device, "summary"))
        speeds = [numeric(summary[f"Fan Speed {side}"]) for side in ("In", "Out")]
        assert all(speed == 0 for speed in speeds) is PRESETS[preset].liquid
        assert summary.get("Liquid Cooling", PRESETS[preset].liquid) is PRESETS[preset].liquid


@pytest.mark.parametrize("preset", CURRENT)
async def test_current_firmware_answers_in_its_own_way(preset: str) -> None:
    async with running(preset) as device:
        reply = await ask(device, "summary")
        assert reply["STATUS"] == "S"
        assert "SUMMARY" not in reply
        summary = data(reply)
        assert summary["Hash Stable"] == "true"
        assert isinstance(summary["Elapsed"], float)
        assert isinstance(summary["MHS av"], int)
        assert not {"Accepted", "Temperature", "MAC", "MHS 5s", "Liquid Cooling"} & summary.keys()
        boards = rows(await ask(device, "devs"), "DEVS")
        assert all(30 < numeric(board["HS RT"]) < 200 for board in boards)
        assert not {"MHS 5s", "Chip Temp Max", "Status"} & boards[0].keys()
        pools = await ask(device, "pools")
        assert pools["STATUS"] == [{"STATUS": "S", "Msg": "3 Pool(s)"}]
        assert data(pools)["To Remove"] is False
        assert (await ask(device, "devdetails"))["Code"] == 132
        assert data(await ask(device, "get_version"))["miner_type"] == PRESETS[preset].model


@pytest.mark.parametrize("preset", LEGACY)
async def test_legacy_firmware_answers_in_its_own_way(preset: str) -> None:
    async with running(preset) as device:
        reply = await ask(device, "summary")
        summary = data(reply)
        assert {"Accepted", "Temperature", "MHS 5s"} <= summary.keys()
        (status,) = rows(reply, "STATUS")
        old = PRESETS[preset].api < (2, 0, 5)
        assert ("Code" in status) is old
        if old:
            assert status["Code"] == 11
        if "Hash Stable" in summary:
            assert summary["Hash Stable"] is True
        boards = rows(await ask(device, "edevs"), "DEVS")
        assert all(numeric(board["MHS av"]) > 1e7 for board in boards)
        assert data(await ask(device, "devdetails"))["Model"] == PRESETS[preset].model


async def test_keys_come_and_go_with_the_generations() -> None:
    summaries = {}
    for preset in PRESETS:
        async with running(preset) as device:
            summaries[preset] = set(data(await ask(device, "summary")))
    having = {
        key: {preset for preset in PRESETS if key in summaries[preset]}
        for key in ("Power", "MAC", "Error Code Count", "HS RT", "Power Limit", "Upfreq Complete")
    }
    assert having == {
        "Power": set(PRESETS) - {"M20S-2019"},
        "MAC": {"M30S-2020", "M31S-2021", "M50-2022"},
        "Error Code Count": {"M20S-2019", "M30S-2020", "M31S-2021"},
        "HS RT": set(PRESETS) - {"M20S-2019", "M30S-2020"},
        "Power Limit": set(PRESETS) - {"M20S-2019"},
        "Upfreq Complete": {"M30S++", "M50S", "M56S"},
    }


async def test_status_has_the_keys_of_its_generation() -> None:
    short = {"mineroff", "FirmwareVersion", "power_mode", "hash_percent"}
    reason = short | {"mineroff_reason", "mineroff_time"}
    limit = reason | {"power_limit_set"}
    liquid = limit | {"fast_mining", "fast_hash", "power_pct", "liquid_temp"}
    for preset, keys in {
        "M50-2022": short,
        "M30S++": reason,
        "M50S": limit,
        "M60S": limit,
        "M63S": liquid,
    }.items():
        async with running(preset) as device:
            message = data(await ask(device, "status"))
            assert message.keys() == keys
            assert message["mineroff"] == "false"
    async with running("M31S-2021") as device:
        assert await ask(device, "status") == {
            "btmineroff": "false",
            "Firmware Version": "'20210103.17.REL'",
        }


async def test_the_power_supply_speaks_in_strings() -> None:
    for preset, volts in {"M60S": "22600", "M63S": "39600", "M56S": "226.0"}.items():
        async with running(preset) as device:
            message = data(await ask(device, "get_psu"))
            assert all(isinstance(value, str) for value in message.values())
            assert message["vin"] == volts
            assert message["enable"] == "1"
            assert float(str(message["pin"])) == pytest.approx(
                PRESETS[preset].nameplate.power, rel=0.05
            )
    async with running("M31S-2021") as device:
        assert data(await ask(device, "get_psu")).keys() == {
            "name",
            "model",
            "hw_version",
            "sw_version",
        }
    async with running("M50S") as device:
        assert "vender" in data(await ask(device, "get_psu"))


async def test_get_miner_info_gives_all_or_what_is_asked_for() -> None:
    async with running() as device:
        everything = data(await ask(device, "get_miner_info"))
        assert everything["mac"] == device.mac.upper()
        assert everything["hostname"] == "WhatsMiner"
        assert everything["ledstat"] == "auto"
        some = data(await ask(device, "get_miner_info", info="mac,ledstat,nothing"))
        assert some == {"mac": everything["mac"], "ledstat": "auto"}


async def test_addresses_follow_from_the_seed() -> None:
    made = [WhatsminerSimulator(seed=seed).mac for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert WhatsminerSimulator(mac="C6:06:12:00:00:01").mac == "c6:06:12:00:00:01"


async def test_shares_grow_with_the_hashrate() -> None:
    async with running() as device:
        before = data(await ask(device, "pools"))
        device.pass_time(1000)
        after = data(await ask(device, "pools"))
        gained = numeric(after["Accepted"]) - numeric(before["Accepted"])
        worth = gained * numeric(after["Stratum Difficulty"]) * 2**32 / 1000 / 1e12
        assert worth == pytest.approx(186, rel=0.03)
        assert numeric(after["Last Share Time"]) > numeric(before["Last Share Time"])
        assert numeric(after["Rejected"]) >= numeric(before["Rejected"])


async def test_pools_are_counted_from_zero_or_one() -> None:
    for preset, first in {"M30S-2020": 0, "M31S-2021": 1, "M60S": 1}.items():
        async with running(preset) as device:
            pools = rows(await ask(device, "pools"), "POOLS")
            assert [pool["POOL"] for pool in pools] == [first, first + 1, first + 2]
            assert [pool["Stratum Active"] for pool in pools] == [True, False, False]


# --- unknown, refused and joined commands -----------------------------------------------


@pytest.mark.parametrize(
    ("preset", "command"),
    [
        ("M60S", "nonsense"),
        ("M31S-2021", "get_error_code"),
        ("M31S-2021", "get_miner_info"),
        ("M30S-2020", "get_psu"),
    ],
)
async def test_unknown_commands(preset: str, command: str) -> None:
    async with running(preset) as device:
        reply = await ask(device, command)
        assert (reply["STATUS"], reply["Code"], reply["Msg"]) == ("E", 14, "invalid cmd")


async def test_firmware_of_2020_wants_command_not_cmd() -> None:
    async with running("M30S-2020") as device:
        for text in (b'{"cmd":"summary"}', b'{"cmd":"summary+pools"}'):
            (status,) = rows(parsed(await raw(device, text)), "STATUS")
            assert (status["STATUS"], status["Code"]) == ("E", 24)
        assert data(await ask(device, "summary"))["Elapsed"]


@pytest.mark.parametrize("preset", list(PRESETS))
async def test_joined_commands(preset: str) -> None:
    async with running(preset) as device:
        reply = await ask(device, "summary+pools+edevs")
        assert reply.keys() == {"summary", "pools", "edevs", "id"}
        for name in ("summary", "pools", "edevs"):
            assert rows(reply, name) == [await ask(device, name)]
        assert (await ask(device, "summary+get_psu"))["STATUS"] == "E"


# --- tokens and encryption --------------------------------------------------------------


async def test_handshake_and_first_write() -> None:
    async with running() as device:
        session = Session(device)
        token = data(await session.open())
        assert len(str(token["time"])) == 4
        assert len(str(token["salt"])) == len(str(token["newsalt"])) == 8
        received = await raw(device, session.request("set_led", param="auto"))
        assert parsed(received).keys() == {"enc"}
        assert session.opened(received)["Code"] == 131
        assert device.commands == ["get_token", "set_led"]
        assert (device.tokens_issued, device.writes) == (1, 1)


async def test_reading_commands_may_be_encrypted() -> None:
    async with running(write_enabled=False) as device:
        session = Session(device)
        await session.open()
        received = await raw(device, session.request("get_version"))
        assert parsed(received).keys() == {"enc"}
        assert data(session.opened(received))["api_ver"] == "2.2.2"


async def test_wrong_password() -> None:
    async with running() as device:
        session = Session(device, password="wrong")
        await session.open()
        reply = parsed(await raw(device, session.request("power_off")))
        assert (reply["STATUS"], reply["Code"], reply["Msg"]) == ("E", 23, "enc json load err")
        assert device.truth()["mining"] is True


async def test_writing_switched_off() -> None:
    async with running(write_enabled=False) as device:
        session = Session(device)
        await session.open()
        received = await raw(device, session.request("power_off", respbefore="true"))
        assert "enc" in parsed(received)
        reply = session.opened(received)
        assert (reply["STATUS"], reply["Code"], reply["Msg"]) == ("E", 45, "can't access write cmd")
        assert device.truth()["mining"] is True


async def test_a_write_without_encryption_is_refused() -> None:
    async with running() as device:
        assert (await ask(device, "power_off", respbefore="true"))["Code"] == 45
        assert device.truth()["mining"] is True


@pytest.mark.parametrize(("preset", "encrypted"), [("M60S", True), ("M30S++", False)])
async def test_an_unknown_token_is_refused(preset: str, *, encrypted: bool) -> None:
    async with running(preset) as device:
        session = Session(device)
        await session.open()
        session.sign = "x" * 22
        received = await raw(device, session.request("power_on"))
        assert ("enc" in parsed(received)) is encrypted
        assert session.opened(received)["Code"] == 135


async def test_tokens_last_half_an_hour() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        device.pass_time(LIFETIME - 1)
        assert (await session.send("power_on") or {})["Code"] == 131
        device.pass_time(1)
        assert (await session.send("power_on") or {})["Code"] == 135


async def test_where_the_timeout_is_named_it_counts_from_the_last_use() -> None:
    async with running("M63S") as device:
        session = Session(device)
        assert data(await session.open())["timeout"] == "1800"
        for _ in range(3):
            device.pass_time(1700)
            assert (await session.send("power_on") or {})["Code"] == 131
        device.pass_time(1800)
        assert (await session.send("power_on") or {})["Code"] == 135


@pytest.mark.parametrize(("preset", "most"), [("M30S++", PER_ADDRESS), ("M60S", 100)])
async def test_a_full_token_table(preset: str, most: int) -> None:
    async with running(preset) as device:
        codes = {(await ask(device, "get_token"))["Code"] for _ in range(most)}
        assert codes == {134}
        assert (await ask(device, "get_token"))["Code"] == 136
        device.pass_time(LIFETIME)
        assert (await ask(device, "get_token"))["Code"] == 134


async def test_broken_base64() -> None:
    async with running() as device:
        for text in ("@@@@", "QUJD"):
            reply = parsed(await raw(device, json.dumps({"enc": 1, "data": text}).encode()))
            assert (reply["STATUS"], reply["Code"]) == ("E", 137)


@pytest.mark.parametrize(
    ("preset", "command"),
    [
        ("M30S++", "set_power"),
        ("M30S++", "restore_power_pct"),
        ("M50-2022", "adjust_power_limit"),
        ("M31S-2021", "set_high_power"),
        ("M31S-2021", "enable_btminer_fast_boot"),
        ("M60S", "enable_cgminer_fast_boot"),
        ("M60S", "pre_power_on"),
    ],
)
async def test_commands_of_other_generations(preset: str, command: str) -> None:
    async with running(preset) as device:
        assert await code(device, command, percent="50", power="2000", power_limit="3000") == 14


async def test_a_changed_password_makes_tokens_void() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        assert (await session.send("update_pwd", old="nope", new="other_1") or {})["Code"] == 132
        assert (await session.send("update_pwd", old="miner_01", new="nine_char") or {})[
            "Code"
        ] == 132
        assert (await session.send("update_pwd", old="miner_01", new="other_1") or {})[
            "Code"
        ] == 131
        assert (await session.send("power_on") or {})["Code"] == 23
        assert device.password == "other_1"
        assert await code(device, "power_on") == 131


async def test_factory_reset_closes_the_api_and_restores_the_password() -> None:
    async with running() as device:
        await write(device, "set_hostname", hostname="shed")
        assert await write(device, "factory_reset") is None
        device.pass_time(200)
        assert device.password == "admin"
        assert await code(device, "power_on") == 45
        assert device.truth()["hostname"] == "WhatsMiner"


async def test_patience_does_not_shrink_with_faster_time() -> None:
    """Who runs a machine fast still talks to it in real time, on a busy computer late."""
    miner = WhatsminerSimulator(clock=RunningClock(200.0))
    await miner.start()
    try:
        reader, writer = await asyncio.open_connection(miner.host, miner.port)
        # Twenty simulated seconds, where a device waits ten of its own for a request.
        await asyncio.sleep(0.1)
        writer.write(b'{"cmd":"get_version"}')
        assert b"api_ver" in await reader.read(4096)
        writer.close()
    finally:
        await miner.stop()

"""The machine behind the simulated WhatsMiner: states, power, settings, and how they persist."""

import asyncio
import json
import struct

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
from tests.simulators.whatsminer import PRESETS
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import BOOT, LED_LAG, START, STOP
from tests.simulators.whatsminer.replies import DOWN_STRING, DOWN_TEXT

RAMP = 1200.0
"""Seconds in which every ramp is over."""
OLD_WAY_DOWN = {"M30S++": DOWN_TEXT.encode(), "M31S-2021": DOWN_TEXT.encode()}


async def power(device: Device) -> float:
    """Return the W that the device reports."""
    return numeric(data(await ask(device, "summary"))["Power"])


def restarted(device: Device) -> None:
    """Wait until a restart of the mining program and its ramp are over."""
    device.pass_time(START)
    device.pass_time(RAMP)
    assert device.truth()["state"] == "stable"


# --- off and on -------------------------------------------------------------------------


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


# --- restarts ---------------------------------------------------------------------------


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


# --- power ------------------------------------------------------------------------------


async def test_the_fast_percentage_takes_a_second() -> None:
    async with running() as device:
        assert await code(device, "set_power_pct", percent="60") == 131
        device.pass_time(1)
        assert await power(device) == pytest.approx(0.6 * 3441, rel=0.02)
        assert data(await ask(device, "summary"))["Hash Stable"] == "true"
        assert device.truth()["mining_restarts"] == 0


async def test_the_slow_percentage_takes_minutes_and_can_be_taken_back() -> None:
    async with running() as device:
        assert await code(device, "set_power_pct_v2", percent="60") == 131
        device.pass_time(30)
        assert await power(device) > 0.7 * 3441
        device.pass_time(240)
        assert await power(device) == pytest.approx(0.6 * 3441, rel=0.02)
        assert device.truth()["power_percent"] == 60
        assert await code(device, "restore_power_pct") == 131
        device.pass_time(300)
        assert await power(device) == pytest.approx(3441, rel=0.02)


async def test_power_in_watts() -> None:
    async with running() as device:
        assert await code(device, "set_power", power="2500") == 131
        device.pass_time(300)
        assert await power(device) == pytest.approx(2500, rel=0.02)
        assert device.truth()["power_target"] == 2500


async def test_liquid_cooling_goes_beyond_a_hundred() -> None:
    async with running("M63S") as device:
        assert await code(device, "set_power_pct_v2", percent="120") == 131
        device.pass_time(300)
        assert await power(device) == pytest.approx(1.2 * 7215, rel=0.02)
        assert data(await ask(device, "status"))["power_pct"] == 120
    async with running("M56S") as device:
        assert await code(device, "set_power_pct_v2", percent="120") == 132


async def test_percentages_do_nothing_during_the_ramp_and_fail_when_off() -> None:
    async with running() as device:
        await write(device, "restart_btminer")
        device.pass_time(START + 60)
        assert await code(device, "set_power_pct", percent="50") == 131
        assert device.truth()["power_percent"] == 100
        device.pass_time(2 * RAMP)
        assert await power(device) == pytest.approx(3441, rel=0.02)
        await write(device, "power_off", respbefore="true")
        device.pass_time(10)
        assert await code(device, "set_power_pct", percent="50") == 132


async def test_percentages_do_not_survive_a_restart() -> None:
    async with running() as device:
        await write(device, "set_power_pct", percent="50")
        device.pass_time(60)
        await write(device, "restart_btminer")
        restarted(device)
        assert device.truth()["power_percent"] == 100


async def test_too_little_power_restarts_the_mining_program() -> None:
    async with running() as device:
        assert await code(device, "set_power_pct", percent="5") == 131
        assert device.truth()["state"] == "starting"
        assert device.truth()["mining_restarts"] == 1
        restarted(device)
        assert device.truth()["power_percent"] == 100


async def test_the_power_limit_restarts_and_survives_a_reboot() -> None:
    async with running() as device:
        assert await code(device, "adjust_power_limit", power_limit="2800") == 131
        assert device.truth()["state"] == "starting"
        restarted(device)
        await write(device, "reboot")
        device.pass_time(BOOT)
        restarted(device)
        device.pass_time(RAMP)
        assert await power(device) == pytest.approx(2800, rel=0.02)
        assert data(await ask(device, "summary"))["Power Limit"] == 2800
        assert data(await ask(device, "status"))["power_limit_set"] == "2800"
        assert device.truth()["power_limit"] == 2800
        assert await code(device, "adjust_power_limit", power_limit="700") == 132
        assert await code(device, "adjust_power_limit", power_limit="99999") == 131
        restarted(device)
        assert data(await ask(device, "status"))["power_limit_set"] == ""


async def test_the_limit_in_force_may_be_lower_than_the_one_set() -> None:
    async with running("M63S") as device:
        await write(device, "adjust_power_limit", power_limit="6000")
        restarted(device)
        assert data(await ask(device, "status"))["power_limit_set"] == "6000"
        assert data(await ask(device, "summary"))["Power Limit"] == 5838


@pytest.mark.parametrize(("mode", "part"), [("low", 0.8), ("high", 1.12), ("normal", 1.0)])
async def test_power_modes(mode: str, part: float) -> None:
    async with running() as device:
        assert await write(device, f"set_{mode}_power") is None
        restarted(device)
        device.pass_time(RAMP)
        assert await power(device) == pytest.approx(part * 3441, rel=0.02)
        assert data(await ask(device, "summary"))["Power Mode"] == mode.capitalize()
        assert data(await ask(device, "status"))["power_mode"] == mode


async def test_target_frequency() -> None:
    async with running() as device:
        assert await code(device, "set_target_freq", percent="-20") == 131
        restarted(device)
        device.pass_time(RAMP)
        assert await power(device) == pytest.approx(0.8 * 3441, rel=0.02)
        assert data(await ask(device, "status"))["hash_percent"] == "-20"
    async with running("M30S++") as device:
        assert await code(device, "set_target_freq", percent="10") == 132
    async with running("M31S-2021") as device:
        assert await code(device, "set_target_freq", percent="-11") == 132


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set_power_pct", {"percent": "101"}),
        ("set_power_pct", {"percent": "-1"}),
        ("set_power_pct", {"percent": "much"}),
        ("set_power_pct", {"percent": True}),
        ("set_power_pct", {}),
        ("set_power_pct_v2", {"percent": "101"}),
        ("adjust_power_limit", {"power_limit": "100000"}),
        ("set_power", {"power": "-5"}),
        ("set_target_freq", {"percent": "101"}),
        ("adjust_upfreq_speed", {"upfreq_speed": "10"}),
        ("set_temp_offset", {"temp_offset": "1"}),
        ("set_temp_offset", {"temp_offset": "-31"}),
        ("set_poweroff_cool", {"poweroff_cool": "2"}),
        ("set_heat_mode", {"mode": "heating"}),
        ("set_led", {"param": "on"}),
        ("set_led", {"color": "blue", "period": 200, "duration": 100, "start": 0}),
        ("update_pools", {"pool1": ""}),
        ("update_pools", {"pool1": "stratum+tcp://a.example:1", "pool2": None}),
        ("set_hostname", {"hostname": ""}),
        ("load_log", {"ip": "192.0.2.9", "port": "514", "proto": "icmp"}),
        ("net_config", {"ip": "home", "mask": "m", "gate": "g", "dns": "d", "host": "h"}),
        ("get_customer_msg", {"key": "nothing"}),
    ],
)
async def test_wrong_parameters_change_nothing(command: str, arguments: dict[str, Json]) -> None:
    async with running() as device:
        before = device.truth()
        assert await code(device, command, **arguments) == 132
        assert device.truth() == before


# --- settings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "command", "arguments", "name", "value"),
    [
        ("M60S", "enable_btminer_fast_boot", {}, "fast_boot", True),
        ("M31S-2021", "enable_cgminer_fast_boot", {}, "fast_boot", True),
        ("M60S", "disable_web_pools", {}, "web_pools", False),
        ("M60S", "set_temp_offset", {"temp_offset": "-10"}, "temp_offset", -10),
        ("M60S", "set_poweroff_cool", {"poweroff_cool": "1"}, "poweroff_cool", True),
        ("M60S", "set_fan_zero_speed", {"fan_zero_speed": "1"}, "fan_zero_speed", True),
        ("M60S", "adjust_upfreq_speed", {"upfreq_speed": "5"}, "upfreq_speed", 5),
        ("M63S", "set_heat_mode", {"mode": "anti-icing"}, "heat_mode", "anti-icing"),
        ("M63S", "set_fast_mining", {"fast_mining": "1"}, "fast_mining", True),
        ("M63S", "set_fast_hash", {"fast_hash": "1"}, "fast_hash", True),
        ("M60S", "disable_btminer_init", {}, "mine_at_boot", False),
    ],
)
async def test_settings_survive_a_reboot(
    preset: str, command: str, arguments: dict[str, Json], name: str, value: Json
) -> None:
    async with running(preset) as device:
        assert device.truth()[name] != value
        assert await code(device, command, **arguments) == 131
        await write(device, "reboot")
        device.pass_time(BOOT)
        assert device.truth()[name] == value


async def test_fast_boot_and_upfreq_speed_exclude_each_other() -> None:
    async with running() as device:
        await write(device, "adjust_upfreq_speed", upfreq_speed="3")
        await write(device, "enable_btminer_fast_boot")
        assert data(await ask(device, "get_miner_info"))["upfreq_speed"] == "0"
        await write(device, "adjust_upfreq_speed", upfreq_speed="3")
        assert device.truth()["fast_boot"] is False


async def test_fans_obey_their_settings() -> None:
    async with running() as device:
        usual = numeric(data(await ask(device, "summary"))["Fan Speed In"])
        chip = numeric(data(await ask(device, "summary"))["Chip Temp Max"])
        await write(device, "set_temp_offset", temp_offset="-10")
        await write(device, "restart_btminer")
        restarted(device)
        device.pass_time(RAMP)
        summary = data(await ask(device, "summary"))
        assert numeric(summary["Fan Speed In"]) > usual
        assert numeric(summary["Chip Temp Max"]) == pytest.approx(chip - 10, abs=1)
        await write(device, "set_poweroff_cool", poweroff_cool="1")
        await write(device, "set_fan_zero_speed", fan_zero_speed="1")
        await write(device, "power_off", respbefore="true")
        device.pass_time(5)
        assert numeric(data(await ask(device, "summary"))["Fan Speed In"]) > 3000
        device.pass_time(3600)
        assert data(await ask(device, "summary"))["Fan Speed In"] == 0


async def test_heating_warms_the_liquid() -> None:
    async with running("M63S") as device:
        before = numeric(data(await ask(device, "status"))["liquid_temp"])
        await write(device, "set_heat_mode", mode="heating")
        assert numeric(data(await ask(device, "status"))["liquid_temp"]) > before + 5


@pytest.mark.parametrize("command", ["set_temp_offset", "set_poweroff_cool", "set_fan_zero_speed"])
async def test_liquid_models_take_no_fan_settings(command: str) -> None:
    name = command.removeprefix("set_")
    async with running("M63S") as device:
        assert await code(device, command, **{name: "0"}) == 132
    async with running("M30S++") as device:
        assert await code(device, command, **{name: "0"}) == 131


async def test_led() -> None:
    async with running() as device:
        for color in ("red", "green"):
            assert (
                await code(device, "set_led", color=color, period=200, duration=100, start=0) == 131
            )
            device.pass_time(LED_LAG)
        assert data(await ask(device, "get_miner_info"))["ledstat"] == "1,200,100,0 0,200,100,0 "
        assert device.truth()["locate"] is True
        assert await code(device, "set_led", param="auto") == 131
        assert data(await ask(device, "get_miner_info"))["ledstat"] != "auto"
        device.pass_time(LED_LAG)
        assert data(await ask(device, "get_miner_info"))["ledstat"] == "auto"


async def test_pools() -> None:
    async with running() as device:
        reply = await write(
            device,
            "update_pools",
            pool1="stratum+tcp://a.example:1",
            worker1="me.1",
            passwd1="x",
            pool2="",
            worker2="",
            passwd2="",
            pool3="stratum+tcp://c.example:3",
            worker3="me.3",
            passwd3="",
        )
        assert reply is not None
        assert reply["Code"] == 131
        pools = rows(await ask(device, "pools"), "POOLS")
        assert [pool["URL"] for pool in pools] == [
            "stratum+tcp://a.example:1",
            "stratum+tcp://c.example:3",
        ]
        assert [pool["User"] for pool in pools] == ["me.1", "me.3"]
        assert pools[0]["Accepted"] == 0
        assert device.truth()["pools"] == "stratum+tcp://a.example:1, stratum+tcp://c.example:3"
        assert device.truth()["mining_restarts"] == 0
        device.pass_time(600)
        assert numeric(data(await ask(device, "pools"))["Accepted"]) > 10


async def test_host_name_and_zone_wait_for_the_network() -> None:
    async with running() as device:
        await write(device, "set_hostname", hostname="garage")
        await write(device, "set_zone", timezone="CET-1", zonename="Europe/Berlin")
        assert data(await ask(device, "get_miner_info"))["hostname"] == "WhatsMiner"
        await write(device, "reboot")
        device.pass_time(BOOT)
        assert data(await ask(device, "get_miner_info"))["hostname"] == "garage"
        assert device.truth()["timezone"] == "CET-1"


async def test_network() -> None:
    async with running() as device:
        static: dict[str, Json] = {
            "ip": "192.0.2.50",
            "mask": "255.255.255.128",
            "gate": "192.0.2.1",
            "dns": "192.0.2.53",
            "host": "cellar",
        }
        assert await write(device, "net_config", **static) is None
        device.pass_time(BOOT)
        info = data(await ask(device, "get_miner_info"))
        assert (info["proto"], info["ip"], info["hostname"]) == ("static", "192.0.2.50", "cellar")
        await write(device, "net_config", param="dhcp")
        device.pass_time(BOOT)
        assert data(await ask(device, "get_miner_info"))["proto"] == "dhcp"


async def test_customer_messages_are_encrypted_both_ways() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        assert (await session.send("set_customer_msg", key="site", val="barn") or {})["Code"] == 131
        received = await raw(device, session.request("get_customer_msg", key="site"))
        assert b"barn" not in received
        assert data(session.opened(received)) == {"site": "barn"}
        assert device.writes == 1


async def test_preheating() -> None:
    async with running("M30S++") as device:
        await write(device, "power_off", respbefore="true")
        device.pass_time(10)
        first = await write(device, "pre_power_on", complete="false", msg="")
        assert first is not None
        assert data(first)["complete"] == "false"
        device.pass_time(200)
        later = await write(device, "pre_power_on", complete="false", msg="")
        assert later is not None
        assert data(later)["complete"] == "true"


# --- files ------------------------------------------------------------------------------


async def test_log_download() -> None:
    async with running() as device:
        await write(device, "power_off", respbefore="true")
        device.pass_time(10)
        session = Session(device)
        await session.open()
        received = await raw(device, session.request("download_logs"))
        decoder = json.JSONDecoder()
        _, end = decoder.raw_decode(received.decode())
        head, log = received[:end], received[end:]
        assert data(session.opened(head))["logfilelen"] == str(len(log))
        assert b"power off" in log


async def test_firmware_upload() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(session.request("update_firmware"))
        ready = await reader.readuntil(b"}")
        assert session.opened(ready)["Msg"] == "ready"
        image = bytes(range(256)) * 1000
        writer.write(struct.pack("<I", len(image)) + image)
        done = session.opened(await reader.read())
        writer.close()
        assert done["Code"] == 131
        assert device.images == [image]
        assert device.truth()["state"] == "booting"


async def test_an_upload_that_breaks_off_changes_nothing() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(session.request("update_firmware"))
        await reader.readuntil(b"}")
        writer.write(struct.pack("<I", 1000) + b"short")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert device.images == []
        assert device.truth()["state"] == "stable"

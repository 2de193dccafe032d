"""The simulated WhatsMiner: its settings, pools, network, messages and files."""

import asyncio
import json
import struct

import pytest

from tests.simulators.naive_whatsminer import (
    Session,
    ask,
    code,
    data,
    numeric,
    raw,
    rows,
    running,
    write,
)
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import BOOT, LED_LAG

from .whatsminer_steps import RAMP, restarted


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

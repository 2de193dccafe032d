"""The simulated WhatsMiner: percentages, watts, limits and modes of its draw."""

import pytest

from tests.simulators.naive_whatsminer import ask, code, data, running, write
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.device import BOOT, START

from .whatsminer_steps import RAMP, power, restarted


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

"""The one interface, against a device whose every reply is decided here."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import math

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import (
    Feature,
    Identity,
    Make,
    MinerState,
    PowerMode,
    PowerRange,
)
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts

from .scripted import OK, PASSWORD, Answer, Request, Script, Scripted, Wire, envelope, error

MAC = "C6:07:20:01:02:03"
DOWN = "Socket connect failed: Connection refused\n"
DOWN_TEXT = envelope("btminer process is down err")
VERSION_22 = {
    "api_ver": "2.2.2", "fw_ver": "20250612.16.REL3", "platform": "H616", "chip": "K88X",
    "miner_type": "M60S_VK30",
}  # fmt: skip
VERSION_20 = {"api_ver": "2.0.5", "fw_ver": "20230911.12.Rel", "platform": "H6OS", "chip": "K"}
VERSION_14 = {"api_ver": "whatsminer v1.4.0", "fw_ver": "'20210322.22.REL'"}
INFO = {
    "ip": "192.0.2.7", "proto": "dhcp", "hostname": "WhatsMiner", "mac": MAC, "ledstat": "auto",
    "minersn": "SN1", "powersn": "",
}  # fmt: skip
SUMMARY: dict[str, object] = {
    "Elapsed": 5000.5, "Uptime": 6000, "HS RT": 186_000_000, "Factory GHS": 190_000,
    "Power": 3400.4, "Power Limit": 3441, "Power Mode": "Normal", "Hash Stable": "true",
    "Chip Temp Max": 84.2, "Env Temp": 25.0, "Fan Speed In": 6000, "Fan Speed Out": 6100,
}  # fmt: skip
STATUS: dict[str, object] = {"mineroff": "false", "power_mode": "normal", "power_limit_set": ""}
DEVS = [
    {"Slot": slot, "HS RT": 62.0, "Factory GHS": 63_000, "Temperature": 70, "Chip Frequency": 600,
     "Effective Chips": 147, "Upfreq Complete": 1}
    for slot in range(3)
]  # fmt: skip
POOLS = [
    {"POOL": 1, "URL": "stratum+tcp://a:1", "User": "me", "Status": "Alive", "Priority": 0,
     "Stratum Active": True, "Accepted": 50, "Rejected": 1}
]  # fmt: skip
PSU = {"vin": "22600", "iin": "15400", "pin": "3480", "temp0": "36", "fan_speed": "6400"}
CREDENTIALS = Credentials(password=PASSWORD)
BRIEFLY = 0.2
"""Seconds to look for something that does not come."""


def rows(key: str, data: list[dict[str, object]]) -> Request:
    """Return a reply in envelope A."""
    return {"STATUS": [{"STATUS": "S", "Msg": ""}], key: data, "id": 1}


def newer(**changes: Script) -> dict[str, Script]:
    """Return the replies of API 2.2.2."""
    return {
        "get_version": envelope(VERSION_22),
        "get_miner_info": envelope(INFO),
        "summary": envelope(SUMMARY),
        "status": envelope(STATUS),
        "edevs": rows("DEVS", [dict(board) for board in DEVS]),
        "pools": rows("POOLS", [dict(pool) for pool in POOLS]),
        "get_psu": envelope(PSU),
        "get_error_code": envelope({"error_code": [{"110": "2025-01-01 00:00:00"}]}),
        "devdetails": error(132, "deprecated"),
        **changes,
    }


def older(**changes: Script) -> dict[str, Script]:
    """Return the replies of API 1.4: no get_miner_info, no get_error_code, MH/s."""
    return {
        "get_version": envelope(VERSION_14),
        "summary": rows(
            "SUMMARY",
            [{**SUMMARY, "MAC": MAC, "Accepted": 7, "Rejected": 1, "Error Code Count": 1,
              "Error Code 0": 111, "Liquid Cooling": False, "CB Platform": "ALLWINNER_H3"}],
        ),
        "status": envelope({"btmineroff": "false", "Firmware Version": "'20210322.22.REL'"}),
        "edevs": rows("DEVS", [{**board, "HS RT": 62e6} for board in DEVS]),
        "pools": rows("POOLS", [dict(pool) for pool in POOLS]),
        "get_psu": envelope({"name": "P21", "model": "P21-12"}),
        "devdetails": rows("DEVDETAILS", [{"Model": "M30S+VE40"}]),
        **changes,
    }  # fmt: skip


def unknown(*values: object) -> bool:
    """Tell whether none of these was told."""
    return all(value is None for value in values)


def summary(**changes: object) -> Request:
    """Return totals with something changed."""
    return envelope({**SUMMARY, **changes})


def status(**changes: object) -> Request:
    """Return a status with something changed."""
    return envelope({**STATUS, **changes})


@asynccontextmanager
async def miner(
    script: dict[str, Script], credentials: Credentials = CREDENTIALS, *, identified: bool = True
) -> AsyncGenerator[tuple[Scripted, WhatsminerClient]]:
    """Run a device, and a client that looks for effects often."""
    async with Scripted(script).running() as device:
        client = WhatsminerClient("127.0.0.1", device.port, credentials)
        # Long enough for any machine; tests in which nothing shows make it short.
        client.confirm_seconds = 60.0
        client.confirm_interval = 0.02
        if identified:
            await client.identify()
        device.requests.clear()
        yield device, client


# Who it is


async def test_identity_of_a_new_device() -> None:
    """Two connections, no token, no mining process needed."""
    script = newer(summary=DOWN, edevs=DOWN, devdetails=DOWN)
    for credentials in (CREDENTIALS, Credentials()):
        async with miner(script, credentials, identified=False) as (device, client):
            expected = Identity(
                make=Make.WHATSMINER,
                mac=MAC.lower(),
                manufacturer="MicroBT",
                model="M60S",
                model_id="M60S VK30",
                firmware="20250612.16.REL3",
                api_version="2.2.2",
                hardware="H616",
                serial="SN1",
                hostname="WhatsMiner",
            )
            assert await client.probe() == expected
            assert await client.identify() == expected
            assert device.commands == ["get_version", "get_miner_info"] * 2


async def test_identity_of_an_old_device() -> None:
    """MAC and model come from the mining process."""
    async with miner(older(), identified=False) as (device, client):
        assert await client.probe() == Identity(
            make=Make.WHATSMINER,
            mac=MAC.lower(),
            manufacturer="MicroBT",
            model="M30S+",
            model_id="M30S+ VE40",
            firmware="20210322.22.REL",
            api_version="1.4.0",
            hardware="ALLWINNER_H3",
        )
        assert device.commands == ["get_version", "get_miner_info", "summary", "devdetails"]


@pytest.mark.parametrize("answer", [DOWN, DOWN_TEXT, Wire.CLOSE, b"{", error(14)])
async def test_model_when_the_mining_process_is_away(answer: Answer) -> None:
    """Unknown at first; what has been learned before is kept."""
    details = rows("DEVDETAILS", [{"Model": "M30S++VH40"}])
    script = newer(get_version=envelope(VERSION_20), devdetails=[answer, details, answer])
    async with miner(script, identified=False) as (_, client):
        told = [await client.identify() for _ in range(3)]
        assert [one.model for one in told] == ["WhatsMiner", "M30S++", "M30S++"]
        assert [one.model_id for one in told] == [None, "M30S++ VH40", "M30S++ VH40"]


@pytest.mark.parametrize("answer", [DOWN, DOWN_TEXT, Wire.CLOSE])
async def test_no_mac_while_the_mining_process_is_away(answer: Script) -> None:
    """Old firmware cannot say who it is then."""
    async with miner(older(summary=answer), identified=False) as (_, client):
        with pytest.raises(MiningProcessDownError):
            await client.probe()


async def test_no_mac_at_all() -> None:
    """The oldest firmware never tells it; a lost network is another matter."""
    script = older(summary=rows("SUMMARY", [dict(SUMMARY)]))
    async with miner(script, identified=False) as (_, client):
        with pytest.raises(UnsupportedError):
            await client.probe()
    script = older(summary=Wire.HANG)
    async with miner(script, identified=False) as (_, client):
        client.api.transport.timeouts = Timeouts(read=2.0)
        with pytest.raises(UnreachableError):
            await client.probe()


@pytest.mark.parametrize(
    "answer",
    [
        {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1},
        {"STATUS": [{"STATUS": "E", "Code": 24, "Msg": "Missing JSON 'command'"}], "id": 1},
        "STATUS=E,When=1,Code=14,Msg=Invalid command,Description=cgminer 4.11.1|\0",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-dropbear\r\n",
        {"STATUS": [{"STATUS": "S"}], "VERSION": [{"BMMiner": "2.0", "API": "3.1"}]},
        envelope({"something": "else"}),
        envelope("hello"),
        b"\x00\x01\x02",
        "[]",
    ],
)  # fmt: skip
async def test_something_else_answers(answer: Script) -> None:
    """Other makers' miners listen on the same port."""
    async with miner({"get_version": answer}, identified=False) as (_, client):
        with pytest.raises(MinerError) as caught:
            await client.probe()
        # An empty answer is none.
        lost = answer == b"\x00\x01\x02"
        assert type(caught.value) is (UnreachableError if lost else MalformedReplyError)


async def test_busy_is_one_of_ours() -> None:
    """Nobody else says it like this."""
    async with miner({"get_version": envelope("over max connect", 132, "E")}, identified=False) as (
        _,
        client,
    ):
        with pytest.raises(BusyError):
            await client.probe()


# Reading


async def test_live_read_of_a_new_device() -> None:
    """Three connections, and everything that they tell."""
    async with miner(newer()) as (device, client):
        seen = await client.read(slow=False)
        assert device.commands == ["status", "summary", "edevs"]
        assert device.most_open == 1
        assert seen.state is MinerState.MINING
        assert seen.mining_wanted is True
        assert (seen.hashrate, seen.expected_hashrate) == (186.0, 190.0)
        assert (seen.power, seen.efficiency) == (3400.4, 18.28)
        assert (seen.temperature, seen.environment_temperature) == (84.2, 25.0)
        assert (seen.uptime, seen.mining_uptime) == (6000, 5000)
        assert [board.index for board in seen.boards] == [1, 2, 3]
        assert [board.hashrate for board in seen.boards] == [62.0] * 3
        assert [fan.speed for fan in seen.fans] == [6000, 6100]
        assert seen.power_mode is PowerMode.NORMAL
        # Not told by this reply, or not at all.
        assert seen.accepted_shares is None
        assert unknown(seen.pools, seen.faults, seen.psu, seen.locate, seen.mac)
        assert unknown(seen.power_limit, seen.write_access)
        # Drawing all that its limit allows is 100 %, told or not.
        assert (seen.power_percent, seen.power_target) == (100.0, 3441.0)


async def test_slow_read_of_a_new_device() -> None:
    """Seven connections; slow values stay until the next slow read, the MAC does not."""
    async with miner(newer()) as (device, client):
        seen = await client.read(slow=True)
        assert device.commands == [
            "status", "summary", "edevs", "pools", "get_error_code", "get_psu", "get_miner_info"
        ]  # fmt: skip
        assert seen.mac == MAC.lower()
        assert seen.pools is not None
        assert seen.active_pool is seen.pools[0]
        assert (seen.accepted_shares, seen.rejected_shares) == (50, 1)
        assert seen.faults is not None
        assert [fault.code for fault in seen.faults] == ["110"]
        assert seen.psu is not None
        assert seen.psu.input_voltage == 226.0
        assert seen.locate is False
        live = await client.read(slow=False)
        assert live.mac is None
        assert (live.pools, live.faults, live.psu) == (seen.pools, seen.faults, seen.psu)
        assert live.accepted_shares == 50


async def test_slow_parts_that_fail_are_unknown() -> None:
    """Never what they were before."""
    script = newer(
        pools=[rows("POOLS", []), "x"],
        get_psu=[envelope(PSU), error(132)],
        get_error_code=[envelope({"error_code": []}), Wire.CLOSE],
        get_miner_info=[envelope(INFO), envelope(INFO), Wire.CLOSE],
    )
    async with miner(script) as (_, client):
        seen = await client.read(slow=True)
        assert (seen.pools, seen.faults, seen.locate) == ((), (), False)
        assert seen.psu is not None
        seen = await client.read(slow=True)
        assert unknown(seen.pools, seen.psu, seen.faults, seen.locate, seen.mac)


async def test_read_of_an_old_device() -> None:
    """Faults, shares and MAC come with the totals, and unknown commands are asked once."""
    async with miner(older()) as (device, client):
        seen = await client.read(slow=True)
        assert seen.mac == MAC.lower()
        assert (seen.accepted_shares, seen.rejected_shares) == (7, 1)
        assert seen.faults is not None
        assert [fault.code for fault in seen.faults] == ["111"]
        assert unknown(seen.psu, seen.locate)
        assert [board.hashrate for board in seen.boards] == [62.0] * 3
        device.requests.clear()
        await client.read(slow=True)
        assert device.commands == ["status", "summary", "edevs", "pools", "get_psu"]


async def test_new_firmware_is_asked_again() -> None:
    """What the old one did not know, the new one may."""
    script = older(get_version=[envelope(VERSION_14), envelope(VERSION_20)])
    async with miner(script) as (device, client):
        await client.read(slow=True)
        device.script["get_error_code"] = envelope({"error_code": []})
        await client.identify()
        seen = await client.read(slow=True)
        assert seen.faults == ()


@pytest.mark.parametrize(
    ("forwarded", "told", "state"),
    [
        (DOWN, STATUS, MinerState.RESTARTING),
        (DOWN_TEXT, STATUS, MinerState.RESTARTING),
        (Wire.CLOSE, STATUS, MinerState.RESTARTING),
        (DOWN, {"mineroff": "true"}, MinerState.STOPPED),
        (DOWN_TEXT, {"btmineroff": True}, MinerState.STOPPED),
        (Wire.CLOSE, {"mineroff": "true"}, MinerState.STOPPED),
        # It answered something; what, is not known.
        (b"{", {}, MinerState.UNKNOWN),
    ],
)
async def test_mining_process_away(
    forwarded: Script, told: dict[str, object], state: MinerState
) -> None:
    """The control board answers, so the miner is there."""
    script = newer(summary=forwarded, edevs=forwarded, pools=forwarded, status=envelope(told))
    async with miner(script) as (_, client):
        seen = await client.read(slow=True)
        assert seen.state is state
        assert seen.boards == ()
        assert seen.temperature is None
        assert seen.psu is not None
        if state is MinerState.STOPPED:
            assert seen.off_on_purpose
            assert (seen.hashrate, seen.power, seen.efficiency) == (0.0, 0.0, None)
            # Zeros that were never reported are no readings.
            assert Feature.POWER not in client.capabilities
            assert Feature.HASHRATE not in client.capabilities
        else:
            assert unknown(seen.hashrate, seen.power, seen.efficiency)


async def test_off_on_purpose_where_the_mining_process_answers() -> None:
    """Newer firmware reports averages and a little draw all the same."""
    off = status(mineroff="true", mineroff_reason="by whatsminer api")
    for told, watts in ((14, 14.0), (-1, 0.0), (0, 0.0)):
        stopped = summary(Power=told, **{"HS RT": 5e6, "Power Limit": 0, "Chip Temp Max": -41.0})
        async with miner(newer(status=off, summary=stopped)) as (_, client):
            seen = await client.read(slow=False)
            assert seen.state is MinerState.STOPPED
            assert seen.mining_wanted is False
            assert (seen.hashrate, seen.power, seen.efficiency) == (0.0, watts, None)
            assert seen.temperature == 70.0


async def test_status_fails_alone() -> None:
    """Hashing shows that mining is wanted; not hashing shows nothing."""
    for answer in (error(132), b"{", Wire.CLOSE, DOWN):
        async with miner(newer(status=answer)) as (_, client):
            assert (await client.read(slow=False)).state is MinerState.MINING
    async with miner(newer(status=error(14), summary=summary(**{"HS RT": 0}))) as (device, client):
        seen = await client.read(slow=False)
        assert seen.state is MinerState.UNKNOWN
        assert seen.mining_wanted is None
        assert seen.hashrate == 0.0
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == ["summary", "edevs"]


async def test_status_unknown_and_no_mining_process() -> None:
    """Something answers, and it does not mine."""
    async with miner(newer(status=error(14), summary=DOWN)) as (_, client):
        seen = await client.read(slow=False)
        assert seen.state is MinerState.STOPPED
        assert seen.mining_wanted is None
        assert seen.hashrate is None


async def test_boards_fail_alone() -> None:
    """The totals stand."""
    async with miner(newer(edevs=b"{")) as (_, client):
        seen = await client.read(slow=False)
        assert seen.hashrate == 186.0
        assert seen.boards == ()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Wire.CLOSE, UnreachableError),
        (b"garbage", MalformedReplyError),
        (envelope("over max connect", 132, "E"), BusyError),
        (error(132), RejectedError),
    ],
)
async def test_nothing_can_be_read(answer: Answer, kind: type[MinerError]) -> None:
    """Then, and only then, reading fails."""
    script = newer(status=answer, summary=answer, edevs=answer)
    async with miner(script) as (_, client):
        with pytest.raises(MinerError) as caught:
            await client.read(slow=False)
        assert type(caught.value) is kind


async def test_nothing_listens(unused_tcp_port: int) -> None:
    """One attempt is enough."""
    client = WhatsminerClient("127.0.0.1", unused_tcp_port, CREDENTIALS)
    with pytest.raises(UnreachableError):
        await client.read(slow=True)
    with pytest.raises(UnreachableError):
        await client.probe()
    await client.close()


async def test_silent_device() -> None:
    """The whole poll has one deadline."""
    async with miner(newer(status=Wire.HANG)) as (device, client):
        with pytest.raises(UnreachableError):
            await client.read(slow=True, seconds=1.0)
        assert device.commands == ["status"]


async def test_live_values_survive_a_short_time() -> None:
    """What comes later is missing, and what it was before is not passed off as current."""
    async with miner(newer(pools=[rows("POOLS", [dict(pool) for pool in POOLS]), Wire.HANG])) as (
        device,
        client,
    ):
        assert (await client.read(slow=True)).pools
        device.requests.clear()
        seen = await client.read(slow=True, seconds=2.0)
        assert device.commands == ["status", "summary", "edevs", "pools"]
        assert (seen.state, seen.hashrate, len(seen.boards)) == (MinerState.MINING, 186.0, 3)
        assert unknown(seen.pools, seen.faults, seen.psu)


async def test_silent_mining_process() -> None:
    """What was read in time counts; why the rest is missing is not known."""
    async with miner(newer(summary=Wire.HANG)) as (device, client):
        seen = await client.read(slow=True, seconds=2.0)
        assert seen.state is MinerState.UNKNOWN
        assert seen.mining_wanted is True
        assert seen.power_mode is PowerMode.NORMAL
        assert device.commands == ["status", "summary"]
        assert unknown(seen.pools, seen.faults, seen.psu)


async def test_liquid_cooling() -> None:
    """Told by newer status, by older totals, or by the name; then there are no fans."""
    still = {"Fan Speed In": 0, "Fan Speed Out": 0}
    hydro = envelope({**VERSION_22, "miner_type": "M63S_VL30"})
    unnamed = envelope({**VERSION_22, "miner_type": "M58_VL30"})
    warm = status(liquid_temp=38.2, power_pct=120)
    async with miner(newer(status=warm, get_version=unnamed)) as (_, client):
        seen = await client.read(slow=False)
        assert seen.fans == ()
        assert seen.inlet_temperature == 38.2
        assert seen.power_percent == 120.0
        assert client.capabilities.ranges.get(Feature.POWER_PERCENT) == PowerRange(
            minimum=25.0, maximum=200.0, step=1.0, default=100.0
        )
        assert Feature.INLET_TEMPERATURE in client.capabilities
    async with miner(newer(get_version=hydro, summary=summary(**still))) as (_, client):
        assert (await client.read(slow=False)).fans == ()
        assert client.capabilities.fans == frozenset()
    async with miner(newer(get_version=hydro, summary=summary(**{"Liquid Cooling": False}))) as (
        _,
        client,
    ):
        # What the device says counts more than its name.
        assert len((await client.read(slow=False)).fans) == 2
    async with miner(newer(get_version=unnamed, summary=summary(**still))) as (_, client):
        for _ in range(2):
            assert len((await client.read(slow=False)).fans) == 2
            assert client.capabilities.fans == frozenset()
        assert (await client.read(slow=False)).fans == ()


async def test_fans_of_an_unknown_model() -> None:
    """Turning proves them; one poll at rest does not disprove them."""
    unnamed = envelope({**VERSION_22, "miner_type": "M58_VL30"})
    still = summary(**{"Fan Speed In": 0, "Fan Speed Out": 0})
    async with miner(
        newer(get_version=unnamed, summary=[still, still, envelope(SUMMARY), still])
    ) as (
        _,
        client,
    ):
        for _ in range(5):
            assert len((await client.read(slow=False)).fans) == 2
        assert client.capabilities.fans == {1, 2}


async def test_fan_at_rest_is_a_fan() -> None:
    """On a model that is known to be cooled by air."""
    still = summary(**{"Fan Speed In": 0, "Fan Speed Out": 0, "HS RT": 0})
    async with miner(newer(summary=still)) as (_, client):
        seen = await client.read(slow=False)
        assert [fan.speed for fan in seen.fans] == [0, 0]
        assert client.capabilities.fans == {1, 2}


# What it has


async def test_capabilities_of_a_new_device() -> None:
    """Readings that it has shown, and the commands of its interface."""
    async with miner(newer()) as (_, client):
        before = client.capabilities
        assert Feature.HASHRATE not in before
        assert Feature.POWER_TARGET not in before
        await client.read(slow=True)
        has = client.capabilities
        assert has.features == {
            Feature.HASHRATE, Feature.EXPECTED_HASHRATE, Feature.POWER, Feature.EFFICIENCY,
            Feature.TEMPERATURE, Feature.ENVIRONMENT_TEMPERATURE, Feature.UPTIME, Feature.SHARES,
            Feature.POOL, Feature.FAULTS, Feature.PSU_POWER, Feature.PSU_INPUT_VOLTAGE,
            Feature.PSU_INPUT_CURRENT, Feature.PSU_TEMPERATURE, Feature.PSU_FAN_SPEED,
            Feature.BOARD_TEMPERATURE, Feature.BOARD_FREQUENCY, Feature.BOARD_CHIPS,
            Feature.MINING, Feature.LOCATE, Feature.POWER_PERCENT, Feature.POWER_TARGET,
            Feature.POWER_LIMIT, Feature.POWER_MODE, Feature.RESTORE_POWER,
            Feature.RESTART_MINING, Feature.REBOOT, Feature.WRITE_ACCESS,
            Feature.FAST_BOOT, Feature.MINE_AT_STARTUP, Feature.WEB_POOLS, Feature.POWEROFF_COOL,
            Feature.FAN_ZERO_SPEED, Feature.FAST_MINING, Feature.TARGET_FREQUENCY,
            Feature.UPFREQ_SPEED, Feature.TEMP_OFFSET,
        }  # fmt: skip
        assert has.boards == {1, 2, 3}
        assert has.fans == {1, 2}
        assert has.ranges == {
            Feature.POWER_PERCENT: PowerRange(minimum=25.0, maximum=100.0, step=1.0, default=100.0),
            Feature.POWER_TARGET: PowerRange(
                minimum=870.0, maximum=3450.0, step=10.0, default=3450.0
            ),
            Feature.POWER_LIMIT: PowerRange(minimum=500.0, maximum=7500.0, step=10.0),
            Feature.TARGET_FREQUENCY: PowerRange(
                minimum=-100.0, maximum=100.0, step=1.0, default=0.0
            ),
            Feature.UPFREQ_SPEED: PowerRange(minimum=0.0, maximum=9.0, step=1.0),
            Feature.TEMP_OFFSET: PowerRange(minimum=-30.0, maximum=0.0, step=1.0, default=0.0),
        }
        assert has.choices[Feature.POWER_MODE] == tuple(PowerMode)


async def test_capabilities_by_interface_version() -> None:
    """Older firmware has fewer commands."""
    always = {
        Feature.MINING, Feature.LOCATE, Feature.REBOOT, Feature.RESTART_MINING, Feature.WRITE_ACCESS
    }  # fmt: skip
    percent = {Feature.POWER_PERCENT, Feature.WEB_POOLS, Feature.TARGET_FREQUENCY}
    modes = percent | {Feature.POWER_MODE, Feature.FAST_BOOT}
    limit = modes | {
        Feature.POWER_LIMIT, Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED, Feature.UPFREQ_SPEED,
        Feature.TEMP_OFFSET,
    }  # fmt: skip
    restore = limit | {Feature.RESTORE_POWER, Feature.MINE_AT_STARTUP}
    for version, more in (
        ("", set[Feature]()),
        ("1.1", set[Feature]()),
        ("whatsminer v1.3.0", percent),
        ("1.4.0", percent),
        ("2.0.1", modes),
        ("2.0.4", modes),
        ("2.0.5", limit),
        ("2.2", restore),
        ("2.2.1", restore),
        ("2.2.2", restore | {Feature.FAST_MINING}),
    ):
        script = newer(get_version=envelope({**VERSION_22, "api_ver": version}))
        async with miner(script) as (_, client):
            assert client.capabilities.features == always | more, version


async def test_overdrive_needs_firmware_and_liquid() -> None:
    """The manual before 2.2.1 ends at 100 % for all."""
    for version, model, highest in (
        ("2.2.2", "M63S_VL30", 200.0),
        ("2.2.1", "M66S_VL30", 200.0),
        ("2.2", "M63S_VL30", 100.0),
        ("2.0.5", "M63S_VL30", 100.0),
        ("2.2.2", "M60S_VK30", 100.0),
        ("2.2.2", "M58_VK30", 100.0),
    ):
        told = envelope({**VERSION_22, "api_ver": version, "miner_type": model})
        async with miner(newer(get_version=told)) as (_, client):
            limits = client.capabilities.ranges.get(Feature.POWER_PERCENT)
            assert limits is not None
            assert limits.maximum == highest


async def test_no_commands_without_a_password() -> None:
    """Reading only: nothing to switch, and nothing about write access."""
    async with miner(newer(), Credentials()) as (device, client):
        seen = await client.read(slow=True)
        assert seen.hashrate == 186.0
        has = client.capabilities
        assert Feature.HASHRATE in has
        assert not has.features & {
            Feature.MINING, Feature.LOCATE, Feature.POWER_PERCENT, Feature.POWER_TARGET,
            Feature.POWER_LIMIT, Feature.POWER_MODE, Feature.RESTORE_POWER, Feature.REBOOT,
            Feature.RESTART_MINING, Feature.WRITE_ACCESS,
        }  # fmt: skip
        assert not has.ranges
        assert not has.choices
        device.requests.clear()
        with pytest.raises(AuthenticationError):
            await client.set_mining(False)
        assert device.commands == []


# Power


async def test_percent_that_nobody_has_told() -> None:
    """Less than the limit may be any percentage; while it ramps it says nothing."""
    for changed in ({"Power": 2700}, {"Hash Stable": "false"}, {"Power": -1}):
        async with miner(newer(summary=summary(**changed))) as (_, client):
            assert (await client.read(slow=False)).power_percent is None


async def test_percent() -> None:
    """By the gentle form; remembered until mining restarts, then it is 100 again."""
    elapsed = [5000, 5001, 5015, 5030, 5, 20]
    script = newer(summary=[summary(Elapsed=seconds) for seconds in elapsed])
    async with miner(script) as (device, client):
        assert (await client.read(slow=False)).power_percent == 100
        device.requests.clear()
        await client.set_power_percent(80)
        assert device.commands == ["summary", "get_token", "set_power_pct_v2"]
        assert device.requests[2]["percent"] == "80"
        for _ in range(2):
            seen = await client.read(slow=False)
            assert (seen.power_percent, seen.power_target) == (80.0, 2753.0)
        for _ in range(2):
            seen = await client.read(slow=False)
            assert (seen.power_percent, seen.power_target) == (100.0, 3441.0)


async def test_percent_needs_a_settled_miner() -> None:
    """A ramping one would accept and ignore it; one that does not run has no draw."""
    ramping = summary(**{"Hash Stable": "false", "Elapsed": 2699})
    answers: list[tuple[Answer, type[MinerError]]] = [
        (ramping, RampingError),
        (DOWN, MiningProcessDownError),
        (Wire.CLOSE, MiningProcessDownError),
    ]
    for answer, kind in answers:
        async with miner(newer(summary=[envelope(SUMMARY), answer])) as (device, client):
            await client.read(slow=False)
            with pytest.raises(kind):
                await client.set_power_percent(80)
            with pytest.raises(kind):
                await client.set_power_target(2000)
            assert "get_token" not in device.commands
            # Back to all of it is possible at any time.
            await client.restore_power()


async def test_percent_for_a_miner_that_never_settles() -> None:
    """No ramp takes so long, and there must be a way out."""
    for totals in ({"Elapsed": 2700}, {"Elapsed": None}):
        async with miner(newer(summary=summary(**{"Hash Stable": "false", **totals}))) as (
            device,
            client,
        ):
            await client.set_power_percent(80)
            assert device.commands.count("set_power_pct_v2") == 1


async def test_percent_while_off() -> None:
    """Off is not ramping, whatever the totals say; where it is not told, ramping is said."""
    totals = summary(**{"Hash Stable": "false", "Elapsed": 60, "HS RT": 0})
    for answer, kind in (
        (status(mineroff="true"), MiningProcessDownError),
        (Wire.CLOSE, RampingError),
    ):
        async with miner(newer(summary=totals, status=answer)) as (device, client):
            with pytest.raises(kind):
                await client.set_power_percent(80)
            assert "get_token" not in device.commands


async def test_percent_that_the_device_tells() -> None:
    """Its word counts, whatever it was sent."""
    async with miner(newer(status=status(power_pct=90))) as (_, client):
        await client.set_power_percent(80)
        seen = await client.read(slow=False)
        assert (seen.power_percent, seen.power_target) == (90.0, 3097.0)


async def test_percent_after_the_process_was_away() -> None:
    """Also when the new process has been running for longer than the old one had."""
    script = newer(summary=[summary(Elapsed=9), summary(Elapsed=10), DOWN, summary(Elapsed=40)])
    async with miner(script) as (_, client):
        await client.set_power_percent(80)
        assert (await client.read(slow=False)).power_percent == 80.0
        assert (await client.read(slow=False)).power_percent == 100.0
        assert (await client.read(slow=False)).power_percent == 100.0


async def test_percent_survives_a_lost_reply() -> None:
    """One connection that breaks is no restart."""
    before = summary(Elapsed=9)
    script = newer(summary=[before, summary(Elapsed=10), Wire.CLOSE, summary(Elapsed=40)])
    async with miner(script) as (_, client):
        await client.set_power_percent(80)
        for _ in range(3):
            assert (await client.read(slow=False)).power_percent == 80.0


async def test_percent_on_firmware_with_the_fast_form_only() -> None:
    """Asked once for the gentle one; what is in neither form is not offered any more."""
    script = newer(set_power_pct_v2=error(14, "invalid cmd"))
    async with miner(script) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        await client.set_power_percent(80)
        await client.set_power_percent(70)
        assert [name for name in device.commands if str(name).startswith("set_")] == [
            "set_power_pct_v2", "set_power_pct", "set_power_pct"
        ]  # fmt: skip
        device.script["set_power_pct"] = error(14, "invalid cmd")
        with pytest.raises(UnsupportedError):
            await client.set_power_percent(60)
        assert Feature.POWER_PERCENT not in client.capabilities
        assert Feature.POWER_TARGET not in client.capabilities
        assert client.capabilities.ranges.get(Feature.POWER_TARGET) is None
        with pytest.raises(UnsupportedError):
            await client.set_power_percent(60)
        with pytest.raises(UnsupportedError):
            await client.set_power_target(2000)


async def test_refused_percent_changes_nothing() -> None:
    """What was set before is still set."""
    async with miner(newer(set_power_pct_v2=[OK, error(132, "out of range")])) as (_, client):
        await client.set_power_percent(80)
        with pytest.raises(RejectedError):
            await client.set_power_percent(30)
        assert (await client.read(slow=False)).power_percent == 80.0


async def test_percent_without_an_answer() -> None:
    """Looked for where the device tells it, else unknown; never sent again."""
    async with miner(newer(set_power_pct_v2=[OK, Wire.CLOSE])) as (device, client):
        await client.set_power_percent(80)
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_power_percent(70)
        assert device.commands.count("set_power_pct_v2") == 2
        assert "status" not in device.commands
        assert (await client.read(slow=False)).power_percent is None
    told = (status(power_pct=100), status(power_pct=100), status(power_pct=70))
    async with miner(newer(set_power_pct_v2=Wire.CLOSE, status=told)) as (device, client):
        await client.read(slow=False)
        await client.set_power_percent(70)
        assert device.commands.count("set_power_pct_v2") == 1
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_power_percent(60)


async def test_command_before_anything_is_known() -> None:
    """Which values it takes is asked first, and only once."""
    async with miner(newer(), identified=False) as (device, client):
        await client.set_power_percent(80)
        await client.set_power_limit(3000)
        assert device.commands == [
            "get_version", "get_miner_info", "summary", "get_token", "set_power_pct_v2",
            "adjust_power_limit",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("watts", "percent"),
    [
        (3441, "100"),
        (3450, "100"),
        (3440, "99"),
        (2000, "58"),
        (1720.5, "50"),
        (1720, "49"),
        (870, "25"),
    ],
)
async def test_target(watts: float, percent: str) -> None:
    """The whole percentage that does not exceed it."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await client.set_power_target(watts)
        assert device.requests[-1]["cmd"] == "set_power_pct_v2"
        assert device.requests[-1]["percent"] == percent
        seen = await client.read(slow=False)
        assert seen.power_target is not None
        assert seen.power_target <= watts


@pytest.mark.parametrize("full", range(1000, 7300, 173))
async def test_target_of_exact_percentages(full: int) -> None:
    """Binary fractions do not cost a percent."""
    async with miner(newer(summary=summary(**{"Power Limit": full}))) as (device, client):
        await client.read(slow=False)
        for percent in (30, 57, 58, 99, 100):
            await client.set_power_target(full * percent / 100)
            assert device.requests[-1]["percent"] == str(percent)


async def test_target_needs_the_full_draw() -> None:
    """It is looked for before the first read; where it does not show, nothing is sent."""
    async with miner(newer()) as (device, client):
        await client.set_power_target(2000)
        assert device.requests[-1]["percent"] == "58"
    below = summary(**{"Power Limit": 2147483647, "HS RT": 150e6})
    async with miner(newer(summary=below)) as (device, client):
        with pytest.raises(InvalidValueError, match="not known yet"):
            await client.set_power_target(2000)
        assert "get_token" not in device.commands
        # A percentage of 100 makes it known.
        await client.set_power_percent(100)
        await client.set_power_target(1700)
        assert device.requests[-1]["percent"] == "50"
    async with miner(newer(get_version=envelope({**VERSION_20, "api_ver": "1.2"}))) as (_, client):
        with pytest.raises(UnsupportedError):
            await client.set_power_target(2000)


@pytest.mark.parametrize(
    ("changed", "percent", "target"),
    [
        ({}, 100.0, 3400.0),
        ({"HS RT": 181e6}, 100.0, 3400.0),
        ({"HS RT": 180e6}, None, None),
        ({"Factory GHS": 0}, 100.0, 3400.0),
        ({"Hash Stable": "false"}, None, None),
    ],
)
async def test_full_draw_by_hashrate(
    changed: dict[str, object], percent: float | None, target: float | None
) -> None:
    """Without a limit, who hashes what the factory says draws all; the boards say it too."""
    calm = summary(**{"Power Limit": 2147483647, **changed})
    async with miner(newer(summary=calm)) as (_, client):
        seen = await client.read(slow=False)
        assert (seen.power_percent, seen.power_target) == (percent, target)


async def test_full_draw_by_hashrate_is_not_for_who_was_told() -> None:
    """An accepted percentage counts more than a hashrate that has not followed yet."""
    calm = summary(**{"Power Limit": 2147483647})
    async with miner(newer(summary=calm)) as (_, client):
        await client.set_power_percent(80)
        seen = await client.read(slow=False)
        assert (seen.power_percent, seen.power_target) == (80.0, None)


async def test_full_draw_without_a_limit() -> None:
    """Stable draw at a known 100 %, followed only when it really changes."""
    unlimited = {"Power Limit": 2147483647}
    calm = summary(**unlimited)
    ramping = summary(**unlimited, **{"Hash Stable": "false"})
    async with miner(newer(summary=summary(**unlimited, **{"HS RT": 150e6}))) as (_, client):
        # What the percentage is, nobody said.
        assert (await client.read(slow=False)).power_target is None
    script = newer(
        status=(*(status(power_pct=100),) * 5, status(power_pct=50)),
        summary=[
            ramping,
            calm,
            *(summary(Power=watts, **unlimited) for watts in (3450.0, 3000, -1, 1500)),
        ],
    )
    async with miner(script) as (_, client):
        targets = [(await client.read(slow=False)).power_target for _ in range(6)]
        assert targets == [None, 3400.0, 3400.0, 3000.0, 3000.0, 1500.0]


async def test_full_draw_while_off() -> None:
    """The last known stays; a stopped device writes a limit of zero."""
    script = newer(
        summary=[envelope(SUMMARY), summary(**{"Power Limit": 0})],
        status=[envelope(STATUS), status(mineroff="true")],
    )
    async with miner(script) as (_, client):
        await client.read(slow=False)
        await client.read(slow=False)
        limits = client.capabilities.ranges.get(Feature.POWER_TARGET)
        assert limits is not None
        assert limits.maximum == 3450.0


async def test_values_out_of_range() -> None:
    """Nothing is sent, not even a request for a token."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        device.requests.clear()
        for bad in (-1, 101, math.nan, math.inf, 50.5):
            with pytest.raises(InvalidValueError):
                await client.set_power_percent(bad)
        for bad in (-1, 0, 869, 3451, math.nan):
            with pytest.raises(InvalidValueError):
                await client.set_power_target(bad)
        for bad in (0, 499, 7501, 99999, 2147483647, math.nan, 3000.5):
            with pytest.raises(InvalidValueError):
                await client.set_power_limit(bad)
        assert device.requests == []


async def test_restore_power() -> None:
    """Back to 100 %."""
    async with miner(newer()) as (device, client):
        await client.set_power_percent(80)
        await client.restore_power()
        assert device.commands[-1] == "restore_power_pct"
        assert (await client.read(slow=False)).power_percent == 100.0


async def test_power_limit() -> None:
    """The lasting one, as set; looked for when there is no answer."""
    async with miner(newer(status=status(power_limit_set="3000"))) as (device, client):
        assert (await client.read(slow=False)).power_limit == 3000.0
        await client.set_power_limit(3000)
        assert device.requests[-1]["power_limit"] == "3000"
        device.script["adjust_power_limit"] = Wire.CLOSE
        await client.set_power_limit(3000)
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_power_limit(2500)
        assert device.commands.count("adjust_power_limit") == 3
    async with miner(newer(get_version=envelope({**VERSION_20, "api_ver": "2.0.4"}))) as (
        device,
        client,
    ):
        with pytest.raises(UnsupportedError):
            await client.set_power_limit(3000)
        assert device.commands == []


@pytest.mark.parametrize("mode", list(PowerMode))
async def test_power_mode(mode: PowerMode) -> None:
    """One command each; no answer is normal, so the mode itself is looked for."""
    command = f"set_{mode}_power"
    async with miner(newer()) as (device, client):
        await client.set_power_mode(mode)
        assert device.commands == ["get_token", command]
    changes: dict[str, Script] = {
        command: Wire.CLOSE,
        "status": [DOWN, Wire.CLOSE, status(power_mode=mode)],
    }
    async with miner(newer(**changes)) as (device, client):
        await client.set_power_mode(mode)
        assert device.commands.count(command) == 1
    # Where status does not tell the mode, the totals do.
    changes = {
        command: Wire.CLOSE,
        "status": status(power_mode=""),
        "summary": [DOWN, summary(**{"Power Mode": mode.title()})],
    }
    async with miner(newer(**changes)) as (device, client):
        await client.set_power_mode(mode)
        assert device.commands.count(command) == 1


async def test_silence_after_a_restart_is_not_waited_for() -> None:
    """The device would be deaf to polls meanwhile; what it does is looked at instead."""
    script = newer(set_low_power=Wire.HANG, status=status(power_mode="low"))
    async with miner(script) as (device, client):
        client.api.transport.timeouts = Timeouts(silent=1.0, write=3600.0)
        await client.set_power_mode(PowerMode.LOW)
        assert device.commands.count("set_low_power") == 1


async def test_power_mode_that_does_not_come() -> None:
    """Silence is no success."""
    async with miner(newer(set_low_power=Wire.CLOSE)) as (device, client):
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_power_mode(PowerMode.LOW)
        assert device.commands.count("set_low_power") == 1


# Other commands


async def test_mining() -> None:
    """Off and on, asking for an answer before the device acts."""
    async with miner(newer()) as (device, client):
        await client.set_mining(False)
        await client.set_mining(True)
        assert device.commands == ["get_token", "power_off", "power_on"]
        assert [request.get("respbefore") for request in device.requests[1:]] == ["true"] * 2


@pytest.mark.parametrize("key", ["mineroff", "btmineroff"])
@pytest.mark.parametrize("on", [False, True])
async def test_mining_without_an_answer(key: str, on: bool) -> None:
    """The device's own word is looked for, and nothing sent again."""
    command = "power_on" if on else "power_off"
    before, after = envelope({key: str(on).lower()}), envelope({key: str(not on).lower()})
    changes: dict[str, Script] = {command: Wire.CLOSE, "status": [before, Wire.CLOSE, after]}
    async with miner(newer(**changes)) as (device, client):
        await client.set_mining(on)
        assert device.commands.count(command) == 1
    async with miner(newer(**{**changes, "status": before})) as (device, client):
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_mining(on)
        assert device.commands.count(command) == 1


@pytest.mark.parametrize(
    ("on", "totals", "shows"),
    [
        (False, DOWN, True),
        (False, DOWN_TEXT, True),
        (False, envelope(SUMMARY), False),
        (True, envelope(SUMMARY), True),
        (True, summary(**{"HS RT": 0}), False),
        (True, DOWN, False),
    ],
)
async def test_mining_on_firmware_that_does_not_tell(on: bool, totals: Answer, shows: bool) -> None:
    """The mining process itself is looked at."""
    command = "power_on" if on else "power_off"
    changes: dict[str, Script] = {command: Wire.CLOSE, "status": envelope({}), "summary": totals}
    async with miner(newer(**changes)) as (_, client):
        if shows:
            await client.set_mining(on)
        else:
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.set_mining(on)


async def test_locate() -> None:
    """Both lights blink as the maker's own software lets them; off is automatic."""
    async with miner(newer()) as (device, client):
        await client.set_locate(True)
        await client.set_locate(False)
        sent = [{k: v for k, v in r.items() if k != "token"} for r in device.requests[1:]]
        blink = {"cmd": "set_led", "period": 200, "duration": 100, "start": 0}
        assert sent == [
            {**blink, "color": "red"},
            {**blink, "color": "green"},
            {"cmd": "set_led", "param": "auto"},
        ]


async def test_locate_without_an_answer() -> None:
    """The state of the lights lags, so it is looked at more than once."""
    blinking = envelope({**INFO, "ledstat": "0,200,100,0 1,200,100,0 "})
    script = newer(set_led=Wire.CLOSE, get_miner_info=[envelope(INFO), envelope(INFO), blinking])
    async with miner(script) as (device, client):
        await client.set_locate(True)
        assert device.commands.count("set_led") == 2
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_locate(False)


async def test_restart_mining_without_an_answer() -> None:
    """A process that is away, or that counts anew, has restarted."""
    shows: list[Answer] = [DOWN, DOWN_TEXT, Wire.CLOSE, summary(Elapsed=3)]
    hides: list[Answer] = [summary(Elapsed=5010), b"{", summary(Elapsed=None)]
    before = envelope(SUMMARY)
    for after in shows:
        script = newer(restart_btminer=Wire.CLOSE, summary=[before, before, after])
        async with miner(script) as (device, client):
            await client.restart_mining()
            assert device.commands.count("restart_btminer") == 1
    for after in hides:
        script = newer(restart_btminer=Wire.CLOSE, summary=[before, after])
        async with miner(script) as (device, client):
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.restart_mining()
            assert device.commands.count("restart_btminer") == 1


async def test_restart_of_a_process_that_is_away() -> None:
    """It being away proves nothing then; it coming back does."""
    script = newer(restart_btminer=Wire.CLOSE, summary=[DOWN, DOWN, summary(Elapsed=2)])
    async with miner(script) as (_, client):
        await client.restart_mining()
    async with miner(newer(restart_btminer=Wire.CLOSE, summary=DOWN)) as (_, client):
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.restart_mining()


async def test_restart_is_not_sent_to_a_device_that_cannot_be_read() -> None:
    """What it does afterwards could not be told from what it did before."""
    async with miner(newer(summary=b"{")) as (device, client):
        with pytest.raises(MalformedReplyError):
            await client.restart_mining()
        assert "restart_btminer" not in device.commands


async def test_reboot() -> None:
    """With an answer, that is all."""
    async with miner(newer()) as (device, client):
        await client.reboot()
        assert device.commands == ["summary", "get_token", "reboot"]
        assert device.requests[-1]["respbefore"] == "true"


async def test_reboot_without_an_answer() -> None:
    """An uptime that counts anew shows it; mere silence does not."""
    before = envelope(SUMMARY)
    script = newer(reboot=Wire.CLOSE, summary=[before, DOWN, Wire.CLOSE, summary(Uptime=9)])
    async with miner(script) as (device, client):
        await client.reboot()
        assert device.commands.count("reboot") == 1
    hides: list[Answer] = [Wire.CLOSE, DOWN, before, b"{"]
    for after in hides:
        async with miner(newer(reboot=Wire.CLOSE, summary=[before, after])) as (
            device,
            client,
        ):
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.reboot()
            assert device.commands.count("reboot") == 1


async def test_reboot_that_closes_the_port(unused_tcp_port: int) -> None:
    """A host that refuses connections is there and boots."""
    async with miner(newer()) as (device, client):

        def reboot(request: Request) -> Answer:
            client.api.transport.port = unused_tcp_port
            return Wire.CLOSE

        device.script["reboot"] = reboot
        await client.reboot()


# Access


async def test_check_access() -> None:
    """One harmless write tells."""
    async with miner(newer()) as (device, client):
        await client.check_access()
        assert device.commands == ["get_token", "set_led"]
        assert device.requests[-1]["param"] == "auto"
        assert (await client.read(slow=False)).write_access is True
    async with miner(newer(set_led=error(45, "can't access write cmd"))) as (_, client):
        with pytest.raises(WriteAccessError):
            await client.check_access()
        assert (await client.read(slow=False)).write_access is False
    async with miner(newer(), Credentials(password="wrong")) as (_, client):
        with pytest.raises(AuthenticationError):
            await client.check_access()
        assert (await client.read(slow=False)).write_access is None


async def test_write_access_is_learned_from_each_write() -> None:
    """And kept while nothing new is known."""
    script = newer(power_on=[OK, error(45), error(132), Wire.CLOSE])
    async with miner(script) as (_, client):
        for kind, known in ((None, True), (WriteAccessError, False), (RejectedError, False)):
            if kind:
                with pytest.raises(kind):
                    await client.set_mining(True)
            else:
                await client.set_mining(True)
            assert (await client.read(slow=False)).write_access is known
        # No answer, but its effect: then it was let through.
        await client.set_mining(True)
        assert (await client.read(slow=False)).write_access is True


async def test_write_access_of_an_earlier_session() -> None:
    """Known before the first write."""
    async with Scripted(newer()).running() as device:
        client = WhatsminerClient(
            "127.0.0.1", device.port, CREDENTIALS, memory={"write_access": False}
        )
        assert (await client.read(slow=False)).write_access is False


@pytest.mark.parametrize(
    "command",
    [
        lambda c: c.set_mining(False),
        lambda c: c.set_locate(True),
        lambda c: c.set_locate(False),
        lambda c: c.set_power_percent(80),
        lambda c: c.set_power_target(2000),
        lambda c: c.set_power_limit(3000),
        lambda c: c.set_power_mode(PowerMode.LOW),
        lambda c: c.restore_power(),
        lambda c: c.restart_mining(),
        lambda c: c.reboot(),
        lambda c: c.check_access(),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(45, "can't access write cmd"), WriteAccessError),
        (error(136), BusyError),
        (error(132, "API command ERROR"), RejectedError),
        (error(135, "check token err"), BusyError),
    ],
)
async def test_refusals_are_told_apart(
    command: Callable[[WhatsminerClient], Awaitable[None]],
    answer: Answer,
    kind: type[MinerError],
) -> None:
    """Every command fails by the exact kind of its refusal."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        for name in (
            "power_off", "set_led", "set_power_pct_v2", "adjust_power_limit", "set_low_power",
            "restore_power_pct", "restart_btminer", "reboot",
        ):  # fmt: skip
            device.script[name] = answer
        with pytest.raises(MinerError) as caught:
            await command(client)
        assert type(caught.value) is kind
        # Refused for good: nothing is left running, and nothing was tried again but a token.
        writes = [name for name, request in zip(device.commands, device.requests, strict=True)
                  if "token" in request]  # fmt: skip
        assert len(writes) == (
            2 if kind is BusyError and answer == error(135, "check token err") else 1
        )


async def test_poll_and_commands_at_once() -> None:
    """The device never sees two connections."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await asyncio.gather(
            client.read(slow=True), client.set_power_percent(80), client.read(slow=False),
            client.set_locate(True), client.identify(),
        )  # fmt: skip
        assert device.most_open == 1

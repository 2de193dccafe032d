"""What is read of a device, where every reply is decided here."""

import pytest

from custom_components.asic_miner.miners.errors import (
    BusyError,
    MalformedReplyError,
    MinerError,
    RejectedError,
    UnreachableError,
)
from custom_components.asic_miner.miners.models import (
    Feature,
    MinerState,
    PowerMode,
    PowerRange,
)
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .devices import (
    CREDENTIALS,
    DOWN,
    DOWN_TEXT,
    INFO,
    MAC,
    POOLS,
    PSU,
    STATUS,
    SUMMARY,
    VERSION_14,
    VERSION_20,
    VERSION_22,
    miner,
    newer,
    older,
    rows,
    status,
    summary,
    unknown,
)
from .scripted import Answer, Script, Wire, envelope, error


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
    """Seven connections, and one trial; slow values stay until the next, the MAC does not."""
    async with miner(newer()) as (device, client):
        seen = await client.read(slow=True)
        assert device.commands == [
            "status", "summary", "edevs", "pools", "get_error_code", "get_psu", "get_miner_info",
            "summary+edevs",
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
        assert seen.ip_address == "192.0.2.7"
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


@pytest.mark.parametrize("command", ["status", "summary", "edevs"])
async def test_what_all_firmware_knows_is_always_asked(command: str) -> None:
    """One odd refusal must not make the miner's state unknown for ever."""
    script = newer()
    answer = script[command]
    async with miner({**script, command: error(14, "invalid cmd")}) as (device, client):
        await client.read(slow=False)
        device.script[command] = answer
        seen = await client.read(slow=False)
        assert seen.mining_wanted is True
        assert (seen.hashrate, len(seen.boards)) == (186.0, 3)
        assert device.commands.count(command) == 2


async def test_unknown_questions_are_asked_again() -> None:
    """With every look at who it is: something else may have answered meanwhile."""
    totals = summary(**{"Error Code Count": 1, "Error Code 0": 111})
    script = newer(pools=error(14), get_error_code=error(14), summary=totals)
    async with miner(script) as (device, client):
        for _ in range(2):
            assert unknown((await client.read(slow=True)).pools)
        assert device.commands.count("pools") == 1
        device.script["pools"] = rows("POOLS", [dict(pool) for pool in POOLS])
        await client.identify()
        # Until they are asked for again, faults are still those in the totals.
        faults = (await client.read(slow=False)).faults
        assert faults is not None
        assert [fault.code for fault in faults] == ["111"]
        assert (await client.read(slow=True)).pools
    async with miner(newer(pools=error(14))) as (device, client):
        await client.read(slow=True)
        device.script["get_version"] = "nonsense"
        with pytest.raises(MalformedReplyError):
            await client.identify()
        device.script["pools"] = rows("POOLS", [dict(pool) for pool in POOLS])
        assert (await client.read(slow=True)).pools


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
        # Asked again: one refusal is no reason never to know it.
        assert device.commands == ["status", "summary", "edevs"]


async def test_status_unknown_and_no_mining_process() -> None:
    """Something answers, and it does not mine."""
    async with miner(newer(status=error(14), summary=DOWN)) as (_, client):
        seen = await client.read(slow=False)
        assert seen.state is MinerState.STOPPED
        assert seen.mining_wanted is None
        assert seen.hashrate is None


@pytest.mark.parametrize("command", ["status", "summary", "edevs"])
async def test_what_all_firmware_knows_is_asked_again(command: str) -> None:
    """One refusal is no reason never to know it; of anything else it is."""
    script = newer(**{command: error(14), "get_psu": error(14)})
    async with miner(script) as (device, client):
        for _ in range(2):
            device.requests.clear()
            await client.read(slow=True)
            assert device.commands.count(command) == 1
        assert "get_psu" not in device.commands


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

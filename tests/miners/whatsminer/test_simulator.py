"""The client end to end, against simulated devices of every generation."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature, Identity, MinerState, PowerMode
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts
from tests.simulators.whatsminer import PRESETS, Malformed, Wire

from .bench import bench

ALL = sorted(PRESETS)
# The oldest firmware never tells its MAC, so it cannot be told apart from others.
NAMELESS = {"M20S-2019"}
KNOWN = [name for name in ALL if name not in NAMELESS]
HOUR = 3600.0


@pytest.mark.parametrize("preset", KNOWN)
async def test_identity(preset: str) -> None:
    """Who it is, without a token and the same for both ways to ask."""
    async with bench(preset) as b:
        client = b.client(None)
        identity = await client.probe()
        assert identity == await client.identify()
        assert identity.mac == b.miner.truth()["mac"]
        model = b.miner.truth()["model"]
        assert isinstance(model, str)
        assert (identity.model_id or identity.model).replace(" ", "") == model.replace("_", "")
        assert identity.firmware == PRESETS[preset].firmware.strip("'")
        assert identity.api_version == ".".join(map(str, PRESETS[preset].api))
        assert b.miner.tokens_issued == 0
        assert Identity.from_json(identity.to_json()) == identity


@pytest.mark.parametrize("preset", sorted(NAMELESS))
async def test_device_without_a_name(preset: str) -> None:
    """It is refused with the reason, not with an invented address."""
    async with bench(preset) as b:
        with pytest.raises(UnsupportedError, match="hardware address"):
            await b.client().probe()


@pytest.mark.parametrize("preset", ALL)
async def test_readings_are_the_truth(preset: str) -> None:
    """Of every generation, within what sensors are worth, in few connections."""
    async with bench(preset) as b:
        client = b.client(None)
        # The first one finds out how this firmware likes to be asked.
        await client.read(slow=False)
        before = b.miner.connections
        seen = await client.read(slow=False)
        assert b.miner.connections - before == 3
        truth = b.miner.truth()
        assert seen.state is MinerState.MINING
        assert seen.mining_wanted is True
        assert seen.hashrate == pytest.approx(truth["hashrate"], rel=0.03)
        assert sum(board.hashrate or 0 for board in seen.boards) == pytest.approx(
            seen.hashrate, rel=0.03
        )
        nameplate = PRESETS[preset].nameplate
        assert len(seen.boards) == nameplate.boards
        assert {board.chips for board in seen.boards} == {nameplate.chips_per_board}
        assert len(seen.fans) == nameplate.fans
        # The hottest chip where chips are told, else the hottest board, which is cooler.
        assert seen.temperature is not None
        chips = truth["temperature"]
        assert isinstance(chips, float)
        assert chips - 20 < seen.temperature < chips + 3
        assert seen.uptime is not None
        assert seen.mining_uptime is not None
        assert seen.uptime > seen.mining_uptime > 0
        if preset != "M20S-2019":
            assert seen.power == pytest.approx(truth["power"], rel=0.03)
            assert seen.expected_hashrate == pytest.approx(nameplate.hashrate, rel=0.02)
            assert seen.efficiency is not None
            assert seen.hashrate is not None
            assert seen.power is not None
            assert seen.efficiency == pytest.approx(seen.power / seen.hashrate, rel=0.01)
        else:
            assert seen.power is seen.efficiency is None
        assert b.miner.max_open_connections == 1


@pytest.mark.parametrize("preset", ALL)
async def test_slow_readings(preset: str) -> None:
    """Pools, faults, power supply and light, each generation in its own way."""
    async with bench(preset) as b:
        client = b.client(None)
        b.miner.faults.error_codes = [110, 110, 2010]
        seen = await client.read(slow=True)
        assert seen.pools is not None
        assert ", ".join(pool.url for pool in seen.pools) == b.miner.truth()["pools"]
        assert seen.active_pool is not None
        assert seen.active_pool.alive
        assert seen.faults is not None
        assert [fault.code for fault in seen.faults] == ["110", "2010"]
        assert seen.accepted_shares is not None
        assert seen.accepted_shares > 0
        assert seen.reject_rate is not None
        if PRESETS[preset].api >= (2, 0, 0):
            assert seen.mac == b.miner.truth()["mac"]
            assert seen.locate is False
            assert seen.psu is not None
            assert seen.psu.power == pytest.approx(b.miner.truth()["power"], rel=0.05)
            assert seen.psu.input_voltage == pytest.approx(PRESETS[preset].supply_volts, rel=0.02)
        # Asked again, it is not asked for what it does not know.
        before = b.miner.connections
        await client.read(slow=True)
        assert b.miner.connections - before <= 7


@pytest.mark.parametrize("preset", KNOWN)
async def test_day_of_a_miner(preset: str) -> None:
    """Off, on, ramping, stable again: the state follows the device."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.check_access()
        seen = await client.read(slow=True)
        assert seen.write_access is True

        await client.set_mining(False)
        assert b.miner.truth()["mining"] is False
        b.pass_time(60)
        seen = await client.read(slow=True)
        assert seen.state is MinerState.STOPPED
        assert seen.off_on_purpose
        assert (seen.hashrate, seen.efficiency) == (0.0, None)
        assert seen.power is not None
        assert seen.power < 30
        shown_off = client.capabilities

        await client.set_mining(True)
        assert b.miner.truth()["mining"] is True
        b.pass_time(1)
        assert (await client.read(slow=False)).state in (
            MinerState.RESTARTING,
            MinerState.STARTING,
        )
        for _ in range(60):
            b.pass_time(10)
            seen = await client.read(slow=False)
            assert seen.mining_wanted is True
            assert seen.state in (MinerState.RESTARTING, MinerState.STARTING, MinerState.MINING)
        b.pass_time(HOUR)
        seen = await client.read(slow=True)
        assert seen.state is MinerState.MINING
        assert seen.hashrate == pytest.approx(b.miner.truth()["hashrate"], rel=0.03)
        # What it has does not depend on what it does.
        assert client.capabilities.merged(shown_off) == client.capabilities
        assert b.miner.max_open_connections == 1


@pytest.mark.parametrize("preset", KNOWN)
async def test_power_is_changed_without_a_restart(preset: str) -> None:
    """By percent and by watts, on every generation that knows percentages."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        assert Feature.POWER_PERCENT in client.capabilities
        restarts, pools = b.miner.truth()["mining_restarts"], b.miner.truth()["pools"]
        before = await client.read(slow=False)
        await client.set_power_percent(80)
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_percent == b.miner.truth()["power_percent"] == 80
        assert seen.power == pytest.approx(0.8 * (before.power or 0), rel=0.05)
        full = client.capabilities.ranges.get(Feature.POWER_TARGET)
        assert full is not None
        wanted = round(full.maximum * 0.6)
        await client.set_power_target(wanted)
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_target is not None
        assert seen.power_target <= wanted
        assert seen.power_target == pytest.approx(wanted, rel=0.03)
        assert seen.power == pytest.approx(seen.power_target, rel=0.05)
        assert seen.state is MinerState.MINING
        assert b.miner.truth()["mining_restarts"] == restarts
        assert b.miner.truth()["pools"] == pools


async def test_percentage_ends_with_the_process() -> None:
    """It does not survive a restart, and is not claimed to."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        await client.set_power_percent(60)
        b.pass_time(HOUR)
        assert (await client.read(slow=False)).power_percent == 60
        await client.restart_mining()
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_percent == b.miner.truth()["power_percent"]


async def test_restore_power() -> None:
    """Back to all of it."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.set_power_percent(60)
        await client.restore_power()
        assert b.miner.truth()["power_percent"] == 100
        assert (await client.read(slow=False)).power_percent == 100


async def test_more_than_all_on_liquid() -> None:
    """A hydro model with new firmware takes up to 200 %."""
    async with bench("M63S") as b:
        client = b.client()
        await client.identify()
        seen = await client.read(slow=True)
        assert seen.power_percent == 100
        assert seen.inlet_temperature is not None
        assert client.capabilities.ranges[Feature.POWER_PERCENT].maximum == 200
        await client.set_power_percent(110)
        b.pass_time(HOUR)
        assert (await client.read(slow=False)).power_percent == 110


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M63S"])
async def test_power_limit(preset: str) -> None:
    """Lasting, with a restart; the range of the target follows it."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        assert (await client.read(slow=True)).power_limit is None
        await client.set_power_limit(2500)
        b.pass_time(HOUR)
        seen = await client.read(slow=True)
        assert seen.power_limit == b.miner.truth()["power_limit"] == 2500
        full = client.capabilities.ranges[Feature.POWER_TARGET].default
        assert full is not None
        # What is in force can be a little less than what was set.
        assert 2400 <= full <= 2510
        assert seen.power == pytest.approx(b.miner.truth()["power"], rel=0.03)


@pytest.mark.parametrize("preset", ["M60S", "M30S++", "M63S", "M50-2022"])
@pytest.mark.parametrize("mode", list(PowerMode))
async def test_power_mode(preset: str, mode: PowerMode) -> None:
    """No answer is normal; the mode shows."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.set_power_mode(mode)
        b.pass_time(HOUR)
        seen = await client.read(slow=True)
        assert seen.power_mode == b.miner.truth()["power_mode"] == mode


@pytest.mark.parametrize("preset", KNOWN)
async def test_restart_mining(preset: str) -> None:
    """Once, and shown by the process being away or counting anew."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=False)
        await client.restart_mining()
        assert b.miner.truth()["mining_restarts"] == 1
        b.pass_time(1)
        seen = await client.read(slow=False)
        assert seen.state in (MinerState.RESTARTING, MinerState.STARTING)
        b.pass_time(HOUR)
        assert (await client.read(slow=False)).state is MinerState.MINING


@pytest.mark.parametrize("preset", ["M60S", "M30S++", "M31S-2021"])
@pytest.mark.parametrize("answered", [True, False])
async def test_reboot(preset: str, answered: bool) -> None:
    """Away for a while, then ramping."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=False)
        if not answered:
            b.miner.faults.unanswered = {"reboot"}
        await client.reboot()
        b.pass_time(10)
        with pytest.raises(UnreachableError):
            await client.read(slow=False)
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.state is MinerState.MINING
        assert seen.uptime is not None
        assert seen.uptime <= HOUR + 10


async def test_reboot_of_a_board_that_drops_off() -> None:
    """Nobody refuses then: connections that do not come about are the sign."""
    async with bench("M60S") as b:
        client = b.client()
        client.api.transport.timeouts = Timeouts(connect=0.3)
        b.miner.faults.unanswered = {"reboot"}
        b.miner.faults.dropped_while_booting = True
        await client.reboot()
        assert b.miner.commands.count("reboot") == 1
        with pytest.raises(UnreachableError, match="no connection within"):
            await client.read(slow=False)
        client.api.transport.timeouts = Timeouts()
        b.pass_time(HOUR)
        assert (await client.read(slow=False)).state is MinerState.MINING


@pytest.mark.parametrize("preset", KNOWN)
async def test_locate(preset: str) -> None:
    """On and off; newer devices tell."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.set_locate(True)
        assert b.miner.truth()["locate"] is True
        b.pass_time(30)
        tells = PRESETS[preset].api >= (2, 0, 0)
        assert (await client.read(slow=True)).locate is (True if tells else None)
        await client.set_locate(False)
        assert b.miner.truth()["locate"] is False
        b.pass_time(30)
        assert (await client.read(slow=True)).locate is (False if tells else None)


@pytest.mark.parametrize("preset", ["M60S", "M30S++", "M31S-2021", "M30S-2020"])
async def test_access(preset: str) -> None:
    """Wrong password and closed write access are told apart."""
    async with bench(preset) as b:
        wrong = b.client("nope")
        with pytest.raises(AuthenticationError):
            await wrong.check_access()
        assert b.miner.truth()["writes"] == 0
        await b.client().check_access()
    async with bench(preset, write_enabled=False) as b:
        client = b.client()
        with pytest.raises(WriteAccessError):
            await client.check_access()
        assert (await client.read(slow=False)).write_access is False
        with pytest.raises(WriteAccessError):
            await client.set_mining(False)
        assert b.miner.truth()["mining"] is True


async def test_password_changed_elsewhere() -> None:
    """The old one is refused from then on; the new one works."""
    async with bench("M60S") as b:
        client = b.client()
        await client.check_access()
        b.miner.password = "other_1"
        with pytest.raises(AuthenticationError):
            await client.set_mining(False)
        await b.client().set_mining(False)
        assert b.miner.truth()["mining"] is False


async def test_token_that_died() -> None:
    """Renewed without anybody noticing, and the command executed once."""
    async with bench("M60S") as b:
        client = b.client()
        await client.set_power_percent(90)
        writes = b.miner.truth()["writes"]
        # Half an hour for the device, an instant for the client.
        b.pass_time(2 * HOUR)
        await client.set_power_percent(80)
        assert b.miner.truth()["power_percent"] == 80
        assert isinstance(writes, int)
        assert b.miner.truth()["writes"] == writes + 1
        assert b.miner.tokens_issued == 2


@pytest.mark.parametrize("preset", ["M60S", "M30S++"])
@pytest.mark.parametrize(
    ("name", "call", "key", "wanted"),
    [
        ("power_off", lambda c: c.set_mining(False), "mining", False),
        ("set_low_power", lambda c: c.set_power_mode(PowerMode.LOW), "power_mode", "low"),
        ("set_led", lambda c: c.set_locate(True), "locate", True),
    ],
)  # fmt: skip
async def test_lost_replies(
    preset: str,
    name: str,
    call: Callable[[WhatsminerClient], Awaitable[None]],
    key: str,
    wanted: object,
) -> None:
    """Executed without a reply: found out by reading, sent once."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        b.miner.faults.unanswered = {name}
        if name == "set_led":
            # The light's state lags by simulated seconds, which do not pass by themselves.
            client.confirm_seconds = 0.2
            with pytest.raises(UnconfirmedError):
                await call(client)
        else:
            await call(client)
        assert b.miner.truth()[key] == wanted
        assert b.miner.commands.count(name) == 1


@pytest.mark.parametrize("wire", [Wire.CLOSE, Wire.RESET, Wire.CUT])
async def test_writes_that_were_not_executed(wire: Wire) -> None:
    """Lost on the way or on the way back: not known, not repeated, and not claimed."""
    async with bench("M60S") as b:
        client = b.client()
        client.confirm_seconds = 0.2
        await client.set_power_percent(100)
        b.miner.faults.wire = wire
        b.miner.faults.wire_commands = {"set_power_pct_v2"}
        with pytest.raises(UnconfirmedError):
            await client.set_power_percent(50)
        assert b.miner.commands.count("set_power_pct_v2") == 2
        assert (await client.read(slow=False)).power_percent is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [(14, UnsupportedError), (45, WriteAccessError), (132, RejectedError), (136, BusyError)],
)
async def test_refusals(code: int, kind: type[MinerError]) -> None:
    """Nothing is executed, and the kind of refusal is told."""
    async with bench("M60S") as b:
        client = b.client()
        b.miner.faults.codes = {"power_off": code}
        with pytest.raises(MinerError) as caught:
            await client.set_mining(False)
        assert type(caught.value) is kind
        assert b.miner.truth()["mining"] is True


@pytest.mark.parametrize("malformed", list(Malformed))
@pytest.mark.parametrize("preset", ["M60S", "M50-2022", "M31S-2021"])
async def test_malformed_replies(preset: str, malformed: Malformed) -> None:
    """Known defects cost nothing."""
    async with bench(preset) as b:
        client = b.client(None)
        b.miner.faults.malformed = {malformed}
        b.miner.faults.error_codes = [110, 600]
        seen = await client.read(slow=True)
        assert seen.hashrate == pytest.approx(b.miner.truth()["hashrate"], rel=0.03)
        assert seen.faults is not None
        assert [fault.code for fault in seen.faults] == ["110", "600"]
        if PRESETS[preset].api >= (2, 0, 0):
            assert seen.psu is not None
            assert seen.psu.temperature is not None
        assert seen.pools


@pytest.mark.parametrize("preset", KNOWN)
async def test_wrong_types(preset: str) -> None:
    """Numbers as text and text as numbers make no difference."""
    async with bench(preset) as b:
        client = b.client()
        identity = await client.identify()
        plain = await client.read(slow=True)
        b.miner.faults.wrong_types = True
        assert await client.identify() == identity
        mixed = await client.read(slow=True)
        assert mixed.state is plain.state
        assert mixed.hashrate == pytest.approx(plain.hashrate, rel=0.03)
        assert mixed.power == pytest.approx(plain.power, rel=0.03)
        assert mixed.pools == plain.pools
        assert len(mixed.boards) == len(plain.boards)
        await client.set_power_percent(90)
        assert b.miner.truth()["power_percent"] == 90


@pytest.mark.parametrize("segment", [1, 7, 1024])
@pytest.mark.parametrize("ending", [b"", b"\0", b"\n"])
async def test_pieces(segment: int, ending: bytes) -> None:
    """However the network cuts it."""
    async with bench("M60S") as b:
        client = b.client()
        b.miner.faults.segment, b.miner.faults.ending = segment, ending
        seen = await client.read(slow=False)
        assert seen.hashrate == pytest.approx(b.miner.truth()["hashrate"], rel=0.03)
        await client.set_power_percent(90)
        assert b.miner.truth()["power_percent"] == 90


async def test_long_list_of_errors() -> None:
    """Hundreds are read; each counts once."""
    async with bench("M60S") as b:
        client = b.client(None)
        b.miner.faults.error_codes = [*range(100, 700), *range(100, 700)]
        seen = await client.read(slow=True)
        assert seen.faults is not None
        assert len(seen.faults) == 600


async def test_things_that_break() -> None:
    """A missing board, dead pools, no hashrate, unknown power."""
    async with bench("M60S") as b:
        client = b.client(None)
        faults = b.miner.faults
        faults.missing_boards = {1}
        seen = await client.read(slow=True)
        # Not in the list, or there with nothing to say.
        assert seen.board(2) is None or not (seen.board(2) or seen.boards[0]).hashrate
        assert seen.faults is not None
        assert "531" in {fault.code for fault in seen.faults}
        faults.missing_boards = set()
        faults.power_unknown = True
        assert (await client.read(slow=False)).power is None
        faults.power_unknown = False
        faults.no_hashrate = True
        seen = await client.read(slow=True)
        assert seen.state is MinerState.FAULT
        assert (seen.hashrate, seen.efficiency) == (0.0, None)
        assert seen.power is not None
        assert seen.power > 100
        faults.dead_pools = {0, 1, 2}
        seen = await client.read(slow=True)
        assert seen.state is MinerState.LIMITED
        assert seen.active_pool is None


@pytest.mark.parametrize(
    "key", ["MHS av", "HS RT", "Power", "Elapsed", "Slot", "mineroff", "Msg", "URL", "vin", "mac"]
)
@pytest.mark.parametrize("preset", ["M60S", "M30S++"])
async def test_missing_keys(preset: str, key: str) -> None:
    """What is not told is not known, and nothing else suffers."""
    async with bench(preset) as b:
        client = b.client(None)
        b.miner.faults.missing_keys = {key}
        if key == "Msg" and preset == "M60S":
            seen = await client.read(slow=False)
            assert seen.hashrate is None
            return
        seen = await client.read(slow=True)
        assert seen.hashrate == pytest.approx(b.miner.truth()["hashrate"], rel=0.05)
        if key == "Power" and preset == "M60S":
            assert Feature.POWER not in client.capabilities


async def test_new_firmware_switches_units() -> None:
    """Boards in MH/s one minute, in TH/s the next: the readings stay."""
    async with bench("M50S") as b:
        client = b.client(None)
        old = await client.identify()
        before = await client.read(slow=True)
        b.miner.change_firmware("M60S")
        after = await client.read(slow=True)
        assert [board.hashrate for board in after.boards] == pytest.approx(
            [board.hashrate for board in before.boards], rel=0.03
        )
        new = await client.identify()
        assert new.mac == old.mac
        assert new.firmware != old.firmware


async def test_mining_again_by_itself() -> None:
    """Some devices resume: that is shown as it is."""
    async with bench("M60S") as b:
        client = b.client()
        b.miner.faults.self_resume_after = 120.0
        await client.set_mining(False)
        b.pass_time(60)
        assert (await client.read(slow=False)).off_on_purpose
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.mining_wanted is True
        assert seen.state is MinerState.MINING


async def test_plug_pulled_and_put_back() -> None:
    """Unreachable while it is away; then the same client reads on."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        await b.miner.unplug()
        with pytest.raises(UnreachableError):
            await client.read(slow=False)
        with pytest.raises(UnreachableError):
            await client.set_mining(False)
        await b.miner.plug()
        b.pass_time(HOUR)
        assert (await client.read(slow=True)).state is MinerState.MINING


async def test_another_device_at_the_address() -> None:
    """The next slow read tells it."""
    async with bench("M60S") as b:
        client = b.client(None)
        first = (await client.read(slow=True)).mac
        b.miner.faults.mac = "A0:5B:06:00:00:01"
        assert (await client.read(slow=True)).mac == "a0:5b:06:00:00:01" != first


async def test_connections_over_a_day() -> None:
    """Polled all day: three connections live, seven with slow values, never two at once.

    From the first slow read on, which tries a join, it is one less.
    """
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        for poll in range(50):
            before = b.miner.connections
            await client.read(slow=poll % 5 == 0)
            expected = 6 if poll % 5 == 0 else 2
            assert b.miner.connections - before == (8 if poll == 0 else expected)
            b.pass_time(15)
        assert b.miner.max_open_connections == 1
        assert b.miner.tokens_issued == 0

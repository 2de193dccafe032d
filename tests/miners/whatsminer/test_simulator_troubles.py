"""The client against simulated devices in trouble: access, lost and broken replies, faults."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature, MinerState, PowerMode
from custom_components.asic_miner.miners.plausible import FAULTS
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.whatsminer import PRESETS, Malformed, Wire

from .bench import bench
from .presets import HOUR, KNOWN


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
    """Hundreds are read; each counts once, and no more are kept than any machine can have."""
    async with bench("M60S") as b:
        client = b.client(None)
        b.miner.faults.error_codes = [*range(100, 700), *range(100, 700)]
        seen = await client.read(slow=True)
        assert seen.faults is not None
        assert len({fault.code for fault in seen.faults}) == len(seen.faults) == FAULTS


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

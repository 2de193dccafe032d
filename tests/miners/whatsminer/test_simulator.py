"""The client against whole simulated devices: what is read, and what orders do."""

import pytest

from custom_components.asic_miner.miners.errors import UnreachableError, UnsupportedError
from custom_components.asic_miner.miners.models import Feature, Identity, MinerState, PowerMode
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts
from tests.simulators.whatsminer import PRESETS

from .bench import bench
from .presets import ALL, HOUR, KNOWN, NAMELESS


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
        # A liquid is asked for each time, and old firmware tells only averages of its hashrate.
        always = {"M20S-2019", "M30S-2020", "M63S"}
        assert b.miner.connections - before == (3 if preset in always else 2)
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
        assert seen.rejected_shares is not None
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
    """Polled all day: one connection live, six with slow values, never two at once.

    The first slow read takes two more: there is no join yet, and it tries one.
    """
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        for poll in range(50):
            before = b.miner.connections
            await client.read(slow=poll % 5 == 0)
            expected = 6 if poll % 5 == 0 else 1
            assert b.miner.connections - before == (8 if poll == 0 else expected)
            b.pass_time(15)
        assert b.miner.max_open_connections == 1
        assert b.miner.tokens_issued == 0

"""Draw that has to change at once, or is given in W by the device's own command."""

import math

import pytest

from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MiningProcessDownError,
    RampingError,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature
from tests.simulators.whatsminer import PRESETS

from .bench import bench
from .devices import BRIEFLY, DOWN, VERSION_20, VERSION_22, miner, newer, status, summary
from .scripted import OK, Wire, envelope, error

KNOWN = sorted(set(PRESETS) - {"M20S-2019"})
RAMPING = summary(**{"Hash Stable": "false", "Elapsed": 100})
UNLIMITED = {"Power Limit": 2147483647}
HOUR = 3600.0
SECOND = 1.0

# The fast form


@pytest.mark.parametrize("preset", KNOWN)
async def test_shed_within_a_second(preset: str) -> None:
    """One request, or two with a token; the gentle form later makes it last."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        before = await client.read(slow=False)
        for percent, requests in ((60, ["get_token", "set_power_pct"]), (40, ["set_power_pct"])):
            b.miner.commands.clear()
            assert await client.set_power_percent(percent, fast=True) is False
            assert b.miner.commands == requests
            b.pass_time(SECOND)
            truth = b.miner.truth()
            assert truth["power_percent"] == percent
            assert truth["power"] == pytest.approx(percent / 100 * (before.power or 0), rel=0.05)
            assert (await client.read(slow=False)).power_percent == percent
        assert await client.set_power_percent(40) is True
        assert b.miner.truth()["mining_restarts"] == 0


async def test_shed_before_anything_is_known() -> None:
    """Asking who it is would take time."""
    async with miner(newer(), identified=False) as (device, client):
        assert await client.set_power_percent(50, fast=True) is False
        assert device.commands == ["get_token", "set_power_pct"]
        # Whether it counts, nobody has seen.
        assert (await client.read(slow=False)).power_percent is None


async def test_shed_while_ramping() -> None:
    """Sent in any case, and no number claimed, but the device's own."""
    async with miner(newer(summary=RAMPING)) as (device, client):
        await client.read(slow=False)
        assert await client.set_power_percent(100, fast=True) is False
        assert device.commands[-1] == "set_power_pct"
        assert (await client.read(slow=False)).power_percent is None
    async with miner(newer(summary=RAMPING, status=status(power_pct=100))) as (_, client):
        await client.read(slow=False)
        await client.set_power_percent(50, fast=True)
        assert (await client.read(slow=False)).power_percent == 100


async def test_no_fast_way_up_while_ramping() -> None:
    """More than it was sent in this ramp waits, by the last poll and without another look."""
    untold = newer(summary=[RAMPING, RAMPING, summary(Elapsed=2000)])
    async with miner(untold) as (device, client):
        await client.read(slow=False)
        await client.set_power_percent(60, fast=True)
        device.requests.clear()
        for percent in (100, 61):
            with pytest.raises(RampingError):
                await client.set_power_percent(percent, fast=True)
        assert device.commands == []
        await client.set_power_percent(40, fast=True)
        # The gentle form holds the same back, and looks at the device for it.
        with pytest.raises(RampingError):
            await client.set_power_percent(41)
        assert device.commands == ["set_power_pct", "summary", "status"]
        await client.read(slow=False)
        assert await client.set_power_percent(100, fast=True) is False
        assert device.requests[-1]["percent"] == "100"
    async with miner(newer(summary=RAMPING, status=status(power_pct=70))) as (device, client):
        await client.read(slow=False)
        with pytest.raises(RampingError):
            await client.set_power_percent(71, fast=True)
        assert "get_token" not in device.commands


async def test_fast_way_up_for_a_miner_that_never_settles() -> None:
    """There must be a way out, also of an order whose answer was lost."""
    never = summary(**{"Hash Stable": "false", "Elapsed": 2700})
    script = newer(summary=[RAMPING, never], set_power_pct=[Wire.CLOSE, OK])
    async with miner(script) as (_, client):
        await client.read(slow=False)
        with pytest.raises(UnconfirmedError):
            await client.set_power_percent(60, fast=True)
        with pytest.raises(RampingError):
            await client.set_power_percent(100, fast=True)
        await client.read(slow=False)
        assert await client.set_power_percent(100, fast=True) is False


async def test_shed_values() -> None:
    """Up to 100, also on liquid cooling; from 25, below which mining would restart."""
    hydro = envelope({**VERSION_22, "miner_type": "M63S_VL30"})
    for identified in (True, False):
        async with miner(newer(get_version=hydro), identified=identified) as (device, client):
            for bad in (-1, 0, 24, 101, 150, 201, 50.5, math.nan, math.inf, True):
                with pytest.raises(InvalidValueError, match=r" %|whole number|a number"):
                    await client.set_power_percent(bad, fast=True)
            assert device.commands == []
            for good in (25, 100):
                await client.set_power_percent(good, fast=True)
            assert [r["percent"] for r in device.requests[1:]] == ["25", "100"]
    old = envelope({**VERSION_20, "api_ver": "1.2"})
    async with miner(newer(get_version=old)) as (device, client):
        with pytest.raises(UnsupportedError):
            await client.set_power_percent(50, fast=True)
        assert device.commands == []


async def test_shed_on_firmware_without_the_fast_form() -> None:
    """Slowly is better than not at all."""
    async with miner(newer(set_power_pct=error(14))) as (device, client):
        for _ in range(2):
            assert await client.set_power_percent(50, fast=True) is False
        assert device.commands == [
            "get_token", "set_power_pct", "set_power_pct_v2", "set_power_pct_v2"
        ]  # fmt: skip
        assert Feature.POWER_PERCENT in client.capabilities
        assert await client.set_power_percent(50) is True
    async with miner(newer(set_power_pct=error(14), set_power_pct_v2=error(14))) as (_, client):
        with pytest.raises(UnsupportedError):
            await client.set_power_percent(50, fast=True)
        assert Feature.POWER_PERCENT not in client.capabilities


async def test_shed_without_an_answer() -> None:
    """Never sent again by itself."""
    async with miner(newer(set_power_pct=Wire.CLOSE)) as (device, client):
        await client.read(slow=False)
        with pytest.raises(UnconfirmedError):
            await client.set_power_percent(50, fast=True)
        assert device.commands.count("set_power_pct") == 1
        assert (await client.read(slow=False)).power_percent is None
    told = (status(power_pct=100), status(power_pct=100), status(power_pct=50))
    async with miner(newer(set_power_pct=Wire.CLOSE, status=told)) as (device, client):
        await client.read(slow=False)
        assert await client.set_power_percent(50, fast=True) is False
        assert device.commands.count("set_power_pct") == 1


async def test_shed_while_off() -> None:
    """The device's refusal is passed on, and nothing changes."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.set_mining(False)
        b.pass_time(60)
        with pytest.raises(RejectedError):
            await client.set_power_percent(50, fast=True)
        with pytest.raises(MiningProcessDownError):
            await client.set_power_percent(50)


@pytest.mark.parametrize("preset", KNOWN)
async def test_less_while_ramping_does_not_last(preset: str) -> None:
    """The simulated ones ignore it, as real ones may; given once more it holds."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        await client.restart_mining()
        b.pass_time(60)
        b.miner.commands.clear()
        assert await client.set_power_percent(50) is False
        assert (await client.read(slow=False)).power_percent in (None, 100)
        if client.capabilities.ranges[Feature.POWER_PERCENT].maximum > 100:
            with pytest.raises(RampingError):
                await client.set_power_percent(101)
        b.pass_time(HOUR)
        assert await client.set_power_percent(50) is True
        assert (await client.read(slow=False)).power_percent == 50
        assert b.miner.truth()["power_percent"] == 50


# In W


@pytest.mark.parametrize("preset", ["M60S", "M63S"])
async def test_power_in_watts(preset: str) -> None:
    """Without a restart; the percentage is unknown then but for the device's own word."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        await client.set_power(3000)
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_target == b.miner.truth()["power_target"] == 3000
        assert seen.power == pytest.approx(3000, rel=0.03)
        assert seen.power_percent == (100 if preset == "M63S" else None)
        assert b.miner.truth()["mining_restarts"] == 0
        # The later one counts.
        await client.set_power_percent(50)
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_percent == 50
        assert seen.power_target == round(PRESETS[preset].nameplate.power / 2)
        await client.set_power(3000)
        await client.restore_power()
        b.pass_time(HOUR)
        seen = await client.read(slow=False)
        assert seen.power_target == PRESETS[preset].nameplate.power


async def test_power_in_watts_is_no_base() -> None:
    """What a device draws then is not what its percentages refer to."""
    for told in (status(), status(power_pct=100)):
        totals = (summary(**UNLIMITED), summary(**UNLIMITED), summary(Power=2000, **UNLIMITED))
        async with miner(newer(summary=totals, status=told)) as (_, client):
            assert (await client.read(slow=False)).power_target == 3400.0
            await client.set_power(2000)
            for _ in range(3):
                assert (await client.read(slow=False)).power_target == 2000.0
            assert client.memory["full_power"] == 3400.0


@pytest.mark.parametrize(
    ("model", "totals", "lowest", "highest"),
    [
        ("M60S_VK30", summary(), 861, 3441),
        ("M63S_VL30", summary(), 861, 6882),
        ("M60S_VK30", summary(**UNLIMITED, **{"HS RT": 150e6}), 500, 7500),
        ("M63S_VL30", summary(**UNLIMITED, **{"HS RT": 150e6}), 500, 20000),
    ],
)
async def test_power_in_watts_within_reach(
    model: str, totals: dict[str, object], lowest: int, highest: int
) -> None:
    """Air ends at the limit in force, liquid at twice that; where unknown, at any model's."""
    told = envelope({**VERSION_22, "miner_type": model})
    async with miner(newer(get_version=told, summary=totals)) as (device, client):
        for bad in (-1, 0, lowest - 1, highest + 1, 99999, 1e6, lowest + 0.5, math.nan):
            with pytest.raises(InvalidValueError, match=r" W$|whole number"):
                await client.set_power(bad)
        assert "get_token" not in device.commands
        for good in (lowest, highest):
            await client.set_power(good)
            assert device.requests[-1]["cmd"] == "set_power"
            assert device.requests[-1]["power"] == str(good)


async def test_power_in_watts_while_not_settled() -> None:
    """Less is sent and not claimed; more is not, and nothing is to one that is off."""
    async with miner(newer(summary=[summary(), RAMPING])) as (device, client):
        await client.read(slow=False)
        assert await client.set_power(3441) is False
        assert (await client.read(slow=False)).power_target is None
        assert await client.set_power(1500) is False
        # It may count, so more than that is more than now.
        with pytest.raises(RampingError):
            await client.set_power(1501)
        with pytest.raises(RampingError):
            await client.set_power_percent(44)
        assert await client.set_power(1500) is False
        assert device.commands.count("set_power") == 3
        device.script["summary"] = summary(Elapsed=2000)
        assert await client.set_power(3000) is True
    hydro = envelope({**VERSION_22, "miner_type": "M63S_VL30"})
    async with miner(newer(summary=RAMPING, get_version=hydro)) as (device, client):
        with pytest.raises(RampingError):
            await client.set_power(3442)
        assert "get_token" not in device.commands
    unknown = summary(Power=1200, **UNLIMITED, **{"Hash Stable": "false", "Elapsed": 100})
    async with miner(newer(summary=unknown)) as (device, client):
        # What it draws already is the most that is surely less.
        with pytest.raises(RampingError):
            await client.set_power(1201)
        await client.set_power(1200)
    off = summary(**{"HS RT": 0, "Hash Stable": "false"})
    for answer, told in ((DOWN, status()), (off, status(mineroff="true"))):
        async with miner(newer(summary=[summary(), answer], status=[status(), told])) as (
            device,
            client,
        ):
            await client.read(slow=False)
            with pytest.raises(MiningProcessDownError):
                await client.set_power(2000)
            assert "get_token" not in device.commands


async def test_power_in_watts_ends_with_the_process() -> None:
    """A new one begins at 100 %."""
    totals = tuple(summary(Elapsed=seconds) for seconds in (9, 9, 20, 1))
    async with miner(newer(summary=totals)) as (_, client):
        await client.read(slow=False)
        await client.set_power(2000)
        assert (await client.read(slow=False)).power_target == 2000.0
        assert (await client.read(slow=False)).power_target == 3441.0


async def test_power_in_watts_without_an_answer() -> None:
    """Nothing tells it, so it stays open; it is not sent again."""
    async with miner(newer(set_power=Wire.CLOSE)) as (device, client):
        await client.read(slow=False)
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_power(2000)
        seen = await client.read(slow=False)
        assert seen.power_target is seen.power_percent is None
        assert device.commands.count("set_power") == 1


async def test_power_in_watts_needs_firmware() -> None:
    """From API 2.2 on; a refusal changes nothing."""
    async with miner(newer(get_version=envelope(VERSION_20))) as (device, client):
        with pytest.raises(UnsupportedError):
            await client.set_power(2000)
        assert device.commands == []
    async with miner(newer(set_power=error(14))) as (_, client):
        await client.read(slow=False)
        with pytest.raises(UnsupportedError):
            await client.set_power(2000)
        assert (await client.read(slow=False)).power_target == 3441.0

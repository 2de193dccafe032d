"""What a device is to draw, where every reply is decided here."""

import math

import pytest

from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import (
    Feature,
    PowerMode,
)
from custom_components.asic_miner.miners.whatsminer import learned
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts
from tests.miners.reasons import because

from .devices import (
    BRIEFLY,
    DOWN,
    STATUS,
    SUMMARY,
    VERSION_20,
    miner,
    newer,
    status,
    summary,
)
from .scripted import OK, Answer, Script, Wire, envelope, error


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


async def test_more_than_now_needs_a_settled_miner() -> None:
    """A ramping one would accept and ignore it; one that does not run has no draw."""
    ramping = summary(**{"Hash Stable": "false", "Elapsed": 2699})
    answers: list[tuple[Answer, type[MinerError]]] = [
        (ramping, RampingError),
        (DOWN, MiningProcessDownError),
        (Wire.CLOSE, MiningProcessDownError),
    ]
    for answer, kind in answers:
        told = status(power_pct=70) if kind is RampingError else envelope(STATUS)
        async with miner(newer(summary=[envelope(SUMMARY), answer], status=told)) as (
            device,
            client,
        ):
            await client.read(slow=False)
            with pytest.raises(kind):
                await client.set_power_percent(80)
            with pytest.raises(kind):
                await client.set_power_target(2700)
            assert "get_token" not in device.commands
            # Back to all of it is possible at any time.
            await client.restore_power()


async def test_less_than_now_is_sent_while_ramping() -> None:
    """For safety. It is not claimed to hold, nor is any number shown for it."""
    ramping = summary(**{"Hash Stable": "false", "Elapsed": 100})
    async with miner(newer(summary=ramping)) as (device, client):
        for percent in (100, 80, 60):
            assert await client.set_power_percent(percent) is False
            assert device.requests[-1]["cmd"] == "set_power_pct_v2"
            assert device.requests[-1]["percent"] == str(percent)
            assert (await client.read(slow=False)).power_percent is None
        assert await client.set_power_target(2000) is False
        assert (await client.read(slow=False)).power_target is None
        # What can be known is known again when it is given once more.
        device.script["summary"] = summary(Elapsed=2000)
        assert (await client.read(slow=False)).power_percent is None
        assert await client.set_power_percent(60) is True
        assert (await client.read(slow=False)).power_percent == 60


async def test_less_than_now_is_told_by_the_device() -> None:
    """Its word is shown, whatever was sent; it is also what now means."""
    ramping = summary(**{"Hash Stable": "false", "Elapsed": 100})
    async with miner(newer(summary=ramping, status=status(power_pct=70))) as (device, client):
        await client.read(slow=False)
        assert await client.set_power_percent(70) is False
        assert (await client.read(slow=False)).power_percent == 70
        with pytest.raises(RampingError):
            await client.set_power_percent(71)
        assert device.commands.count("set_power_pct_v2") == 1


async def test_now_is_all_of_it_after_a_restart_that_no_poll_has_seen() -> None:
    """A ramp aims at 100 %, whatever was set before."""
    ramping = summary(**{"Hash Stable": "false", "Elapsed": 100})
    async with miner(newer(summary=[envelope(SUMMARY), envelope(SUMMARY), ramping])) as (_, client):
        await client.read(slow=False)
        assert await client.set_power_percent(50) is True
        assert await client.set_power_percent(90) is False


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
    """Off is not ramping, whatever the totals say; where it is not told, it may ramp."""
    totals = summary(**{"Hash Stable": "false", "Elapsed": 60, "HS RT": 0})
    async with miner(newer(summary=totals, status=status(mineroff="true"))) as (device, client):
        for percent in (25, 80, 100):
            with pytest.raises(MiningProcessDownError):
                await client.set_power_percent(percent)
        assert "get_token" not in device.commands
    async with miner(newer(summary=totals, status=Wire.CLOSE)) as (_, client):
        assert await client.set_power_percent(80) is False


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


async def test_target_needs_the_full_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for before the first read; where it does not show, nothing is sent."""
    async with miner(newer()) as (device, client):
        await client.set_power_target(2000)
        assert device.requests[-1]["percent"] == "58"
    below = summary(**{"Power Limit": 2147483647, "HS RT": 150e6})
    async with miner(newer(summary=below)) as (device, client):
        with pytest.raises(InvalidValueError, check=because(Reason.FULL_POWER_UNKNOWN)):
            await client.set_power_target(2000)
        assert "get_token" not in device.commands
        # A percentage of 100 makes it known, when it has been obeyed.
        await client.set_power_percent(100)
        with pytest.raises(InvalidValueError, check=because(Reason.FULL_POWER_UNKNOWN)):
            await client.set_power_target(1700)
        monkeypatch.setattr(learned, "_SETTLE_SECONDS", 0.0)
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


LESS = {"Power Limit": 2147483647, "Power": 2000, "HS RT": 180e6}


async def test_full_draw_without_a_limit() -> None:
    """Stable draw at a known 100 %, followed only when it really changes."""
    unlimited = {"Power Limit": 2147483647}
    calm = summary(**unlimited)
    ramping = summary(**unlimited, **{"Hash Stable": "false"})
    async with miner(newer(summary=summary(**unlimited, **{"HS RT": 150e6}))) as (_, client):
        # What the percentage is, nobody said.
        assert (await client.read(slow=False)).power_target is None
    script = newer(
        # Not asked for where the draw stays within noise.
        status=(*(status(power_pct=100),) * 4, status(power_pct=50)),
        summary=[
            ramping,
            calm,
            *(summary(Power=watts, **unlimited) for watts in (3450.0, 3000, -1, 1500)),
        ],
    )
    async with miner(script) as (_, client):
        targets = [(await client.read(slow=False)).power_target for _ in range(6)]
        assert targets == [None, 3400.0, 3400.0, 3000.0, 3000.0, 1500.0]


def draws(*watts: float) -> list[Answer]:
    """Return totals of a settled miner without a limit, one after another."""
    return [summary(**{"Power Limit": 2147483647}, Power=now) for now in watts]


@pytest.mark.parametrize("tells", [True, False])
async def test_full_draw_while_it_still_climbs(
    tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level counts at once and is obeyed in minutes; until then its draw tells nothing.

    Orders in W stay what they are, also in the middle of it.
    """
    told: list[Answer] = [
        status(**({"power_pct": level} if tells else {})) for level in (100, 50, 100)
    ]
    script = newer(summary=draws(3400, 1700, 1700, 2200, 2800, 3100, 3100), status=told)
    async with miner(script) as (device, client):
        assert (await client.read(slow=True)).power_target == 3400
        for level in (50, 100):
            await client.set_power_percent(level)
            assert (await client.read(slow=True)).power_target == 34 * level
        for _ in range(3):
            seen = await client.read(slow=True)
            assert (seen.power_percent, seen.power_target) == (100, 3400)
            await client.set_power_target(1700)
            assert device.requests[-1]["percent"] == "50"
            await client.set_power_percent(100)
        # What it draws ten minutes later is what it draws.
        monkeypatch.setattr(learned, "_SETTLE_SECONDS", 0.0)
        assert (await client.read(slow=True)).power_target == 3100


@pytest.mark.parametrize(
    ("levels", "watts"),
    [
        # Somebody else sets it.
        ((100, 50, 100), (3400, 1700, 1900)),
        # From overdrive, which is on its way down.
        ((100, 150, 100), (3400, 5100, 5000)),
    ],
)
async def test_full_draw_when_others_change_the_level(
    levels: tuple[int, ...], watts: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a climb nor a fall to 100 % is taken for all of it."""
    script = newer(summary=draws(*watts), status=[status(power_pct=now) for now in levels])
    async with miner(script) as (_, client):
        for _ in range(4):
            await client.read(slow=True)
            assert client.memory["full_power"] == 3400
        monkeypatch.setattr(learned, "_SETTLE_SECONDS", 0.0)
        await client.read(slow=True)
        assert client.memory["full_power"] == watts[-1]


async def test_unknown_full_draw_while_it_climbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything known the first draw after a change of level is waited for, too."""
    script = newer(
        summary=[*draws(1700, 1700, 2400, 3400)],
        status=[status(power_pct=50), status(power_pct=100)],
    )
    async with miner(script) as (_, client):
        assert (await client.read(slow=True)).power_target is None
        await client.set_power_percent(100)
        for _ in range(3):
            assert (await client.read(slow=True)).power_target is None
        monkeypatch.setattr(learned, "_SETTLE_SECONDS", 0.0)
        assert (await client.read(slow=True)).power_target == 3400


async def test_full_draw_after_a_restart_of_mining() -> None:
    """Another mining process begins at 100 %, and so a way to it."""
    script = newer(
        summary=[*draws(3400), *(summary(**{**LESS, "Elapsed": at}) for at in (60, 120))],
        status=status(),
    )
    async with miner(script) as (_, client):
        for _ in range(3):
            assert (await client.read(slow=True)).power_target == 3400


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
        for bad in (-1, 101, math.nan, math.inf):
            why = because(Reason.OUT_OF_RANGE, minimum="25 %", maximum="100 %")
            with pytest.raises(InvalidValueError, check=why):
                await client.set_power_percent(bad)
        with pytest.raises(InvalidValueError, check=because(Reason.NOT_A_STEP, step="1")):
            await client.set_power_percent(50.5)
        for bad in (-1, 0, 869, 3451, math.nan):
            why = because(Reason.OUT_OF_RANGE, minimum="870 W", maximum="3450 W")
            with pytest.raises(InvalidValueError, check=why):
                await client.set_power_target(bad)
        for bad in (0, 499, 7501, 99999, 2147483647, math.nan):
            why = because(Reason.OUT_OF_RANGE, minimum="500 W", maximum="7500 W")
            with pytest.raises(InvalidValueError, check=why):
                await client.set_power_limit(bad)
        with pytest.raises(InvalidValueError, check=because(Reason.NOT_A_STEP, step="1")):
            await client.set_power_limit(3000.5)
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

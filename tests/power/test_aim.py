"""What all miners together are to draw, mode by mode, and what is said of it."""

import pytest

from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.aim import Aims
from custom_components.asic_miner.power.aim_model import Aim, Intent
from custom_components.asic_miner.power.model import Ability, Measured, Path, Wait
from custom_components.asic_miner.power.site_model import (
    MinerNow,
    Mode,
    Reason,
    SiteReadings,
    SiteSettings,
    Why,
)

from .rig import START, TARGET
from .states import measured, miner

SETTINGS = SiteSettings(miners=())
MINERS = [miner("a", 2000.0), miner("b", ability=TARGET)]
GRID = SiteReadings(grid=measured(100.0))


def aim(
    settings: SiteSettings = SETTINGS,
    readings: SiteReadings = GRID,
    *,
    aims: Aims | None = None,
    now: float = START,
) -> Aim:
    return (aims or Aims()).aim(settings, readings, MINERS, now)


def with_mode(mode: Mode, **more: object) -> SiteSettings:
    return SiteSettings(miners=(), mode=mode, **more)  # type: ignore[arg-type] # by name


DISCHARGING = SiteSettings(miners=(), discharge=True)


@pytest.mark.parametrize(
    ("settings", "readings", "intent", "reason"),
    [
        (
            with_mode(Mode.FULL),
            SiteReadings(must_stop=True),
            Intent.STOP_NOW,
            Reason(why=Why.MUST_STOP),
        ),
        (with_mode(Mode.OFF), GRID, Intent.STOP, Reason(why=Why.MODE_OFF)),
        (SETTINGS, SiteReadings(permission=False), Intent.STOP, Reason(why=Why.NOT_PERMITTED)),
        (
            DISCHARGING,
            SiteReadings(soc=measured(19.0), battery=measured(defaults.BATTERY_NOISE + 1)),
            Intent.STOP_NOW,
            Reason(why=Why.BATTERY_LOW, data={"soc": 19.0, "limit": 20.0}),
        ),
    ],
)
def test_what_stops_all(
    settings: SiteSettings, readings: SiteReadings, intent: Intent, reason: Reason
) -> None:
    assert aim(settings, readings) == Aim(intent=intent, watts=0.0, reason=reason)


def test_a_battery_stays_low_while_its_sensor_says_nothing() -> None:
    """That it is not known any more is no reason to discharge it again."""
    aims = Aims()
    low = SiteReadings(soc=measured(19.0), battery=measured(3000.0))
    expected = aim(with_mode(Mode.FULL), low, aims=aims)
    assert expected.reason.why is Why.BATTERY_LOW
    for nothing in (SiteReadings(battery=measured(300.0)), SiteReadings()):
        assert aim(with_mode(Mode.FULL), nothing, aims=aims, now=START + 10) == expected
    full = SiteReadings(soc=measured(80.0), battery=measured(300.0))
    assert aim(with_mode(Mode.FULL), full, aims=aims, now=START + 20).intent is not Intent.STOP_NOW


@pytest.mark.parametrize(
    ("settings", "readings"),
    [
        (DISCHARGING, SiteReadings(grid=measured(0.0), soc=measured(20.0), battery=measured(99.0))),
        (DISCHARGING, SiteReadings(grid=measured(0.0), soc=measured(19.0), battery=measured(50.0))),
        (DISCHARGING, SiteReadings(grid=measured(0.0), soc=measured(19.0))),
        (SETTINGS, SiteReadings(grid=measured(0.0), soc=measured(19.0), battery=measured(1.0))),
        (SETTINGS, SiteReadings(grid=measured(0.0), permission=True)),
        (SETTINGS, SiteReadings(grid=measured(0.0), permission=None)),
    ],
)
def test_what_stops_nobody(settings: SiteSettings, readings: SiteReadings) -> None:
    assert aim(settings, readings).intent not in {Intent.STOP, Intent.STOP_NOW}


def test_without_miners_nothing_is_aimed_at() -> None:
    found = Aims().aim(with_mode(Mode.FULL), GRID, [], START)
    assert found == Aim(intent=Intent.HOLD, watts=None, reason=Reason(why=Why.NO_MINERS))


@pytest.mark.parametrize(
    ("mode", "watts"),
    # Watts drawn: one miner's settled draw is 4 % above its order.
    [(Mode.FULL, 3400 + 3200 * 1.04), (Mode.FIXED, 2500.0)],
)
def test_fixed_and_full(mode: Mode, watts: float) -> None:
    settings = with_mode(mode, fixed=2500.0)
    miners = [MINERS[0], miner("b", ability=TARGET, excess=1.04)]
    found = Aims().aim(settings, GRID, miners, START)
    assert found.watts == pytest.approx(watts)
    assert (found.intent, found.reason) == (Intent.BUDGET, Reason(why=Why.FULL))


def test_heat_is_given_to_each() -> None:
    readings = SiteReadings(heat={"a": 1500.0, "b": 700.0})
    found = aim(with_mode(Mode.HEAT), readings)
    reason = Reason(why=Why.BALANCED)
    assert found == Aim(intent=Intent.BUDGET, watts=2200.0, reason=reason, each=readings.heat)


AGES = [
    (defaults.METER_NO_INCREASE, Intent.FOLLOW, Why.NO_SURPLUS),
    (defaults.METER_NO_INCREASE + 1, Intent.NO_RISE, Why.METER_OLD),
    (defaults.METER_HOLD, Intent.NO_RISE, Why.METER_OLD),
    (defaults.METER_HOLD + 1, Intent.HOLD, Why.METER_HOLD),
    (defaults.METER_FLOOR, Intent.HOLD, Why.METER_HOLD),
    (defaults.METER_FLOOR + 1, Intent.FLOOR, Why.METER_FLOOR),
    (defaults.METER_PAUSE, Intent.FLOOR, Why.METER_FLOOR),
    (defaults.METER_PAUSE + 1, Intent.STOP, Why.METER_PAUSE),
]


@pytest.mark.parametrize(("age", "intent", "why"), AGES)
def test_silence(age: float, intent: Intent, why: Why) -> None:
    late = SiteReadings(grid=measured(100.0, age))
    # A battery that is not known hides what the meter would show.
    hidden = SiteReadings(grid=measured(100.0), battery=measured(-10.0, age))
    for silent in (late, hidden):
        found = aim(SETTINGS, silent)
        battery = silent is hidden and why is not Why.NO_SURPLUS
        assert (found.intent, found.reason.why) == (intent, Why.BATTERY_SILENT if battery else why)
        if why is not Why.NO_SURPLUS:
            assert found.reason.data == {"seconds": age}
        assert found.watts == (0.0 if intent is Intent.STOP else found.watts)


def test_a_meter_that_never_spoke_is_silent_since_the_beginning() -> None:
    aims = Aims()
    assert aim(readings=SiteReadings(), aims=aims).intent is Intent.HOLD
    later = aim(readings=SiteReadings(), aims=aims, now=START + defaults.METER_FLOOR + 1)
    assert later.intent is Intent.FLOOR
    # A clock that was set back begins anew.
    assert aim(readings=SiteReadings(), aims=aims, now=START - 9).intent is Intent.HOLD


def at(value: float, now: float) -> Measured:
    return Measured(value=value, at=now)


def test_the_surplus_is_what_miners_draw_and_what_is_exported() -> None:
    settings = SiteSettings(miners=(), reserve=100.0)
    found = aim(settings, SiteReadings(grid=measured(-500.0)))
    # 2000 W and the 15 W of the one that is off.
    assert found == Aim(
        intent=Intent.FOLLOW,
        watts=2015.0 + 500.0 - 100.0,
        reason=Reason(why=Why.NO_SURPLUS, data={"watts": 2415.0}),
    )


def test_cheap_hours() -> None:
    settings = with_mode(Mode.SURPLUS_CHEAP)
    aims = Aims()

    def priced(price: float | None, now: float, limit: float | None = 0.2) -> Aim:
        readings = SiteReadings(grid=at(100.0, now), price=price, price_limit=limit)
        return aim(settings, readings, aims=aims, now=now)

    # It has to last, and to be below the limit by a margin.
    soon = priced(0.19, START)
    assert soon.reason == Reason(
        why=Why.PRICE_SOON, data={"price": 0.19, "limit": 0.2}, until=START + defaults.PRICE_HOLD
    )
    assert soon.intent is Intent.FOLLOW
    assert not soon.eager
    assert priced(0.191, START + 10).reason == Reason(
        why=Why.PRICE_SOON, data={"price": 0.191, "limit": 0.2}
    )
    assert priced(0.19, START + 20).intent is Intent.FOLLOW
    cheap = priced(0.19, START + 20 + defaults.PRICE_HOLD)
    assert cheap == Aim(intent=Intent.BUDGET, watts=6600.0, reason=Reason(why=Why.FULL))
    # Up to the limit it stays cheap; above, what runs is lowered without patience.
    assert priced(0.2, START + 50).intent is Intent.BUDGET
    dear = priced(0.201, START + 60)
    assert dear.reason == Reason(why=Why.PRICE_HIGH, data={"price": 0.201, "limit": 0.2})
    assert (dear.intent, dear.eager, dear.final) == (Intent.FOLLOW, True, True)
    last = priced(0.3, START + 60 + defaults.DEAR_SECONDS - 1)
    assert (last.eager, last.final) == (True, True)
    after = priced(0.3, START + 60 + defaults.DEAR_SECONDS)
    assert (after.eager, after.final) == (False, False)
    assert priced(0.1, START + 400, None).reason == Reason(why=Why.PRICE_UNKNOWN)


def test_a_price_that_is_not_said_stands_for_a_slot() -> None:
    settings = with_mode(Mode.SURPLUS_CHEAP)
    aims = Aims()

    def priced(price: float | None, seconds: float) -> Aim:
        now = START + seconds
        readings = SiteReadings(grid=at(100.0, now), price=price, price_limit=0.2)
        return aim(settings, readings, aims=aims, now=now)

    for seconds in (0, defaults.PRICE_HOLD):
        last = priced(0.1, seconds)
    assert last.intent is Intent.BUDGET
    assert priced(None, seconds).intent is Intent.BUDGET
    slot = seconds + defaults.PRICE_SLOT
    assert priced(None, slot - 1).intent is Intent.BUDGET
    gone = priced(None, slot)
    assert gone.reason == Reason(why=Why.PRICE_UNKNOWN)
    assert (gone.intent, gone.eager, gone.final) == (Intent.FOLLOW, False, False)
    # Only what is really seen to be dear is.
    assert priced(0.2, slot + 10).intent is Intent.BUDGET
    assert priced(None, slot + 20).intent is Intent.BUDGET
    assert priced(0.3, slot + 30).eager


def test_silence_of_the_battery_counts_in_cheap_hours_and_that_of_the_meter_does_not() -> None:
    settings = with_mode(Mode.SURPLUS_CHEAP)
    for age, intent in ((0.0, Intent.BUDGET), (31.0, Intent.NO_RISE), (1801.0, Intent.STOP)):
        aims = Aims()
        for seconds in (0.0, defaults.PRICE_HOLD):
            now = START + seconds
            readings = SiteReadings(
                grid=at(0.0, now - 500), battery=at(0.0, now - age), price=0.1, price_limit=0.2
            )
            found = aim(settings, readings, aims=aims, now=now)
        assert found.intent is intent
        assert found.watts is None or intent is not Intent.NO_RISE


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.FIXED, Mode.SURPLUS, Mode.HEAT])
def test_until_a_permission_is_known_nothing_is_raised(mode: Mode) -> None:
    found = aim(with_mode(mode), SiteReadings(grid=measured(0.0), permission=None))
    assert (found.intent, found.reason.why) == (Intent.NO_RISE, Why.PERMISSION_UNKNOWN)


def test_a_slow_meter_is_awaited_and_its_draw_is_that_of_its_report() -> None:
    aims = Aims()
    for seconds in range(0, 300, 60):
        assert aim(readings=SiteReadings(grid=at(-500.0, START + seconds)), aims=aims).watts
    assert aims.pace == 60

    def looked(seconds: float, draws: float = 2000.0) -> Aim:
        readings = SiteReadings(grid=at(-500.0, START + 240))
        return aims.aim(SETTINGS, readings, [miner("a", draws)], START + 240 + seconds)

    # The 500 W that a miner has been raised by since are not left over a second time.
    before = looked(20)
    assert looked(30, 2500.0).watts == before.watts
    waits = 60 * defaults.METER_PATIENCE
    assert [looked(seconds).intent for seconds in (31, waits, waits + 1, 121)] == [
        Intent.WAIT,
        Intent.WAIT,
        Intent.NO_RISE,
        Intent.HOLD,
    ]


def test_below_nothing_cheap_is_still_below_the_limit() -> None:
    # 5 % of a limit of -0.1 are below it, not above.
    settings = with_mode(Mode.SURPLUS_CHEAP)
    aims = Aims()
    for seconds, price, intent in ((0, -0.102, Intent.FOLLOW), (60, -0.102, Intent.FOLLOW)):
        readings = SiteReadings(grid=at(0.0, START + seconds), price=price, price_limit=-0.1)
        assert aim(settings, readings, aims=aims, now=START + seconds).intent is intent
    for seconds, intent in ((120, Intent.FOLLOW), (180, Intent.BUDGET)):
        readings = SiteReadings(grid=at(0.0, START + seconds), price=-0.106, price_limit=-0.1)
        assert aim(settings, readings, aims=aims, now=START + seconds).intent is intent


def test_a_forbidden_battery_is_tolerated_then_lowered_then_stopped() -> None:
    aims = Aims()

    def discharged(power: float, seconds: float, grid: float = 0.0) -> Aim:
        now = START + seconds
        readings = SiteReadings(grid=at(grid, now), battery=at(power, now))
        return aim(SETTINGS, readings, aims=aims, now=now)

    assert discharged(defaults.BATTERY_NOISE, 0).intent is Intent.FOLLOW
    held = discharged(800.0, 10)
    # Ten Wh are taken by 800 W in 45 s, and by 1200 W in the half minute that it takes to look.
    until = START + 10 + 45
    assert discharged(1500.0, 10).reason.until == START + 10 + defaults.BATTERY_HOLD
    assert held.intent is Intent.NO_RISE
    assert held.ceiling is None
    assert held.reason == Reason(why=Why.BATTERY, data={"watts": 800.0}, until=until)
    assert discharged(800.0, 10 + defaults.BATTERY_HOLD).ceiling is None
    lowered = discharged(800.0, 55, grid=200.0)
    # 2015 W are drawn; 1000 W of it are neither the battery's nor the grid's. One floor runs,
    # and 15 W are what the other draws anyway.
    assert lowered == Aim(
        intent=Intent.NO_RISE,
        watts=1015.0,
        reason=Reason(why=Why.BATTERY, data={"watts": 800.0}),
        ceiling=1015.0,
        soft=True,
    )
    more = discharged(1500.0, 60)
    assert (more.watts, more.ceiling) == (515.0, 1015.0)
    stopped = discharged(1500.0, 10 + defaults.BATTERY_STOP)
    assert (stopped.ceiling, stopped.soft) == (515.0, False)
    # What is over is counted anew.
    assert discharged(0.0, 1000).intent is Intent.FOLLOW
    assert discharged(800.0, 1010).ceiling is None
    assert discharged(800.0, 1040).ceiling is None


def test_what_takes_little_from_a_battery_is_left_to_the_usual_way_and_stopped_in_time() -> None:
    aims = Aims()
    for seconds in range(0, int(defaults.BATTERY_STOP) + 10, 10):
        now = START + seconds
        readings = SiteReadings(grid=at(0.0, now), battery=at(59.0, now))
        found = aim(SETTINGS, readings, aims=aims, now=now)
        taken = 59.0 * seconds / 3600
        hurried = taken >= defaults.BATTERY_HOLD_WH or seconds >= defaults.BATTERY_STOP
        assert (found.ceiling is not None) is hurried
        assert found.intent is Intent.NO_RISE
    assert (found.ceiling, found.soft) == (1956.0, False)


def test_one_that_ramps_counts_in_full_for_a_battery() -> None:
    aims = Aims()
    ramps = [miner("a", 2000.0, blocked_up=Wait.RAMPING)]
    for seconds in (0.0, defaults.BATTERY_HOLD):
        now = START + seconds
        readings = SiteReadings(grid=at(0.0, now), battery=at(1500.0, now))
        found = aims.aim(SETTINGS, readings, ramps, now)
    assert found.ceiling == 2000.0


def test_a_full_battery_may_fall_a_little_before_it_comes_first_again() -> None:
    aims = Aims()

    def charged(soc: float) -> float | None:
        readings = SiteReadings(grid=measured(0.0), battery=measured(-1000.0), soc=measured(soc))
        return Aims.aim(aims, SETTINGS, readings, MINERS, START).watts

    for soc, watts in (
        (94.9, 2015.0),
        (95.0, 3015.0),
        (90.0, 3015.0),
        (89.9, 2015.0),
        (94.9, 2015.0),
    ):
        # The mean over time is another matter: each begins after a long silence.
        aims._smooth.value = None
        assert charged(soc) == watts


def test_zero_export() -> None:
    settings = with_mode(Mode.ZERO_EXPORT)
    aims = Aims()

    def bought(grid: float, seconds: float) -> Aim:
        now = START + seconds
        return aim(settings, SiteReadings(grid=at(grid, now)), aims=aims, now=now)

    def data(grid: float, **more: float) -> dict[str, float]:
        return {"watts": grid, "low": 200.0, "high": 400.0, **more}

    for grid in (200.0, 400.0):
        held = bought(grid, 0)
        assert held == Aim(
            intent=Intent.HOLD, watts=2015.0, reason=Reason(why=Why.BALANCED, data=data(grid))
        )
    # There may be more: a step, and a larger one when it is covered.
    probed = bought(100.0, 10)
    first = 2015.0 + defaults.PROBE_STEP
    assert probed == Aim(
        intent=Intent.FOLLOW,
        watts=first,
        reason=Reason(why=Why.PROBING, data=data(100.0, aim=first)),
    )
    assert bought(100.0, 10 + defaults.PROBE_SETTLE - 1).watts == first
    assert bought(100.0, 10 + defaults.PROBE_SETTLE).watts == first + defaults.PROBE_STEP
    # It has met the grid: it is taken back at once, and not tried again for a while.
    met = bought(500.0, 80)
    assert met.intent is Intent.FOLLOW
    assert met.watts is not None
    assert met.watts <= 2015.0
    assert met.eager
    assert met.reason == Reason(why=Why.NO_SURPLUS, data=data(500.0))
    again = 80 + defaults.PROBE_BACKOFF
    paused = bought(100.0, again - 1)
    assert paused == Aim(
        intent=Intent.HOLD,
        watts=2015.0,
        reason=Reason(why=Why.PROBE_PAUSED, data=data(100.0), until=START + again),
    )
    # The second time in vain it waits twice as long.
    assert bought(100.0, again).reason.why is Why.PROBING
    assert bought(500.0, again + 70).eager is False
    longer = again + 70 + 2 * defaults.PROBE_BACKOFF
    assert bought(100.0, longer - 1).reason.until == START + longer


ZERO = with_mode(Mode.ZERO_EXPORT)
LOW, HIGH = ZERO.band


def look(aims: Aims, grid: float, seconds: float, *miners: MinerNow) -> Aim:
    """Look at miners that get all that the sun gives, and buy so much, after so many seconds."""
    now = START + seconds
    return aims.aim(ZERO, SiteReadings(grid=at(grid, now)), list(miners), now)


@pytest.mark.parametrize(
    ("seconds", "grid", "eager", "paused"),
    [
        (defaults.PROBE_SETTLE - 1, HIGH + 1, True, True),
        (defaults.PROBE_SETTLE, HIGH + 1, False, True),
        (defaults.PROBE_HOLD - 1, HIGH + 1, False, True),
        (defaults.PROBE_HOLD, HIGH + 1, False, False),
        # More than a step can have brought is a cloud.
        (9.0, HIGH + defaults.PROBE_STEP * defaults.PROBE_DOING, True, True),
        (9.0, HIGH + defaults.PROBE_STEP * defaults.PROBE_DOING + 1, True, False),
    ],
)
def test_a_probe_is_taken_back_and_repeated_later_if_it_was_the_probe(
    seconds: float, grid: float, eager: bool, paused: bool
) -> None:
    aims, one = Aims(), miner("a", 2000.0)
    assert look(aims, LOW - 1, 0, one).reason.why is Why.PROBING
    met = look(aims, grid, seconds, one)
    assert (met.intent, met.eager, met.final) == (Intent.FOLLOW, eager, False)
    # What is over is over.
    assert not look(aims, grid, seconds + 1, one).eager
    again = look(aims, LOW - 1, seconds + 2, one)
    if paused:
        assert again.intent is Intent.HOLD
        assert again.reason.until == START + seconds + defaults.PROBE_BACKOFF
    else:
        assert again.reason.why is Why.PROBING
        assert again.watts == 2000.0 + defaults.PROBE_STEP


def test_the_search_waits_longer_each_time_and_not_after_it_found_something() -> None:
    aims, one = Aims(), miner("a", 2000.0)
    now, waits = 0.0, []
    for _ in range(6):
        assert look(aims, LOW - 1, now, one).reason.why is Why.PROBING
        look(aims, HIGH + 1, now + 9, one)
        until = look(aims, LOW - 1, now + 10, one).reason.until
        assert until is not None
        waits.append(until - START - now - 9)
        now = until - START
    longest = defaults.PROBE_BACKOFF_LONGEST
    assert waits == [min(defaults.PROBE_BACKOFF * 2**turn, longest) for turn in range(6)]
    # A step that is covered in full.
    look(aims, LOW - 1, now, one)
    look(aims, LOW - 1, now + defaults.PROBE_SETTLE, one)
    look(aims, HIGH + 1, now + 100, one)
    until = look(aims, LOW - 1, now + 101, one).reason.until
    assert until == START + now + 100 + defaults.PROBE_BACKOFF


@pytest.mark.parametrize(
    ("seconds", "watts"),
    [
        (100.0, 3000.0),
        (defaults.RIDE_LONGEST - 1, 3000.0),
        (defaults.RIDE_LONGEST, 1500.0 + defaults.PROBE_STEP),
    ],
)
def test_what_was_covered_before_a_cloud_is_tried_at_once(seconds: float, watts: float) -> None:
    aims = Aims()
    look(aims, HIGH, 0, miner("a", 3000.0))
    look(aims, HIGH + 2000, 10, miner("a", 3000.0))
    found = look(aims, LOW - 1, seconds, miner("a", 1500.0))
    assert found.reason.why is Why.PROBING
    assert found.watts == watts


def test_what_the_probe_itself_has_met_is_not_tried_again_at_once() -> None:
    aims = Aims()
    look(aims, LOW - 1, 0, miner("a", 2000.0))
    look(aims, LOW, 50, miner("a", 2200.0))
    look(aims, LOW - 1, 60, miner("a", 2200.0))
    look(aims, HIGH + 1, 70, miner("a", 2400.0))
    # So much later that the mean begins anew, too.
    later = 71 + max(defaults.PROBE_BACKOFF, defaults.METER_HOLD)
    found = look(aims, LOW - 1, later, miner("a", 1500.0))
    assert found.watts == 1500.0 + defaults.PROBE_STEP


def test_a_start_that_did_not_hold_is_tried_again_much_later() -> None:
    aims, off = Aims(), miner("a")
    now, waits = 0.0, []
    for _ in range(4):
        started = look(aims, LOW - 1, now, off)
        # There is nothing to add to: the floor is what can be tried.
        assert (started.reason.why, started.watts) == (Why.PROBING, 1000.0)
        look(aims, HIGH + 1, now + 300, miner("a", 1000.0))
        until = look(aims, LOW - 1, now + 400, off).reason.until
        assert until is not None
        waits.append(until - START - now - 400)
        now = until - START
    first, longest = defaults.PROBE_START_BACKOFF, defaults.PROBE_START_BACKOFF_LONGEST
    assert waits == [min(first * 2**turn, longest) for turn in range(4)]


@pytest.mark.parametrize(
    ("miners", "watts"),
    [
        ([miner("a"), miner("b", ability=TARGET, floor=900.0, excess=1.1)], 990.0),
        ([miner("a", 2000.0)], 2000.0 + defaults.PROBE_STEP),
        # What is on its way already is not taken back for being slow.
        ([miner("a", 2000.0, busy=True, current=3000.0)], 3000.0),
        ([miner("a", 2000.0, busy=True, current=2500.0, excess=1.1)], 2750.0),
        ([miner("a", 2000.0, busy=False, current=3000.0)], 2000.0 + defaults.PROBE_STEP),
        ([miner("a", 2000.0), miner("b", busy=True, current=3000.0)], 2215.0),
        # Nobody can draw more than all.
        ([miner("a", 3390.0)], 3400.0),
        ([miner("a", 3390.0, excess=1.1)], 3390.0 + defaults.PROBE_STEP),
    ],
)
def test_what_is_tried(miners: list[MinerNow], watts: float) -> None:
    found = look(Aims(), LOW - 1, 0, *miners)
    assert found.intent is Intent.FOLLOW
    assert found.watts == pytest.approx(watts)


def test_steps_double_up_to_a_share_of_all() -> None:
    for maximum, largest in ((3200.0, defaults.PROBE_STEP_LARGEST), (32_000.0, 3200.0)):
        big = Ability(path=Path.POWER_TARGET, minimum=1000, maximum=maximum)
        aims, steps = Aims(), []
        for turn in range(6):
            found = look(aims, LOW - 1, turn * defaults.PROBE_SETTLE, miner("a", 1000.0, big))
            assert found.watts is not None
            steps.append(found.watts - 1000.0)
        assert steps == [min(defaults.PROBE_STEP * 2**turn, largest) for turn in range(6)]


def test_what_is_bought_beyond_the_middle_of_the_band_is_given_back() -> None:
    found = look(Aims(), HIGH + 1000, 0, miner("a", 2000.0))
    assert found.watts == 2000.0 + (LOW + HIGH) / 2 - (HIGH + 1000)

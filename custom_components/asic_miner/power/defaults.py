"""Every default number of this package, each with its reason.

Sources: "makers" are the vendors' manuals, "field" are measurements and programs that
owners of miners have published, "bench" is what `scripts/bench --power` shows, and "own"
is our judgement where nobody has published a number. Seconds, watts, °C, kWh.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ..miners.lean import dataclass
from .model import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """How quickly one path of commands may be used, and how long it takes to show."""

    up: float
    """Seconds after any change before the draw may be raised."""
    down: float
    """Seconds after any change before it may be lowered, safety apart."""
    confirm: float
    """Seconds within which the measured watts must have followed."""
    overlap: bool
    """Whether the next change may begin before the last has shown."""


TIMES: Mapping[Path, Times] = MappingProxyType(
    {
        # Makers: the gentle percent settles within a few minutes and is meant for frequent
        # changes, so a minute between them; field: 5 min was always enough to settle.
        Path.LIVE_PERCENT: Times(up=60, down=60, confirm=600, overlap=True),
        # Field: changes within 4 to 5 min of each other start an endless loop, and a big
        # step up creeps for many minutes because boards must warm up.
        Path.POWER_TARGET: Times(up=300, down=300, confirm=900, overlap=False),
        # Makers: restart and ramp of 6 to 20 min; 15 min between two keeps at least half of
        # the time for mining.
        Path.RESTART: Times(up=900, down=900, confirm=1800, overlap=False),
        # Nothing between on and off; only minimum on and off times count.
        Path.START_STOP: Times(up=0, down=0, confirm=900, overlap=False),
    }
)

# Guard

MINIMUM_CHANGE_WATTS = 50.0
"""Own: below what meters and miners of 3 kW jitter by (1 to 2 %)."""
MINIMUM_CHANGE_SHARE: Mapping[Path, float] = MappingProxyType(
    {
        # Own, bench: 2.5 % of the maximum is twice the miner's own jitter.
        Path.LIVE_PERCENT: 0.025,
        # Field: steps of 200 to 300 W of about 3.2 kW are what makes a new tuning worth it.
        Path.POWER_TARGET: 0.05,
        # Field: a restart costs more than a tenth of a miner's power for 10 min.
        Path.RESTART: 0.15,
        Path.START_STOP: 0.0,
    }
)


def worthwhile(path: Path, maximum: float) -> float:
    """Return the W by which a draw is changed at least, of a miner that can draw `maximum`."""
    return max(MINIMUM_CHANGE_WATTS, MINIMUM_CHANGE_SHARE[path] * maximum)


MINIMUM_ON = 900.0
"""Own: 15 min. 60 min, as others have, is too long for a pause that costs little; a start
takes up to 10 min, so less would be all ramp."""
MINIMUM_OFF = 600.0
"""Own: 10 min, for the boards to cool down before they are heated again."""
STARTS_PER_DAY = 8
"""Own: makers warn of thermal cycling without a number; 8 is one per hour of a solar day."""
DAY = 86_400.0
READING_FRESH = 90.0
"""Own: six live polls of 15 s. What is older says nothing of now."""
SENDING_LONGEST = 120.0
"""Own: no client works longer on one command; after that its outcome is unknown."""
CONFIRM_SHARE = 0.06
"""Field: a settled draw is 3 to 4 % above its target on some machines."""
CONFIRM_WATTS = 60.0
"""Own: the least tolerance, for small miners and low targets."""
OFF_WATTS = 100.0
"""Field: more than 100 W, 2 min after a stop, is a stop that was not obeyed."""
OFF_CONFIRM = 120.0
"""Field: see OFF_WATTS. A pause shows within 25 s."""
START_CONFIRM = 900.0
"""Field: 6 min with tuned profiles, 10 min by the slow frequency search; and a margin."""
RETRY_FIRST = 120.0
"""Own: a refusal as busy or restarting passes within a minute or two (makers)."""
RETRY_LONGEST = 3600.0
"""Own: what was refused for an hour will be refused still; keep asking once an hour."""
SAFETY_REPEAT = 30.0
"""Own: two polls; so long a lower target may take to show in an emergency before the miner
is stopped instead (field: pause reaches 0 W in about 25 s)."""
SAFETY_CONFIRM_TARGET = 60.0
"""Own: a power target takes a minute to bite even downwards; then it is stopped."""

# Learning

LEARN_WEIGHT = 0.3
"""Own: about the last five observations count."""
LEARN_STEADY = 300.0
"""Field: draw and hashrate say something 5 min after a change; hashrate alone is noisy."""
FELL_OVER_SECONDS = 600.0
FELL_OVER_BELOW = 0.6
FELL_OVER_FACTOR = 1.1
"""Makers: too low a percentage makes a miner unstable, so that it restarts by itself. What
does so within 10 min of an order below 60 % is taken to need a tenth more (own)."""
FLOOR_SHARE_HIGHEST = 0.8
"""Own: a floor above 80 % of the maximum is an error of measurement, not a floor."""
EXCESS: Mapping[Path, float] = MappingProxyType(
    {
        # A percentage is of the measured draw itself.
        Path.LIVE_PERCENT: 1.0,
        # Field: a settled draw was 3 to 4 % above its target on some machines.
        Path.POWER_TARGET: 1.04,
        Path.RESTART: 1.04,
        Path.START_STOP: 1.0,
    }
)
EXCESS_HIGHEST = 1.15
"""Field: draws 3 to 4 % above the target were seen; 15 % bounds what is believed."""
CONFIRM_FACTOR = 3.0
"""Own: a command may take three times as long as it usually does before it counts as lost."""

# Budget

RESUME_WATTS = 100.0
"""Field: the reserve that chargers and diverters keep (about 100 W)."""
RESUME_SHARE = 0.05
"""Own: of the floor, so that large machines have a proportionate hysteresis."""

# Site

LIMIT_SHARE = 0.8
"""Electrical rule for continuous load: at most 80 % of the breaker."""
RISE_NOISE = 0.02
"""Own: of what one miner draws; so far its readings are off for a moment (meters and miners: 1
to 2 %). Who wants more keeps away from a hard limit by that, so that nobody is lowered for a
reading. Of several the noise is independent, so it adds up by squares: where a limit takes at
least four machines, it is half as much of the limit."""
PHASES = (1, 2, 3)
VOLTAGE = 230.0
"""Nominal voltage of Europe; the user may set another."""
TICK = 10.0
"""Seconds between plans; hard limits are looked at each time (others: 5 s to 20 min)."""
RESERVE = 0.0
"""Bench: 100 W, as chargers keep, costs more used surplus than it saves grid energy when
the miners already round down to a step. Advised with a battery: 100 W."""
SMOOTH_UP = 15.0
"""Bench: the lag with which a rising balance is believed. Twice as much loses more surplus
than it saves grid energy."""
SMOOTH_DOWN = 90.0
"""Field: let short clouds pass. Falling is believed more slowly than rising, since coming
back costs a miner minutes. Bench: 120 s buy a fifth more for one percent of surplus."""
STEP_UP_HOLD = 10.0
"""Bench: two plans in a row, so that one odd reading raises nothing. 3 min, as seen in the
field, belong to restarting paths and are kept by their locks."""
STEP_DOWN_HOLD = 60.0
"""Field: 15 s to 5 min; a minute on top of the smoothing lets a short cloud pass."""
START_HOLD = 90.0
"""Field: 1 to 7 min. On top of the smoothing; what starts stays on for MINIMUM_ON."""
ROOM_SHARE = 0.6
"""Bench: the surplus must cover the floor in full before the first miner is started. Of the
next miner's so much must be wasted by full miners before they make room for it, whose floor then
needs no grid power. The same on a circuit."""
CLOCK_JUMP = 120.0
"""Own: twelve plans; if more time passes between two, the clock was set, or the machine slept."""
DECISION_GAP = 20.0
"""Own: one miner changes per decision, and the meter must have seen it begin."""
START_GAP = 30.0
"""Field: inrush spacing between two starts."""
RIDE_THROUGH = 120.0
"""Wh. Own: what a miner at its floor may take from the grid before it is stopped, about what
a start wastes (10 min of ramp at half efficiency of 1.5 kW)."""
RIDE_LONGEST = 1800.0
"""Own: half an hour below the floor is the end of the day, not a cloud."""
NOISE = 50.0
"""Own: W by which a balance moves without meaning anything."""
METER_NO_INCREASE = 30.0
"""Field: a meter gap of about 35 s most evenings; nothing is raised on what is older."""
METER_HOLD = 120.0
"""Own: all decisions stop; what runs goes on."""
METER_FLOOR = 600.0
"""Field: 10 min without a meter; miners go to their floors."""
METER_PATIENCE = 1.5
"""Own: a meter is late after one and a half times what mostly passes between its reports."""
METER_SLOW = 90.0
"""Own: a meter of one minute is common, and miners follow it well enough. One of two minutes
shows a cloud when it has passed, so its owner is told."""
METER_PAUSE = 1800.0
"""Field: 30 min without a meter; miners pause."""
SIGN_STEP = 500.0
"""Own: W by which the draw of the miners must have changed before it says something of the sign of
the meter: as much as five fridges. What miners start, stop and are ordered is mostly more."""
SIGN_SAMPLES = 10
"""Own: reports of the meter that are compared with the draw."""
SIGN_SPACING = (0.0, 30.0)
"""s. Own: between two of them, in two rows. With a quick meter the first is one and a half minutes
long, for orders, stops and starts of 6 W/s and more, and what clouds do is hardly ever as even. The
second, of five minutes, is for machines that start more slowly."""
SIGN_ODD = 2
"""Own: of them that need not fit: a miner says up to 15 s later what the meter shows at once."""
SIGN_SIDE = 3
"""Own: and how many at least there must be with less draw and with more, so that no single odd
report is taken for a change."""
SIGN_SHARE = 0.25
"""Own: of the change; all else that draws or gives may move by so much meanwhile. Miners measure
their draw within a tenth, and what two devices do at the same moment is hardly ever as much as
twice the one, which a wrong conclusion would need."""
SIGN_DOUBT = 2
"""Own: changes against the sign, without one for it, after which nothing is built on the meter: a
small miner makes no more of them before it buys all that it can draw. What is lowered then is the
test: it speaks for the sign if the sign is right. The days of tests/power/test_sign.py try both."""
SIGN_EACH = 2
"""Own: changes against it both up and down, without one for it, after which it is taken to be
wrong. Something that is switched on by chance with a miner is not switched off with it as well,
twice."""
SIGN_MEMORY = 7 * DAY
"""Own: so long a change against it counts. One miner that starts in the evening and stops in the
morning needs two days to have shown all; a right sign shows itself with nearly each change."""
BATTERY_FIRST_SOC = 95.0
"""Field: while the battery charges, its charging power belongs to it below this."""
BATTERY_FIRST_HYSTERESIS = 5.0
"""Own: % by which a full battery may fall before it comes first again."""
BATTERY_DISCHARGE_SOC = 80.0
"""Field: where miners may discharge it at all, then only above this."""
BATTERY_STOP_SOC = 20.0
"""Field: 12 to 20 %; below, miners stop in every mode that may use the battery."""
BATTERY_STOP_HYSTERESIS = 5.0
"""Own: % by which it must be charged again, as BATTERY_FIRST_HYSTERESIS, or each gap in the
clouds of a morning would cost a start."""
BATTERY_NOISE = 50.0
"""Own: watts of discharge that an inverter shows while it regulates."""
BATTERY_HOLD = 30.0
"""Own: seconds that a forbidden discharge may last, while an inverter follows a load, before
miners are lowered without smoothing."""
BATTERY_HOLD_WH = 10.0
"""Own: and Wh that it must have come to, a thousandth of a battery for a house: what a floor of
1 kW takes in BATTERY_HOLD. Less than that is left to the usual, gentle way down: an order in a
hurry for 60 W costs more than it saves. Bench: 25 Wh take more out of the battery and use no
more of the sun."""
BATTERY_STOP = MINIMUM_ON - SAFETY_CONFIRM_TARGET
"""Own: and so long until those are stopped that still discharge it at their floors, if they
have not used up RIDE_THROUGH before. Nothing starts while it is discharged, so what was started
under the last sun has had its minimum on time when the slowest stop has an effect. Bench, twelve
days: 10 min instead need 7.5 starts instead of 5.2, for a tenth less out of the battery."""
BAND_LOW = 200.0
BAND_HIGH = 400.0
"""Field: with zero export, import is held between 200 and 400 W: below there is hidden
surplus to be found, above the grid pays."""
PROBE_STEP = 200.0
"""Field: one step of a probe."""
PROBE_STEP_LARGEST = 800.0
"""Own: steps double while they are covered, up to a quarter of a 3 kW machine."""
PROBE_SHARE = 0.1
"""Bench: or a tenth of what all miners can draw, so that ten find it as soon as three."""
PROBE_DOING = 1.5
"""Own: import above the band beyond so many steps is no probe's doing but a cloud's."""
PROBE_SETTLE = 60.0
"""Bench: what a step of the percent path shows within a minute; slower paths keep their own
locks."""
PROBE_HOLD = 240.0
"""Field: ramp lock of 4 min; import within it after a probe is the probe's doing."""
PROBE_START_BACKOFF = 1800.0
PROBE_START_BACKOFF_LONGEST = 7200.0
"""Own: half an hour, later two, until a start is tried again that did not hold: each one
costs a start and RIDE_THROUGH."""
PROBE_BACKOFF = 120.0
PROBE_BACKOFF_LONGEST = 1800.0
"""Bench: a probe that met nothing but the grid is repeated after two minutes, as clouds pass,
then after twice as long each time, as at night."""
PRICE_MARGIN = 0.05
"""Field: start below the limit minus 5 %, stop above the limit."""
PRICE_SLOT = 900.0
"""Own: the shortest slot of a tariff; so long a price that is not said any more stands."""
PRICE_HOLD = 20.0
"""Own: a slot of a tariff lasts a quarter of an hour at least, so two plans against a sensor's
jump are enough; the field's 10 min lose two thirds of a slot."""
DEAR_SECONDS = 300.0
"""Own: when the grid becomes dear, miners are lowered without the patience that is for
clouds; five minutes are enough for ten of them, one after another."""

# Heat

HEAT_TICK = 30.0
"""Field: how often heat controllers think."""
ROOM_GAIN = 1200.0
"""W per K. Own: full power of a 3 kW machine at 2.5 K below the setpoint; low, since a
loop has far more inertia than a room."""
ROOM_RESET = 5400.0
"""s. Own: the integral makes up for a lasting error in an hour and a half, the order of a
room's own time constant."""
TANK_GAIN = 600.0
TANK_RESET = 14_400.0
"""Own: water is slower than air; four hours, and half the gain."""
HEAT_UP = 300.0
HEAT_DOWN = 600.0
"""Field: 300 s between raises, 600 s between lowerings: cold is felt before warmth."""
ROOM_DEADBAND = 0.3
"""K. Own: above the setpoint by this much and at the floor, the miner pauses; it comes back
when it is below by as much. Half a kelvin is to be held."""
TANK_DEADBAND = 0.5
"""K. Field: hysteresis of a pool controller."""
BOOST_SECONDS = 3600.0
"""Own: one hour, then the preset before it."""
SLEEP_SHARE = 0.5
"""Own: of the maximum; fans are loud in the upper half."""
ECO_SHARE = 0.65
"""Field: J/TH is flat from 1300 to 1900 W of 3 kW and rises above."""
AWAY_TEMPERATURE = 10.0
"""Own: keeps a room from frost and damp."""
SENSOR_FLOOR = 120.0
"""Own: a missing sensor for 2 min means the floor."""
SENSOR_STOP = 600.0
"""Own: and for 10 min no heating."""
CHIP_PAUSE_ABOVE = 5.0
CHIP_LATCH_ABOVE = 10.0
"""Own: reduce at the limit, pause 5 K above, latched 10 K above."""
CHIP_CLEAR_BELOW = 5.0
"""Field: a critical chip at 70 °C clears at 65 °C."""
CHIP_REST = 600.0
"""Own: 10 min, as MINIMUM_OFF, for chips that cannot be read while they are off."""
SUPPLY_SOFT = 50.0
SUPPLY_HARD = 60.0
"""Field: soft and latched hard cap of a boiler loop."""
CHIP_LIMIT_LIQUID = 85.0
"""Field: cap of the chips of a miner in a loop of water, which forces minimum power. Used
where the miner itself does not say what is hot."""
CHIP_LIMIT_AIR = 100.0
"""Own: as above, with fans. A healthy air-cooled machine has been seen at 92.5 °C with 3.4 kW,
so that the 85 °C of a loop would stop what is normal."""
CHIP_LIMIT_LOWEST = 60.0
"""Own: what a miner calls hot below that is taken for an error, and not for its limit."""
COOLING_SECONDS = 30.0
"""Own: so long the readings must show a fan at rest, since one may be wrong and what it trips
only a person can clear."""
FLOW_DELTA = 0.5
"""K. Own: at power, water that flows leaves a miner at least so much warmer: 1 kW warms even
20 l/min by 0.7 K."""
FLOW_WATTS = 1000.0
"""Own: see FLOW_DELTA. Below, too little heat tells nothing."""
FLOW_SETTLE = 120.0
"""Own: for so many s it has mined at power before that is believed. What was read while it was
still cold is shown for up to a minute and a quarter, and water takes its time as well."""
PUMP_GRACE = 5.0
"""Own: a relay that has been told to come on shows it within seconds."""
WAKE_SECONDS = 600.0
"""Own: after a trip the floor is kept for 10 min of running; field: resume low, never straight
to full."""
STUCK_ROOM = 6 * 3600.0
STUCK_WATER = 24 * 3600.0
"""Own: a sensor that shows the very same value for so long, while the miner heats because it is
too cold, is taken for dead. Coarse sensors step by 0.5 K; a pool takes most of a day for that."""
WINDOW_OPEN = 60.0
"""Own: who only passes through a door is no reason to stop heating."""
PUMP_RUN_ON = 240.0
"""Field: 2 to 5 min after the power is gone."""
FROST_OUTSIDE = 5.0
"""Own: below it a hydro loop that is powered off may freeze."""
BACKUP_DELAY = 900.0
"""Own: the miner gets a quarter of an hour to heat before the backup takes over."""
BACKUP_RETRY = 3600.0
"""Own: where nothing is known to keep the miner off, it gets its next quarter of an hour after an
hour of the backup heater."""
STANDBY_SHARE = 0.5
"""Own: of the floor. A miner that draws less than that, or than OFF_WATTS, is at rest; the
smallest ones mine with 40 W."""
BACKUP_OFF_WATTS = OFF_WATTS
"""The backup heater waits until the miner draws no more than this, measured."""

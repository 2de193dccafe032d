"""The meter of the grid the wrong way round: found when it is, and never when it is not."""

from dataclasses import dataclass, replace
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.models import JsonValue
from custom_components.asic_miner.power import defaults
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.sign import Sample, Sign, follows
from custom_components.asic_miner.power.site import SiteController
from custom_components.asic_miner.power.site_model import MinerNow, Mode, SiteReadings, Why
from tests.benchmarks.power.baselines import View
from tests.benchmarks.power.measure import Result
from tests.benchmarks.power.plant import SimMiner
from tests.benchmarks.power.traces import Kind, Trace
from tests.benchmarks.power.world import Controller, Planner, live_through

from .house import House
from .rig import START
from .states import miner

GAP = 10.0
RIGHT, WRONG, HIDDEN = 1, -1, 0
"""How much of the draw the meter shows."""


class Scene:
    """One miner and one meter."""

    def __init__(self, sign: Sign | None = None) -> None:
        """Begin with a miner that draws 1 kW."""
        self.sign = sign or Sign()
        self.now = START
        self.drawn = 1000.0
        self.others = 300.0
        self.absent: list[MinerNow] = []

    def report(self, shows: float, drawn: float | None = None) -> None:
        """Have the meter report, and the miner draw."""
        self.drawn = self.drawn if drawn is None else drawn
        grid = Measured(value=self.others + shows * self.drawn, at=self.now)
        self.sign.listen(grid, [miner("m", self.drawn), *self.absent], self.now)
        self.now += GAP

    def move(self, watts: float, shows: float) -> None:
        """Have the draw change by so much, evenly; what was before does not count."""
        self.sign.listen(None, [], self.now)
        for part in (0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1):
            self.report(shows, 1000 + (part if watts > 0 else 1 - part) * abs(watts))

    def moves(self, shows: float, *watts: float) -> None:
        """Have it change several times."""
        for one in watts:
            self.move(one, shows)

    @property
    def told(self) -> tuple[bool, bool]:
        """Whether it is doubted, and whether it is taken to be wrong."""
        return self.sign.doubted_since is not None, self.sign.wrong


def against(sign: Sign) -> int:
    """Return how many changes speak against it."""
    found = sign.to_json()["against"]
    assert isinstance(found, list)
    return len(found)


def fall(watts: float) -> float:
    return -watts


def test_what_moves_with_the_draw_is_right() -> None:
    scene = Scene()
    scene.moves(RIGHT, *([2000, fall(2000)] * 5))
    assert scene.told == (False, False)
    assert scene.sign.to_json()["against"] == []


def test_one_direction_is_doubted_and_both_are_wrong() -> None:
    scene = Scene()
    told = []
    for watts in (2000, 2000, fall(2000), fall(2000)):
        scene.move(watts, WRONG)
        told.append(scene.told)
    assert told == [(False, False), (True, False), (True, False), (True, True)]
    # It stays so however long nothing is to be seen.
    scene.now += 3 * defaults.DAY
    scene.report(WRONG)
    assert scene.told == (True, True)


def test_what_was_found_long_ago_does_not_count() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000, fall(2000))
    assert scene.told == (True, False)
    scene.now += defaults.SIGN_MEMORY
    scene.move(fall(2000), WRONG)
    assert scene.told == (False, False)


def test_a_doubt_that_nothing_confirms_ends_when_all_have_been_stopped() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    for _ in range(360):
        scene.report(HIDDEN, 3000)
    assert scene.told == (True, False)
    # They stop, and the meter shows nothing of that.
    stopped = scene.now
    while scene.sign.doubted_since is not None:
        scene.report(HIDDEN, 15)
    assert scene.now - stopped == defaults.MINIMUM_OFF + GAP
    # What was found before still counts, but only together with something new.
    scene.move(2000, WRONG)
    assert scene.told == (False, False)
    scene.move(fall(2000), WRONG)
    assert scene.told == (True, False)
    scene.move(fall(2000), WRONG)
    assert scene.told == (True, True)


def test_who_is_not_there_is_not_at_rest() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    for gone in ([], [miner("m", 1000.0, drawn=None, silent=defaults.METER_PAUSE)]):
        scene.sign.listen(None, gone, scene.now)
        scene.now += defaults.MINIMUM_OFF
        scene.sign.listen(None, gone, scene.now)
        assert scene.told == (True, False)


STORED = miner("n", drawn=None, silent=math.inf)
"""One that is switched off for the winter."""


def test_one_that_is_stored_for_the_winter_hides_nothing() -> None:
    scene = Scene()
    scene.absent = [STORED]
    scene.moves(WRONG, 2000, 2000)
    assert scene.told == (True, False)
    scene.moves(WRONG, fall(2000), fall(2000))
    assert scene.told == (True, True)
    scene.move(fall(2000), RIGHT)
    assert scene.told == (False, False)


def test_one_that_falls_silent_in_doubt_does_not_make_it_last_for_ever() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    stopped = scene.now
    while scene.sign.doubted_since is not None:
        silent = scene.now - stopped
        assert silent < 2 * defaults.METER_PAUSE
        scene.absent = [miner("n", drawn=None, silent=silent)]
        scene.report(HIDDEN, 15)
    rested = defaults.METER_PAUSE + GAP + defaults.MINIMUM_OFF
    assert scene.now - stopped == rested + GAP


def test_one_that_is_known_to_be_unplugged_rests_however_long_it_is_silent() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    for _ in range(2):
        scene.sign.listen(None, [miner("m", drawn=0.0, silent=math.inf)], scene.now)
        scene.now += defaults.MINIMUM_OFF
    assert scene.told == (False, False)


@pytest.mark.parametrize("falls", [0, 2])
def test_one_change_for_it_outweighs_all_against_it(falls: int) -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000, *[fall(2000)] * falls)
    assert scene.told == (True, falls == 2)
    scene.move(fall(2000), RIGHT)
    assert scene.told == (False, False)
    scene.move(2000, WRONG)
    assert scene.told == (False, False)


@pytest.mark.parametrize("shows", [HIDDEN, 0.5, -0.5, 2, -2])
def test_what_does_not_fit_says_nothing(shows: float) -> None:
    """Of a battery that makes up for the draw, or of what else is switched on at the same time."""
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    scene.moves(shows, *([2000, fall(2000)] * 5))
    assert scene.told == (True, False)
    assert against(scene.sign) == 2


def test_small_changes_say_nothing() -> None:
    scene = Scene()
    scene.moves(WRONG, *([defaults.SIGN_STEP - 1, 1 - defaults.SIGN_STEP] * 5))
    assert scene.told == (False, False)
    scene.moves(WRONG, *([defaults.SIGN_STEP, -defaults.SIGN_STEP] * 2))
    assert scene.told == (True, True)


def test_a_change_is_weighed_once() -> None:
    scene = Scene()
    scene.move(2000, WRONG)
    for _ in range(30):
        scene.report(WRONG, 3000)
    assert against(scene.sign) == 1


def test_a_slow_start_is_seen_as_well() -> None:
    """Of 2 W/s, which is nothing within ten quick reports."""
    scene = Scene()
    for second in range(0, 600, 10):
        scene.report(WRONG, 1000.0 + 2 * second)
    assert scene.told == (True, False)
    for second in range(0, 600, 10):
        scene.report(RIGHT, 2200.0 - 2 * second)
    assert scene.told == (False, False)


def steps(*, late: int, before: int = 5) -> list[Sample]:
    """Return ten reports of a jump of 1 kW that a miner tells only so many reports later."""
    return [
        Sample(
            at=START + GAP * place,
            grid=300.0 + 1000 * (place >= before - late),
            drawn=1000.0 + 1000 * (place >= before),
        )
        for place in range(defaults.SIGN_SAMPLES)
    ]


def test_a_miner_may_tell_a_little_later_than_the_meter() -> None:
    assert [follows(steps(late=late), 1) for late in range(4)] == [1000, 1000, 1000, None]


def test_reports_on_the_way_count_with_the_side_that_they_are_nearer_to() -> None:
    drawn = [1000.0] * 2 + [1400.0] * 3 + [2000.0] * 5
    samples = [
        Sample(at=START + GAP * place, grid=watts - 700, drawn=watts)
        for place, watts in enumerate(drawn)
    ]
    assert follows(samples, 1) == 1000


@pytest.mark.parametrize(("part", "change"), [(0.49, 1000.0), (0.51, None)])
def test_what_else_is_drawn_may_waver_by_a_share_of_the_jump(
    part: float, change: float | None
) -> None:
    """By half of the share to either side."""
    waver = part * defaults.SIGN_SHARE * 1000
    samples = [
        replace(one, grid=one.grid + (waver if place % 2 else -waver))
        for place, one in enumerate(steps(late=0))
    ]
    # One in the middle, so that neither side is it.
    samples.append(Sample(at=START + GAP * len(samples), grid=1300.0, drawn=2000.0))
    assert follows(samples, 1) == change


def test_a_jump_needs_reports_from_before_and_after() -> None:
    seen = [before for before in range(10) if follows(steps(late=0, before=before), 1)]
    assert seen == [3, 4, 5, 6, 7]


def test_what_is_not_known_is_no_change() -> None:
    scene = Scene()

    def half(second: bool) -> None:
        for _ in range(5):
            scene.report(WRONG, 3000.0 if second else 1000.0)

    def broken_by(how: str) -> int:
        scene.sign = Sign()
        half(False)
        match how:
            case "miner":
                scene.sign.listen(None, [miner("m"), miner("n")], scene.now)
            case "reading":
                silent = miner("m", 1000.0, drawn=None)
                scene.sign.listen(Measured(value=0, at=scene.now), [silent], scene.now)
            case "gap":
                scene.now += defaults.METER_HOLD
            case "clock":
                scene.now -= 3600
        half(True)
        return against(scene.sign)

    assert [broken_by(how) for how in ("", "miner", "reading", "gap", "clock")] == [1, 0, 0, 0, 0]


def test_the_same_report_counts_once() -> None:
    scene = Scene()
    for place in range(10):
        for _ in range(5):
            scene.report(WRONG, 1000.0 + 1000 * (place >= 5))
            scene.now -= GAP
        scene.now += GAP
    assert against(scene.sign) == 1


def test_it_is_kept_over_a_restart() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    again = Scene(Sign(scene.sign.to_json()))
    again.now = scene.now
    assert again.told == (True, False)
    assert again.sign.doubted_since == scene.sign.doubted_since
    again.moves(WRONG, fall(2000), fall(2000))
    assert again.told == Scene(Sign(again.sign.to_json())).told == (True, True)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"wrong": "yes", "trusted": 1, "since": "?", "against": {"at": 1}},
        {"against": [1]},
    ],
)
def test_what_is_stored_wrongly_is_nothing(stored: object) -> None:
    sign = Sign(stored)  # type: ignore[arg-type] # that is the point
    assert (sign.wrong, sign.trusted, sign.doubted_since) == (False, False, None)
    assert sign.to_json() == Sign().to_json()


def test_what_is_trusted_is_never_doubted_whatever_is_stored_beside_it() -> None:
    stored: JsonValue = {"trusted": True, "wrong": True, "since": 5}
    sign = Sign(stored)
    sign.listen(None, [miner("m")], START)
    assert (sign.trusted, sign.wrong, sign.doubted_since) == (True, False, None)


def test_its_owner_has_the_last_word() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000, fall(2000), fall(2000))
    assert scene.told == (True, True)
    # What was found is forgotten, and it is looked for anew: it may be mended, or be wrong again.
    scene.sign.trust()
    assert scene.told == (False, False)
    scene.sign = Sign(scene.sign.to_json())
    scene.moves(WRONG, 2000, 2000, fall(2000))
    assert (scene.told, scene.sign.trusted) == ((True, False), False)
    scene.move(fall(2000), WRONG)
    assert scene.told == (True, True)
    # Who says it again means it.
    scene.sign.trust()
    scene.sign = Sign(scene.sign.to_json())
    scene.moves(WRONG, *([2000, fall(2000)] * 5))
    assert scene.told == (False, False)
    assert scene.sign.trusted


def test_what_was_not_asked_is_no_answer() -> None:
    """As that of a second dialog that was left open."""
    scene = Scene()
    scene.moves(WRONG, 2000, 2000, fall(2000), fall(2000))
    for _ in range(3):
        scene.sign.trust()
    assert not scene.sign.trusted
    scene.moves(WRONG, 2000, 2000)
    scene.sign.trust()
    assert (scene.told, scene.sign.trusted) == ((True, False), False)


def test_what_was_before_its_owner_spoke_is_not_compared_with_what_is_after() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000, fall(2000), fall(2000))
    scene.sign.listen(None, [], scene.now)
    for _ in range(5):
        scene.report(WRONG, 1000)
    scene.sign.trust()
    for _ in range(5):
        scene.report(WRONG, 3000)
    assert against(scene.sign) == 0


def test_a_clock_that_was_set_back_keeps_no_doubt_for_ever() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    scene.now -= 3600
    scene.report(WRONG)
    assert scene.told == (False, False)
    scene.now += 3600
    scene.moves(WRONG, 2000, 2000, fall(2000), fall(2000))
    scene.now -= 7200
    scene.report(WRONG)
    assert scene.sign.doubted_since == scene.now - GAP


# Whatever comes

WATTS = st.floats(min_value=0, max_value=20_000)


@given(
    reports=st.lists(
        st.tuples(st.floats(min_value=-20_000, max_value=20_000), WATTS), min_size=10, max_size=10
    )
)
def test_a_meter_the_other_way_round_is_the_mirror(reports: list[tuple[float, float]]) -> None:
    samples = [
        Sample(at=START + place, grid=grid, drawn=drawn)
        for place, (grid, drawn) in enumerate(reports)
    ]
    mirrored = [replace(one, grid=-one.grid) for one in samples]
    assert follows(samples, -1) == follows(mirrored, 1)


@given(
    reports=st.lists(st.tuples(WATTS, st.floats(min_value=-400, max_value=400)), max_size=60),
    shows=st.sampled_from([RIGHT, 0.8, 1.2, HIDDEN]),
)
def test_a_house_that_moves_by_less_than_a_miner_never_speaks_against_a_right_sign(
    reports: list[tuple[float, float]], shows: float
) -> None:
    """Whatever the miners do and whenever; a battery shows nothing of them but its own noise."""
    scene = Scene()
    for drawn, other in reports:
        # What a battery leaves over is less than the least change.
        scene.others = other if shows else other * 0.4
        scene.report(shows, drawn)
        assert scene.sign.to_json()["against"] == []
    assert scene.told == (False, False)


# In a site


def shows(house: House, factor: float, offset: float = 0.0) -> None:
    """Have the meter of a house show something else than what is drawn from the grid."""
    right = house.readings

    def readings() -> SiteReadings:
        found = right()
        assert found.grid
        other = replace(found.grid, value=factor * found.grid.value + offset)
        return replace(found, grid=other)

    house.readings = readings  # type: ignore[method-assign] # the owner's mistake


def doubtful(house: House) -> None:
    """Have the site know its meter to be wrong from now on."""
    stored: JsonValue = {"sign": {"wrong": True, "since": house.now}}
    house.site = SiteController(house.settings, stored)


def test_in_doubt_all_is_held_then_lowered_then_stopped() -> None:
    house = House(on=True, solar=4500.0)
    house.run(1800)
    before = house.drawn
    # A surplus that nothing changes.
    shows(house, HIDDEN, -3000.0)
    doubtful(house)
    plan = house.run(400)
    assert plan.reason.why is Why.METER_SIGN
    assert house.drawn == pytest.approx(before)
    assert house.run(600).reason.why is Why.METER_SIGN
    assert house.drawn == pytest.approx(2000, abs=50)
    assert house.run(1200).reason.why is Why.METER_SIGN
    assert house.drawn < 100


@pytest.mark.parametrize("jump", [600.0, 3600.0])
@pytest.mark.parametrize("full", [False, True], ids=["surplus", "full"])
def test_a_clock_that_jumps_in_doubt_stops_nobody(jump: float, full: bool) -> None:
    house = House(on=True, solar=4500.0)
    if full:
        house.set(mode=Mode.FULL, import_limit=10_000.0)
    house.run(1800)
    shows(house, HIDDEN, -3000.0)
    doubtful(house)
    house.run(60)
    before = house.drawn
    assert before > 4000
    house.now += jump
    for _ in range(40):
        assert house.step().reason.why is Why.METER_SIGN
        assert house.drawn == pytest.approx(before)
    # From the jump on all goes its way.
    house.run(600)
    assert 1900 < house.drawn < 0.8 * before
    house.run(1200)
    assert house.drawn < 100


def test_a_clock_that_jumps_is_no_rest() -> None:
    scene = Scene()
    scene.moves(WRONG, 2000, 2000)
    scene.report(HIDDEN, 15)
    scene.now += defaults.MINIMUM_OFF
    scene.sign.jumped(scene.now)
    for _ in range(2):
        scene.report(HIDDEN)
        assert scene.told == (True, False)
    scene.now += defaults.MINIMUM_OFF
    scene.report(HIDDEN)
    assert scene.told == (False, False)


@pytest.mark.parametrize("jump", [0.0, 30.0])
def test_what_was_before_a_jump_is_not_compared_with_what_is_after(jump: float) -> None:
    scene = Scene()
    for _ in range(5):
        scene.report(WRONG, 1000.0)
    if jump:
        scene.now += jump
        scene.sign.jumped(scene.now)
    for _ in range(5):
        scene.report(WRONG, 3000.0)
    assert against(scene.sign) == (0 if jump else 1)


def test_a_meter_that_is_believed_is_not_doubted_for_a_jump() -> None:
    sign = Sign()
    sign.jumped(START)
    assert sign.to_json() == Sign().to_json()


def test_what_is_lowered_in_doubt_clears_a_right_meter() -> None:
    house = House(on=True, solar=4500.0)
    house.run(1800)
    doubtful(house)
    house.run(1200)
    assert house.site.sign.to_json() == Sign().to_json()
    house.run(1800)
    assert house.drawn == pytest.approx(4200, abs=100)


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.FIXED])
def test_who_does_not_go_by_the_meter_goes_on(mode: Mode) -> None:
    house = House(on=True)
    house.set(mode=mode, fixed=3000.0)
    doubtful(house)
    assert house.run(3600).reason.why is not Why.METER_SIGN
    assert house.drawn == pytest.approx(6600 if mode is Mode.FULL else 3000, abs=200)


def test_what_rises_from_import_alone_is_caught() -> None:
    """A load at night looks like surplus, and each start like more of it."""
    house = House()
    house.solar = -1200.0
    shows(house, WRONG)
    plan = house.run(2 * 3600)
    assert house.site.sign.wrong
    assert plan.reason.why is Why.METER_SIGN
    assert house.drawn < 100
    # For good, until its owner mends it.
    house.run(6 * 3600)
    assert house.drawn < 100


def test_what_is_right_is_lived_by_as_ever() -> None:
    house = House()
    for solar in (3000.0, 7000.0, 1000.0, 6000.0, 0.0):
        house.solar = solar
        house.run(1800)
        assert house.site.sign.to_json()["against"] == []


# Whole days


@dataclass
class Watched:
    """What was concluded on one day."""

    against: int = 0
    """Changes against the sign that counted together at most."""
    doubted: bool = False
    needed: int | None = None
    """Of them when it was found to be wrong."""


def day(kind: Kind, *, shown: int) -> tuple[Watched, Result]:
    """Live through one with a meter that is right or wrong."""
    watched = Watched()

    def make(trace: Trace, miners: list[SimMiner]) -> Controller:
        planner = Planner(trace, miners)
        sign = planner.site.sign

        def act(now: float, view: View) -> None:
            planner.act(now, replace(view, grid=shown * view.grid))
            watched.against = max(watched.against, against(sign))
            watched.doubted |= sign.doubted_since is not None
            if sign.wrong and watched.needed is None:
                watched.needed = against(sign)

        return act

    return watched, live_through(kind, 3, make, "", 0)


@pytest.mark.parametrize("kind", Kind)
def test_on_no_day_a_right_meter_is_doubted(kind: Kind) -> None:
    """For neither clouds nor kettles, nor a battery, nor an inverter that throttles."""
    watched, lived = day(kind, shown=RIGHT)
    assert lived.kwh > 5
    assert not watched.doubted
    # One of thousands may be a cloud's doing.
    assert watched.against <= 1


@pytest.mark.parametrize("kind", Kind)
def test_on_each_day_a_wrong_meter_is_found_before_it_costs(kind: Kind) -> None:
    """Unless nothing runs. A battery hides what the miners do, but is not emptied for them.

    In hours that are cheap nobody goes by the meter, and what rises then alone proves nothing.
    """
    watched, lived = day(kind, shown=WRONG)
    assert lived.beyond < 3.0
    if kind is Kind.BATTERY or lived.kwh < 0.5:
        return
    assert watched.needed is not None
    assert watched.needed <= 16

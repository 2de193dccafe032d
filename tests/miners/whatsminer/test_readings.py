"""From what devices of every generation say to plain values in fixed units."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.models import (
    Fan,
    Fault,
    MinerState,
    Pool,
    PowerMode,
    PowerSupply,
)
from custom_components.asic_miner.miners.whatsminer import readings
from custom_components.asic_miner.miners.whatsminer.api import ErrorEntry
from custom_components.asic_miner.miners.whatsminer.parse import Json, Record
from custom_components.asic_miner.miners.whatsminer.readings import Live
from custom_components.asic_miner.miners.whatsminer.state import miner_state, stable

from .hurry import UNHURRIED

OFF = Record({"mineroff": "true"})
ON = Record({"mineroff": "false"})


def live(
    summary: dict[str, Json] | None = None,
    boards: list[dict[str, Json]] | None = None,
    status: Record | None = ON,
) -> Live:
    """Return one poll's replies."""
    return Live(
        summary=None if summary is None else Record(summary),
        boards=None if boards is None else tuple(Record(board) for board in boards),
        status=status,
    )


@pytest.mark.parametrize(
    ("summary", "terahashes"),
    [
        ({"HS RT": 67394800.97, "MHS av": 1}, 67.395),
        ({"HS RT": "67394800.97"}, 67.395),
        # Without a real-time value the shortest quiet average.
        ({"MHS 5s": 70668114.52, "MHS 1m": 67439352.49, "MHS av": 67753251.19}, 67.439),
        ({"MHS av": 186000000}, 186.0),
        ({"HS RT": 0}, 0.0),
        ({"HS RT": -1}, None),
        ({"HS RT": float("nan"), "MHS 1m": 5e6}, 5.0),
        ({}, None),
        (None, None),
    ],
)
def test_hashrate(summary: dict[str, Json] | None, terahashes: float | None) -> None:
    """MH/s in, TH/s out."""
    assert readings.hashrate(live(summary).summary) == terahashes


def test_board_hashrates_in_both_units() -> None:
    """The same keys hold MH/s on old and TH/s on new firmware."""
    old = live({"HS RT": 60e6}, [{"Slot": 0, "HS RT": 30e6}, {"Slot": 1, "HS RT": 30.5e6}])
    new = live({"HS RT": 60e6}, [{"Slot": 0, "HS RT": 30.0}, {"Slot": 1, "HS RT": "30.5"}])
    for told in (old, new):
        assert [board.hashrate for board in readings.boards(told)] == [30.0, 30.5]


@pytest.mark.parametrize(
    ("total", "rate", "terahashes"),
    [
        # Boards that have just begun, far below what the size of the number can tell.
        (0.15e6, 50_000.0, 0.05),
        (0.15e6, 0.05, 0.05),
        (None, 50_000.0, 50_000.0),
        (0.0, 0.0, 0.0),
        (150e6, 120_000_000.0, 120.0),
    ],
)
def test_board_hashrate_while_starting(total: float | None, rate: float, terahashes: float) -> None:
    """Where the number alone does not tell its unit, the total does."""
    told = live({"HS RT": total}, [{"Slot": 0, "HS RT": rate}])
    assert readings.boards(told)[0].hashrate == terahashes


def test_boards() -> None:
    """By slot, not by place; a board that is missing is missing."""
    told = live(
        {"HS RT": 60e6},
        [
            {
                "Slot": 3, "HS RT": 30e6, "Factory GHS": 31000, "Temperature": 70.04,
                "Chip Temp Max": 91.234, "Chip Frequency": 650, "Effective Chips": 105,
                "Enabled": "Y",
            },
            {"Slot": 0, "HS RT": -1, "Factory GHS": -1, "Temperature": 0, "Chip Temp Max": "x",
             "Chip Frequency": 0, "Effective Chips": "0", "Enabled": "N"},
            {"Slot": 0, "HS RT": 9e6},
        ],
    )  # fmt: skip
    first, last = readings.boards(told)
    assert (first.index, last.index) == (1, 4)
    assert last.hashrate == 30.0
    assert last.expected_hashrate == 31.0
    assert last.temperature == 70.0
    assert last.chip_temperature == 91.2
    assert last.frequency == 650
    assert last.chips == 105
    assert last.enabled is True
    assert (first.hashrate, first.expected_hashrate) == (None, None)
    assert (first.temperature, first.chip_temperature) == (None, None)
    assert (first.frequency, first.chips, first.enabled) == (0.0, 0, False)
    assert readings.boards(live({})) == ()


@pytest.mark.parametrize("board", [{"ASC": 1}, {"ID": 1}, {"Slot": "1"}])
def test_board_number(board: dict[str, Json]) -> None:
    """From what there is; else from its place."""
    assert readings.boards(live({}, [board]))[0].index == 2
    assert readings.boards(live({}, [{}, {"Slot": -3}, {"Slot": 10**9}]))[2].index == 3


def test_expected_hashrate() -> None:
    """The total, else the sum of what boards know; zero and less is not known."""
    boards: list[dict[str, Json]] = [{"Factory GHS": 30000}, {"Factory GHS": 31500}]
    assert readings.expected_hashrate(live({"Factory GHS": 68796}, boards)) == 68.796
    assert readings.expected_hashrate(live({"Factory GHS": 0}, boards)) == 61.5
    assert readings.expected_hashrate(live({}, [{"Factory GHS": -0.001}])) is None
    assert readings.expected_hashrate(live()) is None


@pytest.mark.parametrize(
    ("summary", "watts", "joules"),
    [
        ({"Power": 3417, "HS RT": 100e6, "Power Rate": 1}, 3417.0, 34.17),
        ({"Power": "3417.4", "HS RT": 100e6}, 3417.4, 34.17),
        ({"Power": -1, "Power_RT": 3400, "HS RT": 100e6}, 3400.0, 34.0),
        ({"Power": -1, "HS RT": 100e6, "Power Rate": 33.5}, None, 33.5),
        ({"Power": -1, "HS RT": 100e6, "Power Rate": 0}, None, None),
        ({"HS RT": 100e6}, None, None),
        ({"Power": 14, "HS RT": 0, "Power Rate": 33.5}, 14.0, None),
        ({"Power": 0, "HS RT": 0}, 0.0, None),
        (None, None, None),
    ],
)
def test_power_and_efficiency(
    summary: dict[str, Json] | None, watts: float | None, joules: float | None
) -> None:
    """Worked out; the device's own efficiency only where there is nothing to work with."""
    told = live(summary).summary
    assert readings.power(told) == watts
    assert readings.efficiency(told) == joules


@pytest.mark.parametrize(
    ("summary", "boards", "celsius"),
    [
        ({"Chip Temp Max": 92.512, "Temperature": 71.5}, [{"Chip Temp Max": 93.0}], 93.0),
        ({"Chip Temp Max": 92.512}, [], 92.5),
        ({"Temperature": 71.5}, [{"Temperature": 70}], 71.5),
        ({"Board Temperature": [70, "72.5", None]}, [{"Temperature": 71}], 72.5),
        ({"Board Temperature": "70"}, [], None),
        # What sensors say while their boards are off.
        ({"Chip Temp Max": 0, "Temperature": 31}, [{"Chip Temp Max": -41.0}], 31.0),
        ({"Chip Temp Max": 200}, [{"Chip Temp Max": -273, "Temperature": 0.0}], None),
        ({}, [], None),
    ],
)
def test_temperature(
    summary: dict[str, Json], boards: list[dict[str, Json]], celsius: float | None
) -> None:
    """Of the hottest chip, else of the hottest board."""
    assert readings.temperature(live(summary, boards)) == celsius


def test_environment_temperature() -> None:
    """Zero is winter while mining and nothing while off."""
    assert readings.environment_temperature(live({"Env Temp": 24.04})) == 24.0
    assert readings.environment_temperature(live({"Env Temp": 0})) == 0.0
    assert readings.environment_temperature(live({"Env Temp": 0}, status=OFF)) is None
    assert readings.environment_temperature(live({"Env Temp": -40})) is None
    assert readings.environment_temperature(live({"Env Temp": 151})) is None
    assert readings.environment_temperature(live()) is None


def test_liquid_temperature() -> None:
    """From newer liquid models only."""
    assert readings.liquid_temperature(Record({"liquid_temp": 38.46})) == 38.5
    assert readings.liquid_temperature(Record({"liquid_temp": 0})) is None
    assert readings.liquid_temperature(None) is None


def test_fans() -> None:
    """Intake first."""
    told = Record({"Fan Speed In": 6450, "Fan Speed Out": "6480"})
    assert readings.fans(told) == (Fan(index=1, speed=6450), Fan(index=2, speed=6480))
    assert readings.fans(Record({"Fan Speed Out": 0})) == (Fan(index=2, speed=0),)
    assert readings.fans(Record({"Fan Speed In": -1})) == ()
    assert readings.fans(None) == ()


def pool(**values: Json) -> Record:
    """Return a pool as devices tell it."""
    return Record({"URL": "stratum+tcp://a:1", "User": "me", "Status": "Alive", **values})


def test_pools() -> None:
    """In order of priority, without what is about to go and what is empty."""
    told = [
        pool(POOL=2, Priority=1, Accepted=1, Rejected=2, Stale=3, **{"Stratum Active": False}),
        pool(POOL=1, Priority=0, User=123, Accepted="7", Rejected=-1, Status="Dead"),
        pool(POOL=3, Priority=2, **{"Stratum Active": True, "To Remove": True}),
        pool(POOL=4, Priority=3, URL=""),
    ]
    first, second = readings.pools(told)
    assert first == Pool(
        index=1, url="stratum+tcp://a:1", user="123", alive=False, active=False, accepted=7
    )
    assert second == Pool(
        index=2, url="stratum+tcp://a:1", user="me", alive=True, active=True,
        accepted=1, rejected=2, stale=3,
    )  # fmt: skip
    assert readings.pools([]) == ()


@pytest.mark.parametrize(
    ("saying", "alive", "active"),
    [
        ([False, True, False], ["Alive", "Alive", "Alive"], 2),
        ([False, True, False], ["Alive", "Dead", "Alive"], 2),
        ([False, True, True], ["Alive", "Dead", "Alive"], 3),
        ([True, True, True], ["Alive", "Alive", "Alive"], 1),
        ([False, False, False], ["Dead", "Rejecting", "Alive"], 3),
        ([None, None, None], ["Dead", "Dead", None], None),
    ],
)
def test_active_pool(
    saying: list[bool | None], alive: list[str | None], active: int | None
) -> None:
    """The one that says so; of several or none the first that is alive."""
    told = [
        pool(Priority=place, Status=status, **{"Stratum Active": says})
        for place, (says, status) in enumerate(zip(saying, alive, strict=True))
    ]
    found = [one.index for one in readings.pools(told) if one.active]
    assert found == ([] if active is None else [active])
    assert readings.pools(told)[2].alive is (None if alive[2] is None else alive[2] == "Alive")


def test_pool_of_which_little_can_be_read() -> None:
    """A word that was spoilt on its way is no word for a dead pool, nor is none."""
    for status in (None, "Al\ufffdve", ""):
        [first, dead] = readings.pools([pool(Status=status), pool(Status="Dead")])
        assert (first.alive, first.active) == (None, None)
        assert (dead.alive, dead.active) == (False, False)
        [idle] = readings.pools([pool(Status=status, **{"Stratum Active": False})])
        assert (idle.alive, idle.active) == (None, False)
        [one, other] = readings.pools([pool(Status=status), pool(**{"Stratum Active": True})])
        assert (one.active, other.active) == (False, True)


def test_shares() -> None:
    """The total where there is one, else over the pools."""
    known = readings.pools([pool(Accepted=5, Rejected=1), pool(Accepted=2), pool()])
    assert readings.shares(Record({"Accepted": 100, "Rejected": 3}), known) == (100, 3)
    assert readings.shares(Record({"Accepted": 100}), known) == (100, None)
    assert readings.shares(Record(), known) == (7, 1)
    assert readings.shares(None, known) == (7, 1)
    assert readings.shares(Record(), None) == (None, None)
    assert readings.shares(Record(), ()) == (None, None)


@pytest.mark.parametrize(
    ("told", "supply"),
    [
        (
            {"vin": "22400", "iin": "15407", "pin": "3482", "temp0": "36.5", "fan_speed": "9060"},
            PowerSupply(
                input_voltage=224.0,
                input_current=15.407,
                power=3482.0,
                temperature=36.5,
                fan_speed=9060,
            ),
        ),
        (
            {"vin": "224", "iin": 0, "pin": 15, "temp0": "0", "fan_speed": 0},
            PowerSupply(input_voltage=224.0, input_current=0.0, power=15.0, fan_speed=0),
        ),
        ({"vin": "39600"}, PowerSupply(input_voltage=396.0)),
        ({"vin": "x", "pin": "-1", "iin": "-5"}, None),
        ({}, None),
    ],
)
def test_power_supply(told: dict[str, Json], supply: PowerSupply | None) -> None:
    """10 mV or V, mA, W, °C, all of them as text."""
    assert readings.power_supply(Record({"name": "P21", **told})) == supply


def test_faults_of_old_firmware() -> None:
    """In the summary, by number; factory codes are history."""
    told = Record(
        {
            "Error Code 0": 110,
            "Error Code 1": "2350",
            "Error Code 2": 600,
            "Error Code 0 Time": "x",
            "Error Code Count": 2,
            "Factory Error Code 0": 9,
            "Factory Error Code Count": 1,
        }
    )
    found = readings.summary_faults(told, hydro=False)
    assert found is not None
    assert [(fault.code, fault.minor) for fault in found] == [("110", False), ("2350", True)]
    assert all(fault.message and fault.remedy for fault in found)
    assert readings.summary_faults(Record({"Error Code Count": 0}), hydro=False) == ()
    assert (
        readings.summary_faults(Record({"Error Code Count": -1, "Error Code 0": 1}), hydro=False)
        == ()
    )
    assert readings.summary_faults(Record(), hydro=False) is None


def test_listed_faults() -> None:
    """Each with its meaning, by the family's own list of harmless ones."""
    entries = [ErrorEntry(code="202"), ErrorEntry(code="4711")]
    hydro = readings.listed_faults(entries, hydro=True)
    assert [(fault.code, fault.minor) for fault in hydro] == [("202", True), ("4711", False)]
    assert not readings.listed_faults(entries, hydro=False)[0].minor
    assert hydro[1].message == "Unknown fault 4711"
    # What cools it is told apart, since heating stops for it.
    fans = readings.listed_faults([ErrorEntry(code="110"), ErrorEntry(code="202")], hydro=False)
    assert [fault.cooling for fault in fans] == [True, False]


def test_locate() -> None:
    """Anything but automatic has been set by somebody."""
    assert readings.locate(Record({"ledstat": "auto"})) is False
    assert readings.locate(Record({"ledstat": "0,200,100,0 1,200,100,0 "})) is True
    assert readings.locate(Record({"ledstat": ""})) is None
    assert readings.locate(Record({"ledstat": "aut\ufffd"})) is None
    assert readings.locate(None) is None


def test_mac() -> None:
    """From wherever it comes for free."""
    told = Record({"MAC": "C4:08:28:00:A4:19"})
    assert readings.mac(None, told) == "c4:08:28:00:a4:19"
    assert readings.mac(Record({"mac": "nonsense"}), told) == "c4:08:28:00:a4:19"
    assert readings.mac(None, None) is None


@pytest.mark.parametrize(
    ("summary", "status", "mode"),
    [
        ({"Power Mode": "Normal"}, {"power_mode": ""}, PowerMode.NORMAL),
        ({"Power Mode": "Normal"}, {"power_mode": "low"}, PowerMode.LOW),
        ({"Power Mode": "HIGH"}, {}, PowerMode.HIGH),
        ({"Power Mode": ""}, {}, None),
        ({"Power Mode": "Turbo"}, {}, None),
    ],
)
def test_power_mode(
    summary: dict[str, Json], status: dict[str, Json], mode: PowerMode | None
) -> None:
    """From either reply, in either case."""
    assert readings.power_mode(live(summary, status=Record(status))) is mode


@pytest.mark.parametrize(
    ("told", "watts"),
    [(3500, 3500.0), ("3500", 3500.0), ("", None), (0, None), (2147483647, None),
     ("2147483647", None), (99999, None), (-1, None), (None, None)],
)  # fmt: skip
def test_power_limits(told: Json, watts: float | None) -> None:
    """Nothing, zero and the stand-ins for "no limit" are none."""
    assert readings.limit_as_set(Record({"power_limit_set": told})) == watts
    assert readings.limit_in_force(Record({"Power Limit": told})) == watts
    assert readings.limit_as_set(None) is None
    assert readings.limit_in_force(None) is None


HASHING: dict[str, Json] = {"HS RT": 100e6, "Hash Stable": True, "Elapsed": 5000}
RAMPING: dict[str, Json] = {**HASHING, "Hash Stable": "false", "Elapsed": 500}
BEGUN: dict[str, Json] = {"HS RT": 1e6, "Elapsed": 9}
IDLE: dict[str, Json] = {"HS RT": 0, "Elapsed": 5000}
FAULTY = (Fault(code="110", message="x"),)
HARMLESS = (Fault(code="2350", message="x", minor=True),)
DEAD = (Pool(index=1, url="u", user="w", alive=False),)
UNTOLD = (*DEAD, Pool(index=2, url="u", user="w"))
DOWN = Live(status=ON, process_down=True)
BOARDS: list[dict[str, Json]] = [{"Slot": 0, "Upfreq Complete": 1}]


@pytest.mark.parametrize(
    ("told", "faults", "pools", "state"),
    [
        (live(HASHING, BOARDS), None, None, MinerState.MINING),
        (live(HASHING, BOARDS), FAULTY, DEAD, MinerState.MINING),
        (live(RAMPING, BOARDS), None, None, MinerState.STARTING),
        # One that never calls itself stable.
        (live({**RAMPING, "Elapsed": 5000}, BOARDS), None, None, MinerState.MINING),
        (live({**BEGUN}, [{"Upfreq Complete": 0}]), None, None, MinerState.STARTING),
        (live({**BEGUN, "Upfreq Complete": "0"}), None, None, MinerState.STARTING),
        # One bad board does not make a stable miner a starting one.
        (live(HASHING, [{"Upfreq Complete": 0}]), None, None, MinerState.MINING),
        (live({"HS RT": 1e6}, BOARDS), None, None, MinerState.MINING),
        (live(HASHING, BOARDS, None), None, None, MinerState.MINING),
        # Off on purpose, whatever else is said.
        (live(IDLE, BOARDS, OFF), FAULTY, None, MinerState.STOPPED),
        (live(HASHING, BOARDS, OFF), None, None, MinerState.STOPPED),
        (live(status=OFF), None, None, MinerState.STOPPED),
        (live(IDLE, status=Record({"btmineroff": "true"})), None, None, MinerState.STOPPED),
        # No mining process.
        (DOWN, None, None, MinerState.RESTARTING),
        (Live(status=ON, process_silent=True), None, None, MinerState.RESTARTING),
        (Live(status=None, process_down=True), None, None, MinerState.STOPPED),
        (live(), None, None, MinerState.UNKNOWN),
        # Set to mine, and no hashes.
        (live(IDLE, []), None, None, MinerState.FAULT),
        (live({**IDLE, "Elapsed": 10}, []), None, None, MinerState.FAULT),
        (live(IDLE, BOARDS), None, DEAD, MinerState.LIMITED),
        # Not every pool is said to be dead.
        (live(IDLE, BOARDS), None, UNTOLD, MinerState.FAULT),
        (live({**IDLE, "Elapsed": 10}, BOARDS), FAULTY, None, MinerState.STARTING),
        (live(IDLE, BOARDS), FAULTY, None, MinerState.FAULT),
        (live(IDLE, BOARDS), HARMLESS, None, MinerState.FAULT),
        (live({"HS RT": 0}, BOARDS), FAULTY, None, MinerState.FAULT),
        (live({"HS RT": 0}, BOARDS), HARMLESS, (), MinerState.UNKNOWN),
        (live(IDLE, BOARDS, None), None, None, MinerState.UNKNOWN),
    ],
)  # fmt: skip
def test_state(
    told: Live,
    faults: tuple[Fault, ...] | None,
    pools: tuple[Pool, ...] | None,
    state: MinerState,
) -> None:
    """One of each kind."""
    assert miner_state(told, faults, pools) is state


def test_stable() -> None:
    """Only a hashing and settled miner has the draw that percentages refer to."""
    assert stable(live(HASHING))
    assert not stable(live(IDLE))
    assert not stable(live({**HASHING, "Hash Stable": False}))


KEYS = st.sampled_from(
    ["HS RT", "MHS 1m", "Factory GHS", "Power", "Power_RT", "Power Rate", "Chip Temp Max",
     "Temperature", "Board Temperature", "Env Temp", "Fan Speed In", "Fan Speed Out", "Slot",
     "ASC", "Upfreq Complete", "Hash Stable", "Elapsed", "Accepted", "Rejected", "URL", "User",
     "Status", "Priority", "Stratum Active", "To Remove", "vin", "iin", "pin", "temp0",
     "fan_speed", "ledstat", "mac", "MAC", "power_mode", "Power Mode", "Power Limit",
     "power_limit_set", "mineroff", "Error Code Count", "Error Code 0", "Effective Chips"]
)  # fmt: skip
JUNK: st.SearchStrategy[Json] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([])
)
RECORDS = st.dictionaries(KEYS, JUNK, max_size=12).map(Record)


@UNHURRIED
@given(
    summary=st.none() | RECORDS,
    boards=st.none() | st.lists(RECORDS, max_size=3).map(tuple),
    status=st.none() | RECORDS,
    others=st.lists(RECORDS, max_size=3),
)
def test_nothing_a_device_says_does_harm(
    summary: Record | None,
    boards: tuple[Record, ...] | None,
    status: Record | None,
    others: list[Record],
) -> None:
    """Wrong types, missing keys and impossible numbers give None, never an exception."""
    told = Live(summary=summary, boards=boards, status=status)
    pools = readings.pools(others)
    for value in (
        readings.hashrate(summary),
        readings.expected_hashrate(told),
        readings.power(summary),
        readings.efficiency(summary),
    ):
        assert value is None or value >= 0
    for celsius in (readings.temperature(told), readings.environment_temperature(told)):
        assert celsius is None or -20 <= celsius <= 150
    for board in readings.boards(told):
        assert board.hashrate is None or board.hashrate >= 0
    assert miner_state(told, None, pools) in MinerState
    readings.shares(summary, pools)
    readings.fans(summary)
    readings.power_mode(told)
    readings.summary_faults(summary or Record(), hydro=False)
    for record in others:
        readings.power_supply(record)
        readings.locate(record)
        readings.mac(record)

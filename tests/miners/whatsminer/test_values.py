"""From one reply to one value: which member counts, in which unit, and what says nothing."""

from collections.abc import Callable

import pytest

from custom_components.asic_miner.miners.models import MinerState, Pool, PowerMode, PowerSupply
from custom_components.asic_miner.miners.whatsminer import readings
from custom_components.asic_miner.miners.whatsminer.device import (
    Model,
    api_version,
    mac_address,
    unquoted,
)
from custom_components.asic_miner.miners.whatsminer.parse import Json, Record, as_flag, as_number
from custom_components.asic_miner.miners.whatsminer.readings import Live
from custom_components.asic_miner.miners.whatsminer.state import miner_state

ON: dict[str, Json] = {"mineroff": "false"}


def live(
    summary: dict[str, Json] | None = None,
    *boards: dict[str, Json],
    status: dict[str, Json] | None = None,
    away: bool = False,
) -> Live:
    return Live(
        status=Record(ON if status is None else status),
        summary=None if summary is None else Record(summary),
        boards=tuple(map(Record, boards)),
        process_down=away,
        process_silent=False,
    )


@pytest.mark.parametrize(
    ("read", "summary", "value"),
    [
        (readings.power, {"Power": 3000, "Power_RT": 1}, 3000.0),
        (readings.power, {"Power": 0, "Power_RT": 1}, 0.0),
        (readings.power, {"Power": -1, "Power_RT": 2900}, 2900.0),
        (readings.power, {"Power": -1, "Power_RT": -1}, None),
        (readings.power, {"Power_RT": 0}, 0.0),
        (readings.power, {}, None),
        (readings.limit_in_force, {"Power Limit": 3600}, 3600.0),
        (readings.limit_in_force, {"Power Limit": 1}, 1.0),
        (readings.limit_in_force, {"Power Limit": 0}, None),
        (readings.limit_in_force, {"Power Limit": 99_998}, 99_998.0),
        (readings.limit_in_force, {"Power Limit": 99_999}, None),
        (readings.limit_as_set, {"power_limit_set": "3600"}, 3600.0),
        (readings.limit_as_set, {"power_limit_set": ""}, None),
        (readings.liquid_temperature, {"liquid_temp": 35.55}, 35.5),
        (readings.liquid_temperature, {"liquid_temp": 0}, None),
        (readings.locate, {"ledstat": "auto"}, False),
        (readings.locate, {"ledstat": "AUTO"}, False),
        (readings.locate, {"ledstat": "manual"}, True),
        (readings.locate, {}, None),
        (readings.ip_address, {"ip": "192.0.2.7"}, "192.0.2.7"),
        (readings.ip_address, {"ip": "0.0.0.0"}, None),
        (readings.ip_address, {"ip": "nonsense"}, None),
        (readings.mac, {"mac": "C4-11-04-AB-CD-EF"}, "c4:11:04:ab:cd:ef"),
        (readings.mac, {"MAC": "c4:11:04:ab:cd:ef"}, "c4:11:04:ab:cd:ef"),
        (readings.mac, {"mac": "00:00:00:00:00:00"}, None),
    ],
)
def test_one_value(
    read: Callable[[Record | None], object], summary: dict[str, Json], value: object
) -> None:
    assert read(Record(summary)) == value
    assert read(None) is None


def test_the_first_mac_that_is_one_counts() -> None:
    none, first, second = (
        Record({}),
        Record({"mac": "c4:11:04:00:00:01"}),
        Record({"mac": "c4:11:04:00:00:02"}),
    )
    assert readings.mac(None, none, first, second) == "c4:11:04:00:00:01"


@pytest.mark.parametrize(
    ("summary", "efficiency"),
    [
        ({"HS RT": 100_000_000, "Power": 3050, "Power Rate": 1}, 30.5),
        ({"HS RT": 100_000_000, "Power": -1, "Power Rate": 31}, 31.0),
        ({"HS RT": 100_000_000, "Power": 0, "Power Rate": 0}, None),
        ({"HS RT": 0, "Power": 3050, "Power Rate": 31}, None),
        ({"Power": 3050}, None),
    ],
)
def test_efficiency(summary: dict[str, Json], efficiency: float | None) -> None:
    assert readings.efficiency(Record(summary)) == efficiency


@pytest.mark.parametrize(
    ("seen", "hottest"),
    [
        (live({"Chip Temp Max": 80.04, "Temperature": 70}, {"Chip Temp Max": 79}), 80.0),
        (live({"Chip Temp Max": 0}, {"Chip Temp Max": 79}, {"Chip Temp Max": 78}), 79.0),
        (live({"Temperature": 70}, {"Temperature": 71}), 71.0),
        (live({"Temperature": 70, "Board Temperature": ["72.5", 69]}), 72.5),
        (live({"Temperature": 0}), None),
        (live(None), None),
    ],
)
def test_temperature(seen: Live, hottest: float | None) -> None:
    assert readings.temperature(seen) == hottest


@pytest.mark.parametrize(
    ("value", "off", "shown"),
    [
        (25.55, False, 25.6),
        (0, False, 0.0),
        (0, True, None),
        (-12, True, -12.0),
        (999, False, None),
        (-273, False, None),
    ],
)
def test_environment_temperature(value: float, off: bool, shown: float | None) -> None:
    status: dict[str, Json] = {
        "mineroff": "true" if off else "false",
        "btmineroff": "true" if off else "false",
    }
    seen = live({"Env Temp": value}, status=status)
    assert readings.environment_temperature(seen) == pytest.approx(shown, abs=0.06)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (live({"Factory GHS": 112_345}), 112.345),
        (live({"Factory GHS": 0}, {"Factory GHS": 40_000}, {"Factory GHS": 41_000}), 81.0),
        (live({"Factory GHS": -1}, {"Factory GHS": -1}), None),
        (live({}, {"Factory GHS": 0}), None),
    ],
)
def test_expected_hashrate(seen: Live, expected: float | None) -> None:
    assert readings.expected_hashrate(seen) == expected


def test_hashboards_by_slot() -> None:
    boards: list[dict[str, Json]] = [
        {
            "Slot": 1,
            "Temperature": 65.04,
            "Chip Temp Max": 0,
            "Chip Frequency": 600,
            "Effective Chips": 148,
            "Enabled": "Y",
        },
        {
            "ASC": 0,
            "Factory GHS": 37_000,
            "Chip Temp Max": 80,
            "Chip Frequency": -1,
            "Effective Chips": -1,
            "Enabled": "N",
        },
        {"Slot": 1, "Temperature": 1},
        {"Slot": 99},
    ]
    first, second, fourth = readings.boards(live({}, *boards))
    assert (first.index, first.expected_hashrate, first.chip_temperature) == (1, 37.0, 80.0)
    assert (first.frequency, first.chips, first.enabled) == (None, None, False)
    assert (second.index, second.temperature, second.chip_temperature) == (2, 65.0, None)
    assert (second.frequency, second.chips, second.enabled) == (600.0, 148, True)
    assert fourth.index == 4, "a slot that cannot be: its place counts"


def pool(record: dict[str, Json]) -> dict[str, Json]:
    return {"URL": "stratum+tcp://pool", "User": "worker", "Status": "Alive", **record}


def test_pools_in_order() -> None:
    records: list[dict[str, Json]] = [
        pool({"Priority": 2, "Accepted": 5, "Rejected": 6, "Stale": 7, "Status": "Dead"}),
        pool({"Priority": 1, "Accepted": -1, "Status": "ALIVE"}),
        pool({"Priority": 0, "To Remove": True}),
        pool({"Priority": 3, "URL": ""}),
        {"POOL": 4, "URL": "other"},
    ]
    assert readings.pools(map(Record, records)) == (
        Pool(index=1, url="stratum+tcp://pool", user="worker", alive=True, active=True),
        Pool(
            index=2,
            url="stratum+tcp://pool",
            user="worker",
            alive=False,
            active=False,
            accepted=5,
            rejected=6,
            stale=7,
        ),
        Pool(index=3, url="other", user="", alive=None, active=False),
    )


@pytest.mark.parametrize(
    ("records", "active"),
    [
        ([{}, {"Stratum Active": True}], 1),
        ([{"Status": "Dead", "Stratum Active": True}, {}], 0),
        # More than one says so: the first of them that is alive.
        ([{"Status": "Dead", "Stratum Active": True}, {"Stratum Active": True}, {}], 1),
        ([{"Status": "Dead"}, {}], 1),
        ([{"Status": "Dead"}], None),
    ],
)
def test_the_pool_that_is_mined_on(records: list[dict[str, Json]], active: int | None) -> None:
    found = readings.pools(Record(pool(record)) for record in records)
    assert [one.active for one in found] == [place == active for place in range(len(records))]


def test_shares_of_the_whole_count_before_those_of_pools() -> None:
    pools = tuple(
        Pool(index=index, url="", user="", accepted=accepted, rejected=1)
        for index, accepted in enumerate((3, None, 4), 1)
    )
    assert readings.shares(Record({"Accepted": 9, "Rejected": 2}), pools) == (9, 2)
    assert readings.shares(Record({"Accepted": 0}), pools) == (0, None)
    assert readings.shares(Record({"Accepted": -1}), pools) == (7, 3)
    assert readings.shares(None, pools) == (7, 3)
    assert readings.shares(None, None) == (None, None)


@pytest.mark.parametrize(
    ("record", "supply"),
    [
        (
            {"vin": 23_050, "iin": 13_500, "pin": 3100, "temp0": 41.25, "fan_speed": 6400},
            PowerSupply(
                input_voltage=230.5,
                input_current=13.5,
                power=3100.0,
                temperature=41.2,
                fan_speed=6400,
            ),
        ),
        ({"vin": 230, "iin": 0}, PowerSupply(input_voltage=230.0, input_current=0.0)),
        ({"vin": -1, "pin": -1, "iin": -1, "temp0": 0, "fan_speed": -1}, None),
        ({}, None),
    ],
)
def test_power_supply(record: dict[str, Json], supply: PowerSupply | None) -> None:
    assert readings.power_supply(Record(record)) == supply


@pytest.mark.parametrize(
    ("status", "summary", "mode"),
    [
        ({"power_mode": "Low"}, {"Power Mode": "High"}, PowerMode.LOW),
        ({"power_mode": ""}, {"Power Mode": "High"}, PowerMode.HIGH),
        ({"power_mode": "newer"}, {"Power Mode": "Normal"}, PowerMode.NORMAL),
        ({}, {}, None),
    ],
)
def test_power_mode(
    status: dict[str, Json], summary: dict[str, Json], mode: PowerMode | None
) -> None:
    assert readings.power_mode(live(summary, status=status)) == mode


DEAD = (Pool(index=1, url="", user="", alive=False),)
RUNS: dict[str, Json] = {"HS RT": 1e8}
BOARD: dict[str, Json] = {"Slot": 0}


@pytest.mark.parametrize(
    ("seen", "pools", "state"),
    [
        (live({**RUNS, "Hash Stable": True}), None, MinerState.MINING),
        (live({**RUNS, "Elapsed": 60}, {"Upfreq Complete": 0}), None, MinerState.STARTING),
        (live({**RUNS, "Hash Stable": False, "Elapsed": 2600}), None, MinerState.STARTING),
        # One that never calls itself stable, and one that may have been at it for ever.
        (live({**RUNS, "Hash Stable": False, "Elapsed": 2800}), None, MinerState.MINING),
        (live({**RUNS, "Hash Stable": False}), None, MinerState.MINING),
        (live({**RUNS}, {"Upfreq Complete": 0}), None, MinerState.MINING),
        (live({**RUNS, "Hash Stable": True}, {"Upfreq Complete": 0}), None, MinerState.MINING),
        (live({"Elapsed": 5000}, BOARD), DEAD, MinerState.LIMITED),
        (live({"Elapsed": 10}, BOARD), None, MinerState.STARTING),
        (live({"Elapsed": 5000}, BOARD), None, MinerState.FAULT),
        (live({"Elapsed": 10}), None, MinerState.FAULT),  # no board at all
        (live({}, BOARD), None, MinerState.UNKNOWN),
        (live(None, away=True), None, MinerState.RESTARTING),
        (live(None), None, MinerState.UNKNOWN),
    ],
)
def test_state(seen: Live, pools: tuple[Pool, ...] | None, state: MinerState) -> None:
    assert miner_state(seen, None, pools) is state


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.0.5", (2, 0, 5)),
        ("whatsminer v2.0.5", (2, 0, 5)),
        ("2.0.5.1234567890123", (2, 0, 5)),
        ("none", None),
        (None, None),
    ],
)
def test_versions(text: str | None, version: tuple[int, ...] | None) -> None:
    found = api_version(text)
    assert (found if found is None else found[:3]) == version


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        (" C4-11-04-AB-CD-EF ", "c4:11:04:ab:cd:ef"),
        ("c41104abcdef", None),
        ("", None),
        (None, None),
    ],
)
def test_mac_addresses(text: str | None, mac: str | None) -> None:
    assert mac_address(text) == mac


def test_texts_without_quotes_and_models_without_variant() -> None:
    assert [unquoted(text) for text in ("'20200101.1.REL'", " x ", "''", None)] == [
        "20200101.1.REL",
        "x",
        None,
        None,
    ]
    model = Model.parse("M50_VH84")
    assert model is not None
    assert model.name == "M50 VH84"
    bare = Model.parse("M50")
    assert bare is not None
    assert bare.name == "M50"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12.5", 12.5),
        (" -3 ", -3.0),
        ("1e3", 1000.0),
        ("", None),
        ("12W", None),
        (True, None),
        (None, None),
        ([1], None),
        (10**400, None),
        (float("nan"), None),
        (1 << 62, float(1 << 62)),
        (1 << 65, None),
    ],
)
def test_numbers(value: Json, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        (2, None),
        (1.0, True),
        ("Y", True),
        ("no", False),
        (" Enabled ", True),
        ("off", False),
        ("perhaps", None),
        (None, None),
        ([], None),
    ],
)
def test_flags(value: Json, flag: bool | None) -> None:
    assert as_flag(value) is flag


def test_a_record_takes_the_first_that_says_something() -> None:
    record = Record({"a": "", "b": " x ", "c": 7, "d": True, "e": "8.9"})
    assert record.text("missing", "a", "d", "b", "c") == "x"
    assert record.text("c") == "7"
    assert record.text("d") is None
    assert record.integer("a", "e", "c") == 8
    assert record.number("a") is None
    assert record.flag("b", "d") is True
    assert repr(record) == "Record(a, b, c, d, e)"
    assert (len(record), list(record), record["c"]) == (5, list("abcde"), 7)

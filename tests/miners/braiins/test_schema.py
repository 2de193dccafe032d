"""Answers are read whatever is missing, null, unknown or of another type."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
import json
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.braiins import (
    configuration,
    parse,
    schema,
    settings_schema,
)
from custom_components.asic_miner.miners.braiins.parse import Json

from .device import CONSTRAINTS, DETAILS, POOLS, STATS, board, replies

PARSERS = [
    schema.ApiVersion.parse,
    schema.Login.parse,
    schema.DetailedStatus.parse,
    schema.MinerDetails.parse,
    schema.WorkStats.parse,
    schema.ShareStats.parse,
    schema.MinerStats.parse,
    schema.Hashboard.parse,
    schema.Hashboard.parse_all,
    schema.CoolingState.parse,
    configuration.Constraints.parse,
    configuration.MinerConfiguration.parse,
    schema.PerformanceMode.parse,
    schema.TunerState.parse,
    schema.PoolState.parse,
    schema.PoolGroup.parse,
    schema.Network.parse,
    schema.LoggedError.parse,
    settings_schema.CoolingMode.parse,
    settings_schema.PowerScaling.parse,
    settings_schema.QuickRamping.parse,
    settings_schema.TargetProfile.parse,
    settings_schema.EfficiencyPoint.parse,
    settings_schema.PoolGroupSettings.parse,
    settings_schema.NetworkConfiguration.parse,
    settings_schema.License.parse,
    settings_schema.AutoUpgrade.parse,
]

WHOLE: list[Json] = [
    DETAILS,
    STATS,
    CONSTRAINTS,
    POOLS,
    board("1"),
    list(replies().values()),
    {"status": {"stopped": {"reason": {"hardware_error": {"message": "x"}}}}},
    {"tunermode": {"target": {"hashratetarget": {"hashrate_target": {}}}}},
]


def _names(value: Json) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in _names(inner)}
    return {name for inner in value for name in _names(inner)} if isinstance(value, list) else set()


NAMES = sorted({name for value in WHOLE for name in _names(value)} | {"target", "reason", "token"})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**320)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=8)
)
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=30,
)


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """Return a good answer in which some members have become something else."""
    value: Json = json.loads(json.dumps(draw(st.sampled_from(WHOLE))))
    spots: list[tuple[dict[str, Json] | list[Json], str | int]] = []

    def collect(node: Json) -> None:
        pairs: list[tuple[str | int, Json]] = []
        if isinstance(node, dict):
            pairs = list(node.items())
        elif isinstance(node, list):
            pairs = list(enumerate(node))
        for key, inner in pairs:
            assert isinstance(node, dict | list)
            spots.append((node, key))
            collect(inner)

    collect(value)
    for container, key in draw(st.lists(st.sampled_from(spots), min_size=1, max_size=4)):
        container[key] = draw(ANYTHING)  # type: ignore[index]  # keys are its own
    return value


def _finite(value: object) -> bool:
    if is_dataclass(value):
        return all(_finite(getattr(value, item.name)) for item in fields(value))
    if isinstance(value, tuple):
        return all(_finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


@given(ANYTHING | damaged())
def test_nothing_makes_reading_fail(value: Json) -> None:
    """No answer raises, and no number that is none gets through."""
    for read in PARSERS:
        assert _finite(read(value))


@given(st.sampled_from(WHOLE))
def test_unknown_members_are_ignored(value: Json) -> None:
    """Newer contracts add members."""

    def extended(node: Json) -> Json:
        if isinstance(node, dict):
            return {name: extended(inner) for name, inner in node.items()} | {"new_member": [1]}
        return [extended(inner) for inner in node] if isinstance(node, list) else node

    for read in PARSERS:
        if read != schema.ApiVersion.parse:
            assert read(extended(value)) == read(value)


def test_null_and_missing_are_the_same() -> None:
    """Both ways of saying nothing are in use."""
    assert schema.MinerDetails.parse({}) == schema.MinerDetails.parse(dict.fromkeys(DETAILS))
    assert schema.MinerStats.parse({}) == schema.MinerStats.parse(dict.fromkeys(STATS))


def test_obsolete_uptime() -> None:
    """The older name is good enough where the newer one is missing."""
    assert schema.MinerDetails.parse({"system_uptime": 7}).system_uptime_s == 7
    both: Json = {"system_uptime": 7, "system_uptime_s": 0}
    assert schema.MinerDetails.parse(both).system_uptime_s == 0


@pytest.mark.parametrize(
    ("value", "number", "integer"),
    [
        (3, 3.0, 3),
        (3.0, 3.0, 3),
        (2.6, 2.6, 3),
        (0, 0.0, 0),
        (2**60 + 1, float(2**60), 2**60 + 1),
        (10**400, None, None),
        (True, None, None),
        ("3", None, None),
        (None, None, None),
        (math.nan, None, None),
        (math.inf, None, None),
        ([3], None, None),
    ],
)
def test_numbers(value: Json, number: float | None, integer: int | None) -> None:
    """Floats and integers stand in for each other; nothing else does."""
    assert parse.number({"a": value}, "a") == number
    assert parse.integer({"a": value}, "a") == integer


def test_text_and_flags() -> None:
    """Empty text says nothing; only booleans are booleans."""
    assert parse.text(" a ") == "a"
    assert parse.text("  ") is None
    assert parse.text(3) is None
    assert parse.flag(False) is False
    assert parse.flag(0) is None
    assert parse.at({"a": {"b": 1}}, "a", "b") == 1
    assert parse.at({"a": 1}, "a", "b") is None
    assert parse.items({"a": 1}) == []


@pytest.mark.parametrize(
    ("value", "version"),
    [
        ({"major": 1, "minor": 3, "patch": 0}, "1.3.0"),
        ({"major": 1, "minor": 3}, None),
        ({"major": 1, "minor": 3, "patch": 0, "name": "printer"}, None),
        ({"major": 1, "minor": 3, "patch": True}, None),
        ({"major": 1, "minor": 3, "patch": "0"}, None),
        ({"major": 1, "minor": 3, "patch": 0.0}, None),
        ({"major": 1, "minor": 3, "patch": -1}, None),
        ([1, 3, 0], None),
    ],
)
def test_version_is_read_strictly(value: Json, version: str | None) -> None:
    """It is what a device is recognised by."""
    parsed = schema.ApiVersion.parse(value)
    assert (None if parsed is None else str(parsed)) == version


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"stopped": {"reason": {"user_pause": {}}}}, ("stopped", "user_pause", None)),
        (
            {"stopping": {"reason": {"tuner_error": {"message": "no profile"}}}},
            ("stopping", "tuner_error", "no profile"),
        ),
        (
            {"stopped": {"reason": {"unsupported_hardware": {"errors": ["a", 1, "b"]}}}},
            ("stopped", "unsupported_hardware", "a; b"),
        ),
        (
            {"stopped": {"reason": {"thermal_pause": {"reason": "X_BROKEN_FANS"}}}},
            ("stopped", "thermal_pause", "X_BROKEN_FANS"),
        ),
        ({"starting": {"reason": None}}, ("starting", None, None)),
        ({"starting": {}}, ("starting", None, None)),
        ({"running": {"reason": {"in_a_new_way": {}}}}, ("running", None, None)),
    ],
)
def test_detailed_status(value: Json, expected: tuple[str, str | None, str | None]) -> None:
    """Phase, reason and words, as far as they are known."""
    phase, reason, message = expected
    assert schema.DetailedStatus.parse({"status": value}) == schema.DetailedStatus(
        phase=phase, reason=reason, message=message
    )


def test_detailed_status_of_a_new_phase() -> None:
    """What is newer than us says nothing to us."""
    assert schema.DetailedStatus.parse({"status": {"hibernating": {}}}) is None
    assert schema.DetailedStatus.parse({"status": None}) is None


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        ({"manualmode": {"hashboards": []}}, schema.PerformanceMode(kind=schema.TargetKind.MANUAL)),
        (
            {"tunermode": {"target": {"hashratetarget": {"hashrate_target": None}}}},
            schema.PerformanceMode(kind=schema.TargetKind.HASHRATE),
        ),
        (
            {
                "tunermode": {
                    "target": {"hashratetarget": {"hashrate_target": {"terahash_per_second": 80}}}
                }
            },
            schema.PerformanceMode(kind=schema.TargetKind.HASHRATE, hashrate_terahash=80),
        ),
        ({"tunermode": {"target": None}}, schema.PerformanceMode(kind=None)),
        ({"tunermode": {"target": {"soundtarget": {}}}}, schema.PerformanceMode(kind=None)),
        ({"dreammode": {}}, schema.PerformanceMode(kind=None)),
    ],
)
def test_performance_mode(value: Json, mode: schema.PerformanceMode) -> None:
    """The tags are without underscores, the members inside are with."""
    assert schema.PerformanceMode.parse(value) == mode


def test_secrets_stay_out_of_representations() -> None:
    """Tokens, pool addresses and workers are not for logs."""
    (group, _) = (schema.PoolGroup.parse(group) for group in POOLS)
    assert group.pools[0].user == "someone.rig"
    assert "someone" not in repr(group)
    assert "pool.example" not in repr(group)
    login = schema.Login.parse({"token": "aB3x"})
    assert login is not None
    assert login.token == "aB3x"
    assert "aB3x" not in repr(login)


UNKNOWN = configuration.Limits(default=None, minimum=None, maximum=None)


@pytest.mark.parametrize("answer", [{}, None, [], "x", 3])
@pytest.mark.parametrize(
    ("read", "nothing"),
    [
        (settings_schema.StaticAddress.parse, ("", "", "", ())),
        (settings_schema.NetworkConfiguration.parse, (None, None)),
        (settings_schema.License.parse, (None, None)),
        (settings_schema.AutoUpgrade.parse, (None, None, None)),
        (settings_schema.QuickRamping.parse, (None, None)),
        (settings_schema.PowerScaling.parse, (None,) * 9),
        (settings_schema.TargetProfile.parse, (None,) * 5),
        (settings_schema.EfficiencyPoint.parse, (None,) * 4),
        (settings_schema.PoolSettings.parse, ("", "", None, None)),
        (settings_schema.PoolGroupSettings.parse, ("", (), None, None, None)),
        (schema.PerformanceMode.parse, (None, None, None)),
        (schema.TunerState.parse, (None, None, None)),
        (schema.CoolingState.parse, ((), None)),
        (schema.PoolGroup.parse, (None, ())),
        (schema.Network.parse, (None, None, ())),
        (schema.LoggedError.parse, (None, None, (), (), ())),
        (configuration.ScalingLimits.parse, (None,) * 3 + (UNKNOWN,) * 5),
        (configuration.CoolingLimits.parse, (None,) + (UNKNOWN,) * 4),
    ],
)
def test_what_says_nothing_is_not_known(
    read: Callable[[Json], object], answer: Json, nothing: tuple[object, ...]
) -> None:
    found = read(answer)
    names = [field.name for field in fields(found)]  # type: ignore[arg-type] # each a data class
    assert tuple(getattr(found, name) for name in names) == nothing

"""Replies that no strict parser takes, and values that are not what they should be."""

from contextlib import suppress
import json
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.whatsminer.parse import (
    Json,
    Record,
    as_flag,
    as_number,
    cut_error_list,
    masked,
    parse_object,
    repaired,
)

from .hurry import UNHURRIED

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@UNHURRIED
@given(value=st.dictionaries(st.text(), VALUES))
def test_good_json_is_left_alone(value: dict[str, Json]) -> None:
    """Mending does no harm: not even to strings full of brackets and commas."""
    text = json.dumps(value)
    assert parse_object(text) == value
    assert json.loads(repaired(text)) == value


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ('{"a":1,}', {"a": 1}),
        ('{"a":[1,2,],"b":{"c":3,},}', {"a": [1, 2], "b": {"c": 3}}),
        ('{"a":"x\ny"}', {"a": "xy"}),
        ('{"a":"x\r\ny",\n"b":1}', {"a": "xy", "b": 1}),
        ('{"fan_speed":"9060" "temp0":"31"}', {"fan_speed": "9060", "temp0": "31"}),
        ('{"fan_speed":9060 "temp0":"31"}', {"fan_speed": 9060, "temp0": "31"}),
        (
            '{"Msg":{"error_code":["329":"2022-01-10 10:48:22","110":"x"]}}',
            {"Msg": {"error_code": {"329": "2022-01-10 10:48:22", "110": "x"}}},
        ),
        ('{"error_code":[["329":"t"],["110":"u"]]}', {"error_code": [{"329": "t"}, {"110": "u"}]}),
        # Inside strings all of these are text.
        ('{"a":",}","b":",]" ,}', {"a": ",}", "b": ",]"}),
        ('{"a":"1\\"2" "b":"[\\"c\\":1]",}', {"a": '1"2', "b": '["c":1]'}),
        ('{"temp0":"x\ny","c":"\\\\"}', {"temp0": "xy", "c": "\\"}),
    ],
)
def test_known_defects_are_mended(broken: str, meant: dict[str, Json]) -> None:
    """Each on its own and together."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert parse_object(broken) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "3", '"x"', "null", "{", '{"a":1', '{"a":"x}', '{"a":"5}', "}", "]", "{]", "[}",
        '{"a":1}}', '{"a":[1}]', '{"a":["b":1}', "[:", "::", '{"a":["b":1]',
        "Socket connect failed: Connection refused", "STATUS=S,When=1|", "{a:1}", '{"a":1 2}',
        "[" * 100_000, '{"a":' * 100_000, '{"a":1' + "0" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_cannot_be_mended(text: str) -> None:
    """One kind of error, and nothing of the contents in it."""
    with pytest.raises(ValueError, match=r"."):
        parse_object(text)


@UNHURRIED
@given(text=st.text())
def test_no_text_does_any_other_harm(text: str) -> None:
    """Whatever comes, it is an object or a ValueError."""
    with suppress(ValueError):
        assert isinstance(parse_object(text), dict)


@UNHURRIED
@given(text=st.text(alphabet='{}[]",:\\1a\n '))
def test_no_structure_does_any_other_harm(text: str) -> None:
    """The same for what is nearly JSON."""
    with suppress(ValueError):
        assert isinstance(parse_object(text), dict)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0.0), (3, 3.0), (-1.5, -1.5), ("22400", 22400.0), (" 31.5 ", 31.5), ("-1", -1.0),
        ("1e3", 1000.0), (".5", 0.5), ("+7", 7.0), ("", None), ("x", None), ("0x10", None),
        ("1_000", None), ("nan", None), ("inf", None), ("1e999", None), (True, None),
        (False, None), (None, None), ([1], None), ({"a": 1}, None), (math.nan, None),
        (math.inf, None), (-math.inf, None), (10**400, None), ("1 2", None), ("--1", None),
    ],
)  # fmt: skip
def test_numbers(value: Json, number: float | None) -> None:
    """Also written as text; whatever is no finite number is unknown."""
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True), (False, False), ("true", True), ("False", False), (1, True), (0, False),
        ("1", True), ("0", False), (1.0, True), ("Y", True), ("N", False), ("enable", True),
        ("disable", False), (2, None), ("", None), ("maybe", None), (None, None), ([], None),
        ({}, None), (math.nan, None),
    ],
)  # fmt: skip
def test_flags(value: Json, flag: bool | None) -> None:
    """Booleans come in every spelling; whatever is none is unknown."""
    assert as_flag(value) is flag


def test_record_takes_the_first_that_fits() -> None:
    """Keys are tried in order; what is missing or wrong is passed over."""
    record = Record({"a": "x", "b": "7.9", "c": True, "d": " ", "e": 5, "f": None, "g": 2.5})
    assert record.number("z", "a", "b") == 7.9
    assert record.number("z", "f") is None
    assert record.integer("a", "b") == 7
    assert record.integer("a") is None
    assert record.text("z", "d", "a") == "x"
    assert record.text("e") == "5"
    assert record.text("g") is None
    assert record.text("c") is None
    assert record.flag("a", "c") is True
    assert record.flag("a") is None
    assert len(record) == 7
    assert list(record) == list("abcdefg")
    assert Record() == {}


def test_words() -> None:
    """One that was spoilt on its way is none, whatever may be left of it."""
    record = Record({"a": "Alive", "b": "Al\ufffdve", "c": "", "d": 7})
    assert [record.word(key) for key in "abcde"] == ["alive", None, None, "7", None]
    assert record.word("e", "a") == "alive"


def test_record_does_not_show_values() -> None:
    """Pool users and tokens are among them."""
    assert repr(Record({"User": "someone.worker"})) == "Record(User)"


def test_entries_of_a_cut_error_list() -> None:
    """The complete ones count; the cut one does not."""
    whole = '{"STATUS":"S","Msg":{"error_code":[{"110":"2024-01-01 00:00:00"},{"2010":"2024-0'
    body = cut_error_list(whole)
    assert body == {"STATUS": "S", "Msg": {"error_code": {"110": "2024-01-01 00:00:00"}}}
    assert cut_error_list('{"Msg":{"error_code":[{"11') is None
    assert cut_error_list('{"110":"not in the list"') is None


def test_masked() -> None:
    """The shape stays, the contents do not."""
    secret = '{"User":"bob\u00e9.rig1","p":12' + "x" * 500
    shown = masked(secret)
    assert shown.startswith('{"aaaa":"aaaa.aaa0","a":00')
    assert len(shown) == 200
    assert not set(shown) & set("boérigp123456789")

"""What fault codes mean: the table, the rules for the rest, and what is harmless."""

import json
import os
from pathlib import Path
import re

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.whatsminer.fault_table import (
    BOARDS,
    CHIPS,
    GENERAL,
    MINOR_HYDRO,
    MINOR_OTHERS,
    POOLS,
    REMEDIES,
)
from custom_components.asic_miner.miners.whatsminer.faults import (
    is_cooling,
    is_minor,
    meaning,
    texts,
)

from .hurry import UNHURRIED


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("110", "The intake fan gives no valid speed"),
        ("532", "Board 3 (slot 2) is not found"),
        ("530", "Board 1 (slot 0) is not found"),
        ("5013", "Board 4 (slot 3) has too low a voltage at its chips"),
        ("2020", "Pool 1 cannot be reached"),
        ("2022", "Pool 3 cannot be reached"),
        ("2010", "None of the pools can be used"),
        ("100001", "The signature of the firmware is not valid"),
        # One chip of one board.
        ("523045", "Chip 45 of board 4 (slot 3) gives wrong results"),
        ("560007", "Chip 7 of board 1 (slot 0) gives no results"),
        ("5213", "Chip 3 of board 2 (slot 1) gives wrong results"),
        # Whatever is not known is shown as it is.
        ("12", "Unknown fault 12"),
        ("534", "Unknown fault 534"),
        ("52", "Unknown fault 52"),
        ("52304", "Unknown fault 52304"),
        ("123045", "Unknown fault 123045"),
        ("999999", "Unknown fault 999999"),
        ("", "Unknown fault "),
        ("abc", "Unknown fault abc"),
        ("\u0661\u0661\u0660", "Unknown fault \u0661\u0661\u0660"),
        ("9" * 5000, "Unknown fault " + "9" * 5000),
    ],
)
def test_meaning(code: str, message: str) -> None:
    """In the words of the table, or by the rules."""
    assert meaning(code).message == message


@UNHURRIED
@given(code=st.text() | st.integers(min_value=0).map(str))
def test_every_code_has_a_meaning(code: str) -> None:
    """None is an error, and none hides its number."""
    assert meaning(code).message
    assert is_minor(code, hydro=True) in (True, False)


def test_remedies() -> None:
    """They reach boards and pools by the code of the first."""
    fan = meaning("110").remedy
    assert fan
    assert "plug" in fan
    assert meaning("2022").remedy == meaning("2020").remedy
    assert meaning("2022").remedy
    assert meaning("533").remedy == meaning("530").remedy
    assert meaning("533").remedy
    assert meaning("12").remedy is None
    known = {*GENERAL, *BOARDS, *POOLS}
    assert {code for codes in REMEDIES.values() for code in codes} <= known


def test_table_has_no_code_twice() -> None:
    """A code that stands alone is not also one of a board, of a pool or of a chip."""
    several = [base + n for base in BOARDS for n in range(4)]
    several += [base + n for base in POOLS for n in range(3)]
    assert len(several) == len(set(several))
    assert not set(several) & set(GENERAL)
    assert not {code // 100 for code in (*several, *GENERAL) if 1000 <= code < 10000} & set(CHIPS)


def test_cooling() -> None:
    """Fans that stand and liquid that does not flow, and nothing else."""
    for code in ("110", "111", "130", "253", "5070", "5073", "5079"):
        assert is_cooling(code)
    for code in ("120", "140", "350", "5060", "5074", "600", "2010"):
        assert not is_cooling(code)


def test_minor_by_family() -> None:
    """The maker's lists differ by model family."""
    assert is_minor("206", hydro=False)
    assert not is_minor("206", hydro=True)
    assert is_minor("202", hydro=True)
    assert not is_minor("202", hydro=False)
    assert is_minor("205", hydro=True)
    assert is_minor("205", hydro=False)
    assert not is_minor("110", hydro=False)
    assert not is_minor("", hydro=False)
    assert {*MINOR_HYDRO, *MINOR_OTHERS} <= {*GENERAL, *(b + n for b in BOARDS for n in range(4))}


def test_keys() -> None:
    """Every known code has one, and one that is not known has none."""
    assert meaning("302").key == "302"
    assert meaning("0302").key == "302"
    assert meaning("2021").key == "2021"
    assert meaning("521045").key == "chip_52_1"
    assert meaning("5213").key == "chip_52_1"
    assert meaning("529045").message == "Chip 45 of board 10 (slot 9) gives wrong results"
    for unknown in ("529045", "12", "534", "", "abc", "123045"):
        assert meaning(unknown).key is None


def test_texts() -> None:
    """Whole sentences, what is wrong and what to do, the same as what a fault carries."""
    found = texts()
    assert found["302"] == f"{meaning('302').message}. {meaning('302').remedy}"
    assert found["208"] == f"{meaning('208').message}."
    assert found["chip_52_1"].startswith("A chip of board 2 (slot 1) gives wrong results. If ")
    assert len(found) == len(GENERAL) + 4 * len(BOARDS) + 3 * len(POOLS) + 4 * len(CHIPS)
    for key, text in found.items():
        assert re.fullmatch("[a-z0-9]([a-z0-9_]*[a-z0-9])?", key), key
        assert re.fullmatch(r"[A-Z][^.]*\.( [A-Z][^.]*\.){0,2}", text), text


@UNHURRIED
@given(code=st.integers(min_value=0, max_value=999_999).map(str))
def test_every_key_has_a_text(code: str) -> None:
    """And no text is without a code that leads to it."""
    key = meaning(code).key
    assert key is None or key in texts()


def test_every_text_can_be_reached() -> None:
    """By the code, or for single chips by one with a chip's number."""
    for key in texts():
        digits = key if key.isdecimal() else key.removeprefix("chip_").replace("_", "") + "001"
        assert meaning(digits).key == key


def test_reference_table() -> None:
    """Every code of the reference, where its folder is named."""
    folder = os.environ.get("ASIC_MINER_REFERENCE")
    if folder is None:
        pytest.skip("ASIC_MINER_REFERENCE names no folder: the table of codes was NOT checked")
    reference = json.loads((Path(folder) / "whatsminer-error-codes.json").read_text())
    assert len(reference["codes"]) > 300
    found = texts()
    for code, entry in reference["codes"].items():
        said = meaning(code)
        assert said.key == code
        assert code in found
        # Whatever the words are, they name the part by both of its numbers.
        if "slot" in entry:
            slot = entry["slot"]
            assert said.message.startswith(f"Board {slot + 1} (slot {slot}) ")
        if "pool" in entry:
            assert said.message.startswith(f"Pool {entry['pool'] + 1} ")
        assert said.remedy or "hint" not in entry
        minor = entry.get("minor", [])
        assert is_minor(code, hydro=False) == ("m30" in minor)
        assert is_minor(code, hydro=False) == ("m56s" in minor)
        assert is_minor(code, hydro=True) == ("m53" in minor)
    for chip in reference["chip_types"]:
        assert meaning(f"{chip['type']}1002").message.startswith("Chip 2 of board 2 (slot 1) ")
        assert f"chip_{chip['type']}_3" in found

"""What fault codes mean: the table, the rules for the rest, and what is harmless."""

import json
import os
from pathlib import Path

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
from custom_components.asic_miner.miners.whatsminer.faults import is_minor, meaning

from .hurry import UNHURRIED


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("110", "Intake fan: no valid speed reading"),
        ("532", "Board 3 (slot 2): not found"),
        ("530", "Board 1 (slot 0): not found"),
        ("5013", "Board 4 (slot 3): chip voltage too low"),
        ("2020", "Pool 1 cannot be reached"),
        ("2022", "Pool 3 cannot be reached"),
        ("2010", "All pools are unusable"),
        ("100001", "Firmware signature check failed"),
        # One chip of one board.
        ("523045", "Board 4 (slot 3) chip 45: returns wrong results"),
        ("560007", "Board 1 (slot 0) chip 7: returns no results"),
        ("5213", "Board 2 (slot 1) chip 3: returns wrong results"),
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
    assert "fan" in fan
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


def test_reference_table() -> None:
    """Every code of the reference, where its folder is named."""
    folder = os.environ.get("ASIC_MINER_REFERENCE")
    if folder is None:
        pytest.skip("ASIC_MINER_REFERENCE names no folder: the table of codes was NOT checked")
    reference = json.loads((Path(folder) / "whatsminer-error-codes.json").read_text())
    assert len(reference["codes"]) > 300
    for code, entry in reference["codes"].items():
        found = meaning(code)
        expected = entry["message"]
        if "slot" in entry:
            slot = entry["slot"]
            expected = expected.replace(f"Board {slot}:", f"Board {slot + 1} (slot {slot}):")
        if "pool" in entry:
            expected = expected.replace(f"Pool {entry['pool']}", f"Pool {entry['pool'] + 1}")
        assert found.message == expected
        assert found.remedy == entry.get("hint")
        minor = entry.get("minor", [])
        assert is_minor(code, hydro=False) == ("m30" in minor)
        assert is_minor(code, hydro=False) == ("m56s" in minor)
        assert is_minor(code, hydro=True) == ("m53" in minor)
    for chip in reference["chip_types"]:
        what = chip["message"].split(": ", 1)[1]
        assert meaning(f"{chip['type']}1002").message == f"Board 2 (slot 1) chip 2: {what}"

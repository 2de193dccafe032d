"""What the fault codes of a WhatsMiner mean."""

from ..lean import dataclass
from .fault_table import (
    BOARDS,
    CHIP_REMEDY,
    CHIPS,
    COOLING,
    COOLING_OF_BOARDS,
    GENERAL,
    MINOR_HYDRO,
    MINOR_OTHERS,
    POOLS,
    REMEDIES,
)

_BOARDS = 4
_POOLS = 3
_OF_POOLS = range(2000, 2060)
"""Whatever the maker has to say about pools: all of `POOLS`, and as much of `GENERAL`."""
_COOLING = frozenset(
    {str(code) for code in COOLING}
    | {str(code + slot) for code in COOLING_OF_BOARDS for slot in range(_BOARDS)}
)
_MINOR = {
    True: frozenset(str(code) for code in MINOR_HYDRO),
    False: frozenset(str(code) for code in MINOR_OTHERS),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a code says."""

    message: str
    remedy: str | None = None
    key: str | None = None
    """Of its text in `texts`; None for a code that is not known."""

    @property
    def text(self) -> str:
        """Return message and remedy as sentences."""
        return f"{self.message}. {self.remedy}" if self.remedy else f"{self.message}."


def _known(code: int) -> Meaning | None:
    """Return the meaning of a code that does not name a single chip.

    Decoded anew each time: a table of all would take more memory than a fault is worth.
    """
    place = code % 10
    base = code - place
    if message := GENERAL.get(code):
        base = code
    elif place < _BOARDS and (what := BOARDS.get(base)):
        message = f"Board {_number(place)} {what}"
    elif place < _POOLS and (what := POOLS.get(base)):
        message = f"Pool {place + 1} {what}"
    else:
        return None
    remedy = next((remedy for remedy, codes in REMEDIES.items() if base in codes), None)
    return Meaning(message=message, remedy=remedy, key=str(code))


def meaning(code: str) -> Meaning:
    """Return what a code says; any text is a code, if an unknown one.

    Boards and pools are counted from 1 as everywhere here; the device's own slot
    number, which is one less, stands beside it.
    """
    # More digits than any code has; int() of arbitrarily many would fail.
    digits = str(int(code)) if code.isascii() and code.isdecimal() and len(code) < 10 else ""
    found = (_known(int(digits)) or _chip(digits)) if digits else None
    return found or Meaning(message=f"Unknown fault {code}")


def texts() -> dict[str, str]:
    """Return the English text with the remedy for every key that `Meaning.key` can have."""
    codes = [
        *GENERAL,
        *(base + slot for base in BOARDS for slot in range(_BOARDS)),
        *(base + place for base in POOLS for place in range(_POOLS)),
    ]
    found = {str(code): known.text for code in codes if (known := _known(code))}
    for kind, what in CHIPS.items():
        for slot in range(_BOARDS):
            # All chips of a board have the same text, so it names none.
            one = Meaning(message=f"A chip of board {_number(slot)} {what}", remedy=CHIP_REMEDY)
            found[_chip_key(kind, slot)] = one.text
    return found


def is_minor(code: str, *, hydro: bool) -> bool:
    """Tell whether the maker itself takes a code as harmless.

    The maker's lists are for M30, M56S and M53; other models are taken as their
    nearest relative by cooling.
    """
    return code in _MINOR[hydro]


def is_cooling(code: str) -> bool:
    """Tell whether a code says that a fan turns no more or that the liquid does not flow."""
    return code in _COOLING


def is_of_pools(code: str) -> bool:
    """Tell whether a code is about a pool. A pool is also lost by what is broken otherwise."""
    return meaning(code).key == code and int(code) in _OF_POOLS


def _chip(digits: str) -> Meaning | None:
    """Decode a code that names one chip: type, slot, and one or three digits of chip."""
    if len(digits) not in (4, 6):
        return None
    kind, slot, chip = int(digits[:2]), int(digits[2]), int(digits[3:])
    what = CHIPS.get(kind)
    if what is None:
        return None
    return Meaning(
        message=f"Chip {chip} of board {_number(slot)} {what}",
        remedy=CHIP_REMEDY,
        key=_chip_key(kind, slot) if slot < _BOARDS else None,
    )


def _chip_key(kind: int, slot: int) -> str:
    return f"chip_{kind}_{slot}"


def _number(slot: int) -> str:
    return f"{slot + 1} (slot {slot})"

"""What the fault codes of a WhatsMiner mean."""

from dataclasses import dataclass

from .fault_table import BOARDS, CHIPS, GENERAL, MINOR_HYDRO, MINOR_OTHERS, POOLS, REMEDIES

_BOARDS = 4
_POOLS = 3
_REMEDY_OF = {code: remedy for remedy, codes in REMEDIES.items() for code in codes}
_MINOR = {
    True: frozenset(str(code) for code in MINOR_HYDRO),
    False: frozenset(str(code) for code in MINOR_OTHERS),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a code says."""

    message: str
    remedy: str | None = None


def meaning(code: str) -> Meaning:
    """Return what a code says; any text is a code, if an unknown one.

    Boards and pools are counted from 1 as everywhere here; the device's own slot
    number, which is one less, stands beside it.
    """
    # More digits than any code has; int() of arbitrarily many would fail.
    number = int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else None
    if number is not None:
        if number in GENERAL:
            return Meaning(message=GENERAL[number], remedy=_REMEDY_OF.get(number))
        for base, what in BOARDS.items():
            if base <= number < base + _BOARDS:
                return Meaning(
                    message=f"{_board(number - base)}: {what}", remedy=_REMEDY_OF.get(base)
                )
        for base, what in POOLS.items():
            if base <= number < base + _POOLS:
                return Meaning(
                    message=f"Pool {number - base + 1} {what}", remedy=_REMEDY_OF.get(base)
                )
        if chip := _chip(str(number)):
            return Meaning(message=chip)
    return Meaning(message=f"Unknown fault {code}")


def is_minor(code: str, *, hydro: bool) -> bool:
    """Tell whether the maker itself takes a code as harmless.

    The maker's lists are for M30, M56S and M53; other models are taken as their
    nearest relative by cooling.
    """
    return code in _MINOR[hydro]


def _chip(digits: str) -> str | None:
    """Decode a code that names one chip: type, slot, and one or three digits of chip."""
    if len(digits) not in (4, 6):
        return None
    what = CHIPS.get(int(digits[:2]))
    return what and f"{_board(int(digits[2]))} chip {int(digits[3:])}: {what}"


def _board(slot: int) -> str:
    return f"Board {slot + 1} (slot {slot})"

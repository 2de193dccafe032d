"""What model a WhatsMiner is, how it is cooled, and which interface it speaks."""

import re

from ..lean import dataclass

UNKNOWN_MODEL = "WhatsMiner"
"""The model of a device that does not tell it."""

type Version = tuple[int, ...]

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_NO_MAC = "00:00:00:00:00:00"
_VARIANT = re.compile(r"(.+)(V[A-Z]*\d\w*)")
_FAMILY = re.compile(r"M(\d)(\d|B)")
"""Generation and cooling digit; M7B is the one family with a letter there."""
_AIR_DIGITS = frozenset("01")
_LIQUID_DIGITS = frozenset("345679B")
_AIR = frozenset({"29", "32"})
_LIQUID = frozenset({"52", "62"})
"""Families that go against their digit, or whose digit changed its meaning."""
_HYDRO_DIGITS = frozenset("34")


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model name such as "M30S+ VE40", in its parts."""

    family: str
    variant: str | None = None
    """Chip and revision, for example "VE40"."""

    @classmethod
    def parse(cls, text: str | None) -> Model | None:
        """Read "M50_VH84" or "M30S+VE40"; None for nothing."""
        name = (text or "").replace("_", "").replace(" ", "")
        if not name:
            return None
        split = _VARIANT.fullmatch(name)
        return cls(family=split[1], variant=split[2]) if split else cls(family=name)

    @property
    def name(self) -> str:
        """Return the name as it is shown."""
        return f"{self.family} {self.variant}" if self.variant else self.family

    @property
    def liquid(self) -> bool | None:
        """Tell from the name whether it is cooled by a liquid; None when it does not say."""
        match = _FAMILY.match(self.family)
        if match is None:
            return None
        family, digit = match[1] + match[2], match[2]
        if family in _AIR or digit in _AIR_DIGITS:
            return False
        return True if family in _LIQUID or digit in _LIQUID_DIGITS else None

    @property
    def hydro(self) -> bool:
        """Tell whether water is led through the boards."""
        match = _FAMILY.match(self.family)
        return match is not None and match[2] in _HYDRO_DIGITS


def api_version(text: str | None) -> Version | None:
    """Return (2, 0, 5) for "2.0.5" as well as for "whatsminer v2.0.5"."""
    match = _VERSION.search(text or "")
    return tuple(int(part[:9]) for part in match[0].split(".")) if match else None


def mac_address(text: str | None) -> str | None:
    """Return a MAC in lower case with colons, None for anything else."""
    mac = (text or "").strip().lower().replace("-", ":")
    return mac if _MAC.fullmatch(mac) and mac != _NO_MAC else None


def unquoted(text: str | None) -> str | None:
    """Return text without the quotes that legacy firmware puts around its version."""
    return (text or "").strip("' ") or None

"""How values are spelled on the wire (reference 5), and how a request is refused."""

from datetime import UTC, datetime

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
"""Anything that fits into a JSON body."""

type Version = tuple[int, int, int]
"""REST contract version: major, minor, patch."""

EPOCH = 1_767_225_600.0
"""Unix time at which simulated time begins (2026-01-01 00:00 UTC, an arbitrary date)."""


class RefusedError(Exception):
    """A request that the device answers with an error status."""

    def __init__(self, status: int, message: str) -> None:
        """Keep status and text. 422 and 415 go out as plain text, all others as JSON."""
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


def watt(value: float | None) -> dict[str, Json] | None:
    """Spell a power; whole watts."""
    return None if value is None else {"watt": round(value)}


def terahash(value: float | None) -> dict[str, Json] | None:
    """Spell a target or constraint in TH/s."""
    return None if value is None else {"terahash_per_second": float(value)}


def gigahash(terahashes: float) -> dict[str, Json]:
    """Spell a measured hashrate, given in TH/s, in GH/s."""
    return {"gigahash_per_second": terahashes * 1000.0}


def megahash(terahashes: float) -> dict[str, Json]:
    """Spell an error hashrate, given in TH/s, in MH/s."""
    return {"megahash_per_second": terahashes * 1e6}


def celsius(value: float | None) -> dict[str, Json] | None:
    """Spell a temperature; sensors give sixteenths of a degree."""
    return None if value is None else {"degree_c": round(value * 16) / 16}


def volt(value: float | None) -> dict[str, Json] | None:
    """Spell a voltage."""
    return None if value is None else {"volt": float(value)}


def hertz(megahertz: float | None) -> dict[str, Json] | None:
    """Spell a frequency, given in MHz, in Hz."""
    return None if megahertz is None else {"hertz": megahertz * 1e6}


def timestamp(simulated: float) -> dict[str, Json]:
    """Spell a moment of simulated time."""
    unix = EPOCH + simulated
    return {"seconds": int(unix), "nanos": int((unix % 1) * 1e9)}


def rfc3339(simulated: float) -> str:
    """Spell a moment of simulated time as the error log does."""
    return datetime.fromtimestamp(EPOCH + simulated, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rust_number(value: float) -> str:
    """Spell a number as the firmware's messages do: whole floats keep their `.0`."""
    return repr(value)


def out_of_range(what: str, value: float, minimum: float, maximum: float) -> RefusedError:
    """Return the refusal of a value outside its limits (reference 4)."""
    return RefusedError(
        400,
        f"{what} '{rust_number(value)}' is out-of-range "
        f"(min: Some({rust_number(minimum)}), max: Some({rust_number(maximum)}))",
    )

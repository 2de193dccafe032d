"""From a device's records to the plain world of `models`. Pure; every unit turns here."""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address

from ..lean import dataclass
from ..models import Fan, Fault, Hashboard, Pool, PowerMode, PowerSupply
from .api import ErrorEntry
from .device import mac_address
from .faults import is_cooling, is_minor, is_of_pools, meaning
from .parse import Record, as_number

NO_LIMIT = 2_147_483_647
"""What stands for "no power limit"."""
_MHS = 1e6
"""MH/s in one TH/s."""
_MAX_BOARD_TERAHASHES = 1e5
"""A board value from here on is in MH/s: no board makes this many TH/s, nor less than 0.1."""
_BOARD_RATES = ("HS RT", "MHS 1m", "MHS 5m", "MHS 5s", "MHS av")
"""By how well they show the present: all the others are averages or single jitters."""
_COLD, _HOT = -20.0, 150.0
"""°C that no sensor of a living board reports."""
_VOLTS = 1000.0
"""Mains below this are in V, else in steps of 10 mV: 10 V would be no mains."""
_SLOTS = 16
"""More boards than any model has."""
NOISE = 0.03
"""Relative change of a draw that is no more than a reading's noise."""
NOTHING = Record()
"""For a reply that failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """The three replies that live values come from; None for one that failed."""

    summary: Record | None = None
    boards: tuple[Record, ...] | None = None
    status: Record | None = None
    status_age: float = 0.0
    """Seconds since the device said so: one that goes on hashing is asked more seldom."""
    process_down: bool = False
    """The device said that its mining process does not run."""
    process_silent: bool = False
    """The device answers, and closes without a reply where its mining process should."""

    @property
    def process_away(self) -> bool:
        """Tell whether there seems to be no mining process now."""
        return self.process_down or self.process_silent

    @property
    def mining_wanted(self) -> bool | None:
        """Return whether the device is set to mine, as far as it tells."""
        off = (self.status or NOTHING).flag("mineroff", "btmineroff")
        if off is not None:
            return not off
        # Hashing proves it; not hashing has many reasons.
        return True if hashrate(self.summary) else None


def hashrate(summary: Record | None) -> float | None:
    """Return TH/s; real time where the device has it."""
    return _scaled((summary or NOTHING).number(*_BOARD_RATES), _MHS)


def expected_hashrate(live: Live) -> float | None:
    """Return the factory's rating of all boards in TH/s."""
    total = _scaled((live.summary or NOTHING).number("Factory GHS"), 1e3)
    boards = [_scaled(board.number("Factory GHS"), 1e3) for board in live.boards or ()]
    # Devices that do not know it write zero or a negative number.
    return total or round(sum(rate for rate in boards if rate), 3) or None


def power(summary: Record | None) -> float | None:
    """Return W; unknown is written as -1."""
    known = summary or NOTHING
    watts = _not_negative(known.number("Power"))
    return _not_negative(known.number("Power_RT")) if watts is None else watts


def efficiency(summary: Record | None) -> float | None:
    """Return J/TH while there is a hashrate. The device's own figure can be stale."""
    watts, rate = power(summary), hashrate(summary)
    if not rate:
        return None
    if watts:
        return round(watts / rate, 2)
    return _not_negative((summary or NOTHING).number("Power Rate")) or None


def temperature(live: Live) -> float | None:
    """Return °C of the hottest chip, else of the hottest board."""
    summary, boards = live.summary or NOTHING, live.boards or ()
    chips = [summary.number("Chip Temp Max"), *(b.number("Chip Temp Max") for b in boards)]
    listed = summary.get("Board Temperature")
    plates = [
        summary.number("Temperature"),
        *(board.number("Temperature") for board in boards),
        *(as_number(value) for value in (listed if isinstance(listed, list) else ())),
    ]
    return _hottest(chips) if _hottest(chips) is not None else _hottest(plates)


def environment_temperature(live: Live) -> float | None:
    """Return °C at the device's own sensor, which need not be that of the room."""
    value = (live.summary or NOTHING).number("Env Temp")
    # Zero can be winter while mining, and is no reading while the boards are off.
    if value is None or not _COLD <= value <= _HOT or (value == 0 and not live.mining_wanted):
        return None
    return round(value, 1)


def liquid_temperature(status: Record | None) -> float | None:
    """Return °C of the coolant; the maker does not say at which end, so it is the inlet's."""
    return _sane((status or NOTHING).number("liquid_temp"))


def boards(live: Live) -> tuple[Hashboard, ...]:
    """Return the hashboards by slot."""
    records = live.boards or ()
    scale = _board_scale(records, hashrate(live.summary))
    found: dict[int, Hashboard] = {}
    for place, record in enumerate(records):
        slot = record.integer("Slot", "ASC", "ID")
        index = 1 + (slot if slot is not None and 0 <= slot < _SLOTS else place)
        found.setdefault(
            index,
            Hashboard(
                index=index,
                hashrate=_scaled(record.number(*_BOARD_RATES), scale),
                expected_hashrate=_scaled(record.number("Factory GHS"), 1e3) or None,
                temperature=_sane(record.number("Temperature")),
                chip_temperature=_sane(record.number("Chip Temp Max")),
                frequency=_not_negative(record.number("Chip Frequency")),
                chips=_count(record.integer("Effective Chips")),
                enabled=record.flag("Enabled"),
            ),
        )
    return tuple(found[index] for index in sorted(found))


def _board_scale(records: Iterable[Record], total: float | None) -> float:
    """Return how many of the boards' units make one TH/s.

    The keys are the same for MH/s and TH/s; the size of the numbers tells, and where
    boards that just begin to hash leave that open, the total does.
    """
    rates = [rate for b in records for key in _BOARD_RATES if (rate := b.number(key)) is not None]
    largest = max(rates, default=0.0)
    if largest >= _MAX_BOARD_TERAHASHES:
        return _MHS
    # One board's rate is at most the total, apart from different times of sampling.
    return _MHS if total and largest > 100 * total else 1.0


def fans(summary: Record | None) -> tuple[Fan, ...]:
    """Return intake (1) and exhaust (2), as far as the device reports them."""
    speeds = [(summary or NOTHING).integer(key) for key in ("Fan Speed In", "Fan Speed Out")]
    return tuple(
        Fan(index=index, speed=speed)
        for index, speed in enumerate(speeds, start=1)
        if speed is not None and speed >= 0
    )


def pools(records: Iterable[Record]) -> tuple[Pool, ...]:
    """Return the pools in order of priority, without those about to go."""
    kept = [record for record in records if record.text("URL") and not record.flag("To Remove")]
    # Numbers start at 0 or 1, depending on the firmware; only their order counts.
    kept.sort(key=lambda record: record.number("Priority", "POOL") or 0.0)
    active = _active_pool(kept)
    return tuple(
        Pool(
            index=index,
            url=record.text("URL") or "",
            user=record.text("User") or "",
            alive=_alive(record),
            active=_is_active(record, active),
            accepted=_count(record.integer("Accepted")),
            rejected=_count(record.integer("Rejected")),
            stale=_count(record.integer("Stale")),
        )
        for index, record in enumerate(kept, start=1)
    )


def _active_pool(records: list[Record]) -> Record | None:
    """Return the pool mined on: the one that says so, else the first that is alive."""
    saying = [record for record in records if record.flag("Stratum Active")]
    if len(saying) == 1:
        return saying[0]
    return next((record for record in saying or records if _alive(record)), None)


def _is_active(record: Record, active: Record | None) -> bool | None:
    """Tell whether it is the one; where none surely is, the one of which little is told may be."""
    if active is None and _alive(record) is None:
        return record.flag("Stratum Active")
    return record is active


def _alive(record: Record) -> bool | None:
    status = record.word("Status")
    return None if status is None else status == "alive"


def shares(summary: Record | None, known: tuple[Pool, ...] | None) -> tuple[int | None, int | None]:
    """Return accepted and rejected shares: the total where there is one, else over pools."""
    if summary is not None and (accepted := _count(summary.integer("Accepted"))) is not None:
        return accepted, _count(summary.integer("Rejected"))
    return _total(pool.accepted for pool in known or ()), _total(p.rejected for p in known or ())


def power_supply(record: Record) -> PowerSupply | None:
    """Return the power supply's readings, None when it has none at all."""
    volts, milliamperes = record.number("vin"), record.number("iin")
    supply = PowerSupply(
        power=_not_negative(record.number("pin")),
        input_voltage=_not_negative(volts / 100 if volts and volts > _VOLTS else volts),
        input_current=_not_negative(milliamperes and milliamperes / 1e3),
        temperature=_sane(record.number("temp0")),
        fan_speed=_count(record.integer("fan_speed")),
    )
    return None if supply == PowerSupply() else supply


def listed_faults(entries: Iterable[ErrorEntry], *, hydro: bool) -> tuple[Fault, ...]:
    """Return what get_error_code told."""
    return _faults((entry.code for entry in entries), hydro=hydro)


def summary_faults(summary: Record, *, hydro: bool) -> tuple[Fault, ...] | None:
    """Return the faults that firmware before API 2.0.4 has in its summary."""
    count = summary.integer("Error Code Count")
    if count is None:
        return None
    numbers = [
        value
        for key in summary
        if key.startswith("Error Code ") and key.removeprefix("Error Code ").isdecimal()
        if (value := summary.integer(key)) is not None
    ]
    return _faults((str(number) for number in numbers[: max(count, 0)]), hydro=hydro)


def _faults(codes: Iterable[str], *, hydro: bool) -> tuple[Fault, ...]:
    # The first is the one that is shown, and the pool's may only follow from another.
    said = {code: meaning(code) for code in sorted(codes, key=is_of_pools)}
    return tuple(
        Fault(
            code=code,
            message=m.message,
            remedy=m.remedy,
            minor=is_minor(code, hydro=hydro),
            cooling=is_cooling(code),
            key=m.key,
        )
        for code, m in said.items()
    )


def locate(info: Record | None) -> bool | None:
    """Return whether the LEDs have been taken out of automatic mode."""
    leds = (info or NOTHING).word("ledstat")
    return None if leds is None else leds != "auto"


def mac(*records: Record | None) -> str | None:
    """Return the first MAC that one of these has."""
    for record in records:
        if record is not None and (found := mac_address(record.text("mac", "MAC"))):
            return found
    return None


def ip_address(info: Record | None) -> str | None:
    """Return the device's own word for its address; None while it has none."""
    try:
        address = IPv4Address((info or NOTHING).text("ip") or "")
    except AddressValueError:
        return None
    return None if address.is_unspecified else str(address)


def power_mode(live: Live) -> PowerMode | None:
    """Return the power mode; a device that is off can leave it empty."""
    for record, key in ((live.status, "power_mode"), (live.summary, "Power Mode")):
        if (mode := (record or NOTHING).word(key)) in set(PowerMode):
            return PowerMode(mode)
    return None


def limit_in_force(summary: Record | None) -> float | None:
    """Return the power limit in W that the device works with; None for none."""
    return _limit((summary or NOTHING).number("Power Limit"))


def limit_as_set(status: Record | None) -> float | None:
    """Return the power limit in W that was asked for; None for the factory's own."""
    return _limit((status or NOTHING).number("power_limit_set"))


def _limit(watts: float | None) -> float | None:
    # Zero is what a stopped device writes; five digits are the most that can be set.
    return watts if watts is not None and 0 < watts < 99_999 else None


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None or value < 0 else round(value / unit, 3)


def _hottest(values: Iterable[float | None]) -> float | None:
    return max((sane for value in values if (sane := _sane(value)) is not None), default=None)


def _sane(celsius: float | None) -> float | None:
    """Return a board's or chip's temperature; a sensor that is off reads zero or nonsense."""
    if not celsius or not _COLD <= celsius <= _HOT:
        return None
    return round(celsius, 1)


def _not_negative(value: float | None) -> float | None:
    return None if value is None or value < 0 else value


def _count(value: int | None) -> int | None:
    return None if value is None or value < 0 else value


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


_FIRST_YEAR = 1_500_000_000
"""Unix time, in 2017: before that a device counts from its boot and has no time of day yet."""


def clock(live: Live) -> float | None:
    """Return the device's own time of day as Unix time, None while it has none."""
    when = (live.status or NOTHING).number("When")
    return when + live.status_age if when is not None and when >= _FIRST_YEAR else None

"""From the device's answers to the normalised world. Pure."""

from collections.abc import Iterable
import math
import re

from ..errors import MalformedReplyError
from ..models import Fan, Hashboard, Identity, Make, Pool, PowerRange
from .configuration import Constraints, Limits, MinerConfiguration
from .schema import (
    ApiVersion,
    CoolingState,
    FanState,
    MinerBrand,
    MinerDetails,
    MinerStats,
    Network,
    PerformanceMode,
    PoolGroup,
    TargetKind,
)
from .schema import Hashboard as BoardState

CONTROL_BOARDS = {1: "CVITEK", 2: "BeagleBone", 3: "Amlogic", 4: "Zynq", 5: "Braiins"}
"""The numbers of the enum ControlBoardSocFamily."""

MINI_MINER_PLATFORM = 8
"""The platform of Braiins' own mini miners, for which there is no brand."""

RELEASE = re.compile(r"\d{2}\.\d{2}(\.\d+)?")
"""A firmware release as its makers speak of it: year, month, patch."""

TARGET_MARGIN = 1.1
"""How far above the model's own target a target is offered. The device's maximum is a
software limit of about twice the nameplate, more than power supply and wiring of a home
bear. Draw settles up to 4 % above a target, so this is at most some 15 % above nameplate."""


def identity(
    details: MinerDetails, version: ApiVersion, mac: str | None, hostname: str | None
) -> Identity:
    """Return who it is; `mac` and `hostname` stand in for what details do not say.

    Raises MalformedReplyError without a MAC, since nothing else identifies the device.
    """
    address = mac_of(details.mac_address) or mac_of(mac)
    if address is None:
        raise MalformedReplyError("miner/details: no MAC address")
    model = details.miner_model or details.name
    return Identity(
        make=Make.BRAIINS,
        mac=address,
        manufacturer=_manufacturer(details, model or ""),
        model=model or "Braiins OS",
        firmware=_release(details.bos_version),
        api_version=str(version),
        hardware=CONTROL_BOARDS.get(details.soc_family or 0),
        serial=details.serial_number,
        hostname=details.hostname or hostname,
    )


def mac_of(value: str | None) -> str | None:
    """Return a MAC in lower case with colons; None when it is none, or all zeros."""
    digits = re.sub(r"[:.-]", "", value or "").lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or not int(digits, 16):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def ip_address(network: Network | None) -> str | None:
    """Return the address in use, which is not the device's own loopback."""
    found = [one for one in (network.addresses if network else ()) if not one.startswith("127.")]
    return found[0] if found else None


def _manufacturer(details: MinerDetails, model: str) -> str:
    """Return who built the hashing hardware."""
    name = model.lower()
    if details.brand == MinerBrand.ANTMINER or "antminer" in name:
        return "Bitmain"
    if details.brand == MinerBrand.WHATSMINER or "whatsminer" in name:
        return "MicroBT"
    if details.platform == MINI_MINER_PLATFORM or "braiins" in name:
        return "Braiins"
    return "Unknown"


def _release(text: str | None) -> str | None:
    """Return YY.MM out of YYYY-MM-DD-N-<hash>-YY.MM-plus, all of it when it is not that."""
    fields = (text or "").split("-")
    if len(fields) > 5 and RELEASE.fullmatch(fields[5]):
        return fields[5]
    return text


def terahash(gigahash: float | None) -> float | None:
    """Convert GH/s, in which devices measure, to TH/s."""
    return None if gigahash is None else gigahash / 1000


def expected_hashrate(details: MinerDetails, stats: MinerStats | None) -> float | None:
    """Return TH/s of the tuned frequencies, before they are known those of the sticker."""
    nominal = stats.work.nominal_gigahash if stats else None
    return terahash(nominal if nominal and nominal > 0 else details.sticker_gigahash)


def boards(states: Iterable[BoardState], *, paused: bool) -> tuple[Hashboard, ...]:
    """Return the boards; their averages only fade during a pause, so they are set to 0."""
    return tuple(
        Hashboard(
            index=board_index(state.id, place),
            hashrate=0.0 if paused else terahash(state.work.last_1m_gigahash),
            expected_hashrate=terahash(state.work.nominal_gigahash),
            temperature=state.board_degree_c,
            chip_temperature=state.chip_degree_c,
            frequency=None if state.frequency_hertz is None else state.frequency_hertz / 1e6,
            voltage=state.voltage_volt,
            chips=state.chips_count,
            enabled=state.enabled,
        )
        for place, state in enumerate(states, 1)
    )


def board_index(name: str | None, place: int) -> int:
    """Return the number of a board from its id, else from its place in the list."""
    # More than two digits number no board, and Python refuses to read thousands of them.
    if name is not None and name.isdecimal() and len(name) <= 2:
        return int(name)
    return place


def fans(states: Iterable[FanState]) -> tuple[Fan, ...]:
    """Return the fans counted from 1.

    The contract does not say where devices begin to count; those captured begin at 0.
    """
    states = tuple(states)
    first = 1 if any(state.position == 0 for state in states) else 0
    return tuple(
        Fan(index=place if state.position is None else state.position + first, speed=state.rpm)
        for place, state in enumerate(states, 1)
    )


def pools(groups: Iterable[PoolGroup]) -> tuple[Pool, ...]:
    """Return the pools of all groups, counted from 1."""
    states = [state for group in groups for state in group.pools]
    return tuple(
        Pool(
            index=place,
            url=state.url,
            user=state.user,
            enabled=state.enabled,
            alive=state.alive,
            active=state.active,
            accepted=state.shares.accepted,
            rejected=state.shares.rejected,
            stale=state.shares.stale,
        )
        for place, state in enumerate(states, 1)
    )


def temperature(cooling: CoolingState | None, states: Iterable[BoardState]) -> float | None:
    """Return °C of the hottest chip as the device sees it, else of the hottest board."""
    if cooling is not None and cooling.highest_degree_c is not None:
        return cooling.highest_degree_c
    states = tuple(states)
    chips = _known(state.chip_degree_c for state in states)
    return max(chips or _known(state.board_degree_c for state in states), default=None)


def inlet(states: Iterable[BoardState]) -> float | None:
    """Return °C of what flows in: water where that is measured, else air."""
    states = tuple(states)
    water = _known(state.water_inlet_degree_c for state in states)
    return min(water or _known(state.inlet_degree_c for state in states), default=None)


def outlet(states: Iterable[BoardState]) -> float | None:
    """Return °C of what flows out: water where that is measured, else air."""
    states = tuple(states)
    water = _known(state.water_outlet_degree_c for state in states)
    return max(water or _known(state.outlet_degree_c for state in states), default=None)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def active_kind(
    mode: PerformanceMode | None,
    configuration: MinerConfiguration | None,
    constraints: Constraints | None,
) -> TargetKind | None:
    """Return what the tuner holds: as in force, else as stored, else as shipped."""
    stored = configuration.kind if configuration else None
    if configuration and configuration.tuner_enabled is False:
        # The kind of target that is still stored then has no effect.
        stored = TargetKind.MANUAL
    told = (
        mode.kind if mode else None,
        stored,
        constraints.default_kind if constraints else None,
    )
    return next((kind for kind in told if kind is not None), None)


def power_range(constraints: Constraints) -> PowerRange | None:
    """Return the power targets offered in W; None when the device names no range.

    Devices take whole watts. Steps of 10 W are finer than any tuner settles and coarse
    enough for a slider; a mini miner's whole range is some ten watts, so there 1 W.
    """
    return _offered(constraints.power_watt, coarse=10, fine=1)


def hashrate_range(constraints: Constraints) -> PowerRange | None:
    """Return the hashrate targets offered in TH/s; None when the device names no range.

    A step of 1 TH/s is about 1 % of a large machine, 0.01 TH/s of a mini miner.
    """
    return _offered(constraints.hashrate_terahash, coarse=1, fine=0.01)


def _offered(limits: Limits, *, coarse: float, fine: float) -> PowerRange | None:
    low, high, default = limits.minimum, limits.maximum, limits.default
    if low is None or high is None:
        return None
    if default is not None:
        # Rounded down to what can be sent; never above what the device names.
        high = min(high, round(math.floor(default * TARGET_MARGIN / fine) * fine, 2))
    if high <= low:
        return None
    # A slider with fewer than ten places is none.
    step = coarse if high - low >= 10 * coarse else fine
    return PowerRange(minimum=low, maximum=high, step=step, default=default)

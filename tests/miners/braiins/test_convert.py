"""From the device's answers to plain terms."""

from dataclasses import replace

import pytest

from custom_components.asic_miner.miners.braiins import convert
from custom_components.asic_miner.miners.braiins.configuration import (
    Constraints,
    Limits,
    MinerConfiguration,
)
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.braiins.schema import (
    ApiVersion,
    CoolingState,
    FanState,
    Hashboard,
    MinerDetails,
    MinerStats,
    PerformanceMode,
    TargetKind,
)
from custom_components.asic_miner.miners.errors import MalformedReplyError
from custom_components.asic_miner.miners.models import Fan, Identity, Make, PowerRange

from .device import CONSTRAINTS, DETAILS, STATS, board

VERSION = ApiVersion(major=1, minor=0, patch=0)
MINER = MinerDetails.parse(DETAILS)
LIMITS = Constraints.parse(CONSTRAINTS)
NOTHING = Limits(default=None, minimum=None, maximum=None)


def test_identity() -> None:
    """All that a device says of itself."""
    assert convert.identity(MINER, VERSION, None, None) == Identity(
        make=Make.BRAIINS,
        mac="02:5a:10:00:00:07",
        manufacturer="Bitmain",
        model="Antminer S19j Pro",
        firmware="25.07",
        api_version="1.0.0",
        hardware="Amlogic",
        serial="SN-0007",
        hostname="Antminer",
    )


def test_identity_of_little() -> None:
    """Only the MAC is needed, and it may come from the network."""
    silent = MinerDetails.parse({})
    found = convert.identity(silent, VERSION, "02-5A-10-00-00-07", "miner-000007")
    assert found == Identity(
        make=Make.BRAIINS,
        mac="02:5a:10:00:00:07",
        manufacturer="Unknown",
        model="Braiins OS",
        api_version="1.0.0",
        hostname="miner-000007",
    )
    with pytest.raises(MalformedReplyError):
        convert.identity(silent, VERSION, None, "miner-000007")


@pytest.mark.parametrize(
    ("value", "mac"),
    [
        ("02:5A:10:00:00:07", "02:5a:10:00:00:07"),
        ("025a10000007", "02:5a:10:00:00:07"),
        ("025a.1000.0007", "02:5a:10:00:00:07"),
        ("02:5a:10:00:00", None),
        ("02:5a:10:00:00:0g", None),
        ("00:00:00:00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_mac(value: str | None, mac: str | None) -> None:
    """One form, and nothing that cannot tell devices apart."""
    assert convert.mac_of(value) == mac


@pytest.mark.parametrize(
    ("brand", "model", "platform", "manufacturer"),
    [
        (1, "S19", 4, "Bitmain"),
        (2, "M30S", 4, "MicroBT"),
        (0, "Antminer T21", 4, "Bitmain"),
        (None, "Whatsminer M50", 4, "MicroBT"),
        (0, "Braiins Mini Miner BMM 101", None, "Braiins"),
        (0, "BMM 100", 8, "Braiins"),
        (9, "Hasher", 4, "Unknown"),
    ],
)
def test_manufacturer(
    brand: int | None, model: str, platform: int | None, manufacturer: str
) -> None:
    """By brand, else by name or platform."""
    details = replace(MINER, brand=brand, miner_model=model, platform=platform)
    assert convert.identity(details, VERSION, None, None).manufacturer == manufacturer


@pytest.mark.parametrize(
    ("text", "firmware"),
    [
        ("2026-04-01-0-0badcafe-26.04.1-plus", "26.04.1"),
        ("2026-04-01-0-0badcafe-26.04", "26.04"),
        ("2026-04-01-0-0badcafe-nightly-plus", "2026-04-01-0-0badcafe-nightly-plus"),
        ("custom", "custom"),
        (None, None),
    ],
)
def test_firmware(text: str | None, firmware: str | None) -> None:
    """The release as its makers speak of it; an unusual text as it is."""
    details = replace(MINER, bos_version=text)
    assert convert.identity(details, VERSION, None, None).firmware == firmware


@pytest.mark.parametrize(("soc", "name"), [(1, "CVITEK"), (5, "Braiins"), (0, None), (9, None)])
def test_control_board(soc: int, name: str | None) -> None:
    """Known families by name."""
    details = replace(MINER, soc_family=soc)
    assert convert.identity(details, VERSION, None, None).hardware == name


def test_expected_hashrate() -> None:
    """Of the tuned frequencies; before tuning, of the sticker."""
    stats = MinerStats.parse(STATS)
    untuned = replace(stats, work=replace(stats.work, nominal_gigahash=0.0))
    assert convert.expected_hashrate(MINER, stats) == 102.0
    assert convert.expected_hashrate(MINER, untuned) == 100.0
    assert convert.expected_hashrate(MINER, None) == 100.0
    assert convert.expected_hashrate(MinerDetails.parse({}), None) is None


def test_boards() -> None:
    """Units change, numbers come from ids, and a pause is not a slow fade."""
    states = [
        Hashboard.parse(board("2")),
        Hashboard.parse(board("3", id=None)),
        Hashboard.parse(board("1", enabled=False, id="left")),
        Hashboard.parse({"id": "4"}),
    ]
    boards = convert.boards(states, paused=False)
    assert [one.index for one in boards] == [2, 2, 3, 4]
    first = boards[0]
    assert first.hashrate == 33.0
    assert first.expected_hashrate == 34.0
    assert first.frequency == 512.5
    assert first.voltage == 13.25
    assert first.chips == 126
    assert first.temperature == 58.0
    assert first.chip_temperature == 71.5
    assert first.enabled is True
    assert boards[2].enabled is False
    assert boards[3].frequency is None
    assert boards[3].hashrate is None
    assert convert.boards(states, paused=True)[0].hashrate == 0.0


@pytest.mark.parametrize(
    ("positions", "indexes"),
    [
        ((0, 1, 2, 3), (1, 2, 3, 4)),
        ((1, 2, 3, 4), (1, 2, 3, 4)),
        ((3, 0), (4, 1)),
        ((None, None), (1, 2)),
        ((), ()),
    ],
)
def test_fans(positions: tuple[int | None, ...], indexes: tuple[int, ...]) -> None:
    """Counted from 1, wherever the device begins."""
    states = [FanState(position=position, rpm=4000) for position in positions]
    assert convert.fans(states) == tuple(Fan(index=index, speed=4000) for index in indexes)


def test_temperature() -> None:
    """What the device calls the hottest, else the hottest of the boards."""
    hottest = CoolingState(fans=(), highest_degree_c=80.0)
    silent = CoolingState(fans=(), highest_degree_c=None)
    chips = [Hashboard.parse(board("1")), Hashboard.parse({})]
    plain = [Hashboard.parse({"board_temp": {"degree_c": degrees}}) for degrees in (40, 45)]
    assert convert.temperature(hottest, chips) == 80.0
    assert convert.temperature(silent, chips) == 71.5
    assert convert.temperature(None, plain) == 45.0
    assert convert.temperature(None, ()) is None


def test_inlet_and_outlet() -> None:
    """Air, or water where there is water."""
    air = [Hashboard.parse(board("1")), Hashboard.parse(board("2")), Hashboard.parse({})]
    assert convert.inlet(air) == 32.0
    assert convert.outlet(air) == 52.0
    wet: Json = {
        "lowest_water_inlet_temp": {"degree_c": 25.0},
        "highest_water_outlet_temp": {"degree_c": 35.0},
    }
    water = [*air, Hashboard.parse(wet)]
    assert convert.inlet(water) == 25.0
    assert convert.outlet(water) == 35.0
    assert convert.inlet(()) is None
    assert convert.outlet(()) is None


def test_active_kind() -> None:
    """In force, else stored, else as shipped."""
    manual = PerformanceMode(kind=TargetKind.MANUAL)
    unknown = PerformanceMode(kind=None)
    stored = MinerConfiguration(
        tuner_enabled=True, kind=TargetKind.HASHRATE, power_watt=None, hashrate_terahash=None
    )
    silent = replace(stored, kind=None)
    assert convert.active_kind(manual, stored, LIMITS) is TargetKind.MANUAL
    assert convert.active_kind(unknown, stored, LIMITS) is TargetKind.HASHRATE
    assert convert.active_kind(None, silent, LIMITS) is TargetKind.POWER
    assert convert.active_kind(None, None, None) is None


@pytest.mark.parametrize(
    ("limits", "offered"),
    [
        # A tenth above the model's own, although the device would take twice as much.
        (Limits(default=3068, minimum=944, maximum=6435), (944, 3374, 10, 3068)),
        # Never above what the device takes.
        (Limits(default=3000, minimum=950, maximum=3100), (950, 3100, 10, 3000)),
        (Limits(default=None, minimum=950, maximum=3100), (950, 3100, 10, None)),
        (Limits(default=32, minimum=20, maximum=45), (20, 35, 1, 32)),
        # Ten places make a slider.
        (Limits(default=None, minimum=60, maximum=160), (60, 160, 10, None)),
        (Limits(default=None, minimum=60, maximum=159), (60, 159, 1, None)),
        (Limits(default=None, minimum=950, maximum=951), (950, 951, 1, None)),
        (Limits(default=None, minimum=950, maximum=950), None),
        (Limits(default=3000, minimum=None, maximum=3100), None),
        (Limits(default=3000, minimum=950, maximum=None), None),
        (Limits(default=800, minimum=950, maximum=3100), None),
        (NOTHING, None),
    ],
)
def test_power_range(
    limits: Limits, offered: tuple[float, float, float, float | None] | None
) -> None:
    """What is offered is what a home can bear, in whole watts."""
    found = convert.power_range(replace(LIMITS, power_watt=limits))
    assert found == (_range(*offered) if offered else None)


@pytest.mark.parametrize(
    ("limits", "offered"),
    [
        (Limits(default=104, minimum=70.75, maximum=252.57), (70.75, 114.4, 1, 104)),
        (Limits(default=1.0, minimum=0.5, maximum=1.4), (0.5, 1.1, 0.01, 1.0)),
        (NOTHING, None),
    ],
)
def test_hashrate_range(
    limits: Limits, offered: tuple[float, float, float, float | None] | None
) -> None:
    """As for watts."""
    found = convert.hashrate_range(replace(LIMITS, hashrate_terahash=limits))
    if offered is None or found is None:
        assert found is None
        assert offered is None
        return
    assert found == replace(_range(*offered), maximum=found.maximum)
    assert found.maximum == pytest.approx(offered[1])


def _range(minimum: float, maximum: float, step: float, default: float | None) -> PowerRange:
    return PowerRange(minimum=minimum, maximum=maximum, step=step, default=default)

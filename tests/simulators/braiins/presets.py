"""Models that can be simulated. Every number, serial and address is made up.

Limits and draws are of the right size for each model, but of no real machine.
"""

from dataclasses import dataclass, field

from ..plant import Nameplate
from .wire import Version


@dataclass(frozen=True, kw_only=True)
class Range:
    """Limits of one setting, in the unit of that setting."""

    minimum: float
    default: float
    maximum: float

    def __contains__(self, value: float) -> bool:
        """Tell whether a value is allowed."""
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One model with one firmware."""

    miner_model: str
    brand: int
    """MinerBrand: 1 Antminer, 2 WhatsMiner, 0 unspecified."""
    platform: int
    soc_family: int
    boot_mode: int
    """BosMode: 3 SD, 4 NAND, 5 eMMC."""
    rest: Version
    firmware: str
    kernel: str
    own_hostname: bool = False
    """OpenWrt builds name themselves after their MAC, others are just `Antminer`."""
    nameplate: Nameplate
    sticker: float
    """TH/s."""
    power: Range
    """Power target in W."""
    hashrate: Range
    """Hashrate target in TH/s."""
    publishes_limits: bool = True
    """Whether the constraints call tells `power` and `hashrate`."""
    stores_target: bool = True
    """Whether the configuration of a fresh machine holds a target."""
    cooling: str = "auto"
    """Tag of the cooling mode: auto or hydro."""
    target_temperature: Range = field(
        default_factory=lambda: Range(minimum=0.0, default=58.0, maximum=200.0)
    )
    hot_temperature: Range = field(
        default_factory=lambda: Range(minimum=0.0, default=88.0, maximum=200.0)
    )
    dangerous_temperature: Range = field(
        default_factory=lambda: Range(minimum=0.0, default=98.0, maximum=200.0)
    )
    fan_idle_rpm: int = 900
    fan_full_rpm: int = 6500
    fan_position_base: int = 0
    """Number of the first fan; counted from 0 or 1, the contract does not say."""
    frequency: float = 520.0
    """MHz at nameplate power."""
    voltage: float = 13.4
    """V at nameplate power."""
    chip: str | None = "BM1362"
    board: str | None = "BHB42601"
    disabled_boards: tuple[int, ...] = ()
    """Counted from 1."""
    pic: bool = True
    """Whether single boards can be cut off."""
    continuous_tuner: bool = False
    psu_model: str | None = "APW121215"
    old_errors: int = 3
    """Entries that the error log begins with."""

    @property
    def mini(self) -> bool:
        """Tell whether this is a mini miner, which has no stock firmware."""
        return self.platform == 8


PRESETS: dict[str, Preset] = {
    "S19j Pro": Preset(
        miner_model="Antminer S19J Pro",
        brand=1,
        platform=4,
        soc_family=3,
        boot_mode=4,
        rest=(1, 0, 0),
        firmware="2025-07-14-0-5e1b90c2-25.07-plus",
        kernel="4.9.113",
        nameplate=Nameplate(hashrate=101.0, power=3040.0, boards=3, chips_per_board=126, fans=4),
        sticker=100.0,
        power=Range(minimum=950, default=3040, maximum=6200),
        hashrate=Range(minimum=71.5, default=101.0, maximum=246.0),
    ),
    "S21 Pro": Preset(
        miner_model="Antminer S21 Pro",
        brand=1,
        platform=6,
        soc_family=1,
        boot_mode=4,
        rest=(1, 3, 0),
        firmware="2026-04-09-0-c07d3a51-26.04-plus",
        kernel="5.10.4",
        nameplate=Nameplate(
            hashrate=231.0, power=3480.0, idle_power=16.0, boards=3, chips_per_board=65, fans=4
        ),
        sticker=234.0,
        power=Range(minimum=1320, default=3480, maximum=7100),
        hashrate=Range(minimum=96.0, default=231.0, maximum=480.0),
        frequency=610.0,
        voltage=14.2,
        chip="BM1370",
        board="BHB70601",
        fan_position_base=1,
        pic=False,
        continuous_tuner=True,
        psu_model="APW171215",
    ),
    "S21 Hyd": Preset(
        miner_model="Antminer S21 Hyd",
        brand=1,
        platform=4,
        soc_family=3,
        boot_mode=5,
        rest=(1, 4, 0),
        firmware="2026-05-21-1-91f4e6d8-26.05-plus",
        kernel="4.9.241",
        nameplate=Nameplate(
            hashrate=331.0, power=5310.0, idle_power=18.0, boards=3, chips_per_board=216, fans=0
        ),
        sticker=335.0,
        power=Range(minimum=2150, default=5310, maximum=9600),
        hashrate=Range(minimum=142.0, default=331.0, maximum=610.0),
        cooling="hydro",
        target_temperature=Range(minimum=0.0, default=50.0, maximum=200.0),
        frequency=485.0,
        voltage=15.1,
        chip="BM1368",
        board="A3HB70801",
        continuous_tuner=True,
        psu_model="APW112011",
    ),
    "BMM 101": Preset(
        miner_model="Braiins Mini Miner BMM 101",
        brand=0,
        platform=8,
        soc_family=5,
        boot_mode=5,
        rest=(1, 1, 0),
        firmware="2025-11-18-0-3ad20f97-25.11-plus",
        kernel="6.6.31",
        own_hostname=True,
        nameplate=Nameplate(
            hashrate=1.02, power=40.0, idle_power=2.0, boards=1, chips_per_board=4, fans=1
        ),
        sticker=1.0,
        power=Range(minimum=21, default=40, maximum=46),
        hashrate=Range(minimum=0.5, default=1.0, maximum=1.4),
        publishes_limits=False,
        stores_target=False,
        fan_idle_rpm=170,
        fan_full_rpm=3100,
        frequency=455.0,
        voltage=1.2,
        chip="BM1366",
        board=None,
        psu_model=None,
        old_errors=0,
    ),
    "BMM 100": Preset(
        miner_model="Braiins Mini Miner BMM 100",
        brand=0,
        platform=8,
        soc_family=5,
        boot_mode=5,
        rest=(1, 0, 0),
        firmware="2025-07-14-0-5e1b90c2-25.07-plus",
        kernel="6.6.31",
        own_hostname=True,
        nameplate=Nameplate(
            hashrate=0.98, power=41.0, idle_power=2.0, boards=1, chips_per_board=4, fans=1
        ),
        sticker=1.0,
        power=Range(minimum=20, default=41, maximum=45),
        hashrate=Range(minimum=0.5, default=0.98, maximum=1.4),
        publishes_limits=False,
        stores_target=False,
        fan_idle_rpm=170,
        fan_full_rpm=3100,
        frequency=450.0,
        voltage=1.2,
        chip="BM1366",
        board=None,
        psu_model=None,
        old_errors=0,
    ),
    "M30S++": Preset(
        miner_model="WhatsMiner M30S++",
        brand=2,
        platform=4,
        soc_family=3,
        boot_mode=4,
        rest=(1, 3, 0),
        firmware="2026-04-09-0-c07d3a51-26.04-plus",
        kernel="4.9.241",
        nameplate=Nameplate(hashrate=110.0, power=3410.0, boards=3, chips_per_board=117, fans=2),
        sticker=112.0,
        power=Range(minimum=1400, default=3410, maximum=6600),
        hashrate=Range(minimum=52.0, default=110.0, maximum=214.0),
        chip="KF1950",
        board="H6OS",
        pic=False,
        continuous_tuner=True,
        psu_model="P222B",
    ),
    "S19 XP": Preset(
        miner_model="Antminer S19 XP",
        brand=1,
        platform=3,
        soc_family=2,
        boot_mode=3,
        rest=(1, 7, 0),
        firmware="2026-08-26-0-b8820e4f-26.08.1-plus",
        kernel="3.8.13",
        nameplate=Nameplate(hashrate=139.0, power=2980.0, boards=3, chips_per_board=110, fans=4),
        sticker=141.0,
        power=Range(minimum=960, default=2980, maximum=6400),
        hashrate=Range(minimum=64.0, default=139.0, maximum=290.0),
        chip="BM1366",
        board="BHB56801",
        disabled_boards=(2,),
        old_errors=140,
    ),
}

"""The personalities: what sets one generation and model of WhatsMiner apart on the wire.

Key matrices of the generations are in replies.py; here is what a table can hold. Nameplates
are plausible rather than measured, serial numbers and part names are made up.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from tests.simulators.plant import Nameplate

NOT_SET = 2147483647
"""What devices say for a power limit that nobody has set."""


class Generation(IntEnum):
    """Firmware generations that differ in what they answer, oldest first."""

    CGMINER_2019 = 2019
    CGMINER_2020 = 2020
    BTMINER_2021 = 2021
    BTMINER_2022 = 2022
    BTMINER_2023 = 2023
    BTMINER_2024 = 2024
    COMPAT_2025 = 2025
    COMPAT_2026 = 2026


class Cooling(StrEnum):
    """How the heat leaves."""

    AIR = "air"
    HYDRO = "hydro"
    IMMERSION = "immersion"


class Down(StrEnum):
    """How the API answers for the mining program while that does not run."""

    REFUSED_TEXT = "refused text"
    EMPTY = "empty"
    """Closes without a byte."""
    STRING = "string"
    """A sentence in place of the object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """One personality."""

    name: str
    model: str
    """As the device writes it."""
    generation: Generation
    api: tuple[int, int, int]
    firmware: str
    nameplate: Nameplate
    frequency: float
    """MHz at nameplate power."""
    api_text: str = ""
    """How the device writes its API version, if not as plain numbers."""
    platform: str = "H6OS"
    """The control board."""
    chip: str = "KF1956"
    cooling: Cooling = Cooling.AIR
    down: Down = Down.REFUSED_TEXT
    ending: bytes = b""
    """What follows each reply."""
    joins: bool = True
    """Answers joined commands of the mining program."""
    limit_in_force: float = 1.0
    """What a set power limit is multiplied with to be the one in force."""
    token_timeout: str | None = None
    """What get_token says; None is silent and means 30 minutes."""
    psu_model: str = "P221B"
    supply_volts: float = 226.0
    vin_in_volts: bool = False
    """get_psu gives volts in place of 10 mV."""
    vender: bool = False
    """get_psu misspells its vendor."""

    @property
    def version(self) -> str:
        """Return the API version as get_version gives it."""
        return self.api_text or ".".join(str(part) for part in self.api)

    @property
    def legacy(self) -> bool:
        """Tell whether summary comes in the envelope of cgminer, boards in MH/s."""
        return self.generation < Generation.COMPAT_2025

    @property
    def zeros_when_off(self) -> bool:
        """Tell whether the mining program still answers, with zeros, after power_off."""
        return self.generation >= Generation.BTMINER_2024

    @property
    def liquid(self) -> bool:
        """Tell whether there are no fans."""
        return self.cooling is not Cooling.AIR

    @property
    def fast_chips(self) -> bool:
        """Tell whether the chip variant knows set_fast_mining and set_fast_hash."""
        return any(variant in self.model for variant in ("VK", "VL", "VM"))


_ALL = (
    Preset(
        name="M60S",
        model="M60S_VK30",
        generation=Generation.COMPAT_2025,
        api=(2, 2, 2),
        firmware="20250612.16.REL3",
        nameplate=Nameplate(hashrate=186.0, power=3441.0, boards=3, chips_per_board=147),
        frequency=595.0,
        platform="H616",
        chip="KF2501",
        down=Down.STRING,
        psu_model="P463B",
    ),
    Preset(
        name="M30S++",
        model="M30S++VH40",
        generation=Generation.BTMINER_2023,
        api=(2, 0, 5),
        firmware="20230911.12.Rel",
        nameplate=Nameplate(hashrate=112.0, power=3472.0, boards=3, chips_per_board=111),
        frequency=712.0,
        platform="H6OS",
        chip="K88X003",
    ),
    Preset(
        name="M50S",
        model="M50SVH60",
        generation=Generation.BTMINER_2024,
        api=(2, 0, 5),
        firmware="20240625.14.REL",
        nameplate=Nameplate(hashrate=126.0, power=3276.0, boards=3, chips_per_board=105),
        frequency=640.0,
        down=Down.STRING,
        vender=True,
    ),
    Preset(
        name="M56S",
        model="M56SVH30",
        generation=Generation.BTMINER_2024,
        api=(2, 0, 5),
        firmware="20240418.11.REL",
        nameplate=Nameplate(hashrate=212.0, power=5550.0, boards=4, chips_per_board=152, fans=0),
        frequency=655.0,
        cooling=Cooling.IMMERSION,
        down=Down.EMPTY,
        psu_model="P564B",
        vin_in_volts=True,
    ),
    Preset(
        name="M63S",
        model="M63S_VL30",
        generation=Generation.COMPAT_2026,
        api=(2, 2, 2),
        firmware="20260115.18.REL3",
        nameplate=Nameplate(hashrate=390.0, power=7215.0, boards=4, chips_per_board=272, fans=0),
        frequency=610.0,
        platform="H616",
        chip="KF2612",
        cooling=Cooling.HYDRO,
        down=Down.STRING,
        limit_in_force=0.973,  # seen: 10030 W set, 9758 W in force
        token_timeout="1800",
        psu_model="P663C",
        supply_volts=396.0,  # three phases
    ),
    Preset(
        name="M50-2022",
        model="M50VG30",
        generation=Generation.BTMINER_2022,
        api=(2, 0, 4),
        firmware="20221118.22.REL",
        nameplate=Nameplate(hashrate=114.0, power=3306.0, boards=3, chips_per_board=105),
        frequency=628.0,
        platform="H6",
    ),
    Preset(
        name="M31S-2021",
        model="M31SV20",
        generation=Generation.BTMINER_2021,
        api=(1, 4, 0),
        firmware="'20210103.17.REL'",
        nameplate=Nameplate(hashrate=76.0, power=3220.0, boards=3, chips_per_board=105),
        frequency=560.0,
        platform="H3",
        api_text="whatsminer v1.4.0",
        ending=b"\0",
        psu_model="P20-GG4A-12-3300-V",
    ),
    Preset(
        name="M30S-2020",
        model="M30SV10",
        generation=Generation.CGMINER_2020,
        api=(1, 3, 0),
        firmware="'20200610.16.REL'",
        nameplate=Nameplate(hashrate=88.0, power=3344.0, boards=3, chips_per_board=148),
        frequency=615.0,
        platform="H3",
        api_text="whatsminer v1.3.0",
        ending=b"\n",
        psu_model="P20-GG3A-12-3300-V",
    ),
    Preset(
        name="M20S-2019",
        model="M20SV10",
        generation=Generation.CGMINER_2019,
        api=(1, 1, 0),
        firmware="'20191018.14.REL'",
        nameplate=Nameplate(hashrate=68.0, power=3360.0, boards=3, chips_per_board=105),
        frequency=620.0,
        platform="H3",
        api_text="whatsminer v1.1",
        ending=b"\0",
        psu_model="P10-GG2-12-3300-V",
    ),
)

PRESETS = {preset.name: preset for preset in _ALL}
"""All personalities by the name that tests and the command line use."""

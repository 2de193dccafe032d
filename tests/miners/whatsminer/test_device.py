"""Names and numbers that say what a device is."""

import pytest

from custom_components.asic_miner.miners.whatsminer.device import (
    Model,
    api_version,
    mac_address,
    unquoted,
)


@pytest.mark.parametrize(
    ("text", "name", "family", "variant"),
    [
        ("M50_VH84", "M50 VH84", "M50", "VH84"),
        ("M30S+VE40", "M30S+ VE40", "M30S+", "VE40"),
        ("M30S++_VH40", "M30S++ VH40", "M30S++", "VH40"),
        ("M7BS_VM30", "M7BS VM30", "M7BS", "VM30"),
        ("M31SV20", "M31S V20", "M31S", "V20"),
        ("M63S++ VL30", "M63S++ VL30", "M63S++", "VL30"),
        ("M3", "M3", "M3", None),
        ("Something", "Something", "Something", None),
    ],
)
def test_model(text: str, name: str, family: str, variant: str | None) -> None:
    """With and without the underscore of newer firmware."""
    model = Model.parse(text)
    assert model == Model(family=family, variant=variant)
    assert model.name == name


@pytest.mark.parametrize("text", [None, "", " ", "_"])
def test_no_model(text: str | None) -> None:
    """Nothing is no model."""
    assert Model.parse(text) is None


@pytest.mark.parametrize(
    ("text", "liquid", "hydro"),
    [
        ("M20S", False, False), ("M21S", False, False), ("M29", False, False),
        ("M30S++VH40", False, False), ("M31S", False, False), ("M32S", False, False),
        ("M50S++", False, False), ("M60S_VK30", False, False), ("M61S", False, False),
        ("M70S", False, False), ("M33S++", True, True), ("M34S+", True, True),
        ("M36S", True, False), ("M39", True, False), ("M52S++", True, False),
        ("M53S", True, True), ("M54S++", True, True), ("M56S", True, False),
        ("M59", True, False), ("M62S+", True, False), ("M63S_VL30", True, True),
        ("M64S", True, True), ("M65S+", True, False), ("M66S", True, False),
        ("M67S", True, False), ("M73", True, True), ("M7BS_VM30", True, False),
        ("M22", None, False), ("M58", None, False), ("M3", None, False), ("X", None, False),
    ],
)  # fmt: skip
def test_cooling_by_name(text: str, liquid: bool | None, hydro: bool) -> None:
    """The second digit tells, with its exceptions; what is not known is not guessed."""
    model = Model.parse(text)
    assert model is not None
    assert model.liquid is liquid
    assert model.hydro is hydro


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.0.5", (2, 0, 5)),
        ("whatsminer v1.4.0", (1, 4, 0)),
        ("2.2", (2, 2)),
        ("whatsminer v1.1", (1, 1)),
        ("", None),
        (None, None),
        ("unknown", None),
        ("1." + "9" * 5000, (1, 999999999)),
    ],
)
def test_api_version(text: str | None, version: tuple[int, ...] | None) -> None:
    """Found in whatever stands around it."""
    assert api_version(text) == version


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("C4:08:28:00:A4:19", "c4:08:28:00:a4:19"),
        ("c4-08-28-00-a4-19", "c4:08:28:00:a4:19"),
        (" C4:08:28:00:A4:19\n", "c4:08:28:00:a4:19"),
        ("00:00:00:00:00:00", None),
        ("C4:08:28:00:A4", None),
        ("C4:08:28:00:A4:1G", None),
        ("", None),
        (None, None),
    ],
)
def test_mac(text: str | None, mac: str | None) -> None:
    """Lower case with colons, or nothing."""
    assert mac_address(text) == mac


def test_unquoted() -> None:
    """Legacy firmware quotes its version inside the quotes of JSON."""
    assert unquoted("'20210322.22.REL'") == "20210322.22.REL"
    assert unquoted("20210322.22.REL") == "20210322.22.REL"
    assert unquoted("''") is None
    assert unquoted(None) is None

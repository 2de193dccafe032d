"""The page of entities has every entity of the tables, and no other."""

from collections.abc import Iterator
import importlib
from pathlib import Path
import re

from homeassistant.const import Platform
from homeassistant.helpers.entity import EntityDescription

from tests.translations import load

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "entities.md").read_text("utf-8")
NAMED_BY_DEVICE = {"mining"}


def described() -> Iterator[tuple[str, EntityDescription]]:
    """Return every row of every table of the platforms."""
    for path in sorted((ROOT / "custom_components" / "asic_miner").glob("*.py")):
        if path.stem not in list(Platform):
            continue
        module = importlib.import_module(f"custom_components.asic_miner.{path.stem}")
        for value in vars(module).values():
            for row in value if isinstance(value, tuple) else (value,):
                if isinstance(row, EntityDescription):
                    yield path.stem, row


def on_the_page() -> dict[tuple[str, str], list[str]]:
    """Return the cells of every row of the page by platform and key."""
    rows = {}
    for section in PAGE.split("\n## ")[1:]:
        platform = re.search(r"`(\w+)`", section.splitlines()[0])
        assert platform, section[:40]
        for line in section.splitlines():
            if key := re.search(r"\| `(\w+)` \|$", line):
                rows[platform[1], key[1]] = [cell.strip() for cell in line.split("|")[1:-1]]
    return rows


def test_every_entity_is_on_the_page_and_none_besides() -> None:
    """Both ways."""
    assert {(platform, row.key) for platform, row in described()} == on_the_page().keys()


def test_name_unit_and_default_are_those_of_the_tables() -> None:
    """What a user reads is what Home Assistant shows."""
    texts = load()
    shown = on_the_page()
    for platform, row in described():
        name, meaning, unit, default, make, _ = shown[platform, row.key]
        if row.key not in NAMED_BY_DEVICE:
            expected = texts[f"entity.{platform}.{row.key}.name"].replace("{index}", "1, 2, …")
            assert name == expected
        native = getattr(row, "native_unit_of_measurement", None)
        assert unit == (native or texts.get(f"entity.{platform}.{row.key}.unit_of_measurement", ""))
        assert default == ("●" if row.entity_registry_enabled_default else "○"), row.key
        assert make in {"WhatsMiner", "Braiins OS", "both"}, row.key
        assert len(meaning) > 10, row.key

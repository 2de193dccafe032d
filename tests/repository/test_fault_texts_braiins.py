"""What a user reads about a fault of Braiins OS is what the code means by it."""

import json
from pathlib import Path

from custom_components.asic_miner.miners.braiins.faults import FAULTS, texts

ENGLISH = Path(__file__).parents[2] / "custom_components/asic_miner/translations/en.json"


def test_texts_are_translated() -> None:
    """Every fault has its text, and no text is left of one that is gone."""
    states = json.loads(ENGLISH.read_text("utf-8"))["entity"]["sensor"]["fault"]["state"]
    shown = {key: text for key, text in states.items() if key.startswith("braiins_")}
    assert shown == texts()
    assert len(shown) == len(FAULTS)


def test_texts_are_short() -> None:
    """They are read in a notification, and keys are such as translations may have."""
    for key, text in texts().items():
        assert key == key.lower()
        assert len(text) <= 200

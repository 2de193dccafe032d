"""The texts of faults in the translations are those of the table."""

import json

from custom_components.asic_miner.miners.whatsminer.faults import texts
from tests.translations import TRANSLATIONS


def test_english_texts_of_faults() -> None:
    """All codes of a WhatsMiner, and that there is no fault; nothing else and in order."""
    english = json.loads((TRANSLATIONS / "en.json").read_text("utf-8"))
    states = english["entity"]["sensor"]["fault"]["state"]
    assert states == {**texts(), "none": "No fault"}
    assert list(states) == sorted(states)

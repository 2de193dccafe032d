"""The texts of faults in the translations are those of the tables."""

import json

from custom_components.asic_miner.miners.braiins import faults as braiins
from custom_components.asic_miner.miners.whatsminer import faults as whatsminer
from tests.translations import TRANSLATIONS


def test_english_texts_of_faults() -> None:
    """All that the makes can report, and that there is no fault; nothing else and in order."""
    english = json.loads((TRANSLATIONS / "en.json").read_text("utf-8"))
    states = english["entity"]["sensor"]["fault"]["state"]
    assert not whatsminer.texts().keys() & braiins.texts().keys()
    assert states == {**whatsminer.texts(), **braiins.texts(), "none": "No fault"}
    assert list(states) == sorted(states)

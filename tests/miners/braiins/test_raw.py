"""The answers of a Braiins OS device as they come."""

import json
import os
from pathlib import Path
from typing import cast

import pytest

from custom_components.asic_miner.miners.braiins.raw import KNOWN, PATHS, differences
from custom_components.asic_miner.miners.models import JsonValue

REFERENCE = os.environ.get("ASIC_MINER_REFERENCE")


@pytest.mark.skipif(REFERENCE is None, reason="no reference to hold it against")
def test_the_known_operations_are_those_of_the_contract() -> None:
    """A device that serves this contract differs in nothing."""
    folder = Path(cast("str", REFERENCE))
    contract = json.loads((folder / "braiins-openapi.json").read_text("utf-8"))
    assert differences(contract) == {"version": "1.0.0", "missing": [], "unknown": []}


def test_all_that_is_read_can_be_read() -> None:
    """Every path has an operation."""
    assert {f"GET {path}" for path in PATHS} <= KNOWN


def test_differences_are_named() -> None:
    """What a device lacks and what it has besides, whatever its parameters are called."""
    paths = {
        "/api/v1/pools/{id}": {"put": {}, "summary": "not a method"},
        "/api/v1/miner/melody": {"get": {}},
        "/api/v1/odd": None,
    }
    found = differences({"info": {"version": "9.9.9"}, "paths": cast("JsonValue", paths)})
    assert isinstance(found, dict)
    assert found["version"] == "9.9.9"
    assert found["unknown"] == ["GET miner/melody"]
    assert found["missing"] == sorted(KNOWN - {"PUT pools/{}"})


@pytest.mark.parametrize("contract", [None, [], "text", {}, {"info": 1, "paths": []}])
def test_anything_may_come_instead_of_a_contract(contract: JsonValue) -> None:
    """Then everything is missing."""
    found = differences(contract)
    assert isinstance(found, dict)
    assert found["version"] is None
    assert found["missing"] == sorted(KNOWN)

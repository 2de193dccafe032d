"""The answers of a Braiins OS device as they come."""

from typing import cast

import pytest

from custom_components.asic_miner.miners.braiins.raw import KNOWN, PATHS, differences
from custom_components.asic_miner.miners.models import JsonValue
from tests.simulators.braiins.sources import either, interface


@either
def test_the_known_operations_are_those_of_the_contract(source: str) -> None:
    """A device that serves this contract differs in nothing."""
    contract = cast("JsonValue", interface(source))
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

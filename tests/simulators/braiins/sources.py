"""What tests hold the client and the simulator against: our outline, and the vendor's contract.

The contract file lives outside the repository, so not everybody has it. Then the outline
alone is held against, and a warning in the summary of the run says so.
"""

import json
import os
from pathlib import Path
import warnings

import pytest

from .contract import Contract
from .outline_document import document
from .wire import Json, Version

VARIABLE = "ASIC_MINER_REFERENCE"
"""Names the folder with the contract file."""
FILE = "braiins-openapi.json"


class NotCheckedWarning(UserWarning):
    """The contract is not at hand, so something has not been held against it."""


CATEGORY = f"{NotCheckedWarning.__module__}.{NotCheckedWarning.__name__}"
# Warnings are errors otherwise; this one is to be read.
told = pytest.mark.filterwarnings(f"always::{CATEGORY}")
SOURCES = ["outline", pytest.param("contract", marks=told)]
either = pytest.mark.parametrize("source", SOURCES)
"""Runs a test against the outline, and once more against the contract."""


def interface(source: str) -> dict[str, Json]:
    """Return the outline or the contract; skip and warn where there is no contract.

    A test that takes the contract has to be marked with `either` or `told`.
    """
    if source == "outline":
        return document()
    folder = os.environ.get(VARIABLE)
    if not folder:
        message = f"NOT CHECKED against the contract: {VARIABLE} names no folder with {FILE}"
        warnings.warn(message, NotCheckedWarning, stacklevel=1)
        pytest.skip(message)
    contract: dict[str, Json] = json.loads((Path(folder) / FILE).read_text("utf-8"))
    return contract


def held(source: str, version: Version) -> Contract:
    """Return either of them as firmware of a version has to keep it."""
    return Contract(interface(source), version)

"""What is counted exactly: connections, requests, logins and recorder rows of a simulated hour."""

from dataclasses import asdict
import json
import os
from pathlib import Path

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
import pytest

from tests.demo.hass import ROOT
from tests.integration.conftest import add_through_flow

from .hour import Count, Metered

HOUR = 3600.0
RESULTS = ROOT / "test-output" / "bench" / "counts"


def note(name: str, count: Count) -> None:
    """Keep a result for the tables."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(count)), "utf-8")


async def test_an_hour(
    recorder_mock: Recorder, hass: HomeAssistant, enable_custom_integrations: None, metered: Metered
) -> None:
    entry = await add_through_flow(hass, metered.tap)
    # Settled: the minute of faster reading and the first long read are over.
    await metered.pass_time(hass, entry, 600)
    before = await metered.count(hass)
    await metered.pass_time(hass, entry, HOUR)
    hour = await metered.count(hass) - before
    print(metered.device.truth()["model"], hour)
    note(str(metered.device.truth()["model"]), hour)

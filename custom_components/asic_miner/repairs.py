"""Mends what can be mended from here."""

from collections.abc import Mapping
from typing import Protocol, cast

from homeassistant.components.repairs import RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers.importlib import async_import_module


class RepairFlows(Protocol):
    """What the module of the flows has."""

    def fix_flow(self, hass: HomeAssistant, data: Mapping[str, object]) -> RepairsFlow:
        """Return the flow for what is known of an issue."""


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue. The flows are loaded when the first one is opened."""
    flows = await async_import_module(hass, f"{__package__}.repair_steps")
    return cast("RepairFlows", flows).fix_flow(hass, data or {})

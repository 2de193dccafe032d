"""Mends what can be mended from here."""

from collections.abc import Callable, Mapping

from homeassistant.components.repairs import RepairsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers.importlib import async_import_module


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue. The flows are loaded when the first one is opened."""
    steps = await async_import_module(hass, f"{__package__}.repair_steps")
    fix_flow: Callable[[HomeAssistant, Mapping[str, object]], RepairsFlow] = steps.fix_flow
    return fix_flow(hass, data or {})

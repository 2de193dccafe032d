"""Going through flows as the frontend does."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.asic_miner.const import DOMAIN


async def start(hass: HomeAssistant) -> Any:
    """Open the form."""
    step = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert step["type"] is FlowResultType.FORM
    assert step["step_id"] == "user"
    assert not step["errors"]
    return step


async def fill(hass: HomeAssistant, step: Any, **given: Any) -> Any:
    """Fill the form in and go on."""
    return await hass.config_entries.flow.async_configure(step["flow_id"], given)


async def choose(hass: HomeAssistant, step: Any, option: str) -> Any:
    """Choose from a menu."""
    assert step["type"] is FlowResultType.MENU, step
    return await fill(hass, step, next_step_id=option)


def suggested(step: Any) -> dict[str, object]:
    """Return what a form suggests."""
    return {
        str(marker.schema): marker.description["suggested_value"]
        for marker in step["data_schema"].schema
        if marker.description and "suggested_value" in marker.description
    }

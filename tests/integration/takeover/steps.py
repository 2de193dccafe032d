"""Steps of a take-over, and what is looked at after each."""

from typing import Any

from homeassistant.components.sensor import SensorEntity, SensorStateClass
from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.asic_miner.const import CONF_TAKEOVER

UNITS = {"hashrate": "TH/s", "miner_consumption": "W", "efficiency": "kJ/TH"}
SENSORS = ("hashrate", "miner_consumption", "efficiency", "0-board_temperature", "1-fan_speed")


class OtherSensor(SensorEntity):
    """A sensor of the other integration."""

    _attr_should_poll = False

    def __init__(self, entry: ConfigEntry, key: str, state_class: SensorStateClass | None) -> None:
        """Name it as that one does."""
        self._attr_unique_id = f"{entry.data['mac'].upper()}-{key}"
        self._attr_state_class = state_class
        self._attr_name = f"{entry.title} {key}"
        self._attr_native_unit_of_measurement = UNITS.get(key)
        self._attr_native_value = 1 if key in UNITS else None


class OtherSwitch(SwitchEntity):
    """The switch of the other integration."""

    _attr_should_poll = False

    def __init__(self, entry: ConfigEntry) -> None:
        """Name it as that one does."""
        self._attr_unique_id = f"{entry.data['mac'].upper()}-active"
        self._attr_name = f"{entry.title} active"
        self._attr_is_on = True


async def options(hass: HomeAssistant, entry: ConfigEntry, option: str) -> Any:
    """Choose from the menu of the options."""
    step = await hass.config_entries.options.async_init(entry.entry_id)
    assert step["type"] is FlowResultType.MENU
    return await submit(hass, step, next_step_id=option)


async def submit(hass: HomeAssistant, step: Any, **given: Any) -> Any:
    """Submit a form of the options."""
    return await hass.config_entries.options.async_configure(step["flow_id"], given)


def ids(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return entity ids by unique id."""
    return {
        entity.unique_id: entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }


def disabled_by(hass: HomeAssistant, entity_id: str) -> er.RegistryEntryDisabler | None:
    """Return who has switched an entity off."""
    entity = er.async_get(hass).async_get(entity_id)
    assert entity
    return entity.disabled_by


async def take_over(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Go through the takeover."""
    step = await submit(hass, await options(hass, entry, "takeover"))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def undo(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Go through the way back."""
    step = await submit(hass, await options(hass, entry, "undo_takeover"))
    assert step["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert CONF_TAKEOVER not in entry.data
    assert entry.state is ConfigEntryState.LOADED

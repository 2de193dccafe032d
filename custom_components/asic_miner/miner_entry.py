"""The entry of one miner: set up, also while it is off, and taken down."""

from typing import Final

from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from yarl import URL

from .connect import async_client_for
from .const import CONF_TAKEOVER, LOGGER
from .coordinator import MinerConfigEntry, MinerCoordinator
from .diary import Diary
from .entity import main_device_info
from .entity_ids import give_back, remove_renamed
from .issues import clear_all
from .miners.errors import WrongMinerError
from .miners.models import Feature

CONTROLS: Final = {Platform.BUTTON, Platform.NUMBER, Platform.SELECT, Platform.SWITCH}
PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Set up one miner, also when it is off now."""
    client = await async_client_for(hass, entry.data)
    diary = Diary(hass, entry)
    coordinator = MinerCoordinator(hass, entry, client, diary, await diary.async_read())
    try:
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryNotReady as error:
        if error.__cause__ and isinstance(error.__cause__.__cause__, WrongMinerError):
            raise
        # A miner without power is an everyday thing: its entities stay, unavailable, and
        # it comes alive with the first poll that finds it.
        LOGGER.warning("%s cannot be read at the moment: %s", entry.title, error)
    entry.runtime_data = coordinator

    # Hashboards are its children, so the miner itself comes first.
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        **main_device_info(
            coordinator, URL.build(scheme="http", host=entry.data[CONF_HOST], port=client.web_port)
        ),
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    if Feature.MINING not in coordinator.capabilities:
        _remove_controls(hass, entry)
    return True


def _remove_controls(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Take away the controls of a miner that from now on is only watched."""
    entities = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        if entity.domain in CONTROLS:
            entities.async_remove(entity.entity_id)


async def async_unload_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> bool:
    """Stop polling the miner and take its entities away."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: MinerConfigEntry) -> None:
    """Take away what was said about a miner that is no longer set up, and give back its ids."""
    clear_all(hass, entry)
    if done := entry.data.get(CONF_TAKEOVER):
        # Nobody can undo it any more.
        remove_renamed(hass, done)
        give_back(hass, done)
    await Diary(hass, entry).async_remove()

"""Other ids for our entities, and back, without moving what is recorded under any id.

A rename takes along what is recorded. So entities are removed: Home Assistant keeps what it knows
of a removed entity, and makes it again as it was, with its id, when its platform adds it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN

OTHER_DOMAIN = "miner"
"""Home Assistant's name for the other integration for miners, in all its branches."""


def remove_renamed(hass: HomeAssistant, done: Mapping[str, Any]) -> None:
    """Remove what still has the id of a takeover, so that the other integration can have it."""
    entities = er.async_get(hass)
    for unique_id, (own, taken) in done["renamed"].items():
        if entities.async_get_entity_id(_domain(own), DOMAIN, unique_id) == taken:
            entities.async_remove(taken)


def give_back(hass: HomeAssistant, done: Mapping[str, Any]) -> None:
    """Give the ids of a takeover back, after ours are removed and whether theirs are there or not.

    Ours come back under their own ids as soon as they are set up. One that was changed by hand
    since the takeover stays.
    """
    entities = er.async_get(hass)
    # Theirs have got others if they were switched on before ours had gone.
    for old, unique_id in done["others"].items():
        now = entities.async_get_entity_id(_domain(old), OTHER_DOMAIN, unique_id)
        if now and not entities.async_is_registered(old) and hass.states.async_available(old):
            entities.async_update_entity(now, new_entity_id=old)
    # Among them are controls of a miner that is only watched now.
    removed = {
        unique_id: own
        for unique_id, (own, taken) in done["renamed"].items()
        if (kept := entities.deleted_entities.get((_domain(own), DOMAIN, unique_id)))
        and kept.entity_id == taken
    }
    come_back_as(hass, removed, done["enabled"], er.RegistryEntryDisabler.INTEGRATION)


def come_back_as(
    hass: HomeAssistant,
    removed: Mapping[str, str],
    switched: Iterable[str],
    disabled_by: er.RegistryEntryDisabler | None,
) -> dict[str, str]:
    """Have entities of ours that were removed come back under other ids, by unique id.

    Some of them are enabled or disabled on the way. Returns the new ids: what something else has
    by now is numbered.
    """
    entities = er.async_get(hass)
    before = (
        entities.deleted_entities[_domain(entity_id), DOMAIN, unique_id].entity_id
        for unique_id, entity_id in removed.items()
    )
    # Under its last id one would have to be renamed.
    reserved = [entity_id for entity_id in before if hass.states.async_available(entity_id)]
    for entity_id in reserved:
        hass.states.async_reserve(entity_id)
    new: dict[str, str] = {}
    for unique_id, entity_id in removed.items():
        domain, _, object_id = entity_id.partition(".")
        made = entities.async_get_or_create(
            domain, DOMAIN, unique_id, suggested_object_id=object_id
        ).entity_id
        # A name that somebody has given it goes before what is suggested.
        new[unique_id] = entities.async_get_available_entity_id(
            domain, object_id, current_entity_id=made
        )
        entities.async_update_entity(made, new_entity_id=new[unique_id])
    for unique_id in switched:
        if unique_id in new:
            entities.async_update_entity(new[unique_id], disabled_by=disabled_by)
    for entity_id in new.values():
        entities.async_remove(entity_id)
    for entity_id in reserved:
        hass.states.async_remove(entity_id)
    return new


def _domain(entity_id: str) -> str:
    return entity_id.partition(".")[0]

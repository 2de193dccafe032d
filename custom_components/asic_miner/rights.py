"""Who may read and command a miner: as with its mining switch, so with actions and voice."""

from collections.abc import Iterable
from typing import Final

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .coordinator import MinerCoordinator

MAIN: Final = (("switch", "mining"), ("sensor", "state"))
"""The entities that stand for a whole miner; one that is only watched has no switch."""


async def async_check_rights(
    hass: HomeAssistant,
    user_id: str | None,
    coordinators: Iterable[MinerCoordinator],
    *,
    control: bool,
) -> None:
    """Let a user do to miners what they may do to their main entity.

    Without a user it is an automation, which has the rights of the administrator who wrote
    it. Raises Unauthorized before anything is done to any of them.
    """
    if user_id is None:
        return
    if (user := await hass.auth.async_get_user(user_id)) is None:
        raise UnknownUser(user_id=user_id)
    policy = POLICY_CONTROL if control else POLICY_READ
    entities = er.async_get(hass)
    for coordinator in coordinators:
        mac = coordinator.identity.mac
        own = (entities.async_get_entity_id(kind, DOMAIN, f"{mac}_{key}") for kind, key in MAIN)
        entity_id = next(filter(None, own), "")
        if not user.permissions.check_entity(entity_id, policy):
            raise Unauthorized(user_id=user_id, entity_id=entity_id, permission=policy)

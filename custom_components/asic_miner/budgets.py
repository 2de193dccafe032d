"""Where the budgets of watts are; what shares them out is loaded with the first.

Most homes have none: their miners are ordered one by one, or by a power controller.
"""

from typing import TYPE_CHECKING, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.importlib import async_import_module
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .coordinator import MinerCoordinator
from .miners.models import JsonValue

if TYPE_CHECKING:
    from .budget_sharing import Budgets
    from .power.budget import Budget

SHARE_SECONDS: Final = 15.0
"""As often as miners are read: nothing new is known before."""
VERSION: Final = 1

type Page = dict[str, JsonValue]

BUDGETS: Final[HassKey[Budgets]] = HassKey(f"{DOMAIN}_budgets")


async def async_get(hass: HomeAssistant) -> Budgets:
    """Return the budgets of this Home Assistant, none at first."""
    kind: type[Budgets] = (await async_import_module(hass, f"{__package__}.budget_sharing")).Budgets
    if BUDGETS not in hass.data:
        hass.data[BUDGETS] = kind(hass, _store(hass))
    return hass.data[BUDGETS]


async def async_restore(hass: HomeAssistant) -> None:
    """Go on with what held when Home Assistant stopped."""
    stored = await _store(hass).async_load()
    if stored and stored.get("held"):
        (await async_get(hass)).restore(stored)


@callback
def held(hass: HomeAssistant, miner: MinerCoordinator) -> Budget | None:
    """Return the budget that a miner keeps to; nobody has wished anything else of it since."""
    budgets = hass.data.get(BUDGETS)
    return budgets.held(miner) if budgets else None


@callback
def ordered(hass: HomeAssistant, miner: MinerCoordinator) -> None:
    """Take that a person's order to a miner was obeyed, which ends its budget.

    A pause or boost for a time does not; the budget goes on afterwards.
    """
    if budgets := hass.data.get(BUDGETS):
        budgets.ordered(miner)


def _store(hass: HomeAssistant) -> Store[Page]:
    return Store(hass, VERSION, f"{DOMAIN}.budgets")

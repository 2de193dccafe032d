"""How the miners are doing, on the page that users copy into reports."""

from collections import Counter
from collections.abc import Iterable

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

from .const import CONF_IDENTITY, DOMAIN
from .coordinator import MinerConfigEntry
from .entries import miner_entries
from .miners.models import Identity


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Say who tells it."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, str | int]:
    """Return counts and versions. Nothing is sent: each miner's last poll is enough."""
    entries = list(miner_entries(hass))
    reachable = sum(_answers(entry) for entry in entries)
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "miners": len(entries),
        "reachable": reachable,
        "failing": len(entries) - reachable,
        "firmware": _counted(
            " ".join(filter(None, (identity.model, identity.firmware)))
            for entry in entries
            for identity in (Identity.from_json(entry.data[CONF_IDENTITY]),)
        ),
    }


def _answers(entry: MinerConfigEntry) -> bool:
    """Tell whether the last poll of a miner brought something."""
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.last_update_success


def _counted(names: Iterable[str]) -> str:
    """Return names in their order, with how often each occurs."""
    counts = sorted(Counter(names).items())
    return ", ".join(name if count == 1 else f"{count} x {name}" for name, count in counts)

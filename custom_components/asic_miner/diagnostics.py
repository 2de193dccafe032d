"""What developers need to know of a miner, without what tells of its owner."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .connect import async_client_for
from .const import CONF_CAPABILITIES, CONF_IDENTITY
from .coordinator import MinerConfigEntry, MinerCoordinator
from .entries import is_miner
from .miners.client import MinerClient
from .miners.errors import MinerError
from .miners.models import JsonValue, Snapshot
from .miners.redact import redacted

if TYPE_CHECKING:
    # Loaded with the first entry that plans; a home without one does without.
    from .planning import PlanningEntry

SECRETS: Final = frozenset({"password", "user", "serial"})
"""In lower case; replaced wherever their values stand."""
MAY_BE_SECRET: Final = frozenset({"host", "hostname", "username", "unique_id"})
"""Replaced under their keys only: they can be words that stand everywhere, such as "miner"."""
POOL_ADDRESSES: Final = frozenset({"url"})


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: MinerConfigEntry
) -> dict[str, JsonValue]:
    """Return what is known of the miner, and ask it once more for all it has to say.

    That is worth most for a miner that cannot be set up, so it is asked then, too.
    """
    loaded = entry.state is ConfigEntryState.LOADED
    report: dict[str, JsonValue] = {
        "entry": {
            "state": entry.state.value,
            "reason": entry.error_reason_translation_key,
            "version": f"{entry.version}.{entry.minor_version}",
            "data": plain(entry.data),
            "options": plain(entry.options),
        }
    }
    secrets: set[str] = set()
    if not is_miner(entry):
        if loaded:
            report |= _planned(cast("PlanningEntry", entry.runtime_data))
        return redacted(report, keys=SECRETS, alone=MAY_BE_SECRET)
    if loaded:
        coordinator = entry.runtime_data
        report |= _known(coordinator)
        secrets |= _names(coordinator.last or Snapshot())
        report["answers"] = await _answers(coordinator.client)
    else:
        client = await async_client_for(hass, entry.data)
        try:
            report["answers"] = await _answers(client)
        finally:
            await client.close()
    return redacted(
        report, keys=SECRETS, alone=MAY_BE_SECRET, addresses=POOL_ADDRESSES, secrets=secrets
    )


def _known(coordinator: MinerCoordinator) -> dict[str, JsonValue]:
    """Return what Home Assistant has made of the miner's answers so far."""
    interval, failure = coordinator.update_interval, coordinator.last_exception
    error: JsonValue = None
    if failure is not None:
        cause = failure.__cause__ or failure
        error = {"kind": type(cause).__name__, "text": str(cause)}
    return {
        CONF_IDENTITY: plain(coordinator.identity),
        CONF_CAPABILITIES: plain(coordinator.capabilities),
        "polling": {
            "interval": interval.total_seconds() if interval else None,
            "last_succeeded": coordinator.last_update_success,
            "last_error": error,
        },
        "snapshot": plain(coordinator.last),
    }


def _planned(planner: PlanningEntry) -> dict[str, JsonValue]:
    """Return what a controller or thermostat goes by, and what it has made of that.

    Times are in seconds of Unix time, as is `now`. Miners are named by their number: of their
    MACs only the maker's half may be told, which they can have in common.
    """
    names = {mac: f"miner {number}" for number, mac in enumerate(planner.macs, 1)}
    guards = {mac: miner.actuator.state for mac, miner in planner.miners().items()}
    known = {"now": planner.unix_time(), **planner.known(), "guards": guards}
    return {key: _renamed(plain(value), names) for key, value in known.items()}


def _renamed(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    """Return a value in which all that has a name, also as a key, is called by it."""
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


async def _answers(client: MinerClient) -> JsonValue:
    try:
        return dict(await client.raw())
    except MinerError as error:
        return {"error": type(error).__name__}


def _names(snapshot: Snapshot) -> set[str]:
    """Return what a pool's address carries before its host."""
    return {
        pool.url.rpartition("//")[2].rpartition("@")[0]
        for pool in snapshot.pools or ()
        if "@" in pool.url
    }


def plain(value: object) -> JsonValue:
    """Return what JSON can hold of anything an entry or a coordinator holds."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {item.name: getattr(value, item.name) for item in fields(value)}
    elif isinstance(value, Enum):
        value = value.value
    elif isinstance(value, AbstractSet):
        value = sorted(value, key=str)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)

"""Goes on where another integration for miners left off, so that nothing built on it breaks.

Dashboards, automations and statistics know an entity by its id. Ours take over the ids that
the other integration's had, after that one is switched off, and give them back on demand.
"""

from collections.abc import Mapping
import re

from homeassistant.config_entries import ConfigEntry, ConfigEntryDisabler, OperationNotAllowed
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import CONF_TAKEOVER
from .entity_ids import OTHER_DOMAIN, come_back_as, give_back, remove_renamed
from .flow_forms import USERS, typed_address
from .miners.lean import dataclass
from .miners.models import Make

# Its branches have called the same things by different names.
HOSTS = ("ip", CONF_HOST, "ip_address", "hostname")
USERNAMES = ("web_username", "username")
PASSWORDS = {
    Make.WHATSMINER: ("rpc_password", "web_password", "password"),
    Make.BRAIINS: ("web_password", "rpc_password", "password"),
}

EQUALS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("button", "reboot"): ("reboot",),
    ("button", "restart_backend"): ("restart_mining",),
    # The live one, which does not restart mining, is what automations want of it.
    ("number", "power_limit"): ("power_target", "power_limit"),
    ("select", "power_mode"): ("power_mode",),
    ("sensor", "efficiency"): ("efficiency",),
    ("sensor", "hashrate"): ("hashrate",),
    ("sensor", "ideal_hashrate"): ("expected_hashrate",),
    ("sensor", "miner_consumption"): ("power",),
    ("sensor", "power_limit"): ("power_target_effective",),
    ("sensor", "temperature"): ("temperature",),
    ("switch", "active"): ("mining",),
}
"""What its entities are among ours, by platform and the end of the unique id; the first wins."""

EQUAL_PARTS: Mapping[str, str] = {
    "board_hashrate": "board_hashrate",
    "board_temperature": "board_temperature",
    "chip_temperature": "board_chip_temperature",
    "fan_speed": "fan_speed",
}
"""The same for sensors of boards and fans. It counts them from 0, we from 1."""

PART = re.compile(r"(\d+)_(\w+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rename:
    """One of our entities and the id that it is to have."""

    own: str
    """Its id as it is now."""
    unique_id: str
    other: str
    """The id that the other integration's entity has."""
    other_unique_id: str


def other_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of the other integration that have an address, in use or not."""
    return [
        entry
        for entry in hass.config_entries.async_entries(OTHER_DOMAIN, include_ignore=False)
        if host_of(entry)
    ]


def host_of(entry: ConfigEntry) -> str | None:
    """Return the address in an entry of the other integration."""
    typed = _first_text(entry.data, HOSTS)
    address = typed_address(typed) if typed else None
    return address[0] if address else None


def login_of(entry: ConfigEntry, make: Make) -> dict[str, str]:
    """Return the login in an entry of the other integration as a form would have it."""
    login = {"password": _first_text(entry.data, PASSWORDS[make]) or ""}
    if make in USERS:
        login["username"] = _first_text(entry.data, USERNAMES) or USERS[make]
    return login


def counterpart(hass: HomeAssistant, entry: ConfigEntry) -> ConfigEntry | None:
    """Return the other integration's entry for the miner of ours: of its MAC, or its address."""
    found = other_entries(hass)
    entities = er.async_get(hass)
    for other in found:
        for entity in er.async_entries_for_config_entry(entities, other.entry_id):
            if _key(entity.unique_id, str(entry.unique_id)) is not None:
                return other
    return next((other for other in found if host_of(other) == entry.data[CONF_HOST]), None)


def plan(hass: HomeAssistant, entry: ConfigEntry, other: ConfigEntry) -> list[Rename]:
    """Return which of our entities can go on for which of the other's. Changes nothing."""
    entities = er.async_get(hass)
    own = {
        (entity.domain, entity.unique_id): entity
        for entity in er.async_entries_for_config_entry(entities, entry.entry_id)
    }
    renames: dict[str, Rename] = {}
    for old in er.async_entries_for_config_entry(entities, other.entry_id):
        if old.disabled_by not in (None, er.RegistryEntryDisabler.CONFIG_ENTRY):
            # Nobody can have built anything on what was switched off.
            continue
        key = _key(old.unique_id, str(entry.unique_id))
        for ours in _equals(old.domain, key or ""):
            unique_id = f"{entry.unique_id}_{ours}"
            found = own.get((old.domain, unique_id))
            # Statistics go on in their own unit or not at all.
            if found and old.unit_of_measurement in (None, found.unit_of_measurement):
                renames.setdefault(
                    unique_id,
                    Rename(
                        own=found.entity_id,
                        unique_id=unique_id,
                        other=old.entity_id,
                        other_unique_id=old.unique_id,
                    ),
                )
                break
    return sorted(renames.values(), key=lambda rename: rename.other)


async def async_take_over(
    hass: HomeAssistant, entry: ConfigEntry, other: ConfigEntry, renames: list[Rename]
) -> bool:
    """Switch the other entry off and give its entity ids to ours. False if one does not stop."""
    if not entry.state.recoverable:
        return False
    was_enabled = other.disabled_by is None
    if not await _async_set_enabled(hass, other, enabled=False):
        if was_enabled:
            # It would be off after the next restart, and nobody in its place.
            await _async_set_enabled(hass, other, enabled=True)
        return False
    await hass.config_entries.async_unload(entry.entry_id)
    # It has had time to change: what is not as it was shown is left alone.
    agreed = [rename for rename in plan(hass, entry, other) if rename in renames]
    entities = er.async_get(hass)
    # What is off here is on while something shows it.
    enabled = [
        rename.unique_id
        for rename in agreed
        if entities.entities[rename.own].disabled_by is er.RegistryEntryDisabler.INTEGRATION
    ]
    for rename in agreed:
        entities.async_remove(rename.other)
        entities.async_remove(rename.own)
    taken = come_back_as(hass, {rename.unique_id: rename.other for rename in agreed}, enabled, None)
    hass.config_entries.async_update_entry(
        entry,
        data={
            **entry.data,
            CONF_TAKEOVER: {
                "entry_id": other.entry_id,
                "was_enabled": was_enabled,
                "enabled": enabled,
                "renamed": {
                    rename.unique_id: [rename.own, taken[rename.unique_id]] for rename in agreed
                },
                "others": {rename.other: rename.other_unique_id for rename in agreed},
            },
        },
    )
    hass.config_entries.async_schedule_reload(entry.entry_id)
    return True


async def async_undo(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give the ids back, and switch the other entry on again if it was before.

    An id of ours that somebody else has by now is numbered; one that was changed by hand
    since the takeover stays.
    """
    done = entry.data[CONF_TAKEOVER]
    await hass.config_entries.async_unload(entry.entry_id)
    remove_renamed(hass, done)
    other = hass.config_entries.async_get_entry(done["entry_id"])
    if other and done["was_enabled"]:
        await _async_set_enabled(hass, other, enabled=True)
    give_back(hass, done)
    hass.config_entries.async_update_entry(
        entry, data={key: value for key, value in entry.data.items() if key != CONF_TAKEOVER}
    )
    await hass.config_entries.async_setup(entry.entry_id)


async def _async_set_enabled(hass: HomeAssistant, other: ConfigEntry, *, enabled: bool) -> bool:
    """Switch an entry on or off; tell whether Home Assistant could do that now."""
    try:
        return await hass.config_entries.async_set_disabled_by(
            other.entry_id, None if enabled else ConfigEntryDisabler.USER
        )
    except OperationNotAllowed:
        return False


def _equals(domain: str, key: str) -> tuple[str, ...]:
    """Return what the other integration's key is among ours."""
    if (part := PART.fullmatch(key)) and domain == "sensor" and part[2] in EQUAL_PARTS:
        return (f"{EQUAL_PARTS[part[2]]}_{int(part[1]) + 1}",)
    return EQUALS.get((domain, key), ())


def _key(unique_id: str, mac: str) -> str | None:
    """Return what follows the MAC in a unique id, None if it is of another miner."""
    plain = unique_id.lower().replace("-", "_").replace(":", "")
    before, found, after = plain.partition(mac.replace(":", ""))
    return after.strip("_") if found and not before else None


def _first_text(data: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    """Return the first text there is under one of some keys."""
    texts = (data.get(key) for key in keys)
    return next((text for text in texts if isinstance(text, str) and text), None)

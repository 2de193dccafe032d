"""Parts that a miner no longer has are forgotten, on evidence or when the user says so."""

from dataclasses import replace
import re
from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from .const import CONF_CAPABILITIES, DOMAIN
from .entries import is_miner
from .miners.models import Capabilities, MinerState, Snapshot

if TYPE_CHECKING:
    from .coordinator import MinerConfigEntry

STALE_SECONDS: Final = 24 * 3600.0
"""Of steady mining without the part. A board that fails is news for its owner, who must find
it unavailable and not vanished; a day later it is either mended or taken out."""
LONGEST_STEP: Final = 300.0
"""Seconds between two polls that are evidence for the time between; the longest tempo."""

type Part = tuple[str, int]


class StaleParts:
    """Counts for how long a miner that mines steadily has not listed what it once had."""

    def __init__(self) -> None:
        """Begin without evidence."""
        self._missing: dict[Part, float] = {}
        self._gone: set[Part] = set()
        self._steady_at: float | None = None

    def without_gone(self, known: Capabilities, snapshot: Snapshot, now: float) -> Capabilities:
        """Return the capabilities without parts that are gone by now; `now` is in seconds.

        What is listed again is there again. A miner that is paused, starting or in trouble
        lists less of itself, so only steady mining counts, and only where at least one part
        of a kind is listed: none at all is an answer that did not come.
        """
        listed = {
            "board": frozenset(board.index for board in snapshot.boards),
            "fan": frozenset(fan.index for fan in snapshot.fans),
            "pool": frozenset(pool.index for pool in snapshot.pools or ()),
        }
        steady = snapshot.state is MinerState.MINING and bool(snapshot.hashrate)
        step = 0.0
        if steady and self._steady_at is not None:
            step = min(now - self._steady_at, LONGEST_STEP)
        self._steady_at = now if steady else None
        for kind, parts in (("board", known.boards), ("fan", known.fans), ("pool", known.pools)):
            for part in ((kind, index) for index in parts):
                if part[1] in listed[kind]:
                    self._missing.pop(part, None)
                    self._gone.discard(part)
                elif listed[kind]:
                    self._missing[part] = self._missing.get(part, 0.0) + step
                    if self._missing[part] >= STALE_SECONDS:
                        self._gone.add(part)
        if not self._gone:
            return known
        return replace(
            known,
            boards=known.boards - {index for kind, index in self._gone if kind == "board"},
            fans=known.fans - {index for kind, index in self._gone if kind == "fan"},
            pools=known.pools - {index for kind, index in self._gone if kind == "pool"},
        )

    def dismiss_board(self, index: int) -> None:
        """Count a board as gone without waiting; it is back when the miner lists it."""
        self._gone.add(("board", index))


@callback
def remove_parts(
    hass: HomeAssistant, entry: ConfigEntry, before: Capabilities, now: Capabilities
) -> None:
    """Take the devices and entities of parts away that are no longer among the capabilities."""
    mac = entry.unique_id
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for index in before.boards - now.boards:
        device = devices.async_get_child_device_by_identifier(
            (DOMAIN, f"{mac}_hashboard_{index}"), entry.entry_id
        )
        if device:
            # Its entities go with it.
            devices.async_remove_device(device.id)
    gone = {("fan", str(index)) for index in before.fans - now.fans}
    gone |= {("pool", str(index)) for index in before.pools - now.pools}
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        match = re.fullmatch(rf"{mac}_(fan|pool)_\w+_(\d+)", entity.unique_id)
        if match and match.groups() in gone:
            entities.async_remove(entity.entity_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: MinerConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let the user remove a hashboard that its miner, while it answers, does not list.

    The miner itself goes with its entry.
    """
    if not is_miner(entry) or entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    snapshot = coordinator.last
    match = re.fullmatch(
        rf"{coordinator.identity.mac}_hashboard_(\d+)",
        next((name for domain, name in device.identifiers if domain == DOMAIN), ""),
    )
    if match is None or snapshot is None or not coordinator.last_update_success:
        return False
    index = int(match[1])
    if not snapshot.boards or snapshot.board(index):
        return False
    coordinator.stale.dismiss_board(index)
    left = replace(coordinator.capabilities, boards=coordinator.capabilities.boards - {index})
    coordinator.capabilities = left
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_CAPABILITIES: left.to_json()}
    )
    coordinator.async_update_listeners()
    return True

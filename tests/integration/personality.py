"""What is asked of every kind of miner in Home Assistant, whatever its make."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from tests.simulators.base import SimulatedMiner

from .conftest import AddMiner, Miner


@dataclass(frozen=True, kw_only=True)
class Shown[P, D: SimulatedMiner]:
    """A personality in Home Assistant."""

    personality: P
    device: D
    miner: Miner
    entities: dict[str, er.RegistryEntry]
    """By platform and the rest of the unique id, also the disabled ones."""

    def has(self, *keys: str) -> bool:
        """Tell whether it has all of these."""
        return set(keys) <= set(self.entities)


CONTROLS = {"switch", "number", "select", "button"}
MOST_AT_FIRST = 10
"""Of the miner itself: with its controls they fit one screen of a phone or two."""


def few_at_first[P, D: SimulatedMiner](shown: Shown[P, D]) -> None:
    """A new miner shows what matters every day: ten at most, and one of each hashboard."""
    enabled = [
        entity
        for entity in shown.entities.values()
        if entity.disabled_by is None and entity.domain not in CONTROLS
    ]
    miner = shown.entities["switch.mining"].device_id
    own = [entity.unique_id for entity in enabled if entity.device_id == miner]
    assert len(own) <= MOST_AT_FIRST, own
    boards = [entity.device_id for entity in enabled if entity.device_id != miner]
    assert (
        len(boards) == len(set(boards)) == len(shown.miner.entry.runtime_data.capabilities.boards)
    )


@asynccontextmanager
async def showing[P, D: SimulatedMiner](
    hass: HomeAssistant, add_miner: AddMiner, personality: P, device: D
) -> AsyncGenerator[Shown[P, D]]:
    """Add a device as a user does and poll it once more; unload and stop it in the end."""
    await device.start()
    try:
        miner = await add_miner(device)
        await miner.poll(slow=True)
        found = er.async_entries_for_config_entry(er.async_get(hass), miner.entry.entry_id)
        yield Shown(
            personality=personality,
            device=device,
            miner=miner,
            entities={
                f"{entity.domain}.{entity.unique_id.removeprefix(f'{miner.mac}_')}": entity
                for entity in found
            },
        )
        assert await hass.config_entries.async_unload(miner.entry.entry_id)
    finally:
        await device.stop()


async def listed[P, D: SimulatedMiner](hass: HomeAssistant, shown: Shown[P, D]) -> dict[str, str]:
    """Return of each entity its category, class, unit, ends of a range, and availability.

    Those that are disabled at first are enabled for that, with a mark of their own.
    """
    registry = er.async_get(hass)
    for entity in shown.entities.values():
        assert (hass.states.get(entity.entity_id) is None) == (entity.disabled_by is not None)
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(shown.miner.entry.entry_id)
    await shown.miner.poll(slow=True)
    return {key: _described(hass, entity) for key, entity in sorted(shown.entities.items())}


def _described(hass: HomeAssistant, entity: er.RegistryEntry) -> str:
    state = hass.states.get(entity.entity_id)
    words = [
        entity.entity_category.value if entity.entity_category else "main",
        entity.original_device_class,
        entity.unit_of_measurement,
    ]
    if entity.domain == "number" and entity.capabilities:
        words.append("{min:g} to {max:g}".format_map(entity.capabilities))
    if entity.domain == "select" and entity.capabilities:
        words.append("/".join(entity.capabilities["options"]))
    assert state is not None
    words.append("unavailable" if state.state == STATE_UNAVAILABLE else "available")
    if entity.disabled_by is not None:
        words.append("disabled at first")
    return ", ".join(str(word) for word in words if word)

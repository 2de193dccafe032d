"""Miners that are spoken to, by text, through the real conversation agent."""

from pathlib import Path
import shutil
from typing import TYPE_CHECKING

from homeassistant.components.blueprint.const import BLUEPRINT_FOLDER
from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.intent import IntentResponse
from homeassistant.setup import async_setup_component

from custom_components.asic_miner.power.model import Source

if TYPE_CHECKING:
    from .conftest import Miner

BLUEPRINTS = Path(__file__).parents[2] / "blueprints" / "automation" / "asic_miner"
LANGUAGES = ("en", "de", "fr", "es", "nl")


class Assistant:
    """Home Assistant that listens, and two miners."""

    def __init__(self, hass: HomeAssistant, garage: Miner, cellar: Miner) -> None:
        """Keep them."""
        self.hass = hass
        self.garage = garage
        self.cellar = cellar

    async def hear(self, sentence: str, language: str) -> IntentResponse:
        """Say something and return all that comes of it."""
        result = await async_converse(
            self.hass, sentence, None, Context(), language=language, device_id=None
        )
        await self.hass.async_block_till_done()
        return result.response

    async def say(self, sentence: str, language: str = "en") -> str:
        """Say something and return the answer."""
        response = await self.hear(sentence, language)
        return str(response.speech["plain"]["speech"])

    def expose(self, miner: Miner, exposed: bool) -> None:
        """Let Assist use a miner, or not."""
        async_expose_entity(self.hass, "conversation", miner.entity_id("mining"), exposed)

    async def call(self, garage: tuple[str, str], cellar: tuple[str, str]) -> None:
        """Give both miners their name and area."""
        areas, devices = ar.async_get(self.hass), dr.async_get(self.hass)
        for miner, (name, room) in ((self.garage, garage), (self.cellar, cellar)):
            entry = er.async_get(self.hass).async_get(miner.entity_id("mining"))
            assert entry is not None
            assert entry.device_id is not None
            area = areas.async_get_or_create(room)
            devices.async_update_device(entry.device_id, name_by_user=name, area_id=area.id)
        await self.hass.async_block_till_done()


async def sentences(hass: HomeAssistant, *languages: str) -> None:
    """Make an automation of the blueprint of each language, as a user does after the import."""
    folder = Path(hass.config.path(BLUEPRINT_FOLDER, "automation", "asic_miner"))
    shutil.copytree(BLUEPRINTS, folder)
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": [
                {"alias": language, "use_blueprint": {"path": f"asic_miner/voice_{language}.yaml"}}
                for language in languages
            ]
        },
    )
    await hass.async_block_till_done()
    for language in languages:
        state = hass.states.get(f"automation.{language}")
        assert state is not None
        assert state.state == "on"


def wished(miner: Miner) -> tuple[float, Source] | None:
    """Return what a miner was last asked for."""
    state = miner.entry.runtime_data.actuator.state
    return (state.wish.watts, state.wish.source) if state and state.wish else None


def highest(miner: Miner) -> float:
    """Return the most that a miner can be asked for in W."""
    return float(miner.entry.runtime_data.actuator.guard.ability.maximum)


def writes(*miners: Miner) -> list[int]:
    """Return how many writes the devices have taken."""
    return [int(miner.device.truth()["writes"] or 0) for miner in miners]

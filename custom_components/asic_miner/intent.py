"""Intents about miners, for assistants and for sentences that users write themselves."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, override

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import intent
from homeassistant.helpers.importlib import async_import_module
import probatio

from .voice_said import Command, Said

TEXT_OR_NUMBER: Final = probatio.Any(float, int, intent.non_empty_string)

INTENTS: Final = {
    Command.SET_POWER: (
        "AsicMinerSetPower",
        "Sets how much power a bitcoin miner draws, in percent of its highest or in watts",
        ("percent", "watts", "kilowatts"),
    ),
    Command.PAUSE: (
        "AsicMinerPause",
        "Stops mining, for a duration, until a time of day, or until it is resumed",
        ("duration", "until"),
    ),
    Command.RESUME: ("AsicMinerResume", "Starts mining again, or ends a pause or boost", ()),
    Command.BOOST: (
        "AsicMinerBoost",
        "Has a miner run at full power for a duration or until a time of day",
        ("duration", "until"),
    ),
    Command.STATUS: (
        "AsicMinerStatus",
        "Tells what a miner does, its power, hashrate and temperature",
        (),
    ),
}
"""Name, description and slots besides the name of each command."""


async def async_setup_intents(hass: HomeAssistant) -> None:
    """Register the intents."""
    for command in INTENTS:
        intent.async_register(hass, MinerIntentHandler(command))


class MinerIntentHandler(intent.IntentHandler):
    """Does what one kind of command says, with exposed miners only."""

    def __init__(self, command: Command) -> None:
        """Be the handler of one command."""
        self.command = command
        self.intent_type, self.description, self._slots = INTENTS[command]

    @property
    @override
    def slot_schema(self) -> dict[Any, Any]:
        """Return what can be said besides."""
        own = dict.fromkeys(map(probatio.Optional, self._slots), TEXT_OR_NUMBER)
        return {probatio.Optional("name"): intent.non_empty_string, **own}

    @override
    async def async_handle(self, intent_obj: intent.Intent) -> intent.IntentResponse:
        """Obey, or say why not."""
        slots = self.async_validate_slots(intent_obj.slots)
        response = intent_obj.create_response()
        said = Said(
            command=self.command,
            # Who does not say which assistant it is may use what Assist may.
            assistant=intent_obj.assistant or "conversation",
            language=intent_obj.language,
            device_id=intent_obj.device_id,
            user_id=intent_obj.context.user_id,
            **{key: slot["value"] for key, slot in slots.items() if key in {"name", *self._slots}},
        )
        # Loaded with the first that is said: few talk to their miners.
        voice = await async_import_module(intent_obj.hass, f"{__package__}.voice")
        async_obey: Callable[[HomeAssistant, Said], Awaitable[str]] = voice.async_obey
        try:
            answer = await async_obey(intent_obj.hass, said)
        except HomeAssistantError as error:
            response.async_set_error(intent.IntentResponseErrorCode.FAILED_TO_HANDLE, str(error))
            return response
        if self.command is Command.STATUS:
            response.response_type = intent.IntentResponseType.QUERY_ANSWER
        response.async_set_speech(answer)
        return response

"""The action behind the sentences that the voice blueprints bring."""

from homeassistant.core import ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import intent
import probatio

from .action import Action, Request
from .const import DOMAIN
from .intent import INTENTS
from .voice_said import Command

SLOTS = ("name", "percent", "watts", "kilowatts", "duration", "until")


async def _voice_command(request: Request) -> ServiceResponse:
    """Handle the words of a sentence as the intent that they mean, and return the answer."""
    data = request.data
    kind, _, slots = INTENTS[Command(data["command"])]
    handled = await intent.async_handle(
        request.hass,
        DOMAIN,
        kind,
        {
            # A sentence leaves empty what was not said.
            slot: {"value": said}
            for slot in SLOTS
            if (slot == "name" or slot in slots) and (said := data.get(slot, "").strip())
        },
        context=request.context,
        language=data.get("language") or None,
        assistant="conversation",
        device_id=data.get("satellite") or None,
    )
    return {
        "speech": handled.speech["plain"]["speech"],
        "done": handled.response_type is not intent.IntentResponseType.ERROR,
    }


VOICE_ACTION = Action(
    name="voice_command",
    run=_voice_command,
    fields={
        probatio.Required("command"): probatio.In([command.value for command in Command]),
        **dict.fromkeys(map(probatio.Optional, SLOTS), cv.string),
        probatio.Optional("language"): cv.string,
        # A sentence that was typed has none.
        probatio.Optional("satellite"): probatio.Any(None, cv.string),
    },
    admin=False,
    devices=False,
    response=SupportsResponse.OPTIONAL,
)

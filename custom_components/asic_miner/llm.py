"""Tools with which language models see and steer miners.

Offered only while the mining switch of a miner is exposed to the assistant, and only for those
miners. There is none that restarts, resets or reconfigures anything.
"""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
import probatio

from .action import number
from .const import DOMAIN, MOST_WATTS
from .power_services import LONGEST
from .rights import async_check_rights
from .voice import Spoken, async_obey, exposed_miners, status
from .voice_said import Command, Said
from .voice_texts import text

PROMPT: Final = (
    "Bitcoin miners are kilowatt loads. Set their power only when asked, with the asic_miner tools."
    " A change may take minutes to show or wait for a reason that get_status tells; do not repeat"
    " it. When something is said to last, pass how many minutes, so that it ends by itself."
)


def _number(value: float) -> float:
    """Return a number, as `number`; a model is told that it is one, and nothing of texts."""
    return number(value)


MINUTES: Final = probatio.All(_number, probatio.Range(min=1, max=LONGEST.total_seconds() / 60))


def _user_id(llm_context: LLMContext) -> str | None:
    """Return who the model acts for, where that is known."""
    return llm_context.context.user_id if llm_context.context else None


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tools for the miners that the assistant may use, None if there are none."""
    if api_id != LLM_API_ASSIST:
        return None
    miners = exposed_miners(hass, llm_context.assistant)
    if not miners:
        return None
    names = [miner.name for miner in miners]
    orders = [
        OrderTool(
            Command.SET_POWER,
            "Set power",
            "Set how much power a miner draws: percent of its highest power, or watts. Watts are"
            " held within what the miner can do; 0 stops it.",
            names,
            {
                probatio.Exclusive("percent", "amount"): probatio.All(
                    _number, probatio.Range(min=0, max=100)
                ),
                probatio.Exclusive("watts", "amount"): probatio.All(
                    _number, probatio.Range(min=0, max=MOST_WATTS)
                ),
            },
        ),
        OrderTool(
            Command.PAUSE,
            "Pause mining",
            "Stop mining, for some minutes or until it is resumed.",
            names,
            {probatio.Optional("minutes"): MINUTES},
        ),
        OrderTool(
            Command.RESUME,
            "Resume mining",
            "Start a stopped miner, or end its pause or boost.",
            names,
            {},
        ),
        OrderTool(
            Command.BOOST,
            "Boost",
            "Run a miner at full power for some minutes (an hour by default), then as before.",
            names,
            {probatio.Optional("minutes"): MINUTES},
        ),
    ]
    return LLMTools(tools=[StatusTool(names), *orders], prompt=PROMPT)


class StatusTool(Tool):
    """Tells what miners do."""

    name = f"{DOMAIN}__get_status"
    title = "Get miner status"
    description = (
        "State, power, hashrate, hottest temperature and power range of miners, and what they"
        " wait for."
    )
    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN

    def __init__(self, names: list[str]) -> None:
        """Know the miners that may be asked for."""
        self.parameters = probatio.Schema({probatio.Optional("miner"): probatio.In(names)})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Read, without a request to the miner."""
        wanted = self.parameters(tool_input.tool_args).get("miner")
        # Asked for again, since what is exposed may have changed while the model thought.
        exposed: list[Spoken] = exposed_miners(hass, llm_context.assistant)
        miners = [miner for miner in exposed if wanted in {None, miner.name}]
        meant = [miner.coordinator for miner in miners]
        try:
            await async_check_rights(hass, _user_id(llm_context), meant, control=False)
        except Unauthorized:
            return ToolResult(data={"error": text("en", "not_allowed")}, error=True)
        return ToolResult(data={"miners": [dict(status(miner)) for miner in miners]})


class OrderTool(Tool):
    """Gives one kind of order to one miner."""

    # The same order again leaves everything as it is; nothing is lost by any of them.
    annotations = ToolAnnotations(destructive=False, idempotent=True, open_world=False)
    integration = DOMAIN

    def __init__(
        self,
        command: Command,
        title: str,
        description: str,
        names: list[str],
        fields: Mapping[Any, Any],
    ) -> None:
        """Be the tool of one command."""
        self.command = command
        self.name = f"{DOMAIN}__{command.value}"
        self.title = title
        self.description = description
        self.parameters = probatio.Schema(
            {probatio.Required("miner"): probatio.In(names), **fields}
        )

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Give the order, and tell what came of it."""
        data = self.parameters(tool_input.tool_args)
        said = Said(
            command=self.command,
            assistant=llm_context.assistant,
            language="en",
            name=data["miner"],
            percent=data.get("percent"),
            watts=data.get("watts"),
            duration=data.get("minutes"),
            user_id=_user_id(llm_context),
        )
        try:
            answer = await async_obey(hass, said)
        except HomeAssistantError as error:
            return ToolResult(data={"error": str(error)}, error=True)
        return ToolResult(data={"result": answer})

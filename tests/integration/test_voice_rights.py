"""Who speaks or has a model act can do no more than they may: each claim is in docs/security.md."""

from collections.abc import Awaitable, Callable

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import intent, llm
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.asic_miner.intent import INTENTS
from custom_components.asic_miner.power.model import Source
from custom_components.asic_miner.voice_said import Command

from .conftest import Miner
from .speech import Assistant, wished, writes

ORDERS: dict[Command, dict[str, object]] = {
    Command.SET_POWER: {"watts": 2000},
    Command.PAUSE: {},
    Command.RESUME: {},
    Command.BOOST: {},
}
"""Everything that can be ordered, each with what it needs."""

type Way = Callable[[HomeAssistant, Context, Command, str | None], Awaitable[tuple[bool, str]]]
"""Says something of a miner, or of all; returns whether it was obeyed, and what was answered."""


async def by_intent(
    hass: HomeAssistant, context: Context, command: Command, name: str | None
) -> tuple[bool, str]:
    """As Assist does with what it has understood."""
    said = ORDERS.get(command, {}) | ({"name": name} if name else {})
    slots = {key: {"value": value} for key, value in said.items()}
    intent_type, *_ = INTENTS[command]
    answer = await intent.async_handle(
        hass, "test", intent_type, slots, context=context, assistant="conversation"
    )
    done = answer.response_type is not intent.IntentResponseType.ERROR
    return done, str(answer.speech["plain"]["speech"])


async def by_model(
    hass: HomeAssistant, context: Context, command: Command, name: str | None
) -> tuple[bool, str]:
    """As a language model does for somebody it talks with."""
    asked = llm.LLMContext(
        platform="test", context=context, language="en", assistant="conversation", device_id=None
    )
    api = await llm.async_get_api(hass, llm.LLM_API_ASSIST, asked)
    tool = "get_status" if command is Command.STATUS else command.value
    args = ORDERS.get(command, {}) | ({"miner": name} if name else {})
    result = await api.async_call_tool(llm.ToolInput(f"asic_miner__{tool}", args))
    return not result.error, str(result.data)


WAYS = pytest.mark.parametrize("way", [by_intent, by_model], ids=["intent", "model"])


def allow(user: MockUser, miner: Miner, *rights: str) -> None:
    """Give a user rights to the mining switch of one miner, and to nothing else."""
    switch = {miner.entity_id("mining"): dict.fromkeys(rights, True)}
    user.mock_policy({"entities": {"entity_ids": switch}})


@WAYS
@pytest.mark.parametrize("command", ORDERS)
@pytest.mark.parametrize("rights", [(), ("read",)], ids=["none", "to see"])
async def test_no_orders_without_the_right(
    assistant: Assistant,
    hass_read_only_user: MockUser,
    way: Way,
    command: Command,
    rights: tuple[str, ...],
) -> None:
    """They are refused in words, and nothing is sent or remembered for later."""
    miners = assistant.garage, assistant.cellar
    allow(hass_read_only_user, assistant.garage, *rights)
    before = [*map(wished, miners)], writes(*miners)
    context = Context(user_id=hass_read_only_user.id)
    done, answer = await way(assistant.hass, context, command, "Garage Miner")
    await assistant.hass.async_block_till_done()
    assert not done
    assert "You may not do that with this miner." in answer
    assert ([*map(wished, miners)], writes(*miners)) == before
    assert all(miner.entry.runtime_data.actuator.interlude is None for miner in miners)


@WAYS
@pytest.mark.parametrize("command", ORDERS)
async def test_orders_with_the_right(
    assistant: Assistant, hass_read_only_user: MockUser, way: Way, command: Command
) -> None:
    """Who may control its switch may order a miner, and no other one."""
    allow(hass_read_only_user, assistant.garage, "control")
    context = Context(user_id=hass_read_only_user.id)
    if command is Command.RESUME:
        await way(assistant.hass, context, Command.PAUSE, "Garage Miner")
    before = wished(assistant.garage)
    assert (await way(assistant.hass, context, command, "Garage Miner"))[0]
    assert wished(assistant.garage) != before
    assert (wished(assistant.garage) or (0.0, None))[1] is Source.VOICE
    beside = wished(assistant.cellar), writes(assistant.cellar)
    assert not (await way(assistant.hass, context, command, "Cellar Miner"))[0]
    assert (wished(assistant.cellar), writes(assistant.cellar)) == beside


async def test_all_miners_are_not_stopped_by_who_may_stop_one(
    assistant: Assistant, hass_read_only_user: MockUser
) -> None:
    """What is meant for all is refused before any of them is told."""
    allow(hass_read_only_user, assistant.garage, "control")
    context = Context(user_id=hass_read_only_user.id)
    before = writes(assistant.garage, assistant.cellar)
    assert not (await by_intent(assistant.hass, context, Command.PAUSE, None))[0]
    assert writes(assistant.garage, assistant.cellar) == before


@WAYS
async def test_readings_only_for_who_may_see(
    assistant: Assistant, hass_read_only_user: MockUser, way: Way
) -> None:
    """A miner that somebody may not see is not described to them, by name or among all."""
    allow(hass_read_only_user, assistant.garage, "read")
    context = Context(user_id=hass_read_only_user.id)
    watts = f"{assistant.garage.number('power'):.0f}"
    done, answer = await way(assistant.hass, context, Command.STATUS, "Garage Miner")
    assert done
    assert watts in answer
    hidden = f"{assistant.cellar.number('power'):.0f}"
    for name in ("Cellar Miner", None):
        done, answer = await way(assistant.hass, context, Command.STATUS, name)
        assert not done
        assert "You may not do that with this miner." in answer
        assert hidden not in answer

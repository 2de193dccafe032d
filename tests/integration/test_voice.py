"""Spoken commands by text, through the real conversation agent, to simulated miners."""

from datetime import datetime
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import llm
from homeassistant.helpers.intent import IntentResponseType
import probatio
import pytest

from custom_components.asic_miner import budgets
from custom_components.asic_miner.miners.errors import RejectedError
from custom_components.asic_miner.power.model import Source
from custom_components.asic_miner.voice_texts import TEXTS
from custom_components.asic_miner.voice_words import name_key, number, seconds, until
from tests.simulators.clock import ManualClock
from tests.translations import placeholders

from .speech import LANGUAGES, Assistant, highest, sentences, wished, writes
from .test_power_actions import act

# Built in, without any sentence of ours


async def test_built_in_on_and_off_by_name(assistant: Assistant) -> None:
    """The switch carries the name of the miner."""
    await assistant.say("turn off the garage miner")
    assert assistant.garage.device.truth()["mining"] is False
    assert assistant.cellar.device.truth()["mining"] is True
    await assistant.say("turn on the garage miner")
    assert wished(assistant.garage) != (0.0, Source.USER)


async def test_built_in_off_by_area(assistant: Assistant) -> None:
    """The miner of a room, whatever that of another one is called."""
    await assistant.say("turn off the miner in the cellar")
    assert assistant.cellar.device.truth()["mining"] is False
    assert assistant.garage.device.truth()["mining"] is True


async def test_lights_are_no_miners(assistant: Assistant) -> None:
    """With and without our sentences, no miner is a light, a fan or a cover."""
    before = writes(assistant.garage, assistant.cellar)
    for _ in range(2):
        for sentence in (
            "turn off all the lights",
            "turn off the lights in the garage",
            "turn off all the fans",
            "close all the covers",
            "set the bedroom light to 60 percent",
        ):
            await assistant.say(sentence)
        if not assistant.hass.states.async_entity_ids("automation"):
            await sentences(assistant.hass, "en")
    assert writes(assistant.garage, assistant.cellar) == before
    assert assistant.garage.device.truth()["mining"] is True
    assert assistant.cellar.device.truth()["mining"] is True


# After one import


async def test_set_to_percent_and_kilowatts(assistant: Assistant) -> None:
    """Percent of the highest power; in watts within what the guard knows."""
    await sentences(assistant.hass, "en")
    answer = await assistant.say("Set the garage miner to 60 percent.")
    watts, source = wished(assistant.garage) or (0.0, Source.ADOPTED)
    assert source is Source.VOICE
    assert watts == pytest.approx(highest(assistant.garage) * 0.6, abs=50)
    assert answer in {
        f"Garage Miner is set to {watts:.0f} watts.",
        f"Garage Miner will go to {watts:.0f} watts as soon as it may.",
    }
    await assistant.say("set the miner in the garage to 2 kilowatts")
    assert wished(assistant.garage) == (2000.0, Source.VOICE)
    await assistant.say("set the garage miner to 99 kilowatts")
    assert wished(assistant.garage) == (highest(assistant.garage), Source.VOICE)
    # Little is not nothing, and nothing is off.
    await assistant.say("set the garage miner to 1 percent")
    watts, _ = wished(assistant.garage) or (0.0, Source.ADOPTED)
    assert 0 < watts < highest(assistant.garage) / 2
    await assistant.say("set the garage miner to 0 watts")
    assert assistant.garage.device.truth()["mining"] is False
    before = writes(assistant.garage)
    assert await assistant.say("set the garage miner to plenty percent") == (
        "I did not understand how much power."
    )
    assert writes(assistant.garage) == before


async def test_status(assistant: Assistant) -> None:
    """One answer to all questions, from what was read last."""
    await sentences(assistant.hass, "en")
    before = writes(assistant.garage, assistant.cellar)
    watts = f"{assistant.cellar.number('power'):.0f} watts"
    for question in (
        "How much power is the cellar miner using?",
        "is the cellar miner running?",
        "how warm is the cellar miner?",
        "what is the hashrate of the cellar miner",
    ):
        answer = await assistant.say(question)
        assert watts in answer
        assert "terahashes" in answer
        assert "degrees" in answer
        assert "Garage" not in answer
    assert "Garage Miner" in await assistant.say("how much power is the miner using")
    await assistant.cellar.device.unplug()
    for _ in range(4):
        await assistant.cellar.poll()
    assert await assistant.say("is the cellar miner running") == "Cellar Miner does not answer."
    assert writes(assistant.garage, assistant.cellar) == before


async def test_boost_for_an_hour(assistant: Assistant, freezer: FrozenDateTimeFactory) -> None:
    """And afterwards as before."""
    freezer.move_to("2026-11-20 18:00:00+00:00")
    await sentences(assistant.hass, "en")
    await assistant.say("set the garage miner to 60 percent")
    before = wished(assistant.garage)
    assert await assistant.say("boost the miner for an hour") == (
        "Which miner? I know Cellar Miner, Garage Miner."
    )
    answer = await assistant.say("boost the garage miner for an hour")
    assert answer == "Garage Miner runs at full power until 11:00."
    actuator = assistant.garage.entry.runtime_data.actuator
    assert wished(assistant.garage) == (highest(assistant.garage), Source.VOICE)
    now = assistant.garage.entry.runtime_data.unix_time()
    assert actuator.interlude.until == pytest.approx(now + 3600)
    assert (actuator.interlude.then, Source.VOICE) == before
    _, source = wished(assistant.cellar) or (0.0, Source.ADOPTED)
    assert source is Source.ADOPTED


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-10-24 22:00:00+02:00", 10), ("2026-03-28 22:00:00+01:00", 8)],
    ids=["longer", "shorter"],
)
async def test_a_night_in_which_the_clocks_are_changed(
    hass: HomeAssistant, assistant: Assistant, freezer: FrozenDateTimeFactory, now: str, hours: int
) -> None:
    """Seven o'clock is what the clock shows then, an hour later or earlier than on other nights."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(now)
    await sentences(hass, "en")
    for said in ("Stop mining until tomorrow morning", f"Pause mining for {hours} hours"):
        answer = await assistant.say(said)
        assert "Cellar Miner pauses until tomorrow at 07:00." in answer
        coordinator = assistant.cellar.entry.runtime_data
        assert coordinator.actuator.interlude.until == pytest.approx(
            coordinator.unix_time() + hours * 3600, abs=1
        )


async def test_stop_until_tomorrow_morning(
    assistant: Assistant, freezer: FrozenDateTimeFactory
) -> None:
    """All exposed miners, until seven o'clock of the house, which is in California."""
    freezer.move_to("2026-11-21 04:00:00+00:00")
    await sentences(assistant.hass, "en")
    answer = await assistant.say("Stop mining until tomorrow morning")
    assert "Cellar Miner pauses until tomorrow at 07:00." in answer
    for miner in (assistant.garage, assistant.cellar):
        assert miner.device.truth()["mining"] is False
        coordinator = miner.entry.runtime_data
        assert coordinator.actuator.interlude.until == pytest.approx(
            coordinator.unix_time() + 11 * 3600
        )
    assert await assistant.say("stop mining until the cows come home") == (
        "I did not understand how long."
    )
    assert await assistant.say("stop mining for 9 days") == "A pause or boost lasts a week at most."


async def test_a_budget_ends_only_for_what_was_obeyed(assistant: Assistant) -> None:
    """A pause that the miner refuses leaves its budget as it was."""
    await sentences(assistant.hass, "en")
    coordinator = assistant.garage.entry.runtime_data
    await act("set_power_budget", assistant.garage, watts=2000)
    refused = patch.object(coordinator.client, "set_mining", side_effect=RejectedError("not now"))
    with refused:
        await assistant.say("stop the garage miner")
    assert budgets.held(assistant.hass, coordinator) is not None
    await assistant.say("stop the garage miner")
    assert budgets.held(assistant.hass, coordinator) is None


async def test_all_and_area(assistant: Assistant, clock: ManualClock) -> None:
    """Farm words: all, and a room."""
    await sentences(assistant.hass, "en")
    await assistant.say("turn off the miners in the garage")
    assert assistant.garage.device.truth()["mining"] is False
    assert assistant.cellar.device.truth()["mining"] is True
    await assistant.say("turn off all miners")
    assert assistant.cellar.device.truth()["mining"] is False
    assert "Cellar Miner will start as soon as it may." in await assistant.say("resume mining")
    for _ in range(40):
        clock.advance(30)
        await assistant.garage.poll()
        await assistant.cellar.poll()
    assert assistant.cellar.device.truth()["mining"] is True
    assert assistant.garage.device.truth()["mining"] is True
    assert wished(assistant.cellar) == (highest(assistant.cellar), Source.VOICE)


async def test_what_a_limit_keeps_off(assistant: Assistant, clock: ManualClock) -> None:
    """Nobody is told that it is on, and what it waits for is said where that is ours to say."""
    await sentences(assistant.hass, "en")
    await assistant.say("turn off the cellar miner")
    for _ in range(10):
        clock.advance(30)
        await assistant.cellar.poll()
    assistant.cellar.entry.runtime_data.actuator.limit(2000.0, Source.SITE)
    heard = await assistant.hear("turn on the cellar miner", "en")
    assert heard.response_type is IntentResponseType.ERROR
    answer = "Cellar Miner has to stay off for a limit now. It waits for room."
    for sentence in (
        "turn on all miners",
        "boost the cellar miner for an hour",
        "set the cellar miner to 2 kilowatts",
    ):
        assert answer in await assistant.say(sentence), sentence
    assert assistant.cellar.device.truth()["mining"] is False
    await assistant.say("turn off the cellar miner")
    assert wished(assistant.cellar) == (0.0, Source.USER)


async def test_what_is_not_exposed_is_not_there(assistant: Assistant) -> None:
    """Not by name, not by room, not by "all"."""
    await sentences(assistant.hass, "en")
    assistant.expose(assistant.cellar, False)
    before = writes(assistant.cellar)
    assert await assistant.say("set the cellar miner to 60 percent") == (
        "I know no miner called cellar. I know Garage Miner."
    )
    for sentence in (
        "stop mining",
        "turn off all miners",
        "turn off the miners in the cellar",
        "turn off the cellar miner",
        "boost the cellar miner",
        "stop the cellar miner for an hour",
    ):
        await assistant.say(sentence)
    assert assistant.garage.device.truth()["mining"] is False
    assert assistant.cellar.device.truth()["mining"] is True
    assert writes(assistant.cellar) == before
    assistant.expose(assistant.garage, False)
    assert "may not control any miner" in await assistant.say("is the miner running")


# Language models


async def tools(hass: HomeAssistant) -> llm.APIInstance:
    """Return what a language model is offered by Assist."""
    context = llm.LLMContext(
        platform="test", context=None, language="en", assistant="conversation", device_id=None
    )
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)


async def test_tools_of_language_models(assistant: Assistant) -> None:
    """They read, set, pause, resume and boost, and nothing else."""
    api = await tools(assistant.hass)
    own = {tool.name: tool for tool in api.tools if tool.integration == "asic_miner"}
    assert set(own) == {
        f"asic_miner__{name}" for name in ("get_status", "set_power", "pause", "resume", "boost")
    }
    assert own["asic_miner__get_status"].annotations.read_only
    assert "asic_miner tools" in api.api_prompt

    async def call(name: str, **args: object) -> llm.ToolResult:
        return await api.async_call_tool(llm.ToolInput(f"asic_miner__{name}", args))

    before = writes(assistant.garage, assistant.cellar)
    told = (await call("get_status")).data["miners"]
    assert isinstance(told, list)
    assert [miner["name"] for miner in told if isinstance(miner, dict)] == [
        "Cellar Miner",
        "Garage Miner",
    ]
    assert writes(assistant.garage, assistant.cellar) == before
    await call("set_power", miner="Garage Miner", watts=2000)
    assert wished(assistant.garage) == (2000.0, Source.VOICE)
    await call("boost", miner="Garage Miner", minutes=30)
    assert wished(assistant.garage) == (highest(assistant.garage), Source.VOICE)
    await call("pause", miner="Cellar Miner", minutes=60)
    assert assistant.cellar.device.truth()["mining"] is False
    await call("resume", miner="Cellar Miner")
    assert assistant.cellar.entry.runtime_data.actuator.interlude is None
    with pytest.raises(probatio.Invalid):
        await call("set_power", miner="Garage Miner", percent=150)
    result = await call("set_power", miner="Garage Miner")
    assert result.error


async def test_models_give_numbers(assistant: Assistant) -> None:
    """They are told so, and yes is none: it would be a watt or a minute."""
    before = writes(assistant.garage, assistant.cellar)
    api = await tools(assistant.hass)
    for name, field, good in (
        ("set_power", "watts", 2000),
        ("set_power", "percent", 60),
        ("pause", "minutes", 30),
        ("boost", "minutes", 30),
    ):
        [tool] = [tool for tool in api.tools if tool.name == f"asic_miner__{name}"]
        told = probatio.to_openapi(tool.parameters)["properties"][field]
        assert told["type"] == "number"
        assert told.keys() == {"type", "minimum", "maximum"}
        assert tool.parameters({"miner": "Garage Miner", field: good})[field] == good
        for value in (True, "nan", None):
            args = {"miner": "Garage Miner", field: value}
            with pytest.raises(probatio.Invalid):
                await api.async_call_tool(llm.ToolInput(tool.name, args))
    assert writes(assistant.garage, assistant.cellar) == before


async def test_no_tools_for_what_is_not_exposed(assistant: Assistant) -> None:
    """Also when it was exposed a moment ago."""
    early = await tools(assistant.hass)
    assistant.expose(assistant.garage, False)
    later = await tools(assistant.hass)
    tool_input = llm.ToolInput("asic_miner__pause", {"miner": "Garage Miner"})
    assert (await early.async_call_tool(tool_input)).error
    with pytest.raises(probatio.Invalid):
        await later.async_call_tool(tool_input)
    assert assistant.garage.device.truth()["mining"] is True
    assistant.expose(assistant.cellar, False)
    last = await tools(assistant.hass)
    assert not [tool for tool in last.tools if tool.integration == "asic_miner"]
    with pytest.raises(HomeAssistantError):
        await last.async_call_tool(tool_input)


# Words

FRIDAY = datetime(2026, 11, 20, 17, 20)  # noqa: DTZ001 - of no place


@pytest.mark.parametrize(
    ("said", "hour", "days"),
    [
        ("tomorrow morning", 7, 1),
        ("tomorrow at 9", 9, 1),
        ("6 pm", 18, 0),
        ("7 in the evening", 19, 0),
        ("noon", 12, 1),
        ("tonight", 18, 0),
        ("morgen früh", 7, 1),
        ("heute abend", 18, 0),
        ("demain matin", 7, 1),
        ("19h", 19, 0),
        ("mañana por la mañana", 7, 1),
        ("las siete", 7, 1),
        ("morgenochtend", 7, 1),
    ],
)
def test_until(said: str, hour: int, days: int) -> None:
    """Always in the future."""
    assert until(said, FRIDAY) == datetime(2026, 11, 20 + days, hour)  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("an hour", 60),
        ("half an hour", 30),
        ("an hour and a half", 90),
        ("two and a half hours", 150),
        ("90 min", 90),
        ("2h", 120),
        ("eine halbe Stunde", 30),
        ("anderthalb Stunden", 90),
        ("1,5 Stunden", 90),
        ("une heure et demie", 90),
        ("una hora y media", 90),
        ("een half uur", 30),
        ("an hour and 30 minutes", 90),
    ],
)
def test_durations(said: str, minutes: float) -> None:
    """In words and digits."""
    assert seconds(said) == minutes * 60


def test_what_is_not_understood_is_nothing() -> None:
    """A guess could run a kilowatt machine for hours."""
    assert seconds("bananas") is None
    assert until("the cows come home", FRIDAY) is None
    assert number("plenty") is None
    assert number("sixty") == 60
    assert number("1,5") == 1.5


def test_names() -> None:
    """An article or the word miner tells none from another."""
    assert name_key("the garage miner") == name_key("Miner Garage") == name_key("in der Garage")
    assert name_key("Kellerminer") != name_key("Garagenminer")
    assert not name_key("the miner")


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_the_same_in_all_languages(language: str) -> None:
    """Each text, with the same placeholders."""
    assert set(TEXTS[language]) == set(TEXTS["en"])
    for key, text in TEXTS[language].items():
        assert placeholders(text) == placeholders(TEXTS["en"][key]), key

"""The eight commands as they are said in each language, through the real conversation agent."""

from dataclasses import dataclass

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import SERVICE_TURN_OFF, STATE_ON, Platform
from homeassistant.helpers.intent import IntentResponseType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.asic_miner.power.model import Source
from tests.simulators.clock import ManualClock

from .speech import LANGUAGES, Assistant, highest, sentences, wished, writes

TO_START = 40
"""Polls of half a minute in which a miner that was stopped is up again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tongue:
    """A home in which one language is spoken: what is said to a miner, and what it answers."""

    garage: tuple[str, str]
    """Name and area."""
    cellar: tuple[str, str]
    off: str
    on: str
    percent: tuple[str, ...]
    is_2000: str
    watts: tuple[str, ...]
    goes_to_1800: str
    kilowatts: tuple[str, ...]
    questions: tuple[str, ...]
    mines: str
    boosts: tuple[str, ...]
    boosted: str
    stops: tuple[str, ...]
    stopped: str
    resumes: tuple[str, ...]
    starts: str
    all_off: str
    all_on: str
    area_off: str
    area_on: str
    lights: tuple[str, ...]
    """All of the house, and those of a room with a miner."""


TONGUES = {
    "en": Tongue(
        garage=("Garage Miner", "Garage"),
        cellar=("Cellar Miner", "Cellar"),
        off="Turn off the cellar miner",
        on="Turn on the cellar miner",
        percent=("Set the garage miner to 60 percent", "Set the miner in the garage to 60%"),
        is_2000="Garage Miner is set to 2000 watts.",
        watts=("Set the garage miner to 1800 watts", "Limit the garage miner to 1.8 kW"),
        goes_to_1800="Garage Miner will go to 1800 watts as soon as it may.",
        kilowatts=("Set the garage miner to 2 kilowatts", "Set the garage miner to two kilowatts"),
        questions=(
            "How much power is the garage miner using?",
            "How much electricity is the garage miner using right now?",
        ),
        mines="Garage Miner is mining and draws {watts} watts.",
        boosts=("Boost the garage miner for an hour", "Run the garage miner at full power for 1 h"),
        boosted="Garage Miner runs at full power until 21:00.",
        stops=("Stop mining until tomorrow morning", "Stop mining until 7 am"),
        stopped="{name} pauses until tomorrow at 07:00.",
        resumes=("Resume mining", "Start mining again"),
        starts="{name} will start as soon as it may.",
        all_off="Turn off all miners",
        all_on="Turn on all miners",
        area_off="Turn off the miners in the cellar",
        area_on="Start the cellar miner again",
        lights=("Turn off all the lights", "Turn off the lights in the garage"),
    ),
    "de": Tongue(
        garage=("Garagenminer", "Garage"),
        cellar=("Kellerminer", "Keller"),
        off="Schalte den Kellerminer aus",
        on="Schalte den Kellerminer ein",
        percent=(
            "Stelle den Garagenminer auf 60 Prozent",
            "Stell den Miner in der Garage auf 60 %",
            "Setze die Leistung des Garagenminers auf 60 Prozent",
        ),
        is_2000="Garagenminer ist auf 2000 Watt gestellt.",
        watts=("Stelle den Garagenminer auf 1800 Watt", "Reduziere den Garagenminer auf 1,8 kW"),
        goes_to_1800="Garagenminer geht auf 1800 Watt, sobald er darf.",
        kilowatts=(
            "Stelle den Garagenminer auf zwei Kilowatt",
            "Stelle die Leistung vom Garagenminer auf 2 Kilowatt",
        ),
        questions=(
            "Wie viel Strom verbraucht der Garagenminer?",
            "Wie viel Strom braucht der Miner in der Garage gerade?",
            "Wie viel verbraucht der Garagenminer?",
            "Wie hoch ist der Stromverbrauch des Garagenminers?",
        ),
        mines="Garagenminer mint und braucht {watts} Watt.",
        boosts=(
            "Booste den Garagenminer für eine Stunde",
            "Lass den Garagenminer eine Stunde lang mit voller Leistung laufen",
        ),
        boosted="Garagenminer läuft bis 21:00 mit voller Leistung.",
        stops=("Stoppe das Mining bis morgen früh", "Hör bis morgen früh auf zu minen"),
        stopped="{name} pausiert bis morgen um 07:00.",
        resumes=("Setze das Mining fort", "Starte das Mining wieder", "Fang wieder an zu minen"),
        starts="{name} startet, sobald er darf.",
        all_off="Mach alle Miner aus",
        all_on="Schalte alle Miner an",
        area_off="Schalte den Miner im Keller aus",
        area_on="Starte den Miner im Keller",
        lights=("Schalte alle Lichter aus", "Schalte das Licht in der Garage aus"),
    ),
    "fr": Tongue(
        garage=("Mineur du garage", "Garage"),
        cellar=("Mineur de la cave", "Cave"),
        off="Éteins le mineur de la cave",
        on="Allume le mineur de la cave",
        percent=(
            "Règle le mineur du garage à 60 pour cent",
            "Mets le mineur du garage sur 60 %",
            "Règle la puissance du mineur du garage à 60 %",
        ),
        is_2000="Mineur du garage est réglé sur 2000 watts.",
        watts=("Règle le mineur du garage à 1800 watts", "Réduis le mineur du garage à 1,8 kW"),
        goes_to_1800="Mineur du garage passera à 1800 watts dès que possible.",
        kilowatts=(
            "Mets le mineur du garage à deux kilowatts",
            "Limite le mineur du garage à 2 kW",
        ),
        questions=(
            "Combien consomme le mineur du garage ?",
            "Quelle est la consommation du mineur du garage ?",
            "Combien d'électricité consomme le mineur du garage ?",
        ),
        mines="Mineur du garage mine et consomme {watts} watts.",
        boosts=(
            "Booste le mineur du garage pendant une heure",
            "Mets le mineur du garage à fond pendant une heure",
        ),
        boosted="Mineur du garage tourne à pleine puissance jusqu'à 21:00.",
        stops=(
            "Arrête de miner jusqu'à demain matin",
            "Arrête le minage jusqu\N{RIGHT SINGLE QUOTATION MARK}à demain matin",
            "Mets le minage en pause jusqu'à demain matin",
        ),
        stopped="{name} est en pause jusqu'à demain à 07:00.",
        resumes=("Reprends le minage", "Recommence à miner"),
        starts="{name} démarrera dès que possible.",
        all_off="Éteins tous les mineurs",
        all_on="Allume tous les mineurs",
        area_off="Éteins les mineurs de la cave",
        area_on="Remets le mineur de la cave en marche",
        lights=("Éteins toutes les lumières partout", "Éteins les lumières du garage"),
    ),
    "es": Tongue(
        garage=("Minero del garaje", "Garaje"),
        cellar=("Minero del sótano", "Sótano"),
        off="Apaga el minero del sótano",
        on="Enciende el minero del sótano",
        percent=(
            "Pon el minero del garaje al 60 por ciento",
            "Ajusta la potencia del minero del garaje al 60 %",
        ),
        is_2000="Minero del garaje está puesto a 2000 vatios.",
        watts=("Pon el minero del garaje a 1800 vatios", "Reduce el minero del garaje a 1,8 kW"),
        goes_to_1800="Minero del garaje pasará a 1800 vatios en cuanto pueda.",
        kilowatts=(
            "Pon el minero del garaje a dos kilovatios",
            "Pon el minero del garaje en 2 kilowatts",
        ),
        questions=(
            "¿Cuánta energía consume el minero del garaje?",
            "¿Cuánta electricidad está usando el minero del garaje?",
            "¿Cuántos vatios consume el minero del garaje?",
        ),
        mines="Minero del garaje está minando y consume {watts} vatios.",
        boosts=(
            "Acelera el minero del garaje durante una hora",
            "Pon el minero del garaje a tope durante una hora",
        ),
        boosted="Minero del garaje funciona a plena potencia hasta las 21:00.",
        stops=(
            "Deja de minar hasta mañana por la mañana",
            "Detén la minería hasta mañana por la mañana",
        ),
        stopped="{name} queda en pausa hasta las 07:00 de mañana.",
        resumes=("Reanuda la minería", "Vuelve a minar", "Continúa minando"),
        starts="{name} arrancará en cuanto pueda.",
        all_off="Apaga todos los mineros",
        all_on="Prende todos los mineros",
        area_off="Apaga los mineros del sótano",
        area_on="Enciende los mineros del sótano",
        lights=("Apaga todas las luces", "Apaga las luces del garaje"),
    ),
    "nl": Tongue(
        garage=("Garageminer", "Garage"),
        cellar=("Kelderminer", "Kelder"),
        off="Zet de kelderminer uit",
        on="Schakel de kelderminer in",
        percent=(
            "Zet de garageminer op 60 procent",
            "Zet de miner in de garage op 60%",
            "Zet het vermogen van de garageminer op 60 procent",
        ),
        is_2000="Garageminer is ingesteld op 2000 watt.",
        watts=("Zet de garageminer op 1800 watt", "Beperk de garageminer tot 1,8 kW"),
        goes_to_1800="Garageminer gaat naar 1800 watt zodra het mag.",
        kilowatts=("Zet de garageminer op twee kilowatt", "Verlaag de garageminer naar 2 kW"),
        questions=(
            "Hoeveel stroom gebruikt de garageminer?",
            "Hoeveel stroom verbruikt de miner in de garage nu?",
            "Wat is het verbruik van de garageminer?",
        ),
        mines="Garageminer mint en verbruikt {watts} watt.",
        boosts=(
            "Boost de garageminer voor een uur",
            "Laat de garageminer een uur lang op vol vermogen draaien",
        ),
        boosted="Garageminer draait tot 21:00 op vol vermogen.",
        stops=("Stop met minen tot morgenochtend", "Pauzeer het minen tot morgenochtend"),
        stopped="{name} pauzeert tot morgen om 07:00.",
        resumes=("Hervat het minen", "Ga weer verder met minen", "Begin weer met minen"),
        starts="{name} start zodra het mag.",
        all_off="Schakel alle miners uit",
        all_on="Zet alle miners aan",
        area_off="Zet de miners in de kelder uit",
        area_on="Zet de miner in de kelder aan",
        lights=("Doe alle lampen in het hele huis uit", "Doe het licht in de garage uit"),
    ),
}


@pytest.fixture(params=LANGUAGES)
async def language(
    request: pytest.FixtureRequest, assistant: Assistant, freezer: FrozenDateTimeFactory
) -> str:
    """An evening in a home that speaks it; the sentences of all languages are imported."""
    # Eight in the evening in California, where the test's home is.
    freezer.move_to("2026-11-21 04:00:00+00:00")
    spoken: str = request.param
    await assistant.call(TONGUES[spoken].garage, TONGUES[spoken].cellar)
    await sentences(assistant.hass, *LANGUAGES)
    return spoken


async def until_both_mine(assistant: Assistant, clock: ManualClock) -> None:
    """Give what was stopped the time to start."""
    for _ in range(TO_START):
        clock.advance(30)
        await assistant.garage.poll()
        await assistant.cellar.poll()
        if all(miner.device.truth()["mining"] for miner in (assistant.garage, assistant.cellar)):
            return
    pytest.fail("A miner did not start again.")


async def test_watts_and_questions(assistant: Assistant, language: str) -> None:
    """In percent, watts and kilowatts; an answer to a question changes nothing."""
    tongue = TONGUES[language]
    assert round(highest(assistant.garage) * 0.6, -2) == 2000
    for sentence in tongue.percent:
        assert await assistant.say(sentence, language) == tongue.is_2000, sentence
        assert wished(assistant.garage) == (2000.0, Source.VOICE)
    for down, back in zip(tongue.watts, tongue.kilowatts, strict=True):
        assert await assistant.say(down, language) == tongue.goes_to_1800, down
        assert wished(assistant.garage) == (1800.0, Source.VOICE)
        assert await assistant.say(back, language) == tongue.is_2000, back
        assert wished(assistant.garage) == (2000.0, Source.VOICE)
    before = writes(assistant.garage, assistant.cellar)
    told = tongue.mines.format(watts=f"{assistant.garage.number('power'):.0f}")
    for question in tongue.questions:
        assert (await assistant.say(question, language)).startswith(told), question
    assert writes(assistant.garage, assistant.cellar) == before
    _, source = wished(assistant.cellar) or (0.0, Source.ADOPTED)
    assert source is Source.ADOPTED


async def test_boost_stop_and_resume(
    assistant: Assistant, clock: ManualClock, language: str
) -> None:
    """One for an hour, all until tomorrow morning, and all again."""
    tongue = TONGUES[language]
    actuator = assistant.garage.entry.runtime_data.actuator
    now = assistant.garage.entry.runtime_data.unix_time()
    for sentence in tongue.boosts:
        assert await assistant.say(tongue.percent[0], language) == tongue.is_2000
        assert wished(assistant.garage) == (2000.0, Source.VOICE)
        assert await assistant.say(sentence, language) == tongue.boosted, sentence
        assert wished(assistant.garage) == (highest(assistant.garage), Source.VOICE)
        assert actuator.interlude.until == pytest.approx(now + 3600)
        assert assistant.cellar.entry.runtime_data.actuator.interlude is None
    both = sorted(name for name, _ in (tongue.garage, tongue.cellar))
    stopped = " ".join(tongue.stopped.format(name=name) for name in both)
    starts = " ".join(tongue.starts.format(name=name) for name in both)
    for stop in tongue.stops:
        assert await assistant.say(stop, language) == stopped, stop
        for miner in (assistant.garage, assistant.cellar):
            assert miner.device.truth()["mining"] is False
            assert miner.entry.runtime_data.actuator.interlude.until == pytest.approx(
                now + 11 * 3600
            )
    for resume in tongue.resumes:
        await assistant.say(tongue.stops[0], language)
        assert await assistant.say(resume, language) == starts, resume
        assert actuator.interlude is None
        assert assistant.cellar.entry.runtime_data.actuator.interlude is None
    await until_both_mine(assistant, clock)


async def test_off_and_on(assistant: Assistant, clock: ManualClock, language: str) -> None:
    """By name with what is built in, by area and all with ours."""
    tongue = TONGUES[language]
    for off, on in ((tongue.off, tongue.on), (tongue.area_off, tongue.area_on)):
        response = await assistant.hear(off, language)
        assert response.response_type is IntentResponseType.ACTION_DONE, off
        assert response.language == language
        assert assistant.cellar.device.truth()["mining"] is False, off
        assert assistant.garage.device.truth()["mining"] is True, off
        await assistant.hear(on, language)
        watts, _ = wished(assistant.cellar) or (0.0, Source.ADOPTED)
        assert watts > 0, on
        await until_both_mine(assistant, clock)
    await assistant.say(tongue.all_off, language)
    assert assistant.cellar.device.truth()["mining"] is False
    assert assistant.garage.device.truth()["mining"] is False
    await assistant.say(tongue.all_on, language)
    await until_both_mine(assistant, clock)


async def test_the_lights_are_no_miners(assistant: Assistant, language: str) -> None:
    """Where there are lights, they are switched off, and no miner."""
    hass = assistant.hass
    assert await async_setup_component(hass, Platform.LIGHT, {})
    hass.states.async_set("light.ceiling", STATE_ON, {"friendly_name": "Ceiling"})
    switched = async_mock_service(hass, Platform.LIGHT, SERVICE_TURN_OFF)
    before = writes(assistant.garage, assistant.cellar)
    for sentence in TONGUES[language].lights:
        await assistant.say(sentence, language)
    assert [call.data["entity_id"] for call in switched] == [["light.ceiling"]]
    assert writes(assistant.garage, assistant.cellar) == before
    for miner in (assistant.garage, assistant.cellar):
        assert miner.device.truth()["mining"] is True
        assert hass.states.is_state(miner.entity_id("mining"), STATE_ON)

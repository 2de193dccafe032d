"""What can be said to miners: only to those whose mining switch the assistant may use.

Nothing here can restart, reset or reconfigure a miner, and every number of watts goes through
its guard like that of everybody else.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.intent import async_get_entity_aliases
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .budgets import ordered
from .const import DOMAIN
from .coordinator import MinerCoordinator
from .entries import miner_entries
from .miners.lean import dataclass
from .miners.models import JsonValue, MinerState
from .power.defaults import BOOST_SECONDS
from .power.model import Path, Source, Wait
from .power_services import LONGEST
from .rights import async_check_rights
from .voice_said import Command, Said
from .voice_texts import text
from .voice_words import means_all, name_key, number, seconds, until

AT_ONCE: Final = {None, Wait.SMALL_CHANGE, Wait.RAMPING}
"""What is not worth a word to somebody who has just spoken."""


class NotUnderstoodError(HomeAssistantError):
    """Says in the speaker's language why nothing was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A miner that an assistant may use."""

    coordinator: MinerCoordinator
    name: str
    names: tuple[str, ...]
    area_id: str | None


@callback
def exposed_miners(hass: HomeAssistant, assistant: str | None) -> list[Spoken]:
    """Return the miners whose mining switch is exposed to an assistant, by name."""
    if not assistant:
        return []
    entities, devices = er.async_get(hass), dr.async_get(hass)
    found = []
    for entry in miner_entries(hass, loaded=True):
        coordinator = entry.runtime_data
        entity_id = entities.async_get_entity_id(
            "switch", DOMAIN, f"{coordinator.identity.mac}_mining"
        )
        state = hass.states.get(entity_id) if entity_id else None
        entity = entities.async_get(entity_id) if entity_id else None
        if state is None or entity is None:
            continue
        if not async_should_expose(hass, assistant, entity.entity_id):
            continue
        device = devices.async_get(entity.device_id) if entity.device_id else None
        found.append(
            Spoken(
                coordinator=coordinator,
                name=state.name,
                names=(state.name, *async_get_entity_aliases(hass, entity, state=state)),
                area_id=entity.area_id or (device.area_id if device else None),
            )
        )
    return sorted(found, key=lambda spoken: spoken.name)


def _meant(hass: HomeAssistant, said: Said) -> list[Spoken]:
    """Return the miners that are meant. Raises NotUnderstoodError."""
    miners = exposed_miners(hass, said.assistant)
    if not miners:
        raise NotUnderstoodError(text(said.language, "no_miner"))
    if said.name is None and said.command in {Command.PAUSE, Command.RESUME, Command.STATUS}:
        # "Stop mining" means all of it.
        return miners
    name = said.name or ""
    key = name_key(name)
    if means_all(name) or (not key and len(miners) == 1):
        return miners
    if not key:
        return _near(hass, said, miners)
    same = [miner for miner in miners if any(name_key(own) == key for own in miner.names)]
    same = same or _in_area(hass, key, miners)
    # "The garage" for "Garage left", as long as there is only one such.
    part = [miner for miner in miners if any(key < name_key(own) for own in miner.names)]
    if found := same or (part if len(part) == 1 else []):
        return found
    names = ", ".join(miner.name for miner in part or miners)
    raise NotUnderstoodError(
        text(said.language, "which" if part else "unknown", name=name, names=names)
    )


def _near(hass: HomeAssistant, said: Said, miners: list[Spoken]) -> list[Spoken]:
    """Return the miner of the room in which it was said; to stop and to tell, all."""
    device = dr.async_get(hass).async_get(said.device_id) if said.device_id else None
    area = dr.async_get_effective_area_id(hass, device) if device else None
    near = [miner for miner in miners if area is not None and miner.area_id == area]
    if near:
        return near
    if said.command in {Command.PAUSE, Command.STATUS}:
        return miners
    names = ", ".join(miner.name for miner in miners)
    raise NotUnderstoodError(text(said.language, "which", names=names))


def _in_area(hass: HomeAssistant, key: frozenset[str], miners: list[Spoken]) -> list[Spoken]:
    areas = {
        area.id
        for area in ar.async_get(hass).async_list_areas()
        if any(name_key(name) == key for name in (area.name, *area.aliases))
    }
    return [miner for miner in miners if miner.area_id in areas]


async def async_obey(hass: HomeAssistant, said: Said) -> str:
    """Do what was said, and return what is to be answered.

    Raises NotUnderstoodError, and HomeAssistantError when a miner refuses.
    """
    miners = _meant(hass, said)
    meant = [miner.coordinator for miner in miners]
    telling = said.command is Command.STATUS
    try:
        await async_check_rights(hass, said.user_id, meant, control=not telling)
    except Unauthorized as error:
        raise NotUnderstoodError(text(said.language, "not_allowed")) from error
    if telling:
        return " ".join([await _async_describe(hass, miner, said.language) for miner in miners])
    lasts = _lasts(said)
    answers: list[str] = []
    refusals: list[HomeAssistantError] = []
    for miner in miners:
        try:
            answers.append(await _async_order(miner, said, lasts))
            ordered(hass, miner.coordinator)
        except HomeAssistantError as error:
            # One that refuses must not keep the others from being stopped.
            refusals.append(error)
    if refusals and not answers:
        raise refusals[0]
    return " ".join([*answers, *map(str, refusals)])


def _amount(given: str | float | None, said: Said) -> float | None:
    """Return a number that was said."""
    if given is None or isinstance(given, int | float):
        return given
    if (found := number(given)) is None:
        raise NotUnderstoodError(text(said.language, "no_amount"))
    return found


def _lasts(said: Said) -> float | None:
    """Return for how many seconds something was ordered, None for always."""
    found: float | None = None
    if isinstance(said.duration, int | float):
        found = said.duration * 60
    elif said.duration is not None:
        found = seconds(said.duration)
    elif said.until is not None:
        now = dt_util.now()
        end = until(said.until, now)
        # Two times of one zone are subtracted by their clocks, an hour off when those are changed.
        found = end.timestamp() - now.timestamp() if end else None
    else:
        return BOOST_SECONDS if said.command is Command.BOOST else None
    if found is None or found <= 0:
        raise NotUnderstoodError(text(said.language, "no_time"))
    if found > LONGEST.total_seconds():
        raise NotUnderstoodError(text(said.language, "too_long"))
    return found


async def _async_order(miner: Spoken, said: Said, lasts: float | None) -> str:
    """Give one miner its order, and say what came of it."""
    coordinator, language = miner.coordinator, said.language
    actuator = coordinator.actuator
    watts = _watts(miner, said) if said.command is Command.SET_POWER else 0.0
    match said.command:
        case Command.BOOST:
            await actuator.async_boost(lasts or BOOST_SECONDS, Source.VOICE)
            if actuator.left_off:
                return text(language, "left_off", name=miner.name)
            return text(language, "boosted", name=miner.name, time=_at(lasts or 0, language))
        case Command.PAUSE if lasts:
            await actuator.async_interlude(0.0, lasts, Source.VOICE)
            return text(language, "paused_until", name=miner.name, time=_at(lasts, language))
        case Command.RESUME:
            await actuator.async_resume(Source.VOICE)
            key = _told(coordinator, "resumed")
            return text(language, key, name=miner.name)
        case _ if watts > 0:
            await coordinator.async_order(watts, Source.VOICE)
            key = _told(coordinator, "set")
            return text(language, key, name=miner.name, watts=f"{watts:.0f}")
        case _:
            await coordinator.async_order(0.0, Source.VOICE)
            return text(language, "paused", name=miner.name)


def _told(coordinator: MinerCoordinator, done: str) -> str:
    """Return the key of what is answered: `done`, or that it waits, or that a limit forbids it."""
    if coordinator.actuator.left_off:
        return "left_off"
    state = coordinator.actuator.state
    is_done = state is None or state.wait in AT_ONCE or state.sent == state.goal
    return done if is_done else f"{done}_waits"


def _watts(miner: Spoken, said: Said) -> float:
    """Return the watts that are meant, within what the guard knows the miner can do."""
    guard = miner.coordinator.actuator.guard
    if guard is None:
        raise miner.coordinator.nothing_to_set()
    ability = guard.ability
    percent, watts = _amount(said.percent, said), _amount(said.watts, said)
    kilowatts = _amount(said.kilowatts, said)
    if percent is not None:
        wanted = (miner.coordinator.actuator.percent_base or ability.maximum) * percent / 100
    elif watts is not None:
        wanted = watts
    elif kilowatts is not None:
        wanted = kilowatts * 1000
    else:
        raise NotUnderstoodError(text(said.language, "no_amount"))
    if wanted <= 0:
        return 0.0
    if ability.path is Path.START_STOP and wanted < ability.maximum:
        raise NotUnderstoodError(text(said.language, "only_switch", name=miner.name))
    # Who says "ten percent" wants little, not nothing.
    floor = miner.coordinator.actuator.state
    lowest = ability.lowest(floor.floor if floor else None)
    return ability.snap(min(max(wanted, lowest), ability.maximum))


def _at(lasts: float, language: str) -> str:
    """Return the time of day at which something ends."""
    now = dt_util.now()
    end = dt_util.as_local(dt_util.utcnow() + timedelta(seconds=lasts))
    clock = f"{end:%H:%M}"
    if end.date() == now.date():
        return clock
    if end.date() == now.date() + timedelta(days=1):
        return text(language, "tomorrow", time=clock)
    return f"{end:%Y-%m-%d %H:%M}"


# Telling


def status(miner: Spoken) -> Mapping[str, JsonValue]:
    """Return what an assistant may know of a miner; W, TH/s and °C."""
    coordinator = miner.coordinator
    snapshot = coordinator.last if coordinator.last_update_success else None
    guard = coordinator.actuator.state
    ability = coordinator.actuator.guard.ability if coordinator.actuator.guard else None
    interlude = coordinator.actuator.interlude
    ends = dt_util.utc_from_timestamp(interlude.until) if interlude else None
    return {
        "name": miner.name,
        "state": snapshot.state.value if snapshot else "unavailable",
        "power_w": snapshot.power if snapshot else None,
        "power_wished_w": guard.wish.watts if guard and guard.wish else None,
        "power_minimum_w": ability.minimum if ability else None,
        "power_maximum_w": ability.full if ability else None,
        "waits_for": guard.wait.value if guard and guard.wait else None,
        "hashrate_ths": snapshot.hashrate if snapshot else None,
        "hottest_celsius": snapshot.temperature if snapshot else None,
        "pause_or_boost_ends": dt_util.as_local(ends).isoformat() if ends else None,
    }


async def _async_describe(hass: HomeAssistant, miner: Spoken, language: str) -> str:
    """Return a sentence or two about a miner."""
    coordinator, name = miner.coordinator, miner.name
    snapshot = coordinator.last if coordinator.last_update_success else None
    if snapshot is None:
        return text(language, "away", name=name)
    watts = None if snapshot.power is None else f"{snapshot.power:.0f}"
    if snapshot.state is MinerState.MINING and watts is not None:
        said = [text(language, "mining", name=name, watts=watts)]
    else:
        state = await _async_state(hass, snapshot.state, language)
        if watts is None:
            said = [text(language, "state", name=name, state=state)]
        else:
            said = [text(language, "other", name=name, state=state, watts=watts)]
    if snapshot.hashrate:
        said.append(text(language, "hashrate", hashrate=f"{snapshot.hashrate:.0f}"))
    if snapshot.temperature is not None:
        said.append(text(language, "temperature", temperature=f"{snapshot.temperature:.0f}"))
    return " ".join(said)


async def _async_state(hass: HomeAssistant, state: MinerState, language: str) -> str:
    """Return the state in the words of its sensor."""
    texts = await async_get_translations(hass, language, "entity", [DOMAIN])
    key = f"component.{DOMAIN}.entity.sensor.state.state.{state.value}"
    return texts.get(key, state.value)

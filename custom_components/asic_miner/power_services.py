"""Actions about how much miners draw together, and for how long."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

from homeassistant.core import ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import probatio

from .action import Action, Request, number
from .budgets import async_get, ordered
from .coordinator import MinerCoordinator
from .errors import async_joined
from .power.model import Source
from .power.policy import Policy, Safe

LONGEST = timedelta(days=7)
"""What shall last longer than a week is no pause but a decision."""


def _period(value: object) -> timedelta:
    """Return a duration. Raises Invalid for an endless one, and for yes and no, too."""
    if isinstance(value, bool):
        raise probatio.Invalid("expected a duration")
    if isinstance(value, dict):
        value = {unit: number(amount) for unit, amount in value.items()}
    try:
        period: timedelta = cv.positive_time_period(value)
    except OverflowError as error:
        raise probatio.Invalid("expected a duration that ends") from error
    return period


DURATION = probatio.All(_period, probatio.Range(min=timedelta(seconds=1), max=LONGEST))
BOOST = timedelta(hours=1)
"""As long as somebody wants a warm room or a hot tank at once."""


async def _set_power_budget(request: Request) -> ServiceResponse:
    data = request.data
    valid_for = data.get("valid_for")
    # Before anything is waited for: who orders something meanwhile orders it later.
    at = request.coordinator.unix_time()
    return await (await async_get(request.hass)).async_set(
        request.coordinators,
        data["watts"],
        at=at,
        valid_for=valid_for.total_seconds() if valid_for else None,
        safe=Safe(data["fallback"]),
        policy=Policy(data["policy"]),
    )


async def _order(
    request: Request, order: Callable[[MinerCoordinator], Coroutine[None, None, None]]
) -> None:
    """Give each miner its order, also when another refuses or is not there; then say so."""

    async def give(miner: MinerCoordinator) -> None:
        await order(miner)
        ordered(request.hass, miner)

    answers = await asyncio.gather(*map(give, request.coordinators), return_exceptions=True)
    refusals: list[HomeAssistantError] = []
    for answer in answers:
        if isinstance(answer, HomeAssistantError):
            refusals.append(answer)
        elif answer is not None:
            raise answer
    if refusals:
        raise await async_joined(request.hass, refusals)


async def _pause(request: Request) -> None:
    duration: timedelta | None = request.data.get("duration")

    def pause(miner: MinerCoordinator) -> Coroutine[None, None, None]:
        if duration is None:
            return miner.async_order(0.0, Source.ACTION)
        return miner.actuator.async_interlude(0.0, duration.total_seconds(), Source.ACTION)

    await _order(request, pause)


async def _resume(request: Request) -> None:
    await _order(request, lambda miner: miner.actuator.async_resume(Source.ACTION))


async def _boost(request: Request) -> None:
    seconds = request.data["duration"].total_seconds()
    await _order(request, lambda miner: miner.actuator.async_boost(seconds, Source.ACTION))


POWER_ACTIONS = (
    Action(
        name="set_power_budget",
        run=_set_power_budget,
        fields={
            # Solar forecasts and meters give negative numbers for "nothing".
            probatio.Required("watts"): number,
            probatio.Optional("policy", default=Policy.PRIORITY.value): probatio.In(
                [policy.value for policy in Policy]
            ),
            probatio.Optional("valid_for"): DURATION,
            probatio.Optional("fallback", default=Safe.PAUSE.value): probatio.In(
                [safe.value for safe in Safe]
            ),
        },
        admin=False,
        many=True,
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="pause",
        run=_pause,
        fields={probatio.Optional("duration"): DURATION},
        admin=False,
        many=True,
    ),
    Action(name="resume", run=_resume, admin=False, many=True),
    Action(
        name="boost",
        run=_boost,
        fields={probatio.Optional("duration", default=BOOST): DURATION},
        admin=False,
        many=True,
    ),
)

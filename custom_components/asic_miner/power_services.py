"""Actions about how much miners draw together, and for how long."""

from datetime import timedelta

from homeassistant.core import ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
import probatio

from .action import Action, Request
from .budgets import async_get
from .power.budget import Budget, Policy, Safe
from .power.model import Source

LONGEST = timedelta(days=7)
"""What shall last longer than a week is no pause but a decision."""

DURATION = probatio.All(
    cv.positive_time_period, probatio.Range(min=timedelta(seconds=1), max=LONGEST)
)
BOOST = timedelta(hours=1)
"""As long as somebody wants a warm room or a hot tank at once."""


async def _set_power_budget(request: Request) -> ServiceResponse:
    data, miners = request.data, request.coordinators
    valid_for = data.get("valid_for")
    budget = Budget(
        watts=data["watts"],
        at=miners[0].unix_time(),
        valid_for=valid_for.total_seconds() if valid_for else None,
        safe=Safe(data["fallback"]),
        policy=Policy(data["policy"]),
    )
    return await async_get(request.hass).async_set(budget, miners, range(1, len(miners) + 1))


async def _pause(request: Request) -> None:
    async_get(request.hass).forget(*request.coordinators)
    duration = request.data.get("duration")
    for miner in request.coordinators:
        if duration:
            await miner.actuator.async_interlude(0.0, duration.total_seconds(), Source.ACTION)
        else:
            await miner.async_order(0.0, Source.ACTION)


async def _resume(request: Request) -> None:
    async_get(request.hass).forget(*request.coordinators)
    for miner in request.coordinators:
        await miner.actuator.async_resume(Source.ACTION)


async def _boost(request: Request) -> None:
    async_get(request.hass).forget(*request.coordinators)
    seconds = request.data["duration"].total_seconds()
    for miner in request.coordinators:
        await miner.actuator.async_boost(seconds, Source.ACTION)


POWER_ACTIONS = (
    Action(
        name="set_power_budget",
        run=_set_power_budget,
        fields={
            # Solar forecasts and meters give negative numbers for "nothing".
            probatio.Required("watts"): probatio.Coerce(float),
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

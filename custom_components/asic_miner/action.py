"""What all actions have in common: how they find their miners, and who may perform them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import partial
import math
from typing import Any, cast

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import (
    Context,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_get_device_and_config_entry,
    async_register_admin_service,
)
import probatio

from .const import DOMAIN
from .coordinator import MinerConfigEntry, MinerCoordinator, Order
from .entries import is_miner
from .miners.lean import dataclass
from .restart import Restart
from .rights import async_check_rights

ATTR_CONFIRM = "confirm"
"""Has to be ticked for what cannot be undone or can cut a miner off."""


def number(value: float | str) -> float:
    """Return a number, also one in a text, as templates give it.

    Raises Invalid for nan and inf, which pass many a comparison and spoil what is reckoned with
    them, and for yes and no, which Python takes for 1 and 0.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except TypeError, ValueError, OverflowError:
        found = math.nan
    if not math.isfinite(found):
        raise probatio.Invalid("expected a finite number")
    return found


def whole(value: float | str) -> int:
    """Return a whole number, given as `number` takes one. Raises Invalid for any other."""
    found = number(value)
    if not found.is_integer():
        raise probatio.Invalid("expected a whole number")
    return int(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call of an action."""

    hass: HomeAssistant
    context: Context
    coordinators: tuple[MinerCoordinator, ...]
    """In the order in which they were given; one unless the action takes many, or none."""
    data: Mapping[str, Any]

    @property
    def coordinator(self) -> MinerCoordinator:
        """The miner of an action for one."""
        return self.coordinators[0]

    async def command[T](self, order: Order[T], restarts: Restart | None = None) -> T:
        """Send a command. Raises as `MinerCoordinator.async_command`."""
        return await self.coordinator.async_command(order, restarts=restarts)


type Run = Callable[[Request], Awaitable[ServiceResponse]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One row of a table of actions."""

    name: str
    run: Run
    fields: Mapping[Any, Any] = field(default_factory=dict)
    admin: bool = True
    """Only administrators may, and automations, which only they can write; otherwise whoever may
    control the miner, or for what only answers, see it."""
    confirm: bool = False
    many: bool = False
    """It takes several miners at once."""
    devices: bool = True
    """It is told its miners by their devices; otherwise it finds them itself."""
    response: SupportsResponse = SupportsResponse.NONE


def _coordinators(hass: HomeAssistant, devices: list[str]) -> tuple[MinerCoordinator, ...]:
    """Return the miners of devices, each once; a hashboard stands for its miner."""
    found: dict[str, MinerCoordinator] = {}
    for device in devices:
        its_device, entry = async_get_device_and_config_entry(hass, DOMAIN, device)
        if not is_miner(entry):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="device_is_no_miner",
                translation_placeholders={"name": its_device.name or entry.title},
            )
        found[entry.entry_id] = cast("MinerConfigEntry", entry).runtime_data
    return tuple(found.values())


async def _async_run(action: Action, call: ServiceCall) -> ServiceResponse:
    """Find the miners, and do it."""
    coordinators: tuple[MinerCoordinator, ...] = ()
    if action.devices:
        devices = call.data[ATTR_DEVICE_ID]
        coordinators = _coordinators(call.hass, devices if action.many else [devices])
    if action.confirm and not call.data[ATTR_CONFIRM]:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="confirmation_needed"
        )
    only_answers = action.response is SupportsResponse.ONLY
    user_id = call.context.user_id
    await async_check_rights(call.hass, user_id, coordinators, control=not only_answers)
    request = Request(
        hass=call.hass, context=call.context, coordinators=coordinators, data=call.data
    )
    return await action.run(request)


def async_register(hass: HomeAssistant, action: Action) -> None:
    """Register one action."""
    device: Any = cv.string
    if action.many:
        device = probatio.All(cv.ensure_list, [cv.string], probatio.Length(min=1))
    fields: dict[Any, Any] = dict(action.fields)
    if action.devices:
        fields[probatio.Required(ATTR_DEVICE_ID)] = device
    if action.confirm:
        fields[probatio.Optional(ATTR_CONFIRM, default=False)] = cv.boolean
    schema, run = probatio.Schema(fields), partial(_async_run, action)
    if action.admin:
        async_register_admin_service(hass, DOMAIN, action.name, run, schema, action.response)
    else:
        hass.services.async_register(DOMAIN, action.name, run, schema, action.response)

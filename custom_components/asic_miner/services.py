"""Actions: what is done to a miner by hand or by an automation, beyond its entities."""

from dataclasses import asdict
from functools import partial
import json
from typing import Any

from homeassistant.core import HomeAssistant, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import probatio

from .action import Action, Request, async_register, number, whole
from .const import DOMAIN
from .files import async_fetch_log, async_install_firmware
from .miners.orders import Blink, LogKind, TargetReference
from .moving import async_set_network
from .pool_services import POOL_ACTIONS
from .power.model import Source
from .power_services import POWER_ACTIONS
from .restart import Restart
from .voice_service import VOICE_ACTION

WHOLE_PERCENT = probatio.All(number, probatio.Range(min=0, max=200))
"""200 % is what liquid cooling allows; each miner knows its own end."""
MILLISECONDS = probatio.All(whole, probatio.Range(min=0, max=3_600_000))
"""Blinking slower than once an hour is none; the manual names no upper end."""

BLINK = Blink(colour="red")
"""For its default times."""

STEP = {
    probatio.Exclusive("change", "how"): number,
    probatio.Exclusive("percent", "how"): WHOLE_PERCENT,
    probatio.Optional("reference", default=TargetReference.NOMINAL.value): probatio.Coerce(
        TargetReference
    ),
}


# Power


async def _set_power_percent(request: Request) -> None:
    percent = request.data["percent"]
    if request.data["fast"]:
        await request.coordinator.async_shed_percent(percent)
    else:
        await request.coordinator.async_user_percent(percent, Source.ACTION)


async def _set_power(request: Request) -> None:
    watts = request.data["watts"]
    await request.coordinator.async_set_draw(lambda client: client.set_power(watts))
    # What the guard wished before is out of date.
    request.coordinator.actuator.release()


async def _change_target(request: Request, *, hashrate: bool) -> ServiceResponse:
    """Step or scale a target, and answer the new one."""
    change, percent = request.data.get("change"), request.data.get("percent")
    reference = TargetReference(request.data["reference"])
    if change is not None:
        target = await request.command(
            lambda client: (
                client.step_hashrate_target(change)
                if hashrate
                else client.step_power_target(change)
            )
        )
    elif percent is not None:
        target = await request.command(
            lambda client: (
                client.scale_hashrate_target(percent, reference)
                if hashrate
                else client.scale_power_target(percent, reference)
            )
        )
    else:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="change_or_percent_needed"
        )
    # What the guard wished before is out of date.
    request.coordinator.forget_power()
    return {"target": target}


async def _get_profiles(request: Request) -> ServiceResponse:
    profiles = await request.command(lambda client: client.get_profiles())
    return {"profiles": [asdict(profile) for profile in profiles]}


async def _remove_profiles(request: Request) -> None:
    await request.command(lambda client: client.remove_profiles(), Restart.MINING)


# The light, notes, time and logs


async def _set_led(request: Request) -> None:
    data = request.data
    blink = None
    if data["colour"] != "auto":
        blink = Blink(
            colour=data["colour"],
            period=data["period"],
            duration=data["duration"],
            start=data["start"],
        )
    await request.command(lambda client: client.set_led(blink))


async def _get_message(request: Request) -> ServiceResponse:
    key = request.data["key"]
    return {"message": await request.command(lambda client: client.get_message(key))}


async def _set_message(request: Request) -> None:
    key, message = request.data["key"], request.data["message"]
    await request.command(lambda client: client.set_message(key, message))


async def _set_time_zone(request: Request) -> None:
    zone = request.data.get("time_zone", request.hass.config.time_zone)
    await request.command(lambda client: client.set_time_zone(zone))


async def _set_syslog(request: Request) -> None:
    data = request.data
    await request.command(
        lambda client: client.set_syslog(data["host"], data["port"], tcp=data["protocol"] == "tcp")
    )


async def _download_logs(request: Request) -> ServiceResponse:
    kind = LogKind(request.data["kind"])
    return {"path": await async_fetch_log(request.hass, request.coordinator, kind)}


# Login, network, licence, firmware


async def _change_password(request: Request) -> None:
    await request.coordinator.async_change_password(request.data["new_password"] or None)


async def _set_hostname(request: Request) -> None:
    await request.command(lambda client: client.set_hostname(request.data["hostname"]))


async def _set_network(request: Request) -> None:
    await async_set_network(request.hass, request.coordinator, request.data)


async def _apply_contract_key(request: Request) -> None:
    await request.command(lambda client: client.apply_contract_key(request.data["contract_key"]))


async def _get_advanced_settings(request: Request) -> ServiceResponse:
    return {"settings": dict(await request.command(lambda client: client.get_advanced_settings()))}


async def _set_advanced_settings(request: Request) -> ServiceResponse:
    wanted = request.data["settings"]
    held = await request.command(lambda client: client.set_advanced_settings(wanted))
    return {"settings": dict(held)}


async def _reset_advanced_settings(request: Request) -> ServiceResponse:
    held = await request.command(lambda client: client.reset_advanced_settings())
    return {"settings": dict(held)}


async def _update_firmware(request: Request) -> None:
    await async_install_firmware(request.hass, request.coordinator, request.data["path"])


async def _restore_stock(request: Request) -> None:
    await request.command(lambda client: client.restore_stock(), Restart.BOARD)


async def _factory_reset(request: Request) -> None:
    wipe_network = request.data["wipe_network"]
    await request.command(
        lambda client: client.factory_reset(wipe_network=wipe_network), Restart.BOARD
    )


def _json(settings: dict[str, Any]) -> dict[str, Any]:
    """Return them. Raises Invalid for what JSON has no form for, as nan and times of YAML."""
    try:
        json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise probatio.Invalid("expected settings that can be written as JSON") from error
    return settings


ANSWERS, MAY_ANSWER = SupportsResponse.ONLY, SupportsResponse.OPTIONAL

ACTIONS = (
    *POOL_ACTIONS,
    Action(
        name="set_power_percent",
        run=_set_power_percent,
        fields={
            probatio.Required("percent"): WHOLE_PERCENT,
            probatio.Optional("fast", default=False): cv.boolean,
        },
        admin=False,
    ),
    Action(
        name="set_power",
        run=_set_power,
        fields={probatio.Required("watts"): probatio.All(number, probatio.Range(min=0))},
        admin=False,
    ),
    Action(
        name="change_power_target",
        run=partial(_change_target, hashrate=False),
        fields=STEP,
        admin=False,
        response=MAY_ANSWER,
    ),
    Action(
        name="change_hashrate_target",
        run=partial(_change_target, hashrate=True),
        fields=STEP,
        admin=False,
        response=MAY_ANSWER,
    ),
    Action(name="get_profiles", run=_get_profiles, admin=False, response=ANSWERS),
    Action(name="remove_profiles", run=_remove_profiles, confirm=True),
    Action(
        name="set_led",
        run=_set_led,
        fields={
            probatio.Required("colour"): probatio.In(("red", "green", "auto")),
            probatio.Optional("period", default=BLINK.period): MILLISECONDS,
            probatio.Optional("duration", default=BLINK.duration): MILLISECONDS,
            probatio.Optional("start", default=BLINK.start): MILLISECONDS,
        },
        admin=False,
    ),
    Action(
        name="get_customer_message",
        run=_get_message,
        fields={probatio.Required("key"): cv.string},
        admin=False,
        response=ANSWERS,
    ),
    Action(
        name="set_customer_message",
        run=_set_message,
        fields={probatio.Required("key"): cv.string, probatio.Required("message"): cv.string},
    ),
    Action(
        name="set_time_zone",
        run=_set_time_zone,
        fields={probatio.Optional("time_zone"): cv.string},
    ),
    Action(
        name="set_syslog",
        run=_set_syslog,
        fields={
            probatio.Required("host"): cv.string,
            # The port that syslog servers listen on.
            probatio.Optional("port", default=514): cv.port,
            probatio.Optional("protocol", default="udp"): probatio.In(("udp", "tcp")),
        },
    ),
    Action(
        name="download_logs",
        run=_download_logs,
        fields={
            probatio.Optional("kind", default=LogKind.MINER.value): probatio.In(
                [kind.value for kind in LogKind]
            )
        },
        response=ANSWERS,
    ),
    Action(
        name="change_password",
        run=_change_password,
        fields={probatio.Required("new_password"): cv.string},
    ),
    Action(
        name="set_hostname",
        run=_set_hostname,
        fields={probatio.Required("hostname"): cv.string},
    ),
    Action(
        name="set_network",
        run=_set_network,
        fields={
            probatio.Exclusive("dhcp", "where"): cv.boolean,
            probatio.Exclusive("address", "where"): cv.string,
            probatio.Optional("netmask", default="255.255.255.0"): cv.string,
            probatio.Optional("gateway"): cv.string,
            probatio.Optional("dns", default=list): probatio.All(cv.ensure_list, [cv.string]),
            probatio.Optional("hostname"): cv.string,
        },
        confirm=True,
    ),
    Action(
        name="apply_contract_key",
        run=_apply_contract_key,
        fields={probatio.Required("contract_key"): cv.string},
    ),
    Action(name="get_advanced_settings", run=_get_advanced_settings, response=ANSWERS),
    Action(
        name="set_advanced_settings",
        run=_set_advanced_settings,
        fields={probatio.Required("settings"): probatio.All(dict, _json)},
        confirm=True,
        response=MAY_ANSWER,
    ),
    Action(
        name="reset_advanced_settings",
        run=_reset_advanced_settings,
        confirm=True,
        response=MAY_ANSWER,
    ),
    Action(
        name="update_firmware",
        run=_update_firmware,
        fields={probatio.Required("path"): cv.string},
        confirm=True,
    ),
    Action(name="restore_stock", run=_restore_stock, confirm=True),
    Action(
        name="factory_reset",
        run=_factory_reset,
        fields={probatio.Optional("wipe_network", default=False): cv.boolean},
        confirm=True,
    ),
)

ALL_ACTIONS = (*ACTIONS, *POWER_ACTIONS, VOICE_ACTION)


def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    for action in ALL_ACTIONS:
        async_register(hass, action)

"""What nobody is to see of a device, and everything that is said and shown while a test runs."""

from collections.abc import Iterator
import json
import logging
from typing import Any

from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir

from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator

# A WhatsMiner takes at most eight characters.
PASSWORD, WRONG, LATER = "pQ7kD2_a", "wR0ng_9z", "nE5w_x3J"
ACCOUNT, WORKER = "acct-zq81", "rig-x7k2"
POOL_PASSWORD, NEW_POOL_PASSWORD = "poolpw-5dR", "poolpw-8vT"
CONTRACT = "contract-3vK9"
URL_USER, URL_PASSWORD, URL_PATH = "urluser-4g", "urlpass-6h", "authority-9t"
POOL_URL = f"stratum+tcp://{URL_USER}:{URL_PASSWORD}@pool.example.com:3333/{URL_PATH}"

CHOSEN = frozenset(
    {
        PASSWORD,
        WRONG,
        LATER,
        ACCOUNT,
        WORKER,
        POOL_PASSWORD,
        NEW_POOL_PASSWORD,
        CONTRACT,
        URL_USER,
        URL_PASSWORD,
        URL_PATH,
    }
)


class Secrets:
    """What nobody is to see of one device."""

    def __init__(self) -> None:
        """Begin with what the test chooses itself."""
        self.always = set(CHOSEN)
        self.serials: set[str] = set()
        """The device page shows the device's own; they are to be nowhere else."""

    def plant(self, device: SimulatedMiner) -> None:
        """Give a device recognisable secrets, and note those that it makes up later."""
        device.password = PASSWORD
        if isinstance(device, WhatsminerSimulator):
            self._plant_whatsminer(device)
        elif isinstance(device, BraiinsSimulator):
            self._plant_braiins(device)
        else:
            raise TypeError(f"{type(device)} has secrets that nobody looks for")

    def _plant_whatsminer(self, device: WhatsminerSimulator) -> None:
        for pool in device.device.pools:
            pool.url, pool.user = POOL_URL, f"{ACCOUNT}.{WORKER}"
            pool.password = POOL_PASSWORD
        device.device.settings.hostname = WORKER
        replies = device.replies
        self.serials |= {replies.serial, replies.supply_serial, *replies.board_serials}
        issue = device.access.issue

        def noted(address: str, now: float, epoch: float) -> dict[str, str] | None:
            given = issue(address, now, epoch)
            if given:
                self.always |= {given["salt"], given["newsalt"], device.access.key}
                self.always |= set(device.access._tokens)
            return given

        device.access.issue = noted  # type: ignore[method-assign]  # to look at what it gives

    def _plant_braiins(self, device: BraiinsSimulator) -> None:
        for pool in device.device.settings.groups[0].pools:
            pool.url, pool.user = POOL_URL, f"{ACCOUNT}.{WORKER}"
            pool.password = POOL_PASSWORD
        device.device.settings.network.hostname = WORKER
        seed = device.device.seed
        self.serials |= {f"SIM{seed:04d}HB", f"SIMCB{seed:06d}", f"SIMPS{seed:06d}"}
        sessions = device.gateway.sessions
        begin = sessions.open

        def noted(now: float) -> str:
            token = begin(now)
            self.always.add(token)
            return token

        sessions.open = noted  # type: ignore[method-assign]  # to look at what it gives

    def within(self, text: str, *, serials: bool = True) -> list[str]:
        """Return those that stand in a text."""
        wanted = self.always | self.serials if serials else self.always
        return sorted(secret for secret in wanted if secret in text)


class Watch:
    """Everything that is said and shown while a test runs."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to all events, but those with which a user's own call begins."""
        self.hass = hass
        self.texts: list[tuple[str, str]] = []
        hass.bus.async_listen(MATCH_ALL, self._heard)

    async def _heard(self, event: Event[Any]) -> None:
        if event.event_type != "call_service":
            self.say("event", event.as_dict())

    def say(self, where: str, what: object) -> None:
        """Keep something for the search."""
        self.texts.append((where, json.dumps(what, default=str, ensure_ascii=False)))

    def raised(self, error: BaseException | None) -> None:
        """Keep all that an error says, with what it came from."""
        while error is not None:
            placeholders = getattr(error, "translation_placeholders", None)
            self.say("exception", [str(error), repr(error), placeholders])
            error = error.__cause__ or error.__context__

    def shown(self) -> None:
        """Keep all states, issues and flows as they are now."""
        for state in self.hass.states.async_all():
            self.say("state", state.as_dict())
        for issue in ir.async_get(self.hass).issues.values():
            self.say("issue", issue.translation_placeholders)
        for flow in self.hass.config_entries.flow.async_progress():
            self.say("flow", flow)

    def registered(self) -> str:
        """Return what the registries hold, as text."""
        devices = dr.async_get(self.hass)
        return json.dumps(
            [
                *(device.dict_repr for device in devices.devices),
                *(device.dict_repr for device in devices.child_devices),
                *(entity.extended_dict for entity in er.async_get(self.hass).entities.values()),
            ],
            default=str,
        )


def said(records: list[logging.LogRecord]) -> Iterator[tuple[str, str]]:
    """Yield where and what of all log lines, with their errors.

    Home Assistant itself logs, when it is told to log everything, each call of an action
    with its data. That is said by the user, not by us.
    """
    shape = logging.Formatter()
    for record in records:
        text = shape.format(record)
        if record.name == "homeassistant.core" and "call_service" in text:
            continue
        yield f"log of {record.name}", text

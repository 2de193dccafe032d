"""What only the user can mend, and when that is said and taken back."""

from collections.abc import Mapping
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .miners.errors import MinerError, UnsupportedError, WrongMinerError
from .miners.models import Capabilities, Feature, Identity, Make

SEVERITIES: Final[Mapping[str, ir.IssueSeverity]] = {
    "clock_off": ir.IssueSeverity.WARNING,
    "default_password": ir.IssueSeverity.WARNING,
    "off_does_not_hold": ir.IssueSeverity.WARNING,
    "outdated_firmware": ir.IssueSeverity.WARNING,
    "write_access_off": ir.IssueSeverity.WARNING,
    "wrong_miner": ir.IssueSeverity.ERROR,
}
"""Of all issues; keys below `issues` of the translations."""

DEFAULT_PASSWORDS: Final[Mapping[Make, frozenset[str]]] = {
    Make.BRAIINS: frozenset({"", "root"}),
    Make.WHATSMINER: frozenset({"admin"}),
}
"""Anybody in the network knows them, and may empty the owner's wallet with them."""
NEEDED: Final[Mapping[Make, Feature]] = {Make.WHATSMINER: Feature.POWER_MODE}
"""What all firmware of a make has had for years: of a WhatsMiner that of 2022, which came with
settings, a list of faults and its own description. Where a make refuses old firmware as a
whole, that shows as an error."""
CLOCK_SECONDS: Final = 24 * 3600.0
"""A wrong time zone shifts a clock by up to 14 hours; a day is a clock that nobody has set."""
UNKNOWN_VERSION: Final = "?"
SLOW_METER: Final = "slow_meter"
"""Of a controller. It is mended at the meter, so there is nothing to press."""
METER_SIGN: Final = "meter_sign"
"""Of a controller. It buys what it takes for surplus."""


def issue_id(key: str, entry: ConfigEntry) -> str:
    """Return the id of an issue of one miner."""
    return f"{key}_{entry.entry_id}"


@callback
def clear_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back everything that was said of a miner."""
    for key in SEVERITIES:
        ir.async_delete_issue(hass, DOMAIN, issue_id(key, entry))


@callback
def async_tell_of_meter(hass: HomeAssistant, entry: ConfigEntry, seconds: float | None) -> None:
    """Say that the meter of a controller reports too rarely, or take it back.

    `seconds` pass between two reports; None if all is well.
    """
    if seconds is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id(SLOW_METER, entry))
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(SLOW_METER, entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=SLOW_METER,
        translation_placeholders={"name": entry.title, "seconds": str(round(seconds))},
    )


@callback
def async_tell_of_sign(hass: HomeAssistant, entry: ConfigEntry, *, wrong: bool) -> None:
    """Say that the meter of a controller is the wrong way round, or take it back."""
    if not wrong:
        ir.async_delete_issue(hass, DOMAIN, issue_id(METER_SIGN, entry))
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(METER_SIGN, entry),
        data={"entry_id": entry.entry_id, "issue": METER_SIGN},
        is_fixable=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key=METER_SIGN,
        translation_placeholders={"name": entry.title},
    )


class Issues:
    """The repair issues of one miner."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Say nothing yet. What was said before a reload stays until it is taken back."""
        self._hass = hass
        self._entry = entry

    @callback
    def raise_issue(self, key: str, **placeholders: str) -> None:
        """Tell the user of something; again is no harm."""
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(key, self._entry),
            data={"entry_id": self._entry.entry_id, "issue": key},
            is_fixable=True,
            severity=SEVERITIES[key],
            translation_key=key,
            translation_placeholders={"name": self._entry.title, **placeholders},
        )

    @callback
    def clear_issue(self, key: str) -> None:
        """Take back what was said, if it was."""
        ir.async_delete_issue(self._hass, DOMAIN, issue_id(key, self._entry))

    @callback
    def polled(
        self, identity: Identity, capabilities: Capabilities, clock_error: float | None
    ) -> None:
        """Draw conclusions from a poll in which our miner answered.

        `clock_error` is in seconds, None where the miner does not tell its time.
        """
        self.clear_issue("wrong_miner")
        if clock_error is None or abs(clock_error) < CLOCK_SECONDS:
            self.clear_issue("clock_off")
        else:
            self.raise_issue("clock_off", days=str(round(abs(clock_error) / 86400)))
        # Without any it is only watched.
        password = self._entry.data.get(CONF_PASSWORD)
        if password is not None and password in DEFAULT_PASSWORDS.get(identity.make, ()):
            self.raise_issue("default_password")
        else:
            self.clear_issue("default_password")
        needed = NEEDED.get(identity.make)
        # A miner that is only watched shows none of its commands.
        if needed and Feature.MINING in capabilities and needed not in capabilities:
            self.raise_issue("outdated_firmware", version=identity.firmware or UNKNOWN_VERSION)
        else:
            self.clear_issue("outdated_firmware")

    @callback
    def poll_failed(self, error: MinerError, identity: Identity) -> None:
        """Draw conclusions from a poll that failed."""
        if isinstance(error, WrongMinerError):
            self.raise_issue("wrong_miner", address=self._entry.data[CONF_HOST])
        elif isinstance(error, UnsupportedError):
            # Nothing that a poll asks for is missing in firmware that is new enough.
            self.raise_issue("outdated_firmware", version=identity.firmware or UNKNOWN_VERSION)

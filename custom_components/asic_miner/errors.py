"""The one place where a miner's error becomes one that Home Assistant shows."""

from collections.abc import Sequence

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    NotRevertedError,
    OutdatedFirmwareError,
    RampingError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
    WrongMinerError,
)

TRANSLATION_KEYS: dict[type[MinerError], str] = {
    AuthenticationError: "authentication_failed",
    BusyError: "busy",
    InvalidValueError: "invalid_value",
    MalformedReplyError: "malformed_reply",
    MiningProcessDownError: "mining_process_down",
    NotRevertedError: "not_reverted",
    OutdatedFirmwareError: "outdated_firmware",
    RampingError: "ramping",
    RejectedError: "rejected",
    RevertedError: "reverted",
    UnconfirmedError: "unconfirmed",
    UnreachableError: "unreachable",
    UnsupportedError: "unsupported",
    WriteAccessError: "write_access_off",
    WrongMinerError: "wrong_miner",
}
"""Keys below `exceptions` and, where a form can meet them, below `config.error`."""

USER_ERRORS = (InvalidValueError, UnsupportedError)
"""What the user asked for was not possible; the device is fine."""


def translation_key(error: MinerError) -> str:
    """Return the key of the text for this kind of error; a finer kind has that of its base."""
    return next(TRANSLATION_KEYS[kind] for kind in type(error).__mro__ if kind in TRANSLATION_KEYS)


def action_error(error: MinerError, name: str) -> HomeAssistantError:
    """Return what an action raises for an error of the miner called `name`."""
    kind = ServiceValidationError if isinstance(error, USER_ERRORS) else HomeAssistantError
    return kind(
        translation_domain=DOMAIN,
        translation_key=error.reason or translation_key(error),
        translation_placeholders={"name": name, "reason": str(error), **error.told},
    )


def check_between(value: float, minimum: float, maximum: float, unit: str, name: str) -> None:
    """Raise what an action for `name` raises where a value is outside its range, or is nan.

    `unit` follows the numbers as it is, with a space where it needs one.
    """
    # Put so that nan is outside: it is neither below nor above anything.
    if minimum <= value <= maximum:
        return
    told = {"minimum": f"{minimum:g}{unit}", "maximum": f"{maximum:g}{unit}"}
    text = f"must be from {told['minimum']} to {told['maximum']}"
    raise action_error(InvalidValueError(text, Reason.OUT_OF_RANGE, **told), name)


def let_go(error: MinerError) -> None:
    """Drop what led to an error: its frames, and the decoder's error, hold whole replies.

    For whoever keeps errors, as a coordinator does with its last one, for good.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None


async def async_reason(hass: HomeAssistant, error: MinerError, name: str) -> str:
    """Return why something failed, as a part of another text.

    It is in Home Assistant's language where it is us who know it, else what the miner says.
    """
    texts = await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})
    text = texts[f"component.{DOMAIN}.exceptions.{error.reason or translation_key(error)}.message"]
    if "{reason}" in text:
        return str(error)
    # What it becomes a part of may go on after it.
    return text.format(name=name, **error.told).removesuffix(".")


async def async_joined(
    hass: HomeAssistant, errors: Sequence[HomeAssistantError]
) -> HomeAssistantError:
    """Return one error for several miners, each of which has refused for a reason of its own."""
    if len(errors) == 1:
        return errors[0]
    texts = await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})
    said: list[str] = []
    for error in errors:
        text = texts.get(f"component.{DOMAIN}.exceptions.{error.translation_key}.message")
        said.append(text.format(**(error.translation_placeholders or {})) if text else str(error))
    return HomeAssistantError(" ".join(said))

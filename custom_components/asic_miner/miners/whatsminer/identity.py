"""Asks a WhatsMiner who it is."""

from collections.abc import Awaitable

from ..errors import (
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from ..models import Identity, Make
from . import readings
from .api import WhatsminerApi
from .device import UNKNOWN_MODEL, Model
from .learned import Learned
from .parse import Record
from .transport import was_lost


async def identify(api: WhatsminerApi, learned: Learned) -> Identity:
    """Ask who answers, and have `learned` keep which interface it speaks.

    Old firmware tells some things through its mining process only. While that does not
    run, the model is UNKNOWN_MODEL and a missing MAC MiningProcessDownError. Raises
    MalformedReplyError when what answers is no WhatsMiner.
    """
    # Who answers now may know what the one before did not. This is asked once an hour.
    learned.untold.clear()
    version = await _ask_version(api)
    learned.remember_version(version)
    info = await _if_supported(api.get_miner_info())
    summary = None
    mac = readings.mac(info)
    if mac is None:
        summary = await ask_summary(api, "only the mining process tells the MAC")
        mac = readings.mac(summary)
    if mac is None:
        raise UnsupportedError("the device does not tell its hardware address")
    known = info or Record()
    learned.model = await _ask_model(api, version) or learned.model
    return Identity(
        make=Make.WHATSMINER,
        mac=mac,
        manufacturer="MicroBT",
        model=learned.model.family if learned.model else UNKNOWN_MODEL,
        model_id=learned.model.name if learned.model else None,
        firmware=learned.firmware,
        api_version=".".join(map(str, learned.version)) if learned.version else None,
        hardware=version.text("platform") or (summary or Record()).text("CB Platform"),
        serial=known.text("minersn"),
        hostname=known.text("hostname"),
    )


async def ask_summary(api: WhatsminerApi, without: str) -> Record:
    """Ask the mining process; `without` says what cannot be while it is away."""
    return await ask_process(api.summary(), without)


async def ask_process[T](part: Awaitable[T], without: str) -> T:
    """Do the same with any question that the mining process answers."""
    try:
        return await part
    except UnreachableError as error:
        if was_lost(error):
            raise MiningProcessDownError(without) from error
        raise


async def _ask_version(api: WhatsminerApi) -> Record:
    try:
        version = await api.get_version()
    except UnreachableError, BusyError:
        raise
    except MinerError as error:
        raise MalformedReplyError("what answers is no WhatsMiner") from error
    if version.text("api_ver", "fw_ver") is None:
        raise MalformedReplyError("what answers tells no version of a WhatsMiner")
    return version


async def _ask_model(api: WhatsminerApi, version: Record) -> Model | None:
    if model := Model.parse(version.text("miner_type")):
        return model
    try:
        details = await _if_supported(api.devdetails())
    except UnreachableError, MalformedReplyError, MiningProcessDownError:
        # Only the mining process tells; without it the rest is still worth knowing.
        return None
    return Model.parse(details[0].text("Model")) if details else None


async def _if_supported[T](part: Awaitable[T]) -> T | None:
    try:
        return await part
    except UnsupportedError, RejectedError:
        return None

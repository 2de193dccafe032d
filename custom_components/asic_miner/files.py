"""Files that go to a miner or come from it, only within the folders that are meant for them."""

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import BinaryIO

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify

from .const import DOMAIN
from .coordinator import MinerCoordinator
from .miners.client import MinerClient
from .miners.orders import FirmwareImage, LogKind

CHUNK = 1 << 18
"""Bytes read at a time: a quarter of a megabyte is nothing to hold and few trips to a thread."""


async def async_fetch_log(hass: HomeAssistant, coordinator: MinerCoordinator, kind: LogKind) -> str:
    """Write a log of the miner into a folder of the configuration; returns the path.

    Raises a translated HomeAssistantError when the miner does not give it or the file cannot
    be written; nothing is left behind then.
    """
    folder = Path(hass.config.path(DOMAIN))
    stamp = dt_util.now().strftime("%Y%m%d-%H%M%S")
    name = f"{slugify(coordinator.config_entry.title)}_{kind}_{stamp}"

    async def fetch(client: MinerClient) -> Path:
        log = await client.fetch_log(kind)
        async with aclosing(log.chunks) as chunks:
            return await _async_write(hass, folder / f"{name}{log.suffix}", chunks)

    return str(await coordinator.async_download(fetch))


async def _async_write(hass: HomeAssistant, path: Path, chunks: AsyncIterator[bytes]) -> Path:
    """Write a new file as its content arrives."""
    try:
        file = await hass.async_add_executor_job(_create, path)
        try:
            async for chunk in chunks:
                await hass.async_add_executor_job(file.write, chunk)
            await hass.async_add_executor_job(file.close)
        except BaseException:
            # Also when it is cancelled: half a file is worse than none. Raised on below.
            await hass.async_add_executor_job(_discard, file, path)
            raise
    except OSError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="cannot_write_file",
            translation_placeholders={"path": str(path), "reason": error.strerror or ""},
        ) from error
    return path


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(exist_ok=True)
    # Never over another file, nor through a link that stands there.
    return path.open("xb")


def _discard(file: BinaryIO, path: Path) -> None:
    # Closing writes what is left, for which there may be no room.
    with suppress(OSError):
        file.close()
    path.unlink(missing_ok=True)


async def async_install_firmware(
    hass: HomeAssistant, coordinator: MinerCoordinator, given: str
) -> None:
    """Install a firmware file from a folder that Home Assistant may read.

    Raises ServiceValidationError for a file that is not there or not allowed, and else as
    `MinerCoordinator.async_transfer`.
    """
    path = Path(given)
    if not await hass.async_add_executor_job(hass.config.is_allowed_path, given):
        raise _file_error("path_not_allowed", path)
    size = await hass.async_add_executor_job(_size, path)
    if not size:
        raise _file_error("file_not_found", path)

    async def chunks() -> AsyncIterator[bytes]:
        file = await hass.async_add_executor_job(path.open, "rb")
        try:
            while chunk := await hass.async_add_executor_job(file.read, CHUNK):
                yield chunk
        finally:
            await hass.async_add_executor_job(file.close)

    image = FirmwareImage(name=path.name, size=size, chunks=chunks)
    await coordinator.async_install(image)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _file_error(key: str, path: Path) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"path": str(path)},
    )

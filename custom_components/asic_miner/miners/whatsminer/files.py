"""The log of a WhatsMiner, and its firmware."""

from typing import override

from ..errors import UnsupportedError, WriteAccessError
from ..orders import FirmwareImage, LogFile, LogKind, Progress
from .core import Core


class FileOrders(Core):
    """Orders that transfer a file. Nothing else can be asked meanwhile."""

    @override
    async def fetch_log(self, kind: LogKind) -> LogFile:
        """Begin to fetch the one log that the device gives (download_logs, 3.12).

        The manual does not say what it is: text, or packed.
        """
        if kind is not LogKind.MINER:
            raise UnsupportedError("a WhatsMiner gives its own log only")
        try:
            log = await self.api.download_logs()
        except WriteAccessError:
            self._write_access = False
            raise
        self._write_access = True
        return LogFile(suffix=".gz" if log.packed else ".log", chunks=log.chunks)

    @override
    async def update_firmware(self, image: FirmwareImage, progress: Progress) -> None:
        """Install a firmware file (update_firmware, 3.7). The device reboots.

        It often says nothing in the end, so UnconfirmedError does not mean that it failed:
        the version tells, once the device is back.
        """
        await self._send(self.api.update_firmware(image.size, image.chunks(), progress))

"""A wire with a meter in it: passes on what flows between Home Assistant and one device."""

import asyncio
from contextlib import suppress
from typing import override

from tests.simulators.base import SimulatedMiner

_CHUNK = 1 << 16


class Tap(SimulatedMiner):
    """Stands where the device would stand, and counts connections and bytes of payload."""

    def __init__(self, device: SimulatedMiner) -> None:
        """Belong to a device that is started and stopped by somebody else."""
        self.device = device
        self.host = "127.0.0.1"
        self.port = 0
        self.mac = device.mac
        self.password = device.password
        self.connections = 0
        self.sent = 0
        """Bytes from Home Assistant to the device."""
        self.received = 0
        """Bytes from the device to Home Assistant."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    @override
    async def stop(self) -> None:
        """Stop listening, and let go of what is open."""
        if self._server is None:
            return
        self._server.close()
        self._server.close_clients()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    @override
    def power_cycled(self) -> None:
        """Do what the device does."""
        self.device.power_cycled()

    @override
    def truth(self) -> dict[str, str | float | bool | None]:
        """Return what the device really does."""
        return self.device.truth()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "the server runs this in a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        there_reader, there = await asyncio.open_connection(self.device.host, self.device.port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, there, down=False))
                both.create_task(self._pass(there_reader, writer, down=True))
        finally:
            for end in (there, writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if down:
                    self.received += len(data)
                else:
                    self.sent += len(data)
                writer.write(data)
                await writer.drain()
        # Whoever ends its part, the other side is told.
        with suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()

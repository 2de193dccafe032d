"""The older interface on port 4028: JSON over TCP, in the form of cgminer, without a login."""

import asyncio
import json

from .device import Device


class OlderInterface:
    """Answers `version` and `devdetails`; whatever else is asked is refused."""

    def __init__(self, device: Device) -> None:
        """Belong to a machine; `start` lets it answer."""
        self._device = device
        self._server: asyncio.Server | None = None
        self.commands: list[str] = []
        """All that it was asked."""

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._answer, host, port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = json.loads(await reader.read(1024))["command"]
        self.commands.append(command)
        preset = self._device.preset
        model = {"Name": "", "Driver": "", "Kernel": "", "Model": preset.miner_model}
        answers: dict[str, dict[str, object]] = {
            "version": {"VERSION": [{"API": "3.7", "BOSer": "boser-openwrt"}]},
            "devdetails": {
                "DEVDETAILS": [
                    {"DEVDETAILS": board, "ID": board} | model
                    for board in range(preset.nameplate.boards)
                ]
            },
        }
        told = answers.get(command)
        status = {"STATUS": "S" if told else "E", "Msg": command if told else "Invalid command"}
        # The connection stays open, as the zero byte ends the reply.
        writer.write(json.dumps({"STATUS": [status], **(told or {}), "id": 1}).encode() + b"\0")
        await writer.drain()
        await reader.read()
        writer.close()

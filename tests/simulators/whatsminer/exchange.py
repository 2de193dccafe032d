"""One request and its reply on one connection, and all the ways that can go wrong."""

import asyncio
import contextlib
import json
import socket
import struct
from typing import TYPE_CHECKING

from tests.simulators.whatsminer import crypto, spoil
from tests.simulators.whatsminer.crypto import Json
from tests.simulators.whatsminer.envelopes import Fields, RefusedError
from tests.simulators.whatsminer.faults import Transfer, Wire
from tests.simulators.whatsminer.presets import Generation
from tests.simulators.whatsminer.replies import DOWN_TEXT, Replies

if TYPE_CHECKING:
    from tests.simulators.whatsminer.server import WhatsminerSimulator

TICK = 0.005
"""Real seconds between looks at the clock while something waits for simulated time."""
HALF_CLOSE = 10
"""Ticks in which the end of the client's part still belongs to its request."""
HANGING = 3600.0
"""Simulated seconds for which a device that hangs keeps a connection open."""
LONGEST_REQUEST = 65536
"""Bytes; no command comes near."""
LARGEST_IMAGE = 64 * 2**20
"""Bytes of firmware that a device accepts."""
CODE_TEXTS = {
    14: "invalid cmd",
    23: "enc json load err",
    45: "can't access write cmd",
    132: "API command ERROR",
    135: "check token err",
    136: "over max token",
    137: "base64 decode err",
}


class SilenceError(Exception):
    """The other side has said nothing for too long."""


class Exchange:
    """One request and its reply on one connection."""

    def __init__(
        self, simulator: WhatsminerSimulator, connection: socket.socket, address: str
    ) -> None:
        """Talk on `connection` to the client at `address`."""
        self.simulator = simulator
        self.faults = simulator.faults
        self.connection = connection
        self.address = address
        self.name = ""
        self.half_closed = False
        """The client has ended its part together with the request."""
        self.key: bytes | None = None
        """Encrypts the reply once the request has been decrypted."""

    async def run(self, *, crowded: bool) -> None:
        """Read the request and answer it.

        Raises SilenceError when none comes and ConnectionError when the client is gone.
        """
        request = await self._request()
        simulator = self.simulator
        simulator.refresh()
        if crowded:
            await self._send(simulator.replies.refusal(0, "over max connect"))
            return
        if request is None:
            await self._send(simulator.replies.refusal(23, "json cmd err"))
            return
        try:
            arguments = self._opened(request)
            name = arguments.get("cmd", arguments.get("command"))
            self.name = name if isinstance(name, str) else ""
            simulator.commands.append(self.name)
            if await self._spoiled():
                return
            await self._dispatch(arguments, by_cmd="cmd" in arguments)
        except RefusedError as error:
            await self._send(simulator.replies.refusal(error.code, error.text))

    def _opened(self, request: Fields) -> Fields:
        """Return the command itself, decrypted if need be."""
        data = request.get("data")
        if "enc" not in request or not isinstance(data, str):
            return request
        try:
            cipher = crypto.decode(data)
        except ValueError as error:
            raise RefusedError(137, CODE_TEXTS[137]) from error
        key = self.simulator.access.aes_key
        try:
            arguments = crypto.decrypt(key, cipher)
        except ValueError as error:
            raise RefusedError(23, CODE_TEXTS[23]) from error
        self.key = key
        return arguments

    async def _spoiled(self) -> bool:
        """Do what a broken wire does before the command could be executed."""
        faults = self.faults
        here = faults.wire_commands is None or self.name in faults.wire_commands
        match faults.wire if here else None:
            case Wire.HANG:
                await self._pause(self.simulator.silence_limit)
            case Wire.CLOSE:
                pass
            case Wire.RESET:
                reset(self.connection)
            case Wire.REFUSED_TEXT:
                await self._send_bytes(DOWN_TEXT.encode())
            case Wire.OVER_MAX:
                self.key = None
                await self._send(self.simulator.replies.refusal(0, "over max connect"))
            case _:
                return False
        return True

    async def _dispatch(self, arguments: Fields, *, by_cmd: bool) -> None:
        simulator, faults = self.simulator, self.faults
        code = faults.codes.get(self.name)
        if code is not None:
            if code in {23, 137}:
                self.key = None
            raise RefusedError(code, CODE_TEXTS.get(code, "API command ERROR"))
        if self.name in faults.texts:
            await self._send(simulator.replies.flat(faults.texts[self.name]))
            return
        if self.key is not None and (
            faults.tokens_void
            or not simulator.access.check(arguments.get("token"), simulator.device.now)
        ):
            if simulator.device.preset.legacy:
                self.key = None
            raise RefusedError(135, CODE_TEXTS[135])
        if self.name == "get_token":
            await self._send(self._token())
            return
        if simulator.executing.is_write(self.name):
            await self._write(arguments)
            return
        if by_cmd and simulator.device.preset.generation is Generation.CGMINER_2020:
            await self._send(_missing_command(simulator.replies))
            return
        await self._send(simulator.replies.read(self.name, arguments))

    def _token(self) -> Fields:
        simulator = self.simulator
        access, replies = simulator.access, simulator.replies
        issued = access.issue(self.address, simulator.device.now, simulator.epoch)
        if issued is None:
            raise RefusedError(136, CODE_TEXTS[136])
        simulator.tokens_issued += 1
        description = "whatsminer v1.1" if simulator.device.preset.api < (2, 0, 5) else ""
        return replies.flat(dict[str, Json](issued), 134, description=description)

    async def _write(self, arguments: Fields) -> None:
        simulator, faults = self.simulator, self.faults
        if self.key is None:
            raise RefusedError(45, CODE_TEXTS[45])
        outcome = simulator.executing.run(self.name, arguments)
        simulator.writes += outcome.changes
        replies = outcome.replies or self.name in faults.answered
        if self.name in faults.unanswered:
            replies = False
        if replies:
            # A client that has gone does not keep the device from doing what it accepted.
            with contextlib.suppress(ConnectionError):
                reply = simulator.replies.flat(outcome.message)
                if outcome.attached is None:
                    await self._send(reply)
                else:
                    await self._send_log(reply, outcome.attached)
        elif faults.hang_unanswered:
            if outcome.after is not None:
                outcome.after()
                simulator.refresh()
            await self._pause(simulator.silence_limit)
            return
        if outcome.upload is not None:
            outcome.upload(await self._image())
            if faults.transfer is not Transfer.SILENT and faults.transfer is not Transfer.HANGS:
                await self._send(simulator.replies.flat("API command OK"))
        if outcome.after is not None:
            # Said first: what comes now may take the network down.
            if faults.transfer is not Transfer.HANGS:
                finish(self.connection)
            outcome.after()
        simulator.refresh()
        if outcome.upload is not None and faults.transfer is Transfer.HANGS:
            await self._pause(HANGING)

    async def _send_log(self, reply: Fields, log: bytes) -> None:
        fault = self.faults.transfer
        head = self._written(reply)
        if fault is Transfer.ONE_SEGMENT:
            await self._send_bytes(head + log)
            return
        await self._send_bytes(head)
        # Devices pause for about 10 ms here.
        await asyncio.sleep(0.01)
        if fault is Transfer.BREAKS or fault is Transfer.STALLS:
            await self._send_bytes(log[: len(log) // 2])
            if fault is Transfer.BREAKS:
                reset(self.connection)
            else:
                await self._pause(self.simulator.silence_limit)
            return
        await self._send_bytes(log)

    # --- bytes --------------------------------------------------------------------------

    async def _request(self) -> Fields | None:
        """Return the first JSON object that comes, in however many pieces, or None."""
        received = b""
        while len(received) < LONGEST_REQUEST:
            piece = await self._receive()
            self.half_closed = not piece
            received += piece
            start = received.lstrip(b"\0\r\n\t ")
            try:
                parsed, _ = json.JSONDecoder().raw_decode(start.decode(errors="replace"))
            except ValueError:
                # Only a half-written object is worth waiting for.
                if piece and (not start or start.startswith(b"{")) and b"\0" not in start:
                    continue
                if not received:
                    raise ConnectionAbortedError from None
                return None
            return parsed if isinstance(parsed, dict) else None
        return None

    async def _receive(self) -> bytes:
        """Return what comes next, nothing when the other side has ended its part."""
        clock, loop = self.simulator.clock, asyncio.get_running_loop()
        deadline = clock.now() + self.simulator.silence_limit
        receiving = loop.create_task(loop.sock_recv(self.connection, LONGEST_REQUEST))
        try:
            while clock.now() < deadline:
                await asyncio.wait({receiving}, timeout=TICK)
                if receiving.done():
                    return receiving.result()
            raise SilenceError
        finally:
            if not receiving.done():
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)

    async def _image(self) -> bytes:
        """Return a firmware image: four bytes of length, least first, then as many."""
        received = b""
        size: int | None = None
        while size is None or len(received) < size:
            piece = await self._receive()
            if not piece:
                raise ConnectionAbortedError
            received += piece
            if size is None and len(received) >= 4:
                (size,) = struct.unpack("<I", received[:4])
                received = received[4:]
                if size > LARGEST_IMAGE:
                    raise RefusedError(132, CODE_TEXTS[132])
            if size is not None and len(received) >= size // 2:
                if self.faults.transfer is Transfer.BREAKS:
                    reset(self.connection)
                    raise ConnectionAbortedError
                if self.faults.transfer is Transfer.REFUSED_EARLY:
                    raise RefusedError(132, CODE_TEXTS[132])
        if self.faults.transfer is Transfer.REFUSED:
            raise RefusedError(132, CODE_TEXTS[132])
        return received[:size]

    async def _send(self, reply: Fields | str | None) -> None:
        """Send a reply in the device's way, with whatever is to be wrong about it."""
        if reply is None:
            return
        if isinstance(reply, str):
            await self._send_bytes(reply.encode())
        else:
            await self._send_bytes(self._written(reply))

    def _written(self, reply: Fields) -> bytes:
        simulator, faults = self.simulator, self.faults
        text = spoil.written(reply, self.name, faults, simulator.device.preset)
        if self.key is not None:
            text = crypto.compact({"enc": crypto.encrypt(self.key, text)})
        ending = simulator.device.preset.ending if faults.ending is None else faults.ending
        data = text.encode() + ending
        here = faults.wire_commands is None or self.name in faults.wire_commands
        if faults.wire is Wire.CUT and here:
            data = data[: len(data) // 2]
        return data

    async def _send_bytes(self, data: bytes) -> None:
        if self.faults.reply_delay:
            await self._pause(self.faults.reply_delay)
        step = self.faults.segment or len(data) or 1
        loop = asyncio.get_running_loop()
        for begin in range(0, len(data), step):
            if begin:
                await asyncio.sleep(0)
            await loop.sock_sendall(self.connection, data[begin : begin + step])

    async def _pause(self, seconds: float) -> None:
        """Wait in simulated time. Raises ConnectionAbortedError when the client leaves."""
        clock = self.simulator.clock
        deadline = clock.now() + seconds
        turn = 0
        while clock.now() < deadline:
            # The end of the client's part, coming with the request, is no farewell; later it is.
            if self._ended():
                if turn < HALF_CLOSE:
                    self.half_closed = True
                elif not self.half_closed:
                    raise ConnectionAbortedError
            turn += 1
            await asyncio.sleep(TICK)

    def _ended(self) -> bool:
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False


def _missing_command(replies: Replies) -> Fields:
    """Return what cgminer of 2020 says to `cmd` in place of `command`."""
    status: Fields = {
        "STATUS": "E",
        "When": replies.when(),
        "Code": 24,
        "Msg": "Missing JSON 'command'",
        "Description": "cgminer 4.9.2",
    }
    return {"STATUS": [status], "id": 1}


def finish(connection: socket.socket) -> None:
    """Say that no more will be sent."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def close(connection: socket.socket) -> None:
    """Close without cutting off what has been sent.

    Bytes that were never read, such as a late newline, would make the kernel reset the
    connection and take the reply away from the client.
    """
    finish(connection)
    with contextlib.suppress(OSError):
        while connection.recv(LONGEST_REQUEST):
            pass


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

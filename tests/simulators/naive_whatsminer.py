"""A client as somebody would write it with the manual on his knees. For simulator tests only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json

from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator, crypto
from tests.simulators.whatsminer.crypto import Json

type Reply = dict[str, Json]


class Device(WhatsminerSimulator):
    """A simulator together with the clock that a test moves."""

    def __init__(self, *, preset: str = "M60S", seed: int = 0, write_enabled: bool = True) -> None:
        """Be a device on a free port, its time standing still."""
        self.hand = ManualClock()
        super().__init__(preset=preset, clock=self.hand, seed=seed, write_enabled=write_enabled)

    def pass_time(self, seconds: float) -> None:
        """Let simulated time pass and the device notice."""
        self.hand.advance(seconds)
        self.refresh()


@asynccontextmanager
async def running(
    preset: str = "M60S", *, seed: int = 0, write_enabled: bool = True
) -> AsyncIterator[Device]:
    """Run a device for as long as a test needs it."""
    device = Device(preset=preset, seed=seed, write_enabled=write_enabled)
    await device.start()
    try:
        yield device
    finally:
        await device.stop()


async def raw(
    device: WhatsminerSimulator, *pieces: bytes, half_close: bool = False, pause: float = 0.01
) -> bytes:
    """Send a request in pieces and return all that comes back."""
    reader, writer = await asyncio.open_connection(device.host, device.port)
    try:
        for number, piece in enumerate(pieces):
            if number:
                # Long enough for the device to have seen the piece before by itself.
                await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()
        if half_close:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def parsed(received: bytes) -> Reply:
    """Read a reply as an object."""
    reply = json.loads(received.rstrip(b"\0\n"))
    assert isinstance(reply, dict)
    return reply


async def ask(device: WhatsminerSimulator, command: str, **arguments: Json) -> Reply:
    """Send a reading command and return the reply."""
    # The older name of the key is the one that every generation takes.
    return parsed(await raw(device, json.dumps({"command": command, **arguments}).encode()))


def data(reply: Reply) -> Reply:
    """Return what `reply` is about, whichever envelope it is in."""
    for key in ("SUMMARY", "DEVS", "POOLS", "DEVDETAILS"):
        rows = reply.get(key)
        if isinstance(rows, list):
            assert isinstance(rows[0], dict)
            return rows[0]
    message = reply["Msg"]
    assert isinstance(message, dict)
    return message


def rows(reply: Reply, key: str) -> list[Reply]:
    """Return the objects in a list of the older envelope."""
    found = reply[key]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


def numeric(value: Json) -> float:
    """Return a number that must be one on the wire too."""
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    return float(value)


class Session:
    """One token, and commands encrypted with it."""

    def __init__(self, device: WhatsminerSimulator, *, password: str | None = None) -> None:
        """Use the right password, or another."""
        self.device = device
        self.password = device.password if password is None else password
        self.sign = ""
        self.key = b""

    async def open(self) -> Reply:
        """Fetch a token and return the reply."""
        reply = await ask(self.device, "get_token")
        if reply["Code"] != 134:
            return reply
        token = data(reply)
        salt, newsalt, time = token["salt"], token["newsalt"], token["time"]
        assert isinstance(salt, str)
        assert isinstance(newsalt, str)
        assert isinstance(time, str)
        key = crypto.md5_crypt(self.password, salt)
        self.sign = crypto.md5_crypt(key + time[-4:], newsalt)
        self.key = crypto.aes_key(key)
        return reply

    def request(self, command: str, **arguments: Json) -> bytes:
        """Return the bytes of an encrypted command."""
        inner = crypto.compact({"cmd": command, "token": self.sign, **arguments})
        return json.dumps({"enc": 1, "data": crypto.encrypt(self.key, inner)}).encode()

    def opened(self, received: bytes) -> Reply:
        """Decrypt a reply, if it is encrypted."""
        reply = parsed(received)
        cipher = reply.get("enc")
        if not isinstance(cipher, str):
            return reply
        return crypto.decrypt(self.key, crypto.decode(cipher))

    async def send(self, command: str, **arguments: Json) -> Reply | None:
        """Send a command and return the decrypted reply, None when there is none."""
        received = await raw(self.device, self.request(command, **arguments))
        return self.opened(received) if received else None


async def write(device: WhatsminerSimulator, command: str, **arguments: Json) -> Reply | None:
    """Send one command with a token of its own."""
    session = Session(device)
    await session.open()
    return await session.send(command, **arguments)


async def code(device: WhatsminerSimulator, command: str, **arguments: Json) -> Json:
    """Send one command with a token of its own and return the code of the reply."""
    reply = await write(device, command, **arguments)
    return None if reply is None else reply["Code"]

"""A device on a real socket whose every reply a test decides."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum, auto
import json
import socket
import struct

from custom_components.asic_miner.miners.whatsminer import crypto

type Request = dict[str, object]

PASSWORD = "pass_123"
SALT, NEWSALT, TIME = "BQ5hoXV9", "jbzkfQIs", "5626"
OK: Request = {"STATUS": "S", "When": 0, "Code": 131, "Msg": "API command OK", "Description": ""}


class Wire(Enum):
    """What a device can do instead of replying."""

    CLOSE = auto()
    HANG = auto()
    RESET = auto()


class Plain(dict[str, object]):
    """A reply to a write that is not encrypted."""


type Answer = Mapping[str, object] | str | bytes | Wire
type Script = Answer | list[Answer] | tuple[Answer, ...] | Callable[[Request], Answer]


def envelope(message: object, code: int = 131, status: str = "S") -> Request:
    """Return a reply in envelope B."""
    return {"STATUS": status, "When": 0, "Code": code, "Msg": message, "Description": ""}


def error(code: int, text: str = "") -> Request:
    """Return a refusal in envelope B."""
    return envelope(text, code, "E")


class Scripted:
    """Answers by command name; a list is used up one by one, its last answer for good."""

    def __init__(self, script: Mapping[str, Script]) -> None:
        """Answer as told; unknown reads are refused, other writes accepted."""
        self.script: dict[str, Script] = {
            "get_token": envelope({"time": TIME, "salt": SALT, "newsalt": NEWSALT}, 134),
            **script,
        }
        self.password = PASSWORD
        self.delay = 0.0
        """Seconds before each answer."""
        self.requests: list[Request] = []
        self.encrypted: list[bool] = []
        self.port = 0
        self.open = 0
        self.most_open = 0
        self._released = asyncio.Event()
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def commands(self) -> list[object]:
        """Names of what was asked, in order."""
        return [request.get("cmd", request.get("command")) for request in self.requests]

    @property
    def keys(self) -> crypto.WriteKeys:
        """What the one token that it gives leads to."""
        return crypto.derive_keys(self.password, salt=SALT, newsalt=NEWSALT, time=TIME)

    def sealed(self, reply: Mapping[str, object]) -> bytes:
        """Return an encrypted reply."""
        text = json.dumps(reply).encode()
        return json.dumps({"enc": crypto.encrypt(self.keys.aes_key, text)}).encode()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Scripted]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._released.set()
            server.close()
            await server.wait_closed()
            # A closed connection does not mean that the one who served it has come to an end.
            if self._conversations:
                await asyncio.wait(self._conversations)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await self._reply(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outer = json.loads(await reader.read(65536))
        secret = outer.get("enc") == 1
        request = outer
        if secret:
            try:
                request = json.loads(crypto.decrypt(self.keys.aes_key, outer["data"]))
            except ValueError:
                writer.write(json.dumps(error(23, "enc json load err")).encode())
                return
        self.requests.append(request)
        self.encrypted.append(secret)
        answer = self._answer(request)
        await asyncio.sleep(self.delay)
        if answer is Wire.HANG:
            await self._released.wait()
        elif answer is Wire.RESET:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif isinstance(answer, bytes):
            writer.write(answer)
        elif isinstance(answer, str):
            writer.write(answer.encode())
        elif isinstance(answer, Mapping):
            hidden = secret and not isinstance(answer, Plain)
            writer.write(self.sealed(answer) if hidden else json.dumps(answer).encode())

    def _answer(self, request: Request) -> Answer:
        name = str(request.get("cmd", request.get("command")))
        script = self.script.get(name, OK if "token" in request else error(14, "invalid cmd"))
        if isinstance(script, list | tuple):
            self.script[name] = script[1:] or script
            first: Answer = script[0]
            return first
        return script(request) if callable(script) else script

"""Every command of the manual: what it sends, what a refusal of it means, what is never sent.

The device here decrypts and encrypts with the simulator's own implementation, on another
library than the client's.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import inspect
import json
import re

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RejectedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.whatsminer.api import WhatsminerApi
from custom_components.asic_miner.miners.whatsminer.transport import Transport
from tests.simulators.whatsminer import crypto
from tests.simulators.whatsminer.crypto import Json

from .manual import IMAGE, READING, WRITING, Call, Command

PASSWORD = "miner_01"
SALT, NEWSALT, TIME = "BQ5hoXV9", "jbzkfQIs", "1727775626"
KEY = crypto.md5_crypt(PASSWORD, SALT)
SIGN = crypto.md5_crypt(KEY + TIME[-4:], NEWSALT)
AES_KEY = crypto.aes_key(KEY)
DOWN = "Socket connect failed: Connection refused\n"

_NAMES = """
    update_pools restart_btminer power_off power_on set_led set_low_power set_normal_power
    set_high_power update_firmware reboot factory_reset update_pwd net_config download_logs
    set_target_freq enable_btminer_fast_boot disable_btminer_fast_boot enable_web_pools
    disable_web_pools set_hostname set_zone load_log set_power_pct set_power_pct_v2 set_power
    restore_power_pct set_temp_offset adjust_power_limit adjust_upfreq_speed set_poweroff_cool
    set_fan_zero_speed set_heat_mode disable_btminer_init enable_btminer_init set_customer_msg
    get_customer_msg set_fast_mining set_fast_hash
    summary pools edevs devs devdetails get_psu get_version get_token status get_miner_info
    get_error_code
"""
MANUAL = frozenset(_NAMES.split())
"""Every `cmd` of manual V2.2.2."""
OLDER = {"pre_power_on", "enable_cgminer_fast_boot", "disable_cgminer_fast_boot"}
"""Of manuals V2.0.5 and V1.3.8, and gone since."""
TWICE = {"net_config_dhcp"}
"""A command has two forms, and so two coroutines."""
NO_COMMANDS = {"joined", "try_password"}
"""Coroutines that send commands of the table in another way."""


class Device:
    """Notes every byte that it is sent, and answers as it is told."""

    def __init__(self, replies: dict[str, object]) -> None:
        """Answer commands by name: an object, or bare text."""
        self.replies: dict[str, object] = {
            "get_token": reply({"time": TIME, "salt": SALT, "newsalt": NEWSALT}, 134),
            **replies,
        }
        self.plain_replies = False
        """Refuse encrypted commands in plain text."""
        self.received: list[bytes] = []
        self.connections = 0
        self.uploaded = b""
        self.port = 0

    @property
    def commands(self) -> list[Json]:
        """Names of what was asked, in order."""
        return [self.request(place)["cmd"] for place in range(len(self.received))]

    def request(self, place: int) -> dict[str, Json]:
        """Return what was asked, decrypted if need be."""
        sent = json.loads(self.received[place])
        assert isinstance(sent, dict)
        if "enc" in sent:
            return crypto.decrypt(AES_KEY, crypto.decode(sent["data"]))
        return sent

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[WhatsminerApi]:
        """Listen on a free port, and give the commands of the device there."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield WhatsminerApi(Transport("127.0.0.1", self.port), PASSWORD)
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # No request of the table is longer than a segment on the loopback interface.
        self.received.append(await reader.read(65536))
        request = self.request(-1)
        secret = b'"enc"' in self.received[-1]
        answer = self.replies[str(request["cmd"])]
        await self._write(writer, answer, secret=secret)
        if isinstance(answer, dict) and answer["Msg"] == "ready":
            self.uploaded = await reader.readexactly(4 + len(IMAGE))
            await self._write(writer, reply("API command OK"), secret=secret)
        writer.close()

    async def _write(self, writer: asyncio.StreamWriter, answer: object, *, secret: bool) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        if secret and not self.plain_replies and not isinstance(answer, str):
            text = json.dumps({"enc": crypto.encrypt(AES_KEY, text)})
        writer.write(text.encode())
        await writer.drain()


def reply(message: object, code: int = 131, status: str = "S") -> dict[str, object]:
    """Return a reply in the flat envelope."""
    return {"STATUS": status, "When": 0, "Code": code, "Msg": message, "Description": ""}


def refusal(code: int, text: str) -> dict[str, object]:
    """Return one that says no."""
    return reply(text, code, "E")


def name_of(value: object) -> str | None:
    """Name tests after commands."""
    return value.method if isinstance(value, Command) else None


# The table is whole


def test_every_coroutine_is_in_the_table() -> None:
    """None can be added without being tried here."""
    coroutines = {
        name
        for name, member in inspect.getmembers(WhatsminerApi, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert {command.method for command in (*WRITING, *READING)} == coroutines - NO_COMMANDS


def test_every_command_of_the_manual_is_in_the_table() -> None:
    """Under its own name."""
    commands = (*WRITING, *READING)
    assert {command.cmd for command in commands} == MANUAL | OLDER
    for command in commands:
        assert command.method in TWICE or command.method == command.cmd


@pytest.mark.parametrize("command", WRITING, ids=name_of)
def test_section_is_in_the_docstring(command: Command) -> None:
    """So that who reads one can find it in the manual."""
    documentation = inspect.getdoc(getattr(WhatsminerApi, command.method)) or ""
    if command.section:
        assert re.search(rf"\b{re.escape(command.section)}\b(?!\.\d)", documentation)


# What is sent


@pytest.mark.parametrize("command", WRITING, ids=name_of)
async def test_writing_commands_on_the_wire(command: Command) -> None:
    """Encrypted and signed, with exactly the parameters of the manual, and once."""
    for call, sent in command.sent:
        device = Device({str(command.cmd): reply(command.message)})
        async with device.running() as api:
            await call(api)
            assert device.commands == ["get_token", command.cmd]
            assert json.loads(device.received[0]) == {"cmd": "get_token"}
            outer = json.loads(device.received[1])
            assert outer.keys() == {"enc", "data"}
            assert outer["enc"] == 1
            assert len(base64.b64decode(outer["data"], validate=True)) % 16 == 0
            inner = device.request(1)
            assert inner == {**sent, "token": SIGN}
            # 1 and true are the same to Python, but not on the wire.
            assert [type(inner[key]) for key in sent] == [type(value) for value in sent.values()]


async def test_image_follows_the_command() -> None:
    """Four bytes of size, least first, and the image."""
    device = Device({"update_firmware": reply("ready")})
    [command] = [command for command in WRITING if command.method == "update_firmware"]
    async with device.running() as api:
        await command.call(api)
        assert device.uploaded == b"\xa0\0\0\0" + IMAGE


@pytest.mark.parametrize("command", READING, ids=name_of)
async def test_reading_commands_on_the_wire(command: Command) -> None:
    """Plain, and without a token."""
    for call, sent in command.sent:
        device = Device({str(command.cmd): reply(command.message)})
        async with device.running() as api:
            await call(api)
            assert [json.loads(received) for received in device.received] == [sent]


@pytest.mark.parametrize(
    ("command", "call"),
    [(command, call) for command in WRITING for call in command.refused],
    ids=name_of,
)
async def test_out_of_range(command: Command, call: Call) -> None:
    """No connection is made at all, not even for a token; the log names the parameter."""
    device = Device({str(command.cmd): reply(command.message)})
    async with device.running() as api:
        with pytest.raises(InvalidValueError, match=command.refusal):
            await call(api)
        # A connection of before would have been noticed by the end of this one.
        _, writer = await asyncio.open_connection("127.0.0.1", device.port)
        writer.write(b'{"cmd":"get_token"}')
        while not device.received:
            await asyncio.sleep(0)
        writer.close()
        assert device.connections == 1


# What is refused


REFUSALS: tuple[tuple[object, type[MinerError], type[MinerError]], ...] = (
    # What is answered, and what that means for a command that writes or reads.
    (refusal(14, "invalid cmd"), UnsupportedError, UnsupportedError),
    (refusal(23, "enc json load err"), AuthenticationError, RejectedError),
    (refusal(23, "json cmd err"), AuthenticationError, RejectedError),
    (refusal(45, "can't access write cmd"), WriteAccessError, WriteAccessError),
    (refusal(132, "API command ERROR"), RejectedError, RejectedError),
    (refusal(135, "check token err"), BusyError, RejectedError),
    (refusal(136, "over max token"), BusyError, BusyError),
    (refusal(137, "base64 decode err"), RejectedError, RejectedError),
    (refusal(132, "over max connect"), BusyError, BusyError),
    (refusal(132, "btminer process is down err"), MiningProcessDownError, MiningProcessDownError),
    ("over max connect", BusyError, BusyError),
    (DOWN, MiningProcessDownError, MiningProcessDownError),
)
AGAIN = {23, 135}
"""Refused before the device looked at the command, so it is sent once more."""


@pytest.mark.parametrize("plain", [False, True], ids=["encrypted", "plain"])
@pytest.mark.parametrize("command", WRITING, ids=name_of)
async def test_refused_writing_commands(command: Command, *, plain: bool) -> None:
    """Each refusal is exactly one kind of error, and nothing is repeated that had a chance."""
    for said, kind, _ in REFUSALS:
        device = Device({str(command.cmd): said})
        device.plain_replies = plain
        async with device.running() as api:
            with pytest.raises(MinerError) as caught:
                await command.call(api)
            assert type(caught.value) is kind, said
            times = 2 if isinstance(said, dict) and said["Code"] in AGAIN else 1
            assert device.commands == ["get_token", command.cmd] * times, said
            assert device.uploaded == b""
            assert SIGN not in str(caught.value)
            assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("command", WRITING, ids=name_of)
async def test_writing_commands_without_a_token(command: Command) -> None:
    """Where the device gives none, the command is not sent."""
    device = Device({"get_token": refusal(136, "over max token")})
    async with device.running() as api:
        with pytest.raises(MinerError) as caught:
            await command.call(api)
        assert type(caught.value) is BusyError
        assert device.commands == ["get_token"]


@pytest.mark.parametrize("command", READING, ids=name_of)
async def test_refused_reading_commands(command: Command) -> None:
    """As for those that write, but there is no token that could be wrong."""
    sentences = (
        (reply("btminer process is down err"), MiningProcessDownError),
        (reply("over max connect"), BusyError),
        ({"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}]}, UnsupportedError),
    )
    for said, kind in (*((said, kind) for said, _, kind in REFUSALS), *sentences):
        device = Device({str(command.cmd): said})
        async with device.running() as api:
            with pytest.raises(MinerError) as caught:
                await command.call(api)
            assert type(caught.value) is kind, said
            assert device.commands == [command.cmd]

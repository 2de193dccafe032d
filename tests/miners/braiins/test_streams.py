"""Open streams: values as they come, however they are cut into pieces."""

import asyncio
from contextlib import aclosing

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.transport import REPLY_LIMIT
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    UnreachableError,
    UnsupportedError,
)

from .conftest import MakeClient, MakeMachine
from .device import Device, Reply

STATUS = ("GET", "miner/status")
DETAILED = ("GET", "miner/status/detailed")


async def whole(api: BraiinsApi) -> list[int | None]:
    """Read a stream until it ends."""
    return [value async for value in api.get_miner_status()]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_any_framing_in_any_pieces(size: int, device: Device, api: BraiinsApi) -> None:
    """Line ends or none, and objects that come in two halves."""
    content = (
        '{"status":2}\n\n{"status": 3}{"of_later": "ä€"} {"status":2, "x": {"y": [1]}}\n'.encode()
    )

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for at in range(0, len(content), size):
            await response.write(content[at : at + size])
            await asyncio.sleep(0)
        return response

    device.answers[STATUS] = slowly
    assert await whole(api) == [2, 3, None, 2]


async def test_value_comes_before_the_next_one(device: Device, api: BraiinsApi) -> None:
    """It is not waited for what would fill a buffer, and closing frees the place."""
    more = asyncio.Event()

    async def forever(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"status": 2}')
        await more.wait()
        return response

    device.answers[STATUS] = forever
    for _ in range(3):
        async with aclosing(api.get_miner_status()) as values:
            assert await anext(values) == 2
    more.set()
    await api.get_miner_details()


@pytest.mark.parametrize(
    "content", [b"<html>", b'{"status": 2} nonsense', b'{"status": 2} {"status"', b"[" * 5000]
)
async def test_what_is_no_stream(content: bytes, device: Device, api: BraiinsApi) -> None:
    """An answer of another kind, or one that breaks off in the middle."""
    device.answers[STATUS] = Reply(body=content)
    with pytest.raises(MalformedReplyError):
        await whole(api)


async def test_object_without_end(device: Device, api: BraiinsApi) -> None:
    """Memory is bounded."""
    device.answers[STATUS] = Reply(body=b'{"a": "' + b"x" * (REPLY_LIMIT + 1))
    with pytest.raises(MalformedReplyError, match="not JSON"):
        await whole(api)


async def test_refusals(device: Device, api: BraiinsApi) -> None:
    """As of everything else; a session that has ended is renewed."""
    device.answers[DETAILED] = Reply(status=404)
    with pytest.raises(UnsupportedError):
        async with aclosing(api.get_miner_detailed_status()) as values:
            await anext(values)
    device.answers[STATUS] = Reply(body=b'{"status": 2}')
    device.tokens.clear()
    assert await whole(api) == [2]
    device.answers[STATUS] = Reply(status=401)
    with pytest.raises(AuthenticationError):
        await whole(api)
    await device.stop()
    with pytest.raises((UnreachableError, AuthenticationError)):
        await whole(api)


async def test_changes_of_a_machine(machine: MakeMachine, client_of: MakeClient) -> None:
    """Each change comes once, with its reason where the firmware has one."""
    miner = await machine("S19 XP")
    client = client_of(miner)
    async with aclosing(client._api.get_miner_detailed_status()) as values:
        seen = await anext(values)
        assert seen is not None
        assert (seen.phase, seen.reason) == ("running", "normal")
        await client.set_mining(False)
        seen = await anext(values)
        assert seen is not None
        assert (seen.phase, seen.reason) == ("stopping", "user_pause")

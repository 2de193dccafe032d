"""Which make answers at an address: found out without credentials, and never guessed."""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
from aiohttp import web
import pytest

from custom_components.asic_miner.miners.detect import detect
from custom_components.asic_miner.miners.errors import MalformedReplyError, UnreachableError
from custom_components.asic_miner.miners.models import Make
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.whatsminer import WhatsminerSimulator


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    """As Home Assistant would hand it over."""
    async with aiohttp.ClientSession() as session:
        yield session


async def test_whatsminer(session: aiohttp.ClientSession) -> None:
    """It tells anyone who it is, and no token is used up."""
    miner = WhatsminerSimulator(preset="M60S")
    await miner.start()
    try:
        found = await detect(session, miner.host, miner.port)
        assert found.make is Make.WHATSMINER
        assert found.port == miner.port
        assert found.identity is not None
        assert found.identity.mac == miner.truth()["mac"]
        assert "get_token" not in miner.commands
    finally:
        await miner.stop()


async def test_braiins(session: aiohttp.ClientSession) -> None:
    """It tells its version to anyone, and who it is only after a login."""
    miner = BraiinsSimulator(preset="S19j Pro")
    await miner.start()
    try:
        found = await detect(session, miner.host, miner.port)
        assert found.make is Make.BRAIINS
        assert found.identity is None
        assert miner.logins == 0
    finally:
        await miner.stop()


async def test_nothing_there(session: aiohttp.ClientSession, unused_port: int) -> None:
    """Nothing listens."""
    with pytest.raises(UnreachableError):
        await detect(session, "127.0.0.1", unused_port)


async def test_something_else(session: aiohttp.ClientSession) -> None:
    """A printer's web page is no miner."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Printer</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        with pytest.raises(MalformedReplyError):
            await detect(session, "127.0.0.1", runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def test_something_silent(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What accepts and never answers is given up in time."""
    monkeypatch.setattr("custom_components.asic_miner.miners.detect.PROBE_SECONDS", 0.2)
    done = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        with pytest.raises(UnreachableError):
            await detect(session, "127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        done.set()
        server.close()
        await server.wait_closed()


async def test_the_makes_own_ports_are_asked(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    """Without a port each make is asked at its own."""
    miner = WhatsminerSimulator(preset="M60S")
    await miner.start()
    monkeypatch.setattr(
        "custom_components.asic_miner.miners.detect.DEFAULT_PORTS",
        {Make.WHATSMINER: miner.port, Make.BRAIINS: unused_port},
    )
    try:
        assert (await detect(session, miner.host)).make is Make.WHATSMINER
    finally:
        await miner.stop()

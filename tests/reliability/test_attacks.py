"""What an attacker in the place of a miner has been seen to try, and gets nothing for.

Each test belongs to a claim in docs/security.md, as those in `test_security`.
"""

import asyncio
import contextlib
import json
import logging
from socket import AF_INET, AI_NUMERICHOST
import tracemalloc
from typing import override
from unittest.mock import patch
import zlib

from aiohttp.resolver import AsyncResolver
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest
import pytest_socket

from custom_components.asic_miner.connect import async_client_for
from custom_components.asic_miner.miners.errors import MinerError
from custom_components.asic_miner.miners.plausible import FAULTS
from custom_components.asic_miner.miners.whatsminer.parse import parse_object
from custom_components.asic_miner.miners.whatsminer.transport import _Frame
from tests.integration.conftest import Miner, add_through_flow
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import ManualClock

from .gate import HEALTHY, Body, Delivery, Gate, Raw, Way
from .limits import hurried
from .test_matrix import Behind

pytestmark = pytest.mark.usefixtures("one_time")

MAKES = pytest.mark.parametrize("make", ["whatsminer", "braiins"])
BRAIINS = pytest.mark.parametrize("make", ["braiins"])
WHATSMINER = pytest.mark.parametrize("make", ["whatsminer"])
GZIP = 16 + zlib.MAX_WBITS
"""What makes zlib write the head and tail of gzip."""
REPLY = 1 << 20
"""Bytes of the longest reply that is read."""


async def enable_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let all entities of a miner be there, also those that are disabled at first."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def test_strings_without_end_take_no_hours() -> None:
    """A reply that is one open string with a million quotes in it is given up at once."""
    with pytest.raises(ValueError, match="line 1 column"):
        parse_object('{"a":"' + '\\"' * (REPLY // 2))


def test_blanks_take_no_minutes() -> None:
    """A reply that never begins is not looked through again with each byte of it."""
    frame, received = _Frame(), bytearray()
    for _ in range(REPLY // 4):
        received += b" \r\n\t"
        assert frame.end(received) is None


@BRAIINS
async def test_a_packed_answer_takes_no_memory(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """Of 256 MB of zeros, a quarter of one by gzip, all but the first is never unpacked."""
    packer, megabyte = zlib.compressobj(9, wbits=GZIP), b"0" * (1 << 20)
    bomb = b"".join(packer.compress(megabyte) for _ in range(256)) + packer.flush()
    assert len(bomb) < REPLY, "it is not too long as it comes"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with Gate(device, http=True) as gate:
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        await gate.go(Raw(head + bomb))
        tracemalloc.start()
        try:
            await miner.poll(slow=True)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert miner.state("power") == "unavailable"
        await gate.go(HEALTHY)
        await miner.poll(slow=True)
        assert miner.number("power") > 0
    # Two requests at a time, and what they are packed in.
    assert most < 32 << 20


@BRAIINS
async def test_a_device_leaves_no_cookies(
    hass: HomeAssistant, device: SimulatedMiner, clock: ManualClock
) -> None:
    """Neither for itself nor for others of the home network, which all integrations ask."""
    sent: list[bytes] = []

    class Baking(Way):
        """Adds cookies to each answer, for itself and for all of a domain."""

        @override
        async def deliver(self, delivery: Delivery) -> None:
            sent.append(delivery.request)
            cookies = b"".join(
                b"Set-Cookie: c%d=x; Path=/\r\nSet-Cookie: d%d=x; Domain=lan; Path=/\r\n" % (n, n)
                for n in range(25)
            )
            head, _, rest = delivery.reply.partition(b"\r\n")
            delivery.writer.write(head + b"\r\n" + cookies + rest)

    addresses = {"miner.lan": "127.0.0.1", "other.lan": "127.0.0.2"}

    async def loopback(_: AsyncResolver, host: str, port: int = 0, family: int = 0) -> object:
        known = {"hostname": host, "host": addresses[host], "port": port}
        return [{**known, "family": AF_INET, "proto": 0, "flags": AI_NUMERICHOST}]

    pytest_socket.socket_allow_hosts([*addresses.values()])
    other = BraiinsSimulator(
        preset="S19j Pro", clock=clock, seed=2, host="127.0.0.2", password=device.password
    )
    await other.start()
    try:
        async with Gate(device, http=True) as gate, Gate(other, http=True) as beside:
            await gate.go(Baking())
            await beside.go(Baking())
            with patch.object(AsyncResolver, "resolve", loopback):
                for host, port in (
                    ("miner.lan", gate.port),
                    ("miner.lan", gate.port),
                    ("other.lan", beside.port),
                    ("127.0.0.1", gate.port),
                    ("127.0.0.2", beside.port),
                ):
                    data = {"make": "braiins", "host": host, "port": port}
                    client = await async_client_for(hass, {**data, "password": device.password})
                    await client.identify()
                    await client.close()
            assert gate.connections
            assert beside.connections
    finally:
        await other.stop()
    assert len(sent) > 10
    assert [request for request in sent if b"\r\ncookie:" in request.lower()] == []
    assert list(async_get_clientsession(hass).cookie_jar) == []


@BRAIINS
async def test_answers_that_never_begin(hass: HomeAssistant, device: SimulatedMiner) -> None:
    """Who says again and again that the answer will follow is listened to for so long only."""

    class Continuing(Way):
        """Says nothing else."""

        @override
        async def deliver(self, delivery: Delivery) -> None:
            with contextlib.suppress(ConnectionError):
                while not delivery.closing.is_set():
                    delivery.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
                    await delivery.writer.drain()
                    await asyncio.sleep(0)

    async with Gate(device, http=True) as gate:
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        with hurried():
            client = await async_client_for(hass, miner.entry.data)
            await gate.go(Continuing())
            async with asyncio.timeout(20):
                with pytest.raises(MinerError):
                    await client.identify()
            await client.close()
        await gate.go(HEALTHY)


@WHATSMINER
async def test_a_flood_of_faults(
    hass: HomeAssistant, device: SimulatedMiner, caplog: pytest.LogCaptureFixture
) -> None:
    """Tens of thousands of faults, others each time, are neither as many events nor as long."""
    polled = 0

    def faulty(body: bytes) -> bytes:
        told = json.loads(body)
        if isinstance(message := told.get("Msg"), dict) and "error_code" in message:
            first = 1000 + 20_000 * polled
            message["error_code"] = [{str(first + n): "x" * 20} for n in range(20_000)]
        return json.dumps(told).encode()

    events: list[object] = []
    async with Gate(device, http=False) as gate:
        miner = Miner(hass, device, await add_through_flow(hass, Behind(gate)))
        await enable_all(hass, miner.entry)
        hass.bus.async_listen("state_changed", events.append)
        await gate.go(Body(faulty))
        for polled in range(3):  # noqa: B007 - `faulty` uses it
            await miner.poll(slow=True)
        size = max(len(repr(dict(state.attributes))) for state in hass.states.async_all())
        # That they got there at all, so that this can fail.
        assert len(miner.entry.runtime_data.last.faults) == FAULTS
        await gate.go(HEALTHY)
    # Longer ones the recorder does not take, and says so each time.
    assert size < 16_384
    # Each fault comes and goes once, and there are some hundred other entities.
    assert len(events) < 1000


@MAKES
async def test_pools_of_any_length(
    hass: HomeAssistant,
    device: SimulatedMiner,
    make: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The address of a pool, which is a state, can be no longer than a state may be."""

    def long(body: bytes) -> bytes:
        def walk(value: object) -> object:
            if isinstance(value, dict):
                return {
                    key: "stratum+tcp://" + "x" * 5000 if key.lower() == "url" else walk(inner)
                    for key, inner in value.items()
                }
            return [walk(inner) for inner in value] if isinstance(value, list) else value

        try:
            return json.dumps(walk(json.loads(body))).encode()
        except ValueError:
            return body

    async with Gate(device, http=make == "braiins") as gate:
        await gate.go(Body(long))
        entry = await add_through_flow(hass, Behind(gate))
        await enable_all(hass, entry)
        miner = Miner(hass, device, entry)
        await miner.poll(slow=True)
        assert miner.state("pool").startswith("xxx")
        assert miner.number("hashrate") > 0
        await gate.go(HEALTHY)
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]

"""What a client that knows only the manual relies on, tried by such a client."""

import asyncio
import json
import struct

import pytest

from tests.simulators.naive_whatsminer import (
    Device,
    Reply,
    Session,
    ask,
    data,
    parsed,
    raw,
    running,
)
from tests.simulators.whatsminer import PRESETS
from tests.simulators.whatsminer.access import ADDRESSES, LIFETIME, PER_ADDRESS
from tests.simulators.whatsminer.presets import Down
from tests.simulators.whatsminer.replies import DOWN_STRING, DOWN_TEXT

FORWARDED = ("summary", "pools", "edevs", "devs", "devdetails")
OWN = ("status", "get_version", "get_psu", "get_miner_info", "get_error_code", "get_token")
JOINING = [name for name, preset in PRESETS.items() if preset.joins]


async def ask_from(device: Device, address: str, command: str) -> Reply:
    """Send a reading command from another address of this machine."""
    reader, writer = await asyncio.open_connection(
        device.host, device.port, local_addr=(address, 0)
    )
    try:
        writer.write(json.dumps({"cmd": command}).encode())
        return parsed(await reader.read())
    finally:
        writer.close()


# --- requests ---------------------------------------------------------------------------


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_unknown_members_are_ignored(preset: str) -> None:
    async with running(preset) as device:
        plain = await ask(device, "status")
        assert await ask(device, "status", colour="blue", nested={"cmd": "reboot"}, n=None) == plain
        session = Session(device)
        await session.open()
        reply = await session.send("power_on", colour="blue", nested=[1, {"a": None}])
        assert reply is not None
        assert reply["Code"] == 131
        outer = json.loads(session.request("power_on"))
        received = await raw(device, json.dumps({"id": 7, **outer, "more": {}}).encode())
        assert session.opened(received)["Code"] == 131
        assert device.writes == 2


@pytest.mark.parametrize("preset", ["M60S", "M63S", "M30S++", "M31S-2021"])
async def test_half_close_is_accepted_everywhere(preset: str) -> None:
    async with running(preset) as device:
        device.device.note("line")
        session = Session(device)
        await session.open()
        assert parsed(await raw(device, b'{"cmd":"summary"}', half_close=True))
        written = await raw(device, session.request("power_on"), half_close=True)
        assert session.opened(written)["Code"] == 131
        received = await raw(device, session.request("download_logs"), half_close=True)
        _, end = json.JSONDecoder().raw_decode(received.decode())
        length = data(session.opened(received[:end]))["logfilelen"]
        assert isinstance(length, str)
        assert len(received[end:].removeprefix(device.device.preset.ending)) == int(length)


@pytest.mark.parametrize("beginning", [b"", b"{", b'{"cmd":"sum'])
async def test_silence_of_ten_seconds_closes(beginning: bytes) -> None:
    async with running() as device:
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(beginning)
        while not device.open_connections:
            await asyncio.sleep(0)
        # Long enough for the device to have read the beginning.
        await asyncio.sleep(0.05)
        device.pass_time(9.9)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(), 0.05)
        device.pass_time(0.2)
        assert await reader.read() == b""
        writer.close()
        assert device.commands == []


async def test_silence_in_the_middle_of_an_image_closes() -> None:
    async with running() as device:
        session = Session(device)
        await session.open()
        reader, writer = await asyncio.open_connection(device.host, device.port)
        writer.write(session.request("update_firmware"))
        assert session.opened(await reader.readuntil(b"}"))["Msg"] == "ready"
        writer.write(struct.pack("<I", 1000) + b"x" * 500)
        await asyncio.sleep(0.05)
        device.pass_time(10.1)
        assert await reader.read() == b""
        writer.close()
        assert device.images == []
        assert device.truth()["state"] == "stable"


# --- tokens -----------------------------------------------------------------------------


async def test_sixteen_addresses_have_tokens() -> None:
    async with running("M30S++") as device:
        addresses = [f"127.0.0.{number}" for number in range(1, ADDRESSES + 2)]
        replies = [await ask_from(device, address, "get_token") for address in addresses]
        assert [reply["Code"] for reply in replies] == [134] * 16 + [136]
        # Who has one gets more, up to a limit of each address.
        for _ in range(PER_ADDRESS - 1):
            assert (await ask_from(device, addresses[5], "get_token"))["Code"] == 134
        assert (await ask_from(device, addresses[5], "get_token"))["Code"] == 136
        assert (await ask_from(device, addresses[6], "get_token"))["Code"] == 134
        # Reading needs none.
        assert (await ask_from(device, addresses[16], "status"))["Code"] == 131
        device.pass_time(LIFETIME)
        assert (await ask_from(device, addresses[16], "get_token"))["Code"] == 134


async def test_newer_firmware_counts_all_tokens_together() -> None:
    async with running("M60S") as device:
        for number in range(1, 21):
            for _ in range(5):
                assert (await ask_from(device, f"127.0.0.{number}", "get_token"))["Code"] == 134
        for address in ("127.0.0.1", "127.0.0.99"):
            assert (await ask_from(device, address, "get_token"))["Code"] == 136


# --- while the mining process is away ---------------------------------------------------


def said_for_the_process(preset: str) -> bytes | None:
    """Return the bytes in place of what the mining process would say, None for a sentence."""
    return {Down.REFUSED_TEXT: DOWN_TEXT.encode(), Down.EMPTY: b"", Down.STRING: None}[
        PRESETS[preset].down
    ]


@pytest.mark.parametrize("preset", sorted(PRESETS))
async def test_only_the_mining_process_is_away_while_it_restarts(preset: str) -> None:
    async with running(preset) as device:
        known = [name for name in OWN if (await ask(device, name)).get("STATUS") != "E"]
        assert {"status", "get_version", "get_token"} <= set(known)
        session = Session(device)
        await session.open()
        assert await session.send("restart_btminer") is None
        for command in FORWARDED:
            received = await raw(device, json.dumps({"command": command}).encode())
            bare = said_for_the_process(preset)
            if bare is None:
                reply = parsed(received)
                assert (reply["STATUS"], reply["Msg"]) == ("E", DOWN_STRING)
            else:
                assert received == bare
        for command in known:
            assert (await ask(device, command)).get("STATUS") != "E"
        device.pass_time(120)
        for command in ("summary", "pools", "edevs", "devs"):
            status = (await ask(device, command))["STATUS"]
            assert status == "S" or (isinstance(status, list) and "'S'" in str(status))


@pytest.mark.parametrize("preset", sorted(JOINING))
async def test_a_join_is_empty_while_the_mining_process_is_away(preset: str) -> None:
    async with running(preset) as device:
        joined = await ask(device, "summary+pools")
        assert set(joined) == {"summary", "pools", "id"}
        session = Session(device)
        await session.open()
        await session.send("restart_btminer")
        assert await ask(device, "summary+pools") == {}

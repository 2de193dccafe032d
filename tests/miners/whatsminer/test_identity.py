"""Who a device is, where every reply is decided here."""

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    UnreachableError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import (
    Identity,
    Make,
)
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts

from .devices import (
    CREDENTIALS,
    DOWN,
    DOWN_TEXT,
    MAC,
    SUMMARY,
    VERSION_20,
    miner,
    newer,
    older,
    rows,
)
from .scripted import Answer, Script, Wire, envelope, error


async def test_identity_of_a_new_device() -> None:
    """Two connections, no token, no mining process needed."""
    script = newer(summary=DOWN, edevs=DOWN, devdetails=DOWN)
    for credentials in (CREDENTIALS, Credentials()):
        async with miner(script, credentials, identified=False) as (device, client):
            expected = Identity(
                make=Make.WHATSMINER,
                mac=MAC.lower(),
                manufacturer="MicroBT",
                model="M60S",
                model_id="M60S VK30",
                firmware="20250612.16.REL3",
                api_version="2.2.2",
                hardware="H616",
                serial="SN1",
                hostname="WhatsMiner",
            )
            assert await client.probe() == expected
            assert await client.identify() == expected
            assert device.commands == ["get_version", "get_miner_info"] * 2


async def test_identity_of_an_old_device() -> None:
    """MAC and model come from the mining process."""
    async with miner(older(), identified=False) as (device, client):
        assert await client.probe() == Identity(
            make=Make.WHATSMINER,
            mac=MAC.lower(),
            manufacturer="MicroBT",
            model="M30S+",
            model_id="M30S+ VE40",
            firmware="20210322.22.REL",
            api_version="1.4.0",
            hardware="ALLWINNER_H3",
        )
        assert device.commands == ["get_version", "get_miner_info", "summary", "devdetails"]


@pytest.mark.parametrize("answer", [DOWN, DOWN_TEXT, Wire.CLOSE, b"{", error(14)])
async def test_model_when_the_mining_process_is_away(answer: Answer) -> None:
    """Unknown at first; what has been learned before is kept."""
    details = rows("DEVDETAILS", [{"Model": "M30S++VH40"}])
    script = newer(get_version=envelope(VERSION_20), devdetails=[answer, details, answer])
    async with miner(script, identified=False) as (_, client):
        told = [await client.identify() for _ in range(3)]
        assert [one.model for one in told] == ["WhatsMiner", "M30S++", "M30S++"]
        assert [one.model_id for one in told] == [None, "M30S++ VH40", "M30S++ VH40"]


@pytest.mark.parametrize("answer", [DOWN, DOWN_TEXT, Wire.CLOSE])
async def test_no_mac_while_the_mining_process_is_away(answer: Script) -> None:
    """Old firmware cannot say who it is then."""
    async with miner(older(summary=answer), identified=False) as (_, client):
        with pytest.raises(MiningProcessDownError):
            await client.probe()


async def test_no_mac_at_all() -> None:
    """The oldest firmware never tells it; a lost network is another matter."""
    script = older(summary=rows("SUMMARY", [dict(SUMMARY)]))
    async with miner(script, identified=False) as (_, client):
        with pytest.raises(UnsupportedError):
            await client.probe()
    script = older(summary=Wire.HANG)
    async with miner(script, identified=False) as (_, client):
        client.api.transport.timeouts = Timeouts(read=2.0)
        with pytest.raises(UnreachableError):
            await client.probe()


@pytest.mark.parametrize(
    "answer",
    [
        {"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}], "id": 1},
        {"STATUS": [{"STATUS": "E", "Code": 24, "Msg": "Missing JSON 'command'"}], "id": 1},
        "STATUS=E,When=1,Code=14,Msg=Invalid command,Description=cgminer 4.11.1|\0",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-dropbear\r\n",
        {"STATUS": [{"STATUS": "S"}], "VERSION": [{"BMMiner": "2.0", "API": "3.1"}]},
        envelope({"something": "else"}),
        envelope("hello"),
        b"\x00\x01\x02",
        "[]",
    ],
)  # fmt: skip
async def test_something_else_answers(answer: Script) -> None:
    """Other makers' miners listen on the same port."""
    async with miner({"get_version": answer}, identified=False) as (_, client):
        with pytest.raises(MinerError) as caught:
            await client.probe()
        # An empty answer is none.
        lost = answer == b"\x00\x01\x02"
        assert type(caught.value) is (UnreachableError if lost else MalformedReplyError)


async def test_busy_is_one_of_ours() -> None:
    """Nobody else says it like this."""
    async with miner({"get_version": envelope("over max connect", 132, "E")}, identified=False) as (
        _,
        client,
    ):
        with pytest.raises(BusyError):
            await client.probe()

"""Lights and notes."""

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    MinerError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.orders import Blink

from .bench import bench
from .devices import BRIEFLY, INFO, miner, newer
from .scripted import Answer, Wire, envelope, error

RED = Blink(colour="red", period=400, duration=100, start=50)


@pytest.mark.parametrize("preset", ["M60S", "M30S++", "M31S-2021"])
async def test_led(preset: str) -> None:
    """One light each, beside the other; None gives both back."""
    async with bench(preset) as b:
        client = b.client()
        await client.set_led(RED)
        assert b.miner.device.leds == {"red": (400, 100, 50)}
        await client.set_led(Blink(colour="green"))
        assert b.miner.device.leds == {"red": (400, 100, 50), "green": (1000, 500, 0)}
        await client.set_led(None)
        assert b.miner.device.leds == {}
        assert b.miner.commands.count("set_led") == 3


@pytest.mark.parametrize(
    "wrong",
    [
        Blink(colour="blue"),  # type: ignore[arg-type]  # what must be refused
        Blink(colour="red", period=0, duration=0),
        Blink(colour="red", period=100, duration=101),
        Blink(colour="red", duration=-1),
        Blink(colour="red", start=-1),
        Blink(colour="red", period=3_600_001),
    ],
)
async def test_led_values(wrong: Blink) -> None:
    """Nothing is sent."""
    async with miner(newer()) as (device, client):
        with pytest.raises(InvalidValueError):
            await client.set_led(wrong)
        assert device.commands == []


@pytest.mark.parametrize(
    ("shown", "done"),
    [
        ("0,400,100,50 ", True),
        ("1,200,100,0 1,400,100,50 ", True),
        ("auto", False),
        # Another blinking than the one that was sent.
        ("0,200,100,0 1,200,100,0 ", False),
        ("", False),
    ],
)
async def test_led_without_an_answer(shown: str, done: bool) -> None:
    """The very blinking is looked for."""
    answers: list[Answer] = [envelope(INFO), Wire.CLOSE, envelope({**INFO, "ledstat": shown})]
    async with miner(newer(set_led=Wire.CLOSE)) as (device, client):
        device.script["get_miner_info"] = answers
        if done:
            await client.set_led(RED)
        else:
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.set_led(RED)
        assert device.commands.count("set_led") == 1


async def test_notes() -> None:
    """Stored, overwritten, read back; there are none at first."""
    async with bench("M60S") as b:
        client = b.client()
        assert await client.get_message("place") is None
        for text in ("shelf 3", " hall\tB, Übersee "):
            await client.set_message("place", text)
            assert await client.get_message("place") == text
            assert b.miner.device.settings.notes == {"place": text}
        with pytest.raises(InvalidValueError):
            await client.get_message("")
        with pytest.raises(InvalidValueError):
            await client.set_message("", "x")
        with pytest.raises(AuthenticationError):
            await b.client(None).get_message("place")
    async with bench("M30S++") as b:
        with pytest.raises(UnsupportedError):
            await b.client().set_message("place", "x")
        with pytest.raises(UnsupportedError):
            await b.client().get_message("place")


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"place": "here"}, "here"),
        ({"key": "place", "val": "here"}, "here"),
        ("here", "here"),
        ("", ""),
        ("API command OK", None),
        ({}, None),
        ({"place": None}, None),
        (None, None),
    ],
)
async def test_forms_of_notes(told: object, text: str | None) -> None:
    """The manual does not show the reply, so all that make sense are understood."""
    async with miner(newer(get_customer_msg=envelope(told))) as (_, client):
        assert await client.get_message("place") == text


async def test_refused_notes() -> None:
    """Only a device that knows the command and fails at it has no such note."""
    for answer in (error(137, "base64 decode err"), error(999), error(23)):
        async with miner(newer(get_customer_msg=answer)) as (_, client):
            with pytest.raises(MinerError):
                await client.get_message("place")
    async with miner(newer(get_customer_msg=error(132))) as (_, client):
        assert await client.get_message("place") is None
        assert client.memory == {}


async def test_access_is_learned_from_refused_notes() -> None:
    """An answer proves nothing, a refusal does."""
    script = newer(get_customer_msg=[envelope({"place": "here"}), error(45)])
    async with miner(script) as (_, client):
        await client.get_message("place")
        assert (await client.read(slow=False)).write_access is None
        await client.check_access()
        with pytest.raises(WriteAccessError):
            await client.get_message("place")
        assert (await client.read(slow=False)).write_access is False


async def test_note_without_an_answer() -> None:
    """It is looked for, and not sent again."""
    script = newer(set_customer_msg=Wire.CLOSE, get_customer_msg=envelope({"place": "here"}))
    async with miner(script) as (device, client):
        await client.set_message("place", "here")
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_message("place", "there")
        assert device.commands.count("set_customer_msg") == 2

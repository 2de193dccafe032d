"""The password of a device, and the way back to the factory's settings."""

import asyncio

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature
from tests.miners.reasons import because

from .bench import bench
from .devices import BRIEFLY, SUMMARY, miner, newer, summary
from .scripted import OK, PASSWORD, Answer, Request, Scripted, Wire, envelope, error

NEW = "new_1"
SECRETS = (NEW, PASSWORD)
HOUR = 3600.0


def changing(device: Scripted, answer: Answer, password: str = NEW) -> None:
    """Let a device take a new password, and answer like this to it."""

    def change(_: Request) -> Answer:
        # The reply is still encrypted with the old one, so this comes a moment later.
        asyncio.get_running_loop().call_soon(setattr, device, "password", password)
        return answer

    device.script["update_pwd"] = change


@pytest.mark.parametrize("preset", ["M60S", "M63S", "M30S++", "M31S-2021", "M30S-2020"])
@pytest.mark.parametrize("answered", [True, False])
async def test_change(preset: str, answered: bool) -> None:
    """Answered or not: proved, used from then on, and the old one is not good any more."""
    async with bench(preset) as b:
        client, old = b.client(), b.miner.password
        if not answered:
            b.miner.faults.unanswered = {"update_pwd"}
        await client.change_password(NEW)
        assert b.miner.password == NEW
        await client.set_mining(False)
        assert b.miner.truth()["mining"] is False
        assert b.miner.commands.count("update_pwd") == 1
        with pytest.raises(AuthenticationError):
            await b.client(old).check_access()


@pytest.mark.parametrize(
    "password", [None, "", "123456789", "a-b", "ä", "a b", "a\n", "\N{ARABIC-INDIC DIGIT ONE}"]
)
async def test_limits(password: str | None) -> None:
    """Those of the manual, before anything is sent."""
    async with miner(newer()) as (device, client):
        with pytest.raises(InvalidValueError, check=because(Reason.PASSWORD_SHORT)):
            await client.change_password(password)
        assert device.commands == []
    async with miner(newer(), Credentials()) as (device, client):
        with pytest.raises(AuthenticationError):
            await client.change_password(NEW)
        assert device.commands == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (OK, "^the miner accepted the new password, but has kept its old one$"),
        (Wire.CLOSE, "^the miner did not answer, and has kept its old password$"),
    ],
)
async def test_old_one_is_kept_by_the_device(answer: Answer, words: str) -> None:
    """Found out by trying, and the old one is used on."""
    async with miner(newer(update_pwd=answer)) as (device, client):
        why = because(Reason.PASSWORD_KEPT)
        with pytest.raises(RejectedError, match=words, check=why) as caught:
            await client.change_password(NEW)
        assert not any(secret in str(caught.value) for secret in SECRETS)
        assert device.commands.count("update_pwd") == 1
        await client.set_mining(True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(132, f"bad {NEW}"), RejectedError),
        (error(45), WriteAccessError),
    ],
)
async def test_refusal(answer: Answer, kind: type[Exception]) -> None:
    """Nothing has changed, and nothing is tried."""
    async with miner(newer(update_pwd=answer)) as (device, client):
        with pytest.raises(kind) as caught:
            await client.change_password(NEW)
        assert not any(secret in str(caught.value) for secret in SECRETS)
        assert device.commands == ["get_token", "update_pwd"]
        await client.set_mining(True)


async def test_wrong_password_changes_nothing() -> None:
    """It is refused like any write."""
    async with bench("M60S") as b:
        with pytest.raises(AuthenticationError):
            await b.client("wrong").change_password(NEW)
        assert b.miner.truth()["writes"] == 0


@pytest.mark.parametrize("answer", [OK, Wire.CLOSE])
@pytest.mark.parametrize("proof", [error(45), error(132), error(14)])
async def test_refused_proof_is_one(answer: Answer, proof: Answer) -> None:
    """Only a device that has understood the request can refuse it like this."""
    async with miner(newer(set_led=proof)) as (device, client):
        changing(device, answer)
        await client.change_password(NEW)
        await client.set_mining(True)


@pytest.mark.parametrize(
    ("proof", "known"), [(error(45), False), (OK, True), (error(132), None), (error(14), None)]
)
async def test_access_is_learned_from_the_proof(proof: Answer, *, known: bool | None) -> None:
    """The change itself got no answer, so this is all that tells."""
    async with miner(newer(set_led=proof)) as (device, client):
        changing(device, Wire.CLOSE)
        await client.change_password(NEW)
        assert client.memory.get("write_access") is known
    # A refusal that says nothing of it takes back nothing.
    async with miner(newer(set_led=proof)) as (device, client):
        await client.set_mining(True)
        changing(device, Wire.CLOSE)
        await client.change_password(NEW)
        assert client.memory["write_access"] is (known is not False)


@pytest.mark.parametrize("answer", [OK, Wire.CLOSE])
async def test_neither_can_be_proved(answer: Answer) -> None:
    """Neither is sent twice when its outcome is open; what is stored stays in use."""
    async with miner(newer(set_led=Wire.CLOSE)) as (device, client):
        device.script["update_pwd"] = answer
        with pytest.raises(UnconfirmedError, match=r"which password .* could not be found out$"):
            await client.change_password(NEW)
        # The new one cannot be decrypted here; the old one gets no answer.
        assert device.commands.count("set_led") == 1
        await client.set_mining(True)
    async with miner(newer()) as (device, client):
        changing(device, answer, "third")
        with pytest.raises(UnconfirmedError):
            await client.change_password(NEW)
        device.password = PASSWORD
        await client.set_mining(True)


@pytest.mark.parametrize("comes_back", [True, False])
async def test_device_that_is_away_for_a_moment(comes_back: bool, unused_tcp_port: int) -> None:
    """What was not sent is sent when it is back; for good, it is not known."""
    async with miner(newer()) as (device, client):
        transport, loop = client.api.transport, asyncio.get_running_loop()

        def leave(_: Request) -> Answer:
            loop.call_soon(setattr, device, "password", NEW)
            transport.port = unused_tcp_port
            if comes_back:
                loop.call_later(BRIEFLY, setattr, transport, "port", device.port)
            return OK

        device.script["update_pwd"] = leave
        if comes_back:
            await client.change_password(NEW)
            await client.set_mining(True)
        else:
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.change_password(NEW)
            with pytest.raises(UnreachableError):
                await client.set_mining(True)


async def test_busy_device_is_asked_again() -> None:
    """It has not looked at the proof yet."""
    async with miner(newer()) as (device, client):
        token = device.script["get_token"]
        assert isinstance(token, dict)
        device.script["get_token"] = [token, error(136), error(136), token]
        changing(device, OK)
        client.api.patience.first_pause = BRIEFLY
        await client.change_password(NEW)
        assert device.commands.count("set_led") == 1


async def test_device_without_a_token_is_asked_seldom() -> None:
    """Each question takes its only connection from all others."""
    async with miner(newer()) as (device, client):
        token = device.script["get_token"]
        assert isinstance(token, dict)
        device.script["get_token"] = [token, error(136)]
        changing(device, OK)
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.change_password(NEW)
        assert device.commands == ["get_token", "update_pwd", "get_token"]


async def test_other_writes_meanwhile() -> None:
    """They wait, and use the password that is right then."""
    async with bench("M60S") as b:
        client = b.client()
        await asyncio.gather(
            client.set_locate(True),
            client.change_password(NEW),
            *(client.set_setting(Feature.WEB_POOLS, on) for on in (True, False)),
            client.set_power_limit(3000),
        )
        assert b.miner.max_open_connections == 1
        assert b.miner.truth()["power_limit"] == 3000


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M31S-2021"])
async def test_factory_reset(preset: str) -> None:
    """Once; everything is gone then, the password and the right to write too."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.set_setting(Feature.WEB_POOLS, False)
        await client.set_hostname("rig")
        await client.factory_reset()
        assert b.miner.commands.count("factory_reset") == 1
        assert "write_access" not in client.memory
        b.pass_time(HOUR)
        client.api.drop_token()
        assert b.miner.password == "admin"
        seen = await client.read(slow=True)
        assert Feature.WEB_POOLS not in seen.settings
        assert b.miner.truth()["hostname"] == "WhatsMiner"
        assert b.miner.truth()["web_pools"] is True
        with pytest.raises(AuthenticationError):
            await client.check_access()
        with pytest.raises(WriteAccessError):
            await b.client("admin").check_access()


async def test_factory_reset_without_an_answer() -> None:
    """An uptime that counts anew shows it; nothing does: it is open, and not repeated."""
    before = envelope(SUMMARY)
    for after, shows in ((summary(Uptime=3), True), (before, False)):
        script = newer(factory_reset=Wire.CLOSE, summary=[before, after])
        async with miner(script) as (device, client):
            if shows:
                await client.factory_reset(wipe_network=True)
            else:
                client.confirm_seconds = BRIEFLY
                with pytest.raises(UnconfirmedError):
                    await client.factory_reset(wipe_network=True)
            assert device.commands.count("factory_reset") == 1

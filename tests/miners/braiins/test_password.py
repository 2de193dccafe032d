"""The password of the device: changed, removed, refused, and an answer that is lost."""

from collections.abc import Awaitable, Callable

from aiohttp import web
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    Reason,
    RejectedError,
    RevertedError,
    UnconfirmedError,
)
from tests.miners.reasons import because

from .answers import drop
from .conftest import MakeClient, MakeMachine, Naps
from .device import Device, refusal
from .operations import NO_CONTENT

PASSWORD = ("PUT", "auth/password")


@pytest.mark.parametrize("drops", [True, False])
async def test_change_and_remove_password(
    drops: bool, machine: MakeMachine, client_of: MakeClient
) -> None:
    """Device and client together, whether it ends sessions or not, and no login too many."""
    miner = await machine()
    miner.device.unknowns.password_change_drops_sessions = drops
    client = client_of(miner)
    await client.read(slow=True)
    await client.change_password("better")
    assert miner.password == "better"
    await client.read(slow=True)
    assert miner.logins == 2
    await client.change_password(None)
    assert miner.password == ""
    await client.read(slow=True)
    await client.check_access()


@pytest.mark.parametrize("password", ["", "a\nb"])
async def test_no_password(password: str, device: Device, client: BraiinsClient) -> None:
    """Refused before anything is sent."""
    with pytest.raises(InvalidValueError, check=because(Reason.PASSWORD_PRINTABLE)):
        await client.change_password(password)
    assert device.asked == []


async def test_refused_password(device: Device, client: BraiinsClient) -> None:
    """The old one stays in use, and the device's words, which may repeat it, are left out."""
    device.answers[PASSWORD] = refusal(400, "'better' is too short")
    with pytest.raises(RejectedError) as caught:
        await client.change_password("better")
    assert "better" not in str(caught.value)
    await client.check_access()
    assert device.writes == [PASSWORD]


def losing(
    device: Device, *passwords: str
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Take one of the passwords and lose the answer; none of them: keep what is valid."""

    async def answer(request: web.Request) -> web.StreamResponse:
        for password in passwords:
            device.password = password
        return await drop(request)

    return answer


async def test_lost_answer_of_a_password(device: Device, client: BraiinsClient, naps: Naps) -> None:
    """Which one is valid shows by logging in, once each; the back-off is not in the way."""
    await client.read(slow=True)
    device.answers[PASSWORD] = losing(device, "better")
    await client.change_password("better")
    logins = device.logins
    await client.read(slow=True)
    assert device.logins == logins == 2

    device.answers[PASSWORD] = losing(device)
    with pytest.raises(RevertedError, check=because(Reason.PASSWORD_KEPT)) as caught:
        await client.change_password("best")
    assert "best" not in str(caught.value)
    assert device.logins == 4
    # The refusal in between does not keep the next request waiting.
    await client.read(slow=True)
    assert device.writes == [PASSWORD, PASSWORD]
    assert sum(naps.taken) == 0


async def test_neither_password_is_valid(device: Device, client: BraiinsClient) -> None:
    """Nobody knows; the old one stays in use, and no more than two logins are tried."""
    await client.read(slow=True)
    device.answers[PASSWORD] = losing(device, "something else")
    with pytest.raises(UnconfirmedError):
        await client.change_password("better")
    assert device.logins == 3
    device.password = "root"
    await client.check_access()


@pytest.mark.parametrize("answered", [True, False])
async def test_device_goes_away_after_a_password(
    answered: bool, device: Device, client: BraiinsClient, naps: Naps
) -> None:
    """What it said counts; without an answer nothing is known."""
    await client.read(slow=True)
    device.answers["POST", "auth/login"] = drop
    device.answers[PASSWORD] = NO_CONTENT if answered else losing(device, "better")
    if answered:
        await client.change_password("better")
    else:
        with pytest.raises(UnconfirmedError):
            await client.change_password("better")
    assert naps.taken == [0, 1, 2, 4]
    del device.answers["POST", "auth/login"]
    device.tokens.clear()
    if answered:
        await client.check_access()
    else:
        with pytest.raises(AuthenticationError):
            await client.check_access()

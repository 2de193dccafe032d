"""The life of a session: opened when needed, renewed when it has ended, never hammered."""

import asyncio
from itertools import pairwise

from aiohttp import ClientSession, web
import pytest

from custom_components.asic_miner.miners.braiins.api import BraiinsApi
from custom_components.asic_miner.miners.braiins.parse import Json
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    UnreachableError,
)
from tests.simulators.clock import ManualClock

from .device import STOPPED, Device, Reply


async def test_one_login_for_many_requests(device: Device, api: BraiinsApi) -> None:
    """The session is opened by the first request and used by all."""
    for _ in range(5):
        await api.get_miner_details()
        await api.get_miner_stats()
    assert device.logins == 1


async def test_requests_at_once_share_a_login(device: Device, api: BraiinsApi) -> None:
    """Whoever comes first logs in for all."""
    await asyncio.gather(*(api.get_miner_details() for _ in range(8)))
    assert device.logins == 1


async def test_never_more_than_two_in_flight(device: Device, api: BraiinsApi) -> None:
    """However many ask, logins and refused requests included."""
    waiting: list[asyncio.Event] = []

    async def slow(_request: web.Request) -> web.StreamResponse:
        turn = asyncio.Event()
        waiting.append(turn)
        await turn.wait()
        return web.json_response({})

    await api.login()
    device.answers["GET", "miner/details"] = slow
    asking = asyncio.gather(*(api.get_miner_details() for _ in range(7)))
    answered = 0
    while answered < 7:
        await asyncio.sleep(0.001)
        if waiting:
            assert len(waiting) <= 2
            waiting.pop(0).set()
            answered += 1
    await asking
    assert device.max_open == 2


async def test_ended_session_is_renewed_once(device: Device, api: BraiinsApi) -> None:
    """A reboot or a restarted service drops sessions; nobody notices."""
    await api.get_miner_details()
    device.tokens.clear()
    await api.get_miner_details()
    assert device.logins == 2
    assert device.calls.count(("GET", "miner/details")) == 3


async def test_requests_at_once_share_a_renewal(device: Device, api: BraiinsApi) -> None:
    """All find the session ended, one opens a new one."""
    await api.get_miner_details()
    device.tokens.clear()
    await asyncio.gather(*(api.get_miner_stats() for _ in range(6)))
    assert device.logins == 2


async def test_late_refusal_does_not_end_the_new_session(device: Device, api: BraiinsApi) -> None:
    """A refusal of the old session can arrive when a new one is already open."""
    arrived, released = asyncio.Event(), asyncio.Event()

    async def refuse_late(_request: web.Request) -> web.StreamResponse:
        device.answers["GET", "miner/stats"] = {}
        arrived.set()
        await released.wait()
        return web.Response(status=401)

    await api.get_miner_details()
    device.answers["GET", "miner/stats"] = refuse_late
    late = asyncio.create_task(api.get_miner_stats())
    await arrived.wait()
    device.tokens.clear()
    await api.get_miner_details()
    released.set()
    await late
    await api.get_miner_details()
    assert device.logins == 2


async def test_refused_write_is_repeated_in_a_new_session(device: Device, api: BraiinsApi) -> None:
    """A request without a session is refused before it is executed, so this is safe."""
    executed = 0

    async def pause(_request: web.Request) -> web.StreamResponse:
        nonlocal executed
        executed += 1
        return web.json_response(False)

    device.answers["PUT", "actions/pause"] = pause
    await api.get_miner_details()
    device.tokens.clear()
    await api.pause_mining()
    assert executed == 1
    assert device.writes == [("PUT", "actions/pause")] * 2


async def test_403_counts_as_401(device: Device, api: BraiinsApi) -> None:
    """Never seen from a device, but the vendor's own code takes it so."""
    device.answers["GET", "miner/details"] = Reply(status=403)
    with pytest.raises(AuthenticationError):
        await api.get_miner_details()
    assert device.logins == 2


async def test_session_slides(device: Device, api: BraiinsApi, clock: ManualClock) -> None:
    """Every answered request begins the hour anew, refused ones for other reasons too."""
    for _ in range(5):
        await api.get_miner_details()
        clock.advance(3500)
    device.answers["GET", "miner/stats"] = STOPPED
    for _ in range(5):
        with pytest.raises(MiningProcessDownError):
            await api.get_miner_stats()
        clock.advance(3500)
    await api.get_miner_details()
    assert device.logins == 1


async def test_expired_session_is_not_tried(
    device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """What has surely ended is renewed without asking first."""
    await api.get_miner_details()
    clock.advance(3600)
    await api.get_miner_details()
    assert device.calls.count(("GET", "miner/details")) == 2
    assert device.logins == 2


@pytest.mark.parametrize("timeout_s", [None, 0, -1, "soon"])
async def test_session_of_unknown_length(
    timeout_s: Json, device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """Without a sensible length the usual hour is assumed."""
    device.timeout_s = timeout_s
    await api.get_miner_details()
    clock.advance(3599)
    await api.get_miner_details()
    assert device.logins == 1
    clock.advance(3600)
    await api.get_miner_details()
    assert device.logins == 2


@pytest.mark.parametrize("timeout_s", [60, 600.5, 7200])
async def test_session_of_a_length_that_is_told(
    timeout_s: float, device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """It ends so long after it was last used, and is renewed without asking first."""
    device.timeout_s = timeout_s
    await api.get_miner_details()
    for logins in (1, 1, 2):
        clock.advance(timeout_s if logins == 2 else timeout_s - 1)
        await api.get_miner_details()
        assert device.logins == logins


async def test_wrong_password_is_not_hammered(
    device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """10 s after the first refusal, doubling up to 5 min; in between nothing is sent."""
    device.password = "changed"
    tried_at = []
    for second in range(1200):
        before = device.logins
        with pytest.raises(AuthenticationError):
            await api.get_miner_details()
        if device.logins > before:
            tried_at.append(second)
        clock.advance(1)
    pauses = [later - earlier for earlier, later in pairwise(tried_at)]
    assert pauses == [10, 20, 40, 80, 160, 300, 300]
    assert len(device.calls) == len(tried_at)


async def test_requests_at_once_share_a_refusal(device: Device, api: BraiinsApi) -> None:
    """One refused login answers all who wait for it."""
    device.password = "changed"
    answers = await asyncio.gather(
        *(api.get_miner_details() for _ in range(6)), return_exceptions=True
    )
    assert all(isinstance(answer, AuthenticationError) for answer in answers)
    assert device.logins == 1


async def test_asking_for_a_login_ignores_the_back_off(
    device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """Somebody who has just corrected the password does not wait; afterwards all is well."""
    device.password = "changed"
    with pytest.raises(AuthenticationError):
        await api.get_miner_details()
    with pytest.raises(AuthenticationError):
        await api.login()
    assert device.logins == 2
    device.password = "root"
    await api.login()
    await api.get_miner_details()
    device.tokens.clear()
    await api.get_miner_details()
    assert device.logins == 4


async def test_back_off_begins_anew_after_success(
    device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """A long past refusal does not make the next one wait longer."""
    device.password = "changed"
    for _ in range(4):
        with pytest.raises(AuthenticationError):
            await api.login()
    device.password = "root"
    await api.login()
    await api.get_miner_details()
    device.password = "changed"
    device.tokens.clear()
    with pytest.raises(AuthenticationError):
        await api.get_miner_details()
    device.password = "root"
    clock.advance(9.9)
    with pytest.raises(AuthenticationError):
        await api.get_miner_details()
    clock.advance(0.1)
    await api.get_miner_details()


async def test_new_session_refused_at_once_backs_off(
    device: Device, api: BraiinsApi, clock: ManualClock
) -> None:
    """A device that grants sessions and does not know them is not asked again and again."""
    device.answers["GET", "miner/details"] = Reply(status=401)
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            await api.get_miner_details()
    assert device.logins == 2
    clock.advance(10)
    with pytest.raises(AuthenticationError):
        await api.get_miner_details()
    assert device.logins == 4


async def test_transport_trouble_does_not_back_off(
    device: Device, api: BraiinsApi, http: ClientSession
) -> None:
    """Only refusals do: a device that comes back is used at once."""
    device.answers["POST", "auth/login"] = Reply(status=500)
    with pytest.raises(MinerError):
        await api.get_miner_details()
    del device.answers["POST", "auth/login"]
    await api.get_miner_details()


@pytest.mark.parametrize(
    "answer", [{}, {"token": ""}, {"token": 7}, {"token": "a\nb"}, {"token": "ä"}, [], None]
)
async def test_login_without_a_usable_token(answer: Json, device: Device, api: BraiinsApi) -> None:
    """No token is no session, and one that no header can carry is none either."""
    device.answers["POST", "auth/login"] = answer
    with pytest.raises(MalformedReplyError):
        await api.get_miner_details()
    assert device.calls == [("POST", "auth/login")]


async def test_cancelled_request_frees_its_place(device: Device, api: BraiinsApi) -> None:
    """Polls are cut off when they take too long; the next one must not wait for ever."""
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({})

    await api.login()
    device.answers["GET", "miner/stats"] = hang
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await asyncio.gather(api.get_miner_stats(), api.get_miner_stats())
    await api.get_miner_details()
    released.set()


async def test_unreachable_is_told_by_everyone(http: ClientSession, unused_port: int) -> None:
    """Requests that wait for a login that cannot be done fail in the same way."""
    api = BraiinsApi("127.0.0.1", unused_port, "root", "root", http)
    answers = await asyncio.gather(
        *(api.get_miner_details() for _ in range(4)), return_exceptions=True
    )
    assert all(isinstance(answer, UnreachableError) for answer in answers)

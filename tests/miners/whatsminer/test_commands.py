"""Mining, lights, restarts and access, where every reply is decided here."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import (
    PowerMode,
)
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .devices import (
    BRIEFLY,
    CREDENTIALS,
    DOWN,
    DOWN_TEXT,
    INFO,
    SUMMARY,
    miner,
    newer,
    summary,
)
from .scripted import OK, Answer, Request, Script, Scripted, Wire, envelope, error

# Other commands


async def test_mining() -> None:
    """Off and on, asking for an answer before the device acts."""
    async with miner(newer()) as (device, client):
        await client.set_mining(False)
        await client.set_mining(True)
        assert device.commands == ["get_token", "power_off", "power_on"]
        assert [request.get("respbefore") for request in device.requests[1:]] == ["true"] * 2


@pytest.mark.parametrize("key", ["mineroff", "btmineroff"])
@pytest.mark.parametrize("on", [False, True])
async def test_mining_without_an_answer(key: str, on: bool) -> None:
    """The device's own word is looked for, and nothing sent again."""
    command = "power_on" if on else "power_off"
    before, after = envelope({key: str(on).lower()}), envelope({key: str(not on).lower()})
    changes: dict[str, Script] = {command: Wire.CLOSE, "status": [before, Wire.CLOSE, after]}
    async with miner(newer(**changes)) as (device, client):
        await client.set_mining(on)
        assert device.commands.count(command) == 1
    async with miner(newer(**{**changes, "status": before})) as (device, client):
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_mining(on)
        assert device.commands.count(command) == 1


@pytest.mark.parametrize(
    ("on", "totals", "shows"),
    [
        (False, DOWN, True),
        (False, DOWN_TEXT, True),
        (False, envelope(SUMMARY), False),
        (True, envelope(SUMMARY), True),
        (True, summary(**{"HS RT": 0}), False),
        (True, DOWN, False),
    ],
)
async def test_mining_on_firmware_that_does_not_tell(on: bool, totals: Answer, shows: bool) -> None:
    """The mining process itself is looked at."""
    command = "power_on" if on else "power_off"
    changes: dict[str, Script] = {command: Wire.CLOSE, "status": envelope({}), "summary": totals}
    async with miner(newer(**changes)) as (_, client):
        if shows:
            await client.set_mining(on)
        else:
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.set_mining(on)


async def test_locate() -> None:
    """Both lights blink as the maker's own software lets them; off is automatic."""
    async with miner(newer()) as (device, client):
        await client.set_locate(True)
        await client.set_locate(False)
        sent = [{k: v for k, v in r.items() if k != "token"} for r in device.requests[1:]]
        blink = {"cmd": "set_led", "period": 200, "duration": 100, "start": 0}
        assert sent == [
            {**blink, "color": "red"},
            {**blink, "color": "green"},
            {"cmd": "set_led", "param": "auto"},
        ]


async def test_locate_without_an_answer() -> None:
    """The state of the lights lags, so it is looked at more than once."""
    blinking = envelope({**INFO, "ledstat": "0,200,100,0 1,200,100,0 "})
    script = newer(set_led=Wire.CLOSE, get_miner_info=[envelope(INFO), envelope(INFO), blinking])
    async with miner(script) as (device, client):
        await client.set_locate(True)
        assert device.commands.count("set_led") == 2
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_locate(False)


async def test_restart_mining_without_an_answer() -> None:
    """A process that is away, or that counts anew, has restarted."""
    shows: list[Answer] = [DOWN, DOWN_TEXT, Wire.CLOSE, summary(Elapsed=3)]
    hides: list[Answer] = [summary(Elapsed=5010), b"{", summary(Elapsed=None)]
    before = envelope(SUMMARY)
    for after in shows:
        script = newer(restart_btminer=Wire.CLOSE, summary=[before, before, after])
        async with miner(script) as (device, client):
            await client.restart_mining()
            assert device.commands.count("restart_btminer") == 1
    for after in hides:
        script = newer(restart_btminer=Wire.CLOSE, summary=[before, after])
        async with miner(script) as (device, client):
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.restart_mining()
            assert device.commands.count("restart_btminer") == 1


async def test_restart_of_a_process_that_is_away() -> None:
    """It being away proves nothing then; it coming back does."""
    script = newer(restart_btminer=Wire.CLOSE, summary=[DOWN, DOWN, summary(Elapsed=2)])
    async with miner(script) as (_, client):
        await client.restart_mining()
    async with miner(newer(restart_btminer=Wire.CLOSE, summary=DOWN)) as (_, client):
        client.confirm_seconds = BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.restart_mining()


async def test_restart_is_not_sent_to_a_device_that_cannot_be_read() -> None:
    """What it does afterwards could not be told from what it did before."""
    async with miner(newer(summary=b"{")) as (device, client):
        with pytest.raises(MalformedReplyError):
            await client.restart_mining()
        assert "restart_btminer" not in device.commands


async def test_reboot() -> None:
    """With an answer, that is all."""
    async with miner(newer()) as (device, client):
        await client.reboot()
        assert device.commands == ["summary", "get_token", "reboot"]
        assert device.requests[-1]["respbefore"] == "true"


async def test_reboot_without_an_answer() -> None:
    """An uptime that counts anew shows it; mere silence does not."""
    before = envelope(SUMMARY)
    script = newer(reboot=Wire.CLOSE, summary=[before, DOWN, Wire.CLOSE, summary(Uptime=9)])
    async with miner(script) as (device, client):
        await client.reboot()
        assert device.commands.count("reboot") == 1
    hides: list[Answer] = [Wire.CLOSE, DOWN, before, b"{"]
    for after in hides:
        async with miner(newer(reboot=Wire.CLOSE, summary=[before, after])) as (
            device,
            client,
        ):
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.reboot()
            assert device.commands.count("reboot") == 1


async def test_reboot_that_closes_the_port(unused_tcp_port: int) -> None:
    """A host that refuses connections is there and boots."""
    async with miner(newer()) as (device, client):

        def reboot(request: Request) -> Answer:
            client.api.transport.port = unused_tcp_port
            return Wire.CLOSE

        device.script["reboot"] = reboot
        await client.reboot()


# Access


async def test_check_access() -> None:
    """One harmless write tells."""
    async with miner(newer()) as (device, client):
        await client.check_access()
        assert device.commands == ["get_token", "set_led"]
        assert device.requests[-1]["param"] == "auto"
        assert (await client.read(slow=False)).write_access is True
    async with miner(newer(set_led=error(45, "can't access write cmd"))) as (_, client):
        with pytest.raises(WriteAccessError):
            await client.check_access()
        assert (await client.read(slow=False)).write_access is False
    async with miner(newer(), Credentials(password="wrong")) as (_, client):
        with pytest.raises(AuthenticationError):
            await client.check_access()
        assert (await client.read(slow=False)).write_access is None


async def test_write_access_is_learned_from_each_write() -> None:
    """And kept while nothing new is known."""
    script = newer(power_on=[OK, error(45), error(132), Wire.CLOSE])
    async with miner(script) as (_, client):
        for kind, known in ((None, True), (WriteAccessError, False), (RejectedError, False)):
            if kind:
                with pytest.raises(kind):
                    await client.set_mining(True)
            else:
                await client.set_mining(True)
            assert (await client.read(slow=False)).write_access is known
        # No answer, but its effect: then it was let through.
        await client.set_mining(True)
        assert (await client.read(slow=False)).write_access is True


async def test_write_access_of_an_earlier_session() -> None:
    """Known before the first write."""
    async with Scripted(newer()).running() as device:
        client = WhatsminerClient(
            "127.0.0.1", device.port, CREDENTIALS, memory={"write_access": False}
        )
        assert (await client.read(slow=False)).write_access is False


@pytest.mark.parametrize(
    "command",
    [
        lambda c: c.set_mining(False),
        lambda c: c.set_locate(True),
        lambda c: c.set_locate(False),
        lambda c: c.set_power_percent(80),
        lambda c: c.set_power_target(2000),
        lambda c: c.set_power_limit(3000),
        lambda c: c.set_power_mode(PowerMode.LOW),
        lambda c: c.restore_power(),
        lambda c: c.restart_mining(),
        lambda c: c.reboot(),
        lambda c: c.check_access(),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(45, "can't access write cmd"), WriteAccessError),
        (error(136), BusyError),
        (error(132, "API command ERROR"), RejectedError),
        (error(135, "check token err"), BusyError),
    ],
)
async def test_refusals_are_told_apart(
    command: Callable[[WhatsminerClient], Awaitable[None]],
    answer: Answer,
    kind: type[MinerError],
) -> None:
    """Every command fails by the exact kind of its refusal."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        for name in (
            "power_off", "set_led", "set_power_pct_v2", "adjust_power_limit", "set_low_power",
            "restore_power_pct", "restart_btminer", "reboot",
        ):  # fmt: skip
            device.script[name] = answer
        with pytest.raises(MinerError) as caught:
            await command(client)
        assert type(caught.value) is kind
        # Refused for good: nothing is left running, and nothing was tried again but a token.
        writes = [name for name, request in zip(device.commands, device.requests, strict=True)
                  if "token" in request]  # fmt: skip
        assert len(writes) == (
            2 if kind is BusyError and answer == error(135, "check token err") else 1
        )


async def test_poll_and_commands_at_once() -> None:
    """The device never sees two connections."""
    async with miner(newer()) as (device, client):
        await client.read(slow=False)
        await asyncio.gather(
            client.read(slow=True), client.set_power_percent(80), client.read(slow=False),
            client.set_locate(True), client.identify(),
        )  # fmt: skip
        assert device.most_open == 1

"""What a device's answers mean, and the life of a token."""

import asyncio
from collections.abc import Callable
import re

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    MinerError,
    MiningProcessDownError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.whatsminer.api import ErrorEntry, WhatsminerApi
from custom_components.asic_miner.miners.whatsminer.session import Token
from custom_components.asic_miner.miners.whatsminer.transport import Timeouts, Transport
from tests.miners.reasons import because

from .manual import POOLS, READING, Call
from .scripted import (
    NEWSALT,
    OK,
    PASSWORD,
    SALT,
    TIME,
    Plain,
    Request,
    Script,
    Scripted,
    Wire,
    envelope,
    error,
)


def api(
    device: Scripted, password: str | None = PASSWORD, timeouts: Timeouts | None = None
) -> WhatsminerApi:
    """Return the commands of a scripted device."""
    return WhatsminerApi(Transport("127.0.0.1", device.port, timeouts), password)


READS = [(command.call, str(command.cmd)) for command in READING]


@pytest.mark.parametrize(("call", "cmd"), READS)
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("Socket connect failed: Connection refused\n", MiningProcessDownError),
        (envelope("btminer process is down err"), MiningProcessDownError),
        (envelope("btminer process is down err", 132, "E"), MiningProcessDownError),
        (envelope("over max connect", 14, "E"), BusyError),
        ("over max connect", BusyError),
        (error(136), BusyError),
        (error(14, "invalid cmd"), UnsupportedError),
        (error(132, "deprecated"), RejectedError),
        (error(23, "json cmd err"), RejectedError),
        (error(45, "can't access write cmd"), WriteAccessError),
        ({"STATUS": [{"STATUS": "E", "Code": 14, "Msg": "Invalid command"}]}, UnsupportedError),
        ({"STATUS": [{"STATUS": "F", "Msg": "Broken"}], "id": 1}, RejectedError),
        ({"Code": 14, "Msg": "invalid cmd"}, UnsupportedError),
        ({"STATUS": [{"STATUS": "E", "Code": 7}], "Msg": "over max connect"}, BusyError),
        ("[1,2,3]", MalformedReplyError),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", MalformedReplyError),
        ("<html>", MalformedReplyError),
        (Wire.CLOSE, UnreachableError),
        (Wire.RESET, UnreachableError),
    ],
)  # fmt: skip
async def test_refused_reads(call: Call, cmd: str, script: Script, kind: type[MinerError]) -> None:
    """Each way to fail has its own kind, in both envelopes and in bare text."""
    async with Scripted({cmd: script}).running() as device:
        with pytest.raises(MinerError) as caught:
            await call(api(device))
        assert type(caught.value) is kind
        assert len(device.requests) == 1


@pytest.mark.parametrize(
    ("call", "cmd"), [(c, n) for c, n in READS if n != "status"]
)  # fmt: skip
@pytest.mark.parametrize("message", [None, "", "API command OK", 3])
async def test_reads_without_data(call: Call, cmd: str, message: object) -> None:
    """Success that says nothing is no success."""
    async with Scripted({cmd: envelope(message)}).running() as device:
        with pytest.raises(MalformedReplyError):
            await call(api(device))


async def test_both_envelopes() -> None:
    """The totals come in a list under their own key, or as the message itself."""
    legacy = {"STATUS": [{"STATUS": "S", "Msg": "Summary"}], "SUMMARY": [{"Elapsed": 1}], "id": 1}
    pools = {"STATUS": [{"STATUS": "S"}], "POOLS": [{"POOL": 1}, "x", {"POOL": 2}], "id": 1}
    script: dict[str, Script] = {
        "summary": [legacy, envelope({"Elapsed": 2}), envelope([{"Elapsed": 3}]), envelope([])],
        "pools": pools,
        "edevs": {"STATUS": [{"STATUS": "S"}], "DEVS": []},
        "devdetails": {"STATUS": [{"STATUS": "W"}], "DEVDETAILS": [{"Model": "M30S+VE40"}]},
    }
    async with Scripted(script).running() as device:
        client = api(device)
        assert [(await client.summary()).get("Elapsed") for _ in range(4)] == [1, 2, 3, None]
        assert [pool.integer("POOL") for pool in await client.pools()] == [1, 2]
        assert await client.edevs() == ()
        assert (await client.devdetails())[0].text("Model") == "M30S+VE40"


async def test_status_as_devices_and_as_the_manual_have_it() -> None:
    """In an envelope, or bare."""
    bare = {"btmineroff": "true", "Firmware Version": "'20200101.1.REL'"}
    script: dict[str, Script] = {"status": [envelope({"mineroff": "false"}), bare]}
    async with Scripted(script).running() as device:
        client = api(device)
        assert (await client.status()).flag("mineroff") is False
        assert (await client.status()).flag("btmineroff") is True


async def test_the_log_has_the_shape_of_what_is_no_object() -> None:
    """Enough to find out who answers there, and nothing private."""
    async with Scripted({"summary": "<html>rig 7</html>"}).running() as device:
        with pytest.raises(MalformedReplyError, match=r"^18 .*: <aaaa>aaa 0</aaaa>$"):
            await api(device).summary()


async def test_version_as_plain_text() -> None:
    """Very old firmware has nothing else; another maker's text is not taken for it."""
    script: dict[str, Script] = {
        "get_version": [envelope("whatsminer v1.1"), envelope("antminer v3")]
    }
    async with Scripted(script).running() as device:
        client = api(device)
        assert (await client.get_version()).text("api_ver") == "whatsminer v1.1"
        with pytest.raises(MalformedReplyError):
            await client.get_version()


@pytest.mark.parametrize(
    ("listed", "entries"),
    [
        ([], []),
        ([{"110": "t1"}, {"2010": "t2"}], [("110", "t1"), ("2010", "t2")]),
        ([{"110": "t1"}, {"110": "t2"}], [("110", "t2")]),
        ({"110": "t1", "reason": "x"}, [("110", "t1")]),
        (["110", 2010, "110", True, -1, "x", None, 1.5], [("110", None), ("2010", None)]),
        ([{"110": 5}], [("110", None)]),
        ("110", [("110", None)]),
    ],
)
async def test_shapes_of_error_lists(listed: object, entries: list[tuple[str, str | None]]) -> None:
    """All that have been seen, each code once."""
    script: dict[str, Script] = {"get_error_code": envelope({"error_code": listed})}
    async with Scripted(script).running() as device:
        found = await api(device).get_error_code()
        assert found == tuple(ErrorEntry(code=code, time=time) for code, time in entries)


async def test_broken_error_lists() -> None:
    """Pairs in a list are mended; of a list that was cut off the beginning is kept."""
    pairs = '{"STATUS":"S","Msg":{"error_code":["329":"2022-01-10 10:48:22","110":"t"]}}'
    cut = '{"STATUS":"S","Msg":{"error_code":[{"110":"t"},{"111":"u"},{"20'
    script: dict[str, Script] = {
        "get_error_code": [
            pairs,
            cut,
            cut[:40],
            envelope({"error_code": "btminer process is down err"}),
        ]
    }
    async with Scripted(script).running() as device:
        client = api(device)
        assert [entry.code for entry in await client.get_error_code()] == ["329", "110"]
        assert [entry.code for entry in await client.get_error_code()] == ["110", "111"]
        with pytest.raises(MalformedReplyError):
            await client.get_error_code()
        with pytest.raises(MiningProcessDownError):
            await client.get_error_code()


async def test_firmware_that_wants_another_key() -> None:
    """It says so once, and is asked in its way from then on, for tokens too."""

    def answer(request: Request) -> Request:
        if "cmd" in request:
            return {"STATUS": [{"STATUS": "E", "Code": 24, "Msg": "Missing JSON 'command'"}]}
        return {"STATUS": [{"STATUS": "S"}], "SUMMARY": [{"Elapsed": 7}]}

    script: dict[str, Script] = {"summary": answer}
    async with Scripted(script).running() as device:
        client = api(device)
        assert (await client.summary()).integer("Elapsed") == 7
        assert (await client.summary()).integer("Elapsed") == 7
        await client.power_on()
        assert [next(iter(request)) for request in device.requests] == [
            "cmd",
            "command",
            "command",
            "command",
            # Encrypted commands have one form only.
            "cmd",
        ]


@pytest.mark.parametrize("text", ["Missing JSON 'command'", "something else"])
async def test_other_key_is_tried_once(text: str) -> None:
    """A refusal for good is a refusal."""
    async with Scripted({"summary": error(24, text)}).running() as device:
        with pytest.raises(RejectedError):
            await api(device).summary()
        assert len(device.requests) == (2 if "command" in text else 1)


# The life of a token


async def test_token() -> None:
    """Everything that it may consist of; nothing of it is shown."""
    script: dict[str, Script] = {
        "get_token": [
            envelope({"time": "1727775626", "salt": SALT, "newsalt": NEWSALT, "timeout": "600"}),
            envelope({"time": 26, "salt": SALT, "newsalt": NEWSALT}),
            envelope({"time": TIME, "salt": SALT}),
        ]
    }
    async with Scripted(script).running() as device:
        client = api(device)
        token = await client.get_token()
        assert token == Token(salt=SALT, newsalt=NEWSALT, time="1727775626", timeout=600.0)
        assert SALT not in repr(token)
        assert TIME not in repr(token)
        assert (await client.get_token()).time == "0026"
        with pytest.raises(MalformedReplyError):
            await client.get_token()


@pytest.mark.parametrize(
    ("told_timeout", "holds", "renewed"),
    [(None, 1499, 1500), ("0", 1499, 1500), ("600", 499, 500), ("86400", 1499, 1500)],
)
async def test_token_is_kept_and_renewed(
    told_timeout: str | None, holds: float, renewed: float
) -> None:
    """Before the device forgets it, on its own clock."""
    told = {"time": TIME, "salt": SALT, "newsalt": NEWSALT}
    if told_timeout is not None:
        told["timeout"] = told_timeout
    now = 1000.0
    async with Scripted({"get_token": envelope(told, 134)}).running() as device:
        client = WhatsminerApi(Transport("127.0.0.1", device.port), PASSWORD, clock=lambda: now)
        await client.power_on()
        now = 1000.0 + holds
        await client.power_on()
        assert device.commands.count("get_token") == 1
        now = 1000.0 + renewed
        await client.power_on()
        assert device.commands.count("get_token") == 2


@pytest.mark.parametrize("form", [dict, Plain])
async def test_unknown_token_is_renewed_once(form: type[dict[str, object]]) -> None:
    """The refusal came before execution, so the command may be sent again."""
    refused = form(error(135, "check token err"))
    async with Scripted({"power_off": [refused, OK]}).running() as device:
        await api(device).power_off()
        assert device.commands == ["get_token", "power_off"] * 2
    async with Scripted({"power_off": refused}).running() as device:
        with pytest.raises(BusyError):
            await api(device).power_off()
        assert device.commands == ["get_token", "power_off"] * 2


async def test_refused_with_the_new_token() -> None:
    """The second answer counts like any other."""
    script: dict[str, Script] = {"power_off": [error(135, "check token err"), error(132, "no")]}
    async with Scripted(script).running() as device:
        with pytest.raises(RejectedError, match="132"):
            await api(device).power_off()
        assert device.commands == ["get_token", "power_off"] * 2


async def test_wrong_password() -> None:
    """The device cannot read what was encrypted; a second token does not help."""
    async with Scripted({}).running() as device:
        client = api(device, "wrong")
        with pytest.raises(AuthenticationError) as caught:
            await client.power_off()
        assert type(caught.value) is AuthenticationError
        assert device.commands == ["get_token", "get_token"]
        assert "wrong" not in str(caught.value)


async def test_password_changed_elsewhere_and_back() -> None:
    """A stale key looks like a wrong password, and a new token mends it."""
    async with Scripted(
        {"power_off": [Plain(error(23, "enc json load err")), OK]}
    ).running() as device:
        await api(device).power_off()
        assert device.commands == ["get_token", "power_off"] * 2


async def test_changed_password_is_used_from_then_on() -> None:
    """With a new token, which the old one's death makes necessary."""
    async with Scripted({}).running() as device:
        client = api(device)
        await client.update_pwd(PASSWORD, "other_1")
        device.password = "other_1"
        await client.power_on()
        assert device.commands == ["get_token", "update_pwd", "get_token", "power_on"]


async def test_without_password_nothing_is_sent() -> None:
    """Reading only."""
    async with Scripted({}).running() as device:
        with pytest.raises(AuthenticationError):
            await api(device, None).power_on()
        assert device.requests == []


@pytest.mark.parametrize("form", [dict, Plain])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (14, UnsupportedError),
        (45, WriteAccessError),
        (132, RejectedError),
        (136, BusyError),
        (137, RejectedError),
        (999, RejectedError),
    ],
)
async def test_refused_writes(
    form: type[dict[str, object]], code: int, kind: type[MinerError]
) -> None:
    """Sent once; the refusal may be encrypted or not."""
    async with Scripted({"power_off": form(error(code, "no"))}).running() as device:
        with pytest.raises(MinerError) as caught:
            await api(device).power_off()
        assert type(caught.value) is kind
        assert device.commands == ["get_token", "power_off"]


async def test_refusal_quotes_the_device_but_no_secrets() -> None:
    """Its own words help, unless they could repeat a worker or a password."""
    script: dict[str, Script] = {
        "set_power_pct": error(132, "percent\nout of range " + "x" * 500),
        "update_pools": error(132, "bad worker me.one"),
        "update_pwd": error(132, "bad password hunter2"),
    }
    async with Scripted(script).running() as device:
        client = api(device)
        with pytest.raises(RejectedError, match="132: percentout of range") as caught:
            await client.set_power_pct(50)
        assert len(str(caught.value)) < 200
        with pytest.raises(RejectedError) as caught:
            await client.update_pools(POOLS)
        assert "me" not in str(caught.value)
        with pytest.raises(RejectedError) as caught:
            await client.update_pwd("old", "hunter2")
        assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("refusal", "words", "why"),
    [
        (error(14), "does not know this command (code 14)", because(None)),
        (error(45), "does not allow commands (code 45)", because(None)),
        (
            error(132),
            "the miner refused the command or a value in it (code 132)",
            because(Reason.REFUSED_CODE, code="132"),
        ),
        (
            error(136),
            "gives out no more logins for now (code 136)",
            because(Reason.NO_LOGINS),
        ),
        (
            error(137, "base64 decode err"),
            "please try again (code 137: base64 decode err)",
            because(Reason.REFUSED_CODE, code="137: base64 decode err"),
        ),
        (
            error(999, "no"),
            "the miner refused this (code 999: no)",
            because(Reason.REFUSED_CODE, code="999: no"),
        ),
        (
            {"STATUS": "E", "Msg": "no"},
            "the miner refused this (no code: no)",
            because(Reason.REFUSED_CODE, code="?: no"),
        ),
        (
            "over max connect",
            "the miner has too many connections",
            because(Reason.TOO_MANY_CONNECTIONS),
        ),
    ],
)
async def test_refusals_in_words(
    refusal: Script, words: str, why: Callable[[MinerError], bool]
) -> None:
    """For who has pressed the button, with the code for a report."""
    async with Scripted({"power_off": refusal}).running() as device:
        with pytest.raises(MinerError, match=re.escape(words), check=why):
            await api(device).power_off()


@pytest.mark.parametrize(
    "answer",
    [
        Wire.CLOSE,
        Wire.RESET,
        Wire.HANG,
        b'{"enc":"',
        b"garbage",
        b'{"enc":"%%%"}',
        b'{"enc":"AAAAAAAAAAAAAAAAAAAAAA=="}',
        b"[]",
    ],
)
async def test_writes_without_a_readable_reply(answer: bytes | Wire) -> None:
    """The outcome is not known, so it is not sent again."""
    async with Scripted({"power_off": answer}).running() as device:
        timeouts = Timeouts(write=1.0 if answer is Wire.HANG else 60.0)
        with pytest.raises(MinerError) as caught:
            await api(device, timeouts=timeouts).power_off()
        assert type(caught.value) is UnconfirmedError
        assert device.commands == ["get_token", "power_off"]


@pytest.mark.parametrize(
    "answer",
    [{}, {"enc": 1}, {"Code": 999, "Msg": "x"}, {"STATUS": "W", "Code": 131}, {"STATUS": []}],
)
async def test_writes_whose_reply_says_nothing(answer: dict[str, object]) -> None:
    """Only what says so is a success, encrypted or not."""
    for reply in (answer, Plain(answer)):
        async with Scripted({"power_off": reply}).running() as device:
            with pytest.raises(UnconfirmedError):
                await api(device).power_off()
            assert device.commands.count("power_off") == 1


@pytest.mark.parametrize(
    "answer",
    [{"STATUS": "S"}, {"Code": 131}, {"Code": "134"}, {"STATUS": [{"STATUS": "S", "Msg": ""}]}],
)
async def test_writes_that_succeed(answer: dict[str, object]) -> None:
    """The letter or the code is enough, in either envelope."""
    async with Scripted({"power_off": answer}).running() as device:
        await api(device).power_off()
        assert device.commands.count("power_off") == 1


async def test_writes_that_could_not_be_passed_on() -> None:
    """The device itself says that there was nobody to execute it."""
    async with Scripted(
        {"power_off": "Socket connect failed: Connection refused\n"}
    ).running() as device:
        with pytest.raises(MiningProcessDownError):
            await api(device).power_off()


async def test_no_token_no_write() -> None:
    """Whatever get_token says instead, the command is not sent."""
    for answer, kind in ((error(136), BusyError), (Wire.CLOSE, UnreachableError)):
        async with Scripted({"get_token": answer}).running() as device:
            with pytest.raises(kind):
                await api(device).power_off()
            assert device.commands == ["get_token"]


@pytest.mark.parametrize("refusal", [error(136, "over max token"), "over max connect"])
async def test_no_token_is_not_asked_for_again_at_once(refusal: Script) -> None:
    """Twice as long each time, up to five minutes; one that is given ends it."""
    now = 1000.0
    async with Scripted({}).running() as device:
        given = device.script["get_token"]
        device.script["get_token"] = refusal
        client = WhatsminerApi(Transport("127.0.0.1", device.port), PASSWORD, clock=lambda: now)
        for asked, pause in enumerate((10, 20, 40, 80, 160, 300, 300), start=1):
            with pytest.raises(
                BusyError,
                match=f"asked again in {pause} seconds",
                check=because(Reason.NO_LOGINS),
            ):
                await client.power_on()
            now += pause - 1
            for _ in range(3):
                with pytest.raises(BusyError, match=r"no more logins .* again in 1 second$"):
                    await client.try_password(PASSWORD)
            now += 1
            assert device.commands == ["get_token"] * asked
        device.script["get_token"] = given
        await client.power_on()
        client.drop_token()
        device.script["get_token"] = refusal
        with pytest.raises(BusyError, match="again in 10 seconds"):
            await client.power_on()


async def test_writes_at_once_share_a_token() -> None:
    """And go one after the other."""
    async with Scripted({}).running() as device:
        client = api(device)
        await asyncio.gather(*(client.power_on() for _ in range(5)))
        assert device.commands == ["get_token", *["power_on"] * 5]
        assert device.most_open == 1


async def test_data_of_a_write() -> None:
    """One command reads through the encrypted way."""
    script: dict[str, Script] = {"get_customer_msg": envelope({"place": "attic"})}
    async with Scripted(script).running() as device:
        assert await api(device).get_customer_msg("place") == {"place": "attic"}

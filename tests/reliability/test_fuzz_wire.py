"""Answers as they are on the wire, changed in any way, do no harm either.

As `test_fuzz`, with the same two lengths, for what that leaves out: heads of HTTP answers,
tokens, what becomes of logins and commands, and the question which make is there.
"""

import asyncio
from collections import Counter
from dataclasses import replace
import hashlib
import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import pytest

from tests.simulators.whatsminer import crypto

from . import wire
from .test_fuzz import LENGTH, SECONDS, pieces, values
from .wire import FOUND, PROBE, SEEDS, Exchange, Stage

HEAD_END = b"\r\n\r\n"
FIRST_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.0 200 OK",
        b"HTTP/9.9 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 -200 OK",
        b"HTTP/1.1 2e2 OK",
        b"HTTP/1.1 204 No Content",
        b"HTTP/1.1 205 Reset Content",
        b"HTTP/1.1 206 Partial Content",
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 302 Found",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No",
        b"HTTP/1.1 101 Switching Protocols",
        b"HTTP/1.1 199 Nothing",
        b"HTTP/1.1 401 Unauthorized",
        b"HTTP/1.1 403 Forbidden",
        b"HTTP/1.1 404 Not Found",
        b"HTTP/1.1 412 Precondition Failed",
        b"HTTP/1.1 500 connection refused",
        b"HTTP/1.1 503 Busy",
        b"HTTP/1.1 999 ?",
        b"HTTP/1.1 200 \xff\xfe\x00",
        b"HTTP/2 200",
        b"ICY 200 OK",
        b"SSH-2.0-dropbear",
        b"",
    ]
)
LINES = st.sampled_from(
    [
        b"Content-Length: 3",
        b"Content-Length: 0",
        b"Content-Length: -1",
        b"Content-Length: +5",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Content-Encoding: gzip",
        b"Content-Encoding: deflate",
        b"Content-Encoding: br",
        b"Content-Encoding: zstd",
        b"Content-Encoding: nonsense",
        b"Content-Type: text/html; charset=\xff",
        b"Content-Type: ;;;=",
        b"Set-Cookie: a=b; Domain=example; Max-Age=x",
        b"Set-Cookie: \x01=\xff; Expires=never",
        b"Location: //example.invalid",
        b"Connection: Upgrade\r\nUpgrade: websocket",
        b"Connection: keep-alive",
        b"Link: <",
        b" folded",
        b"no colon",
        b": no name",
        b"\x00: \xff",
        b"X: " + b"a" * 70_000,
        b"\r\n".join(b"X%d: 1" % number for number in range(2000)),
    ]
)
TOLD = st.sampled_from(
    [
        b"131",
        b"132",
        b"135",
        b"136",
        b"23",
        b"45",
        b'"S"',
        b'"E"',
        b"S",
        b'"Code":23.0',
        b'"Code":"135"',
        b"socket connect failed",
        b"over max connect",
        b"bosminer",
        b"null",
        b"\\ud800",
    ]
)
"""Words that mean something."""


def words(case: Exchange) -> st.SearchStrategy[bytes]:
    """Return words that mean something, and those that nobody should say again."""
    private = [word.encode() for word in sorted(wire.sent(case))]
    return TOLD | st.sampled_from(private) if private else TOLD


def framed(head: bytes, body: bytes) -> bytes:
    """Return an HTTP answer whose length is right."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + HEAD_END + body


@st.composite
def heads(draw: st.DrawFn, answer: bytes) -> bytes:
    """Change the head of an HTTP answer."""
    head, _, body = answer.partition(HEAD_END)
    first, *lines = head.split(b"\r\n")
    if draw(st.booleans()):
        first = draw(FIRST_LINES)
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()) and lines:
            del lines[draw(st.integers(0, len(lines) - 1))]
        lines.insert(draw(st.integers(0, len(lines))), draw(LINES))
    return b"\r\n".join([first, *lines]) + HEAD_END + body


@st.composite
def said(draw: st.DrawFn, case: Exchange, answer: bytes) -> bytes:
    """Change what an answer says, so that it still reads as one."""
    if answer.startswith(b"HTTP/"):
        head, _, body = answer.partition(HEAD_END)
        if draw(st.booleans()):
            head = head.replace(head.split(b"\r\n", 1)[0], draw(FIRST_LINES), 1)
        if draw(st.booleans()):
            some: list[bytes] = draw(st.lists(words(case), max_size=3))
            return framed(head, b" ".join(some))
        return framed(head, values(draw, body))
    inner, key = wire.plain(case, answer), wire.key_of(case)
    if inner != answer and key is not None and draw(st.booleans()):
        changed = values(draw, inner).decode()
        return json.dumps({"enc": crypto.encrypt(key, changed)}).encode()
    return values(draw, inner)


@st.composite
def wild(draw: st.DrawFn, case: Exchange, answer: bytes) -> bytes:
    """Change any bytes, or put in words that mean something, or that nobody should say again."""
    if draw(st.booleans()):
        return pieces(draw, answer)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(answer)))
        end = min(len(answer), start + draw(st.integers(0, 12)))
        answer = answer[:start] + draw(words(case)) + answer[end:]
    return answer


@st.composite
def changed(draw: st.DrawFn, seed: Exchange) -> Exchange:
    """Return the same exchange with some of its answers changed."""
    answers = dict(seed.answers)
    names = sorted(answers)
    if seed.job not in {PROBE, "read"}:
        # What a device does is read as it is: the command shall be what goes wrong.
        names = [name for name in names if wire.is_login(name) or wire.is_write(name)]
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(names))
        each = list(answers[name])
        place = draw(st.integers(0, len(each) - 1))
        honest = each[place]
        ways = [
            wild(seed, honest),
            said(seed, honest),
            st.just(honest[: draw(st.integers(0, 400))]),
        ]
        if seed.make == "braiins":
            ways.append(heads(honest))
        each[place] = draw(st.one_of(ways))
        # And then the usual again, as from a device that comes to its senses.
        answers[name] = tuple(each + [honest] * draw(st.integers(0, 1)))
    return Exchange(make=seed.make, job=seed.job, answers=answers)


def keep(case: Exchange) -> None:
    """Write down what did harm; the last one written is the smallest."""
    if not os.environ.get("ASIC_MINER_FUZZ_KEEP"):
        return
    digest = hashlib.sha256(case.to_json().encode()).hexdigest()[:12]
    (FOUND / f"{case.make}-{case.job}-{digest}.json").write_text(case.to_json())


@pytest.mark.parametrize(("make", "job"), SEEDS)
@pytest.mark.timeout(0)
def test_invented_exchanges(make: str, job: str) -> None:
    """Only errors of our own, no command again or done for nothing, no secret, and an end."""
    outcomes: Counter[str] = Counter()

    with asyncio.Runner() as runner:
        seed = runner.run(wire.known(make, job))
        stage_of = Stage.set()
        stage = runner.run(stage_of.__aenter__())

        @LENGTH
        @given(case=changed(seed))
        def trial(case: Exchange) -> None:
            try:
                outcomes[runner.run(asyncio.wait_for(stage.tried(case), SECONDS))] += 1
            except BaseException:
                # Whatever it is, a time-out too, the case is kept, and raised on.
                keep(case)
                raise

        try:
            assert runner.run(stage.tried(seed)) == "done", "as it is, it goes well"
            trial()
        finally:
            runner.run(stage_of.__aexit__(None, None, None))
    # Otherwise nothing was tried but one way to fail.
    assert len(outcomes) > 1, outcomes


@pytest.mark.parametrize(
    ("answer", "taken", "refused"),
    [
        (b'{"STATUS":"S","When":1700023500,"Code":131,"Msg":"API command OK"}', True, False),
        (b'{"STATUS":"E","When":1700131134,"Code":132,"Msg":"S"}', False, False),
        (b'{"STATUS":[{"STATUS":"E","When":1700131235,"Code":135,"Msg":"token"}]}', False, True),
        (b'{"STATUS": null, "Code": "1.31e2",}\0{"Code":23.0}', True, True),
        (b'{"STATUS":"E","When":1700023135,"Code":45,"Msg":"at 23"}', False, False),
        (b'{"STATUS":"\nS"', True, False),
        (b'{"STATUS":"E","When":1700000000,"Code":131}', False, False),
        (b'{"STATUS":"S","When":1700000000,"Code":"E"}', True, False),
        (b"SUCCESS 131 135", False, False),
        (b"", False, False),
    ],
)
async def test_what_a_whatsminer_says(answer: bytes, *, taken: bool, refused: bool) -> None:
    """Whoever judges goes by status and code, not by a time, a key or a word that looks so."""
    seed = await wire.known("whatsminer", "pause")
    (honest,) = [each for name, (each, *_) in seed.answers.items() if wire.is_write(name)]
    assert wire.taken(seed, honest)
    assert not wire.refused(seed, honest)
    assert wire.taken(seed, answer) is taken
    assert wire.refused(seed, answer) is refused


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_found(path: Path) -> None:
    """What once did harm does none any more."""
    case = Exchange.from_json(path.read_text())

    async def again() -> None:
        await wire.known(case.make, case.job)
        async with Stage.set() as stage:
            await stage.tried(case)

    with asyncio.Runner() as runner:
        runner.run(asyncio.wait_for(again(), SECONDS))


@pytest.mark.parametrize("make", ["whatsminer", "braiins"])
async def test_every_cut(make: str) -> None:
    """An answer to a command that breaks off, wherever that is, is never taken for one."""
    seed = await wire.known(make, "pause")
    ((name, (honest,)),) = [item for item in seed.answers.items() if wire.is_write(item[0])]
    whole = honest.rstrip(b"\0\n")
    async with Stage.set() as stage:
        for length in range(len(whole)):
            answers = {**seed.answers, name: (honest[:length],)}
            case = Exchange(make=make, job="pause", answers=answers)
            # What came of it is looked for; to see it not come takes its time each time.
            assert await stage.tried(case) == "UnconfirmedError", length
            assert len([True for asked, _ in stage.asked if asked == name]) == 1
        assert await stage.tried(seed) == "done"


@pytest.mark.parametrize("status", ["S", "E", "F", "W", "", None, 0])
async def test_every_result(status: str | int | None) -> None:
    """Of all that a WhatsMiner can give as status and code, some mean done, and some again."""
    seed = await wire.known("whatsminer", "pause")
    key = wire.key_of(seed)
    assert key is not None
    async with Stage.set() as stage:
        for code in (131, 134, 23, 135, 14, 24, 45, 132, 136, 137, 0, "131", "135", None):
            # A time with the digits of all of them.
            result = {"STATUS": status, "When": 1700131235, "Code": code, "Msg": "S"}
            answer = json.dumps({"enc": crypto.encrypt(key, json.dumps(result))}).encode()
            case = replace(seed, answers={**seed.answers, wire.SEALED: (answer,)})
            outcome = await stage.tried(case)
            named = isinstance(status, str)
            done = status == "S" if named else code in {131, 134, "131"}
            assert (outcome == "done") is done, code
            failed = status in {"E", "F"} if named else not done
            twice = failed and code in {23, 135, "135"}
            sent = [True for asked, _ in stage.asked if asked == wire.SEALED]
            assert len(sent) == (2 if twice else 1), code

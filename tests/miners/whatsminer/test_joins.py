"""Joined requests: used where a device has proved them, and nowhere else."""

import dataclasses

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import JsonValue, MinerState
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.whatsminer import PRESETS
from tests.simulators.whatsminer import Wire as Fault

from .bench import Bench, bench
from .devices import DEVS, DOWN, DOWN_TEXT, SUMMARY, VERSION_20, miner, newer, rows
from .scripted import Answer, Wire, envelope, error

JOIN = "summary+edevs"
PARTS: dict[str, object] = {
    "summary": [envelope(SUMMARY)],
    "edevs": [rows("DEVS", [dict(board) for board in DEVS])],
    "id": 1,
}
LIVE = ["status", "summary", "edevs"]


def refuse_joins(b: Bench) -> None:
    """Be a firmware that does not know them."""
    b.miner.device.preset = dataclasses.replace(b.miner.device.preset, joins=False)


async def connections(b: Bench, client: WhatsminerClient) -> int:
    """Return how many connections a live poll takes."""
    before = b.miner.connections
    seen = await client.read(slow=False)
    assert seen.state is MinerState.MINING
    assert len(seen.boards) == PRESETS[b.miner.device.preset.name].nameplate.boards
    assert b.miner.max_open_connections == 1
    return b.miner.connections - before


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"M20S-2019"}))
async def test_connections(preset: str) -> None:
    """One less after the proof, and none where it fails; the values are the same."""
    async with bench(preset) as b:
        client = b.client(None)
        await client.identify()
        assert await connections(b, client) == 3
        # Not where averages are all that it tells, or where a liquid's temperature comes with it.
        kept = preset not in {"M30S-2020", "M63S"}
        assert await connections(b, client) == 3 - kept
        single = await client.read(slow=True)
        assert await connections(b, client) == 2 - kept
        joined = await client.read(slow=True)
        assert joined == single
    async with bench(preset) as b:
        refuse_joins(b)
        client = b.client(None)
        await client.identify()
        for _ in range(3):
            await client.read(slow=True)
            assert await connections(b, client) == 3 - kept
        assert b.miner.commands.count(JOIN) == 1


async def test_proof_is_remembered() -> None:
    """Over a restart of the caller, both ways, and only for the same firmware."""
    for answers in (True, False):
        async with bench("M50S") as b:
            if not answers:
                refuse_joins(b)
            client = b.client(None)
            await client.identify()
            await client.read(slow=True)
            kept = client.memory
            assert kept["joins"] == {"firmware": PRESETS["M50S"].firmware, "answered": answers}
            trials = b.miner.commands.count(JOIN)
            for new_firmware in (False, True):
                if new_firmware:
                    b.miner.change_firmware("M60S")
                again = WhatsminerClient(b.miner.host, b.miner.port, Credentials(), memory=kept)
                await again.identify()
                proved = answers and not new_firmware
                assert await connections(b, again) == (2 if proved else 3)
            assert b.miner.commands.count(JOIN) == trials + answers


async def test_no_joins_before_the_firmware_is_known() -> None:
    """What is remembered may be of another one."""
    async with bench("M60S") as b:
        kept: dict[str, JsonValue] = {
            "joins": {"firmware": PRESETS["M60S"].firmware, "answered": True}
        }
        client = WhatsminerClient(b.miner.host, b.miner.port, Credentials(), memory=kept)
        assert await connections(b, client) == 3
        await client.read(slow=True)
        assert JOIN not in b.miner.commands


async def test_update_of_the_firmware() -> None:
    """The next one has to prove it anew."""
    script = newer(
        get_version=[envelope({**VERSION_20, "fw_ver": f"2023091{n}.12.Rel"}) for n in (1, 2)],
        **{JOIN: (PARTS, PARTS, error(14))},
    )
    async with miner(script) as (device, client):
        await client.read(slow=True)
        device.requests.clear()
        await client.read(slow=False)
        await client.identify()
        await client.read(slow=False)
        asked = [name for name in device.commands if name in (*LIVE, JOIN)]
        assert asked == [JOIN, *LIVE]
        await client.read(slow=True)
        assert client.memory["joins"] == {"firmware": "20230912.12.Rel", "answered": False}


@pytest.mark.parametrize(
    "answer",
    [
        error(14, "invalid cmd"),
        error(45, "can't join write cmd"),
        error(132),
        {},
        {"id": 1},
        "[]",
        b"{",
        Wire.CLOSE,
        Wire.RESET,
        envelope(SUMMARY),
        {**PARTS, "edevs": []},
        {**PARTS, "edevs": PARTS["edevs"][0]},  # type: ignore[index]  # a list, as all parts are
        {**PARTS, "edevs": [error(14)]},
        {**PARTS, "edevs": [rows("DEVS", [dict(board) for board in DEVS[:2]])]},
        {**PARTS, "edevs": [rows("DEVS", [{"Slot": n} for n in range(3)])]},
        {**PARTS, "summary": [envelope({})]},
        {**PARTS, "summary": [envelope({"HS RT": 1})]},
        {**PARTS, "summary": [envelope("x")]},
        {**PARTS, "summary": [envelope(SUMMARY), envelope(SUMMARY)]},
    ],
)  # fmt: skip
async def test_anything_else_is_a_refusal(answer: Answer) -> None:
    """It is not tried a second time, and the poll that tried it has all its values."""
    async with miner(newer(**{JOIN: answer})) as (device, client):
        for _ in range(3):
            seen = await client.read(slow=True)
            assert (seen.hashrate, len(seen.boards), seen.locate) == (186.0, 3, False)
        assert device.commands.count(JOIN) == 1


async def test_silence_is_a_refusal() -> None:
    """It costs what is left of one poll."""
    async with miner(newer(**{JOIN: Wire.HANG})) as (device, client):
        seen = await client.read(slow=True, seconds=4.0)
        assert (seen.hashrate, seen.locate) == (186.0, False)
        await client.read(slow=True, seconds=4.0)
        assert device.commands.count(JOIN) == 1


async def test_too_late_for_a_trial() -> None:
    """A poll without air does not try; the next one may."""
    async with miner(newer(**{JOIN: PARTS})) as (device, client):
        await client.read(slow=True, seconds=2.5)
        assert JOIN not in device.commands
        await client.read(slow=True)
        assert device.commands.count(JOIN) == 1


@pytest.mark.parametrize(
    "answer",
    [
        envelope("over max connect", 132, "E"),
        DOWN,
        {**PARTS, "edevs": [DOWN_TEXT]},
        {**PARTS, "edevs": ["btminer process is down err"]},
    ],
)
async def test_what_says_nothing_about_joins(answer: Answer) -> None:
    """Busy, or no mining process: tried again another time."""
    async with miner(newer(**{JOIN: [answer, PARTS]})) as (device, client):
        for _ in range(3):
            await client.read(slow=True)
        assert device.commands.count(JOIN) == 3
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == [JOIN]


@pytest.mark.parametrize("answer", [error(14), {}, b"{", Wire.CLOSE, Wire.RESET, Wire.HANG])
async def test_join_that_fails_later(answer: Answer) -> None:
    """The same poll asks singly and loses nothing; then it has to be proved anew."""
    async with miner(newer(**{JOIN: [PARTS, PARTS, answer, PARTS]})) as (device, client):
        await client.read(slow=True)
        device.requests.clear()
        await client.read(slow=False)
        # A poll that has to wait for silence leaves time for asking singly.
        seen = await client.read(slow=False, seconds=4.0)
        assert (seen.hashrate, len(seen.boards), seen.state) == (186.0, 3, MinerState.MINING)
        assert device.commands == [JOIN, JOIN, *LIVE]
        assert "joins" not in client.memory
        await client.read(slow=False)
        # A device that was slow is asked for its status, too.
        assert device.commands[len(LIVE) + 2 :] == LIVE[answer is not Wire.HANG :]
        await client.read(slow=True)
        device.requests.clear()
        await client.read(slow=False)
        assert device.commands == [JOIN]


@pytest.mark.parametrize("preset", ["M60S", "M30S++", "M56S"])
async def test_mining_process_away(preset: str) -> None:
    """A join without it tells nothing; the state is known all the same."""
    async with bench(preset) as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        await client.restart_mining()
        b.pass_time(1)
        seen = await client.read(slow=False)
        assert seen.state is MinerState.RESTARTING
        b.pass_time(3600)
        await client.read(slow=True)
        # With its status, since it was told to do something a moment ago.
        assert await connections(b, client) == 2


async def test_lost_device() -> None:
    """A connection that breaks while a join is under way is like any other."""
    async with bench("M60S") as b:
        client = b.client()
        await client.identify()
        await client.read(slow=True)
        b.miner.faults.wire, b.miner.faults.wire_commands = Fault.RESET, {JOIN}
        assert await connections(b, client) == 4
        b.miner.faults.wire = None
        assert await connections(b, client) == 2

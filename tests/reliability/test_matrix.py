"""Every trouble, with both makes, in every situation, on real sockets.

One test is one row and make: a miner behind a hostile stretch of network is added, set up,
polled, unloaded and commanded while the trouble lasts, and each time after it. A miner of
each make in the same Home Assistant is read all the while and notices nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import asynccontextmanager, nullcontext
import logging
import time
from typing import override

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.asic_miner.const import DOMAIN
from tests.integration.conftest import Miner, add_through_flow
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock

from . import cells
from .gate import HEALTHY, Flood, Gate, OnlyWrites, Silent
from .limits import SHORT, brisk, hurried
from .losses import BACK, LOST, Losses, quiet
from .neighbours import BOUND, NOTHING, TIMES, Neighbours, same
from .troubles import OTHER_PASSWORD, STRANGER, TROUBLES, Trouble

pytestmark = pytest.mark.usefixtures("one_time")

LONGEST_TAKEN = 2_000_000
"""Bytes of one answer that may be taken: 1 MB is read, and buffers of the kernel hold some more."""


def cases() -> Iterator[object]:
    """Return each row once for each make that can have it."""
    for trouble in TROUBLES:
        for make in trouble.makes:
            yield pytest.param(trouble, make, id=f"{make}-{trouble.name}")


class Trial:
    """One miner in trouble."""

    def __init__(
        self,
        hass: HomeAssistant,
        device: SimulatedMiner,
        gate: Gate,
        trouble: Trouble,
        make: str,
        clock: ManualClock,
        neighbours: Neighbours,
    ) -> None:
        """Begin without trouble."""
        self.hass = hass
        self.device = device
        self.gate = gate
        self.trouble = trouble
        self.make = make
        self.clock = clock
        self.neighbours = neighbours
        self.miner: Miner | None = None
        self.normal: dict[str, str] = {}
        self._lasts = False
        self._writes_before = 0

    @asynccontextmanager
    async def begun(self) -> AsyncGenerator[None]:
        """Have the trouble for a while, and all as before after it."""
        await self.gate.go(self.trouble.way(self.device))
        slow = self.trouble.slow
        with hurried() if slow else nullcontext(), self.trouble.in_device(self.device):
            self._lasts = True
            async with self.neighbours.read_meanwhile(hurried=slow):
                yield
            self._lasts = False
            if isinstance(flood := self.gate.way, Flood):
                assert 0 < flood.most <= LONGEST_TAKEN
            await self.gate.go(HEALTHY)

    async def within(self, situation: str, doing: Awaitable[str]) -> str:
        """Have something end in time, and note for the table how it ended. Returns it, too."""
        began = time.monotonic()
        async with asyncio.timeout(BOUND):
            outcome = await doing
        cells.note(self.trouble.name, self.make, situation, outcome, time.monotonic() - began)
        return outcome

    # The five situations

    async def flow(self) -> str:
        """Add the miner in a form, which shows what is wrong and goes on after it."""
        flows = self.hass.config_entries.flow
        flow = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
        address = {"host": self.gate.host, "advanced": {"port": self.gate.port}}
        async with self.begun():
            step = await flows.async_configure(flow["flow_id"], address)
            told = step.get("errors") or {}
            if step["type"] is FlowResultType.FORM and step["step_id"] == "credentials":
                step = await flows.async_configure(
                    flow["flow_id"], {"password": self.right_password()}
                )
                told = step.get("errors") or {}
            if step["type"] is FlowResultType.CREATE_ENTRY:
                assert self.trouble.answers, "added although nothing certain is known of it"
                return await self._added(step["result"])
        assert step["type"] is FlowResultType.FORM, step
        assert told, "nothing is said of what is wrong"
        if self.trouble.name.startswith("reboot"):
            await self._boot()
        if step["step_id"] == "user":
            step = await flows.async_configure(flow["flow_id"], address)
            assert step["type"] is FlowResultType.FORM, step
            assert step["step_id"] == "credentials", step
        step = await flows.async_configure(flow["flow_id"], {"password": self.device.password})
        assert step["type"] is FlowResultType.CREATE_ENTRY, step
        await self._added(step["result"])
        return "form: " + ", ".join(str(value).replace("_", " ") for value in told.values())

    def right_password(self) -> str:
        """Return the password that its owner believes to be right."""
        changed = self.device.password == OTHER_PASSWORD
        return "miner_01" if changed else self.device.password

    async def _added(self, entry: ConfigEntry) -> str:
        await self.hass.async_block_till_done()
        expected = STRANGER if "another" in self.trouble.name else self.device.mac
        if entry.unique_id == expected != self.device.mac:
            # The stranger is a miner like any other; ours is added after it.
            await self.hass.config_entries.async_remove(entry.entry_id)
            await self.gate.go(HEALTHY)
            self.trouble.end(self.device)
            entry = await add_through_flow(self.hass, Behind(self.gate))
            self.miner = Miner(self.hass, self.device, entry)
            return "added as the miner it is"
        assert entry.unique_id == self.device.mac
        self.miner = Miner(self.hass, self.device, entry)
        return "added"

    @property
    def added(self) -> Miner:
        """The miner, once there is one."""
        assert self.miner is not None
        return self.miner

    async def polling(self) -> str:
        """Poll twice, everything of it."""
        writes = self.gate.write_requests
        async with self.begun():
            outcome = ""
            for _ in range(2):
                await self.added.poll(slow=True)
                outcome = self.shown()
            assert self.gate.again or not self.gate.way.keeps, "no connection was used again"
        assert self.gate.write_requests == writes, "polling commands nothing"
        if self.trouble.mended:
            assert outcome == "right"
        return outcome

    async def unload(self) -> str:
        """Unload in the middle of a poll."""
        entry = self.added.entry
        async with self.begun():
            self.gate.answers.clear()
            poll = self.hass.async_create_task(entry.runtime_data.async_refresh())
            asked = asyncio.create_task(self.gate.received.wait())
            # Where nobody is there to be asked, it waits for a connection, if for anything.
            most = SHORT / 3 if self.gate.way.drops else BOUND
            await asyncio.wait({poll, asked}, timeout=most, return_when=asyncio.FIRST_COMPLETED)
            asked.cancel()
            ended = poll.done()
            assert self.gate.way.drops or ended is not self.gate.way.listens
            unload = asyncio.create_task(self.hass.config_entries.async_unload(entry.entry_id))
            # It has begun when the answer, such as it is, comes.
            await asyncio.sleep(0)
            self.gate.answers.set()
            assert await unload
            assert entry.state is ConfigEntryState.NOT_LOADED
            await poll
            await self.hass.async_block_till_done()
        return "between polls" if ended else "while it waits"

    async def setup(self) -> str:
        """Set up what has been added before."""
        entry = self.added.entry
        before = self.added.entity_keys()
        async with self.begun():
            await self.hass.config_entries.async_setup(entry.entry_id)
            await self.hass.async_block_till_done()
            state = entry.state
            if self.trouble.login and state is ConfigEntryState.SETUP_ERROR:
                assert any(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH}))
                state = ConfigEntryState.SETUP_RETRY
            assert state in {ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY}, state
            assert self.added.entity_keys() == before, "no entity comes or goes"
            outcome = (
                self.shown()
                if state is ConfigEntryState.LOADED
                else "asks for the login"
                if entry.state is ConfigEntryState.SETUP_ERROR
                else "tried again"
            )
        if state is not ConfigEntryState.LOADED:
            assert await self.hass.config_entries.async_reload(entry.entry_id)
            await self.hass.async_block_till_done()
        return outcome

    async def action(self) -> str:
        """Stop mining, once."""
        writes = self.gate.write_requests
        self._writes_before = self._writes()
        async with self.begun():
            most = 2 if self.gate.way.reaches else 4
            try:
                await self.added.call("switch.turn_off", "mining")
            except HomeAssistantError as error:
                outcome = (error.translation_key or "no words").replace("_", " ")
            else:
                outcome = "done"
                if self.trouble.inside and not self.executed():
                    # To a clock that has jumped, what was read last is of long ago.
                    await self.added.poll()
                    await self.hass.async_block_till_done(wait_background_tasks=True)
                    outcome = "done after the next reading"
                if not self.trouble.stops:
                    assert self.device.truth()["mining"] is False, "silence is not success"
            assert outcome != "no words"
            await self.hass.async_block_till_done()
        done = self.executed()
        assert done <= 1, "executed twice"
        assert outcome == "done" or self.trouble.inside or not self.trouble.mended
        # A refused session is renewed, and what the mining process refuses while it restarts
        # is tried again, since neither was executed.
        assert self.gate.write_requests - writes <= most
        return f"{outcome}, {'executed' if done else 'not executed'}"

    def _writes(self) -> int:
        return int(self.device.truth()["writes"] or 0)

    def executed(self) -> int:
        """Return how many commands the device has executed since it was told to stop."""
        return self._writes() - self._writes_before

    # What must hold

    def shown(self) -> str:
        """Look at every state: what is there is right, everything else is not shown."""
        states = self.added.states()
        known = {key: value for key, value in states.items() if value not in NOTHING}
        wrong = {
            key: (self.normal[key], value)
            for key, value in known.items()
            if key in self.normal and not self._right(key, value)
        }
        assert not wrong, wrong
        if not known:
            return "unavailable" if set(states.values()) == {STATE_UNAVAILABLE} else "unknown"
        complete = all(self.normal[k] in NOTHING or k in known for k in self.normal)
        return "right" if complete else "right or unknown"

    def _right(self, key: str, value: str) -> bool:
        if self.trouble.times and any(name in key for name in TIMES):
            return True
        if self.trouble.stops and key in {"hashrate", "power", "mining", "state", "efficiency"}:
            return True
        said = self.trouble.states if self._lasts else {}
        return same(key, value, said.get(key, self.normal[key]))

    async def well(self) -> None:
        """All that was there before is there again, and right."""
        for _ in range(2):
            await self.added.poll(slow=True)
        states = self.added.states()
        gone = {k for k, v in self.normal.items() if v not in NOTHING and states[k] in NOTHING}
        assert not gone, gone
        assert self.shown() == "right"

    async def _boot(self) -> None:
        """Give it the mains back, and the minutes that it takes to be there again."""
        await self.device.plug()
        for _ in range(60):
            self.clock.advance(10)
            await asyncio.sleep(0.01)
        self.device.truth()


class Behind(SimulatedMiner):
    """A device as it is seen through a gate."""

    def __init__(self, gate: Gate) -> None:
        """Take over what a form asks for."""
        self.host, self.port = gate.host, gate.port
        self.mac, self.password = gate.device.mac, gate.device.password

    @override
    async def start(self) -> None:
        """Nothing: the gate listens."""

    @override
    async def stop(self) -> None:
        """Nothing: the gate listens."""

    @override
    def power_cycled(self) -> None:
        """Nothing: the device itself is not here."""

    @override
    def truth(self) -> dict[str, str | float | bool | None]:
        """Return nothing: the device itself is not here."""
        return {}


@pytest.mark.parametrize(("trouble", "make"), cases())
async def test_trouble(
    trouble: Trouble,
    make: str,
    hass: HomeAssistant,
    device: SimulatedMiner,
    neighbours: Neighbours,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No traceback, no wrong value, no second write, an end in time, and all well after it."""
    caplog.set_level(logging.INFO)
    async with Gate(device, http=make == "braiins") as gate:
        with brisk():
            trial = Trial(hass, device, gate, trouble, make, clock, neighbours)
            await trial.within("flow", trial.flow())
            if trial.added.entry.state is not ConfigEntryState.LOADED:
                assert await hass.config_entries.async_reload(trial.added.entry.entry_id)
                await hass.async_block_till_done()
            await trial.added.poll(slow=True)
            trial.normal = trial.added.states()
            assert trial.added.number("hashrate") > 0
            name = trial.added.entry.runtime_data.name
            losses = Losses(caplog, name)
            polled = await trial.within("polling", trial.polling())
            await trial.well()
            assert losses.told() == ([LOST, BACK] if polled == STATE_UNAVAILABLE else [])
            await trial.within("unload", trial.unload())
            # Nobody reads it then, so nobody can tell that it is back.
            assert losses.told() in ([], [LOST])
            set_up = await trial.within("set-up", trial.setup())
            await trial.well()
            # That it cannot be read at once is no loss; it is shown as unavailable.
            assert losses.told() == ([BACK] if set_up == STATE_UNAVAILABLE else [])
            await trial.within("action", trial.action())
            await recovered(trial)
            assert losses.told() in ([], [LOST, BACK])
            neighbours.untouched()
    quiet(caplog, OTHER_PASSWORD, name, *(neighbours.names if trouble.slow else ()))


@pytest.mark.parametrize("make", ["whatsminer", "braiins"])
async def test_stopped_in_the_middle_of_a_write(
    make: str,
    hass: HomeAssistant,
    device: SimulatedMiner,
    neighbours: Neighbours,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Home Assistant ends while a command has no answer yet; after its start it just looks."""
    caplog.set_level(logging.INFO)
    trouble = Trouble(name="Home Assistant stopped in the middle of a write", answers=True)
    async with Gate(device, http=make == "braiins") as gate:
        trial = Trial(hass, device, gate, trouble, make, clock, neighbours)
        await trial.within("flow", trial.flow())
        writes = gate.write_requests
        trial._writes_before = trial._writes()
        await gate.go(OnlyWrites(Silent()))
        command = hass.async_create_task(trial.added.call("switch.turn_off", "mining"))
        async with asyncio.timeout(BOUND):
            while gate.write_requests == writes or not trial.executed():
                await asyncio.sleep(0.01)
        command.cancel()
        entry_id = trial.added.entry.entry_id

        async def stop() -> str:
            async with neighbours.read_meanwhile(hurried=False):
                assert await hass.config_entries.async_unload(entry_id)
                await asyncio.gather(command, return_exceptions=True)
            return "cancelled, executed"

        await trial.within("action", stop())
        await gate.go(HEALTHY)

        async def start() -> str:
            async with neighbours.read_meanwhile(hurried=False):
                assert await hass.config_entries.async_setup(entry_id)
                await hass.async_block_till_done()
            await recovered(trial)
            return "as the miner is"

        await trial.within("set-up", start())
        assert gate.write_requests == writes + 1
        neighbours.untouched()
    # Ended by a reload or a stop, not lost: nothing is told as an error.
    quiet(caplog, device.password)


async def recovered(trial: Trial) -> None:
    """After the command what Home Assistant shows is what the device does."""
    if trial.trouble.name.startswith("reboot"):
        await trial._boot()
    for _ in range(4):
        # A pause takes some seconds. What was refused may be sent later, by the guard that
        # keeps the wish; what was executed may not be sent again.
        trial.clock.advance(10)
        await trial.added.poll(slow=True)
        await trial.hass.async_block_till_done(wait_background_tasks=True)
    mining = trial.device.truth()["mining"]
    assert trial.added.state("mining") == ("on" if mining else "off")
    # A reboot starts it again by itself, and off is to stay off. To a clock that has jumped ahead
    # a miner that still draws power has had all the time it needs to stop, and is told again.
    again = trial.trouble.inside or trial.trouble.name.startswith("reboot")
    most = 2 if again else 1
    assert trial.executed() <= most, "executed again"
    assert STATE_UNAVAILABLE not in trial.added.states().values()

"""The device on the network: its port, its connections, and what tests may ask of it."""

import asyncio
import contextlib
import dataclasses
from random import Random
import socket
import time
from typing import override

from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import Clock, RunningClock
from tests.simulators.whatsminer.access import Access
from tests.simulators.whatsminer.commands import Commands
from tests.simulators.whatsminer.device import Device
from tests.simulators.whatsminer.exchange import TICK, Exchange, SilenceError, close
from tests.simulators.whatsminer.faults import Faults
from tests.simulators.whatsminer.presets import PRESETS, Preset
from tests.simulators.whatsminer.replies import Replies

SILENCE = 10.0
"""Seconds after which a device closes a connection that says nothing."""
BACKLOG = 32
"""Connections the kernel holds before we take them."""
PASSWORD = "miner_01"
"""Of a device whose owner has changed it, as writing demands. Eight characters are the most."""


class WhatsminerSimulator(SimulatedMiner):
    """One WhatsMiner on one address, speaking the API of port 4028.

    Simulated time only moves what it passes: after moving a ManualClock, call `refresh`
    where a test needs the device to have noticed before it is next asked (a rebooting device
    opens its port again only when it notices that time has passed).
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        preset: str = "M60S",
        clock: Clock | None = None,
        seed: int = 0,
        password: str = PASSWORD,
        mac: str | None = None,
        write_enabled: bool = True,
        epoch: float | None = None,
    ) -> None:
        """Be a device that has been mining for hours.

        `preset` names one of PRESETS (KeyError otherwise). `epoch` is the time of day at
        simulated second 0; None takes today's. `mac` None derives one from the seed.
        """
        self.host = host
        self.port = port
        self.clock: Clock = RunningClock() if clock is None else clock
        now = self.clock.now()
        self.epoch = time.time() - now if epoch is None else epoch
        self.faults = Faults()
        self.device = Device(PRESETS[preset], self.faults, seed=seed, now=now)
        self.access = Access(
            self.device.preset, password=password, seed=seed, enabled=write_enabled
        )
        self.mac = (_mac(self.device.preset, seed) if mac is None else mac).lower()
        self.replies = Replies(self.device, mac=self.mac, host=host, epoch=self.epoch)
        self.executing = Commands(self.device, self.access)
        self.max_connections = 16
        """More at once are told that they are too many."""
        self.silence_limit = SILENCE * (clock.speed if isinstance(clock, RunningClock) else 1.0)
        """Simulated seconds. Clients live in real time: who runs fast does not hang up sooner."""
        self.connections = 0
        """Connections taken since the simulator was made."""
        self.open_connections = 0
        self.max_open_connections = 0
        self.commands: list[str] = []
        """Names of all commands received, joined ones as they came, never their arguments."""
        self.tokens_issued = 0
        self.writes = 0
        """Writing commands executed."""
        self._socket: socket.socket | None = None
        self._stopper: socket.socket | None = None
        """Fills the queue of connections, so that further ones wait without an answer."""
        self._listening = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._plugged = True

    # --- SimulatedMiner -----------------------------------------------------------------

    @property  # type: ignore[explicit-override]  # mypy overlooks it on settable properties
    @override
    def password(self) -> str:
        """The admin password as it is now; setting it makes all tokens void."""
        return self.access.password

    @password.setter
    @override
    def password(self, password: str) -> None:
        self.access.change(password)

    @override
    async def start(self) -> None:
        self._socket = self._bound()
        self.port = self._socket.getsockname()[1]
        self.refresh()
        self._watch_boot()

    @override
    async def stop(self) -> None:
        self._close_port()
        self._unstop()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        tasks = [*self._tasks, *([self._watch] if self._watch is not None else [])]
        self._watch = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @override
    async def unplug(self) -> None:
        self.refresh()
        self._plugged = False
        self.device.lose_power()
        await super().unplug()

    @override
    def power_cycled(self) -> None:
        self.device.advance(self.clock.now())
        self._plugged = True
        self.access.forget()
        self.device.reboot()
        self.refresh()

    @override
    def truth(self) -> dict[str, str | float | bool | None]:
        self.refresh()
        device, settings = self.device, self.device.settings
        return {
            "model": device.preset.model,
            "mac": self.replies.mac.lower(),
            "mining": self._plugged and device.set_to_mine,
            "hashrate": device.hashrate,
            "power": device.power if self._plugged else 0.0,
            "temperature": device.plant.chip_temperature,
            "locate": bool(device.leds),
            "pools": ", ".join(pool.url for pool in device.pools),
            "mining_restarts": device.mining_restarts,
            "writes": self.writes,
            "power_percent": 100 if device.percent is None else device.percent,
            "power_target": device.wanted_power,
            "power_limit": settings.power_limit,
            "power_mode": settings.power_mode,
            "state": str(device.state),
            "target_frequency": settings.target_frequency,
            "fast_boot": settings.fast_boot,
            "upfreq_speed": settings.upfreq_speed,
            "mine_at_boot": settings.mine_at_boot,
            "web_pools": settings.web_pools,
            "hostname": settings.hostname,
            "timezone": settings.timezone,
            "temp_offset": settings.temp_offset,
            "poweroff_cool": settings.poweroff_cool,
            "fan_zero_speed": settings.fan_zero_speed,
            "heat_mode": settings.heat_mode,
            "fast_mining": settings.fast_mining,
            "fast_hash": settings.fast_hash,
            "write_enabled": self.access.enabled,
        }

    # --- for tests ----------------------------------------------------------------------

    @property
    def images(self) -> list[bytes]:
        """Return the firmware images installed since the simulator was made."""
        return self.executing.system.images

    def refresh(self) -> None:
        """Let the device notice how late it is, and open or close its port accordingly."""
        self.device.advance(self.clock.now())
        self.replies.mac = self.faults.mac or self.mac
        if self._socket is None or self._listening == self.device.api_up:
            return
        if self.device.api_up:
            self._open_port()
        else:
            self._go_silent()

    def change_firmware(self, preset: str) -> None:
        """Run the firmware of another personality on the same hardware, as after an update."""
        other = PRESETS[preset]
        self.device.preset = dataclasses.replace(
            self.device.preset,
            generation=other.generation,
            api=other.api,
            api_text=other.api_text,
            firmware=other.firmware,
            down=other.down,
            ending=other.ending,
            joins=other.joins,
            token_timeout=other.token_timeout,
        )
        self.access.preset = self.device.preset

    # --- the port -----------------------------------------------------------------------

    def _bound(self) -> socket.socket:
        """Return a socket that holds the port and refuses connections until it listens."""
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.setblocking(False)
            made.bind((self.host, self.port))
        except OSError:
            made.close()
            raise
        return made

    def _open_port(self) -> None:
        if self._socket is None:
            return
        if self._stopper is not None:
            self._unstop()
            self._socket.close()
            self._socket = self._bound()
        self._socket.listen(BACKLOG)
        self._listening = True
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _close_port(self) -> None:
        if self._socket is not None and self._listening:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._listening = False

    def _go_silent(self) -> None:
        """Drop everybody and take no connections until the control board is up again."""
        if self._socket is None:
            return
        if self._listening:
            self._close_port()
            self._socket.close()
            self._socket = self._bound()
        if self.faults.dropped_while_booting and self._stopper is None:
            # A queue of length zero holds one; the kernel leaves all others without a word.
            self._socket.listen(0)
            self._stopper = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._stopper.setblocking(False)
            self._stopper.connect_ex(self._socket.getsockname())
        for task in self._tasks - {_current_task()}:
            task.cancel()
        self._watch_boot()

    def _unstop(self) -> None:
        if self._stopper is not None:
            self._stopper.close()
            self._stopper = None

    def _watch_boot(self) -> None:
        """Open the port by itself as soon as the control board is up."""
        if not self._listening and (self._watch is None or self._watch.done()):
            self._watch = asyncio.get_running_loop().create_task(self._await_boot())

    async def _await_boot(self) -> None:
        while self._socket is not None and not self._listening:
            await asyncio.sleep(TICK)
            self.refresh()

    def _accept(self) -> None:
        if self._socket is None:
            return
        try:
            connection, (address, _) = self._socket.accept()
        except BlockingIOError:
            return
        connection.setblocking(False)
        # Every piece that is sent alone shall also travel alone.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.get_running_loop().create_task(self._serve(connection, address))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- one connection -----------------------------------------------------------------

    async def _serve(self, connection: socket.socket, address: str) -> None:
        self.connections += 1
        self.open_connections += 1
        self.max_open_connections = max(self.max_open_connections, self.open_connections)
        crowded = self.open_connections > self.max_connections
        exchange = Exchange(self, connection, address)
        try:
            with contextlib.suppress(ConnectionError, SilenceError):
                await exchange.run(crowded=crowded)
            close(connection)
        finally:
            self.open_connections -= 1
            connection.close()


def _current_task() -> asyncio.Task[None] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _mac(preset: Preset, seed: int) -> str:
    """Return an address of the maker's prefix for the time the model was sold in."""
    tail = Random(f"mac{seed}").randbytes(3)
    prefix = "c4:11:04" if preset.legacy else "a0:5b:06"
    # The older ones are all 00 in the fourth place.
    first = "00" if preset.legacy else f"{tail[0]:02x}"
    return f"{prefix}:{first}:{tail[1]:02x}:{tail[2]:02x}"

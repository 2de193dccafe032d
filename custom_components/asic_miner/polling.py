"""Reads one miner again and again, and learns from what it says."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
import time
from typing import override

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .const import (
    CONF_CAPABILITIES,
    CONF_IDENTITY,
    CONF_MEMORY,
    CONF_POLL_SECONDS,
    DOMAIN,
    FAST_INTERVAL,
    FAST_SECONDS,
    IDENTITY_SECONDS,
    LIVE_INTERVAL,
    LOGGER,
    NOISE_SECONDS,
    OFF_INTERVAL,
    POLL_MARGIN_SECONDS,
    POLL_SECONDS,
    SLOW_SECONDS,
    SLOW_SECONDS_AFTER_COMMAND,
    UPTIME_TOLERANCE,
)
from .crowd import one_of_few, phases
from .errors import action_error, let_go, translation_key
from .issues import Issues
from .miners.client import MinerClient
from .miners.energy import EnergyMeter
from .miners.errors import (
    AuthenticationError,
    MinerError,
    MiningProcessDownError,
    UnreachableError,
    WrongMinerError,
)
from .miners.models import Capabilities, Identity, MinerState, Snapshot
from .miners.rejects import RejectMeter
from .restart import Restart, RestartWatch
from .stale import StaleParts, remove_parts
from .surroundings import UNPLUGGED, Surroundings


def _nothing() -> None:
    """Cancel what is not there."""


class MinerPolling(DataUpdateCoordinator[Snapshot]):
    """Everything Home Assistant knows of one miner comes from here."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, client: MinerClient) -> None:
        """Start from what the entry remembers; nothing is sent yet."""
        seconds = entry.options.get(CONF_POLL_SECONDS)
        self._live_interval = timedelta(seconds=seconds) if seconds else LIVE_INTERVAL
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=self._live_interval,
        )
        self.client = client
        self.identity = Identity.from_json(entry.data[CONF_IDENTITY])
        self.capabilities = Capabilities.from_json(entry.data[CONF_CAPABILITIES])
        self.energy = EnergyMeter()
        self._rejects = RejectMeter()
        # One poll or command at a time, from all who may ask for one.
        self._turn = asyncio.Lock()
        self._surroundings = Surroundings(hass, entry)
        self._stop_watching_plug = self._surroundings.async_on_plug(self._plug_switched)
        self.issues = Issues(hass, entry)
        self.stale = StaleParts()
        self._restart: RestartWatch | None = None
        self._transferring = False
        self._slow_due = 0.0
        self._identity_due = 0.0
        self._identity_checked_at = -1.0
        self._fast_until = 0.0
        self._uptime: int | None = None
        self._uptime_read_at = 0.0
        self._reads = 0
        self._cancel_read: CALLBACK_TYPE = _nothing
        self._begun = False
        self._live = False
        self.shows_all = True
        """Whether what has changed little since it was shown last is shown, too."""
        self._shows_all_next = 0.0
        self._shown_state: MinerState | None = None

    @property
    def last(self) -> Snapshot | None:
        """The last snapshot, None before the first."""
        return self.data

    def _now(self) -> float:
        """Return seconds of a clock that never goes backwards."""
        return self.hass.loop.time()

    def unix_time(self) -> float:
        """Return the time of day, which means something after a restart, too."""
        return time.time()

    # Polling

    @property
    def is_transferring(self) -> bool:
        """Tell whether the miner takes firmware now, and answers nobody else meanwhile."""
        return self._transferring

    @override
    async def _async_update_data(self) -> Snapshot:
        if self._transferring:
            self._count_at_wall()
            return Snapshot(state=MinerState.RESTARTING)
        # A miner that works on a command answers nobody else; that is no reason to call it
        # unreachable.
        async with self._turn:
            if self._begun:
                return await self._async_poll()
            self._begun = True
            async with one_of_few(self.hass):
                try:
                    return await self._async_poll()
                except UpdateFailed:
                    # Perhaps only because so much else happens while Home Assistant starts.
                    self.update_interval = FAST_INTERVAL
                    raise

    async def async_read_anew(self) -> None:
        """Ask at once who answers, and for all that it tells.

        Raises a translated HomeAssistantError when nothing is read.
        """
        self._identity_due = self._slow_due = self._now()
        # Who it is and what it tells of its settings are never asked for in the same poll.
        for _ in range(2):
            before = self._reads
            await self.async_refresh()
            if self._reads != before:
                continue
            if not self.last_update_success and isinstance(self.last_exception, HomeAssistantError):
                raise self.last_exception
            # It is unplugged, or restarting, so that nobody was asked.
            silent = UnreachableError("it is off")
            raise action_error(silent, self.config_entry.title) from silent

    async def _async_poll(self) -> Snapshot:
        """Read once, learn from it, and choose when to read next."""
        now = self._now()
        was_live, self._live = self._live, False
        self.update_interval = FAST_INTERVAL if now < self._fast_until else OFF_INTERVAL
        self._has_mains(not self._surroundings.unplugged)
        if self._surroundings.unplugged:
            # Who is there when it is plugged in again is not known until it has been asked.
            self._uptime, self._identity_due = None, now
            self.energy.add(0.0, now)
            return UNPLUGGED
        try:
            snapshot = await self._async_read(now)
        except MinerError as error:
            let_go(error)
            if isinstance(error, AuthenticationError):
                self._ask_for_login(error)
            if not isinstance(error, WrongMinerError):
                self._count_at_wall()
            if self._identity_checked_at != now:
                # Who answers next is not known until it has been asked.
                self._identity_due = now
            if self._restart and self._restart.excuses(error, now):
                return Snapshot(state=MinerState.RESTARTING)
            self._restart = None
            self.issues.poll_failed(error, self.identity)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=translation_key(error),
                translation_placeholders=self._placeholders(error),
            ) from error

        if self._restart:
            if self._restart.is_over(snapshot, now):
                self._restart = None
            else:
                snapshot = replace(snapshot, state=MinerState.RESTARTING)
        snapshot = self._surroundings.measured(snapshot)
        snapshot = replace(
            snapshot,
            reject_rate=self._rejects.add(snapshot.accepted_shares, snapshot.rejected_shares, now),
        )
        self._act_on(snapshot)
        self._count(snapshot.power, now)
        self._learn(snapshot)
        self._live = now >= self._fast_until and not snapshot.off_on_purpose
        if self._live and was_live:
            self.update_interval = self._live_interval
        elif self._live:
            self._begin_live(now)
        return snapshot

    def _count(self, power: float | None, now: float) -> None:
        """Count what it draws now, in W, as energy."""
        self.energy.add(power, now)

    def _count_at_wall(self) -> None:
        """Count while nothing is read of the miner itself: a meter of its own measures on."""
        if (watts := self._surroundings.watts) is not None:
            self._count(watts, self._now())

    def _begin_live(self, now: float) -> None:
        """Get out of step with miners that were set up, commanded or away at the same time."""
        poll, slow_read = phases(self.identity.mac)
        self.update_interval = self._live_interval * (0.5 + poll)
        self._slow_due = min(self._slow_due, now + SLOW_SECONDS * slow_read)

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell all who show something, and whether small changes are worth it this time."""
        now = self._now()
        state = self.last.state if self.last else None
        self.shows_all = now >= self._shows_all_next or state is not self._shown_state
        if self.shows_all:
            # To the nearest poll, not to the next after it.
            self._shows_all_next = now + NOISE_SECONDS - self._live_interval.total_seconds() / 2
        self._shown_state = state
        super().async_update_listeners()

    @callback
    def _plug_switched(self) -> None:
        """Show at once that it is off, or expect it to boot."""
        self._has_mains(not self._surroundings.unplugged)
        if not self._surroundings.unplugged:
            self._restart = RestartWatch(Restart.BOARD, None, self._now(), away=True)
        self._read_soon()

    def _has_mains(self, on: bool) -> None:
        """Take note of whether the plug is on, before the miner is asked."""

    def _act_on(self, snapshot: Snapshot) -> None:
        """Do what a new snapshot calls for."""

    def _ask_for_login(self, error: AuthenticationError) -> None:
        """Ask the user for a new login, once for each time that the old one is refused.

        Polling goes on all the same: it may have been another miner that refused, and
        ours comes back by itself. The client sees to it that a refused login is tried
        seldom.
        """
        if self.config_entry.state is not ConfigEntryState.LOADED:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN,
                translation_key=translation_key(error),
                translation_placeholders=self._placeholders(error),
            ) from error
        # One that was away before is refused for the first time all the same.
        before = self.last_exception.__cause__ if self.last_exception else None
        if self.last_update_success or not isinstance(before, AuthenticationError):
            self.config_entry.async_start_reauth(self.hass)

    async def _async_read(self, now: float) -> Snapshot:
        """Read once, and make sure that it was our miner that answered."""
        # Not both in one poll: a slow device would have time for neither.
        identify = now >= self._identity_due
        slow = now >= self._slow_due and not (identify and self.last)
        try:
            async with asyncio.timeout(POLL_SECONDS):
                if identify:
                    await self._async_check_identity(now)
                left = POLL_SECONDS - POLL_MARGIN_SECONDS - (self._now() - now)
                snapshot = await self.client.read(slow=slow, seconds=max(left, 1.0))
                if self._uptime_jumped(snapshot.uptime, now):
                    # A reboot looks like this, and so does another miner that has taken
                    # over the address since the last poll.
                    await self._async_check_identity(now)
        except TimeoutError as error:
            raise UnreachableError(f"the poll took longer than {POLL_SECONDS:g} s") from error
        if snapshot.mac is not None and snapshot.mac != self.identity.mac:
            raise WrongMinerError("another miner answers at this address")
        self._uptime, self._uptime_read_at = snapshot.uptime, now
        self._reads += 1
        if slow:
            fast = now < self._fast_until
            # With the poll that is nearest, not with the next after it.
            near = (FAST_INTERVAL if fast else self._live_interval).total_seconds() / 2
            self._slow_due = now - near + (SLOW_SECONDS_AFTER_COMMAND if fast else SLOW_SECONDS)
        return snapshot

    async def _async_check_identity(self, now: float) -> None:
        """Raise WrongMinerError if it is not our miner; take over a new firmware."""
        try:
            seen = await self.client.identify()
        except MiningProcessDownError:
            # Some old firmware tells who it is only while it mines. It is asked again at
            # the next poll; until then all that it says is that it is off.
            return
        if seen.mac != self.identity.mac:
            raise WrongMinerError("another miner answers at this address")
        self._identity_checked_at = now
        self._identity_due = now + IDENTITY_SECONDS
        identity = self.identity.updated(seen)
        if identity == self.identity:
            return
        self.identity = identity
        self._store({CONF_IDENTITY: identity.to_json()})
        devices = dr.async_get(self.hass)
        if device := devices.async_get_device_by_identifier(
            (DOMAIN, identity.mac), self.config_entry.entry_id
        ):
            devices.async_update_device(
                device.id,
                sw_version=identity.firmware,
                hw_version=identity.hardware,
                model=identity.model,
                model_id=identity.model_id,
                serial_number=identity.serial,
            )

    def _uptime_jumped(self, uptime: int | None, now: float) -> bool:
        """Tell whether the uptime is not the last one plus the time that has passed."""
        if self._uptime is None:
            return False
        if uptime is None:
            return True
        expected = self._uptime + now - self._uptime_read_at
        return abs(uptime - expected) > UPTIME_TOLERANCE

    def _learn(self, snapshot: Snapshot) -> None:
        """Remember what the miner has shown of itself for when it is off."""
        before = self.capabilities
        capabilities = self.stale.without_gone(
            before.merged(self.client.capabilities), snapshot, self._now()
        )
        if capabilities != before:
            self.capabilities = capabilities
            self._store({CONF_CAPABILITIES: capabilities.to_json()})
            remove_parts(self.hass, self.config_entry, before, capabilities)
        memory = dict(self.client.memory)
        if memory != self.config_entry.data.get(CONF_MEMORY, {}):
            self._store({CONF_MEMORY: memory})
        if snapshot.write_access is False:
            self.issues.raise_issue("write_access_off")
        elif snapshot.write_access:
            self.issues.clear_issue("write_access_off")
        clock_error = None if snapshot.clock is None else snapshot.clock - self.unix_time()
        self.issues.polled(self.identity, self.capabilities, clock_error)

    def _store(self, learned: dict[str, object]) -> None:
        self.hass.config_entries.async_update_entry(
            self.config_entry, data={**self.config_entry.data, **learned}
        )

    def _placeholders(self, error: MinerError) -> dict[str, str]:
        return {"name": self.config_entry.title, "reason": str(error)}

    @callback
    def _read_soon(self) -> None:
        """Read everything after the settling time, and more often for a while."""
        now = self._now()
        self._fast_until = now + FAST_SECONDS
        self._slow_due = now

        async def refresh(_now: datetime) -> None:
            self._cancel_read = _nothing
            # Once more: a poll that was due meanwhile may have read what had not settled.
            self._slow_due = self._now()
            await self.async_refresh()

        self._cancel_read()
        self._cancel_read = async_call_later(self.hass, self.client.settling_seconds, refresh)

    @override
    async def async_shutdown(self) -> None:
        """Stop polling and let go of the miner."""
        self._cancel_read()
        self._stop_watching_plug()
        await super().async_shutdown()
        await self.client.close()

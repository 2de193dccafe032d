"""What is known of one WhatsMiner beyond its last replies."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
import math

from ..models import Capabilities, Feature, JsonValue, SettingValue, Snapshot
from . import features, readings, settings
from .device import Model, Version, api_version, unquoted
from .parse import Record
from .readings import Live
from .settings import Machine, Source
from .state import on_its_way, stable

_STILL_POLLS = 3
"""Polls with both fans at rest while hashing that prove liquid cooling."""
_RATED_SHARE = 0.95
"""Of the factory's hashrate: the one of the moment jitters by a few percent around it."""
_SETTLE_SECONDS = 600.0
"""A percentage counts at once and may be obeyed in minutes; five were always enough, as seen. For
twice that the draw may still be on its way to the one that belongs to it."""
_MOST_POWER = 100_000.0
"""W; five digits are the most that a device writes. More is no memory of one."""


PERCENT_FORMS = frozenset({"set_power_pct_v2", "set_power_pct"})
"""The two commands that take a percentage."""


class Learned:
    """Gathers what the device is and has, from what it says and from what it was told."""

    def __init__(self, memory: Mapping[str, JsonValue] | None = None) -> None:
        """Know what `memory` of an earlier one held, as far as it makes sense."""
        kept = memory or {}
        self.firmware: str | None = None
        self.version: Version | None = None
        self.model: Model | None = None
        self.full_power: float | None = _watts(kept.get("full_power"))
        """W that percentages refer to."""
        self.tells_percent = False
        """The device reports its percentage, so that it can be verified."""
        self.unsupported: set[str] = set()
        """Writes that this firmware does not know."""
        self.untold: set[str] = set()
        """Questions that it did not know, for a while: another device may have answered."""
        self._seen = Capabilities()
        self._told: set[Feature] = set()
        """Settings that the device has told."""
        self._sent: dict[Feature, SettingValue] = {}
        """Settings that it was told, for those that it does not tell itself."""
        self._commands = Capabilities()
        self._commands_of: tuple[object, ...] = ()
        """What decides about the commands, and what it was when they were worked out."""
        self._liquid: bool | None = None
        self._still_polls = 0
        self.settled = False
        """The last poll found it at the draw that percentages refer to."""
        self._on_its_way = False
        self._told_percent: float | None = None
        """As known at the last poll, as the one above; most of its ten kB are not kept."""
        self._percent: float | None = None
        self._percent_touched = False
        """It has been set, or mining has restarted, since this client was made."""
        self._tried: float | None = None
        """The percentage that it was sent last, without knowing whether it counts."""
        self._watts: float | None = None
        self._watts_touched = False
        """A draw in W has been set since, in place of a percentage."""
        self._elapsed: float | None = None
        self._last_told: float | None = None
        """The percentage that the device told last."""
        self._moved_at = -math.inf
        """When the percentage was another for the last time, in seconds of the event loop."""
        self._begins = True
        """Nothing has been read yet."""
        self._joins = _joins(kept.get("joins"))
        """A firmware, and whether it answered a join as it answers single requests."""

    @property
    def memory(self) -> dict[str, JsonValue]:
        """Return what took the device's time to learn, for `__init__`."""
        kept: dict[str, JsonValue] = {}
        if self.full_power is not None:
            kept["full_power"] = self.full_power
        if self._joins is not None:
            kept["joins"] = {"firmware": self._joins[0], "answered": self._joins[1]}
        return kept

    @property
    def joins(self) -> bool | None:
        """Tell whether this firmware answers joined requests; None when nobody has tried."""
        if self._joins is None or self._joins[0] != self.firmware:
            return None
        return self._joins[1]

    def joins_tried(self, *, answered: bool | None) -> None:
        """Remember how a join went; None for what says nothing about the firmware."""
        self._joins = None
        if self.firmware is not None and answered is not None:
            self._joins = (self.firmware, answered)

    def remember_version(self, told: Record) -> None:
        """Take over what get_version told."""
        self.version = api_version(told.text("api_ver"))
        firmware = unquoted(told.text("fw_ver"))
        if firmware != self.firmware:
            # A new firmware may know what the old one did not.
            self.firmware = firmware
            self.unsupported.clear()
            self.untold.clear()
            # And it need not tell the same, nor have kept what was set.
            self.forget_settings()
            if self._joins is not None and self._joins[0] != firmware:
                self._joins = None

    def forget_settings(self) -> None:
        """Forget what the device told of its settings, and what it was told."""
        self._told.clear()
        self._sent.clear()

    def learn(self, live: Live) -> None:
        """Take in one poll, before anything is read out of it."""
        self._learn_cooling(live)
        self.notice_restart(live)
        self.settled, self._on_its_way = stable(live), on_its_way(live)
        self._told_percent = _told_percent(live)
        self._notice_percent()
        self._learn_fast_form(live.status or Record())
        self.tells_percent = self.tells_percent or self._told_percent is not None
        self._learn_full_power(live)

    def see(self, snapshot: Snapshot) -> None:
        """Add what a snapshot shows to what the device has."""
        # While it is not known whether there are fans, only a turning one counts.
        has_fans = self.liquid is False
        self._seen = self._seen.merged(
            Capabilities(
                features=frozenset(features.readings(snapshot)),
                boards=frozenset(board.index for board in snapshot.boards),
                fans=frozenset(fan.index for fan in snapshot.fans if fan.speed or has_fans),
                pools=frozenset(pool.index for pool in snapshot.pools or ()),
            )
        )

    @property
    def seen(self) -> Capabilities:
        """Return what the device has shown, without any commands."""
        return self._seen

    @property
    def commands(self) -> Capabilities:
        """Return the commands it takes, without what it has refused as unknown."""
        machine = Machine(version=self.version or (), model=self.model, liquid=self.liquid)
        # Asked for at each poll, and nearly always the same.
        known = (machine, self.full_power, frozenset(self.unsupported), frozenset(self._told))
        if known != self._commands_of:
            self._commands_of, self._commands = known, self._work_out_commands(machine)
        return self._commands

    def _work_out_commands(self, machine: Machine) -> Capabilities:
        commands = features.commands(
            self.version, liquid=machine.liquid, full_power=self.full_power
        )
        if self.unsupported >= PERCENT_FORMS:
            gone = {Feature.POWER_PERCENT, Feature.POWER_TARGET}
            commands = replace(
                commands,
                features=commands.features - gone,
                ranges={name: kept for name, kept in commands.ranges.items() if name not in gone},
            )
        taken = settings.offered(machine, self.unsupported)
        return commands.merged(replace(taken, assumed=taken.features - self._told))

    @property
    def liquid(self) -> bool | None:
        """Tell the cooling: what the device says counts more than its name."""
        if self._liquid is not None:
            return self._liquid
        by_name = self.model.liquid if self.model else None
        return True if by_name is None and self._still_polls >= _STILL_POLLS else by_name

    @property
    def hydro(self) -> bool:
        """Tell whether water is led through the boards."""
        return self.model is not None and self.model.hydro

    @property
    def rises(self) -> float | None:
        """Return the percentage it was on its way to at the last poll, None if not ramping."""
        if not self._on_its_way:
            return None
        told = self._told_percent
        # What ramps is not stable, and so never known to be at 100 % by what it draws.
        return self._aim(told, self._percent if told is None else told)

    def aim(self, live: Live) -> float:
        """Return the percentage that a ramping miner may be on its way to at most.

        That is the device's own word, what it was sent last, or all of it, which a new
        mining process aims at.
        """
        return self._aim(_told_percent(live), self.percent(live))

    def _aim(self, told: float | None, percent: float | None) -> float:
        known = percent if self._tried is None else self._tried
        found = known if told is None or self._watts_touched else told
        return 100.0 if found is None else found

    def percent(self, live: Live) -> float | None:
        """Return the power percentage: the device's own word, else what it was told last.

        One that has been told none since we know it, and draws all that its limit allows
        or, without a limit, hashes what the factory rated it at, is at 100 %.
        """
        if (told := _told_percent(live)) is not None:
            return told
        if self._percent_touched:
            return self._percent
        return 100.0 if stable(live) and _at_full_power(live) else None

    def percent_sent(self, percent: float | None) -> None:
        """Remember an accepted percentage; None when it is not known what became of it."""
        self._percent = percent
        self._percent_touched = True
        self._moved_at = asyncio.get_running_loop().time()
        self._tried = None
        self._watts, self._watts_touched = None, False

    def percent_tried(self, percent: float) -> None:
        """Remember a percentage of which nobody knows whether it counts."""
        self.percent_sent(None)
        self._tried = percent

    def watts_sent(self, watts: float | None) -> None:
        """Remember an accepted draw in W; None when it is not known what became of it."""
        self.percent_sent(None)
        self._watts, self._watts_touched = watts, True

    def watts_tried(self, watts: float) -> None:
        """Remember a draw in W of which nobody knows whether it counts."""
        self.watts_sent(None)
        if self.full_power:
            self._tried = 100 * watts / self.full_power

    def power_target(self, live: Live) -> float | None:
        """Return the draw in W that was asked for: by a percentage, or in W itself."""
        if self._watts_touched:
            return self._watts
        percent = self.percent(live)
        if percent is None or self.full_power is None:
            return None
        return float(round(self.full_power * percent / 100))

    def settings(self, live: Live, info: Record | None) -> dict[Feature, SettingValue]:
        """Return the settings: the device's own word, else what it was told last.

        Those that it tells now are no longer assumed.
        """
        replies = {Source.SUMMARY: live.summary, Source.STATUS: live.status, Source.INFO: info}
        told = settings.told(replies, self.unsupported)
        self._told |= told.keys()
        has = self.commands
        sent = {name: value for name, value in self._sent.items() if name in has.assumed}
        return {name: value for name, value in (sent | told).items() if name in has}

    def setting_sent(self, setting: Feature, value: SettingValue | None) -> None:
        """Remember an accepted setting; None when it is not known what became of it."""
        self._sent.pop(setting, None)
        if value is not None:
            self._sent[setting] = value

    def sent(self, setting: Feature) -> SettingValue | None:
        """Return what a setting was set to last, None when nobody has."""
        return self._sent.get(setting)

    def _learn_fast_form(self, status: Record) -> None:
        """Notice that the device knows the one of two forms of fast mining that it tells."""
        if status.flag("fast_mining") is None and status.flag("fast_hash") is not None:
            self.unsupported.add("set_fast_mining")

    def _learn_cooling(self, live: Live) -> None:
        summary, status = live.summary or Record(), live.status or Record()
        said = summary.flag("Liquid Cooling")
        if said is not None:
            self._liquid = said
        elif status.number("liquid_temp") is not None:
            self._liquid = True
        speeds = [fan.speed for fan in readings.fans(live.summary)]
        if speeds and readings.hashrate(live.summary):
            self._still_polls = 0 if any(speeds) else self._still_polls + 1

    def notice_restart(self, live: Live) -> None:
        """Notice a new mining process: it starts without a percentage."""
        elapsed = (live.summary or Record()).number("Elapsed")
        if live.process_down:
            # Whatever the next process counts from, it will not be from there.
            elapsed = math.inf
        if elapsed is None:
            return
        if live.process_down or (self._elapsed is not None and elapsed < self._elapsed):
            self.percent_sent(100.0)
        self._elapsed = elapsed

    def _notice_percent(self) -> None:
        """Notice a percentage that somebody else has set, maybe before this client was made.

        Who knows the full draw already can wait; without it there is no power target at all.
        """
        told, before = self._told_percent, self._last_told
        moved = self._begins and self.full_power is not None
        self._begins = False
        if told is not None:
            moved |= before is not None and told != before
            self._last_told = told
        if moved:
            self._moved_at = asyncio.get_running_loop().time()

    def _learn_full_power(self, live: Live) -> None:
        """Learn the draw that percentages refer to.

        It is the power limit in force; a device without one draws it when it is stable
        at 100 %, and has been told so long ago. One that is known too low makes more of each
        later target in W.
        """
        draw = readings.power(live.summary)
        if (limit := readings.limit_in_force(live.summary)) is not None:
            self.full_power = limit
        elif self._watts_touched:
            # Whatever percentage it tells, the draw is not that of a percentage.
            return
        elif (
            draw
            and self._tells_now(live)
            and asyncio.get_running_loop().time() - self._moved_at >= _SETTLE_SECONDS
            and stable(live)
            and self.percent(live) == 100
        ):
            known = self.full_power
            if known is None or abs(draw - known) > readings.NOISE * known:
                self.full_power = float(round(draw))

    def _tells_now(self, live: Live) -> bool:
        """Tell whether the percentage is that of the very moment in which the draw was read."""
        return not live.status_age and (live.status is not None or not self.tells_percent)


def _at_full_power(live: Live) -> bool:
    """Tell whether a stable miner shows that nothing holds it back."""
    if (limit := readings.limit_in_force(live.summary)) is not None:
        draw = readings.power(live.summary)
        return draw is not None and abs(draw - limit) <= readings.NOISE * limit
    rate, rated = readings.hashrate(live.summary), readings.expected_hashrate(live)
    return bool(rate and rated and rate >= _RATED_SHARE * rated)


def _watts(kept: JsonValue) -> float | None:
    """Return remembered W, None for what cannot be that."""
    if isinstance(kept, bool) or not isinstance(kept, int | float) or not 0 < kept < _MOST_POWER:
        return None
    return float(kept)


def _joins(kept: JsonValue) -> tuple[str, bool] | None:
    """Return a remembered trial of joins, None for what cannot be that."""
    known = kept if isinstance(kept, dict) else {}
    firmware, answered = known.get("firmware"), known.get("answered")
    if isinstance(firmware, str) and isinstance(answered, bool):
        return firmware, answered
    return None


def _told_percent(live: Live) -> float | None:
    return (live.status or Record()).number("power_pct")

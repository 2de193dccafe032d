"""What is known of one WhatsMiner beyond its last replies."""

from dataclasses import replace
import math

from ..models import Capabilities, Feature, SettingValue, Snapshot
from . import features, readings, settings
from .device import Model, Version, api_version, unquoted
from .parse import Record
from .readings import Live
from .settings import Machine, Source

_STILL_POLLS = 3
"""Polls with both fans at rest while hashing that prove liquid cooling."""
_DRIFT = 0.03
"""Relative change of the full draw that is more than a reading's noise."""

_RATED_SHARE = 0.95
"""Of the factory's hashrate: the one of the moment jitters by a few percent around it."""


class Learned:
    """Gathers what the device is and has, from what it says and from what it was told."""

    def __init__(self) -> None:
        """Know nothing."""
        self.firmware: str | None = None
        self.version: Version | None = None
        self.model: Model | None = None
        self.full_power: float | None = None
        """W that percentages refer to."""
        self.tells_percent = False
        """The device reports its percentage, so that it can be verified."""
        self.unsupported: set[str] = set()
        """Commands that this firmware does not know."""
        self._seen = Capabilities()
        self._told: set[Feature] = set()
        """Settings that the device has told."""
        self._sent: dict[Feature, SettingValue] = {}
        """Settings that it was told, for those that it does not tell itself."""
        self._liquid: bool | None = None
        self._still_polls = 0
        self._percent: float | None = None
        self._percent_touched = False
        """It has been set, or mining has restarted, since this client was made."""
        self._elapsed: float | None = None

    def remember_version(self, told: Record) -> None:
        """Take over what get_version told."""
        self.version = api_version(told.text("api_ver"))
        firmware = unquoted(told.text("fw_ver"))
        if firmware != self.firmware:
            # A new firmware may know what the old one did not.
            self.firmware = firmware
            self.unsupported.clear()
            # And it need not tell the same, nor have kept what was set.
            self._told.clear()
            self._sent.clear()

    def learn(self, live: Live) -> None:
        """Take in one poll, before anything is read out of it."""
        self._learn_cooling(live)
        self._learn_restart(live)
        self._learn_fast_form(live.status or Record())
        self.tells_percent = self.tells_percent or _told_percent(live) is not None
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
            )
        )

    @property
    def seen(self) -> Capabilities:
        """Return what the device has shown, without any commands."""
        return self._seen

    @property
    def commands(self) -> Capabilities:
        """Return the commands it takes, without what it has refused as unknown."""
        commands = features.commands(self.version, liquid=self.liquid, full_power=self.full_power)
        if "set_power_pct" in self.unsupported:
            gone = {Feature.POWER_PERCENT, Feature.POWER_TARGET}
            commands = replace(
                commands,
                features=commands.features - gone,
                ranges={name: kept for name, kept in commands.ranges.items() if name not in gone},
            )
        machine = Machine(version=self.version or (), model=self.model, liquid=self.liquid)
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

    def percent(self, live: Live) -> float | None:
        """Return the power percentage: the device's own word, else what it was told last.

        One that has been told none since we know it, and draws all that its limit allows
        or, without a limit, hashes what the factory rated it at, is at 100 %.
        """
        if (told := _told_percent(live)) is not None:
            return told
        if self._percent_touched:
            return self._percent
        return 100.0 if readings.stable(live) and _at_full_power(live) else None

    def percent_sent(self, percent: float | None) -> None:
        """Remember an accepted percentage; None when it is not known what became of it."""
        self._percent = percent
        self._percent_touched = True

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

    def _learn_restart(self, live: Live) -> None:
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

    def _learn_full_power(self, live: Live) -> None:
        """Learn the draw that percentages refer to.

        It is the power limit in force; a device without one draws it when it is stable
        at 100 %.
        """
        draw = readings.power(live.summary)
        if (limit := readings.limit_in_force(live.summary)) is not None:
            self.full_power = limit
        elif draw and readings.stable(live) and self.percent(live) == 100:
            known = self.full_power
            if known is None or abs(draw - known) > _DRIFT * known:
                self.full_power = float(round(draw))


def _at_full_power(live: Live) -> bool:
    """Tell whether a stable miner shows that nothing holds it back."""
    if (limit := readings.limit_in_force(live.summary)) is not None:
        draw = readings.power(live.summary)
        return draw is not None and abs(draw - limit) <= _DRIFT * limit
    rate, rated = readings.hashrate(live.summary), readings.expected_hashrate(live)
    return bool(rate and rated and rate >= _RATED_SHARE * rated)


def _told_percent(live: Live) -> float | None:
    return (live.status or Record()).number("power_pct")

"""What a WhatsMiner is to draw: percentages, W, limit and mode."""

from collections.abc import Awaitable
from contextlib import suppress
import math
from typing import override

from ..errors import (
    InvalidValueError,
    MinerError,
    MiningProcessDownError,
    RampingError,
    Reason,
    UnconfirmedError,
    UnsupportedError,
)
from ..models import Feature, PowerMode, PowerRange
from . import features, readings
from .core import Core
from .identity import ask_summary
from .readings import Live
from .settings import check_range, check_whole
from .state import on_its_way, stable

_FULL = 100.0
"""Percent that a new mining process aims at."""
_UNASKED = PowerRange(minimum=features.LOWEST_PERCENT, maximum=_FULL, step=1.0)
"""What the fast form takes on a device that has not been asked yet who it is: that would
take more time than there is when load has to be shed."""


class PowerCommands(Core):
    """Commands for the draw. They refer to a stable miner, and most end with its process."""

    @override
    async def set_power_percent(self, percent: float, *, fast: bool = False) -> bool:
        """Set the draw in percent of stable power; lost when mining restarts.

        With `fast` by set_power_pct (manual 3.21, up to 100 %) at once, without a look at
        the device first. Otherwise by set_power_pct_v2 (3.22).

        Until the hashrate has settled after a start the device may accept a percentage and
        ignore it, so more than now raises RampingError; less is sent all the same, in case
        it does count, and False returned. One that never settles is taken for settled after
        a while. With `fast` that goes by what the last poll saw. Raises
        MiningProcessDownError for one that is off.
        """
        if fast:
            await self._shed(percent)
            return False
        check_whole(percent, (await self._ranges()).get(Feature.POWER_PERCENT), "%")
        live, ramping = await self._look()
        if ramping:
            _check_not_more(percent, self._learned.aim(live))
        await self._send_percent(percent, counts=not ramping)
        return not ramping

    async def _shed(self, percent: float) -> None:
        """Lower the draw by the form that works within a second."""
        limits: PowerRange | None = _UNASKED
        if self._learned.firmware is not None:
            limits = self._learned.commands.ranges.get(Feature.POWER_PERCENT)
        check_whole(percent, limits, "%")
        if percent > _FULL:
            raise InvalidValueError(
                f"must be at most {_FULL:g} % in the fast form",
                Reason.OUT_OF_RANGE,
                minimum="0 %",
                maximum=f"{_FULL:g} %",
            )
        # What the last poll saw has to do: looking now costs time.
        if (aim := self._learned.rises) is not None:
            _check_not_more(percent, aim)
        await self._send_percent(percent, fast=True, counts=self._learned.settled)

    async def _look(self) -> tuple[Live, bool]:
        """Read whether percentages count now; returns what was read, and whether it ramps.

        Raises MiningProcessDownError for a miner that is off.
        """
        summary = await ask_summary(self.api, "there is nothing to set the draw of")
        live, ramping = Live(summary=summary), False
        if not stable(live):
            with suppress(MinerError):
                live = Live(summary=summary, status=await self.api.status())
            if live.mining_wanted is False:
                raise MiningProcessDownError("mining is off: there is nothing to set the draw of")
            ramping = on_its_way(live)
        # It may have restarted since the last poll, and is at 100 % then.
        self._learned.notice_restart(live)
        return live, ramping

    async def _send_percent(self, percent: float, *, counts: bool, fast: bool = False) -> None:
        """Send a percentage by the form asked for, by the other where the first is unknown.

        `counts` tells whether the device is known to follow it now.
        """
        forms = [
            ("set_power_pct_v2", self.api.set_power_pct_v2),
            ("set_power_pct", self.api.set_power_pct),
        ]
        refusal = UnsupportedError("the firmware does not know power percentages")
        for name, write in reversed(forms) if fast else forms:
            if name in self._learned.unsupported or (percent > _FULL and name == "set_power_pct"):
                continue
            try:
                await self._send_live(write(percent), percent, counts=counts)
            except UnsupportedError as error:
                # Refused as unknown, so it had no effect; older firmware has one form.
                self._learned.unsupported.add(name)
                refusal = error
            else:
                return
        raise refusal

    async def _send_live(self, write: Awaitable[object], percent: float, *, counts: bool) -> None:
        async def shows() -> bool:
            return (await self.api.status()).number("power_pct") == percent

        try:
            await self._send(write, shows if self._learned.tells_percent else None)
        except UnconfirmedError:
            self._learned.percent_tried(percent)
            raise
        if counts:
            self._learned.percent_sent(float(percent))
        else:
            self._learned.percent_tried(percent)

    @override
    async def set_power_target(self, watts: float) -> bool:
        """Set the draw in W by the whole percentage that does not exceed it.

        Raises InvalidValueError as well when the draw at 100 % is not known yet.
        """
        percents = (await self._ranges()).get(Feature.POWER_PERCENT)
        if percents is None:
            raise UnsupportedError("the firmware of this device is too old for this")
        if self._learned.full_power is None:
            # One look at the device is often enough, as after a restart of the caller.
            await self.read(slow=False)
        if (full_power := self._learned.full_power) is None:
            raise InvalidValueError(
                "the draw at 100 % is not known yet; set the power level to 100 % once and wait"
                " for ten minutes of settled mining",
                Reason.FULL_POWER_UNKNOWN,
            )
        check_range(watts, self._learned.commands.ranges.get(Feature.POWER_TARGET), "W")
        # The tiny addition makes up for what binary fractions lose on exact percentages.
        percent = math.floor(watts * 100 / full_power + 1e-9)
        return await self.set_power_percent(min(percent, percents.maximum))

    @override
    async def set_power(self, watts: float) -> bool:
        """Set the draw in W by set_power (manual 3.23, API 2.2), in place of a percentage.

        Whole W within what the device is known to draw at its lowest and highest percentage.
        The device cannot be asked for it, and the maker does not say how long it holds: it
        counts as gone when mining restarts. While the hashrate has not settled, raises and
        returns as `set_power_percent`.
        """
        percents = (await self._ranges()).get(Feature.POWER_PERCENT)
        if percents is None or (self._learned.version or ()) < features.SET_POWER_API:
            raise UnsupportedError("the firmware of this device is too old for this")
        if self._learned.full_power is None:
            await self.read(slow=False)
        limits = features.set_power_range(
            percents, liquid=self._learned.liquid, full_power=self._learned.full_power
        )
        check_whole(watts, limits, "W")
        live, ramping = await self._look()
        if ramping:
            _check_not_more(watts, self._aim(live))
        try:
            await self._send(self.api.set_power(watts))
        except UnconfirmedError:
            self._learned.watts_tried(watts)
            raise
        if ramping:
            self._learned.watts_tried(watts)
        else:
            self._learned.watts_sent(float(watts))
        return not ramping

    def _aim(self, live: Live) -> float:
        """Return the W that a ramping miner aims at, or at least draws already."""
        target, full_power = self._learned.power_target(live), self._learned.full_power
        if target is not None:
            return target
        if full_power is None:
            return readings.power(live.summary) or 0.0
        # The tiny addition makes up for what binary fractions lose.
        return full_power * self._learned.aim(live) / 100 + 1e-9

    @override
    async def restore_power(self) -> None:
        """Undo the power percentage, and a draw set in W."""
        await self._send_live(self.api.restore_power_pct(), _FULL, counts=True)

    @override
    async def set_power_limit(self, watts: float) -> None:
        """Set the lasting upper limit in W. Restarts mining."""

        async def shows() -> bool:
            return readings.limit_as_set(await self.api.status()) == watts

        check_range(watts, (await self._ranges()).get(Feature.POWER_LIMIT), "W")
        await self._send(self.api.adjust_power_limit(watts), shows)

    @override
    async def set_power_mode(self, mode: PowerMode) -> None:
        """Choose a power mode. Restarts mining."""

        async def shows() -> bool:
            status = await self.api.status()
            if status.text("power_mode") is None:
                return readings.power_mode(Live(summary=await self.api.summary())) is mode
            return readings.power_mode(Live(status=status)) is mode

        commands = {
            PowerMode.LOW: self.api.set_low_power,
            PowerMode.NORMAL: self.api.set_normal_power,
            PowerMode.HIGH: self.api.set_high_power,
        }
        await self._send(commands[mode](), shows)


def _check_not_more(wanted: float, aim: float) -> None:
    """Raise RampingError for more than a ramping miner is on its way to."""
    if wanted > aim:
        raise RampingError("the hashrate has not settled yet")

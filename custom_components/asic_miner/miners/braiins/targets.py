"""Power and hashrate targets: absolute, in steps, relative, and the model's own."""

from collections.abc import Awaitable, Callable
import math
from typing import Final, override

from ..errors import InvalidValueError, MinerError, Reason, RejectedError, UnsupportedError
from ..lean import dataclass
from ..models import Feature, PowerRange
from ..orders import TargetReference
from .base import BraiinsBase
from .configuration import Constraints, Limits, MinerConfiguration
from .reading import attempt, look_deadline
from .schema import PerformanceMode, TargetKind
from .settings_schema import RelativeReference

REFERENCES: Final = {
    TargetReference.NOMINAL: RelativeReference.NOMINAL,
    TargetReference.MINIMUM: RelativeReference.MIN,
    TargetReference.MAXIMUM: RelativeReference.MAX,
    TargetReference.CURRENT: RelativeReference.CURRENT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What is different between the two kinds of target."""

    kind: TargetKind
    feature: Feature
    unit: str
    resolution: float
    """The smallest change that shows in what the device tells."""
    stored: Callable[[MinerConfiguration], float | None]
    active: Callable[[PerformanceMode], float | None]
    limits: Callable[[Constraints], Limits]


POWER: Final = Target(
    kind=TargetKind.POWER,
    feature=Feature.POWER_TARGET,
    unit="W",
    # `watt` is a whole number in the contract.
    resolution=1,
    stored=lambda stored: stored.power_watt,
    active=lambda mode: mode.power_watt,
    limits=lambda constraints: constraints.power_watt,
)
HASHRATE: Final = Target(
    kind=TargetKind.HASHRATE,
    feature=Feature.HASHRATE_TARGET,
    unit="TH/s",
    # The finest step in which targets are offered, for mini miners of a few TH/s.
    resolution=0.01,
    stored=lambda stored: stored.hashrate_terahash,
    active=lambda mode: mode.hashrate_terahash,
    limits=lambda constraints: constraints.hashrate_terahash,
)


class TargetClient(BraiinsBase):
    """The targets of a miner. All are kept by the device and restart nothing."""

    @override
    async def set_power_target(self, watts: float) -> bool:
        """Store a power target in W (`setPowerTarget`), whole watts, no restart.

        While the tuner holds a hashrate or is operated manually nothing is sent and
        RejectedError says so: the mode is never changed unasked, since that means tuning
        anew. Whether the target took effect is looked up afterwards, too.
        """
        wanted = round(await self._checked(watts, Feature.POWER_TARGET, "W"))

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.power_watt, wanted)

        async def write() -> None:
            await self._must_hold(TargetKind.POWER)
            _same(await self._api.set_power_target(wanted), wanted, "W")

        await self._write(write, shows)
        await self._in_force(TargetKind.POWER)
        return True

    @override
    async def set_hashrate_target(self, terahashes: float) -> None:
        """Store a hashrate target in TH/s (`setHashrateTarget`); see `set_power_target`."""
        wanted = await self._checked(terahashes, Feature.HASHRATE_TARGET, "TH/s")

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.hashrate_terahash, wanted)

        async def write() -> None:
            await self._must_hold(TargetKind.HASHRATE)
            _same(await self._api.set_hashrate_target(wanted), wanted, "TH/s")

        await self._write(write, shows)
        await self._in_force(TargetKind.HASHRATE)

    @override
    async def default_power_target(self) -> None:
        """Store the model's own power target (`setDefaultPowerTarget`)."""
        default = (await self._offered(Feature.POWER_TARGET)).default

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.power_watt, default)

        async def write() -> None:
            await self._must_hold(TargetKind.POWER)
            await self._api.set_default_power_target()

        await self._write(write, shows)
        await self._in_force(TargetKind.POWER)

    @override
    async def default_hashrate_target(self) -> None:
        """Store the model's own hashrate target (`setDefaultHashrateTarget`)."""
        default = (await self._offered(Feature.HASHRATE_TARGET)).default

        async def shows() -> bool:
            stored = await self._api.get_miner_configuration()
            return _close(stored.hashrate_terahash, default)

        async def write() -> None:
            await self._must_hold(TargetKind.HASHRATE)
            await self._api.set_default_hashrate_target()

        await self._write(write, shows)
        await self._in_force(TargetKind.HASHRATE)

    @override
    async def step_power_target(self, watts: float) -> float | None:
        """Raise (`incrementPowerTarget`) or lower (`decrementPowerTarget`) by whole W.

        Sent once, whatever happens: repeated, it adds up. Refused before it is sent where
        it is less than 1 W, where the new target would be outside what is offered, as
        `set_power_target` is, and where the device tells no present target to begin with
        (UnsupportedError). A device that answers with its old target has not acted:
        RejectedError. When no answer comes, only another target than before is success.
        """
        step = round(_checked_step(POWER, watts))
        send = self._api.increment_power_target if step > 0 else self._api.decrement_power_target
        return await self._moved(POWER, lambda now: now + step, lambda: send(abs(step)))

    @override
    async def step_hashrate_target(self, terahashes: float) -> float | None:
        """Raise (`incrementHashrateTarget`) or lower (`decrementHashrateTarget`) by TH/s.

        As `step_power_target`, from 0.01 TH/s on.
        """
        api, step = self._api, _checked_step(HASHRATE, terahashes)
        send = api.increment_hashrate_target if step > 0 else api.decrement_hashrate_target
        return await self._moved(HASHRATE, lambda now: now + step, lambda: send(abs(step)))

    @override
    async def scale_power_target(self, percent: float, reference: TargetReference) -> float | None:
        """Store a percentage of a reference (`relativePowerTarget`, from 1.1.0).

        What comes out is reckoned before it is sent, and refused where it is outside what
        is offered. Sent once: of the current target, repeating it adds up; and not at all
        where it is the present target to less than 1 W.
        """
        await self._need(1, 1, "a relative power target")
        send = self._api.relative_power_target
        return await self._scaled(
            POWER, percent, reference, lambda: send(percent, REFERENCES[reference])
        )

    @override
    async def scale_hashrate_target(
        self, percent: float, reference: TargetReference
    ) -> float | None:
        """Store a percentage of a reference (`relativeHashrateTarget`, from 1.1.0).

        As `scale_power_target`, to less than 0.01 TH/s.
        """
        await self._need(1, 1, "a relative hashrate target")
        send = self._api.relative_hashrate_target
        return await self._scaled(
            HASHRATE, percent, reference, lambda: send(percent, REFERENCES[reference])
        )

    async def _scaled(
        self,
        target: Target,
        percent: float,
        reference: TargetReference,
        send: Callable[[], Awaitable[float | None]],
    ) -> float | None:
        if not math.isfinite(percent) or percent <= 0:
            raise InvalidValueError(
                f"{percent:g} % is no percentage of a target", Reason.WRONG_KIND
            )
        limits = target.limits(await self._constraints())
        base = {
            TargetReference.NOMINAL: limits.default,
            TargetReference.MINIMUM: limits.minimum,
            TargetReference.MAXIMUM: limits.maximum,
        }.get(reference)
        if base is None and reference is not TargetReference.CURRENT:
            raise UnsupportedError(f"the device names no {reference} target")
        return await self._moved(
            target,
            lambda now: (now if base is None else base) * percent / 100,
            send,
            needs_present=base is None,
        )

    async def _moved(
        self,
        target: Target,
        reckon: Callable[[float], float],
        send: Callable[[], Awaitable[float | None]],
        *,
        needs_present: bool = True,
    ) -> float | None:
        """Send what changes a target by what it is now, once, and return the new one."""
        told: float | None = None
        now: float | None = None
        wanted = math.nan

        async def write() -> None:
            nonlocal told, now, wanted
            await self._must_hold(target.kind)
            now = await self._present(target)
            if now is None and needs_present:
                raise UnsupportedError("the device tells no present target to change")
            wanted = await self._checked(reckon(now or 0.0), target.feature, target.unit)
            if now is not None and _indistinct(target, now, wanted):
                told = now
                return
            told = await send()
            if told is not None and _close(told, now):
                raise RejectedError(
                    f"the device took the change and left its target at {told:g} {target.unit}",
                    Reason.LEFT_AS_IT_WAS,
                )

        async def shows() -> bool:
            seen = await self._present(target)
            # Rounded by the device, a small change could look done before it is.
            return _near(target, seen, wanted) and not _close(seen, now)

        await self._write(write, shows)
        await self._in_force(target.kind)
        return wanted if told is None else told

    async def _present(self, target: Target) -> float | None:
        """Return the target as stored, else as it is held."""
        stored = target.stored(await self._api.get_miner_configuration())
        if stored is not None:
            return stored
        return target.active(await self._api.get_performance_mode())

    async def _offered(self, name: Feature) -> PowerRange:
        """Return what is offered of a target; UnsupportedError where there is none."""
        await self._constraints()
        offered = self._capabilities.ranges.get(name)
        if offered is None:
            raise UnsupportedError("the device names no range for this target")
        return offered

    async def _checked(self, value: float, name: Feature, unit: str) -> float:
        """Return a value that is within what is offered, else raise InvalidValueError."""
        offered = await self._offered(name)
        # Put so that what is no number is outside, too.
        if not offered.minimum <= value <= offered.maximum:
            raise InvalidValueError(
                f"{value:g} {unit} is outside {offered.minimum:g} to {offered.maximum:g} {unit}",
                Reason.OUT_OF_RANGE,
                minimum=f"{offered.minimum:g} {unit}",
                maximum=f"{offered.maximum:g} {unit}",
            )
        return value

    async def _must_hold(self, kind: TargetKind) -> None:
        """Raise RejectedError while the tuner holds something else than a target of a kind."""
        other = await self._other_kind(kind)
        if other is not None:
            raise RejectedError(
                f"a {kind} target has no effect while the performance mode of the miner is"
                f" {other}, so nothing has been changed; change the mode for it",
                Reason.OTHER_PERFORMANCE_MODE,
            )

    async def _in_force(self, kind: TargetKind) -> None:
        """Raise RejectedError when the tuner holds something else than what was just set."""
        other = await self._other_kind(kind)
        if other is not None:
            raise RejectedError(
                f"the {kind} target is stored, but has no effect while the performance mode of"
                f" the miner is {other}; change the mode for it",
                Reason.STORED_WITHOUT_EFFECT,
            )

    async def _other_kind(self, kind: TargetKind) -> TargetKind | None:
        """Return what the tuner holds where that is known and of another kind."""
        mode = await attempt(self._api.get_performance_mode, look_deadline())
        # Not being able to look is no reason against a write, nor makes one fail.
        if isinstance(mode, MinerError) or mode.kind is kind:
            return None
        return mode.kind


def _checked_step(target: Target, step: float) -> float:
    """Return a step that would show, else raise InvalidValueError."""
    # Put so that what is no number is too small, too.
    if not target.resolution <= abs(step) < math.inf:
        raise InvalidValueError(
            f"{step:g} {target.unit} is no step; the smallest is"
            f" {target.resolution:g} {target.unit}",
            Reason.STEP_TOO_SMALL,
            step=f"{target.resolution:g} {target.unit}",
        )
    return step


def _near(target: Target, told: float | None, wanted: float) -> bool:
    """Tell whether a target is what was reckoned; devices round to whole W as they like."""
    if target.kind is TargetKind.POWER:
        return told is not None and abs(told - wanted) <= target.resolution
    return _close(told, wanted)


def _indistinct(target: Target, now: float, wanted: float) -> bool:
    """Tell whether a change is too small to show; 0.01 TH/s is a bit less as a difference."""
    change = abs(wanted - now)
    return change < target.resolution and not math.isclose(change, target.resolution, rel_tol=1e-6)


def _close(told: float | None, wanted: float | None) -> bool:
    """Tell whether two targets are the same but for how they were written down."""
    return told is not None and wanted is not None and math.isclose(told, wanted, rel_tol=1e-6)


def _same(accepted: float | None, wanted: float, unit: str) -> None:
    """Raise RejectedError when the device says that it took something else than was sent."""
    if accepted is not None and not _close(accepted, wanted):
        raise RejectedError(
            f"the device took {accepted:g} {unit} instead of {wanted:g} {unit}",
            Reason.TOOK_OTHER,
            taken=f"{accepted:g} {unit}",
            wanted=f"{wanted:g} {unit}",
        )

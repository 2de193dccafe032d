"""What "use at most so many watts" means, for one miner or for several."""

from collections.abc import Mapping, Sequence
from typing import Self

from ..miners.lean import dataclass
from ..miners.models import JsonValue
from . import defaults
from .learning import number
from .model import Ability, GuardState
from .policy import Policy, Safe


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One miner among those that share."""

    key: str
    ability: Ability
    floor: float
    """The lowest draw in W that holds."""
    running: bool
    priority: int = 1
    """1 is served first."""
    efficiency: float | None = None
    """J/TH; None counts as the worst."""
    excess: float = 1.0
    """Settled draw as a multiple of the ordered one."""

    @classmethod
    def of(
        cls,
        key: str,
        ability: Ability,
        state: GuardState,
        *,
        priority: int = 1,
        efficiency: float | None = None,
    ) -> Member:
        """Take from a guard what matters here."""
        return cls(
            key=key,
            ability=ability,
            floor=state.floor,
            running=state.running,
            priority=priority,
            efficiency=efficiency,
            excess=state.excess,
        )

    @property
    def least(self) -> float:
        """The W it needs to run, or to be started: more, so that it does not flap."""
        if self.running:
            return self.floor * self.excess
        margin = max(defaults.RESUME_WATTS, defaults.RESUME_SHARE * self.floor)
        # One that can only be switched has no more to ask for than its full draw.
        most = max(self.ability.maximum, self.floor) * self.excess
        return min(self.floor * self.excess + margin, most)

    def order(self, watts: float) -> float:
        """Return what is ordered so that it draws at most `watts`; 0 is off."""
        return self.ability.snap(watts / self.excess + 1e-6, self.floor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """What each may draw."""

    orders: Mapping[str, float]
    """W to be ordered of each miner; 0 is off."""
    applied: float
    """W that they will draw together."""
    left: float
    """W of the budget that nobody can use."""


def share(watts: float, members: Sequence[Member], policy: Policy) -> Sharing:
    """Divide `watts` (below 0 counts as 0). What they draw together is never more."""
    watts = max(watts, 0.0)
    ordered = sorted(members, key=lambda member: _rank(member, policy))
    divide = _equally if policy is Policy.EQUAL else _in_order
    orders = divide(watts, ordered)
    applied = sum(orders[member.key] * member.excess for member in members)
    return Sharing(orders=orders, applied=applied, left=max(watts - applied, 0.0))


def _rank(member: Member, policy: Policy) -> tuple[float, float, str]:
    if policy is Policy.EFFICIENT:
        joules = member.efficiency if member.efficiency is not None else float("inf")
        # Two that are nearly equal do not change places: what runs counts as 3 % better.
        return (joules * (0.97 if member.running else 1.0), member.priority, member.key)
    return (member.priority, 0.0, member.key)


def _in_order(watts: float, members: Sequence[Member]) -> dict[str, float]:
    orders: dict[str, float] = {}
    left = watts
    for member in members:
        orders[member.key] = member.order(left) if left >= member.least else 0.0
        left -= orders[member.key] * member.excess
    return orders


def _equally(watts: float, members: Sequence[Member]) -> dict[str, float]:
    orders = {member.key: 0.0 for member in members}
    chosen: list[Member] = []
    needed = 0.0
    for member in members:
        if needed + member.least <= watts:
            chosen.append(member)
            needed += member.floor * member.excess
    left = watts
    # Who can use the least is served first, so that the rest share what it leaves.
    for place, member in enumerate(sorted(chosen, key=lambda one: one.ability.maximum)):
        others = sorted(chosen, key=lambda one: one.ability.maximum)[place + 1 :]
        reserved = sum(other.floor * other.excess for other in others)
        part = max(left / (len(others) + 1), member.floor * member.excess)
        orders[member.key] = member.order(min(part, left - reserved))
        left -= orders[member.key] * member.excess
    return orders


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """An order "use at most `watts`" that may have to be renewed."""

    watts: float
    at: float
    """Unix time of the order."""
    valid_for: float | None = None
    """Seconds; None for ever."""
    safe: Safe = Safe.PAUSE
    policy: Policy = Policy.PRIORITY

    def to_json(self) -> dict[str, JsonValue]:
        """Return a form that can be stored."""
        return {
            "watts": max(self.watts, 0.0),
            "at": self.at,
            "valid_for": self.valid_for,
            "safe": self.safe,
            "policy": self.policy,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, JsonValue]) -> Self | None:
        """Read what `to_json` wrote, None where that is not it."""
        watts, at = number(stored.get("watts")), number(stored.get("at"))
        valid_for = number(stored.get("valid_for"))
        safe, policy = stored.get("safe"), stored.get("policy")
        if watts is None or at is None or safe not in list(Safe) or policy not in list(Policy):
            return None
        if valid_for is None and stored.get("valid_for") is not None:
            return None
        return cls(
            watts=watts,
            at=at,
            valid_for=valid_for,
            safe=Safe(safe),
            policy=Policy(policy),
        )

    def expired(self, now: float) -> bool:
        """Tell whether it was not renewed in time. A clock set back does not prolong it."""
        if self.valid_for is None:
            return False
        return not self.at <= now < self.at + self.valid_for

    def grant(self, members: Sequence[Member], now: float) -> Sharing | None:
        """Return what each may draw now; None means to leave them as they are."""
        if not self.expired(now):
            return share(self.watts, members, self.policy)
        if self.safe is Safe.HOLD:
            return None
        if self.safe is Safe.PAUSE:
            return share(0.0, members, self.policy)
        # The safe state is never above what was allowed before.
        running = [member for member in members if member.running]
        floors = sum(member.floor * member.excess for member in running)
        granted = share(min(floors, self.watts), running, Policy.EQUAL)
        off = {member.key: 0.0 for member in members if not member.running}
        return Sharing(orders={**off, **granted.orders}, applied=granted.applied, left=0.0)

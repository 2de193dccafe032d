"""Live state of the pools: which one is mined on, and its share counters."""

from dataclasses import dataclass

from .settings import GroupSetting, PoolSetting

DIFFICULTY = 65_536
"""Share difficulty that the simulated pools ask for."""
HASHES_PER_DIFFICULTY = 2**32 / 1e12
"""Work behind one unit of difficulty, in terahashes."""
REJECTED = 0.004
"""Part of all shares that a pool rejects while all is well."""
STALE = 0.001
"""Part of all shares that come too late."""


@dataclass(kw_only=True)
class PoolCounters:
    """Work done for one pool since the mining process started."""

    work: float = 0.0
    """Terahashes."""
    refused: float = 0.0
    """Those of them whose shares the pool has rejected."""
    last_share: float | None = None
    """Simulated time of the newest share."""

    @property
    def shares(self) -> int:
        """Return how many shares were sent."""
        return int(self.work / (DIFFICULTY * HASHES_PER_DIFFICULTY))

    @property
    def rejected(self) -> int:
        """Return how many of them were refused."""
        return int(self.refused / (DIFFICULTY * HASHES_PER_DIFFICULTY))

    @property
    def stale(self) -> int:
        """Return how many of them came too late."""
        return int(self.shares * STALE)

    @property
    def accepted(self) -> int:
        """Return how many of them counted."""
        return self.shares - self.rejected - self.stale

    @property
    def best_share(self) -> int:
        """Return the best difficulty found: it grows with the number of shares."""
        return self.shares * DIFFICULTY * 3


class Pools:
    """All pools of the running mining process."""

    def __init__(self) -> None:
        """Begin with every pool reachable."""
        self.dead: set[str] = set()
        """URLs of pools that do not answer; tests fill it."""
        self.all_dead = False
        """No pool answers, whatever its URL."""
        self.rejected_part = REJECTED
        """Part of all shares that pools reject from now on; tests change it."""
        self._counters: dict[str, PoolCounters] = {}

    def counters(self, pool: PoolSetting) -> PoolCounters:
        """Return the counters of one pool."""
        return self._counters.setdefault(pool.uid, PoolCounters())

    def alive(self, pool: PoolSetting) -> bool:
        """Tell whether a pool answers."""
        return pool.enabled is not False and not self.all_dead and pool.url not in self.dead

    def active(self, group: GroupSetting) -> PoolSetting | None:
        """Return the pool of a group that is mined on: the first that answers."""
        return next((pool for pool in group.pools if self.alive(pool)), None)

    def usable(self, groups: list[GroupSetting]) -> bool:
        """Tell whether there is anything to mine on."""
        return any(self.active(group) for group in groups)

    def work(self, groups: list[GroupSetting], terahashes: float, now: float) -> None:
        """Share work out among the groups by their quotas."""
        active = [(self.active(group), weight(group)) for group in groups]
        total = sum(part for pool, part in active if pool)
        for pool, part in active:
            if pool is None or total <= 0:
                continue
            counters = self.counters(pool)
            before = counters.shares
            done = terahashes * part / total
            counters.work += done
            counters.refused += done * self.rejected_part
            if counters.shares > before:
                counters.last_share = now

    def reset(self) -> None:
        """Forget all counters, as a restart of the mining process does."""
        self._counters.clear()


def weight(group: GroupSetting) -> float:
    """Return the weight of a group against the others."""
    strategy = group.strategy
    if isinstance(strategy, dict):
        for content in strategy.values():
            if isinstance(content, dict):
                value = content.get("value")
                if isinstance(value, int | float):
                    return float(value)
    return 1.0

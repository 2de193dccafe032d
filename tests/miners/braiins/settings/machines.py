"""What simulated machines have, and what tells two states of one apart."""

from custom_components.asic_miner.miners.models import Feature
from tests.simulators.braiins.plain import Node

TEMPERATURES = {
    Feature.TARGET_TEMPERATURE,
    Feature.HOT_TEMPERATURE,
    Feature.DANGEROUS_TEMPERATURE,
}
ALWAYS = TEMPERATURES | {
    Feature.DPS,
    Feature.DPS_SHUTDOWN,
    Feature.DPS_MODE,
    Feature.DPS_POWER_STEP,
    Feature.DPS_SHUTDOWN_HOURS,
    Feature.QUICK_RAMP_UP,
    Feature.QUICK_RAMP_DOWN,
}
WITH_LIMITS = {Feature.PERFORMANCE_MODE, Feature.DPS_MINIMUM_POWER}
HAS: dict[str, set[Feature]] = {
    "S19j Pro": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S21 Pro": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S21 Hyd": ALWAYS | WITH_LIMITS,
    "BMM 100": ALWAYS | {Feature.COOLING_MODE},
    "BMM 101": ALWAYS | {Feature.COOLING_MODE},
    "M30S++": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
    "S19 XP": ALWAYS | WITH_LIMITS | {Feature.COOLING_MODE},
}
SETTLED = 1800.0
"""Seconds after which the simulated tuner has long found a new target."""


def flat(node: Node, path: str = "") -> dict[str, Node]:
    """Return every leaf of some JSON by its path; an empty object is a leaf, too."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    found: dict[str, Node] = {}
    for name, value in pairs:
        inner = f"{path}.{name}" if path else str(name)
        found |= flat(value, inner) if isinstance(value, dict | list) and value else {inner: value}
    return found


def difference(before: Node, after: Node) -> dict[str, Node]:
    """Return what has another value than before, None for what is gone."""
    old, new = flat(before), flat(after)
    return {
        path: new.get(path)
        for path in old.keys() | new.keys()
        if (path in old, path in new, old.get(path), new.get(path))
        != (True, True) + (new.get(path),) * 2
    }

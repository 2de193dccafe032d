"""The simulated devices."""

from tests.simulators.whatsminer import PRESETS

ALL = sorted(PRESETS)
# The oldest firmware never tells its MAC, so it cannot be told apart from others.
NAMELESS = {"M20S-2019"}
KNOWN = [name for name in ALL if name not in NAMELESS]
HOUR = 3600.0

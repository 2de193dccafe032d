"""How near to a hard limit miners are raised."""

import math

from . import defaults


def raised_to(limit: float, largest: float) -> float:
    """Return the W up to which miners are raised: a limit less the noise of their readings.

    `largest` is the W of it that one miner can take at most, inf where that is not known.
    """
    fewest = max(math.ceil(limit / largest), 1)
    return limit * (1 - defaults.RISE_NOISE / math.sqrt(fewest))

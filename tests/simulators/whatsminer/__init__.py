"""A WhatsMiner on the wire: the local API of port 4028, of several firmware generations."""

from tests.simulators.whatsminer.faults import Faults, Malformed, Transfer, Wire
from tests.simulators.whatsminer.presets import PRESETS, Preset
from tests.simulators.whatsminer.server import WhatsminerSimulator

__all__ = ["PRESETS", "Faults", "Malformed", "Preset", "Transfer", "WhatsminerSimulator", "Wire"]

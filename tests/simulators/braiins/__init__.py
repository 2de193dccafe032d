"""A machine with Braiins OS that answers the local REST API."""

from .faults import Fault, Faults
from .presets import PRESETS
from .server import BraiinsSimulator, Exchange

__all__ = ["PRESETS", "BraiinsSimulator", "Exchange", "Fault", "Faults"]

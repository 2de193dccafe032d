"""A machine with Braiins OS that answers the local REST API."""

from .faults import Fault, Faults
from .presets import PRESETS
from .server import OWN_PASSWORD, BraiinsSimulator, Exchange

__all__ = ["OWN_PASSWORD", "PRESETS", "BraiinsSimulator", "Exchange", "Fault", "Faults"]

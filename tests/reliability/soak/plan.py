"""What happens to which miner when, the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.reliability.troubles import TROUBLES, Trouble

UNPLUGGED, CRASHED, FORGOTTEN = "unplugged", "mining program crashed", "sessions lost"
DEVICE_TROUBLES = (UNPLUGGED, CRASHED, FORGOTTEN)
"""What happens in the device itself; the other troubles happen on the wire."""
RELOAD = "entry reloaded"
ACTIONS = ("stop", "start", "power", "locate", "reboot", "restart mining")

WEIGHTS = {"trouble": 60, "device": 12, "action": 20, "reload": 8}


@dataclass(frozen=True, kw_only=True)
class Tempo:
    """How much happens, in seconds."""

    pause: float = 2.0
    """Between two events, on average. A hundred miners: one each for each three minutes."""
    shortest: float = 5.0
    """Of a trouble: less than a poll."""
    longest: float = 80.0
    """Of a trouble: a cut over which energy can be joined."""
    rest: float = 45.0
    """After a trouble, before the same miner has another: a poll while off, and some."""


SOAK = Tempo()


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happens."""

    at: float
    """Seconds from the beginning."""
    place: int
    """Which miner, from 0."""
    kind: str
    """One of WEIGHTS."""
    what: str
    seconds: float = 0.0
    """How long it lasts, of troubles."""


def lasting(make: str) -> list[Trouble]:
    """Return the troubles on the wire of a make that end by themselves, and without a lie.

    What happens to Home Assistant's own machine, what ends with a person entering a password,
    and what says in good form that the miner does not mine, is left to the fault matrix: here
    everything has to be as before, and energy to be right.
    """
    return [
        trouble
        for trouble in TROUBLES
        if make in trouble.makes
        and not trouble.inside
        and not trouble.login
        and not trouble.stops
        and not trouble.name.startswith("reboot")
    ]


def plan(makes: list[str], seconds: float, seed: int, tempo: Tempo = SOAK) -> Iterator[Event]:
    """Yield what happens to miners of these makes in so many seconds, in order of time."""
    random = Random(seed)
    free = [0.0] * len(makes)
    now = random.expovariate(1 / tempo.pause)
    while now < seconds:
        place = random.randrange(len(makes))
        kind = random.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
        lasts = random.uniform(tempo.shortest, tempo.longest)
        match kind:
            case "trouble":
                what = random.choice(lasting(makes[place])).name
            case "device":
                what = random.choice(DEVICE_TROUBLES)
            case "action":
                what = random.choice(ACTIONS)
            case _:
                what = RELOAD
        troubled = kind in {"trouble", "device"}
        # Actions and reloads hit miners in trouble, too; that is what is hard.
        if not troubled or now >= free[place]:
            if troubled:
                free[place] = now + lasts + tempo.rest
            yield Event(
                at=now,
                place=place,
                kind=kind,
                what=what,
                seconds=lasts if troubled else 0.0,
            )
        now += random.expovariate(1 / tempo.pause)

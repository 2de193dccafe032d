"""Login sessions: opaque tokens with a sliding end (reference 3)."""

from random import Random
import string

TIMEOUT = 3600
"""Seconds without an authenticated request after which a session ends."""
TOKEN_LENGTH = 16
"""Characters of a token, as in the vendor's sample."""


class Sessions:
    """All sessions of one device."""

    def __init__(self, seed: int) -> None:
        """Begin without sessions; tokens follow from the seed."""
        self._random = Random(f"token {seed}")
        self._ends: dict[str, float] = {}

    def __len__(self) -> int:
        """Return how many were opened and not dropped, ended ones included."""
        return len(self._ends)

    def open(self, now: float) -> str:
        """Begin another session."""
        token = "".join(self._random.choices(string.ascii_letters + string.digits, k=TOKEN_LENGTH))
        self._ends[token] = now + TIMEOUT
        return token

    def accept(self, token: str | None, now: float) -> bool:
        """Tell whether the bare token is good, and if so restart its clock."""
        if token is None or self._ends.get(token, 0.0) <= now:
            return False
        self._ends[token] = now + TIMEOUT
        return True

    def drop_all(self) -> None:
        """End every session, as a reboot does."""
        self._ends.clear()

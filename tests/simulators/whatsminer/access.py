"""Who may write: the admin password, the tokens derived from it, and the API switch."""

from dataclasses import dataclass
from random import Random

from tests.simulators.whatsminer.crypto import aes_key, md5_crypt, new_salt
from tests.simulators.whatsminer.presets import Preset

DEFAULT_PASSWORD = "admin"
LIFETIME = 1800.0
"""Seconds that a token lasts where the device names no time-out."""
PER_ADDRESS = 32
"""Tokens of one client address at a time, in manuals up to 2.0.5."""
ADDRESSES = 16
"""Client addresses at a time, likewise."""
ALTOGETHER = 100
"""Tokens at a time from API 2.2 on, whoever holds them."""


@dataclass(kw_only=True)
class Token:
    """One entry of the table."""

    address: str
    used: float
    """Simulated time of issue, or where the time-out is one of idleness, of last use."""


class Access:
    """Password and token table of one device."""

    def __init__(self, preset: Preset, *, password: str, seed: int, enabled: bool) -> None:
        """Start with an empty table."""
        self.preset = preset
        self.enabled = enabled
        """Whether the vendor's tool has opened the write API."""
        self._random = Random(seed + 2)
        self._tokens: dict[str, Token] = {}
        self.change(password)

    def change(self, password: str) -> None:
        """Set the password. All tokens made with the old one are void."""
        self.password = password
        # As in a shadow file: the salt belongs to the stored password, not to a request.
        self.salt = new_salt(self._random)
        self.key = md5_crypt(password, self.salt)
        self.aes_key = aes_key(self.key)
        self.forget()

    def forget(self) -> None:
        """Void all tokens, as a reboot does."""
        self._tokens.clear()

    def issue(self, address: str, now: float, epoch: float) -> dict[str, str] | None:
        """Return what get_token answers, or None when the table is full."""
        self._sweep(now)
        if self._full(address):
            return None
        newsalt = new_salt(self._random)
        # Real devices deliver four digits of the time only.
        time = str(int(epoch + now))[-4:]
        sign = md5_crypt(self.key + time, newsalt)
        self._tokens[sign] = Token(address=address, used=now)
        reply = {"time": time, "salt": self.salt, "newsalt": newsalt}
        if self.preset.token_timeout is not None:
            reply["timeout"] = self.preset.token_timeout
        return reply

    def check(self, sign: object, now: float) -> bool:
        """Tell whether a token is good now, which for some devices prolongs it."""
        self._sweep(now)
        token = self._tokens.get(sign) if isinstance(sign, str) else None
        if token is None:
            return False
        if self.preset.token_timeout is not None:
            token.used = now
        return True

    def _full(self, address: str) -> bool:
        if self.preset.api >= (2, 2, 0):
            return len(self._tokens) >= ALTOGETHER
        holders = [token.address for token in self._tokens.values()]
        if address not in holders:
            return len(set(holders)) >= ADDRESSES
        return holders.count(address) >= PER_ADDRESS

    def _sweep(self, now: float) -> None:
        timeout = self.preset.token_timeout
        limit = LIFETIME if timeout is None else float(timeout)
        if limit:
            self._tokens = {
                sign: token for sign, token in self._tokens.items() if now - token.used < limit
            }

"""How a write proves that it knows the password: manual chapter 2.

The device hands out two salts and a time. From these and the password follow a key
for AES-256-ECB and a signature that is sent inside the encrypted command.
"""

import base64
import binascii
from dataclasses import field
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from ..lean import dataclass

_MAGIC = b"$1$"
_ROUNDS = 1000
"""Fixed by the md5-crypt scheme."""
_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GROUPS = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
"""Which digest bytes md5-crypt packs together, most significant first; byte 11 is left over."""
_SALT_LENGTH = 8
"""md5-crypt looks at no more of a salt."""
_BLOCK = 16
"""Bytes of an AES block."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteKeys:
    """What writes are made with while a token lives. Never shown by repr()."""

    sign: str = field(repr=False)
    aes_key: bytes = field(repr=False)


def derive_keys(password: str, *, salt: str, newsalt: str, time: str) -> WriteKeys:
    """Work out signature and key from the password and a reply to get_token."""
    key = md5_crypt(password.encode(), salt.encode())
    # Some devices send the whole epoch time, most only its last four digits.
    sign = md5_crypt((key + time[-4:]).encode(), newsalt.encode())
    return WriteKeys(sign=sign, aes_key=hashlib.sha256(key.encode()).digest())


def encrypt(aes_key: bytes, plain: bytes) -> str:
    """Return a command as the device wants it: NUL padded, AES-256-ECB, base64."""
    padded = plain + bytes(-len(plain) % _BLOCK)
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt(aes_key: bytes, data: str) -> bytes:
    """Return what a device encrypted, without its NUL or PKCS#7 padding.

    Raises ValueError when this is no base64 of whole blocks.
    """
    try:
        encrypted = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    decryptor = _cipher(aes_key).decryptor()
    plain = decryptor.update(encrypted) + decryptor.finalize()
    length = plain[-1] if plain else 0
    if 1 <= length <= _BLOCK and plain.endswith(bytes([length]) * length):
        plain = plain[:-length]
    return plain.rstrip(b"\0")


def _cipher(aes_key: bytes) -> Cipher[ECB]:
    return Cipher(AES256(aes_key), ECB())  # noqa: S305 - the device's scheme, there is no choice


def md5_crypt(password: bytes, salt: bytes) -> str:
    """Return the 22 characters of the classic `$1$` scheme, without magic and salt."""
    salt = salt[:_SALT_LENGTH]
    inner = _md5(password + salt + password)
    length = len(password)
    mixed = password + _MAGIC + salt + (inner * (length // len(inner) + 1))[:length]
    bits = length
    while bits:
        mixed += b"\0" if bits & 1 else password[:1]
        bits >>= 1
    digest = _md5(mixed)
    for turn in range(_ROUNDS):
        odd = turn % 2 == 1
        text = password if odd else digest
        if turn % 3:
            text += salt
        if turn % 7:
            text += password
        digest = _md5(text + (digest if odd else password))
    packed = "".join(
        _pack(digest[high] << 16 | digest[middle] << 8 | digest[low], 4)
        for high, middle, low in _GROUPS
    )
    return packed + _pack(digest[11], 2)


def _pack(value: int, characters: int) -> str:
    """Write a number in md5-crypt's base 64, least significant first."""
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(characters))


def _md5(data: bytes) -> bytes:
    # The device's scheme demands it; nothing is kept safe by this digest alone.
    return hashlib.md5(data, usedforsecurity=False).digest()

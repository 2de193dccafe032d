"""What a WhatsMiner does with its password: md5-crypt for keys, AES-256-ECB for commands.

Written from the description of the handshake alone, on other libraries than the client's,
so that an error on one side cannot hide behind the same error on the other.
"""

import base64
import binascii
import hashlib
import json
from random import Random

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""crypt(3)'s own base 64: salts are drawn from it, digests are written in it."""
BLOCK = 16
"""AES block in bytes."""
ROUNDS = 1000
"""Fixed for the `$1$` scheme."""

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None


def new_salt(random: Random) -> str:
    """Return eight characters, as long as md5-crypt takes a salt."""
    return "".join(random.choice(ALPHABET) for _ in range(8))


def md5_crypt(password: str, salt: str) -> str:
    """Return the digest part (22 characters) of the classic `$1$` scheme."""
    secret, grain = password.encode(), salt.encode()
    inner = hashlib.md5(secret + grain + secret, usedforsecurity=False).digest()
    length = len(secret)
    text = secret + b"$1$" + grain + (inner * (length // BLOCK + 1))[:length]
    while length:
        text += b"\0" if length & 1 else secret[:1]
        length >>= 1
    digest = hashlib.md5(text, usedforsecurity=False).digest()
    for turn in range(ROUNDS):
        parts = [secret if turn & 1 else digest]
        if turn % 3:
            parts.append(grain)
        if turn % 7:
            parts.append(secret)
        parts.append(digest if turn & 1 else secret)
        digest = hashlib.md5(b"".join(parts), usedforsecurity=False).digest()
    # The scheme takes the bytes in this odd order, three at a time, the last one alone.
    groups = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    written = "".join(
        _letters(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in groups
    )
    return written + _letters(digest[11], 2)


def _letters(value: int, count: int) -> str:
    return "".join(ALPHABET[value >> 6 * place & 63] for place in range(count))


def aes_key(key: str) -> bytes:
    """Return the 32 bytes that commands are encrypted with."""
    return hashlib.sha256(key.encode()).digest()


def encrypt(key: bytes, text: str) -> str:
    """Encrypt a reply as devices do: NUL padding, base64 without line breaks."""
    plain = text.encode()
    plain += b"\0" * (-len(plain) % BLOCK)
    # The device's own scheme; not a choice of ours.
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def decode(data: str) -> bytes:
    """Undo the base64 of a request. Raises ValueError when it is not base64 of whole blocks."""
    try:
        cipher = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not cipher or len(cipher) % BLOCK:
        raise ValueError("not whole blocks")
    return cipher


def decrypt(key: bytes, cipher: bytes) -> dict[str, Json]:
    """Read the JSON object of a request, whatever its padding.

    Raises ValueError when there is none, as after encryption with another key.
    """
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 (as above)
    plain = decryptor.update(cipher) + decryptor.finalize()
    # NUL and PKCS#7 padding alike follow the object, and only the object is read.
    parsed, _ = json.JSONDecoder().raw_decode(plain.decode())
    if not isinstance(parsed, dict):
        raise ValueError("not an object")  # noqa: TRY004 (one kind for all that is not a request)
    return parsed


def compact(value: Json) -> str:
    """Write JSON as devices do, without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

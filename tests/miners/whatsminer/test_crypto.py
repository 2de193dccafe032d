"""Token, signature and encryption, held against independent implementations."""

import base64
import hashlib
import json
import os
from pathlib import Path
import subprocess

from hypothesis import example, given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.whatsminer.crypto import (
    WriteKeys,
    decrypt,
    derive_keys,
    encrypt,
    md5_crypt,
)

from .hurry import UNHURRIED

SALT_CHARACTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# What a command line can carry as an argument, which is far more than the device allows.
PASSWORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF), max_size=40)
SALTS = st.text(st.sampled_from(SALT_CHARACTERS), min_size=1, max_size=8)


def openssl(password: str, salt: str) -> str:
    """Ask an implementation that has nothing to do with ours."""
    made = subprocess.run(  # noqa: S603 - no shell, and nothing from outside
        ["openssl", "passwd", "-1", "-stdin", "-salt", salt],  # noqa: S607 - wherever it is
        input=password.encode(),
        capture_output=True,
        check=True,
    )
    return made.stdout.decode().strip().split("$")[3]


@UNHURRIED
@given(password=PASSWORDS.filter(bool), salt=SALTS)
@example(password="admin", salt="BQ5hoXV9")
@example(password="a", salt="/")
@example(password="0123456789abcdef", salt="..//..//")
@example(password="0123456789abcdef0123456789abcdef0", salt="z")
def test_md5_crypt_as_openssl(password: str, salt: str) -> None:
    """Every password and salt gives what OpenSSL gives."""
    assert md5_crypt(password.encode(), salt.encode()) == openssl(password, salt)


def test_md5_crypt_looks_at_eight_characters_of_salt() -> None:
    """As the scheme says; an empty password is possible too."""
    assert md5_crypt(b"x", b"12345678") == md5_crypt(b"x", b"123456789")
    assert len(md5_crypt(b"", b"")) == 22


@pytest.mark.parametrize(
    ("password", "salt", "newsalt", "time"),
    [
        ("admin", "BQ5hoXV9", "jbzkfQIs", "5626"),
        ("Wm_2024x", "a1B2c3D4", "Z9y8X7w6", "1727773415"),
        ("x", "./", "A", "0000"),
    ],
)
def test_keys_by_hand(password: str, salt: str, newsalt: str, time: str) -> None:
    """The chain of manual chapter 2, made with OpenSSL and nothing of ours."""
    key = openssl(password, salt)
    keys = derive_keys(password, salt=salt, newsalt=newsalt, time=time)
    assert keys.sign == openssl(key + time[-4:], newsalt)
    assert keys.aes_key == hashlib.sha256(key.encode()).digest()


def test_known_values() -> None:
    """Values worked out once and for all, so that nothing can drift."""
    keys = derive_keys("admin", salt="BQ5hoXV9", newsalt="jbzkfQIs", time="5626")
    assert keys.sign == "eWU1zZECOvkUsryK3/XKj/"
    assert keys.aes_key.hex() == (
        "199e0a202039bb7b558db7a54697dca29cb278055b7e659a127fb844d5a2fbf6"
    )
    # Only the last four characters of a full time count.
    keys = derive_keys("Wm_2024x", salt="a1B2c3D4", newsalt="Z9y8X7w6", time="1727773415")
    assert keys.sign == "W9BYJsCsvhlRFs2esEBoa."


def test_keys_are_not_shown() -> None:
    """A log or a traceback must not carry them."""
    assert repr(WriteKeys(sign="abc", aes_key=b"def")) == "WriteKeys()"


KEY = bytes(range(32))


def test_it_is_aes_256() -> None:
    """The example of the standard, FIPS 197 appendix C.3, which has this very key."""
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    sealed = bytes.fromhex("8ea2b7ca516745bfeafc49904b496089")
    assert base64.b64decode(encrypt(KEY, block * 2)) == sealed * 2
    assert decrypt(KEY, base64.b64encode(sealed).decode()) == block


@UNHURRIED
@given(plain=st.binary(max_size=200).map(lambda data: data.replace(b"\0", b" ") + b"}"))
def test_what_is_encrypted_is_decrypted(plain: bytes) -> None:
    """Commands end in a brace, as JSON does."""
    sealed = encrypt(KEY, plain)
    raw = base64.b64decode(sealed, validate=True)
    # Padded to whole blocks, with nothing added to what is whole already.
    assert len(raw) == (len(plain) + 15) // 16 * 16
    assert decrypt(KEY, sealed) == plain


@UNHURRIED
@given(plain=st.text(min_size=1, max_size=64).map(lambda text: json.dumps({"a": text}).encode()))
def test_pkcs7_is_understood(plain: bytes) -> None:
    """Some devices pad in the standard way, with a whole block where nothing is missing."""
    missing = 16 - len(plain) % 16
    # Whole blocks, to which nothing is added.
    assert decrypt(KEY, encrypt(KEY, plain + bytes([missing]) * missing)) == plain


@pytest.mark.parametrize("data", ["%%%", "YWJj", "YQ", "\u00e9"])
def test_what_cannot_be_decrypted(data: str) -> None:
    """No base64, or no whole blocks: one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        decrypt(KEY, data)


def test_nothing_decrypts_to_nothing() -> None:
    """An empty text has no last byte to look at."""
    assert decrypt(KEY, "") == b""


def test_reference_vectors() -> None:
    """All vectors of the reference, where its folder is named."""
    folder = os.environ.get("ASIC_MINER_REFERENCE")
    if folder is None:
        pytest.skip("ASIC_MINER_REFERENCE names no folder: the vectors file was NOT checked")
    vectors = json.loads((Path(folder) / "whatsminer-vectors.json").read_text())
    assert vectors["v2"]
    for vector in vectors["v2"]:
        keys = derive_keys(
            vector["password"],
            salt=vector["salt"],
            newsalt=vector["newsalt"],
            time=vector["time"],
        )
        assert md5_crypt(vector["password"].encode(), vector["salt"].encode()) == vector["key"]
        assert keys.sign == vector["sign"]
        assert keys.aes_key.hex() == vector["aes_key_hex"]
        for request in vector["requests"]:
            plain = request["plaintext"].encode()
            assert encrypt(keys.aes_key, plain) == request["data_nul"]
            assert decrypt(keys.aes_key, request["data_nul"]) == plain
            assert decrypt(keys.aes_key, request["data_pkcs7"]) == plain
        for response in vector["responses"]:
            plain = response["plaintext"].encode()
            assert decrypt(keys.aes_key, response["enc_nul"]) == plain
    negative = vectors["v2_negative"]
    full = next(v for v in vectors["v2"] if v["name"] == negative["based_on"])
    keys = derive_keys(
        full["password"], salt=full["salt"], newsalt=full["newsalt"], time=full["time"]
    )
    assert keys.sign != negative["sign_if_full_time_is_used"]
    assert keys.aes_key.hex() != negative["aes_key_hex_if_sign_is_hashed"]

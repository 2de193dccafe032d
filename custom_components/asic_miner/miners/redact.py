"""Takes out of a device's answers what nobody but its owner is to see."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
import re

from .models import JsonValue

REDACTED = "**REDACTED**"
_SHORTEST = 4
"""Characters; shorter texts are found inside of everything and tell nothing by themselves."""
_MOST = 300
"""Secrets and their parts: a miner with three groups of three pools has a third of them. Each
is looked for in all texts, so a device that claims more is not searched but kept to itself."""
_TELLING = ("passw", "pwd", "token", "salt", "secret", "apikey", "api_key")
"""Parts of keys whose value is secret whoever wrote them."""
_CREDENTIALS = re.compile(r"(?<=//)[^/\s@]+@")
_MAC = re.compile(
    r"(?<![0-9a-f:-])((?:[0-9a-f]{2}[:-]){3})(?:[0-9a-f]{2}[:-]){2}[0-9a-f]{2}(?![0-9a-f:-])",
    re.IGNORECASE,
)
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w.]*\w)",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[./@:\s]")

type _Clean = Callable[[str], str]


def redacted(
    answers: Mapping[str, JsonValue],
    *,
    keys: Collection[str] = (),
    alone: Collection[str] = (),
    addresses: Collection[str] = (),
    secrets: Iterable[str] = (),
) -> dict[str, JsonValue]:
    """Return a copy in which only what tells nothing of the owner is left.

    Names of keys are given in lower case. The values of `keys` and of `alone` are replaced,
    of those of `addresses` only scheme, host and port are left. The values of `keys`, and
    `secrets`, are replaced wherever they stand in another text too, with their parts: a
    worker's name is that of an account and of a machine. So are network addresses
    everywhere; of a MAC the maker's half is left. Where there are more than _MOST of them
    no text is left at all.
    """
    texts = {*secrets, *_below(dict(answers), frozenset(keys))}
    parts = {part for text in texts for part in (text, *_SEPARATORS.split(text))}
    # The longest first, or a part of a secret would spoil the search for all of it.
    ordered = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)
    clean = partial(redacted_text, secrets=ordered) if len(ordered) <= _MOST else _nothing_of
    return _cleaned(answers, frozenset({*keys, *alone}), frozenset(addresses), clean)


def redacted_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without network addresses, credentials and `secrets`."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    text = _CREDENTIALS.sub(f"{REDACTED}@", text)
    text = _MAC.sub(r"\1**:**:**", text)
    return _IP.sub(lambda found: REDACTED if _is_address(found[0]) else found[0], text)


def _nothing_of(text: str) -> str:
    """Return what stands for a text of which nothing is shown."""
    return REDACTED


def pool_address(url: str) -> str:
    """Return scheme, host and port of a pool's address, which may carry a login and a path."""
    scheme, separator, rest = url.rpartition("//")
    return scheme + separator + rest.rpartition("@")[2].partition("/")[0]


def _below(value: JsonValue, keys: frozenset[str]) -> Iterator[str]:
    """Yield the texts that stand under secret keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and key.lower() in keys:
                yield item
            else:
                yield from _below(item, keys)
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, keys)


def _clean(
    value: JsonValue, keys: frozenset[str], addresses: frozenset[str], clean: _Clean
) -> JsonValue:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(item, keys, addresses, clean) for item in value]
    return _cleaned(value, keys, addresses, clean) if isinstance(value, dict) else value


def _cleaned(
    members: Mapping[str, JsonValue],
    keys: frozenset[str],
    addresses: frozenset[str],
    clean: _Clean,
) -> dict[str, JsonValue]:
    shown: dict[str, JsonValue] = {}
    for key, item in members.items():
        name = clean(key)
        if _is_secret(key, keys) and item not in (None, "", [], {}):
            shown[name] = REDACTED
        elif key.lower() in addresses and isinstance(item, str):
            shown[name] = _clean(pool_address(item), keys, addresses, clean)
        else:
            shown[name] = _clean(item, keys, addresses, clean)
    return shown


def _is_secret(key: str, keys: frozenset[str]) -> bool:
    lower = key.lower()
    return lower in keys or any(part in lower for part in _TELLING)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

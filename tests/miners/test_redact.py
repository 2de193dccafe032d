"""What is left of an answer that is shown to developers."""

import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.models import JsonValue
from custom_components.asic_miner.miners.redact import (
    REDACTED,
    pool_address,
    redacted,
    redacted_text,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("C4:11:04:AB:CD:EF", "C4:11:04:**:**:**"),
        ("a0-5b-06-01-02-03 is it", "a0-5b-06-**:**:** is it"),
        ("192.168.1.20", REDACTED),
        ("192.0.2.1 192.0.2.2", f"{REDACTED} {REDACTED}"),
        ("http://10.0.0.7:80/", f"http://{REDACTED}:80/"),
        ("from fe80::c611:4ff:feab:cdef on", f"from {REDACTED} on"),
        (
            "stratum+tcp://me:pw@pool.example.com:3333",
            f"stratum+tcp://{REDACTED}@pool.example.com:3333",
        ),
        # Not addresses, however much they look like it.
        ("20250412.16.1.REL", "20250412.16.1.REL"),
        ("2026-04-01 12:34:56", "2026-04-01 12:34:56"),
        ("0,200,100,0", "0,200,100,0"),
        ("2024-01-05-0-1a2b3c4d-25.07-plus", "2024-01-05-0-1a2b3c4d-25.07-plus"),
        ("H3 999.1.2.3", "H3 999.1.2.3"),
    ],
)
def test_addresses_in_texts(text: str, shown: str) -> None:
    """Of the network nothing is left but the maker of the hardware."""
    assert redacted_text(text) == shown


def test_secrets_are_found_wherever_they_stand() -> None:
    """Under their keys, in other texts, as keys, in part and in lists."""
    answers: dict[str, JsonValue] = {
        "pools": [{"User": "acct9.rig7", "URL": "stratum+tcp://a:b@pool.example.com:3333/key"}],
        "errors": ["rig7: no share from acct9.rig7", {"acct9": 1}],
        "tokens": {"newsalt": "abcdefgh", "timeout": "1800"},
        "empty": {"user": "", "password": None},
        "host": {"hostname": "rig"},
        "text": "rig and its rig",
    }
    assert redacted(
        answers,
        keys={"user"},
        alone={"hostname"},
        addresses={"url"},
        secrets=["its rig"],
    ) == {
        "pools": [{"User": REDACTED, "URL": "stratum+tcp://pool.example.com:3333"}],
        "errors": [f"{REDACTED}: no share from {REDACTED}", {REDACTED: 1}],
        "tokens": REDACTED,
        "empty": {"user": "", "password": None},
        "host": {"hostname": REDACTED},
        "text": f"rig and {REDACTED}",
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("stratum+tcp://u:p@h.example.com:3333/x/y", "stratum+tcp://h.example.com:3333"),
        ("h.example.com:3333", "h.example.com:3333"),
        ("", ""),
    ],
)
def test_pool_addresses(url: str, shown: str) -> None:
    """What is left is what tells which pool it is."""
    assert pool_address(url) == shown


@given(
    st.dictionaries(st.text(), JSON),
    # JSON's own word for a truth value is no worker.
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=12).filter(
        lambda name: name not in "false"
    ),
)
def test_a_worker_never_shows(rest: dict[str, JsonValue], worker: str) -> None:
    """Whatever else a device says, and also when it repeats the name."""
    answers: dict[str, JsonValue] = {
        **rest,
        "user": f"{worker}.1",
        "again": [f"<{worker}>", {worker: worker}],
    }
    shown = json.dumps(redacted(answers, keys={"user"}))
    assert worker not in shown.replace(REDACTED, "")


def test_only_addresses_of_pools_lose_their_path() -> None:
    answer: dict[str, JsonValue] = {
        "URL": "stratum+tcp://pool.example.com:3333/key",
        "path": "//folder/file",
        "number": 5,
    }
    assert redacted(answer, keys=frozenset(), alone=frozenset(), addresses=frozenset({"url"})) == {
        "URL": "stratum+tcp://pool.example.com:3333",
        "path": "//folder/file",
        "number": 5,
    }

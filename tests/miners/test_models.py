"""What is kept in a config entry survives being stored, and older and newer versions."""

from dataclasses import fields
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Fan,
    Feature,
    Hashboard,
    Identity,
    Make,
    Pool,
    PoolState,
    PowerRange,
    Snapshot,
)

TEXT = st.one_of(st.none(), st.text(max_size=20))
IDENTITIES = st.builds(
    Identity,
    make=st.sampled_from(Make),
    mac=st.text(max_size=17),
    manufacturer=st.text(max_size=20),
    model=st.text(max_size=20),
    model_id=TEXT,
    firmware=TEXT,
    api_version=TEXT,
    hardware=TEXT,
    serial=TEXT,
    hostname=TEXT,
)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
LIMITS = st.builds(
    PowerRange,
    minimum=NUMBER,
    maximum=NUMBER,
    step=NUMBER,
    default=st.one_of(st.none(), NUMBER),
)
CAPABILITIES = st.builds(
    Capabilities,
    features=st.frozensets(st.sampled_from(Feature)),
    assumed=st.frozensets(st.sampled_from(Feature)),
    boards=st.frozensets(st.integers(1, 16)),
    fans=st.frozensets(st.integers(1, 8)),
    pools=st.frozensets(st.integers(1, 8)),
    ranges=st.dictionaries(st.sampled_from(Feature), LIMITS, max_size=4),
    choices=st.dictionaries(
        st.sampled_from(Feature), st.lists(st.text(max_size=8)).map(tuple), max_size=3
    ),
)


@given(IDENTITIES)
def test_identity_survives_storage(identity: Identity) -> None:
    """Through JSON, as a config entry stores it."""
    assert Identity.from_json(json.loads(json.dumps(identity.to_json()))) == identity


@given(CAPABILITIES)
def test_capabilities_survive_storage(capabilities: Capabilities) -> None:
    """Through JSON, as a config entry stores them."""
    assert Capabilities.from_json(json.loads(json.dumps(capabilities.to_json()))) == capabilities


@given(CAPABILITIES, CAPABILITIES)
def test_miners_of_one_kind_share_their_sets(known: Capabilities, seen: Capabilities) -> None:
    """Whether they are read or found out; hundreds of miners would else have a copy each."""
    stored = known.to_json()
    one, other = Capabilities.from_json(stored), Capabilities.from_json(stored)
    merged = one.merged(seen), other.merged(seen)
    for name in ("features", "boards", "fans", "pools", "assumed"):
        assert getattr(one, name) is getattr(other, name)
        assert getattr(merged[0], name) is getattr(merged[1], name)


def test_identity_of_another_version() -> None:
    """What is not known is ignored; what is missing is not made up."""
    stored = {"make": "whatsminer", "mac": "a", "manufacturer": "b", "model": "c", "new": "d"}
    assert Identity.from_json(dict(stored)).model == "c"
    with pytest.raises(ValueError, match="incomplete"):
        Identity.from_json({"make": "whatsminer"})
    with pytest.raises(ValueError, match="model"):
        Identity.from_json({**stored, "model": 1})


def test_capabilities_of_another_version() -> None:
    """What is not known, or is spoilt, is left out."""
    capabilities = Capabilities.from_json(
        {
            "features": ["power", "teleport", 3],
            "boards": [1, "2"],
            "pools": [True],
            "fans": None,
            "choices": {"power_mode": ["low", 3], "teleport": ["far"]},
            "ranges": {
                "power_target": {"minimum": 1, "maximum": 2, "step": 1, "colour": "red"},
                "power_limit": {"minimum": 1},
                "power_percent": 3,
                "teleport": {"minimum": 1, "maximum": 2, "step": 1},
            },
        }
    )
    assert capabilities == Capabilities(
        features=frozenset({Feature.POWER}),
        boards=frozenset({1}),
        choices={Feature.POWER_MODE: ("low",)},
        ranges={Feature.POWER_TARGET: PowerRange(minimum=1, maximum=2, step=1)},
    )
    assert Capabilities.from_json({"ranges": [], "choices": None}) == Capabilities()


@given(CAPABILITIES, CAPABILITIES)
def test_what_was_seen_once_is_kept(known: Capabilities, seen: Capabilities) -> None:
    """Nothing gets lost, newer limits win, and merging again changes nothing."""
    merged = known.merged(seen)
    assert known.features | seen.features == merged.features
    assert merged.boards == known.boards | seen.boards
    assert merged.fans == known.fans | seen.fans
    assert merged.pools == known.pools | seen.pools
    assert merged.only_watched().pools == merged.pools
    for feature in known.ranges.keys() | seen.ranges.keys():
        assert merged.ranges[feature] == seen.ranges.get(feature, known.ranges.get(feature))
    for feature in known.choices.keys() | seen.choices.keys():
        assert merged.choices[feature] == seen.choices.get(feature, known.choices.get(feature))
    told = (known.features - known.assumed) | (seen.features - seen.assumed)
    assert merged.assumed == (known.assumed | seen.assumed) - told
    # Not a copy: those who look whether anything has changed need not look closely.
    assert merged.merged(seen) is merged
    assert all(feature in merged for feature in known.features)


def test_parts_are_found_by_number() -> None:
    """Not by place in the list; what is not reported is not there."""
    snapshot = Snapshot(
        boards=(Hashboard(index=3, hashrate=1.0), Hashboard(index=1, hashrate=2.0)),
        fans=(Fan(index=2, speed=3000),),
    )
    assert snapshot.board(3) == Hashboard(index=3, hashrate=1.0)
    assert snapshot.board(2) is None
    assert snapshot.fan(2) == Fan(index=2, speed=3000)
    assert snapshot.fan(1) is None
    assert Snapshot().pool(1) is None
    pools = tuple(Pool(index=index, url=f"a{index}", user="") for index in (1, 2))
    assert Snapshot(pools=pools).pool(2) == pools[1]
    assert Snapshot(pools=pools).pool(3) is None


@pytest.mark.parametrize(
    ("enabled", "alive", "active", "state"),
    [
        (None, True, True, PoolState.IN_USE),
        (True, True, False, PoolState.STANDBY),
        (True, None, True, PoolState.IN_USE),
        (None, False, True, PoolState.DEAD),
        (None, False, False, PoolState.DEAD),
        (False, False, False, PoolState.DISABLED),
        (None, None, None, None),
        (True, None, False, None),
    ],
)
def test_what_becomes_of_a_pool(
    enabled: bool | None, alive: bool | None, active: bool | None, state: PoolState | None
) -> None:
    """What the device does not say is not made up."""
    pool = Pool(index=1, url="a", user="", enabled=enabled, alive=alive, active=active)
    assert pool.state is state


def test_active_pool() -> None:
    """The one that is mined on, if any."""
    spare = Pool(index=1, url="a", user="w", active=False)
    used = Pool(index=2, url="b", user="w", active=True)
    assert Snapshot(pools=(spare, used)).active_pool == used
    assert Snapshot(pools=(spare,)).active_pool is None
    assert Snapshot().active_pool is None


def test_secrets_do_not_show() -> None:
    """A dataclass in a log line tells no password and no worker."""
    assert "hunter2" not in repr(Credentials(username="root", password="hunter2"))
    assert "worker" not in repr(Pool(index=1, url="stratum+tcp://x", user="worker"))


def test_absent_is_none_everywhere() -> None:
    """An empty snapshot makes up nothing."""
    made_up = {
        item.name
        for item in fields(Snapshot)
        if getattr(Snapshot(), item.name) not in (None, (), {}, "unknown")
    }
    assert not made_up


def test_what_a_miner_does_not_say_has_not_changed() -> None:
    """One that is off may not tell its model or its serial number."""
    known = Identity(
        make=Make.WHATSMINER,
        mac="a",
        manufacturer="MicroBT",
        model="M30S++",
        model_id="M30S++ VH40",
        firmware="1",
        serial="x",
    )
    silent = Identity(
        make=Make.WHATSMINER, mac="a", manufacturer="MicroBT", model="WhatsMiner", firmware="2"
    )
    updated = known.updated(silent)
    assert (updated.model, updated.model_id, updated.serial) == ("M30S++", "M30S++ VH40", "x")
    assert updated.firmware == "2"
    assert silent.updated(known) == known


def test_what_can_be_read_is_not_assumed() -> None:
    """A firmware update may begin to tell what could only be set before."""
    blind = Capabilities(
        features=frozenset({Feature.FAST_BOOT}), assumed=frozenset({Feature.FAST_BOOT})
    )
    seeing = Capabilities(features=frozenset({Feature.FAST_BOOT}))
    assert blind.merged(blind).assumed == {Feature.FAST_BOOT}
    assert blind.merged(seeing).assumed == set()
    assert seeing.merged(blind).assumed == set()

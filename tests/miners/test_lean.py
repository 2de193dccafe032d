"""Data classes that share their methods behave as those of the standard library."""

import copy
import dataclasses
from dataclasses import field
import pickle
from typing import Any, get_type_hints

import pytest

from custom_components.asic_miner.miners import lean
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import Fan, PowerRange


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Standard:
    """By the standard library."""

    name: str
    secret: str = field(default="hidden", repr=False)
    note: str = field(default="", compare=False)
    parts: tuple[int, ...] = ()


@lean.dataclass(frozen=True, kw_only=True, slots=True)
class Lean:
    """With shared methods."""

    name: str
    secret: str = field(default="hidden", repr=False)
    note: str = field(default="", compare=False)
    parts: tuple[int, ...] = ()


@lean.dataclass(frozen=True, kw_only=True)
class Wider(Lean):
    """With a field more, and without slots."""

    more: int = 0


VALUES: tuple[dict[str, Any], ...] = (
    {"name": "a"},
    {"name": "b"},
    {"name": "a", "secret": "other"},
    {"name": "a", "note": "other"},
    {"name": "a", "parts": (1, 2)},
)


def test_types_are_told() -> None:
    """By the class, which keeps none of them until it is asked."""
    assert get_type_hints(Lean) == get_type_hints(Standard)
    assert get_type_hints(Wider) == get_type_hints(Standard) | {"more": int}


@pytest.mark.parametrize("one", VALUES)
@pytest.mark.parametrize("other", VALUES)
def test_equal_where_the_standard_ones_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What is left out of comparisons is left out, and what is equal has the same hash."""
    same = Standard(**one) == Standard(**other)
    assert (Lean(**one) == Lean(**other)) is same
    assert len({Lean(**one), Lean(**other)}) == (1 if same else 2)


def test_another_class_is_another_thing() -> None:
    """Also one that has the same fields, or more."""
    others: tuple[object, ...] = (Standard(name="a"), Wider(name="a"), "a")
    for other in others:
        assert Lean(name="a") != other
        assert other != Lean(name="a")
    assert Wider(name="a") != Wider(name="a", more=1)


@pytest.mark.parametrize("values", VALUES)
def test_shown_as_the_standard_ones_are(values: dict[str, Any]) -> None:
    """Without what must not be shown."""
    assert repr(Lean(**values)).replace("Lean", "Standard") == repr(Standard(**values))
    assert "hidden" not in repr(Wider(**values))
    assert "secret" not in repr(Credentials(username="root", password="secret"))


@pytest.mark.parametrize("kind", [Lean, Wider, Standard])
def test_nothing_can_be_changed(kind: type[Lean]) -> None:
    """Neither set nor taken away, and nothing added."""
    one = kind(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        one.name = "b"  # type: ignore[misc] # that it is refused is the test
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        del one.name
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        one.new = 1  # type: ignore[attr-defined] # the same
    assert one == kind(name="a")


def test_copied_and_kept_like_the_standard_ones() -> None:
    """Replaced, copied and pickled ones are equal and whole."""
    one = Lean(name="a", note="b", parts=(1,))
    assert dataclasses.replace(one, name="b") == Lean(name="b", parts=(1,))
    assert dataclasses.asdict(one) == {"name": "a", "secret": "hidden", "note": "b", "parts": (1,)}
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - our own
        assert other == one
        assert other.note == "b"


def test_methods_are_shared() -> None:
    """That is what they are for: none but `__init__` is compiled for a class."""
    for name in ("__eq__", "__hash__", "__repr__", "__setattr__", "__delattr__"):
        assert getattr(Fan, name) is getattr(PowerRange, name)


@pytest.mark.parametrize("name", ["__eq__", "__hash__", "__repr__"])
@pytest.mark.parametrize("slots", [True, False])
def test_a_method_written_by_hand_is_not_lost(name: str, slots: bool) -> None:
    """The standard library keeps it, and a secret may be hidden by it."""
    written = type("Written", (), {name: lambda *_: NotImplemented})
    with pytest.raises(TypeError, match=name):
        lean.dataclass(frozen=True, slots=slots)(written)

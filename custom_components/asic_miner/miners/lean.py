"""Frozen data classes that share their methods.

The standard library compiles six methods for each frozen data class, and they are half of the
memory that it takes: 9 of 19 kB with eight fields. All but `__init__` do the same for each class.
"""

from collections.abc import Callable
import dataclasses
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Never, Protocol

if TYPE_CHECKING:

    class DataClass(Protocol):
        """What is one."""

        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


__all__ = ["dataclass"]


@cache
def _compared(kind: type[DataClass]) -> Callable[[DataClass], tuple[object, ...]]:
    # With the class, as of one name alone there would be no tuple, and of none an error.
    names = (field.name for field in dataclasses.fields(kind) if field.compare)
    return attrgetter("__class__", *names)


def _equal(self: DataClass, other: object) -> object:
    if other is self:
        return True
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = _compared(self.__class__)
    return values(self) == values(other)


def _hash(self: DataClass) -> int:
    return hash(_compared(self.__class__)(self))


def _repr(self: DataClass) -> str:
    shown = (
        f"{field.name}={getattr(self, field.name)!r}"
        for field in dataclasses.fields(self)
        if field.repr
    )
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(self: DataClass, name: str, value: object = None) -> Never:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


if TYPE_CHECKING:
    # To whoever checks types or reads, it is the one of the standard library.
    from dataclasses import dataclass
else:

    def dataclass[T](
        *, frozen: bool, kw_only: bool = False, slots: bool = False
    ) -> Callable[[type[T]], type[T]]:
        """Do what `dataclasses.dataclass` does, for a frozen class.

        `field(hash=...)` is not supported: what is compared is hashed. `fields()` tells no types,
        which can be had of the class. Raises TypeError for a class with one of the methods of its
        own, which the standard library would keep.
        """

        def make(kind: type[T]) -> type[T]:
            if own := kind.__dict__.keys() & {"__eq__", "__hash__", "__repr__"}:
                raise TypeError(f"{kind.__qualname__} has its own {', '.join(sorted(own))}")
            made = dataclasses.dataclass(
                frozen=frozen, kw_only=kw_only, slots=slots, eq=False, repr=False
            )(kind)
            made.__eq__ = _equal
            made.__hash__ = _hash
            made.__repr__ = _repr
            made.__setattr__ = made.__delattr__ = _refuse
            # The class works its types out again when somebody asks it.
            made.__init__.__annotate__ = None
            if "__annotations_cache__" in made.__dict__:
                del made.__annotations_cache__
            for item in dataclasses.fields(made):
                item.type = None
            return made

        return make

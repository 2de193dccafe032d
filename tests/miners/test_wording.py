"""What a device says, and what is shown of it."""

import pytest

from custom_components.asic_miner.miners.wording import (
    LONGEST,
    LONGEST_NAME,
    NAMELESS,
    as_name,
    in_markdown,
    printable,
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        ("S19 Pro, ölgekühlt 矿机", "S19 Pro, ölgekühlt 矿机"),
        ("a\nb\x1b[2Jc\u202ed", "ab[2Jcd"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * LONGEST + "y", "x" * LONGEST),
        ("\n" + "x" * LONGEST, "x" * (LONGEST - 1)),
    ],
)
def test_printable(said: str, shown: str) -> None:
    assert printable(said) == shown


def test_something_may_stand_for_what_cannot_be_printed() -> None:
    assert printable("a\nb\tc", "?") == "a?b?c"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Antminer S19j Pro+ (88T)", "Antminer S19j Pro+ (88T)"),
        ("[x](https://a.example)", "x (https: a.example)"),
        ("WWW.a.example", "a.example"),
        ("{{states}}<b>", "states   b"),
        ("x" * (LONGEST_NAME + 1), "x" * LONGEST_NAME),
        ("  M60S\n", "M60S"),
        ("", NAMELESS),
        ("**", NAMELESS),
        ("\x00", NAMELESS),
    ],
)
def test_names(said: str, name: str) -> None:
    assert as_name(said) == name


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("", ""),
        ("M60S VK30 ölgekühlt 7", "M60S VK30 ölgekühlt 7"),
        ("[a](http://b.c)", r"\[a\]\(http\:\/\/b\.c\)"),
        ("!/:@[`{~", r"\!\/\:\@\[\`\{\~"),
        ("\\*", r"\\\*"),
    ],
)
def test_markdown_shows_the_text_itself(said: str, written: str) -> None:
    assert in_markdown(said) == written

"""What a device says, made fit for a name, a log and a message to the user."""

import re

LONGEST = 1000
"""Characters: no pool has so long an address or worker, and both may have to be written back."""
LONGEST_NAME = 100
"""Characters: no maker's name of a model or of firmware has half of them."""
NAMELESS = "?"

_MARKUP = re.compile(r"[\[\]<>{}`*\\|~!&]|//+|www\.", re.IGNORECASE)
"""What no name of a device has, and what makes links, pictures and templates of text."""

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
"""Of ASCII: each of them stands for itself behind a backslash (CommonMark, 2.4)."""


def printable(said: str, instead: str = "") -> str:
    """Return a text without what ends a line or steers a terminal, and of LONGEST at most.

    A device could otherwise write lines of its own into the log of whoever quotes it.
    """
    said = said[:LONGEST]
    if said.isprintable():
        return said
    return "".join(c if c.isprintable() else instead for c in said)


def as_name(said: str) -> str:
    """Return a text of LONGEST_NAME that is a name everywhere, also where Markdown is shown."""
    return _MARKUP.sub(" ", printable(said))[:LONGEST_NAME].strip() or NAMELESS


def in_markdown(said: str) -> str:
    """Return what Markdown shows as this text, whatever is in it."""
    return _PUNCTUATION.sub(r"\\\g<0>", said)

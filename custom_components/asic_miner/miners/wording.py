"""What a device says, made fit for a name, a log and a message to the user."""


def printable(said: str, instead: str = "") -> str:
    """Return a text without what ends a line or steers a terminal.

    A device could otherwise write lines of its own into the log of whoever quotes it.
    """
    if said.isprintable():
        return said
    return "".join(c if c.isprintable() else instead for c in said)

"""How far the installation of a firmware file is."""

from collections.abc import Callable
from enum import StrEnum

TELL_EVERY = 10
"""Percent: often enough to see that it goes on, seldom enough to read."""


class InstallStep(StrEnum):
    """What can be told of an installation."""

    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    FAILED = "failed"


type InstallListener = Callable[[InstallStep, int], None]
"""Told the step and how much has been sent, in percent."""


class InstallReport:
    """Turns the number of bytes sent into steps worth telling."""

    def __init__(self, size: int, tell: InstallListener) -> None:
        """Begin with nothing sent of `size` bytes."""
        self._size = size
        self._tell = tell
        self._percent = 0

    def begin(self) -> None:
        """Tell that it has begun."""
        self._tell(InstallStep.STARTED, 0)

    def sent(self, count: int) -> None:
        """Tell how far it is, each time that it has become noticeably more."""
        percent = 100 * count // self._size
        if percent >= self._percent + TELL_EVERY:
            self._percent = percent - percent % TELL_EVERY
            self._tell(InstallStep.PROGRESS, self._percent)

    def end(self, *, failed: bool) -> None:
        """Tell how it ended."""
        if failed:
            self._tell(InstallStep.FAILED, self._percent)
        else:
            self._tell(InstallStep.FINISHED, 100)

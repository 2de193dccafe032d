"""Lines of Home Assistant's log that say that the integration uses it in a way that will end."""

import logging
import re
from types import TracebackType
from typing import Final, Self, override

REPORT: Final = re.compile(
    r"Detected that custom integration 'asic_miner'|deprecated .* from asic_miner\b"
)
"""As Home Assistant's helpers `frame` and `deprecation` begin."""


def is_report(text: str) -> bool:
    """Tell whether a line of the log is such a report."""
    return REPORT.search(text) is not None


class DeprecationCheck(logging.Handler):
    """Collects such reports while it is entered."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(logging.WARNING)
        self.reports: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a report."""
        if is_report(text := record.getMessage()):
            self.reports.append(text)

    def __enter__(self) -> Self:
        """Begin to listen to all loggers."""
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self)

"""What the log says of a miner that is lost and comes back."""

import logging

import pytest

LOST, BACK = "lost", "back"
_LOST = ("Error fetching", "Authentication failed while fetching")


class Losses:
    """The lines of one miner, in their order."""

    def __init__(self, caplog: pytest.LogCaptureFixture, name: str) -> None:
        """Begin now; the name is the one that polls are logged by."""
        self._caplog = caplog
        self._name = name
        self._seen = 0
        self.told()

    def told(self) -> list[str]:
        """Return LOST and BACK for each line since this was asked last."""
        records = self._caplog.get_records("call")
        new, self._seen = records[self._seen :], len(records)
        lines = [r.getMessage() for r in new if f"etching {self._name} data" in r.getMessage()]
        return [LOST if line.startswith(_LOST) else BACK for line in lines]


def quiet(caplog: pytest.LogCaptureFixture, secret: str, *names: str) -> None:
    """Fail if anything is logged as an error but that these miners were lost."""
    records = [r for when in ("setup", "call") for r in caplog.get_records(when)]
    assert not [r.getMessage() for r in records if r.exc_info]
    loud = [r.getMessage() for r in records if r.levelno >= logging.ERROR]
    lost = tuple(f"{begin} {name} data" for begin in _LOST for name in names)
    assert not [line for line in loud if not line.startswith(lost)]
    assert not [r for r in records if secret in r.getMessage()]

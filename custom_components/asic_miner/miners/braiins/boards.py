"""Switching single hashboards."""

from collections.abc import Callable
from typing import Final

from ..errors import InvalidValueError, Reason, RejectedError
from . import convert
from .api import BraiinsApi
from .schema import Hashboard

SWITCH_SECONDS: Final = 60.0
"""Within which an accepted switch shows."""


class Boards:
    """Switches hashboards of one device, never the last one off."""

    def __init__(self, api: BraiinsApi, clock: Callable[[], float]) -> None:
        """Send nothing yet. `clock` returns seconds."""
        self._api = api
        self._clock = clock
        self._asked: dict[int, tuple[bool, float]] = {}
        """What has been sent, and when; it need not show yet."""

    async def send(self, index: int, on: bool) -> None:
        """Switch a board, counted from 1, unless it is so already.

        Raises InvalidValueError for a board that is not there or the last that is on.
        """
        boards = {
            convert.board_index(board.id, place): board
            for place, board in enumerate(await self._api.get_hashboards(), 1)
        }
        board = boards.get(index)
        if board is None or board.id is None:
            raise InvalidValueError(
                f"there is no hashboard {index}", Reason.NO_HASHBOARD, board=str(index)
            )
        if not on and not any(
            self._stays_on(other, boards[other]) for other in boards if other != index
        ):
            raise InvalidValueError(
                f"hashboard {index} is the last one that is on; switch mining off instead",
                Reason.LAST_HASHBOARD,
                board=str(index),
            )
        if board.enabled is on and self._recently_asked(index) in {None, on}:
            return
        # Noted before it is sent: without an answer it may have been executed, too.
        self._asked[index] = on, self._clock()
        taken = await self._api.update_hashboards([board.id], enable=on)
        if taken.get(board.id, on) is not on:
            raise RejectedError(
                f"the device left hashboard {index} {'off' if on else 'on'}", Reason.LEFT_AS_IT_WAS
            )

    async def shows(self, index: int, on: bool) -> bool:
        """Tell whether a board is as it is wanted."""
        return any(
            board.enabled is on and convert.board_index(board.id, place) == index
            for place, board in enumerate(await self._api.get_hashboards(), 1)
        )

    def _recently_asked(self, index: int) -> bool | None:
        on, when = self._asked.get(index, (None, 0.0))
        return on if self._clock() - when < SWITCH_SECONDS else None

    def _stays_on(self, index: int, board: Hashboard) -> bool:
        """Tell whether a board is on and has not just been told to go off."""
        return board.enabled is True and self._recently_asked(index) is not False

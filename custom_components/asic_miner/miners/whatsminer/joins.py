"""Joined requests: totals and boards in one connection, on devices that have proved it.

The manual describes joins, and devices are known that refuse them or answer them in their
own way. So a join is tried once, beside the single requests that it is to replace, and
used only where it said the same.
"""

from collections.abc import Sequence

from ..errors import MalformedReplyError
from .api import WhatsminerApi
from .parse import Record

type Totals = tuple[Record, tuple[Record, ...]]
"""What `summary` and `edevs` tell."""


async def summary_and_boards(api: WhatsminerApi) -> Totals:
    """Read `summary` and `edevs` in one request.

    Raises what a single request would raise when either part is not there.
    """
    totals, devices = await api.joined("summary", "edevs")
    rows, boards = totals.rows("SUMMARY"), devices.rows("DEVS")
    if not rows:
        raise MalformedReplyError("the joined reply has no totals")
    return rows[0], boards


def same_shape(joined: Totals, summary: Record, boards: Sequence[Record]) -> bool:
    """Tell whether a join has the very values that single replies have.

    Values change from one moment to the next, their names do not.
    """
    return joined[0].keys() == summary.keys() and [board.keys() for board in joined[1]] == [
        board.keys() for board in boards
    ]

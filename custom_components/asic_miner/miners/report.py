"""Collects a device's answers one after the other, for a report to developers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from .errors import MinerError, UnreachableError
from .models import JsonValue

REPORT_SECONDS = 30.0
"""A user waits for it. A healthy device is through in a second or two, a loaded one in ten."""

type Question = Callable[[], Awaitable[JsonValue]]


async def collected(
    questions: Mapping[str, Question], seconds: float = REPORT_SECONDS
) -> dict[str, JsonValue]:
    """Ask one question after the other and return the answers with the time they took.

    One that fails is shown by the kind of its error. After one that nobody answered, and
    when `seconds` are over, the rest is not asked.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    answers: dict[str, JsonValue] = {}
    left = dict(questions)
    for name, ask in questions.items():
        del left[name]
        began = loop.time()
        try:
            async with asyncio.timeout_at(deadline):
                answers[name] = {"answer": await ask()}
        except TimeoutError:
            answers[name] = {"error": "TimeoutError"}
            break
        except MinerError as error:
            answers[name] = {"error": type(error).__name__}
            if isinstance(error, UnreachableError):
                break
        finally:
            took = round(loop.time() - began, 3)
            if isinstance(answer := answers.get(name), dict):
                answer["seconds"] = took
    return answers | {name: {"error": "not asked"} for name in left}

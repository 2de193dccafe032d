"""Asking a device everything, one after the other, whatever goes wrong."""

import asyncio

from custom_components.asic_miner.miners.errors import RejectedError, UnreachableError
from custom_components.asic_miner.miners.models import JsonValue
from custom_components.asic_miner.miners.report import collected


async def _answer() -> JsonValue:
    return {"said": 1}


async def _refuse() -> JsonValue:
    raise RejectedError("secret words")


async def _silence() -> JsonValue:
    raise UnreachableError("nobody")


async def _for_ever() -> JsonValue:
    await asyncio.Event().wait()
    return None


def _without_times(answers: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        name: {key: value for key, value in answer.items() if key != "seconds"}
        for name, answer in answers.items()
        if isinstance(answer, dict)
    }


async def test_a_part_that_fails_fails_alone() -> None:
    """It is shown by its kind, without its words."""
    answers = await collected({"a": _answer, "b": _refuse, "c": _answer})
    assert _without_times(answers) == {
        "a": {"answer": {"said": 1}},
        "b": {"error": "RejectedError"},
        "c": {"answer": {"said": 1}},
    }


async def test_who_is_not_there_is_not_asked_again() -> None:
    """Each further question would only take its time to fail."""
    answers = await collected({"a": _silence, "b": _answer})
    assert _without_times(answers) == {
        "a": {"error": "UnreachableError"},
        "b": {"error": "not asked"},
    }


async def test_it_ends_in_time() -> None:
    """What has been answered by then is kept."""
    answers = await collected({"a": _answer, "b": _for_ever, "c": _answer}, seconds=0.05)
    assert _without_times(answers) == {
        "a": {"answer": {"said": 1}},
        "b": {"error": "TimeoutError"},
        "c": {"error": "not asked"},
    }

"""From an action in Home Assistant to the device, and to the state that shows its effect."""

import asyncio
import statistics
import time

import aiohttp

from .fleet import MIX, Fleet
from .house import Measured, Plan

REPEATS = 6
STATE_SECONDS = 30.0
"""The device's settling time of some seconds, and a poll."""

READS = ("get_", "summary", "status", "edevs", "pools", "GET ", "POST /api/v1/auth")
"""How questions, and what precedes a command, begin."""


async def latency(plan: Plan) -> dict[str, dict[str, float]]:
    """Return milliseconds, medians and worst, by preset."""
    found: dict[str, dict[str, float]] = {}
    async with plan.inhabited(len(MIX)) as (config, fleet), Measured(config=config) as hass:
        await hass.probe("ready", miners=len(MIX))
        # The first long read is over, and a device at rest is what is measured.
        await asyncio.sleep(5)
        for preset, device in zip(MIX, fleet.devices, strict=True):
            entity = (await hass.entities(device["mac"]))["locate"]
            to_device, to_state = [], []
            async with hass.websocket() as socket:
                await socket.send_json(
                    {"id": 1, "type": "subscribe_events", "event_type": "state_changed"}
                )
                await socket.receive_json()
                for turn in range(REPEATS):
                    on = turn % 2 == 0
                    await fleet.stamps()
                    began = time.monotonic()
                    await socket.send_json(
                        {
                            "id": turn + 2,
                            "type": "call_service",
                            "domain": "switch",
                            "service": "turn_on" if on else "turn_off",
                            "target": {"entity_id": entity},
                        }
                    )
                    seen = await _seen(socket, entity, on=on)
                    to_state.append((seen - began) * 1000)
                    to_device.append((await _reached(fleet, device["mac"], began) - began) * 1000)
            found[preset] = {
                "device": statistics.median(to_device),
                "device_worst": max(to_device),
                "state": statistics.median(to_state),
                "state_worst": max(to_state),
            }
    return found


async def _seen(socket: aiohttp.ClientWebSocketResponse, entity: str, *, on: bool) -> float:
    async with asyncio.timeout(STATE_SECONDS):
        while True:
            message = await socket.receive_json()
            if message["type"] == "result" and not message["success"]:
                raise RuntimeError(message["error"]["message"])
            if message["type"] != "event":
                continue
            data = message["event"]["data"]
            state = data["new_state"]
            if data["entity_id"] == entity and state and state["state"] == ("on" if on else "off"):
                return time.monotonic()


async def _reached(fleet: Fleet, mac: str, began: float) -> float:
    """Return when the device got the first command that is no question."""
    return min(
        at
        for where, name, at in await fleet.stamps()
        if where == mac and at >= began and not name.startswith(READS)
    )

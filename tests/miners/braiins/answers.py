"""What tests of the client let the device answer, and the calls that they look for."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from custom_components.asic_miner.miners.braiins.parse import Json

from .device import DETAILS, Answer, Device, Reply

LIVE = [("GET", "miner/details"), ("GET", "cooling/state"), ("GET", "miner/stats")]
SLOW = {
    ("GET", "miner/hw/hashboards"),
    ("GET", "performance/tuner-state"),
    ("GET", "performance/mode"),
    ("GET", "configuration/miner"),
    ("GET", "pools/"),
    ("GET", "actions/locate"),
}
RARE = {("GET", "miner/errors"), ("GET", "license/license"), ("GET", "network/")}
"""What the first slow read brings, too, and later ones now and then."""
NEED_PROCESS = [
    "miner/stats",
    "miner/hw/hashboards",
    "cooling/state",
    "performance/mode",
    "performance/tuner-state",
    "license/license",
]

POWER_TARGET = ("PUT", "performance/power-target")
HASHRATE_TARGET = ("PUT", "performance/hashrate-target")
PAUSE = ("PUT", "actions/pause")
RESUME = ("PUT", "actions/resume")

POWER_MODE: Json = {"tunermode": {"target": {"powertarget": {"power_target": {"watt": 2800}}}}}
HASHRATE_MODE: Json = {
    "tunermode": {"target": {"hashratetarget": {"hashrate_target": {"terahash_per_second": 90.0}}}}
}


def details(**members: Json) -> Json:
    """Return details with some members of their own."""
    return DETAILS | members


def process_down(device: Device, answer: Reply, **members: Json) -> None:
    """Let the device be without its mining process."""
    for path in NEED_PROCESS:
        device.answers["GET", path] = answer
    device.answers["GET", "miner/details"] = details(status=1, **members)


def then(*answers: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer differently each time, and with the last one from then on."""
    left = list(answers)

    async def answer(_request: web.Request) -> web.StreamResponse:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Reply):
            return web.Response(
                status=now.status, body=now.body, headers={"Content-Type": now.content_type}
            )
        return web.json_response(now)

    return answer


async def drop(request: web.Request) -> web.StreamResponse:
    """Break the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()

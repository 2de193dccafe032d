"""Details, statistics, hashboards, errors, status streams, logs and archives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from io import BytesIO
import json
from random import Random
from zipfile import ZipFile

from .. import readings, shapes
from ..device import Device
from ..errorlog import Entry
from ..gateway import Call, Reply, operation
from ..wire import Json, RefusedError, gigahash, volt

WATCH = 0.02
"""Real seconds between two looks at the status by an open stream."""
LOG_TYPES = ("errors", "bosminer", "boser", "monitor", "syslog", "dmesg")


@operation("GET", "miner/details")
def details(call: Call) -> Json:
    """Tell who it is and how it is; answers while the mining process is down."""
    device, preset = call.device, call.device.preset
    uptime = int(device.now - device.booted_at)
    current = preset.firmware
    reply: dict[str, Json] = {
        "uid": Random(f"uid {device.seed}").randbytes(8).hex(),
        "miner_identity": {
            "brand": preset.brand,
            "model": 0,
            "name": preset.miner_model,
            "miner_model": preset.miner_model,
        },
        "platform": preset.platform,
        "bos_mode": preset.boot_mode,
        "bos_version": {
            "current": current,
            "major": "2021-03-02-0-7d0f9a13-21.02-plus",
            "bos_plus": True,
        },
        "hostname": device.settings.network.hostname,
        "mac_address": call.gateway.faults.mac or device.mac,
        "system_uptime": uptime,
        "sticker_hashrate": gigahash(preset.sticker),
        "bosminer_uptime_s": int(device.process_uptime),
        "system_uptime_s": uptime,
        "status": device.status,
        "kernel_version": preset.kernel,
        "psu_info": _psu(device),
        "control_board_soc_family": preset.soc_family,
        "serial_number": None if preset.mini else f"SIMCB{device.seed:06d}",
    }
    if call.since(1, 7, 0):
        reply["is_pic_model"] = preset.pic
        reply["detailed_status"] = readings.detailed_status(device)
    return reply


def _psu(device: Device) -> Json:
    model = device.preset.psu_model
    if model is None:
        return None
    return {
        "version": 49,
        "fw_version": 22,
        "serial_number": f"SIMPS{device.seed:06d}",
        "model_name": model,
        "min_voltage": volt(11.9),
        "max_voltage": volt(15.2),
    }


@operation("GET", "miner/stats", process=True)
def stats(call: Call) -> Json:
    """Tell hashrates, shares and power."""
    device = call.device
    pools = [pool for group in device.settings.groups for pool in group.pools]
    return {
        "pool_stats": readings.pool_stats(device, [device.pools.counters(pool) for pool in pools]),
        "miner_stats": readings.solver_stats(
            device, list(device.series), nominal=readings.nominal_hashrate(device)
        ),
        "power_stats": readings.power_stats(device),
    }


@operation("GET", "miner/hw/hashboards", process=True)
def hashboards(call: Call) -> Json:
    """Tell all boards, disabled ones too."""
    device = call.device
    return {"hashboards": [readings.hashboard(device, board) for board in device.settings.boards]}


@operation(
    "PATCH",
    "miner/hw/hashboards",
    process=True,
    body=shapes.members({"hashboard_ids": shapes.array(shapes.text), "enable": shapes.boolean}),
)
def update_hashboards(call: Call) -> Json:
    """Accept a switch of boards, which shows later."""
    device, enable = call.device, call.members["enable"] is True
    wanted = call.members["hashboard_ids"]
    assert isinstance(wanted, list), "the shape says so"
    boards = [str(board) for board in wanted]
    for board in boards:
        if board not in device.settings.boards:
            raise RefusedError(400, f"unknown hashboard '{board}'")
    if not enable and not device.preset.pic and set(boards) != set(device.settings.boards):
        raise RefusedError(400, "single hashboards cannot be cut off on this machine")
    device.switch_boards(boards, enable=enable)
    return {"hashboards": [{"id": board, "is_enabled": enable} for board in boards]}


@operation("GET", "miner/errors")
def errors(call: Call) -> Json:
    """Tell the whole error log."""
    return {"errors": [entry.wire() for entry in call.device.errors.entries]}


@operation("GET", "miner/status")
def status(call: Call) -> Reply:
    """Tell the status now and at each change, without end."""
    device = call.device
    framing = device.unknowns.framing
    return Reply(stream=_watch(device, lambda: {"status": device.status}, framing))


@operation("GET", "miner/status/detailed", since=(1, 7, 0))
def detailed_status(call: Call) -> Reply:
    """Tell the detailed status now and at each change, one line each, without end."""
    device = call.device
    return Reply(
        stream=_watch(device, lambda: {"status": readings.detailed_status(device)}, b"\n"),
        stream_type="application/x-ndjson",
    )


async def _watch(device: Device, read: Callable[[], Json], framing: bytes) -> AsyncIterator[bytes]:
    last: Json = None
    while True:
        device.advance()
        current = read()
        if current != last:
            last = current
            yield json.dumps(current).encode() + framing
        await asyncio.sleep(WATCH)


@operation(
    "GET",
    "miner/support-archive",
    body=shapes.members({"format": shapes.one_of("unspecified", "zip", "bos", "zipencrypted")}),
)
def support_archive(call: Call) -> Reply:
    """Give a small archive; the encrypted kinds are just bytes here."""
    archive = BytesIO()
    with ZipFile(archive, "w") as content:
        content.writestr("errors.log", _log(call.device.errors.entries))
    data = archive.getvalue()
    if call.members["format"] not in {"zip", "unspecified"}:
        data = b"BOS\x00" + data[::-1]
    return Reply(content=data)


@operation("GET", "miner/log/{log_type}", since=(1, 3, 0))
def log(call: Call) -> Reply:
    """Give a log as text."""
    kind = call.parameters["log_type"]
    if kind not in LOG_TYPES:
        raise RefusedError(400, f"unknown log '{kind}'")
    text = _log(call.device.errors.entries) if kind == "errors" else f"{kind}: nothing to say\n"
    return Reply(content=text.encode())


def _log(entries: list[Entry]) -> str:
    return "".join(f"{entry.timestamp} {entry.text}\n" for entry in entries)

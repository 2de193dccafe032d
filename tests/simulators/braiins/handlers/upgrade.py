"""Automatic upgrades, image upload and the way back to stock firmware."""

from email import message_from_bytes
from email.message import Message
import hashlib
import json

from .. import shapes
from ..gateway import Call, Reply, operation
from ..wire import Json, RefusedError, timestamp

_TIME = shapes.members(
    {"hours": shapes.unsigned, "minutes": shapes.unsigned}, {"seconds": shapes.unsigned}
)
_SCHEDULE = shapes.members(
    {},
    {
        "schedule_type": shapes.tagged(
            daily=shapes.members({}, {"time": _TIME}),
            weekly=shapes.members({}, {"day_of_week": shapes.one_of(*range(8)), "time": _TIME}),
            monthly=shapes.members({}, {"day_of_month": shapes.unsigned, "time": _TIME}),
        )
    },
)
_METADATA = shapes.members(
    {
        "size": shapes.unsigned,
        "hash": shapes.text,
        "discard_settings": shapes.boolean,
        "disable_cleanup": shapes.boolean,
    }
)
DAY = 86_400.0


def _next(call: Call) -> Json:
    # The next midnight of simulated time, whatever the schedule says.
    now = call.device.now
    return timestamp(now - now % DAY + DAY) if call.device.settings.auto_upgrade else None


@operation("GET", "upgrade/auto-upgrade", since=(1, 1, 0))
def auto_upgrade(call: Call) -> Json:
    """Tell whether and when the device upgrades itself."""
    settings = call.device.settings
    return {
        "enabled": settings.auto_upgrade,
        "schedule": settings.auto_upgrade_schedule,
        "next_execution": _next(call),
        "last_execution": None,
    }


@operation(
    "PATCH",
    "upgrade/auto-upgrade",
    since=(1, 1, 0),
    body=shapes.members({"enabled": shapes.boolean}, {"schedule": _SCHEDULE}),
)
def update_auto_upgrade(call: Call) -> Json:
    """Change whether and when the device upgrades itself."""
    settings = call.device.settings
    settings.auto_upgrade = call.members["enabled"] is True
    schedule = call.members.get("schedule")
    if schedule is not None:
        settings.auto_upgrade_schedule = schedule
    return {"enabled": settings.auto_upgrade, "next_execution": _next(call)}


@operation("POST", "upgrade/system-upgrade", since=(1, 3, 0), form=True)
def system_upgrade(call: Call) -> Reply:
    """Take an image: a form of `metadata` (JSON) and then `data`; reboots into it."""
    if call.device.system_task_running:
        raise RefusedError(409, "another system task is running")
    header = b"Content-Type: " + call.content_type.encode() + b"\r\n\r\n"
    form = message_from_bytes(header + call.raw)
    parts = form.get_payload() if form.is_multipart() else []
    contents = [_part(part) for part in parts if isinstance(part, Message)]
    if [name for name, _ in contents] != ["metadata", "data"]:
        raise RefusedError(500, "form has to hold metadata and then data")
    metadata: Json = json.loads(contents[0][1])
    _METADATA(metadata, "metadata")
    assert isinstance(metadata, dict), "the shape says so"
    data = contents[1][1]
    if metadata["size"] != len(data) or metadata["hash"] != hashlib.sha256(data).hexdigest():
        raise RefusedError(500, "image is damaged")
    call.device.system_task_running = True
    call.gateway.reboot_wanted = True
    return Reply(status=204)


def _part(part: Message) -> tuple[str, bytes]:
    content = part.get_payload(decode=True)
    name = part.get_param("name", header="content-disposition")
    return str(name), content if isinstance(content, bytes) else b""


@operation("POST", "upgrade/restore-stock", since=(1, 3, 0))
def restore_stock(call: Call) -> Reply:
    """Go back to the maker's firmware, which knows nothing of this API."""
    device = call.device
    if device.preset.mini or device.preset.boot_mode == 3:
        raise RefusedError(501, "there is no stock firmware to restore")
    if device.system_task_running:
        raise RefusedError(409, "another system task is running")
    device.stock_firmware = True
    call.gateway.reboot_wanted = True
    return Reply(status=204)

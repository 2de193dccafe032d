"""Network state and configuration."""

from .. import shapes
from ..gateway import Call, operation
from ..settings import NetworkSettings
from ..wire import Json, RefusedError

_STATIC = shapes.members(
    {
        "address": shapes.text,
        "netmask": shapes.text,
        "gateway": shapes.text,
        "dns_servers": shapes.array(shapes.text),
    }
)

LEASE: dict[str, Json] = {
    "address": "192.0.2.77",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "dns_servers": ["127.0.0.1"],
}
"""What DHCP gave, from the range kept for documentation."""


@operation("GET", "network/")
def state(call: Call) -> Json:
    """Tell the live network state; the protocol is a number here."""
    settings = call.device.settings.network
    used = settings.static or LEASE
    return {
        "name": "eth0",
        "mac_address": call.gateway.faults.mac or call.device.mac,
        "hostname": settings.hostname,
        "protocol": 1 if settings.static is None else 2,
        "dns_servers": used["dns_servers"],
        "networks": [{"address": used["address"], "netmask": used["netmask"]}],
        "default_gateway": used["gateway"],
    }


@operation("GET", "network/configuration")
def configuration(call: Call) -> Json:
    """Tell the stored configuration; the protocol is a union here."""
    return _spell(call.device.settings.network)


@operation(
    "PATCH",
    "network/configuration",
    body=shapes.members(
        {},
        {
            "hostname": shapes.text,
            "protocol": shapes.tagged(dhcp=shapes.members({}), static=_STATIC),
        },
    ),
)
def update(call: Call) -> Json:
    """Change what is given and keep the rest."""
    settings = call.device.settings.network
    hostname, protocol = call.members.get("hostname"), call.members.get("protocol")
    if hostname == "":
        raise RefusedError(400, "hostname is empty")
    if isinstance(hostname, str):
        settings.hostname = hostname
    if isinstance(protocol, dict):
        static = protocol.get("static")
        settings.static = static if isinstance(static, dict) else None
    return _spell(settings)


def _spell(settings: NetworkSettings) -> Json:
    protocol: Json = {"dhcp": {}} if settings.static is None else {"static": settings.static}
    return {"hostname": settings.hostname, "protocol": protocol}

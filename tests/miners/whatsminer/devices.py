"""Scripted devices of two generations, and clients for them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient

from .scripted import PASSWORD, Request, Script, Scripted, envelope, error

MAC = "C6:07:20:01:02:03"
DOWN = "Socket connect failed: Connection refused\n"
DOWN_TEXT = envelope("btminer process is down err")
VERSION_22 = {
    "api_ver": "2.2.2", "fw_ver": "20250612.16.REL3", "platform": "H616", "chip": "K88X",
    "miner_type": "M60S_VK30",
}  # fmt: skip
VERSION_20 = {"api_ver": "2.0.5", "fw_ver": "20230911.12.Rel", "platform": "H6OS", "chip": "K"}
VERSION_14 = {"api_ver": "whatsminer v1.4.0", "fw_ver": "'20210322.22.REL'"}
INFO = {
    "ip": "192.0.2.7", "proto": "dhcp", "hostname": "WhatsMiner", "mac": MAC, "ledstat": "auto",
    "minersn": "SN1", "powersn": "",
}  # fmt: skip
SUMMARY: dict[str, object] = {
    "Elapsed": 5000.5, "Uptime": 6000, "HS RT": 186_000_000, "Factory GHS": 190_000,
    "Power": 3400.4, "Power Limit": 3441, "Power Mode": "Normal", "Hash Stable": "true",
    "Chip Temp Max": 84.2, "Env Temp": 25.0, "Fan Speed In": 6000, "Fan Speed Out": 6100,
}  # fmt: skip
STATUS: dict[str, object] = {"mineroff": "false", "power_mode": "normal", "power_limit_set": ""}
DEVS = [
    {"Slot": slot, "HS RT": 62.0, "Factory GHS": 63_000, "Temperature": 70, "Chip Frequency": 600,
     "Effective Chips": 147, "Upfreq Complete": 1}
    for slot in range(3)
]  # fmt: skip
POOLS = [
    {"POOL": 1, "URL": "stratum+tcp://a:1", "User": "me", "Status": "Alive", "Priority": 0,
     "Stratum Active": True, "Accepted": 50, "Rejected": 1}
]  # fmt: skip
PSU = {"vin": "22600", "iin": "15400", "pin": "3480", "temp0": "36", "fan_speed": "6400"}
CREDENTIALS = Credentials(password=PASSWORD)
BRIEFLY = 0.2
"""Seconds to look for something that does not come."""


def rows(key: str, data: list[dict[str, object]]) -> Request:
    """Return a reply in envelope A."""
    return {"STATUS": [{"STATUS": "S", "Msg": ""}], key: data, "id": 1}


def newer(**changes: Script) -> dict[str, Script]:
    """Return the replies of API 2.2.2."""
    return {
        "get_version": envelope(VERSION_22),
        "get_miner_info": envelope(INFO),
        "summary": envelope(SUMMARY),
        "status": envelope(STATUS),
        "edevs": rows("DEVS", [dict(board) for board in DEVS]),
        "pools": rows("POOLS", [dict(pool) for pool in POOLS]),
        "get_psu": envelope(PSU),
        "get_error_code": envelope({"error_code": [{"110": "2025-01-01 00:00:00"}]}),
        "devdetails": error(132, "deprecated"),
        **changes,
    }


def older(**changes: Script) -> dict[str, Script]:
    """Return the replies of API 1.4: no get_miner_info, no get_error_code, MH/s."""
    return {
        "get_version": envelope(VERSION_14),
        "summary": rows(
            "SUMMARY",
            [{**SUMMARY, "MAC": MAC, "Accepted": 7, "Rejected": 1, "Error Code Count": 1,
              "Error Code 0": 111, "Liquid Cooling": False, "CB Platform": "ALLWINNER_H3"}],
        ),
        "status": envelope({"btmineroff": "false", "Firmware Version": "'20210322.22.REL'"}),
        "edevs": rows("DEVS", [{**board, "HS RT": 62e6} for board in DEVS]),
        "pools": rows("POOLS", [dict(pool) for pool in POOLS]),
        "get_psu": envelope({"name": "P21", "model": "P21-12"}),
        "devdetails": rows("DEVDETAILS", [{"Model": "M30S+VE40"}]),
        **changes,
    }  # fmt: skip


def unknown(*values: object) -> bool:
    """Tell whether none of these was told."""
    return all(value is None for value in values)


def summary(**changes: object) -> Request:
    """Return totals with something changed."""
    return envelope({**SUMMARY, **changes})


def status(**changes: object) -> Request:
    """Return a status with something changed."""
    return envelope({**STATUS, **changes})


@asynccontextmanager
async def miner(
    script: dict[str, Script], credentials: Credentials = CREDENTIALS, *, identified: bool = True
) -> AsyncGenerator[tuple[Scripted, WhatsminerClient]]:
    """Run a device, and a client that looks for effects often."""
    async with Scripted(script).running() as device:
        client = WhatsminerClient("127.0.0.1", device.port, credentials)
        # Long enough for any machine; tests in which nothing shows make it short.
        client.confirm_seconds = 60.0
        client.confirm_interval = 0.02
        if identified:
            await client.identify()
        device.requests.clear()
        yield device, client

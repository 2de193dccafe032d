"""Address, host name, time zone and syslog of a device."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from importlib import resources
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from custom_components.asic_miner.miners.errors import (
    InvalidValueError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
)
from custom_components.asic_miner.miners.orders import NetworkSettings, StaticAddress
from custom_components.asic_miner.miners.whatsminer import time_zone
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.miners.reasons import because

from .bench import bench
from .devices import BRIEFLY, INFO, miner, newer, older
from .scripted import Answer, Request, Wire, envelope, error

STATIC = StaticAddress(
    address="192.0.2.50", netmask="255.255.255.0", gateway="192.0.2.1", dns=("192.0.2.2", "9.9.9.9")
)
DHCP = NetworkSettings()
FIXED = NetworkSettings(static=STATIC, hostname="rig-7")
HOUR = 3600.0
BOOTING = 10.0

type Order = Callable[[WhatsminerClient], Coroutine[object, object, None]]


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M31S-2021"])
async def test_fixed_address_and_back(preset: str) -> None:
    """No reply is normal: the device restarts, which shows."""
    async with bench(preset) as b:
        client = b.client()
        await client.set_network(FIXED)
        b.pass_time(BOOTING)
        with pytest.raises(UnreachableError):
            await client.read(slow=False)
        b.pass_time(HOUR)
        kept = b.miner.device.settings
        assert kept.static == {
            "ip": "192.0.2.50", "mask": "255.255.255.0", "gate": "192.0.2.1",
            "dns": "192.0.2.2 9.9.9.9",
        }  # fmt: skip
        assert kept.hostname == "rig-7"
        if preset != "M31S-2021":
            assert (await client.read(slow=True)).ip_address == "192.0.2.50"
        await client.set_network(NetworkSettings(hostname="rig-8"))
        b.pass_time(HOUR)
        assert b.miner.truth()["hostname"] == "rig-8"
        assert b.miner.device.settings.static is None
        assert b.miner.commands.count("net_config") == 2


async def test_host_name_is_kept() -> None:
    """A fixed address needs one with it: the present one, where it is told."""
    async with miner(newer()) as (device, client):
        await client.set_network(replace(FIXED, hostname=None))
        sent = {k: v for k, v in device.requests[-1].items() if k != "token"}
        assert sent == {
            "cmd": "net_config", "ip": "192.0.2.50", "mask": "255.255.255.0",
            "gate": "192.0.2.1", "dns": "192.0.2.2 9.9.9.9", "host": "WhatsMiner",
        }  # fmt: skip
        await client.set_network(DHCP)
        assert device.requests[-1]["param"] == "dhcp"
        assert "set_hostname" not in device.commands
    async with miner(older()) as (device, client):
        with pytest.raises(InvalidValueError, check=because(Reason.HOSTNAME_NEEDED)):
            await client.set_network(replace(FIXED, hostname=None))
        assert "get_token" not in device.commands


@pytest.mark.parametrize(
    ("changed", "words", "why"),
    [
        (
            {"address": "192.0.2.0"},
            "address is that of the network",
            because(Reason.NO_ADDRESS, value="192.0.2.0"),
        ),
        (
            {"address": "192.0.2.255"},
            "address is that of the network",
            because(Reason.NO_ADDRESS, value="192.0.2.255"),
        ),
        ({"address": "192.0.2"}, "address must be", because(Reason.NO_ADDRESS, value="192.0.2")),
        ({"address": "::1"}, "address must be", because(Reason.NO_ADDRESS, value="::1")),
        (
            {"address": "miner.local"},
            "address must be",
            because(Reason.NO_ADDRESS, value="miner.local"),
        ),
        (
            {"address": "127.0.0.1", "gateway": "127.0.0.2"},
            "none that a device",
            because(Reason.NO_ADDRESS, value="127.0.0.1"),
        ),
        (
            {"address": "224.0.0.5", "gateway": "224.0.0.1"},
            "none that a device",
            because(Reason.NO_ADDRESS, value="224.0.0.5"),
        ),
        (
            {"address": "0.0.0.0", "gateway": "0.0.0.1"},
            "none that a device",
            because(Reason.NO_ADDRESS, value="0.0.0.0"),
        ),
        (
            {"address": "250.0.0.5", "gateway": "250.0.0.1"},
            "none that a device",
            because(Reason.NO_ADDRESS, value="250.0.0.5"),
        ),
        (
            {"netmask": "255.255.0.255"},
            "netmask",
            because(Reason.NO_NETMASK, value="255.255.0.255"),
        ),
        ({"netmask": "0.0.0.255"}, "netmask", because(Reason.NO_NETMASK, value="0.0.0.255")),
        ({"netmask": "24"}, "netmask", because(Reason.NO_NETMASK, value="24")),
        ({"netmask": ""}, "netmask", because(Reason.NO_NETMASK, value="")),
        (
            {"netmask": "255.255.255.255"},
            "netmask",
            because(Reason.NO_NETMASK, value="255.255.255.255"),
        ),
        (
            {"netmask": "255.255.255.254"},
            "netmask",
            because(Reason.NO_NETMASK, value="255.255.255.254"),
        ),
        ({"gateway": "192.0.3.1"}, "gateway is no other", because(Reason.NOT_IN_NETWORK)),
        ({"gateway": "192.0.2.0"}, "gateway is no other", because(Reason.NOT_IN_NETWORK)),
        ({"gateway": "192.0.2.255"}, "gateway is no other", because(Reason.NOT_IN_NETWORK)),
        ({"gateway": "192.0.2.50"}, "gateway is no other", because(Reason.NOT_IN_NETWORK)),
        ({"gateway": "router"}, "gateway must be", because(Reason.NO_ADDRESS, value="router")),
        ({"dns": ()}, "DNS server", because(Reason.DNS_NEEDED)),
        (
            {"dns": ("192.0.2.1", "dns.example")},
            "DNS server must be",
            because(Reason.NO_ADDRESS, value="dns.example"),
        ),
    ],
)
async def test_addresses(
    changed: dict[str, str], words: str, why: Callable[[MinerError], bool]
) -> None:
    """What would leave the device unreachable is refused, and nothing asked or sent."""
    async with miner(newer()) as (device, client):
        wrong = replace(STATIC, **changed)  # type: ignore[arg-type]  # each has its field's type
        with pytest.raises(InvalidValueError, match=words, check=why):
            await client.set_network(NetworkSettings(static=wrong, hostname="rig"))
        assert device.commands == []


@pytest.mark.parametrize(
    "name", ["", "-rig", "rig-", "a b", "a_b", "rig.local", "rig\n", "ü", "a" * 64]
)
async def test_host_names(name: str) -> None:
    """One label of letters, digits and hyphens."""
    async with miner(newer()) as (device, client):
        orders: list[Order] = [
            lambda c: c.set_hostname(name),
            lambda c: c.set_network(NetworkSettings(hostname=name)),
            lambda c: c.set_network(NetworkSettings(static=STATIC, hostname=name)),
        ]
        for order in orders:
            with pytest.raises(InvalidValueError, check=because(Reason.HOSTNAME_FORMAT)):
                await order(client)
        assert device.commands == []
        for good in ("r", "Rig-7", "7", "a" * 63):
            await client.set_hostname(good)
            assert device.requests[-1]["hostname"] == good


@pytest.mark.parametrize(
    ("before", "after", "done"),
    [
        ({}, {"ip": "192.0.2.50", "proto": "static"}, True),
        ({}, {"ip": "192.0.2.51", "proto": "static"}, False),
        ({}, {"ip": "192.0.2.50", "proto": "dhcp"}, False),
        ({}, {}, False),
        # It was so before, so it proves nothing.
        (
            {"ip": "192.0.2.50", "proto": "static"},
            {"ip": "192.0.2.50", "proto": "static"},
            False,
        ),
    ],
)
async def test_lost_reply(before: dict[str, str], after: dict[str, str], done: bool) -> None:
    """The device's own word, if it is a new one; sent once in any case."""
    answers: list[Answer] = [envelope({**INFO, **before}), Wire.CLOSE, envelope({**INFO, **after})]
    async with miner(newer(net_config=Wire.CLOSE)) as (device, client):
        device.script["get_miner_info"] = answers
        if done:
            await client.set_network(FIXED)
        else:
            client.confirm_seconds = BRIEFLY
            with pytest.raises(UnconfirmedError):
                await client.set_network(FIXED)
        assert device.commands.count("net_config") == 1


async def test_lost_reply_and_nobody_there(unused_tcp_port: int) -> None:
    """Gone from its old address, it has followed."""
    async with miner(newer()) as (device, client):

        def move(_: Request) -> Answer:
            client.api.transport.port = unused_tcp_port
            return Wire.CLOSE

        device.script["net_config"] = move
        await client.set_network(DHCP)


async def test_device_that_cannot_be_read_is_left_alone() -> None:
    """Nothing would show what became of it."""
    async with miner(newer(get_miner_info=[envelope(INFO), Wire.CLOSE])) as (device, client):
        with pytest.raises(UnreachableError):
            await client.set_network(FIXED)
        assert "net_config" not in device.commands


async def test_host_name_that_is_refused() -> None:
    """Then the address is not touched either."""
    async with miner(newer(set_hostname=error(132))) as (device, client):
        with pytest.raises(RejectedError):
            await client.set_network(NetworkSettings(hostname="rig"))
        assert "net_config" not in device.commands


async def test_host_name_counts_after_a_reboot() -> None:
    """A lost reply is looked for, though it need not show before."""
    async with bench("M60S") as b:
        client = b.client()
        await client.set_hostname("rig-9")
        await client.reboot()
        b.pass_time(HOUR)
        assert (await client.identify()).hostname == "rig-9"
    script = newer(set_hostname=Wire.CLOSE)
    async with miner(script) as (device, client):
        patient, client.confirm_seconds = client.confirm_seconds, BRIEFLY
        with pytest.raises(UnconfirmedError):
            await client.set_hostname("rig")
        client.confirm_seconds = patient
        device.script["get_miner_info"] = envelope({**INFO, "hostname": "rig"})
        await client.set_hostname("rig")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
        ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
        ("Asia/Shanghai", "CST-8"),
        ("Asia/Kolkata", "IST-5:30"),
        ("America/Argentina/Ushuaia", "<-03>3"),
        ("Etc/GMT+5", "<-05>5"),
        ("UTC", "UTC0"),
    ],
)
@pytest.mark.parametrize("system", [True, False])
async def test_time_zone(
    name: str, rule: str, system: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name and rule; with the database of the system or of the package."""
    if not system:
        monkeypatch.setattr(time_zone, "TZPATH", ())
    async with bench("M60S") as b:
        client = b.client()
        await client.set_time_zone(name)
        assert b.miner.device.settings.next_zone == (rule, name)


@pytest.mark.parametrize(
    "name",
    [
        "", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/localtime", "Europe/../UTC",
        "Europe//Berlin", "Europe/Berlin/", "leapseconds", "Europe/Berlin\n", "tzdata.zi",
    ],
)  # fmt: skip
async def test_no_such_time_zone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and no other file is read."""
    async with miner(newer()) as (device, client):
        for path in (TZPATH, ()):
            monkeypatch.setattr(time_zone, "TZPATH", path)
            with pytest.raises(InvalidValueError, check=because(Reason.TIME_ZONE_UNKNOWN)):
                await client.set_time_zone(name)
        assert device.commands == []


async def test_time_zone_without_any_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or with a file of another kind."""
    good = resources.files("tzdata").joinpath("zoneinfo", "UTC").read_bytes()
    (tmp_path / "Good").write_bytes(good)
    (tmp_path / "Old").write_bytes(good[:-1])
    (tmp_path / "Text").write_text("UTC0\n")
    (tmp_path / "Ruleless").write_bytes(b"TZif2\n\n")
    monkeypatch.setattr(time_zone, "TZPATH", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(time_zone, "_PACKAGE", "no_such_package")
    assert await time_zone.posix_rule("Good") == "UTC0"
    for name in ("Old", "Text", "Ruleless", "UTC"):
        with pytest.raises(InvalidValueError):
            await time_zone.posix_rule(name)


async def test_syslog() -> None:
    """By address, port and protocol."""
    async with bench("M30S++") as b:
        client = b.client()
        await client.set_syslog("192.0.2.9", 514, tcp=False)
        assert b.miner.device.settings.syslog == ("192.0.2.9", "514", "udp")
        await client.set_syslog("192.0.2.9", 6514, tcp=True)
        assert b.miner.device.settings.syslog == ("192.0.2.9", "6514", "tcp")
        b.miner.commands.clear()
        for host, port in (("log.example", 514), ("", 514), ("192.0.2.9", 0), ("192.0.2.9", 65536)):
            with pytest.raises(InvalidValueError):
                await client.set_syslog(host, port, tcp=True)
        assert b.miner.commands == []

"""Where a WhatsMiner is in the network, what it is called, and its clock."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
import re
from typing import Literal, override

from ..errors import InvalidValueError, Reason, RejectedError, UnreachableError, UnsupportedError
from ..orders import NetworkSettings, StaticAddress
from .core import Core
from .parse import Record
from .time_zone import posix_rule
from .transport import was_not_connected

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""A host name without dots, as in the name service (RFC 1123)."""
_HOSTS_NEEDED = 2
"""A miner and its gateway."""


class NetworkOrders(Core):
    """Orders about network, host name, time zone and syslog."""

    @override
    async def set_network(self, settings: NetworkSettings) -> None:
        """Set address and host name (net_config, 3.11). The device restarts.

        A fixed address takes a host name with it: the present one where none is given.
        DHCP takes none, so one that is given is set first, and stays when the rest fails.

        No reply is normal. Then it counts as done when the device tells what was wanted and
        did not before, or when nothing takes connections at the old address any more, where
        a moment ago something did. Whether the device really is at its new address is for
        the caller to see.
        """
        static = settings.static
        if static is not None:
            _check_static(static)
        if settings.hostname is not None:
            _check_hostname(settings.hostname)
        before = await self._info()
        if static is None:
            if settings.hostname is not None:
                await self.set_hostname(settings.hostname)
            write, kind = self.api.net_config_dhcp(), "dhcp"
        else:
            write, kind = (
                self.api.net_config(
                    ip=static.address,
                    mask=static.netmask,
                    gate=static.gateway,
                    dns=" ".join(static.dns),
                    host=_hostname(settings.hostname, before),
                ),
                "static",
            )

        def is_as_wanted(info: Record) -> bool:
            address = static is None or info.text("ip") == static.address
            return address and info.text("proto") == kind

        async def shows() -> bool:
            try:
                now = await self.api.get_miner_info()
            except UnreachableError as error:
                return was_not_connected(error)
            return is_as_wanted(now) and not is_as_wanted(before)

        await self._send(write, shows)

    async def _info(self) -> Record:
        """Read the present network settings; empty on firmware before API 2.0."""
        try:
            return await self.api.get_miner_info()
        except UnsupportedError, RejectedError:
            return Record()

    @override
    async def set_hostname(self, hostname: str) -> None:
        """Set the host name (3.18): letters, digits and hyphens. Used after a reboot."""
        _check_hostname(hostname)

        async def shows() -> bool:
            return (await self.api.get_miner_info()).text("hostname") == hostname

        await self._send(self.api.set_hostname(hostname), shows)

    @override
    async def set_time_zone(self, name: str) -> None:
        """Set the time zone (3.19) with its rule. Used after a reboot; tells nothing back."""
        rule = await posix_rule(name)
        await self._send(self.api.set_zone(rule, name))

    @override
    async def set_syslog(self, host: str, port: int, *, tcp: bool) -> None:
        """Have the log sent to a server (load_log, 3.20), by its IPv4 address."""
        address = _address("the syslog server", host)
        proto: Literal["tcp", "udp"] = "tcp" if tcp else "udp"
        await self._send(self.api.load_log(str(address), port, proto))


def _check_static(static: StaticAddress) -> None:
    """Raise InvalidValueError for what would leave the device unreachable."""
    address = _address("the address", static.address)
    gateway = _address("the gateway", static.gateway)
    try:
        network = IPv4Network(f"{address}/{static.netmask}", strict=False)
    except (AddressValueError, NetmaskValueError) as error:
        raise InvalidValueError(
            "the netmask is none", Reason.NO_NETMASK, value=static.netmask
        ) from error
    # A prefix length and an inverted mask are taken as well, but not by the device.
    if str(network.netmask) != static.netmask or network.num_addresses < _HOSTS_NEEDED + 2:
        raise InvalidValueError(
            "the netmask is none, or leaves no room for a gateway",
            Reason.NO_NETMASK,
            value=static.netmask,
        )
    if address.is_multicast or address.is_loopback or address.is_unspecified or address.is_reserved:
        raise InvalidValueError(
            "the address is none that a device can have", Reason.NO_ADDRESS, value=static.address
        )
    ends = (network.network_address, network.broadcast_address)
    if address in ends:
        raise InvalidValueError(
            "the address is that of the network or of all its devices",
            Reason.NO_ADDRESS,
            value=static.address,
        )
    if gateway not in network or gateway in ends or gateway == address:
        raise InvalidValueError(
            "the gateway is no other device of the same network", Reason.NOT_IN_NETWORK
        )
    if not static.dns:
        raise InvalidValueError("at least one DNS server is needed", Reason.DNS_NEEDED)
    for server in static.dns:
        _address("a DNS server", server)


def _address(name: str, text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError as error:
        raise InvalidValueError(
            f"{name} must be an IPv4 address", Reason.NO_ADDRESS, value=text
        ) from error


def _check_hostname(hostname: str) -> None:
    if not _LABEL.fullmatch(hostname):
        raise InvalidValueError(
            "a host name has 1 to 63 letters, digits or hyphens, with no hyphen at either end",
            Reason.HOSTNAME_FORMAT,
        )


def _hostname(given: str | None, info: Record) -> str:
    """Return the host name to send along, by default the one that the device has."""
    hostname = given or info.text("hostname")
    if hostname is None:
        raise InvalidValueError(
            "the miner does not tell its host name, so it has to be given", Reason.HOSTNAME_NEEDED
        )
    return hostname

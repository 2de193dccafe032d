"""Address and host name of a miner."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
import re
from typing import override

from ..errors import InvalidValueError, MinerError, Reason, RejectedError, UnconfirmedError
from ..orders import NetworkSettings
from .base import REBOOT_CONFIRM_SECONDS, BraiinsBase
from .reading import attempt, look_deadline
from .settings_schema import NetworkConfiguration, StaticAddress

HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
"""One label of a host name, as RFC 1123 has it."""

LONGEST_PREFIX = 30
"""A longer one leaves no two hosts beside the addresses of network and broadcast."""


class NetworkClient(BraiinsBase):
    """Where a miner is in the network."""

    @override
    async def set_network(self, settings: NetworkSettings) -> None:
        """Store address and host name (`updateNetworkConfiguration`). Mining goes on.

        What is stored so already is not sent. Afterwards the miner may be found elsewhere at
        once, and the connection can die before the answer. Then it is looked for at the old
        address, and when nothing answers there, at a new static one, without credentials.
        UnconfirmedError when it shows at neither, or when DHCP gives it an address that
        nobody here knows.
        """
        static = _checked(settings)
        await self._set(settings.hostname, static, dhcp=static is None)

    @override
    async def set_hostname(self, hostname: str) -> None:
        """Store the host name alone (`updateNetworkConfiguration`); see `set_network`."""
        _check_hostname(hostname)
        await self._set(hostname, None, dhcp=False)

    async def _set(self, hostname: str | None, static: StaticAddress | None, *, dhcp: bool) -> None:
        def holds(now: NetworkConfiguration) -> bool:
            named = hostname is None or now.hostname == hostname
            addressed = now.static is None if dhcp else static in {None, now.static}
            return named and addressed

        async with self._writes:
            if holds(await self._api.get_network_configuration()):
                return
            try:
                told = await self._api.update_network_configuration(
                    hostname=hostname, static=static, dhcp=dhcp
                )
            except UnconfirmedError:
                for pause in REBOOT_CONFIRM_SECONDS:
                    await self._sleep(pause)
                    now = await attempt(self._api.get_network_configuration, look_deadline())
                    if not isinstance(now, MinerError):
                        if holds(now):
                            return
                    elif static is not None and await self._answers_at(static.address):
                        return
                raise
            # An answer without a host name tells nothing.
            if told.hostname is not None and not holds(told):
                raise RejectedError(
                    "the device stored other network settings than were sent",
                    Reason.NETWORK_DIFFERS,
                )

    async def _answers_at(self, address: str) -> bool:
        """Tell whether a miner with this firmware answers at another address."""
        if address == self._host:
            return False
        version = await attempt(self._api_at(address).get_api_version, look_deadline())
        return not isinstance(version, MinerError)


def _checked(settings: NetworkSettings) -> StaticAddress | None:
    """Return the address as it is sent; InvalidValueError for what cannot be right."""
    if settings.hostname is not None:
        _check_hostname(settings.hostname)
    given = settings.static
    if given is None:
        return None
    address, gateway = _address(given.address, "address"), _address(given.gateway, "gateway")
    try:
        network = IPv4Network(f"{address}/{given.netmask}", strict=False)
    except AddressValueError, NetmaskValueError:
        raise InvalidValueError(
            f"{given.netmask!r} is no netmask", Reason.NO_NETMASK, value=given.netmask
        ) from None
    if str(network.netmask) != given.netmask or not 0 < network.prefixlen <= LONGEST_PREFIX:
        # Prefix lengths and host masks would be read as something else by the device.
        raise InvalidValueError(
            f"{given.netmask!r} is no netmask such as 255.255.255.0",
            Reason.NO_NETMASK,
            value=given.netmask,
        )
    for what, one in (("address", address), ("gateway", gateway)):
        if one not in network or one in {network.network_address, network.broadcast_address}:
            raise InvalidValueError(
                f"the {what} {one} is no host of the network {network}", Reason.NOT_IN_NETWORK
            )
    if address == gateway:
        raise InvalidValueError("the address is that of the gateway", Reason.NOT_IN_NETWORK)
    servers = tuple(str(_address(server, "DNS server", local=True)) for server in given.dns)
    if not servers:
        raise InvalidValueError(
            "there is no DNS server, without which no pool is found", Reason.DNS_NEEDED
        )
    return StaticAddress(
        address=str(address),
        netmask=str(network.netmask),
        gateway=str(gateway),
        dns_servers=servers,
    )


def _address(text: str, what: str, *, local: bool = False) -> IPv4Address:
    """Return an IPv4 address of a host; with `local` also the device itself."""
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise InvalidValueError(
            f"the {what} {text!r} is no IPv4 address", Reason.NO_ADDRESS, value=text
        ) from None
    unusable = address.is_multicast or address.is_unspecified or address.is_reserved
    if unusable or (address.is_loopback and not local):
        raise InvalidValueError(
            f"the {what} {address} is no address of a host", Reason.NO_ADDRESS, value=text
        )
    return address


def _check_hostname(hostname: str) -> None:
    if not HOST_NAME.fullmatch(hostname):
        raise InvalidValueError(
            f"{hostname!r} is no host name: letters, digits and hyphens only",
            Reason.HOSTNAME_FORMAT,
        )

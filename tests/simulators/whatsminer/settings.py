"""What a device keeps when it restarts, and what it counts for its pools."""

from dataclasses import dataclass, field

from tests.simulators.whatsminer.crypto import Json


@dataclass(kw_only=True)
class Pool:
    """One configured pool and its counters since the mining program started."""

    url: str
    user: str
    password: str = "x"
    accepted: float = 0.0
    """Whole shares count; the fraction is work on the next one."""
    rejected: float = 0.0
    last_share: float | None = None
    """Simulated time of the latest share."""


def factory_pools(seed: int) -> list[Pool]:
    """Return three pools as a user would have set them."""
    return [
        Pool(url=f"stratum+tcp://pool{place}.example.com:3333", user=f"home.{seed:02d}")
        for place in (1, 2, 3)
    ]


@dataclass(kw_only=True)
class Settings:
    """What survives a restart of the mining program and a loss of power."""

    power_mode: str = "normal"
    power_limit: int | None = None
    """W as asked for; None means as from the factory."""
    target_frequency: int = 0
    """Per cent above or below the frequency of normal mode."""
    fast_boot: bool = False
    upfreq_speed: int = 0
    mine_at_boot: bool = True
    web_pools: bool = True
    hostname: str = "WhatsMiner"
    next_hostname: str | None = None
    """In force after the next boot."""
    timezone: str = "CST-8"
    zonename: str = "Asia/Shanghai"
    next_zone: tuple[str, str] | None = None
    """Time zone and its name after the next boot."""
    static: dict[str, str] | None = None
    """ip, mask, gate, dns of a fixed address; None is DHCP."""
    temp_offset: int = 0
    poweroff_cool: bool = False
    fan_zero_speed: bool = False
    heat_mode: str = "normal"
    fast_mining: bool = False
    fast_hash: bool = False
    syslog: tuple[str, str, str] | None = None
    """Address, port and protocol of a remote log."""
    notes: dict[str, Json] = field(default_factory=dict)
    """What set_customer_msg has stored."""

    def restart_network(self) -> None:
        """Put into force what waits for a restart of the network."""
        if self.next_hostname is not None:
            self.hostname, self.next_hostname = self.next_hostname, None
        if self.next_zone is not None:
            (self.timezone, self.zonename), self.next_zone = self.next_zone, None

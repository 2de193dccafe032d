"""What a make does not have is refused by the interface itself."""

from collections.abc import Awaitable, Callable
from typing import override

import pytest

from custom_components.asic_miner.miners.client import MinerClient
from custom_components.asic_miner.miners.errors import UnsupportedError
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Feature,
    Identity,
    Make,
    PowerMode,
    Snapshot,
)


class Bare(MinerClient):
    """A make that can only be watched."""

    make = Make.WHATSMINER

    @property
    @override
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @override
    async def probe(self) -> Identity | None:
        return None

    @override
    async def identify(self) -> Identity:
        return Identity(make=self.make, mac="a", manufacturer="b", model="c")

    @override
    async def read(self, *, slow: bool, seconds: float = 9.0) -> Snapshot:
        return Snapshot()

    @override
    async def check_access(self) -> None:
        """Let everybody in."""


COMMANDS: dict[str, Callable[[MinerClient], Awaitable[None]]] = {
    "set_mining": lambda client: client.set_mining(True),
    "set_locate": lambda client: client.set_locate(True),
    "set_power_percent": lambda client: client.set_power_percent(50),
    "set_power_target": lambda client: client.set_power_target(2000),
    "set_power_limit": lambda client: client.set_power_limit(2000),
    "set_power_mode": lambda client: client.set_power_mode(PowerMode.LOW),
    "set_hashrate_target": lambda client: client.set_hashrate_target(80),
    "set_setting": lambda client: client.set_setting(Feature.FAST_BOOT, True),
    "set_hashboard": lambda client: client.set_hashboard(1, True),
    "restore_power": lambda client: client.restore_power(),
    "default_power_target": lambda client: client.default_power_target(),
    "default_hashrate_target": lambda client: client.default_hashrate_target(),
    "restart_mining": lambda client: client.restart_mining(),
    "reboot": lambda client: client.reboot(),
}


def test_every_command_is_tried() -> None:
    """None of the interface's commands is forgotten above."""
    known = {"probe", "identify", "read", "check_access", "close", "capabilities", "make"}
    public = {name for name in vars(MinerClient) if not name.startswith("_")}
    attributes = {"settling_seconds", "off_may_not_hold", "web_port"}
    assert public - known - attributes == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_that_a_make_does_not_have(name: str) -> None:
    """It is refused, and never looks as if it had worked."""
    client = Bare()
    with pytest.raises(UnsupportedError):
        await COMMANDS[name](client)
    await client.close()

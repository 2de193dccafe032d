"""What a make does not have is refused by the interface itself."""

from collections.abc import AsyncIterator, Awaitable, Callable
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
from custom_components.asic_miner.miners.orders import (
    FirmwareImage,
    LogKind,
    NetworkSettings,
    TargetReference,
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


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


IMAGE = FirmwareImage(name="miner.bin", size=1, chunks=_nothing)

COMMANDS: dict[str, Callable[[MinerClient], Awaitable[object]]] = {
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
    "set_power": lambda client: client.set_power(2000),
    "step_power_target": lambda client: client.step_power_target(-100),
    "step_hashrate_target": lambda client: client.step_hashrate_target(-1),
    "scale_power_target": lambda client: client.scale_power_target(80, TargetReference.NOMINAL),
    "scale_hashrate_target": lambda client: client.scale_hashrate_target(
        80, TargetReference.NOMINAL
    ),
    "default_quick_ramping": lambda client: client.default_quick_ramping(),
    "stop_mining": lambda client: client.stop_mining(),
    "get_pools": lambda client: client.get_pools(),
    "set_pools": lambda client: client.set_pools(()),
    "set_led": lambda client: client.set_led(None),
    "change_password": lambda client: client.change_password("new"),
    "set_network": lambda client: client.set_network(NetworkSettings()),
    "set_hostname": lambda client: client.set_hostname("garage"),
    "set_time_zone": lambda client: client.set_time_zone("Europe/Berlin"),
    "set_syslog": lambda client: client.set_syslog("192.168.1.2", 514, tcp=False),
    "get_message": lambda client: client.get_message("place"),
    "set_message": lambda client: client.set_message("place", "garage"),
    "get_profiles": lambda client: client.get_profiles(),
    "remove_profiles": lambda client: client.remove_profiles(),
    "apply_contract_key": lambda client: client.apply_contract_key("key"),
    "get_advanced_settings": lambda client: client.get_advanced_settings(),
    "set_advanced_settings": lambda client: client.set_advanced_settings({}),
    "reset_advanced_settings": lambda client: client.reset_advanced_settings(),
    "fetch_log": lambda client: client.fetch_log(LogKind.MINER),
    "update_firmware": lambda client: client.update_firmware(IMAGE, print),
    "restore_stock": lambda client: client.restore_stock(),
    "factory_reset": lambda client: client.factory_reset(),
}


def test_every_command_is_tried() -> None:
    """None of the interface's commands is forgotten above."""
    known = {
        "probe",
        "identify",
        "read",
        "check_access",
        "close",
        "capabilities",
        "make",
        "memory",
        "raw",
    }
    public = {name for name in vars(MinerClient) if not name.startswith("_")}
    attributes = {"settling_seconds", "off_may_not_hold", "one_at_a_time", "web_port"}
    assert public - known - attributes == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_that_a_make_does_not_have(name: str) -> None:
    """It is refused in words, and never looks as if it had worked."""
    client = Bare()
    with pytest.raises(UnsupportedError, match=r"\w \w"):
        await COMMANDS[name](client)
    await client.close()

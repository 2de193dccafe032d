"""What a device has, by what it shows and by its version."""

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
)
from custom_components.asic_miner.miners.models import (
    Feature,
    PowerMode,
    PowerRange,
)

from .devices import (
    VERSION_22,
    miner,
    newer,
)
from .scripted import envelope


async def test_capabilities_of_a_new_device() -> None:
    """Readings that it has shown, and the commands of its interface."""
    async with miner(newer()) as (_, client):
        before = client.capabilities
        assert Feature.HASHRATE not in before
        assert Feature.POWER_TARGET not in before
        await client.read(slow=True)
        has = client.capabilities
        assert has.features == {
            Feature.HASHRATE, Feature.EXPECTED_HASHRATE, Feature.POWER, Feature.EFFICIENCY,
            Feature.TEMPERATURE, Feature.ENVIRONMENT_TEMPERATURE, Feature.UPTIME, Feature.SHARES,
            Feature.POOL, Feature.FAULTS, Feature.IP_ADDRESS, Feature.LOGS,
            Feature.UPDATE_FIRMWARE,
            Feature.PSU_POWER, Feature.PSU_INPUT_VOLTAGE,
            Feature.PSU_INPUT_CURRENT, Feature.PSU_TEMPERATURE, Feature.PSU_FAN_SPEED,
            Feature.BOARD_TEMPERATURE, Feature.BOARD_FREQUENCY, Feature.BOARD_CHIPS,
            Feature.MINING, Feature.LOCATE, Feature.POWER_PERCENT, Feature.POWER_TARGET,
            Feature.POWER_LIMIT, Feature.POWER_MODE, Feature.RESTORE_POWER,
            Feature.RESTART_MINING, Feature.REBOOT, Feature.WRITE_ACCESS,
            Feature.FAST_BOOT, Feature.MINE_AT_STARTUP, Feature.WEB_POOLS, Feature.POWEROFF_COOL,
            Feature.FAN_ZERO_SPEED, Feature.FAST_MINING, Feature.TARGET_FREQUENCY,
            Feature.UPFREQ_SPEED, Feature.TEMP_OFFSET,
        }  # fmt: skip
        assert has.boards == {1, 2, 3}
        assert has.fans == {1, 2}
        assert has.ranges == {
            Feature.POWER_PERCENT: PowerRange(minimum=25.0, maximum=100.0, step=1.0, default=100.0),
            Feature.POWER_TARGET: PowerRange(
                minimum=870.0, maximum=3450.0, step=10.0, default=3450.0
            ),
            Feature.POWER_LIMIT: PowerRange(minimum=500.0, maximum=7500.0, step=10.0),
            Feature.TARGET_FREQUENCY: PowerRange(
                minimum=-100.0, maximum=100.0, step=1.0, default=0.0
            ),
            Feature.UPFREQ_SPEED: PowerRange(minimum=0.0, maximum=9.0, step=1.0),
            Feature.TEMP_OFFSET: PowerRange(minimum=-30.0, maximum=0.0, step=1.0, default=0.0),
        }
        assert has.choices[Feature.POWER_MODE] == tuple(PowerMode)
        assert has.choices[Feature.LOGS] == ("miner",)


async def test_capabilities_by_interface_version() -> None:
    """Older firmware has fewer commands."""
    always = {
        Feature.MINING, Feature.LOCATE, Feature.REBOOT, Feature.RESTART_MINING,
        Feature.WRITE_ACCESS, Feature.LOGS, Feature.UPDATE_FIRMWARE,
    }  # fmt: skip
    percent = {
        Feature.POWER_PERCENT,
        Feature.WEB_POOLS,
        Feature.TARGET_FREQUENCY,
        Feature.FAST_BOOT,
    }
    modes = percent | {Feature.POWER_MODE}
    limit = modes | {
        Feature.POWER_LIMIT, Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED, Feature.UPFREQ_SPEED,
        Feature.TEMP_OFFSET,
    }  # fmt: skip
    restore = limit | {Feature.RESTORE_POWER, Feature.MINE_AT_STARTUP}
    for version, more in (
        ("", set[Feature]()),
        ("1.1", set[Feature]()),
        ("whatsminer v1.3.0", percent),
        ("1.4.0", percent),
        ("2.0.1", modes),
        ("2.0.4", modes),
        ("2.0.5", limit),
        ("2.2", restore),
        ("2.2.1", restore),
        ("2.2.2", restore | {Feature.FAST_MINING}),
    ):
        script = newer(get_version=envelope({**VERSION_22, "api_ver": version}))
        async with miner(script) as (_, client):
            assert client.capabilities.features == always | more, version


async def test_overdrive_needs_firmware_and_liquid() -> None:
    """The manual before 2.2.1 ends at 100 % for all."""
    for version, model, highest in (
        ("2.2.2", "M63S_VL30", 200.0),
        ("2.2.1", "M66S_VL30", 200.0),
        ("2.2", "M63S_VL30", 100.0),
        ("2.0.5", "M63S_VL30", 100.0),
        ("2.2.2", "M60S_VK30", 100.0),
        ("2.2.2", "M58_VK30", 100.0),
    ):
        told = envelope({**VERSION_22, "api_ver": version, "miner_type": model})
        async with miner(newer(get_version=told)) as (_, client):
            limits = client.capabilities.ranges.get(Feature.POWER_PERCENT)
            assert limits is not None
            assert limits.maximum == highest


async def test_no_commands_without_a_password() -> None:
    """Reading only: nothing to switch, and nothing about write access."""
    async with miner(newer(), Credentials()) as (device, client):
        seen = await client.read(slow=True)
        assert seen.hashrate == 186.0
        has = client.capabilities
        assert Feature.HASHRATE in has
        assert not has.features & {
            Feature.MINING, Feature.LOCATE, Feature.POWER_PERCENT, Feature.POWER_TARGET,
            Feature.POWER_LIMIT, Feature.POWER_MODE, Feature.RESTORE_POWER, Feature.REBOOT,
            Feature.RESTART_MINING, Feature.WRITE_ACCESS,
        }  # fmt: skip
        assert not has.ranges
        assert not has.choices
        device.requests.clear()
        with pytest.raises(AuthenticationError):
            await client.set_mining(False)
        assert device.commands == []

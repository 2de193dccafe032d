"""Settings: which device has which, what is read, and what is set."""

import pytest

from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    InvalidValueError,
    UnsupportedError,
)
from custom_components.asic_miner.miners.models import Feature, PowerRange
from custom_components.asic_miner.miners.whatsminer.settings import SETTINGS

from .settings_bench import (
    ASSUMED,
    COMMANDS,
    HAS,
    HOUR,
    PAIRS,
    TOLD,
    TRUTH,
    UNTOLD,
    VALUES,
    bench,
    refused,
)

LACKS = [
    (preset, feature) for preset, has in HAS.items() for feature in sorted(COMMANDS.keys() - has)
]


def test_every_setting_is_tried_here() -> None:
    """A new one must get its values and its presets."""
    assert SETTINGS.keys() == COMMANDS.keys() == VALUES.keys()
    assert set().union(*HAS.values()) == SETTINGS.keys()


@pytest.mark.parametrize("preset", sorted(HAS))
async def test_which_device_has_which(preset: str) -> None:
    """By version, cooling and chips; those that are never told are assumed."""
    async with bench(preset) as b:
        has = b.client.capabilities
        assert has.features & COMMANDS.keys() == HAS[preset]
        assert has.assumed == ASSUMED[preset] & HAS[preset]
        assert has.choices.get(Feature.HEAT_MODE) == (
            ("anti_icing", "heating") if preset == "M63S" else None
        )
        numbers = {Feature.TARGET_FREQUENCY, Feature.UPFREQ_SPEED, Feature.TEMP_OFFSET}
        assert has.ranges.keys() & COMMANDS.keys() == numbers & HAS[preset]


@pytest.mark.parametrize(
    ("preset", "lowest", "highest"),
    [
        ("M60S", -100.0, 100.0),
        ("M63S", -100.0, 100.0),
        ("M56S", -100.0, 100.0),
        ("M50S", -100.0, 0.0),
        ("M30S++", -100.0, 0.0),
        ("M50-2022", -100.0, 0.0),
        ("M31S-2021", -10.0, 100.0),
        ("M30S-2020", -10.0, 100.0),
    ],
)
async def test_target_frequency_range(preset: str, lowest: float, highest: float) -> None:
    """The oldest lower little, the middle ones raise nothing on air; both ends are taken."""
    async with bench(preset) as b:
        limits = PowerRange(minimum=lowest, maximum=highest, step=1.0, default=0.0)
        assert b.client.capabilities.ranges[Feature.TARGET_FREQUENCY] == limits
        for value in (lowest, highest):
            await b.client.set_setting(Feature.TARGET_FREQUENCY, value)
            assert b.truth(Feature.TARGET_FREQUENCY) == value
            b.pass_time(HOUR)
        for value in (lowest - 1, highest + 1):
            with pytest.raises(InvalidValueError):
                await b.client.set_setting(Feature.TARGET_FREQUENCY, value)
        assert b.writes == ["set_target_freq"] * 2


@pytest.mark.parametrize(("preset", "feature"), LACKS)
async def test_what_a_device_lacks(preset: str, feature: Feature) -> None:
    """Refused without a word to the device, whatever its replies contain."""
    async with bench(preset) as b:
        with pytest.raises(UnsupportedError):
            await b.client.set_setting(feature, VALUES[feature][0])
        assert feature not in await b.settings()
        assert b.miner.tokens_issued == 0


async def test_what_is_no_setting() -> None:
    """Features that are read, or set by another command."""
    async with bench("M60S") as b:
        for feature in (Feature.POWER_LIMIT, Feature.HASHRATE, Feature.COOLING_MODE):
            with pytest.raises(UnsupportedError):
                await b.client.set_setting(feature, 1000.0)
        assert b.miner.tokens_issued == 0


@pytest.mark.parametrize("preset", ["M60S", "M63S", "M31S-2021"])
async def test_nothing_without_a_password(preset: str) -> None:
    """Neither offered nor shown nor sent."""
    async with bench(preset, password=None) as b:
        has = b.client.capabilities
        assert not has.features & COMMANDS.keys()
        assert not has.assumed
        assert await b.settings() == {}
        with pytest.raises(AuthenticationError):
            await b.client.set_setting(Feature.WEB_POOLS, False)
        assert b.miner.truth()["writes"] == 0


@pytest.mark.parametrize(("preset", "feature"), PAIRS)
async def test_every_setting_on_every_device(preset: str, feature: Feature) -> None:
    """Each value arrives once, is shown, and restarts mining only where that is documented."""
    async with bench(preset) as b:
        for count, value in enumerate(VALUES[feature], start=1):
            await b.client.set_setting(feature, value)
            assert b.truth(feature) == value
            assert b.restarts == (count if feature is Feature.TARGET_FREQUENCY else 0)
            assert len(b.writes) == count + refused(preset, feature)
            b.pass_time(HOUR)
            seen = await b.client.read(slow=True)
            assert seen.settings[feature] == value
            assert type(seen.settings[feature]) is type(value)
            assert seen.write_access is True
        assert set(b.writes) <= set(COMMANDS[feature])


@pytest.mark.parametrize(("preset", "feature"), TOLD)
async def test_told_settings_are_the_truth(preset: str, feature: Feature) -> None:
    """From the first read on, also when changed elsewhere, and never what was sent."""
    async with bench(preset) as b:
        assert (await b.settings())[feature] == b.truth(feature)
        await b.client.set_setting(feature, VALUES[feature][0])
        b.pass_time(HOUR)
        other = VALUES[feature][1]
        key = TRUTH[feature]
        setattr(b.miner.device.settings, key, int(other) if isinstance(other, float) else other)
        assert (await b.settings())[feature] == other
        # A reply that fails leaves it open; an old value would not be what the device says.
        source = {Feature.FAST_BOOT: "summary", Feature.UPFREQ_SPEED: "get_miner_info"}
        b.miner.faults.codes = {source.get(feature, "status"): 132, "summary+edevs": 132}
        assert feature not in await b.settings()
        b.miner.faults.codes = {}
        assert (await b.settings())[feature] == other
        # Neither does a new client need more than to read.
        await b.connect()
        assert (await b.settings())[feature] == other


@pytest.mark.parametrize(("preset", "feature"), UNTOLD)
async def test_untold_settings_are_known_once_set(preset: str, feature: Feature) -> None:
    """Not before, and not by another client."""
    async with bench(preset) as b:
        assert feature not in await b.settings()
        value = VALUES[feature][0]
        await b.client.set_setting(feature, value)
        assert (await b.settings(slow=False))[feature] == value
        assert feature in b.client.capabilities.assumed
        b.pass_time(HOUR)
        await b.connect()
        assert feature not in await b.settings()


@pytest.mark.parametrize("preset", sorted(HAS))
async def test_settings_cost_no_connection(preset: str) -> None:
    """Three live and at most seven slow, as without them."""
    async with bench(preset) as b:
        for slow, most in ((False, 3), (True, 7)):
            before = b.miner.connections
            await b.client.read(slow=slow)
            assert b.miner.connections - before <= most
        assert b.miner.max_open_connections == 1


async def test_when_the_next_start_counts() -> None:
    """Fast boot and the temperature offset leave the running process as it is."""
    async with bench("M60S") as b:
        await b.client.set_setting(Feature.TEMP_OFFSET, -20.0)
        await b.client.set_setting(Feature.FAST_BOOT, True)
        b.pass_time(HOUR)
        assert b.miner.device.temp_offset == 0
        assert b.restarts == 0
        await b.client.restart_mining()
        # A fast boot is through in minutes, an ordinary one in twenty.
        b.pass_time(400)
        assert b.miner.device.temp_offset == -20
        assert b.miner.truth()["state"] == "stable"


async def test_settings_survive_a_reboot() -> None:
    """They are the device's own."""
    async with bench("M63S") as b:
        await b.client.set_setting(Feature.TARGET_FREQUENCY, -5)
        await b.client.set_setting(Feature.HEAT_MODE, "heating")
        b.pass_time(HOUR)
        await b.client.reboot()
        b.pass_time(HOUR)
        seen = await b.settings()
        assert seen[Feature.TARGET_FREQUENCY] == b.truth(Feature.TARGET_FREQUENCY) == -5
        assert seen[Feature.HEAT_MODE] == b.truth(Feature.HEAT_MODE) == "heating"


async def test_booting_without_mining() -> None:
    """What the switch is for."""
    async with bench("M60S") as b:
        await b.client.set_setting(Feature.MINE_AT_STARTUP, False)
        await b.client.reboot()
        b.pass_time(HOUR)
        assert b.miner.truth()["mining"] is False
        assert (await b.client.read(slow=True)).off_on_purpose


@pytest.mark.parametrize("preset", ["M60S", "M50S"])
async def test_settings_while_mining_is_off(preset: str) -> None:
    """They are of the control board and need no mining; setting one does not start it."""
    async with bench(preset) as b:
        await b.client.set_mining(False)
        b.pass_time(60)
        await b.client.set_setting(Feature.TARGET_FREQUENCY, -10)
        await b.client.set_setting(Feature.TEMP_OFFSET, -5)
        assert b.truth(Feature.TARGET_FREQUENCY) == -10
        b.pass_time(60)
        assert (await b.client.read(slow=True)).off_on_purpose
        assert (await b.settings())[Feature.TARGET_FREQUENCY] == -10

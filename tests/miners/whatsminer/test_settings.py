"""The settings a device keeps, against simulated devices of every generation."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import math

import pytest

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MinerError,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature, PowerRange, SettingValue
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from custom_components.asic_miner.miners.whatsminer.parse import Json, Record
from custom_components.asic_miner.miners.whatsminer.settings import SETTINGS
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator, Wire

BASE = frozenset({Feature.WEB_POOLS, Feature.TARGET_FREQUENCY, Feature.FAST_BOOT})
ANY_COOLING = BASE | {Feature.UPFREQ_SPEED}
AIR = ANY_COOLING | {Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED, Feature.TEMP_OFFSET}
NEWEST = {Feature.MINE_AT_STARTUP, Feature.FAST_MINING}
HAS: dict[str, frozenset[Feature]] = {
    "M60S": AIR | NEWEST,
    "M63S": ANY_COOLING | NEWEST | {Feature.HEAT_MODE},
    "M50S": AIR,
    "M56S": ANY_COOLING,
    "M30S++": AIR,
    "M50-2022": BASE,
    "M31S-2021": BASE,
    "M30S-2020": BASE,
}
"""Every personality that tells who it is, with the settings it takes."""
BLIND = frozenset(
    {
        Feature.MINE_AT_STARTUP, Feature.WEB_POOLS, Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED,
        Feature.TEMP_OFFSET, Feature.HEAT_MODE,
    }
)  # fmt: skip
"""What no generation tells."""
ASSUMED = {
    "M60S": BLIND | {Feature.FAST_MINING},
    "M63S": BLIND,
    "M50S": BLIND,
    "M56S": BLIND,
    "M30S++": BLIND | {Feature.FAST_BOOT},
    "M50-2022": BLIND | {Feature.FAST_BOOT},
    "M31S-2021": BLIND | {Feature.TARGET_FREQUENCY, Feature.FAST_BOOT},
    "M30S-2020": BLIND | {Feature.TARGET_FREQUENCY, Feature.FAST_BOOT},
}
"""What each of them does not tell, whether or not it has it."""
COMMANDS = {
    Feature.FAST_BOOT: (
        "enable_btminer_fast_boot",
        "disable_btminer_fast_boot",
        "enable_cgminer_fast_boot",
        "disable_cgminer_fast_boot",
    ),
    Feature.MINE_AT_STARTUP: ("enable_btminer_init", "disable_btminer_init"),
    Feature.WEB_POOLS: ("enable_web_pools", "disable_web_pools"),
    Feature.POWEROFF_COOL: ("set_poweroff_cool",),
    Feature.FAN_ZERO_SPEED: ("set_fan_zero_speed",),
    Feature.FAST_MINING: ("set_fast_mining", "set_fast_hash"),
    Feature.TARGET_FREQUENCY: ("set_target_freq",),
    Feature.UPFREQ_SPEED: ("adjust_upfreq_speed",),
    Feature.TEMP_OFFSET: ("set_temp_offset",),
    Feature.HEAT_MODE: ("set_heat_mode",),
}
LEGACY = {"M31S-2021", "M30S-2020"}
"""These refuse the present names for fast boot, once, before they are sent the old ones."""
TWO_FORMS = {Feature.FAST_MINING, Feature.FAST_BOOT}
WRITES = {command for commands in COMMANDS.values() for command in commands}
TRUTH = {feature: str(feature) for feature in COMMANDS} | {Feature.MINE_AT_STARTUP: "mine_at_boot"}
"""Names in the simulator's own account."""
VALUES: dict[Feature, tuple[SettingValue, ...]] = {
    Feature.FAST_BOOT: (True, False),
    Feature.MINE_AT_STARTUP: (False, True),
    Feature.WEB_POOLS: (False, True),
    Feature.POWEROFF_COOL: (True, False),
    Feature.FAN_ZERO_SPEED: (True, False),
    Feature.FAST_MINING: (True, False),
    Feature.TARGET_FREQUENCY: (-10.0, -1.0, 0.0),
    Feature.UPFREQ_SPEED: (9.0, 4.0, 0.0),
    Feature.TEMP_OFFSET: (-30.0, -1.0, 0.0),
    Feature.HEAT_MODE: ("heating", "anti_icing"),
}
"""Values that every device with the setting takes, the first of them not the factory's."""
PAIRS = [(preset, feature) for preset, has in HAS.items() for feature in sorted(has)]
LACKS = [
    (preset, feature) for preset, has in HAS.items() for feature in sorted(COMMANDS.keys() - has)
]
TOLD = [(preset, feature) for preset, feature in PAIRS if feature not in ASSUMED[preset]]
UNTOLD = [(preset, feature) for preset, feature in PAIRS if feature in ASSUMED[preset]]
HOUR = 3600.0
BRIEFLY = 0.2
"""Seconds to look for something that does not come."""


def refused(preset: str, feature: Feature) -> int:
    """Return how many writes are refused as unknown before one is accepted."""
    return int(feature is Feature.FAST_BOOT and preset in LEGACY)


class Bench:
    """One simulated device, its clock, and a client that has read it once."""

    def __init__(self, preset: str, password: str | None) -> None:
        """Make both; nothing runs yet."""
        self.clock = ManualClock()
        self.miner = WhatsminerSimulator(preset=preset, clock=self.clock)
        self.password = self.miner.password if password == "" else password

    async def connect(self) -> None:
        """Start anew with a client that knows nothing but what one read tells."""
        self.client = WhatsminerClient(
            self.miner.host, self.miner.port, Credentials(password=self.password)
        )
        # Long enough for any machine; tests in which nothing shows make it short.
        self.client.confirm_seconds = 60.0
        self.client.confirm_interval = 0.02
        await self.client.identify()
        await self.client.read(slow=True)

    async def settings(self, *, slow: bool = True) -> dict[Feature, SettingValue]:
        """Read the settings."""
        return dict((await self.client.read(slow=slow)).settings)

    def truth(self, feature: Feature) -> object:
        """Return what the device is set to, in the words of the integration."""
        value = self.miner.truth()[TRUTH[feature]]
        return value.replace("-", "_") if isinstance(value, str) else value

    @property
    def restarts(self) -> object:
        """Return how often mining has been restarted."""
        return self.miner.truth()["mining_restarts"]

    @property
    def writes(self) -> list[str]:
        """Return the settings that were sent, in order."""
        return [command for command in self.miner.commands if command in WRITES]

    def pass_time(self, seconds: float) -> None:
        """Let simulated time pass, and both notice."""
        self.clock.advance(seconds)
        self.miner.refresh()
        # By the client's own clock its token would have been due for renewal.
        self.client.api.drop_token()


@asynccontextmanager
async def bench(preset: str, password: str | None = "") -> AsyncGenerator[Bench]:
    """Run a simulated device, with the right password, another one, or none."""
    made = Bench(preset, password)
    await made.miner.start()
    try:
        await made.connect()
        yield made
    finally:
        await made.miner.stop()


def test_every_setting_is_tried_here() -> None:
    """A new one must get its values and its presets."""
    assert SETTINGS.keys() == COMMANDS.keys() == VALUES.keys()
    assert set().union(*HAS.values()) == SETTINGS.keys()


# Who has what


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


# Reading and setting


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


# Two forms of fast mining


async def test_fast_mining_by_the_form_the_device_knows() -> None:
    """The first is refused as unknown once; the second is used from then on."""
    async with bench("M60S") as b:
        b.miner.faults.codes = {"set_fast_mining": 14}
        await b.client.set_setting(Feature.FAST_MINING, True)
        assert b.miner.truth()["fast_hash"] is True
        assert b.miner.truth()["fast_mining"] is False
        await b.client.set_setting(Feature.FAST_MINING, False)
        assert b.writes == ["set_fast_mining", "set_fast_hash", "set_fast_hash"]
        assert (await b.settings())[Feature.FAST_MINING] is False


async def test_fast_mining_by_the_form_the_device_tells() -> None:
    """Status names only one of them."""
    async with bench("M63S") as b:
        b.miner.faults.missing_keys = {"fast_mining"}
        await b.connect()
        assert (await b.settings())[Feature.FAST_MINING] is False
        await b.client.set_setting(Feature.FAST_MINING, True)
        assert b.writes == ["set_fast_hash"]
        assert b.miner.truth()["fast_hash"] is True
        assert (await b.settings())[Feature.FAST_MINING] is True
        assert Feature.FAST_MINING not in b.client.capabilities.assumed


async def test_fast_mining_needs_the_chips() -> None:
    """Without the model's variant it is not offered."""
    async with bench("M60S") as b:
        b.miner.faults.missing_keys = {"miner_type"}
        await b.connect()
        assert Feature.FAST_MINING not in b.client.capabilities


# Values


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        *((feature, value)
          for feature in (Feature.TARGET_FREQUENCY, Feature.UPFREQ_SPEED, Feature.TEMP_OFFSET)
          for value in (101.0, -101.0, -0.5, math.nan, math.inf, True, "1")),
        (Feature.UPFREQ_SPEED, 10.0), (Feature.UPFREQ_SPEED, -1.0), (Feature.UPFREQ_SPEED, 4.5),
        (Feature.TEMP_OFFSET, 1.0), (Feature.TEMP_OFFSET, -31.0),
        *((feature, value)
          for feature in (Feature.FAST_BOOT, Feature.MINE_AT_STARTUP, Feature.WEB_POOLS,
                          Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED, Feature.FAST_MINING)
          for value in (1.0, 0.0, "on")),
    ],
)  # fmt: skip
async def test_values_out_of_bounds(feature: Feature, value: SettingValue) -> None:
    """Refused before anything is sent, not even asked."""
    async with bench("M60S") as b:
        before = b.miner.connections
        with pytest.raises(InvalidValueError):
            await b.client.set_setting(feature, value)
        assert b.miner.connections == before


@pytest.mark.parametrize("value", ["normal", "anti-icing", "", "Heating", True, 1.0])
async def test_heat_modes_that_are_none(value: SettingValue) -> None:
    """This interface has two, named in the words of the integration."""
    async with bench("M63S") as b:
        before = b.miner.connections
        with pytest.raises(InvalidValueError):
            await b.client.set_setting(Feature.HEAT_MODE, value)
        assert b.miner.connections == before


# What excludes each other


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M30S++"])
async def test_fast_boot_and_tuning_speed(preset: str) -> None:
    """Neither is sent while the other is in use, whether that is told or only remembered."""
    async with bench(preset) as b:
        await b.client.set_setting(Feature.FAST_BOOT, True)
        for speed in (5.0, 0.0):
            with pytest.raises(InvalidValueError, match="fast boot is on"):
                await b.client.set_setting(Feature.UPFREQ_SPEED, speed)
        assert b.truth(Feature.FAST_BOOT) is True
        # Known at once, without a poll between.
        await b.client.set_setting(Feature.FAST_BOOT, False)
        await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        with pytest.raises(InvalidValueError, match="tuning speed"):
            await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.UPFREQ_SPEED) == 5
        # Off is always possible.
        await b.client.set_setting(Feature.FAST_BOOT, False)
        await b.client.set_setting(Feature.UPFREQ_SPEED, 0.0)
        await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.FAST_BOOT) is True
        assert (await b.settings())[Feature.UPFREQ_SPEED] == 0.0


async def test_fast_boot_switched_on_elsewhere() -> None:
    """The device is asked, not the last poll."""
    async with bench("M60S") as b:
        b.miner.device.settings.fast_boot = True
        with pytest.raises(InvalidValueError, match="fast boot is on"):
            await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        assert b.writes == []


async def test_rival_that_cannot_be_asked() -> None:
    """An unknown one stands in nobody's way."""
    async with bench("M60S") as b:
        b.miner.faults.codes = {"summary": 132}
        await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        assert b.truth(Feature.UPFREQ_SPEED) == 5


async def test_rival_that_the_device_does_not_take() -> None:
    """A speed that nobody could set back to zero does not keep fast boot from being used."""
    async with bench("M50-2022") as b:
        b.miner.device.settings.upfreq_speed = 3
        await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.FAST_BOOT) is True


# Refusals and lost replies


@pytest.mark.parametrize("feature", sorted(HAS["M60S"]))
@pytest.mark.parametrize(
    ("code", "kind"),
    [(45, WriteAccessError), (132, RejectedError), (136, BusyError)],
)
async def test_refusals(feature: Feature, code: int, kind: type[MinerError]) -> None:
    """Told by kind, sent once, nothing changed, and still offered."""
    async with bench("M60S") as b:
        before = b.truth(feature)
        b.miner.faults.codes = dict.fromkeys(WRITES, code)
        with pytest.raises(MinerError) as caught:
            await b.client.set_setting(feature, VALUES[feature][0])
        assert type(caught.value) is kind
        assert len(b.writes) == 1
        assert b.truth(feature) == before
        assert feature in b.client.capabilities
        assert (await b.settings()).get(feature) in (before, None)


@pytest.mark.parametrize(("preset", "feature"), PAIRS)
async def test_unknown_commands_are_not_offered_again(preset: str, feature: Feature) -> None:
    """Until the firmware changes."""
    async with bench(preset) as b:
        b.miner.faults.codes = dict.fromkeys(COMMANDS[feature], 14)
        for _ in range(2):
            with pytest.raises(UnsupportedError):
                await b.client.set_setting(feature, VALUES[feature][0])
        # Where there are two forms, each is tried once.
        assert len(b.writes) == (2 if feature in TWO_FORMS else 1)
        has = b.client.capabilities
        assert feature not in has
        assert feature not in {*has.assumed, *has.ranges, *has.choices}
        assert feature not in await b.settings()
        assert has.features & COMMANDS.keys() == HAS[preset] - {feature}


async def test_new_firmware_starts_anew() -> None:
    """It may know more, and tell other things than the old one."""
    async with bench("M30S++") as b:
        b.miner.faults.codes = {"set_temp_offset": 14}
        with pytest.raises(UnsupportedError):
            await b.client.set_setting(Feature.TEMP_OFFSET, -1.0)
        await b.client.set_setting(Feature.WEB_POOLS, False)
        b.miner.faults.codes = {}
        b.miner.change_firmware("M50S")
        await b.client.identify()
        assert Feature.FAST_BOOT in b.client.capabilities.assumed
        seen = await b.settings()
        assert Feature.WEB_POOLS not in seen
        assert seen[Feature.FAST_BOOT] is False
        assert Feature.TEMP_OFFSET in b.client.capabilities
        assert Feature.FAST_BOOT not in b.client.capabilities.assumed


@pytest.mark.parametrize(("preset", "feature"), TOLD)
async def test_lost_replies_of_told_settings(preset: str, feature: Feature) -> None:
    """Executed without a reply: found out by reading, sent once."""
    async with bench(preset) as b:
        b.miner.faults.unanswered = set(COMMANDS[feature])
        value = VALUES[feature][0]
        await b.client.set_setting(feature, value)
        assert b.truth(feature) == value
        assert len(b.writes) == 1
        assert b.restarts == int(feature is Feature.TARGET_FREQUENCY)


@pytest.mark.parametrize(("preset", "feature"), UNTOLD)
async def test_lost_replies_of_untold_settings(preset: str, feature: Feature) -> None:
    """Nothing can tell what became of it: said so, not repeated, and unknown from then on."""
    async with bench(preset) as b:
        first, second = VALUES[feature][:2]
        await b.client.set_setting(feature, first)
        b.pass_time(HOUR)
        b.miner.faults.unanswered = set(COMMANDS[feature])
        with pytest.raises(UnconfirmedError):
            await b.client.set_setting(feature, second)
        assert len(b.writes) == 2 + refused(preset, feature)
        assert b.truth(feature) == second
        assert feature not in await b.settings()


@pytest.mark.parametrize("wire", [Wire.CLOSE, Wire.RESET, Wire.CUT])
@pytest.mark.parametrize("feature", sorted(HAS["M63S"]))
async def test_settings_that_were_not_executed(feature: Feature, wire: Wire) -> None:
    """Lost on the way: not repeated, and not claimed."""
    async with bench("M63S") as b:
        before = b.truth(feature)
        # A reply that is cut off belongs to a command that was executed.
        executed = wire is Wire.CUT
        if not executed:
            b.client.confirm_seconds = BRIEFLY
        b.miner.faults.wire = wire
        b.miner.faults.wire_commands = set(COMMANDS[feature])
        if executed and feature not in ASSUMED["M63S"]:
            await b.client.set_setting(feature, VALUES[feature][0])
        else:
            with pytest.raises(UnconfirmedError):
                await b.client.set_setting(feature, VALUES[feature][0])
        assert len(b.writes) == 1
        assert b.truth(feature) == (VALUES[feature][0] if executed else before)


# What the target frequency is written as


@pytest.mark.parametrize(
    ("written", "value"),
    [("", 0.0), ("0", 0.0), (0, 0.0), ("-10", -10.0), (-10, -10.0), ("+5", 5.0), ("90", 90.0),
     ("-7.5", -7.5), ("abc", None), (None, None), ([], None)],
)  # fmt: skip
def test_texts_of_the_target_frequency(written: Json, value: float | None) -> None:
    """Empty is none; a number is what it says; anything else is not known."""
    form = SETTINGS[Feature.TARGET_FREQUENCY].forms[0]
    record = Record({"hash_percent": written})
    assert form.told(record) == value
    assert form.told(Record()) is None


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        (Feature.TARGET_FREQUENCY, 101.0, "must be from -100 to 100 %"),
        (Feature.TEMP_OFFSET, 1.0, "must be from -30 to 0 °C"),
        (Feature.UPFREQ_SPEED, 10.0, "must be from 0 to 9"),
    ],
)
async def test_ends_of_a_range_have_a_unit(setting: Feature, value: float, words: str) -> None:
    """A bare number leaves open what is meant."""
    async with bench("M60S") as b:
        with pytest.raises(InvalidValueError) as caught:
            await b.client.set_setting(setting, value)
        assert str(caught.value) == words

"""Which simulated device has which settings, and a client of it whose clock a test moves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.models import Feature, SettingValue
from custom_components.asic_miner.miners.whatsminer.client import WhatsminerClient
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

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
TOLD = [(preset, feature) for preset, feature in PAIRS if feature not in ASSUMED[preset]]
UNTOLD = [(preset, feature) for preset, feature in PAIRS if feature in ASSUMED[preset]]
HOUR = 3600.0


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

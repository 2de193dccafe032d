"""What the device keeps across a reboot: its configuration."""

from dataclasses import dataclass, field

from .presets import Preset
from .wire import Json, celsius


@dataclass(kw_only=True)
class PoolSetting:
    """One configured pool."""

    uid: str
    url: str
    user: str
    password: str | None = None
    enabled: bool | None = True


@dataclass(kw_only=True)
class GroupSetting:
    """One configured group of pools."""

    uid: str
    name: str
    strategy: Json
    """Externally tagged: `{"quota": {"value": 1}}` or `{"fixedshareratio": ...}`."""
    pools: list[PoolSetting]


@dataclass(kw_only=True)
class ScalingSettings:
    """Stored dynamic performance scaling; None means the constraint's default."""

    enabled: bool | None = None
    mode: int | None = None
    power_step: float | None = None
    hashrate_step: float | None = None
    minimum_power: float | None = None
    minimum_hashrate: float | None = None
    shutdown_enabled: bool | None = None
    shutdown_hours: int | None = None
    start_percent: int | None = None


@dataclass(kw_only=True)
class ManualSettings:
    """Fixed clocks and voltages; frequencies in MHz, voltages in V, boards by id."""

    frequency: float | None = None
    voltage: float | None = None
    board_frequency: dict[str, float | None] = field(default_factory=dict)
    board_voltage: dict[str, float | None] = field(default_factory=dict)


@dataclass(kw_only=True)
class NetworkSettings:
    """Stored network configuration."""

    hostname: str
    static: dict[str, Json] | None = None
    """address, netmask, gateway, dns_servers; None while DHCP is used."""


@dataclass(kw_only=True)
class Settings:
    """The whole stored configuration."""

    tuner_enabled: bool | None
    tuner_mode: int | None
    """1 power target, 2 hashrate target, None when nothing was ever stored."""
    power_target: float | None
    hashrate_target: float | None
    manual: ManualSettings
    """Applies while `tuner_enabled` is False."""
    scaling: ScalingSettings
    cooling: dict[str, Json]
    """Externally tagged cooling mode, as in the configuration."""
    boards: dict[str, bool]
    """Which boards are enabled, by id."""
    ramp_up: int | None = None
    ramp_down: int | None = None
    groups: list[GroupSetting]
    network: NetworkSettings
    license: dict[str, Json] | None
    auto_upgrade: bool = True
    auto_upgrade_schedule: Json = None
    advanced: dict[str, Json] = field(default_factory=dict)


def factory_settings(preset: Preset, mac: str) -> Settings:
    """Return the configuration that a machine of this model comes with."""
    stored = preset.stores_target
    hostname = "miner-" + mac.replace(":", "")[-6:] if preset.own_hostname else "Antminer"
    return Settings(
        tuner_enabled=True if stored else None,
        tuner_mode=1 if stored else None,
        power_target=preset.power.default if stored else None,
        hashrate_target=None,
        manual=ManualSettings(),
        scaling=ScalingSettings(),
        cooling=_cooling(preset),
        boards={
            str(number): number not in preset.disabled_boards
            for number in range(1, preset.nameplate.boards + 1)
        },
        groups=[
            GroupSetting(
                uid="0",
                name="Home",
                strategy={"quota": {"value": 1}},
                pools=[
                    PoolSetting(
                        uid=f"0-{number}",
                        url=f"stratum+tcp://pool{number}.example.com:3333",
                        user=f"example{number}.worker",
                        password="x",
                    )
                    for number in (1, 2)
                ],
            )
        ],
        network=NetworkSettings(hostname=hostname),
        license={
            "valid": {
                "type": 1,
                "contract_name": "Standard contract",
                "time_to_restricted": 2_419_200,
                "dev_fee": {"bsp": 250},
            }
        },
    )


def _cooling(preset: Preset) -> dict[str, Json]:
    temperatures: dict[str, Json] = {
        "target_temperature": celsius(preset.target_temperature.default),
        "hot_temperature": celsius(preset.hot_temperature.default),
        "dangerous_temperature": celsius(preset.dangerous_temperature.default),
    }
    if preset.cooling != "auto":
        return {preset.cooling: temperatures}
    return {
        "auto": {
            **temperatures,
            "min_fan_speed": 10,
            "max_fan_speed": 100,
            "minimum_required_fans": 1,
            "pause_mode": {"mode": {"auto": {}}},
        }
    }

"""Sensors: what a miner measures and says."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
import math
from typing import override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    Platform,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import JOULE_PER_TERAHASH, NOISE_DEGREES, NOISE_KWH, NOISE_SHARE, TERAHASH_PER_SECOND
from .coordinator import MinerConfigEntry, MinerCoordinator
from .entity import (
    HashboardEntity,
    MinerEntity,
    MinerEntityDescription,
    MinerPartEntity,
    add_entities_as_they_appear,
)
from .kinds import async_add_entities_of_other_kinds
from .miners.lean import dataclass
from .miners.models import (
    Capabilities,
    Feature,
    Hashboard,
    LicenseState,
    MinerState,
    Pool,
    PoolState,
    PowerSupply,
    Snapshot,
    TunerState,
)
from .power.model import GuardState, Wait

# Everything comes from the coordinator.
PARALLEL_UPDATES = 0

type Value = str | int | float | datetime | None

LONGEST_STATE = 255
"""Home Assistant stores no longer state."""


@dataclass(frozen=True, kw_only=True)
class SensorDescription(MinerEntityDescription, SensorEntityDescription):
    """A sensor that has its value from elsewhere than one function of the snapshot."""


@dataclass(frozen=True, kw_only=True)
class MinerSensorDescription(SensorDescription):
    """A sensor of the miner as a whole."""

    value: Callable[[Snapshot], Value]


@dataclass(frozen=True, kw_only=True)
class GuardSensorDescription(SensorDescription):
    """A sensor of what the miner's guard does."""

    value: Callable[[GuardState], Value]


@dataclass(frozen=True, kw_only=True)
class PoolSensorDescription(SensorDescription):
    """A sensor of each configured pool, by its place: its address may change."""

    value: Callable[[Pool], Value]


@dataclass(frozen=True, kw_only=True)
class BoardSensorDescription(SensorDescription):
    """A sensor of each hashboard."""

    value: Callable[[Hashboard], Value]


def _boot_time(snapshot: Snapshot) -> datetime | None:
    if snapshot.uptime is None:
        return None
    return dt_util.utcnow() - timedelta(seconds=snapshot.uptime)


def _pool(snapshot: Snapshot) -> str | None:
    pool = snapshot.active_pool
    return pool.address[:LONGEST_STATE] if pool else None


def _fault(snapshot: Snapshot) -> str | None:
    """Return the first fault that matters: the key of its text, else what the miner says."""
    if snapshot.faults is None:
        return None
    for fault in sorted(snapshot.faults, key=lambda fault: fault.minor):
        return fault.key or f"{fault.message} ({fault.code})"[:LONGEST_STATE]
    return "none"


def _psu(value: Callable[[PowerSupply], Value]) -> Callable[[Snapshot], Value]:
    return lambda snapshot: value(snapshot.psu) if snapshot.psu else None


AS_WISHED = "as_wished"
"""Of a guard that waits for nothing."""


def _waits_until(state: GuardState) -> datetime | None:
    return None if state.until is None else dt_util.utc_from_timestamp(state.until)


ENERGY = SensorDescription(
    key="energy",
    feature=Feature.POWER,
    device_class=SensorDeviceClass.ENERGY,
    state_class=SensorStateClass.TOTAL_INCREASING,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=2,
)

SENSORS = (
    MinerSensorDescription(
        key="hashrate",
        feature=Feature.HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=TERAHASH_PER_SECOND,
        suggested_display_precision=2,
        value=lambda snapshot: snapshot.hashrate,
    ),
    MinerSensorDescription(
        key="power",
        feature=Feature.POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value=lambda snapshot: snapshot.power,
    ),
    MinerSensorDescription(
        key="efficiency",
        feature=Feature.EFFICIENCY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=JOULE_PER_TERAHASH,
        suggested_display_precision=1,
        value=lambda snapshot: snapshot.efficiency,
    ),
    MinerSensorDescription(
        key="temperature",
        feature=Feature.TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        value=lambda snapshot: snapshot.temperature,
    ),
    MinerSensorDescription(
        key="state",
        feature=Feature.HASHRATE,
        device_class=SensorDeviceClass.ENUM,
        # "unknown" is what Home Assistant itself calls a state that is not known.
        options=[state for state in MinerState if state is not MinerState.UNKNOWN],
        value=lambda snapshot: (
            None if snapshot.state is MinerState.UNKNOWN else snapshot.state.value
        ),
    ),
    MinerSensorDescription(
        key="power_target_effective",
        feature=Feature.POWER_TARGET_EFFECTIVE,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda snapshot: snapshot.power_target_effective,
    ),
    MinerSensorDescription(
        key="expected_hashrate",
        feature=Feature.EXPECTED_HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=TERAHASH_PER_SECOND,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda snapshot: snapshot.expected_hashrate,
    ),
    *(
        MinerSensorDescription(
            key=feature.value,
            feature=feature,
            device_class=SensorDeviceClass.TEMPERATURE,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value=value,
        )
        for feature, value in (
            (Feature.ENVIRONMENT_TEMPERATURE, lambda snapshot: snapshot.environment_temperature),
            (Feature.INLET_TEMPERATURE, lambda snapshot: snapshot.inlet_temperature),
            (Feature.OUTLET_TEMPERATURE, lambda snapshot: snapshot.outlet_temperature),
            (
                Feature.PSU_TEMPERATURE,
                _psu(lambda psu: psu.temperature),
            ),
        )
    ),
    *(
        MinerSensorDescription(
            key=feature.value,
            feature=feature,
            device_class=SensorDeviceClass.ENUM,
            options=list(states),
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value=value,
        )
        for feature, states, value in (
            (Feature.TUNER_STATE, TunerState, lambda snapshot: snapshot.tuner_state),
            (Feature.LICENSE_STATE, LicenseState, lambda snapshot: snapshot.license_state),
        )
    ),
    MinerSensorDescription(
        key="ip_address",
        feature=Feature.IP_ADDRESS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda snapshot: snapshot.ip_address,
    ),
    MinerSensorDescription(
        key="uptime",
        feature=Feature.UPTIME,
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_boot_time,
    ),
    *(
        MinerSensorDescription(
            key=key,
            feature=Feature.SHARES,
            state_class=SensorStateClass.TOTAL_INCREASING,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value=value,
        )
        for key, value in (
            ("accepted_shares", lambda snapshot: snapshot.accepted_shares),
            ("rejected_shares", lambda snapshot: snapshot.rejected_shares),
        )
    ),
    MinerSensorDescription(
        key="reject_rate",
        feature=Feature.SHARES,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda snapshot: snapshot.reject_rate,
    ),
    MinerSensorDescription(
        key="pool",
        feature=Feature.POOL,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Its owner knows it; whether it answers is told by another entity.
        entity_registry_enabled_default=False,
        value=_pool,
    ),
    MinerSensorDescription(
        key="fault",
        feature=Feature.FAULTS,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_fault,
    ),
    MinerSensorDescription(
        key="psu_power",
        feature=Feature.PSU_POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_psu(lambda psu: psu.power),
    ),
    MinerSensorDescription(
        key="psu_input_voltage",
        feature=Feature.PSU_INPUT_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_psu(lambda psu: psu.input_voltage),
    ),
    MinerSensorDescription(
        key="psu_input_current",
        feature=Feature.PSU_INPUT_CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_psu(lambda psu: psu.input_current),
    ),
    MinerSensorDescription(
        key="psu_fan_speed",
        feature=Feature.PSU_FAN_SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_psu(lambda psu: psu.fan_speed),
    ),
)

FAN_SPEED = SensorDescription(
    key="fan_speed",
    # A miner that hashes on air has fans; which ones is told by Capabilities.fans.
    feature=Feature.HASHRATE,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)

POOL_SENSORS = (
    PoolSensorDescription(
        key="pool_status",
        feature=Feature.POOL,
        device_class=SensorDeviceClass.ENUM,
        options=list(PoolState),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda pool: pool.state,
    ),
    *(
        PoolSensorDescription(
            key=key,
            feature=Feature.POOL,
            state_class=SensorStateClass.TOTAL_INCREASING,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value=value,
        )
        for key, value in (
            ("pool_accepted_shares", lambda pool: pool.accepted),
            ("pool_rejected_shares", lambda pool: pool.rejected),
        )
    ),
)

BOARD_SENSORS = (
    BoardSensorDescription(
        key="board_hashrate",
        feature=Feature.HASHRATE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=TERAHASH_PER_SECOND,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda board: board.hashrate,
    ),
    BoardSensorDescription(
        key="board_temperature",
        feature=Feature.BOARD_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda board: board.temperature,
    ),
    BoardSensorDescription(
        key="board_chip_temperature",
        feature=Feature.BOARD_CHIP_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda board: board.chip_temperature,
    ),
    BoardSensorDescription(
        key="board_frequency",
        feature=Feature.BOARD_FREQUENCY,
        device_class=SensorDeviceClass.FREQUENCY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda board: board.frequency,
    ),
    BoardSensorDescription(
        key="board_voltage",
        feature=Feature.BOARD_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda board: board.voltage,
    ),
    BoardSensorDescription(
        key="board_chips",
        feature=Feature.BOARD_CHIPS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda board: board.chips,
    ),
)

GUARD_SENSORS = (
    GuardSensorDescription(
        key="power_status",
        feature=Feature.MINING,
        device_class=SensorDeviceClass.ENUM,
        options=[AS_WISHED, *Wait],
        entity_category=EntityCategory.DIAGNOSTIC,
        # What a miner did before anybody wished anything is what is wished.
        value=lambda state: state.wait or (AS_WISHED if state.wish else None),
    ),
    *(
        GuardSensorDescription(
            key=key,
            feature=Feature.MINING,
            device_class=SensorDeviceClass.POWER,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfPower.WATT,
            suggested_display_precision=0,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value=value,
        )
        for key, value in (
            ("power_request", lambda state: state.wish.watts if state.wish else None),
            ("power_sent", lambda state: state.sent),
            ("power_confirmed", lambda state: state.confirmed),
        )
    ),
    GuardSensorDescription(
        key="power_waits_until",
        feature=Feature.MINING,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_waits_until,
    ),
)


def _entities(coordinator: MinerCoordinator, capabilities: Capabilities) -> Iterable[SensorEntity]:
    """Make the sensors of all that the miner has shown."""
    if ENERGY.feature in capabilities:
        yield EnergySensor(coordinator, ENERGY)
    for description in SENSORS:
        if description.feature in capabilities:
            yield MinerSensor(coordinator, description)
    for guard_description in GUARD_SENSORS:
        if guard_description.feature in capabilities:
            yield GuardSensor(coordinator, guard_description)
    for index in sorted(capabilities.fans):
        yield FanSensor(coordinator, FAN_SPEED, index)
    for index in sorted(capabilities.pools):
        for pool_description in POOL_SENSORS:
            if pool_description.feature in capabilities:
                yield PoolSensor(coordinator, pool_description, index)
    for index in sorted(capabilities.boards):
        for board_description in BOARD_SENSORS:
            if board_description.feature in capabilities:
                yield BoardSensor(coordinator, board_description, index)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: MinerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of one miner, or of what commands several."""
    if await async_add_entities_of_other_kinds(hass, entry, Platform.SENSOR, async_add_entities):
        return
    add_entities_as_they_appear(entry, async_add_entities, _entities)


class ReadSensor(MinerEntity[Value], SensorEntity):
    """Something read, of which small changes are noise."""

    entity_description: SensorDescription

    @override
    def _show(self, value: Value) -> None:
        self._attr_native_value = value

    @override
    def _is_noise(self, old: Value, new: Value) -> bool:
        if not isinstance(old, (int, float)) or not isinstance(new, (int, float)):
            return False
        if self.state_class is SensorStateClass.TOTAL_INCREASING:
            # Less than before is something new that is counted.
            most = NOISE_KWH if self.device_class is SensorDeviceClass.ENERGY else math.inf
            return 0 <= new - old < most
        if self.device_class is SensorDeviceClass.TEMPERATURE:
            return abs(new - old) < NOISE_DEGREES
        return abs(new - old) < NOISE_SHARE * abs(old)


class MinerSensor(ReadSensor):
    """A reading of the miner as a whole."""

    entity_description: MinerSensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> Value:
        return self.entity_description.value(snapshot)


class GuardSensor(MinerEntity[Value], SensorEntity):
    """What is wished of the miner, what has become of it, and what that waits for."""

    entity_description: GuardSensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> Value:
        state = self.coordinator.actuator.state
        # Of one that says nothing of itself nobody knows whether it does what is wished.
        known = snapshot.state is not MinerState.UNKNOWN
        return self.entity_description.value(state) if state and known else None

    @override
    def _show(self, value: Value) -> None:
        self._attr_native_value = value


class EnergySensor(ReadSensor, RestoreSensor):
    """Energy drawn since the miner was added, kept over restarts of Home Assistant.

    Counted here from power, because no miner counts it itself.
    """

    entity_description: SensorDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from where the last run ended."""
        await super().async_added_to_hass()
        last = await self.async_get_last_sensor_data()
        kept = last.native_value if last else None
        # Also of nothing, so that an entity that is added again does not count twice.
        self.coordinator.energy.restore(
            float(kept) if isinstance(kept, int | float | Decimal) else 0.0
        )

    @override
    def _value(self, snapshot: Snapshot) -> float | None:
        return self.coordinator.energy.total

    @property
    @override
    def native_value(self) -> float | None:
        """What has been counted until now, also while it is not worth a state: it is kept."""
        return self.coordinator.energy.total


class FanSensor(ReadSensor, MinerPartEntity[Value]):
    """The speed of one fan."""

    entity_description: SensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> float | None:
        fan = snapshot.fan(self.index)
        return fan.speed if fan else None


class PoolSensor(ReadSensor, MinerPartEntity[Value]):
    """A reading of the pool at one place in the order of priority."""

    entity_description: PoolSensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> Value:
        pool = snapshot.pool(self.index)
        return self.entity_description.value(pool) if pool else None


class BoardSensor(ReadSensor, HashboardEntity[Value]):
    """A reading of one hashboard."""

    entity_description: BoardSensorDescription

    @override
    def _value(self, snapshot: Snapshot) -> Value:
        board = snapshot.board(self.index)
        return self.entity_description.value(board) if board else None

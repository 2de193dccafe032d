"""From one poll to the snapshot, and to what the device has shown to have. Pure."""

from collections.abc import Mapping

from ..models import Capabilities, Feature, MinerState, PowerRange, Snapshot
from ..orders import LogKind
from . import convert, settings
from .configuration import Constraints
from .faults import fault_log, present_faults
from .reading import Reading, SlowParts
from .schema import ApiVersion, MinerStats, TargetKind
from .settings_schema import LogType
from .state import Doing, license_state, miner_state, mining_wanted, tuner_state

ALWAYS = frozenset(
    {
        Feature.HASHRATE,
        Feature.EXPECTED_HASHRATE,
        Feature.POWER,
        Feature.EFFICIENCY,
        Feature.TEMPERATURE,
        Feature.UPTIME,
        Feature.SHARES,
        Feature.POOL,
        Feature.MINING,
        Feature.LOCATE,
        Feature.RESTART_MINING,
        Feature.REBOOT,
        Feature.STOP_MINING,
        Feature.LOGS,
    }
)
"""What every device of contract 1.0.0 has, also while a pause hides it."""

LOGS: Mapping[LogKind, LogType] = {
    LogKind.MINER: LogType.BOSMINER,
    LogKind.SYSTEM: LogType.SYSLOG,
    LogKind.KERNEL: LogType.DMESG,
    LogKind.MANAGEMENT: LogType.BOSER,
}
"""Which log is which."""


def snapshot(reading: Reading) -> Snapshot:
    """Return everything one poll tells, in the units of the normalised world."""
    details, stats, cooling, slow = reading.details, reading.stats, reading.cooling, reading.slow
    rare = reading.rare
    # Of the averages 5 to 30 s jump with the luck of a few shares, and 5 min still
    # shows what was before a change of the target. One minute is four polls.
    measured = convert.terahash(stats.work.last_1m_gigahash) if stats else None
    doing = Doing(
        process=reading.process,
        recent=reading.recent,
        tuner=slow.tuner.state if slow.tuner else None,
        hashrate=measured,
    )
    state = miner_state(details, doing)
    # Averages only fade during a pause, and nothing can be read without a process.
    off = state in {MinerState.PAUSED, MinerState.STOPPED}
    hashrate = 0.0 if off else measured
    power = stats.approximated_watt if stats else None
    states = slow.hashboards or ()
    kind = convert.active_kind(slow.mode, slow.configuration, reading.constraints)
    return Snapshot(
        mac=convert.mac_of(details.mac_address),
        state=state,
        mining_wanted=mining_wanted(state),
        hashrate=hashrate,
        expected_hashrate=convert.expected_hashrate(details, stats),
        power=0.0 if off and power is None else power,
        efficiency=_efficiency(stats, hashrate, power),
        temperature=convert.temperature(cooling, states),
        inlet_temperature=convert.inlet(states),
        outlet_temperature=convert.outlet(states),
        uptime=details.system_uptime_s,
        mining_uptime=details.bosminer_uptime_s,
        accepted_shares=stats.shares.accepted if stats else None,
        rejected_shares=stats.shares.rejected if stats else None,
        boards=convert.boards(states, paused=off),
        fans=convert.fans(cooling.fans) if cooling else (),
        pools=None if slow.pools is None else convert.pools(slow.pools),
        faults=present_faults(details),
        fault_log=None if rare.errors is None else fault_log(rare.errors, slow.pools or ()),
        tuner_state=tuner_state(slow.tuner),
        license_state=license_state(rare.license),
        ip_address=convert.ip_address(rare.network),
        locate=slow.locate,
        power_target=_stored_power(slow, kind),
        power_target_effective=slow.tuner.power_watt if slow.tuner else None,
        hashrate_target=_stored_hashrate(slow, kind),
        settings=settings.values(reading.constraints, slow.configuration, kind)
        | settings.of_firmware(rare.upgrade),
    )


def shown(
    constraints: Constraints | None, seen: Snapshot, version: ApiVersion | None
) -> Capabilities:
    """Return what constraints, a snapshot and the version show the device to have."""
    ranges: dict[Feature, PowerRange] = {}
    if constraints and (power := convert.power_range(constraints)):
        ranges[Feature.POWER_TARGET] = power
    if constraints and (hashrate := convert.hashrate_range(constraints)):
        ranges[Feature.HASHRATE_TARGET] = hashrate
    if constraints:
        offered = settings.ranges(constraints)
        ranges |= {name: offered[name] for name in offered if name in seen.settings}
    boards = seen.boards
    there: dict[Feature, bool] = {
        Feature.POWER_TARGET: Feature.POWER_TARGET in ranges,
        Feature.POWER_TARGET_EFFECTIVE: Feature.POWER_TARGET in ranges,
        Feature.DEFAULT_POWER_TARGET: Feature.POWER_TARGET in ranges,
        Feature.HASHRATE_TARGET: Feature.HASHRATE_TARGET in ranges,
        Feature.DEFAULT_HASHRATE_TARGET: Feature.HASHRATE_TARGET in ranges,
        Feature.INLET_TEMPERATURE: seen.inlet_temperature is not None,
        Feature.OUTLET_TEMPERATURE: seen.outlet_temperature is not None,
        Feature.FAULTS: seen.faults is not None,
        Feature.FAULT_LOG: seen.fault_log is not None,
        Feature.TUNER_STATE: seen.tuner_state is not None,
        Feature.LICENSE_STATE: seen.license_state is not None,
        Feature.IP_ADDRESS: seen.ip_address is not None,
        Feature.DEFAULT_QUICK_RAMPING: Feature.QUICK_RAMP_UP in ranges,
        Feature.BOARD_TEMPERATURE: any(b.temperature is not None for b in boards),
        Feature.BOARD_CHIP_TEMPERATURE: any(b.chip_temperature is not None for b in boards),
        Feature.BOARD_FREQUENCY: any(b.frequency is not None for b in boards),
        Feature.BOARD_VOLTAGE: any(b.voltage is not None for b in boards),
        Feature.BOARD_CHIPS: any(b.chips is not None for b in boards),
        # The only board of a miner is always the last, which is not switched off.
        Feature.HASHBOARD: len(boards) > 1 and any(b.enabled is not None for b in boards),
    }
    named = constraints.hashboard_ids if constraints else ()
    return Capabilities(
        features=ALWAYS
        | {feature for feature, is_there in there.items() if is_there}
        | seen.settings.keys(),
        boards=frozenset(board.index for board in boards)
        | {convert.board_index(name, place) for place, name in enumerate(named, 1)},
        fans=frozenset(fan.index for fan in seen.fans),
        pools=frozenset(pool.index for pool in seen.pools or ()),
        ranges=ranges,
        choices={
            name: offered for name, offered in settings.CHOICES.items() if name in seen.settings
        }
        | {Feature.LOGS: logs(version)},
    )


def logs(version: ApiVersion | None) -> tuple[str, ...]:
    """Return which logs can be fetched; single ones from 1.3.0 on."""
    single = version is not None and (version.major, version.minor) >= (1, 3)
    kinds = (*LOGS, LogKind.SUPPORT_ARCHIVE) if single else (LogKind.SUPPORT_ARCHIVE,)
    return tuple(kind.value for kind in kinds)


def _stored_power(slow: SlowParts, kind: TargetKind | None) -> float | None:
    """Return the target in W; what is stored of a kind that is not active is stale."""
    if kind is not TargetKind.POWER:
        return None
    if slow.configuration is not None and slow.configuration.power_watt is not None:
        return slow.configuration.power_watt
    return slow.mode.power_watt if slow.mode else None


def _stored_hashrate(slow: SlowParts, kind: TargetKind | None) -> float | None:
    """Return the target in TH/s, as `_stored_power`."""
    if kind is not TargetKind.HASHRATE:
        return None
    if slow.configuration is not None and slow.configuration.hashrate_terahash is not None:
        return slow.configuration.hashrate_terahash
    return slow.mode.hashrate_terahash if slow.mode else None


def _efficiency(
    stats: MinerStats | None, hashrate: float | None, power: float | None
) -> float | None:
    """Return J/TH while mining, the device's own where it gives one."""
    if stats is None or not hashrate:
        return None
    if stats.joule_per_terahash is not None and stats.joule_per_terahash > 0:
        return stats.joule_per_terahash
    return None if power is None else power / hashrate

"""From one poll to the snapshot, and to what the device has shown to have. Pure."""

from collections.abc import Mapping

from ..models import Capabilities, Feature, MinerState, PowerRange, Snapshot
from ..orders import LogKind
from . import convert, settings
from .configuration import Constraints
from .faults import present_faults
from .reading import Reading
from .schema import ApiVersion, MinerStats
from .settings_schema import LogType
from .state import Doing, miner_state, mining_wanted

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
    facts = reading.facts
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
        pools=facts.pools,
        faults=present_faults(details),
        fault_log=facts.fault_log,
        tuner_state=facts.tuner_state,
        license_state=facts.license_state,
        ip_address=facts.ip_address,
        locate=slow.locate,
        power_target=facts.power_target,
        power_target_effective=facts.power_target_effective,
        hashrate_target=facts.hashrate_target,
        settings=facts.settings,
    )


def shown(
    constraints: Constraints | None,
    seen: Snapshot,
    version: ApiVersion | None,
    ranges: Mapping[Feature, PowerRange],
) -> Capabilities:
    """Return what constraints, a snapshot, the version and `Facts.ranges` show of the device."""
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


def _efficiency(
    stats: MinerStats | None, hashrate: float | None, power: float | None
) -> float | None:
    """Return J/TH while mining, the device's own where it gives one."""
    if stats is None or not hashrate:
        return None
    if stats.joule_per_terahash is not None and stats.joule_per_terahash > 0:
        return stats.joule_per_terahash
    return None if power is None else power / hashrate

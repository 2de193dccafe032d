"""One coroutine per operation of the contract, named as its operationId.

Here are those that read and switch, in `settings_api` the others.

Paths follow `/api/v1/`. Answers are in the device's own units (see `schema`). Unless said
otherwise each raises, besides the kinds that concern the connection and the session:
RejectedError for a refused value, UnsupportedError where the firmware lacks the operation,
and where "needs the mining process" is said, MiningProcessDownError without one. Writes
raise UnconfirmedError when they may have been sent and no answer came; their answers may be
None, since any success means accepted.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..errors import MalformedReplyError
from . import schema
from .configuration import Constraints, MinerConfiguration
from .parse import at, flag, integer, items
from .settings_api import SettingOperations


class BraiinsApi(SettingOperations):
    """The operations of one device. See BraiinsSession for limits and the session."""

    # Authentication and version

    async def login(self) -> schema.Login:
        """POST auth/login. Opens a new session, at once even after a refused one.

        Raises AuthenticationError when refused, UnsupportedError on firmware before
        25.07. Other operations log in by themselves when there is no session.
        """
        return await self._session.login()

    async def get_api_version(self) -> schema.ApiVersion:
        """GET version/, without a session.

        Raises MalformedReplyError for anything but exactly three integers.
        """
        version = schema.ApiVersion.parse(
            await self._session.call_without_session("GET", "version/")
        )
        if version is None:
            raise MalformedReplyError("version/: not the version of a Braiins OS API")
        return version

    # Miner

    async def get_miner_details(self) -> schema.MinerDetails:
        """GET miner/details. Works in every state of the mining process."""
        return schema.MinerDetails.parse(await self._object("miner/details"))

    async def get_miner_stats(self) -> schema.MinerStats:
        """GET miner/stats. GH/s, W, J/TH. Needs the mining process."""
        return schema.MinerStats.parse(await self._object("miner/stats"))

    async def get_hashboards(self) -> tuple[schema.Hashboard, ...]:
        """GET miner/hw/hashboards, disabled boards too. Needs the mining process."""
        return schema.Hashboard.parse_all(await self._object("miner/hw/hashboards"))

    async def get_miner_errors(self) -> tuple[schema.LoggedError, ...]:
        """GET miner/errors. A log of the past, not a list of present faults."""
        entries = items((await self._object("miner/errors")).get("errors"))
        return tuple(schema.LoggedError.parse(entry) for entry in entries)

    async def get_miner_status(self) -> AsyncGenerator[int | None]:
        """GET miner/status. Yields the status now and at each change, without end.

        See MinerStatus for the numbers. Takes one of the two requests that may be open until
        it is closed (`contextlib.aclosing`). Deprecated from 1.7.0. Prefer
        `get_miner_details`, which says the same without being open.
        """
        async with aclosing(self._session.stream("miner/status")) as values:
            async for value in values:
                yield integer(value, "status")

    async def get_miner_detailed_status(self) -> AsyncGenerator[schema.DetailedStatus | None]:
        """GET miner/status/detailed (from 1.7.0). As `get_miner_status`, with the reason."""
        async with aclosing(self._session.stream("miner/status/detailed")) as values:
            async for value in values:
                yield schema.DetailedStatus.parse(at(value, "status"))

    # Cooling, configuration, network, pools

    async def get_cooling_state(self) -> schema.CoolingState:
        """GET cooling/state. 1/min and °C. Needs the mining process."""
        return schema.CoolingState.parse(await self._object("cooling/state"))

    async def get_miner_configuration(self) -> MinerConfiguration:
        """GET configuration/miner. W and TH/s as stored."""
        return MinerConfiguration.parse(await self._object("configuration/miner"))

    async def get_constraints(self) -> Constraints:
        """GET configuration/constraints. W and TH/s; may change with a restart."""
        return Constraints.parse(await self._object("configuration/constraints"))

    async def get_network(self) -> schema.Network:
        """GET network/."""
        return schema.Network.parse(await self._object("network/"))

    async def get_pools(self) -> tuple[schema.PoolGroup, ...]:
        """GET pools/. Groups in their order, pools in order of priority."""
        reply = await self._session.call("GET", "pools/", private=True)
        if not isinstance(reply, list):
            raise MalformedReplyError("pools/: not an array")
        return tuple(schema.PoolGroup.parse(group) for group in reply)

    # Actions

    async def get_locate_device_status(self) -> bool:
        """GET actions/locate. Whether the light blinks."""
        reply = flag(await self._session.call("GET", "actions/locate"))
        if reply is None:
            raise MalformedReplyError("actions/locate: not a boolean")
        return reply

    async def set_locate_device_status(self, on: bool) -> bool | None:
        """PUT actions/locate. Lets the light blink or not; returns what holds now."""
        return await self._action("actions/locate", on)

    async def pause_mining(self) -> bool | None:
        """PUT actions/pause. Returns whether it was paused already.

        Accepted at once and done within seconds; the process goes on. Safe to repeat.
        Needs the mining process.
        """
        return await self._action("actions/pause")

    async def resume_mining(self) -> bool | None:
        """PUT actions/resume. Returns whether it was mining already.

        Back to full hashrate takes minutes. Safe to repeat. Needs the mining process.
        """
        return await self._action("actions/resume")

    async def start(self) -> bool | None:
        """PUT actions/start. Starts the mining process; returns whether it ran already."""
        return await self._action("actions/start")

    async def stop(self) -> bool | None:
        """PUT actions/stop. Ends the mining process; returns whether it was stopped already.

        Telemetry ends with it, and fans may go to full speed. Prefer `pause_mining`.
        """
        return await self._action("actions/stop")

    async def restart(self) -> bool | None:
        """PUT actions/restart. Restarts the mining process; returns whether it ran before.

        Interrupts mining for minutes and resets counters.
        """
        return await self._action("actions/restart")

    async def reboot(self) -> None:
        """PUT actions/reboot. Restarts the control board; away for one to three minutes.

        The answer has no body, and may not come at all.
        """
        await self._session.call("PUT", "actions/reboot")

    # Performance

    async def get_performance_mode(self) -> schema.PerformanceMode:
        """GET performance/mode. What the tuner holds now. Needs the mining process."""
        return schema.PerformanceMode.parse(await self._object("performance/mode"))

    async def get_tuner_state(self) -> schema.TunerState:
        """GET performance/tuner-state. The target in effect. Needs the mining process."""
        return schema.TunerState.parse(await self._object("performance/tuner-state"))

    async def set_power_target(self, watt: int) -> float | None:
        """PUT performance/power-target. Stores a target in W; returns the accepted one.

        No restart of mining. Raises RejectedError with the allowed range. Needs the
        mining process.
        """
        return await self._number("PUT", "performance/power-target", "watt", watt)

    async def set_default_power_target(self) -> float | None:
        """PUT performance/power-target/default. Stores the model's own; returns it in W.

        That is the full nameplate draw. Needs the mining process.
        """
        return await self._number("PUT", "performance/power-target/default", "watt")

    async def set_hashrate_target(self, terahash_per_second: float) -> float | None:
        """PUT performance/hashrate-target. Stores a target in TH/s; returns the accepted one.

        No restart of mining. Raises RejectedError out of range. Needs the mining process.
        """
        path = "performance/hashrate-target"
        return await self._number("PUT", path, "terahash_per_second", terahash_per_second)

    async def set_default_hashrate_target(self) -> float | None:
        """PUT performance/hashrate-target/default. Stores the model's own; returns TH/s.

        Needs the mining process.
        """
        path = "performance/hashrate-target/default"
        return await self._number("PUT", path, "terahash_per_second")

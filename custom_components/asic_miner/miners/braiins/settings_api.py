"""The operations of the contract that change or tell settings; see `api` for what holds for all.

Many interrupt mining: what does says so.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from urllib.parse import quote

from ..errors import RejectedError, UnsupportedError
from . import settings_schema as schema
from .operations import Operations
from .parse import Json, at, flag, items, number, text
from .schema import PerformanceMode
from .upgrade import form


class SettingOperations(Operations):
    """Performance, cooling, boards, pools, network, licence, and the device itself."""

    # Performance

    async def increment_power_target(self, watt: int) -> float | None:
        """PATCH performance/power-target/increment. Raises it by W; returns the new one.

        Repeating it compounds. Prefer `set_power_target`. Needs the mining process.
        """
        return await self._number("PATCH", "performance/power-target/increment", "watt", watt)

    async def decrement_power_target(self, watt: int) -> float | None:
        """PATCH performance/power-target/decrement. Lowers it by W; returns the new one.

        As `increment_power_target`. Below the minimum is refused, not clamped.
        """
        return await self._number("PATCH", "performance/power-target/decrement", "watt", watt)

    async def relative_power_target(
        self, percentage: float, reference: schema.RelativeReference
    ) -> float | None:
        """PATCH performance/power-target/relative (from 1.1.0). Returns the new target in W.

        Repeating it compounds where the reference is the current one.
        """
        path = "performance/power-target/relative"
        body: Json = {"percentage": percentage, "reference": reference.value}
        reply = await self._session.call("PATCH", path, body)
        return number(reply, "watt")

    async def increment_hashrate_target(self, terahash_per_second: float) -> float | None:
        """PATCH performance/hashrate-target/increment. In TH/s; as `increment_power_target`."""
        path, unit = "performance/hashrate-target/increment", "terahash_per_second"
        return await self._number("PATCH", path, unit, terahash_per_second)

    async def decrement_hashrate_target(self, terahash_per_second: float) -> float | None:
        """PATCH performance/hashrate-target/decrement. In TH/s; as `decrement_power_target`."""
        path, unit = "performance/hashrate-target/decrement", "terahash_per_second"
        return await self._number("PATCH", path, unit, terahash_per_second)

    async def relative_hashrate_target(
        self, percentage: float, reference: schema.RelativeReference
    ) -> float | None:
        """PATCH performance/hashrate-target/relative (from 1.1.0). Returns TH/s."""
        path = "performance/hashrate-target/relative"
        body: Json = {"percentage": percentage, "reference": reference.value}
        reply = await self._session.call("PATCH", path, body)
        return number(reply, "terahash_per_second")

    async def set_performance_mode(self, mode: PerformanceMode) -> PerformanceMode:
        """PUT performance/mode. Lets the tuner hold a power or a hashrate; tunes anew.

        Raises ValueError for manual operation, which is not offered. Needs the mining
        process.
        """
        body = schema.performance_mode_body(mode)
        return PerformanceMode.parse(await self._session.call("PUT", "performance/mode", body))

    async def set_dps(self, scaling: schema.PowerScaling) -> schema.PowerScaling:
        """PUT performance/dps. What is None is left as it is. Needs the mining process."""
        reply = await self._session.call("PUT", "performance/dps", scaling.body())
        return schema.PowerScaling.parse(reply)

    async def set_quick_ramping(self, up_s: int, down_s: int) -> schema.QuickRamping:
        """PUT performance/quick-ramping. In s; there is no GET. Needs the mining process."""
        body: Json = {"up_s": up_s, "down_s": down_s}
        reply = await self._session.call("PUT", "performance/quick-ramping", body)
        return schema.QuickRamping.parse(reply)

    async def set_default_quick_ramping(self) -> schema.QuickRamping:
        """PUT performance/quick-ramping/default. Needs the mining process."""
        reply = await self._session.call("PUT", "performance/quick-ramping/default")
        return schema.QuickRamping.parse(reply)

    async def get_target_profiles(self) -> tuple[schema.TargetProfile, ...]:
        """GET performance/target-profiles. Finished tunings. Needs the mining process."""
        reply = await self._object("performance/target-profiles")
        profiles = [
            *items(reply.get("power_target_profiles")),
            *items(reply.get("hashrate_target_profiles")),
        ]
        return tuple(schema.TargetProfile.parse(profile) for profile in profiles)

    async def remove_tuned_profiles(self) -> None:
        """DELETE performance/tuned-profiles. Restarts mining, and all tuning begins anew."""
        await self._session.call("DELETE", "performance/tuned-profiles")

    async def get_efficiency_profile(self) -> tuple[schema.EfficiencyPoint, ...]:
        """GET performance/efficiency-profile (from 1.4.0). Needs the mining process."""
        reply = await self._object("performance/efficiency-profile")
        return tuple(schema.EfficiencyPoint.parse(point) for point in items(reply.get("points")))

    # Cooling and boards

    async def set_cooling_mode(self, mode: schema.CoolingMode) -> schema.CoolingMode | None:
        """PUT cooling/mode. Interrupts mining for minutes, on some firmware with errors.

        Safe order: pause, confirm, write, wait 45 s, resume. Needs the mining process.
        """
        reply = await self._session.call("PUT", "cooling/mode", mode.body())
        return schema.CoolingMode.parse(reply)

    async def update_hashboards(self, ids: list[str], *, enable: bool) -> dict[str, bool]:
        """PATCH miner/hw/hashboards. Returns what was accepted, by id; shows within 60 s.

        Boards re-initialise and tuning begins anew. Needs the mining process.
        """
        body: Json = {"hashboard_ids": [*ids], "enable": enable}
        reply = await self._session.call("PATCH", "miner/hw/hashboards", body)
        boards = (
            (text(one, "id"), flag(one, "is_enabled")) for one in items(at(reply, "hashboards"))
        )
        return {name: on for name, on in boards if name is not None and on is not None}

    # Pools

    async def create_pool_group(self, group: schema.PoolGroupSettings) -> schema.PoolGroupSettings:
        """POST pools/. Adds a group; restarts mining. Needs the mining process."""
        reply = await self._session.call("POST", "pools/", group.body(), private=True)
        return schema.PoolGroupSettings.parse(reply)

    async def set_batch_pools(
        self, groups: list[schema.PoolGroupSettings]
    ) -> tuple[schema.PoolGroupSettings, ...]:
        """PUT pools/batch. Replaces all groups; restarts mining. Needs the mining process."""
        body: Json = [group.body() for group in groups]
        reply = await self._session.call("PUT", "pools/batch", body, private=True)
        return tuple(schema.PoolGroupSettings.parse(group) for group in items(reply))

    async def update_pool_group(
        self, uid: str, group: schema.PoolGroupSettings
    ) -> schema.PoolGroupSettings:
        """PUT pools/{uid}. Replaces one group; restarts mining. Needs the mining process."""
        path = f"pools/{quote(uid, safe='')}"
        return schema.PoolGroupSettings.parse(await self._group("PUT", path, group.body()))

    async def delete_pool(self, uid: str) -> None:
        """DELETE pools/{uid}. Removes one group; restarts mining. Needs the mining process."""
        await self._group("DELETE", f"pools/{quote(uid, safe='')}")

    async def _group(self, method: str, path: str, body: Json = None) -> Json:
        try:
            return await self._session.call(method, path, body, private=True)
        except UnsupportedError as error:
            # Every version has the operation, so what is missing is the group.
            raise RejectedError("there is no such group of pools") from error

    # Network

    async def get_network_configuration(self) -> schema.NetworkConfiguration:
        """GET network/configuration."""
        return schema.NetworkConfiguration.parse(await self._object("network/configuration"))

    async def update_network_configuration(
        self,
        *,
        hostname: str | None = None,
        static: schema.StaticAddress | None = None,
        dhcp: bool = False,
    ) -> schema.NetworkConfiguration:
        """PATCH network/configuration. What is not given stays.

        A new address can end the connection before the answer: UnconfirmedError.
        """
        body: dict[str, Json] = {}
        if hostname is not None:
            body["hostname"] = hostname
        if static is not None:
            body["protocol"] = {"static": static.body()}
        elif dhcp:
            body["protocol"] = {"dhcp": {}}
        reply = await self._session.call("PATCH", "network/configuration", body)
        return schema.NetworkConfiguration.parse(reply)

    # Licence, password, upgrade

    async def get_license_state(self) -> schema.License:
        """GET license/license. Needs the mining process."""
        return schema.License.parse(await self._object("license/license"))

    async def apply_contract_key(
        self, contract_key: str, *, keep_existing: bool | None = None
    ) -> bool | None:
        """PUT license/apply-contract-key. Takes effect when the mining process restarts.

        `keep_existing` from 1.7.0.
        """
        body: dict[str, Json] = {"contract_key": contract_key}
        if keep_existing is not None:
            body["keep_existing"] = keep_existing
        path = "license/apply-contract-key"
        return flag(await self._session.call("PUT", path, body, private=True), "successful")

    async def set_password(self, password: str | None) -> None:
        """PUT auth/password. None removes it. Later requests log in with the new one.

        The new one is proved by logging in. Raises RevertedError when the old one still
        holds, UnconfirmedError when neither can be proved; see BraiinsSession.
        """
        await self._session.set_password("auth/password", password)

    async def get_auto_upgrade_status(self) -> schema.AutoUpgrade:
        """GET upgrade/auto-upgrade (from 1.1.0)."""
        return schema.AutoUpgrade.parse(await self._object("upgrade/auto-upgrade"))

    async def update_auto_upgrade_config(self, *, enabled: bool) -> schema.AutoUpgrade:
        """PATCH upgrade/auto-upgrade (from 1.1.0). The schedule stays as it is."""
        body: Json = {"enabled": enabled}
        reply = await self._session.call("PATCH", "upgrade/auto-upgrade", body)
        return schema.AutoUpgrade.parse(reply)

    async def system_upgrade(
        self, metadata: schema.UpgradeMetadata, data: Callable[[], AsyncIterator[bytes]]
    ) -> None:
        """POST upgrade/system-upgrade (from 1.3.0). Sends an image, once; success is a start.

        `data` opens the image for reading. Ask for something just before, since nothing is
        sent again when the session has ended (BusyError). BusyError during an upgrade.
        """
        await self._session.upload("upgrade/system-upgrade", form(metadata, data))

    async def restore_stock(self) -> None:
        """POST upgrade/restore-stock (from 1.3.0). Replaces Braiins OS by stock firmware.

        Raises UnsupportedError on mini miners and SD cards, BusyError during an upgrade.
        """
        await self._session.call("POST", "upgrade/restore-stock")

    async def factory_reset(self, *, wipe_network: bool | None = None) -> None:
        """PUT actions/factory-reset (from 1.2.0). Forgets all settings and reboots."""
        query = {} if wipe_network is None else {"wipe_network": str(wipe_network).lower()}
        await self._session.call("PUT", "actions/factory-reset", query=query)

    # Logs, which can hold pool users and addresses: nothing to show or keep unasked

    def get_support_archive(
        self, archive: schema.ArchiveFormat, *, limit: int
    ) -> AsyncGenerator[bytes]:
        """GET miner/support-archive. Yields its bytes, of which no more than `limit` come.

        Takes a minute or more. Close it (`contextlib.aclosing`) when it is not read to
        the end. Raises MalformedReplyError when there is more than `limit`.
        """
        body: Json = {"format": archive.value}
        return self._session.download("miner/support-archive", body, limit=limit)

    def get_log(self, log: schema.LogType, *, limit: int) -> AsyncGenerator[bytes]:
        """GET miner/log/{log_type} (from 1.3.0). Yields text; as `get_support_archive`."""
        return self._session.download(f"miner/log/{log.value}", limit=limit)

    # Advanced settings and documentation, in whatever form the device has them

    async def get_advanced_settings(
        self, *, include_default: bool | None = None
    ) -> dict[str, Json]:
        """GET advanced-settings/ (from 1.4.0)."""
        query = {} if include_default is None else {"include_default": str(include_default).lower()}
        return await self._object("advanced-settings/", query=query)

    async def set_advanced_settings(self, settings: dict[str, Json]) -> dict[str, Json] | None:
        """PATCH advanced-settings/ (from 1.4.0). Returns all that holds now."""
        return _members(await self._session.call("PATCH", "advanced-settings/", settings))

    async def reset_all_advanced_settings(self) -> dict[str, Json] | None:
        """DELETE advanced-settings/ (from 1.4.0). Returns all that holds now."""
        return _members(await self._session.call("DELETE", "advanced-settings/"))

    async def get_advanced_settings_schema(self) -> dict[str, Json]:
        """GET advanced-settings/schema (from 1.4.0)."""
        return await self._object("advanced-settings/schema")

    async def get_open_api_schema(self) -> dict[str, Json]:
        """GET docs/openapi.json. The device's own contract."""
        return await self._object("docs/openapi.json")


def _members(reply: Json) -> dict[str, Json] | None:
    return reply if isinstance(reply, dict) else None

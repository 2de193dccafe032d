"""What an owner does now and then: password, tuning, licence, logs, firmware."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
import hashlib
from typing import Final, override

from ..errors import (
    AuthenticationError,
    InvalidValueError,
    MinerError,
    Reason,
    RejectedError,
)
from ..models import JsonValue
from ..orders import FirmwareImage, LogFile, LogKind, Profile, Progress
from . import convert
from .base import REBOOT_CONFIRM_SECONDS, RESTART_CONFIRM_SECONDS, BraiinsBase
from .reading import attempt, look_deadline
from .settings_schema import (
    ArchiveFormat,
    EfficiencyPoint,
    TargetProfile,
    UpgradeMetadata,
)
from .snapshot import LOGS

LOG_LIMIT: Final = 64 << 20
"""Bytes. Control boards have 256 MB of storage in all, and pack what they give out."""

IMAGE_LIMIT: Final = 512 << 20
"""Bytes. More than the storage of any control board."""


class UpkeepClient(BraiinsBase):
    """What an owner does now and then."""

    @override
    async def stop_mining(self) -> None:
        """End the mining process (`stop`).

        Nothing is measured then: no hashrate, draw, temperature or fan speed. The fans are
        left to the board's supervisor, which may turn them to full speed. A pause is gentler.
        """

        async def shows() -> bool:
            return (await self._api.get_miner_details()).bosminer_uptime_s == 0

        await self._write(self._api.stop, shows)

    @override
    async def default_quick_ramping(self) -> None:
        """Go back to the model's own ramping times (`setDefaultQuickRamping`).

        Interrupts nothing. Needs the mining process.
        """
        default = (await self._constraints()).ramping_s.default

        async def shows() -> bool:
            stored = (await self._api.get_miner_configuration()).ramping
            return {stored.up_s, stored.down_s} <= {None, default}

        await self._write(self._api.set_default_quick_ramping, shows)

    @override
    async def change_password(self, new: str | None) -> None:
        """Change the password of `root` (`setPassword`); None removes it.

        The new one is proved by logging in, while all other requests wait. RevertedError
        when the device kept the old one; RejectedError when it refused the new one.
        """
        if new is not None and (not new or not new.isprintable()):
            raise InvalidValueError(
                "a password has at least one character, all of them printable",
                Reason.PASSWORD_PRINTABLE,
            )
        async with self._writes:
            await self._api.set_password(new)

    @override
    async def get_profiles(self) -> tuple[Profile, ...]:
        """Read finished tunings (`getTargetProfiles`). Needs the mining process.

        From 1.4.0 on followed by what the firmware expects at other targets
        (`getEfficiencyProfile`), where it tells.
        """
        profiles = [_profile(profile) for profile in await self._api.get_target_profiles()]
        version = await self._reader.learn_version()
        if (version.major, version.minor) >= (1, 4):
            points = await attempt(self._api.get_efficiency_profile, look_deadline())
            if not isinstance(points, MinerError):
                profiles += [_expected(point) for point in points]
        return tuple(profiles)

    @override
    async def remove_profiles(self) -> None:
        """Forget all tuning (`removeTunedProfiles`).

        Restarts mining if the miner mines, and every target is tuned anew, which takes
        minutes to hours.
        """

        async def shows() -> bool:
            return not await self._api.get_target_profiles()

        await self._write(self._api.remove_tuned_profiles, shows, RESTART_CONFIRM_SECONDS)

    @override
    async def apply_contract_key(self, key: str) -> None:
        """Enter a contract key (`applyContractKey`); counts when the mining process restarts.

        No error carries the key.
        """
        if not key or not key.isprintable():
            raise InvalidValueError("this is no contract key", Reason.WRONG_KIND)
        async with self._writes:
            if await self._api.apply_contract_key(key) is False:
                raise RejectedError(
                    "the device did not take the contract key", Reason.LEFT_AS_IT_WAS
                )

    @override
    async def get_advanced_settings(self) -> Mapping[str, JsonValue]:
        """Read all advanced settings (`getAdvancedSettings`, from 1.4.0), defaults too."""
        await self._need(1, 4, "reading advanced settings")
        return await self._api.get_advanced_settings(include_default=True)

    @override
    async def set_advanced_settings(
        self, settings: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue]:
        """Change some (`setAdvancedSettings`, from 1.4.0): all of them or none.

        None sets one back. Whether mining is interrupted is not documented.
        """
        await self._need(1, 4, "changing advanced settings")
        if not settings:
            raise InvalidValueError("there is no setting to change", Reason.NOTHING_GIVEN)

        async def shows() -> bool:
            stored = await self._api.get_advanced_settings()
            return all(stored.get(name) == value for name, value in settings.items())

        await self._write(lambda: self._api.set_advanced_settings(dict(settings)), shows)
        return await self._api.get_advanced_settings(include_default=True)

    @override
    async def reset_advanced_settings(self) -> Mapping[str, JsonValue]:
        """Set all back (`resetAllAdvancedSettings`, from 1.4.0); as `set_advanced_settings`."""
        await self._need(1, 4, "resetting advanced settings")

        async def shows() -> bool:
            return not await self._api.get_advanced_settings()

        await self._write(self._api.reset_all_advanced_settings, shows)
        return await self._api.get_advanced_settings(include_default=True)

    @override
    async def fetch_log(self, kind: LogKind) -> LogFile:
        """Begin to fetch a log (`getLog`, from 1.3.0) or the archive (`getSupportArchive`).

        Takes a minute or more, and one of the two requests that may be open. Bounded to
        64 MiB. Logs and archive can hold pool users and addresses.
        """
        if kind is LogKind.SUPPORT_ARCHIVE:
            archive = self._api.get_support_archive(ArchiveFormat.ZIP, limit=LOG_LIMIT)
            return LogFile(suffix=".zip", chunks=archive)
        await self._need(1, 3, "fetching a log")
        return LogFile(suffix=".log", chunks=self._api.get_log(LOGS[kind], limit=LOG_LIMIT))

    @override
    async def update_firmware(self, image: FirmwareImage, progress: Progress) -> None:
        """Install an image (`systemUpgrade`, from 1.3.0). Settings are kept.

        The file is read twice: for its SHA-256, which goes first, and to send it. Success
        means that the device has begun, not that it has finished: it reboots into the new
        firmware, or stays with the old one. BusyError while another upgrade is under way.
        InvalidValueError when the file cannot be read; once sending it has begun, that is
        an UnconfirmedError.
        """
        await self._need(1, 3, "installing firmware")
        if not 0 < image.size <= IMAGE_LIMIT:
            raise InvalidValueError(
                f"{image.size} bytes are no firmware image", Reason.FILE_NO_FIRMWARE
            )
        digest, size = hashlib.sha256(), 0
        async for chunk in _read(image):
            digest.update(chunk)
            size += len(chunk)
        if size != image.size:
            raise InvalidValueError(
                f"the file has {size} bytes instead of {image.size}", Reason.FILE_CHANGED
            )

        async def data() -> AsyncIterator[bytes]:
            sent, again = 0, hashlib.sha256()
            async for chunk in _read(image):
                again.update(chunk)
                yield chunk
                sent += len(chunk)
                progress(sent)
            if again.digest() != digest.digest():
                # Breaks the transfer before its end, so that the device has nothing whole.
                raise InvalidValueError(
                    "the file has changed while it was sent", Reason.FILE_CHANGED
                )

        async with self._writes:
            # Renews a session that has ended, since the upload is not repeated.
            await self._api.get_miner_details()
            await self._api.system_upgrade(
                UpgradeMetadata(size=size, sha256=digest.hexdigest()), data
            )

    @override
    async def restore_stock(self) -> None:
        """Replace Braiins OS by the maker's firmware (`restoreStock`, from 1.3.0).

        The miner reboots and no longer answers here. UnsupportedError on mini miners and on
        machines that run from an SD card, BusyError while another upgrade is under way.
        """
        await self._need(1, 3, "restoring the stock firmware")
        async with self._writes:
            await self._api.restore_stock()

    @override
    async def factory_reset(self, *, wipe_network: bool = False) -> None:
        """Forget all settings, pools and the password (`factory_reset`, from 1.2.0); reboots.

        `wipe_network` from 1.7.0: somewhere after 1.4.0 it came, and older firmware would
        keep the network without a word. The password is that of a new installation then.
        """
        await self._need(1, 2, "a factory reset")
        if wipe_network:
            await self._need(1, 7, "a factory reset of the network")
        sent = self._clock()

        async def shows() -> bool:
            try:
                uptime = (await self._api.get_miner_details()).system_uptime_s
            except AuthenticationError:
                # Our password is no longer the one.
                return True
            return uptime is not None and uptime <= self._clock() - sent

        await self._write(
            lambda: self._api.factory_reset(wipe_network=True if wipe_network else None),
            shows,
            REBOOT_CONFIRM_SECONDS,
        )


async def _read(image: FirmwareImage) -> AsyncIterator[bytes]:
    """Read a file of the caller's; InvalidValueError says why it cannot be read."""
    try:
        async for chunk in image.chunks():
            yield chunk
    except OSError as error:
        # Without its path, which is nobody's business in a log.
        reason = error.strerror or type(error).__name__
        raise InvalidValueError(
            f"the firmware file cannot be read: {reason}", Reason.FILE_UNREADABLE
        ) from error


def _profile(profile: TargetProfile) -> Profile:
    created = profile.created
    return Profile(
        power_target=profile.power_watt,
        hashrate_target=profile.hashrate_terahash,
        power=profile.estimated_watt,
        hashrate=convert.terahash(profile.measured_gigahash),
        tuned_at=None if created is None else _moment(created),
    )


def _moment(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except OverflowError, OSError, ValueError:
        # No time that a calendar has.
        return None


def _expected(point: EfficiencyPoint) -> Profile:
    return Profile(
        name="expected",
        power_target=point.power_watt,
        power=point.consumption_watt,
        hashrate=point.hashrate_terahash,
    )

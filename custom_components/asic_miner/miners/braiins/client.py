"""A miner with Braiins OS as the one interface to a miner of any make."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, override

from ..client import Credentials
from ..errors import (
    InvalidValueError,
    MalformedReplyError,
    MinerError,
    OutdatedFirmwareError,
    Reason,
    RejectedError,
    UnreachableError,
    UnsupportedError,
)
from ..models import Feature, Identity, JsonValue, SettingValue, Snapshot
from ..plausible import plausible
from . import convert, settings
from .base import REBOOT_CONFIRM_SECONDS, RESTART_CONFIRM_SECONDS
from .network import NetworkClient
from .pools import PoolClient
from .raw import answers
from .reading import READ_SECONDS
from .schema import MinerStatus
from .session import TOO_OLD
from .snapshot import snapshot
from .targets import TargetClient
from .transport import ProcessStoppedError
from .upkeep import UpkeepClient

if TYPE_CHECKING:
    from aiohttp import ClientSession


class BraiinsClient(TargetClient, PoolClient, NetworkClient, UpkeepClient):
    """One miner with Braiins OS 25.07 or newer."""

    @override
    async def raw(self) -> Mapping[str, JsonValue]:
        """Return the answers to all that can be read, and how the contract differs from ours."""
        return await answers(self._api)

    # Who it is

    @override
    async def probe(self) -> Identity | None:
        """Ask for the version of the API (`getApiVersion`), which is told to anyone.

        Where there is no such path, raises OutdatedFirmwareError if the web server is that
        of a Braiins OS before 25.07, which takes one or two requests more.
        """
        try:
            await self._api.get_api_version()
        except UnreachableError:
            raise
        except (MalformedReplyError, UnsupportedError) as error:
            if await self._web.is_outdated():
                raise OutdatedFirmwareError(TOO_OLD) from error
            raise MalformedReplyError("what answers is not Braiins OS") from error
        except MinerError as error:
            raise MalformedReplyError("what answers is not Braiins OS") from error
        return None

    @override
    async def identify(self) -> Identity:
        """Ask who answers, and which targets it takes. Three to four requests."""
        version = self._reader.version = await self._api.get_api_version()
        details = await self._api.get_miner_details()
        mac, hostname = details.mac_address, details.hostname
        if convert.mac_of(mac) is None:
            network = await self._api.get_network()
            mac, hostname = network.mac_address, hostname or network.hostname
        found = convert.identity(details, version, mac, hostname)
        await self._reader.learn_constraints()
        self._learn(Snapshot())
        return found

    @override
    async def check_access(self) -> None:
        """Log in, also just after a refusal, and read; a session may do everything."""
        await self._api.login()
        await self._api.get_miner_details()

    # Reading

    @override
    async def read(self, *, slow: bool, seconds: float = READ_SECONDS) -> Snapshot:
        """Read the live values with three requests, with `slow` six to eight more.

        The first slow read takes up to twelve more, since it brings what is read every five
        or ten minutes later on. Available as long as `miner/details` answers, which needs no
        mining process. The live values come first; what has not answered within `seconds` in
        all is None.
        """
        reading = await self._reader.read(slow=slow, seconds=seconds)
        seen = plausible(snapshot(reading))
        self._learn(seen)
        return seen

    # Commands

    @override
    async def set_mining(self, on: bool) -> None:
        """Pause (`pauseMining`) or resume (`resumeMining`); start a stopped process (`start`).

        While the mining process restarts this is tried again for 35 s: a refused
        request was not executed, and these are safe to repeat.
        """

        async def shows() -> bool:
            details = await self._api.get_miner_details()
            mines = details.status != MinerStatus.PAUSED and details.bosminer_uptime_s != 0
            return mines is on

        await self._write(self._resume if on else self._pause, shows)

    async def _resume(self) -> None:
        try:
            await self._patiently(self._api.resume_mining)
        except ProcessStoppedError:
            await self._api.start()

    async def _pause(self) -> None:
        try:
            await self._patiently(self._api.pause_mining)
        except ProcessStoppedError:
            # Without a process nothing mines: what was wanted already is.
            return

    @override
    async def set_locate(self, on: bool) -> None:
        """Let the light blink or not (`setLocateDeviceStatus`)."""

        async def shows() -> bool:
            return await self._api.get_locate_device_status() is on

        await self._write(lambda: self._api.set_locate_device_status(on), shows)

    @override
    async def set_setting(self, setting: Feature, value: SettingValue) -> None:
        """Change one setting and leave all others as they are. All survive a reboot.

        Cooling mode and temperatures (`setCoolingMode`) interrupt mining for minutes, and
        on firmware of 2026 that hashes also the answers to most reads; gentler is to pause,
        change them, wait 45 s and resume. They settle after up to a minute or more. The
        performance mode (`setPerformanceMode`) tunes anew. Scaling (`setDps`) and ramping
        (`setQuickRamping`) interrupt nothing.

        Automatic upgrades (`updateAutoUpgradeConfig`, from 1.1.0) interrupt nothing until
        there is one; their schedule stays.

        What is set so already is not sent. Needs the mining process, but for upgrades.
        """
        if setting is Feature.AUTO_UPGRADE:
            await self._set_auto_upgrade(value)
            return
        constraints = await self._constraints()
        wanted = settings.checked(constraints, setting, value)
        await self._write(
            lambda: self._changes.send(constraints, setting, wanted),
            lambda: self._changes.shows(constraints, setting, wanted),
        )

    async def _set_auto_upgrade(self, value: SettingValue) -> None:
        if not isinstance(value, bool):
            raise InvalidValueError(
                f"{value!r} is no value for {Feature.AUTO_UPGRADE}", Reason.WRONG_KIND
            )
        await self._need(1, 1, "automatic upgrades")

        async def shows() -> bool:
            return (await self._api.get_auto_upgrade_status()).enabled is value

        async def send() -> None:
            if await shows():
                return
            told = await self._api.update_auto_upgrade_config(enabled=value)
            if told.enabled is (not value):
                raise RejectedError(
                    f"the device left automatic upgrades {_on(not value)}", Reason.LEFT_AS_IT_WAS
                )

        try:
            await self._write(send, shows)
        finally:
            self._reader.forget("upgrade")

    @override
    async def set_hashboard(self, index: int, on: bool) -> None:
        """Switch one hashboard (`updateHashboards`); all boards restart and are tuned anew.

        Accepted at once, shows after up to a minute or more, survives a reboot. The last
        board that is on is not switched off: InvalidValueError. Machines without a
        controller on each board refuse single boards: RejectedError.
        """
        await self._write(
            lambda: self._boards.send(index, on),
            lambda: self._boards.shows(index, on),
            RESTART_CONFIRM_SECONDS,
        )

    @override
    async def restart_mining(self) -> None:
        """Restart the mining process (`restart`)."""
        sent = self._clock()

        async def shows() -> bool:
            uptime = (await self._api.get_miner_details()).bosminer_uptime_s
            return uptime is not None and uptime <= self._clock() - sent

        await self._write(self._api.restart, shows)

    @override
    async def reboot(self) -> None:
        """Restart the control board (`reboot`); silence afterwards is as it should be."""
        sent = self._clock()

        async def shows() -> bool:
            try:
                uptime = (await self._api.get_miner_details()).system_uptime_s
            except UnreachableError:
                return True
            return uptime is not None and uptime <= self._clock() - sent

        await self._write(self._api.reboot, shows, REBOOT_CONFIRM_SECONDS)


def _on(value: bool) -> str:
    return "on" if value else "off"


def create(
    host: str,
    port: int,
    credentials: Credentials,
    session: ClientSession,
    _memory: Mapping[str, JsonValue] | None,
) -> BraiinsClient:
    """Return a client, which has nothing to remember over a restart of the caller."""
    return BraiinsClient(host, port, credentials, session)

"""The password of a WhatsMiner, and what is left when everything is forgotten."""

import asyncio
from typing import override

from ..errors import (
    AuthenticationError,
    BusyError,
    InvalidValueError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnreachableError,
)
from .core import Core


class AccountOrders(Core):
    """Orders about who may command the device."""

    @override
    async def check_access(self) -> None:
        """Hand the lights back to the device, which is their normal state."""
        await self._send(self.api.set_led())

    @override
    async def change_password(self, new: str | None) -> None:
        """Change the admin password (update_pwd, 3.10): 1 to 8 letters, digits, underscores.

        Whether the device replied or not, the new password is proved by a harmless write
        (the lights go back to automatic), and if it is refused, the old one. Raises
        RejectedError when the device has kept its old password.
        """
        if new is None:
            raise InvalidValueError("a WhatsMiner always has a password", Reason.PASSWORD_SHORT)
        old = self.api.password
        if old is None:
            raise AuthenticationError("no password is known, so nothing can be changed")
        reason = "the miner accepted the new password, but has kept its old one"
        try:
            await self._send(self.api.update_pwd(old, new))
        except UnconfirmedError:
            # It may hold all the same, which only trying tells.
            reason = "the miner did not answer, and has kept its old password"
        if await self._is_password(new):
            return
        if await self._is_password(old):
            raise RejectedError(reason, Reason.PASSWORD_KEPT)
        # What the caller has stored still is what is tried first.
        self.api.use_password(old)
        raise UnconfirmedError("which password the miner has now could not be found out")

    async def _is_password(self, password: str) -> bool:
        """Tell whether a password has been proved, and use it from then on."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.confirm_seconds
        while True:
            try:
                allowed = await self.api.try_password(password)
            except UnreachableError, BusyError:
                # It was not sent, so it may be sent once more.
                if loop.time() >= end:
                    return False
            except MinerError:
                return False
            else:
                self._write_access = self._write_access if allowed is None else allowed
                return True
            await asyncio.sleep(self.confirm_interval)

    @override
    async def factory_reset(self, *, wipe_network: bool = False) -> None:
        """Forget everything (3.9), and reboot.

        Network settings go in any case, so the device may be found at another address, or
        none. The password is the default one again and commands are refused until the
        maker's tool has allowed them: this client can only read from then on.
        """
        await self._send_and_boot(self.api.factory_reset)
        self._learned.forget_settings()
        # The last write was allowed, the next one will not be.
        self._write_access = None

"""Talking to one device: which form of request it takes, and the life of its token."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
import json
import math
import time

from ..errors import (
    AuthenticationError,
    BusyError,
    MalformedReplyError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from ..lean import dataclass
from .crypto import WriteKeys, decrypt, derive_keys, encrypt
from .envelope import Code, DeviceError, Reply, Salvage, no_data, open_envelope, parse
from .parse import Json, JsonObject, Record
from .patience import Patience
from .transport import Transport

TOKEN_SECONDS = 25 * 60.0
"""Tokens live for 30 minutes; renewed early so that none dies on its way."""
_IDLE_SHARE = 5 / 6
"""The same margin for devices that name an idle time of their own."""
_SECRETIVE = frozenset({"update_pools", "update_pwd"})
"""Commands whose refusal could repeat a pool, worker or password."""

_NO_TOKENS = "the miner gives out no more logins for now"

_TOKEN_TROUBLE = frozenset({Code.BAD_TOKEN, Code.BAD_JSON})
"""Refusals that come before a command is looked at: unknown token, wrong key."""
_OFTEN_SILENT = frozenset(
    {
        "restart_btminer", "set_low_power", "set_normal_power", "set_high_power", "net_config",
        "factory_reset",
    }
)  # fmt: skip
"""Commands after which the device restarts something instead of replying."""

type Parameter = str | int


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What get_token gives (manual 2.1). Never shown by repr()."""

    salt: str = field(repr=False)
    newsalt: str = field(repr=False)
    time: str = field(repr=False)
    timeout: float | None = None
    """Idle seconds after which it dies; None for the fixed 30 minutes, 0 for never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """Keys in use, and when to make new ones."""

    keys: WriteKeys
    renew_at: float


class Session:
    """Requests to one device. Reads need no password and never take a token."""

    def __init__(
        self,
        transport: Transport,
        password: str | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent yet. `password` None means to read only."""
        self.transport = transport
        self._password = password
        self._clock = clock
        self._held: _Held | None = None
        self.patience = Patience()
        """With a device that gives no tokens."""
        # Two writes at once would fetch two tokens, of which a device has few.
        self._writing = asyncio.Lock()
        self._command_key = "cmd"

    async def get_token(self) -> Token:
        """Read salts and time for a write (manual 2.1).

        Takes one of the device's few token places. Raises BusyError when none is left.
        """
        given = (await self._read("get_token")).record()
        salt, newsalt = given.text("salt"), given.text("newsalt")
        when = given.text("time")
        if salt is None or newsalt is None or when is None:
            raise MalformedReplyError("the token is incomplete")
        # Written as a number it would have lost its leading zeros.
        return Token(
            salt=salt, newsalt=newsalt, time=when.zfill(4), timeout=given.number("timeout")
        )

    async def _read(self, cmd: str, salvage: Salvage | None = None) -> Reply:
        """Send a reading command in plain text."""
        try:
            try:
                return await self._read_once(cmd, salvage)
            except DeviceError as error:
                # Firmware of 2020 takes only the key that cgminer uses, and says so.
                if self._command_key == "command" or not _wants_other_key(error):
                    raise
            self._command_key = "command"
            return await self._read_once(cmd, salvage)
        except DeviceError as error:
            raise error.meaning from error

    async def joined(self, *commands: str) -> tuple[Reply, ...]:
        """Send reading commands of the mining process as one request (manual, chapter 4).

        Returns their replies in the same order; raises as the first that failed would.
        """
        parts = (await self._read("+".join(commands))).body
        return tuple(_joined_part(parts.get(command)) for command in commands)

    async def _read_once(self, cmd: str, salvage: Salvage | None) -> Reply:
        text = await self.transport.exchange(_dump({self._command_key: cmd}))
        return open_envelope(parse(text, salvage))

    async def _write(self, cmd: str, /, **params: Parameter) -> Record:
        """Send an encrypted command and return the data of its reply, if there is any.

        It is sent a second time only after a refusal that precedes execution: an
        unknown token, or a text that the device could not decrypt. Raises
        AuthenticationError without password or with a wrong one, and UnconfirmedError
        when the outcome is not known.
        """

        async def once(keys: WriteKeys) -> Record:
            return await self._write_once(keys, cmd, params)

        return await self._with_keys(once)

    async def _with_keys[T](self, send: Callable[[WriteKeys], Awaitable[T]]) -> T:
        """Call `send` with keys that are valid, and after a refusal of these once more."""
        async with self._writing:
            # Looked at only now: the write before this one may have changed it.
            if self._password is None:
                raise AuthenticationError("no password is known, so nothing can be changed")
            return await self._with_keys_of(self._password, send)

    async def _with_keys_of[T](self, password: str, send: Callable[[WriteKeys], Awaitable[T]]) -> T:
        """Do the same for a certain password, while no other write is on its way."""
        try:
            return await send(await self._keys(password))
        except DeviceError as error:
            if error.code not in _TOKEN_TROUBLE:
                raise error.meaning from error
        # A key can be stale because the password was changed elsewhere and back.
        self.drop_token()
        try:
            return await send(await self._keys(password))
        except DeviceError as error:
            if error.code not in _TOKEN_TROUBLE:
                raise error.meaning from error
            self.drop_token()
            if error.code == Code.BAD_JSON:
                raise AuthenticationError("the password was refused") from error
            raise BusyError("the device refuses its own new token", Reason.NO_LOGINS) from error

    async def try_password(self, password: str) -> bool | None:
        """Prove a password by handing the LEDs back to the device, and use it from then on.

        Returns when the device has understood the request, also when it refuses it for
        another reason: whether writes are allowed, None when that is not known. Raises
        AuthenticationError when the password is wrong; on that and on all other errors the
        one in use stays in use.
        """

        async def harmless(keys: WriteKeys) -> Record:
            return await self._write_once(keys, "set_led", {"param": "auto"})

        async with self._writing:
            self.drop_token()
            proved, allowed = False, None
            try:
                # Only who could decrypt the request can refuse it like this.
                try:
                    await self._with_keys_of(password, harmless)
                    allowed = True
                except WriteAccessError:
                    allowed = False
                except RejectedError, UnsupportedError:
                    pass
                self._password, proved = password, True
            finally:
                if not proved:
                    # What is held now belongs to a password that is not in use.
                    self.drop_token()
            return allowed

    @property
    def password(self) -> str | None:
        """The password in use; None for reading only."""
        return self._password

    def use_password(self, password: str) -> None:
        """Use another password from the next write on, without a proof."""
        self._password = password
        self.drop_token()

    def drop_token(self) -> None:
        """Have the next write fetch a new token."""
        self._held = None

    async def _write_once(
        self, keys: WriteKeys, cmd: str, params: Mapping[str, Parameter]
    ) -> Record:
        seconds = self.transport.timeouts.silent if cmd in _OFTEN_SILENT else None
        request = sealed(keys, cmd, params)
        text = await self.transport.exchange(request, write=True, seconds=seconds)
        try:
            body = opened(keys, text)
        except (MalformedReplyError, ValueError) as error:
            # Something came back, but it does not say what became of the command.
            raise UnconfirmedError("the command was sent, but its reply is unreadable") from error
        reply = open_envelope(body, quote=cmd not in _SECRETIVE, write=True)
        return Record(reply.message if isinstance(reply.message, dict) else {"Msg": reply.message})

    async def _keys(self, password: str) -> WriteKeys:
        now = self._clock()
        if self._held is None or now >= self._held.renew_at:
            self._held = None
            token = await self._token(now)
            keys = derive_keys(password, salt=token.salt, newsalt=token.newsalt, time=token.time)
            idle = token.timeout * _IDLE_SHARE if token.timeout else TOKEN_SECONDS
            self._held = _Held(keys=keys, renew_at=now + min(TOKEN_SECONDS, idle))
        return self._held.keys

    async def _token(self, now: float) -> Token:
        """Get a token, but leave a device alone that has just refused one.

        Raises BusyError then, without asking: each question takes its only connection.
        """
        if left := self.patience.left(now):
            raise BusyError(
                f"{_NO_TOKENS}; it will be asked again in {_seconds(left)}", Reason.NO_LOGINS
            )
        try:
            token = await self.get_token()
        except BusyError as error:
            self.patience.refused(now)
            left = self.patience.left(now)
            raise BusyError(
                f"{error}; it will be asked again in {_seconds(left)}", Reason.NO_LOGINS
            ) from error
        self.patience.granted()
        return token


def _seconds(left: float) -> str:
    whole = math.ceil(left)
    return "1 second" if whole == 1 else f"{whole} seconds"


def _joined_part(replies: Json) -> Reply:
    """Return one reply of a join, which is a list of exactly one."""
    reply = replies[0] if isinstance(replies, list) and len(replies) == 1 else None
    if not isinstance(reply, dict):
        raise no_data(reply)
    try:
        return open_envelope(reply)
    except DeviceError as error:
        raise error.meaning from error


def sealed(keys: WriteKeys, cmd: str, params: Mapping[str, Parameter]) -> str:
    """Return the text of an encrypted command."""
    plain = _dump({"cmd": cmd, "token": keys.sign, **params}).encode()
    return _dump({"enc": 1, "data": encrypt(keys.aes_key, plain)})


def opened(keys: WriteKeys, text: str) -> JsonObject:
    """Return the reply to a write, decrypted if need be.

    Raises ValueError or MalformedReplyError when it cannot be read.
    """
    body = parse(text)
    cipher = body.get("enc")
    return parse(decrypt(keys.aes_key, cipher).decode()) if isinstance(cipher, str) else body


def _wants_other_key(error: DeviceError) -> bool:
    """Tell whether a refusal says that the request lacks `command`."""
    return error.code == Code.NO_COMMAND and "command" in error.said


def _dump(request: Mapping[str, Json]) -> str:
    return json.dumps(request, separators=(",", ":"))

"""One coroutine per command of the manual, named as the command is.

Numbers in brackets are the sections of manual V2.2.2; commands without an API version are
in all. Reading commands are in its chapter 4.

Reads take no password. Every write is encrypted, returns when the device has accepted
it, and raises AuthenticationError, WriteAccessError, BusyError, UnsupportedError,
RejectedError, UnconfirmedError or UnreachableError; InvalidValueError comes before
anything is sent. "Restarts mining" below means that the mining process starts anew and
needs minutes back to full hashrate; such commands often give no reply at all.
"""

from ipaddress import AddressValueError, IPv4Address
import math
from typing import Literal

from ..errors import InvalidValueError, Reason
from ..lean import dataclass
from .envelope import no_data
from .parse import Json, Record, cut_error_list
from .transfers import Transfers

type LedColour = Literal["red", "green"]

MAX_POWER_LIMIT = 99999
"""W; the manual's upper end, which stands for no limit."""
MAX_PASSWORD = 8
"""Bytes (manual 3.10)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorEntry:
    """One fault a device reports, with its time as the device writes it."""

    code: str
    time: str | None = None


class WhatsminerApi(Transfers):
    """The commands of one device."""

    # Reading (manual chapter 4)

    async def summary(self) -> Record:
        """Read the totals: hashrates in MH/s, power in W, temperatures in °C."""
        rows = (await self._read("summary")).rows("SUMMARY")
        return rows[0] if rows else Record()

    async def edevs(self) -> tuple[Record, ...]:
        """Read one record per hashboard; hashrates in MH/s or, from API 2.2 on, TH/s."""
        return (await self._read("edevs")).rows("DEVS")

    async def devs(self) -> tuple[Record, ...]:
        """Read one record per hashboard, as `edevs`."""
        return (await self._read("devs")).rows("DEVS")

    async def devdetails(self) -> tuple[Record, ...]:
        """Read the model of each board. Refused from API 2.2 on."""
        return (await self._read("devdetails")).rows("DEVDETAILS")

    async def pools(self) -> tuple[Record, ...]:
        """Read one record per pool. Contains user names."""
        return (await self._read("pools")).rows("POOLS")

    async def status(self) -> Record:
        """Read whether mining is switched off, power mode and settings."""
        reply = await self._read("status")
        # The manual's form has the values beside each other, without an envelope.
        if reply.message is None:
            return Record(reply.body)
        # The envelope's time of day is of no use elsewhere, and here it tells a wrong clock.
        return Record({"When": reply.body.get("When"), **reply.record()})

    async def get_version(self) -> Record:
        """Read the versions of interface and firmware, and the model from API 2.2 on."""
        reply = await self._read("get_version")
        if isinstance(reply.message, str) and "whatsminer" in reply.message.lower():
            return Record({"api_ver": reply.message})
        return reply.record()

    async def get_miner_info(self) -> Record:
        """Read network settings, serial numbers and the state of the LEDs (API 2.0)."""
        return (await self._read("get_miner_info")).record()

    async def get_psu(self) -> Record:
        """Read the power supply: `vin` in 10 mV, `iin` in mA, `pin` in W, all as text."""
        return (await self._read("get_psu")).record()

    async def get_error_code(self) -> tuple[ErrorEntry, ...]:
        """Read the faults present now, each code once; () when there are none.

        Of a list that was cut off the complete entries are returned.
        """
        record = (await self._read("get_error_code", cut_error_list)).record()
        listed = record.get("error_code")
        if listed is None or (isinstance(listed, str) and not listed.isdecimal()):
            raise no_data(listed)
        return _entries(listed)

    # Mining

    async def power_off(self) -> None:
        """Stop mining and cut the supply of the boards; the control board stays on (3.3).

        Asks for a reply before the device acts. Some devices resume by themselves.
        """
        await self._write("power_off", respbefore="true")

    async def power_on(self) -> None:
        """Start mining (3.4)."""
        await self._write("power_on", respbefore="true")

    async def pre_power_on(self, *, complete: bool, message: str) -> Record:
        """Warm up before `power_on`, and ask how far that is (API 1.3 to 2.0 only).

        Sent again and again with the `complete` and `msg` of the reply before, until its
        `complete` is "true".
        """
        return await self._write("pre_power_on", complete=str(complete).lower(), msg=message)

    async def restart_btminer(self) -> None:
        """Restart mining (3.2)."""
        await self._write("restart_btminer")

    async def reboot(self) -> None:
        """Reboot the control board; it is away for one to three minutes (3.8).

        Asks for a reply before the device acts.
        """
        await self._write("reboot", respbefore="true")

    async def enable_btminer_init(self) -> None:
        """Have mining start when the device boots. Lasting (3.31 and 3.32, API 2.2)."""
        await self._write("enable_btminer_init")

    async def disable_btminer_init(self) -> None:
        """Have the device boot without mining. Lasting (3.31 and 3.32, API 2.2)."""
        await self._write("disable_btminer_init")

    async def enable_btminer_fast_boot(self) -> None:
        """Reach full power faster from the next start on. Lasting (3.14 and 3.15, API 2.0)."""
        await self._write("enable_btminer_fast_boot")

    async def disable_btminer_fast_boot(self) -> None:
        """Ramp up in the ordinary way from the next start on. Lasting (3.14 and 3.15)."""
        await self._write("disable_btminer_fast_boot")

    async def enable_cgminer_fast_boot(self) -> None:
        """Do as `enable_btminer_fast_boot`, by its name before API 2.0 (manual V1.3.8)."""
        await self._write("enable_cgminer_fast_boot")

    async def disable_cgminer_fast_boot(self) -> None:
        """Do as `disable_btminer_fast_boot`, by its name before API 2.0 (manual V1.3.8)."""
        await self._write("disable_cgminer_fast_boot")

    # Power

    async def set_power_pct(self, percent: float) -> None:
        """Set the draw to 0 to 100 % of stable power within a second (3.21, API 1.3).

        Lost at a reboot. Costs efficiency and can restart mining when far too low. Only for
        a stable miner.
        """
        await self._write("set_power_pct", percent=_whole("percent", percent, 0, 100, " %"))

    async def set_power_pct_v2(self, percent: float) -> None:
        """Set the draw to 0 to 100 % (liquid: 200 %) of stable power in minutes (3.22, API 2.0).

        Lost at a reboot. Can restart mining when far too low. Only for a stable miner.
        """
        await self._write("set_power_pct_v2", percent=_whole("percent", percent, 0, 200, " %"))

    async def restore_power_pct(self) -> None:
        """Undo both power percentages (3.24, API 2.2)."""
        await self._write("restore_power_pct")

    async def set_power(self, watts: float) -> None:
        """Set the draw in W, 0 to 99999 (3.23, API 2.2)."""
        await self._write("set_power", power=_whole("power", watts, 0, MAX_POWER_LIMIT, " W"))

    async def adjust_power_limit(self, watts: float) -> None:
        """Set the upper limit in W, 0 to 99999. Restarts mining. Lasting (3.26, API 2.0.5)."""
        limit = _whole("power_limit", watts, 0, MAX_POWER_LIMIT, " W")
        await self._write("adjust_power_limit", power_limit=limit)

    async def set_low_power(self) -> None:
        """Select the low power mode. Restarts mining. Lasting (3.6)."""
        await self._write("set_low_power")

    async def set_normal_power(self) -> None:
        """Select the normal power mode. Restarts mining. Lasting (3.6, API 2.0)."""
        await self._write("set_normal_power")

    async def set_high_power(self) -> None:
        """Select the high power mode. Restarts mining. Lasting (3.6, API 2.0)."""
        await self._write("set_high_power")

    async def set_target_freq(self, percent: float) -> None:
        """Shift the frequency by -100 to 100 %. Restarts mining. Lasting (3.13, API 1.3)."""
        await self._write("set_target_freq", percent=_whole("percent", percent, -100, 100, " %"))

    async def adjust_upfreq_speed(self, speed: float) -> None:
        """Set how fast the frequency is searched, 0 to 9 (3.27, API 2.0.5).

        Lasting. Excludes fast boot.
        """
        await self._write("adjust_upfreq_speed", upfreq_speed=_whole("upfreq_speed", speed, 0, 9))

    async def set_fast_mining(self, on: bool) -> None:
        """Switch fast mining. Only some chip variants have it (3.35, API 2.2.2)."""
        await self._write("set_fast_mining", fast_mining=_bit(on))

    async def set_fast_hash(self, on: bool) -> None:
        """Switch fast hash. Only some chip variants have it (3.35, API 2.2.2)."""
        await self._write("set_fast_hash", fast_hash=_bit(on))

    # Cooling

    async def set_temp_offset(self, kelvin: float) -> None:
        """Shift the temperature that fans aim at by -30 to 0 K from the next start on.

        Lasting. Air cooling only (3.25, API 2.0.5).
        """
        await self._write(
            "set_temp_offset", temp_offset=_whole("temp_offset", kelvin, -30, 0, " K")
        )

    async def set_poweroff_cool(self, on: bool) -> None:
        """Let the fans run on after mining has stopped (3.28, API 2.0.5).

        Air cooling only.
        """
        await self._write("set_poweroff_cool", poweroff_cool=_bit(on))

    async def set_fan_zero_speed(self, on: bool) -> None:
        """Allow the fans to stand still. Air cooling only (3.29, API 2.0.5)."""
        await self._write("set_fan_zero_speed", fan_zero_speed=_bit(on))

    async def set_heat_mode(self, mode: Literal["anti-icing", "heating", "normal"]) -> None:
        """Choose what a hydro miner does with its heat (3.30, API 2.2)."""
        _one_of("mode", mode, ("anti-icing", "heating", "normal"))
        await self._write("set_heat_mode", mode=mode)

    # Pools

    async def update_pools(self, pools: tuple[tuple[str, str, str], ...]) -> None:
        """Replace all pools: one to three of URL, worker and password. Lasting (3.1).

        The device takes all three at once and gives no password back.
        """
        if not 1 <= len(pools) <= 3 or not pools[0][0]:
            raise InvalidValueError("one to three pools are needed", Reason.POOL_COUNT, most="3")
        slots = (*pools, *(("", "", ""),) * (3 - len(pools)))
        params: dict[str, str | int] = {}
        for number, (url, worker, passwd) in enumerate(slots, start=1):
            # Old firmware breaks on a missing or null slot.
            params |= {f"pool{number}": url, f"worker{number}": worker, f"passwd{number}": passwd}
        await self._write("update_pools", **params)

    # The box around it

    async def set_led(
        self,
        colour: LedColour | None = None,
        *,
        period: float = 1000,
        duration: float = 500,
        start: float = 0,
    ) -> None:
        """Blink one LED, times in ms, or hand all LEDs back to the device (None) (3.5).

        Lost at a reboot. `duration` is how long it is lit within each `period`.
        """
        if colour is None:
            await self._write("set_led", param="auto")
            return
        _one_of("color", colour, ("red", "green"))
        # An hour is far more than any blinking needs; the manual names no upper end.
        longest = 3_600_000
        await self._write(
            "set_led",
            color=colour,
            period=int(_whole("period", period, 1, longest, " ms")),
            duration=int(_whole("duration", duration, 0, longest, " ms")),
            start=int(_whole("start", start, 0, longest, " ms")),
        )

    async def enable_web_pools(self) -> None:
        """Show the pool settings in the web interface. Lasting (3.16 and 3.17)."""
        await self._write("enable_web_pools")

    async def disable_web_pools(self) -> None:
        """Hide the pool settings in the web interface. Lasting (3.16 and 3.17)."""
        await self._write("disable_web_pools")

    async def set_hostname(self, hostname: str) -> None:
        """Set the host name, used after the network restarts. Lasting (3.18)."""
        await self._write("set_hostname", hostname=_filled("hostname", hostname))

    async def set_zone(self, timezone: str, zonename: str) -> None:
        """Set the time zone, for example "CST-8" and "Asia/Shanghai" (3.19).

        Lasting. Used after the network restarts.
        """
        await self._write(
            "set_zone",
            timezone=_filled("timezone", timezone),
            zonename=_filled("zonename", zonename),
        )

    async def load_log(self, ip: str, port: int, proto: Literal["tcp", "udp"]) -> None:
        """Have the log sent to a syslog server. Lasting (3.20)."""
        _one_of("proto", proto, ("tcp", "udp"))
        await self._write(
            "load_log", ip=_filled("ip", ip), port=_whole("port", port, 1, 65535), proto=proto
        )

    async def set_customer_msg(self, key: str, value: str) -> None:
        """Store a note in the device. Lasting (3.33, API 2.2)."""
        await self._write("set_customer_msg", key=_filled("key", key), val=value)

    async def get_customer_msg(self, key: str) -> Record:
        """Read a note back. Encrypted, so it needs the password (3.34, API 2.2)."""
        return await self._write("get_customer_msg", key=_filled("key", key))

    async def net_config(self, *, ip: str, mask: str, gate: str, dns: str, host: str) -> None:
        """Set a fixed address. The device restarts and is then found there (3.11)."""
        await self._write(
            "net_config",
            ip=_address("ip", ip),
            mask=_address("mask", mask),
            gate=_address("gate", gate),
            dns=_filled("dns", dns),
            host=_filled("host", host),
        )

    async def net_config_dhcp(self) -> None:
        """Take the address from DHCP, by net_config. The device restarts (3.11)."""
        await self._write("net_config", param="dhcp")

    async def update_pwd(self, old: str, new: str) -> None:
        """Change the admin password, at most 8 letters, digits or underscores (3.10)."""
        allowed = new.replace("_", "a")
        if not (new and len(new) <= MAX_PASSWORD and allowed.isascii() and allowed.isalnum()):
            raise InvalidValueError(
                "a password has 1 to 8 letters, digits or underscores", Reason.PASSWORD_SHORT
            )
        await self._write("update_pwd", old=old, new=new)
        self._password = new
        self.drop_token()

    async def factory_reset(self) -> None:
        """Forget everything: network, password, pools, write access (3.9). Reboots."""
        await self._write("factory_reset")


def _entries(listed: Json) -> tuple[ErrorEntry, ...]:
    """Return error entries from all shapes that devices use, each code once."""
    found: dict[str, str | None] = {}
    for item in listed if isinstance(listed, list) else [listed]:
        if isinstance(item, dict):
            found |= {
                code: at if isinstance(at, str) else None
                for code, at in item.items()
                if code.isdecimal()
            }
        elif isinstance(item, str) and item.strip().isdecimal():
            found.setdefault(item.strip())
        elif isinstance(item, int) and not isinstance(item, bool) and item >= 0:
            found.setdefault(str(item))
    return tuple(ErrorEntry(code=code, time=at) for code, at in found.items())


def _whole(name: str, value: float, low: int, high: int, unit: str = "") -> str:
    """Return a whole number as the device wants it; raise InvalidValueError otherwise."""
    if isinstance(value, bool) or not math.isfinite(value) or value != int(value):
        raise InvalidValueError(f"{name} must be a whole number", Reason.NOT_A_STEP, step="1")
    if not low <= value <= high:
        raise InvalidValueError(
            f"{name} must be from {low} to {high}{unit}",
            Reason.OUT_OF_RANGE,
            minimum=f"{low}{unit}",
            maximum=f"{high}{unit}",
        )
    return str(int(value))


def _bit(on: bool) -> str:
    return "1" if on else "0"


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidValueError(
            f"{name} must be one of {', '.join(allowed)}",
            Reason.NOT_A_CHOICE,
            choices=", ".join(allowed),
        )


def _address(name: str, value: str) -> str:
    try:
        return str(IPv4Address(value))
    except AddressValueError as error:
        raise InvalidValueError(
            f"{name} must be an IPv4 address", Reason.NO_ADDRESS, value=value
        ) from error


def _filled(name: str, value: str) -> str:
    if not value:
        raise InvalidValueError(f"{name} must not be empty", Reason.NOTHING_GIVEN)
    return value

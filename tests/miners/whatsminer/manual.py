"""The commands of manual V2.2.2, and older ones that are gone, as the manual prints them."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
import math

from custom_components.asic_miner.miners.whatsminer.api import WhatsminerApi

type Call = Callable[[WhatsminerApi], Awaitable[object]]
type Request = dict[str, object]

POOLS = (
    ("stratum+tcp://a.example:3333", "me.one", "x"),
    ("stratum+tcp://b.example:3333", "me", ""),
)
IMAGE = b"firmware" * 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One coroutine of the api, and what it is to send."""

    method: str
    sent: tuple[tuple[Call, Request], ...]
    """Calls, and the JSON object of each before the token is added."""
    section: str | None = None
    """Of the manual; chapter 4 has the reading ones."""
    refused: tuple[Call, ...] = ()
    """Calls that are outside of what the manual allows."""
    refusal: str = ""
    """A regular expression for what is said to these."""
    message: object = "API command OK"
    """`Msg` of a good reply."""

    @property
    def call(self) -> Call:
        """Return a call like any other."""
        return self.sent[0][0]

    @property
    def cmd(self) -> object:
        """Return the name on the wire."""
        return self.sent[0][1]["cmd"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading(Command):
    """One that is sent in plain text."""

    message: object = field(default_factory=dict)


def _plain(name: str, section: str) -> Command:
    """Return a command without parameters."""
    return Command(
        method=name, section=section, sent=((lambda a: getattr(a, name)(), {"cmd": name}),)
    )


def _reading(name: str, message: object) -> Reading:
    return Reading(
        method=name, message=message, sent=((lambda a: getattr(a, name)(), {"cmd": name}),)
    )


def _number(
    name: str, section: str, parameter: str, lowest: int, highest: int, unit: str = ""
) -> Command:
    """Return a command with one whole number, with both ends and all beyond them."""

    def call(value: float) -> Call:
        return lambda a: getattr(a, name)(value)

    beyond = (lowest - 1, highest + 1, lowest + 0.5, math.nan, math.inf, -math.inf, True)
    return Command(
        method=name,
        section=section,
        sent=tuple(
            (call(value), {"cmd": name, parameter: str(int(value))})
            for value in (lowest, highest, float(highest - 1))
        ),
        refused=tuple(call(value) for value in beyond),
        refusal=rf"^{parameter} must be (a whole number|from {lowest} to {highest}{unit})$",
    )


def _switch(name: str, section: str, parameter: str) -> Command:
    def call(on: bool) -> Call:
        return lambda a: getattr(a, name)(on)

    return Command(
        method=name,
        section=section,
        sent=(
            (call(True), {"cmd": name, parameter: "1"}),
            (call(False), {"cmd": name, parameter: "0"}),
        ),
    )


async def _image() -> AsyncGenerator[bytes]:
    yield IMAGE


def _install(size: int = len(IMAGE)) -> Call:
    return lambda a: a.update_firmware(size, _image(), lambda _: None)


def _network(ip: str, mask: str, gate: str, dns: str, host: str) -> Call:
    return lambda a: a.net_config(ip=ip, mask=mask, gate=gate, dns=dns, host=host)


_HERE = ("192.0.2.2", "255.255.255.0", "192.0.2.1", "192.0.2.1", "attic")

WRITING = (
    Command(
        method="update_pools",
        section="3.1",
        sent=(
            (
                lambda a: a.update_pools(POOLS),
                {
                    "cmd": "update_pools",
                    "pool1": "stratum+tcp://a.example:3333",
                    "worker1": "me.one",
                    "passwd1": "x",
                    "pool2": "stratum+tcp://b.example:3333",
                    "worker2": "me",
                    "passwd2": "",
                    "pool3": "",
                    "worker3": "",
                    "passwd3": "",
                },
            ),
        ),
        refused=(
            lambda a: a.update_pools(()),
            lambda a: a.update_pools((("", "w", ""),)),
            lambda a: a.update_pools((("u", "w", ""),) * 4),
        ),
        refusal="^one to three pools are needed$",
    ),
    _plain("restart_btminer", "3.2"),
    Command(
        method="power_off",
        section="3.3",
        sent=((lambda a: a.power_off(), {"cmd": "power_off", "respbefore": "true"}),),
    ),
    Command(
        method="power_on",
        section="3.4",
        sent=((lambda a: a.power_on(), {"cmd": "power_on", "respbefore": "true"}),),
    ),
    Command(
        method="set_led",
        section="3.5",
        sent=(
            (lambda a: a.set_led(), {"cmd": "set_led", "param": "auto"}),
            # The one command whose numbers are numbers.
            (
                lambda a: a.set_led("red", period=200, duration=100),
                {"cmd": "set_led", "color": "red", "period": 200, "duration": 100, "start": 0},
            ),
            (
                lambda a: a.set_led("green", period=1, duration=0, start=3_600_000),
                {"cmd": "set_led", "color": "green", "period": 1, "duration": 0, "start": 3600000},
            ),
        ),
        refused=(
            lambda a: a.set_led("blue"),  # type: ignore[arg-type]  # what the test is about
            lambda a: a.set_led("red", period=0),
            lambda a: a.set_led("red", period=2.5),
            lambda a: a.set_led("red", duration=-1),
            lambda a: a.set_led("red", start=1e9),
        ),
        refusal="^(color must be one of red, green|period must be a whole number"
        "|period must be from 1 to 3600000 ms|(duration|start) must be from 0 to 3600000 ms)$",
    ),
    _plain("set_low_power", "3.6"),
    _plain("set_normal_power", "3.6"),
    _plain("set_high_power", "3.6"),
    Command(
        method="update_firmware",
        section="3.7",
        sent=((_install(), {"cmd": "update_firmware"}),),
        refused=(_install(0), _install(-1), _install(1 << 32)),
        refusal="^a firmware file has 1 byte to 4 GiB$",
        message="ready",
    ),
    Command(
        method="reboot",
        section="3.8",
        sent=((lambda a: a.reboot(), {"cmd": "reboot", "respbefore": "true"}),),
    ),
    _plain("factory_reset", "3.9"),
    Command(
        method="update_pwd",
        section="3.10",
        sent=(
            (
                lambda a: a.update_pwd("old", "new_1"),
                {"cmd": "update_pwd", "old": "old", "new": "new_1"},
            ),
            (
                lambda a: a.update_pwd("old", "12345678"),
                {"cmd": "update_pwd", "old": "old", "new": "12345678"},
            ),
        ),
        refused=(
            lambda a: a.update_pwd("old", ""),
            lambda a: a.update_pwd("old", "123456789"),
            lambda a: a.update_pwd("old", "a-b"),
            lambda a: a.update_pwd("old", "ä"),
        ),
        refusal="^a password has 1 to 8 letters, digits or underscores$",
    ),
    Command(
        method="net_config",
        section="3.11",
        sent=(
            (
                _network(*_HERE),
                {
                    "cmd": "net_config",
                    "ip": "192.0.2.2",
                    "mask": "255.255.255.0",
                    "gate": "192.0.2.1",
                    "dns": "192.0.2.1",
                    "host": "attic",
                },
            ),
        ),
        refused=(
            _network("", *_HERE[1:]),
            _network("192.0.2.256", *_HERE[1:]),
            _network(_HERE[0], "255.255.255", *_HERE[2:]),
            _network(*_HERE[:2], "router", *_HERE[3:]),
            _network(*_HERE[:3], "", "attic"),
            _network(*_HERE[:4], ""),
        ),
        refusal="^((ip|mask|gate) must be an IPv4 address|(dns|host) must not be empty)$",
    ),
    Command(
        method="net_config_dhcp",
        section="3.11",
        sent=((lambda a: a.net_config_dhcp(), {"cmd": "net_config", "param": "dhcp"}),),
    ),
    Command(
        method="download_logs",
        section="3.12",
        sent=((lambda a: a.download_logs(), {"cmd": "download_logs"}),),
        message={"logfilelen": "0"},
    ),
    _number("set_target_freq", "3.13", "percent", -100, 100, " %"),
    _plain("enable_btminer_fast_boot", "3.14"),
    _plain("disable_btminer_fast_boot", "3.15"),
    _plain("enable_web_pools", "3.16"),
    _plain("disable_web_pools", "3.17"),
    Command(
        method="set_hostname",
        section="3.18",
        sent=((lambda a: a.set_hostname("attic"), {"cmd": "set_hostname", "hostname": "attic"}),),
        refused=(lambda a: a.set_hostname(""),),
        refusal="^hostname must not be empty$",
    ),
    Command(
        method="set_zone",
        section="3.19",
        sent=(
            (
                lambda a: a.set_zone("CST-8", "Asia/Shanghai"),
                {"cmd": "set_zone", "timezone": "CST-8", "zonename": "Asia/Shanghai"},
            ),
        ),
        refused=(
            lambda a: a.set_zone("", "Asia/Shanghai"),
            lambda a: a.set_zone("CST-8", ""),
        ),
        refusal="^(timezone|zonename) must not be empty$",
    ),
    Command(
        method="load_log",
        section="3.20",
        sent=(
            (
                lambda a: a.load_log("192.0.2.9", 514, "udp"),
                {"cmd": "load_log", "ip": "192.0.2.9", "port": "514", "proto": "udp"},
            ),
            (
                lambda a: a.load_log("192.0.2.9", 65535, "tcp"),
                {"cmd": "load_log", "ip": "192.0.2.9", "port": "65535", "proto": "tcp"},
            ),
        ),
        refused=(
            lambda a: a.load_log("", 514, "tcp"),
            lambda a: a.load_log("192.0.2.9", 0, "tcp"),
            lambda a: a.load_log("192.0.2.9", 65536, "tcp"),
            lambda a: a.load_log("192.0.2.9", 514, "icmp"),  # type: ignore[arg-type]  # likewise
        ),
        refusal="^(ip must not be empty|port must be from 1 to 65535"
        "|proto must be one of tcp, udp)$",
    ),
    _number("set_power_pct", "3.21", "percent", 0, 100, " %"),
    # Which models take more than 100 is not in the command; the client above knows.
    _number("set_power_pct_v2", "3.22", "percent", 0, 200, " %"),
    _number("set_power", "3.23", "power", 0, 99999, " W"),
    _plain("restore_power_pct", "3.24"),
    _number("set_temp_offset", "3.25", "temp_offset", -30, 0, " K"),
    _number("adjust_power_limit", "3.26", "power_limit", 0, 99999, " W"),
    _number("adjust_upfreq_speed", "3.27", "upfreq_speed", 0, 9),
    _switch("set_poweroff_cool", "3.28", "poweroff_cool"),
    _switch("set_fan_zero_speed", "3.29", "fan_zero_speed"),
    Command(
        method="set_heat_mode",
        section="3.30",
        sent=(
            (lambda a: a.set_heat_mode("heating"), {"cmd": "set_heat_mode", "mode": "heating"}),
            (
                lambda a: a.set_heat_mode("anti-icing"),
                {"cmd": "set_heat_mode", "mode": "anti-icing"},
            ),
        ),
        refused=(
            lambda a: a.set_heat_mode("hot"),  # type: ignore[arg-type]  # likewise
        ),
        refusal="^mode must be one of anti-icing, heating, normal$",
    ),
    _plain("disable_btminer_init", "3.31"),
    _plain("enable_btminer_init", "3.32"),
    Command(
        method="set_customer_msg",
        section="3.33",
        sent=(
            (
                lambda a: a.set_customer_msg("place", "attic"),
                {"cmd": "set_customer_msg", "key": "place", "val": "attic"},
            ),
        ),
        refused=(lambda a: a.set_customer_msg("", "attic"),),
        refusal="^key must not be empty$",
    ),
    Command(
        method="get_customer_msg",
        section="3.34",
        sent=(
            (lambda a: a.get_customer_msg("place"), {"cmd": "get_customer_msg", "key": "place"}),
        ),
        refused=(lambda a: a.get_customer_msg(""),),
        refusal="^key must not be empty$",
        message={"place": "attic"},
    ),
    _switch("set_fast_mining", "3.35", "fast_mining"),
    _switch("set_fast_hash", "3.35", "fast_hash"),
    _plain("enable_cgminer_fast_boot", "V1.3.8"),
    _plain("disable_cgminer_fast_boot", "V1.3.8"),
    Command(
        method="pre_power_on",
        sent=(
            (
                lambda a: a.pre_power_on(complete=False, message="wait for adjust temp"),
                {"cmd": "pre_power_on", "complete": "false", "msg": "wait for adjust temp"},
            ),
            (
                lambda a: a.pre_power_on(complete=True, message=""),
                {"cmd": "pre_power_on", "complete": "true", "msg": ""},
            ),
        ),
        message={"complete": "true", "msg": "adjust complete"},
    ),
)

READING = (
    _reading("summary", {"Elapsed": 1}),
    _reading("edevs", [{"Slot": 0}]),
    _reading("devs", [{"Slot": 0}]),
    _reading("devdetails", [{"Model": "M30S+VE40"}]),
    _reading("pools", [{"POOL": 1}]),
    _reading("status", {"mineroff": "false"}),
    _reading("get_version", {"api_ver": "2.2.2"}),
    _reading("get_miner_info", {"ip": "192.0.2.2"}),
    _reading("get_psu", {"pin": "3400"}),
    _reading("get_error_code", {"error_code": []}),
    _reading("get_token", {"time": "5626", "salt": "BQ5hoXV9", "newsalt": "jbzkfQIs"}),
)

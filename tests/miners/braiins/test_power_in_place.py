"""A power target is changed in place: everything else stays to the byte, nothing restarts."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.orders import TargetReference
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.braiins.plain import Client as PlainClient
from tests.simulators.braiins.plain import Node
from tests.simulators.braiins.settings import GroupSetting, PoolSetting
from tests.simulators.clock import ManualClock

from .conftest import MakeClient
from .settings.machines import SETTLED, difference

STARTED = 2000
"""W, stored before: none of the defaults of the models below, and offered by all of them."""

STORED = (
    "configuration/miner",
    "configuration/constraints",
    "network/configuration",
    "network/",
    "license/license",
    "actions/locate",
    "upgrade/auto-upgrade",
)
"""What no measurement is part of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One way to another power target."""

    call: Callable[[BraiinsClient], Awaitable[object]]
    path: str
    """What may be written for it, once."""
    watts: Callable[[BraiinsSimulator], float]
    """What is stored then."""


def default(miner: BraiinsSimulator) -> float:
    """Return the model's own power target in W."""
    return miner.device.preset.power.default


ORDERS = {
    "set": Order(
        call=lambda client: client.set_power_target(2500),
        path="PUT /api/v1/performance/power-target",
        watts=lambda _: 2500,
    ),
    "up": Order(
        call=lambda client: client.step_power_target(1),
        path="PATCH /api/v1/performance/power-target/increment",
        watts=lambda _: STARTED + 1,
    ),
    "down": Order(
        call=lambda client: client.step_power_target(-400),
        path="PATCH /api/v1/performance/power-target/decrement",
        watts=lambda _: STARTED - 400,
    ),
    "percent": Order(
        call=lambda client: client.scale_power_target(75, TargetReference.NOMINAL),
        path="PATCH /api/v1/performance/power-target/relative",
        watts=lambda miner: round(default(miner) * 0.75),
    ),
    "default": Order(
        call=lambda client: client.default_power_target(),
        path="PUT /api/v1/performance/power-target/default",
        watts=default,
    ),
}


@pytest.fixture(params=["S19j Pro", "S19 XP", "M30S++"])
async def miner(
    request: pytest.FixtureRequest, clock: ManualClock
) -> AsyncGenerator[BraiinsSimulator]:
    """A machine on which hardly anything is as the factory left it."""
    miner = BraiinsSimulator(preset=request.param, rest=(1, 7, 0), clock=clock, seed=3)
    settings = miner.device.settings
    settings.tuner_enabled, settings.tuner_mode, settings.power_target = True, 1, STARTED
    # Numbers that a mistaken write of the same kind would change.
    settings.scaling.enabled, settings.scaling.power_step = False, 150
    settings.scaling.minimum_power, settings.scaling.shutdown_hours = 1300, 5
    settings.ramp_up, settings.ramp_down = 45, 20
    settings.network.hostname = "garage"
    settings.auto_upgrade = False
    fans = settings.cooling["auto"]
    assert isinstance(fans, dict)
    fans |= {"min_fan_speed": 20, "max_fan_speed": 70, "target_temperature": {"degree_c": 58.5}}
    settings.groups.append(
        GroupSetting(
            uid="1",
            name="Spare",
            strategy={"fixedshareratio": {"value": 0.25}},
            pools=[
                PoolSetting(
                    uid="1-1",
                    url="stratum+tcp://someone:word@spare.example.com:1",
                    user="me.w",
                    enabled=False,
                ),
                PoolSetting(uid="1-2", url="stratum2+tcp://v2.example.com/key", user="me"),
            ],
        )
    )
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
async def plain(miner: BraiinsSimulator, http: ClientSession) -> PlainClient:
    """Another reader of the machine, which knows nothing of the client."""
    plain = PlainClient(miner, http)
    await plain.login()
    return plain


async def stored(plain: PlainClient) -> dict[str, bytes]:
    """Return what is stored, as it comes."""
    return {path: (await plain.ask("GET", path)).body for path in STORED}


async def running(plain: PlainClient, clock: ManualClock) -> Node:
    """Return what of measurements has to stay, and when board and mining process started."""
    details = await plain.get("miner/details")
    return {
        "status": details["status"],
        "system": clock.now() - details["system_uptime_s"],
        "process": clock.now() - details["bosminer_uptime_s"],
        "boards": [
            [board["id"], board["enabled"]]
            for board in (await plain.get("miner/hw/hashboards"))["hashboards"]
        ],
        "pools": [
            [group["name"], group["strategy"], pool["url"], pool["user"], pool["enabled"]]
            for group in await plain.get("pools/")
            for pool in group["pools"]
        ],
        "mode": list((await plain.get("performance/mode"))["tunermode"]["target"]),
    }


@pytest.mark.parametrize("name", ORDERS)
async def test_power_target_is_changed_in_place(
    name: str,
    miner: BraiinsSimulator,
    client_of: MakeClient,
    plain: PlainClient,
    clock: ManualClock,
) -> None:
    """At once, and when the tuner has long settled, since a restart could come late."""
    order, client = ORDERS[name], client_of(miner)
    await client.read(slow=True)
    before, configuration = await stored(plain), await plain.get("configuration/miner")
    truth, run = miner.truth(), await running(plain, clock)
    assert truth["power_target"] == STARTED
    miner.requests.clear()

    await order.call(client)

    watts = order.watts(miner)
    assert watts != STARTED
    target = b'"power_target": {"watt": %d}'
    old, new = target % STARTED, target % watts
    assert before["configuration/miner"].count(old) == 1
    assert [one for one in miner.requests if not one.startswith("GET ")] == [order.path]
    for seconds in (0, 60, SETTLED):
        clock.advance(seconds)
        after = await plain.get("configuration/miner")
        assert difference(configuration, after) == {"tuner.power_target.watt": watts}
        assert await stored(plain) == {path: was.replace(old, new) for path, was in before.items()}
        now = miner.truth()
        assert now["power_target"] == watts
        for kept in ("mining", "mining_restarts", "pools", "locate", "hashrate_target"):
            assert now[kept] == truth[kept], kept
        assert await running(plain, clock) == run

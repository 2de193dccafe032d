"""Who answers, and whether it lets us in."""

from aiohttp import ClientSession
import pytest

from custom_components.asic_miner.miners import create_client
from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.client import Credentials
from custom_components.asic_miner.miners.errors import (
    AuthenticationError,
    MalformedReplyError,
    UnreachableError,
)
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Feature,
    Make,
    PowerRange,
)

from .answers import details
from .device import CONSTRAINTS, Answer, Device, Reply


async def test_made_by_the_common_function(device: Device, http: ClientSession) -> None:
    """Without credentials the usual user and no password are tried."""
    client = await create_client(Make.BRAIINS, "127.0.0.1", device.port, Credentials(), http)
    assert isinstance(client, BraiinsClient)
    assert client.make is Make.BRAIINS
    assert client.capabilities == Capabilities()
    device.password = ""
    await client.check_access()
    await client.close()


async def test_probe(device: Device, client: BraiinsClient) -> None:
    """The version tells Braiins OS from others, without sending credentials."""
    assert await client.probe() is None
    assert device.calls == [("GET", "version/")]


@pytest.mark.parametrize(
    "answer",
    [
        {"major": 1, "minor": 0},
        "1.0.0",
        Reply(body=b"<html>Printer</html>"),
        Reply(status=401),
        Reply(status=404),
        Reply(status=500),
        Reply(status=301, headers={"Location": "https://printer.example/"}),
    ],
)
async def test_probe_of_something_else(
    answer: Answer, device: Device, client: BraiinsClient
) -> None:
    """Whatever else answers is of no or another make."""
    device.answers["GET", "version/"] = answer
    with pytest.raises(MalformedReplyError):
        await client.probe()
    assert device.logins == 0


async def test_probe_of_nothing(device: Device, client: BraiinsClient) -> None:
    """Nobody there is not somebody else."""
    await device.stop()
    with pytest.raises(UnreachableError):
        await client.probe()


async def test_identify(device: Device, client: BraiinsClient) -> None:
    """Who it is, and which targets it takes."""
    identity = await client.identify()
    assert identity.mac == "02:5a:10:00:00:07"
    assert identity.model == "Antminer S19j Pro"
    assert client.capabilities.ranges.get(Feature.POWER_TARGET) == PowerRange(
        minimum=950, maximum=3300, step=10, default=3000
    )
    assert client.capabilities.ranges.get(Feature.HASHRATE_TARGET) == PowerRange(
        minimum=70.5, maximum=110, step=1, default=100
    )
    assert client.capabilities.boards == {1, 2, 3}
    assert Feature.DEFAULT_POWER_TARGET in client.capabilities
    assert len(device.calls) == 4


async def test_identify_by_network(device: Device, client: BraiinsClient) -> None:
    """Details without a MAC are made up for."""
    device.answers["GET", "miner/details"] = details(mac_address="", hostname="")
    identity = await client.identify()
    assert identity.mac == "02:5a:10:00:00:07"
    assert identity.hostname == "Antminer"


async def test_identify_without_constraints(device: Device, client: BraiinsClient) -> None:
    """They are asked for again with the next slow read, or when they are needed."""
    device.answers["GET", "configuration/constraints"] = Reply(status=500)
    await client.identify()
    assert Feature.POWER_TARGET not in client.capabilities
    assert Feature.MINING in client.capabilities
    await client.read(slow=True)
    assert Feature.POWER_TARGET not in client.capabilities
    device.answers["GET", "configuration/constraints"] = CONSTRAINTS
    await client.read(slow=True)
    assert Feature.POWER_TARGET in client.capabilities


async def test_check_access(device: Device, client: BraiinsClient) -> None:
    """Logs in and reads; a wrong password is refused each time it is tried."""
    await client.check_access()
    assert device.calls[-1] == ("GET", "miner/details")
    device.password = "changed"
    for logins in (2, 3):
        with pytest.raises(AuthenticationError):
            await client.check_access()
        assert device.logins == logins
    device.password = "root"
    await client.check_access()
    assert device.writes == []

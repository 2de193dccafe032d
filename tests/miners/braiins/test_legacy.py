"""Braiins OS from before the REST API is told from everything else."""

import pytest

from custom_components.asic_miner.miners.braiins.client import BraiinsClient
from custom_components.asic_miner.miners.errors import MalformedReplyError, OutdatedFirmwareError

from .answers import drop
from .device import Answer, Device, Reply, refusal

ROOT = ("GET", "/")
GRAPHQL = ("POST", "/graphql")


def page(html: str, kind: str = "text/html") -> Reply:
    """Return a web page."""
    return Reply(body=html.encode(), content_type=kind)


TITLE = page("<html><head><TITLE lang=en>\nBraiins OS | Dashboard</TITLE></head></html>")
MENTION = page("<html><title>Loading</title><body>Welcome to BraiinsOS</body></html>")
GRAPHQL_ANSWER: Answer = {"data": {"__typename": "QueryRoot"}}


@pytest.fixture(params=[404, 405, "page"])
def old(request: pytest.FixtureRequest, device: Device) -> Device:
    """Answer the question for the version like firmware without it."""
    status = request.param
    device.answers["GET", "version/"] = TITLE if status == "page" else Reply(status=status)
    device.public |= {"/", "/graphql"}
    return device


async def test_by_its_title(old: Device, client: BraiinsClient) -> None:
    """One request more, and no credentials."""
    old.answers[ROOT] = TITLE
    with pytest.raises(OutdatedFirmwareError, match=r"25\.07"):
        await client.probe()
    assert old.calls == [("GET", "version/"), ROOT]
    assert old.logins == 0
    assert all(asked.token is None for asked in old.asked)


async def test_by_its_service(old: Device, client: BraiinsClient) -> None:
    """A page that mentions it needs the service of that firmware beside it."""
    old.answers[ROOT] = MENTION
    old.answers[GRAPHQL] = GRAPHQL_ANSWER
    with pytest.raises(OutdatedFirmwareError):
        await client.probe()
    assert old.calls[-1] == GRAPHQL
    assert old.asked[-1].json == {"query": "{ __typename }"}


@pytest.mark.parametrize(
    ("root", "graphql"),
    [
        (MENTION, Reply(status=404)),
        (MENTION, Reply(status=401)),
        (MENTION, page("<html>Braiins OS</html>")),
        (MENTION, {"errors": []}),
        (MENTION, drop),
        # Services of other makers that are no Braiins OS by their page.
        (page("<title>WhatsMiner</title>"), GRAPHQL_ANSWER),
        (page("<title>Stock firmware</title><!-- braiins pool -->"), GRAPHQL_ANSWER),
        (page("<title>Braiins OS</title>", "text/plain"), GRAPHQL_ANSWER),
        (Reply(status=301, headers={"Location": "https://braiins.example/os"}), GRAPHQL_ANSWER),
        (Reply(status=200, body=b"\xff" * 100, content_type="text/html"), GRAPHQL_ANSWER),
        (refusal(500, "Braiins OS"), GRAPHQL_ANSWER),
        (drop, GRAPHQL_ANSWER),
    ],
)
async def test_another_maker(
    root: Answer, graphql: Answer, old: Device, client: BraiinsClient
) -> None:
    """Whatever mentions it is not taken for it."""
    old.answers[ROOT], old.answers[GRAPHQL] = root, graphql
    with pytest.raises(MalformedReplyError):
        await client.probe()
    assert old.logins == 0


@pytest.mark.parametrize("status", [401, 412, 500, 503])
async def test_present_firmware_in_trouble(
    status: int, device: Device, client: BraiinsClient
) -> None:
    """An API that answers with an error is there; its page is not asked for."""
    device.public |= {"/"}
    device.answers["GET", "version/"] = Reply(status=status)
    device.answers[ROOT] = TITLE
    with pytest.raises(MalformedReplyError):
        await client.probe()
    assert device.calls == [("GET", "version/")]


async def test_the_way_to_an_old_login(device: Device, client: BraiinsClient) -> None:
    """Whoever comes past the probe is told so at the login."""
    device.answers["POST", "auth/login"] = Reply(status=405)
    with pytest.raises(OutdatedFirmwareError, match=r"25\.07"):
        await client.check_access()

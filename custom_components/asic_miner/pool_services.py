"""Actions about the pools that a miner mines on."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import probatio

from .action import Action, Request, number, whole
from .const import DOMAIN
from .miners.orders import PoolEntry, PoolGroup

QUOTA = probatio.All(whole, probatio.Range(min=0, max=10_000))
"""Finer than the smallest part of a hashrate that anyone sees; a miner refuses 0."""

POOL = probatio.Schema(
    {
        probatio.Required("url"): cv.string,
        probatio.Required("user"): cv.string,
        probatio.Optional("password"): cv.string,
        probatio.Optional("enabled", default=True): cv.boolean,
        probatio.Optional("group"): cv.string,
    }
)
GROUP = probatio.Schema(
    {
        probatio.Required("name"): cv.string,
        probatio.Exclusive("quota", "part"): QUOTA,
        probatio.Exclusive("share", "part"): probatio.All(number, probatio.Range(min=0, max=100)),
    }
)


def _groups(data: Mapping[str, Any]) -> tuple[PoolGroup, ...]:
    """Return the pools in the groups that they name, in the order in which these appear."""
    members: dict[str | None, list[PoolEntry]] = {}
    for pool in data["pools"]:
        given = {key: value for key, value in pool.items() if key != "group"}
        members.setdefault(pool.get("group"), []).append(PoolEntry(**given))
    parts = {group["name"]: group for group in data.get("groups", ())}
    if unknown := parts.keys() - members.keys():
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="empty_pool_group",
            translation_placeholders={"group": ", ".join(sorted(unknown))},
        )
    return tuple(
        PoolGroup(
            name=name,
            pools=tuple(pools),
            quota=parts.get(name, {}).get("quota"),
            share=share / 100 if (share := parts.get(name, {}).get("share")) is not None else None,
        )
        for name, pools in members.items()
    )


async def _set_pools(request: Request) -> None:
    groups = _groups(request.data)
    previous = request.data.get("previous_passwords")
    await request.command(
        lambda client: client.set_pools(
            groups, previous_passwords=None if previous is None else tuple(previous)
        )
    )


async def _get_pools(request: Request) -> ServiceResponse:
    groups = await request.command(lambda client: client.get_pools())
    return {
        "groups": [
            {
                "name": group.name,
                "quota": group.quota,
                "share": None if group.share is None else group.share * 100,
                # The password is left out even where a miner would tell it.
                "pools": [
                    {"url": pool.url, "user": pool.user, "enabled": pool.enabled}
                    for pool in group.pools
                ],
            }
            for group in groups
        ]
    }


POOL_ACTIONS = (
    Action(
        name="set_pools",
        run=_set_pools,
        fields={
            probatio.Required("pools"): probatio.All(
                cv.ensure_list, [POOL], probatio.Length(min=1)
            ),
            probatio.Optional("groups"): probatio.All(cv.ensure_list, [GROUP]),
            probatio.Optional("previous_passwords"): probatio.All(cv.ensure_list, [cv.string]),
        },
    ),
    Action(name="get_pools", run=_get_pools, response=SupportsResponse.ONLY),
)

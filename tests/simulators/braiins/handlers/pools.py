"""Pool groups: live list and the writes, all of which restart mining."""

from .. import readings, shapes
from ..device import Device
from ..gateway import Call, Reply, operation
from ..settings import GroupSetting, PoolSetting
from ..wire import Json, RefusedError

_GROUP = shapes.members(
    {
        "name": shapes.text,
        "pools": shapes.array(
            shapes.members(
                {"url": shapes.text, "user": shapes.text},
                {"uid": shapes.text, "password": shapes.text, "enabled": shapes.boolean},
            )
        ),
    },
    {
        "uid": shapes.text,
        "load_balance_strategy": shapes.tagged(
            quota=shapes.members({"value": shapes.unsigned}),
            fixedshareratio=shapes.members({"value": shapes.number}),
        ),
    },
)


@operation("GET", "pools/", process=True)
def live(call: Call) -> Json:
    """Tell all groups with the state of their pools, as a bare list."""
    return [_live_group(call, group) for group in call.device.settings.groups]


def _live_group(call: Call, group: GroupSetting) -> Json:
    device = call.device
    # A machine that never hashed has pools that answer, but none it mines on.
    active = device.pools.active(group) if device.boards_ready else None
    members: dict[str, Json] = {"uid": group.uid} if call.since(1, 1, 0) else {}
    return {
        **members,
        "name": group.name,
        "strategy": group.strategy,
        "pools": [
            {
                "uid": pool.uid,
                "url": pool.url,
                "user": pool.user,
                "enabled": pool.enabled is not False,
                "alive": device.pools.alive(pool),
                "active": pool is active,
                "stats": readings.pool_stats(device, [device.pools.counters(pool)]),
            }
            for pool in group.pools
        ],
    }


def stored_group(group: GroupSetting) -> Json:
    """Spell a group as the configuration does, passwords included."""
    return {
        "uid": group.uid,
        "name": group.name,
        "load_balance_strategy": group.strategy,
        "pools": [
            {
                "uid": pool.uid,
                "url": pool.url,
                "user": pool.user,
                "password": pool.password,
                "enabled": pool.enabled,
            }
            for pool in group.pools
        ],
    }


@operation("POST", "pools/", process=True, body=_GROUP)
def create(call: Call) -> Reply:
    """Add a group."""
    groups = call.device.settings.groups
    group = _read_group(call.members, _free_uid(groups))
    groups.append(group)
    call.device.reload()
    return Reply(status=201, body=stored_group(group))


@operation("PUT", "pools/batch", process=True, body=shapes.array(_GROUP))
def replace_all(call: Call) -> Json:
    """Put other groups in place of all there are."""
    assert isinstance(call.body, list), "the shape says so"
    groups: list[GroupSetting] = []
    for given in call.body:
        assert isinstance(given, dict), "the shape says so"
        groups.append(_read_group(given, _free_uid(groups)))
    call.device.settings.groups = groups
    call.device.reload()
    return [stored_group(group) for group in groups]


@operation("PUT", "pools/{uid}", process=True, body=_GROUP)
def update(call: Call) -> Json:
    """Put another group in place of one."""
    device, uid = call.device, call.parameters["uid"]
    index = _index(device, uid)
    group = _read_group(call.members, uid)
    device.settings.groups[index] = group
    device.reload()
    return stored_group(group)


@operation("DELETE", "pools/{uid}", process=True)
def delete(call: Call) -> Reply:
    """Remove a group."""
    device = call.device
    del device.settings.groups[_index(device, call.parameters["uid"])]
    device.reload()
    return Reply(status=204)


def _index(device: Device, uid: str) -> int:
    for index, group in enumerate(device.settings.groups):
        if group.uid == uid:
            return index
    raise RefusedError(404, f"pool group '{uid}' does not exist")


def _free_uid(groups: list[GroupSetting]) -> str:
    return str(max((int(group.uid) for group in groups), default=-1) + 1)


def _read_group(given: dict[str, Json], uid: str) -> GroupSetting:
    name, pools = given["name"], given["pools"]
    assert isinstance(name, str), "the shape says so"
    assert isinstance(pools, list), "the shape says so"
    if given.get("uid") is not None:
        raise RefusedError(400, "uid of a group is not to be sent")
    if not name:
        raise RefusedError(
            400, "group name '' length (0) is out-of-range (min: Some(1), max: None)"
        )
    return GroupSetting(
        uid=uid,
        name=name,
        strategy=given.get("load_balance_strategy") or {"quota": {"value": 1}},
        pools=[_read_pool(pool, f"{uid}-{number}") for number, pool in enumerate(pools, 1)],
    )


def _read_pool(given: Json, uid: str) -> PoolSetting:
    assert isinstance(given, dict), "the shape says so"
    url, user, password = given["url"], given["user"], given.get("password")
    assert isinstance(url, str), "the shape says so"
    assert isinstance(user, str), "the shape says so"
    if given.get("uid") is not None:
        raise RefusedError(400, "uid of a pool is not to be sent")
    if "://" not in url:
        raise RefusedError(400, f"invalid pool url '{url}'")
    return PoolSetting(
        uid=uid,
        url=url,
        user=user,
        password=password if isinstance(password, str) else None,
        enabled=given.get("enabled") is not False,
    )

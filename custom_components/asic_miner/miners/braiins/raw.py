"""What a Braiins OS device answers, as it comes, without what its owner would not show."""

from functools import partial
import re

from ..models import JsonValue
from ..redact import redacted
from ..report import collected
from .operations import Operations
from .parse import Json

PATHS = (
    "version/",
    "miner/details",
    "miner/stats",
    "miner/hw/hashboards",
    "cooling/state",
    "configuration/miner",
    "configuration/constraints",
    "pools/",
    "performance/mode",
    "performance/tuner-state",
    "performance/target-profiles",
    "performance/efficiency-profile",
    "network/",
    "network/configuration",
    "license/license",
    "actions/locate",
    "upgrade/auto-upgrade",
    "advanced-settings/",
    "miner/errors",
)
"""All that can be read but logs, streams and what repeats others."""
CONTRACT = "docs/openapi.json"

SECRETS = frozenset(
    {"user", "username", "password", "serial_number", "uid", "contract_name", "contract_key"}
)
MAY_BE_SECRET = frozenset({"hostname"})
"""Often the firmware's own, which stands in many places, but it can be that of a worker."""
POOL_ADDRESSES = frozenset({"url"})

KNOWN = frozenset(
    {
        "DELETE advanced-settings/",
        "DELETE performance/tuned-profiles",
        "DELETE pools/{}",
        "GET actions/locate",
        "GET advanced-settings/",
        "GET advanced-settings/schema",
        "GET configuration/constraints",
        "GET configuration/miner",
        "GET cooling/state",
        "GET docs/openapi.json",
        "GET license/license",
        "GET miner/details",
        "GET miner/errors",
        "GET miner/hw/hashboards",
        "GET miner/log/{}",
        "GET miner/stats",
        "GET miner/status",
        "GET miner/status/detailed",
        "GET miner/support-archive",
        "GET network/",
        "GET network/configuration",
        "GET performance/efficiency-profile",
        "GET performance/mode",
        "GET performance/target-profiles",
        "GET performance/tuner-state",
        "GET pools/",
        "GET upgrade/auto-upgrade",
        "GET version/",
        "PATCH advanced-settings/",
        "PATCH miner/hw/hashboards",
        "PATCH network/configuration",
        "PATCH performance/hashrate-target/decrement",
        "PATCH performance/hashrate-target/increment",
        "PATCH performance/hashrate-target/relative",
        "PATCH performance/power-target/decrement",
        "PATCH performance/power-target/increment",
        "PATCH performance/power-target/relative",
        "PATCH upgrade/auto-upgrade",
        "POST auth/login",
        "POST pools/",
        "POST upgrade/restore-stock",
        "POST upgrade/system-upgrade",
        "PUT actions/factory-reset",
        "PUT actions/locate",
        "PUT actions/pause",
        "PUT actions/reboot",
        "PUT actions/restart",
        "PUT actions/resume",
        "PUT actions/start",
        "PUT actions/stop",
        "PUT auth/password",
        "PUT cooling/mode",
        "PUT license/apply-contract-key",
        "PUT performance/dps",
        "PUT performance/hashrate-target",
        "PUT performance/hashrate-target/default",
        "PUT performance/mode",
        "PUT performance/power-target",
        "PUT performance/power-target/default",
        "PUT performance/quick-ramping",
        "PUT performance/quick-ramping/default",
        "PUT pools/batch",
        "PUT pools/{}",
    }
)
"""The operations of the contract this was written for, 1.7.0."""

_METHODS = frozenset({"get", "put", "post", "patch", "delete"})
_PARAMETER = re.compile(r"\{[^}]*\}")


async def answers(api: Operations) -> dict[str, JsonValue]:
    """Read everything, one after the other, and return the answers redacted.

    Of the device's own contract only its version comes, and in which operations it differs
    from ours. Nothing is raised: what fails is shown as the kind of its error.
    """
    said = await collected(
        {
            **{path: partial(api.read_any, path) for path in PATHS},
            CONTRACT: partial(_contract, api),
        }
    )
    return redacted(said, keys=SECRETS, alone=MAY_BE_SECRET, addresses=POOL_ADDRESSES)


async def _contract(api: Operations) -> JsonValue:
    return differences(await api.read_any(CONTRACT))


def differences(contract: Json) -> JsonValue:
    """Return version and title of an OpenAPI document, and where its operations are not ours."""
    document = contract if isinstance(contract, dict) else {}
    info, paths = document.get("info"), document.get("paths")
    has = {
        f"{method.upper()} {_PARAMETER.sub('{}', path.removeprefix('/api/v1/'))}"
        for path, methods in (paths if isinstance(paths, dict) else {}).items()
        if isinstance(methods, dict)
        for method in methods
        if method in _METHODS
    }
    return {
        "version": info.get("version") if isinstance(info, dict) else None,
        "missing": list[JsonValue](sorted(KNOWN - has)),
        "unknown": list[JsonValue](sorted(has - KNOWN)),
    }

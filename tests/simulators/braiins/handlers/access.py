"""Login, password, version, contract and license."""

from .. import shapes
from ..gateway import OPERATIONS, Call, Reply, operation
from ..sessions import TIMEOUT
from ..wire import Json, RefusedError


@operation(
    "POST",
    "auth/login",
    session=False,
    body=shapes.members({"username": shapes.text, "password": shapes.text}),
)
def login(call: Call) -> Json:
    """Open a session."""
    gateway = call.gateway
    if (
        call.members["username"] != gateway.username
        or call.members["password"] != gateway.miner.password
    ):
        raise RefusedError(401, "invalid credentials")
    gateway.logins += 1
    return {"token": gateway.sessions.open(call.device.now), "timeout_s": TIMEOUT}


@operation("PUT", "auth/password", body=shapes.members({}, {"password": shapes.text}))
def set_password(call: Call) -> Reply:
    """Set the password; null removes it."""
    password = call.members.get("password")
    call.gateway.miner.password = password if isinstance(password, str) else ""
    if call.device.unknowns.password_change_drops_sessions:
        call.gateway.sessions.drop_all()
    return Reply(status=204)


@operation("GET", "version/", session=False)
def version(call: Call) -> Json:
    """Tell the version of the contract."""
    major, minor, patch = call.device.preset.rest
    return {"major": major, "minor": minor, "patch": patch}


@operation("GET", "docs/openapi.json")
def contract(call: Call) -> Json:
    """Tell which operations there are, in the frame of an OpenAPI document."""
    paths: dict[str, Json] = {}
    for known in OPERATIONS:
        if known.since <= call.device.preset.rest:
            item = paths.setdefault(f"/api/v1/{known.path}", {})
            assert isinstance(item, dict), "made so one line above"
            item[known.method.lower()] = {"operationId": known.handler.__name__, "responses": {}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Simulated miner",
            "version": ".".join(str(part) for part in call.device.preset.rest),
        },
        "paths": paths,
    }


@operation("GET", "license/license", process=True)
def license_state(call: Call) -> Json:
    """Tell the license."""
    return {"state": call.device.settings.license}


@operation(
    "PUT",
    "license/apply-contract-key",
    body=shapes.members({"contract_key": shapes.text}, {"keep_existing": shapes.boolean}),
)
def apply_contract_key(call: Call) -> Json:
    """Take a contract key, which counts from the next start of the mining process."""
    key = call.members["contract_key"]
    if not key:
        raise RefusedError(400, "contract key is empty")
    call.device.settings.license = {
        "valid": {
            "type": 2,
            "contract_name": "Custom contract",
            "time_to_restricted": 2_419_200,
            "dev_fee": None,
        }
    }
    return {"successful": True}

"""A WhatsMiner's answers as they come, without what its owner would not show."""

from functools import partial
import json

from ..errors import MalformedReplyError
from ..models import JsonValue
from ..redact import redacted
from ..report import collected
from .envelope import Code, parse
from .parse import JsonObject, as_number
from .transport import Transport

COMMANDS = (
    "get_version",
    "get_miner_info",
    "status",
    "summary",
    "edevs",
    "pools",
    "get_psu",
    "get_error_code",
    "devdetails",
)
"""All reading commands but `devs`, which is `edevs`, and `get_token`, which gives secrets and
takes one of few places."""
SECRETS = frozenset({"user", "minersn", "powersn", "pcb sn", "serial_no"})
"""In lower case."""
MAY_BE_SECRET = frozenset({"hostname"})
"""Often the maker's own, which stands in many places, but it can be that of a worker."""
POOL_ADDRESSES = frozenset({"url", "stratum url"})


async def answers(transport: Transport) -> dict[str, JsonValue]:
    """Send all reading commands, one after the other, and return the answers redacted.

    Takes no token. Nothing is raised: what fails is shown as the kind of its error.
    """
    said = await collected({name: partial(_ask, transport, name) for name in COMMANDS})
    return redacted(said, keys=SECRETS, alone=MAY_BE_SECRET, addresses=POOL_ADDRESSES)


async def _ask(transport: Transport, command: str) -> JsonValue:
    """Return the whole reply, or what could be read of one that is broken."""
    reply: JsonObject = {}
    # Firmware of 2020 takes only the key that cgminer uses.
    for key in ("cmd", "command"):
        text = await transport.exchange(json.dumps({key: command}))
        try:
            reply = parse(text)
        except MalformedReplyError as error:
            # It holds the shape of the reply, with its contents made unreadable.
            return {"malformed": str(error)}
        if not _names_no_command(reply):
            break
    return reply


def _names_no_command(reply: JsonObject) -> bool:
    status = reply.get("STATUS")
    head = status[0] if isinstance(status, list) and status else reply
    return isinstance(head, dict) and as_number(head.get("Code")) == Code.NO_COMMAND

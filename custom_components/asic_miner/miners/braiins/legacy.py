"""Telling Braiins OS from before the REST API from what is no Braiins OS at all."""

import re

from aiohttp import ClientSession

from ..errors import MinerError
from .parse import Json, at
from .transport import TIMEOUT, Request, SessionEndedError, Transport, bounded

NAME = re.compile(r"braiins\s*os", re.IGNORECASE)
TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
HARMLESS: Json = {"query": "{ __typename }"}
"""A question that every GraphQL service answers, and that asks for nothing."""


class WebServer:
    """The web server of a device, asked without credentials."""

    def __init__(self, host: str, port: int, http: ClientSession) -> None:
        """Send nothing yet. `http` stays the caller's."""
        self._transport = Transport(host, port, http)

    async def is_outdated(self) -> bool:
        """Tell whether this is Braiins OS without the REST API, in one or two requests.

        Its page has the name as its title. A page that only mentions it somewhere may be
        another maker's, so then there also has to be the GraphQL service which that
        firmware answers without a session.
        """
        try:
            page = await self._page()
            title = TITLE.search(page)
            if title is not None and NAME.search(title[1]):
                return True
            return NAME.search(page) is not None and await self._answers_graphql()
        except MinerError:
            return False

    async def _page(self) -> str:
        request = Request(method="GET", path="", api=False)
        async with (
            self._transport.slots,
            self._transport.answer(request, None, TIMEOUT) as response,
        ):
            if response.status != 200 or "html" not in response.content_type:
                return ""
            return (await bounded(response)).decode(errors="replace")

    async def _answers_graphql(self) -> bool:
        request = Request(method="POST", path="graphql", body=HARMLESS, api=False)
        try:
            reply = await self._transport.send(request)
        except SessionEndedError:
            return False
        return isinstance(at(reply, "data", "__typename"), str)

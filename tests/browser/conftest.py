"""One Home Assistant and one browser for all tests of a module.

Starting both takes some fifteen seconds, so the tests of a module use them one after another;
each has a tab and miners of its own.
"""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
import json
import os
from pathlib import Path

from playwright.async_api import Browser, ViewportSize, async_playwright, expect
import pytest
import pytest_asyncio
import pytest_socket

from tests.demo.hass import PASSWORD, USER, Hass

from .frontend import SCREENSHOTS, WAIT_MS, Frontend

CHROMIUM = os.environ.get("CHROMIUM")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # It shall speak to nobody but Home Assistant.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SIZE = ViewportSize(width=1280, height=1000)
"""Of the window; a page of a miner fits in without scrolling much."""

ADAPTERS = {
    "version": 1,
    "minor_version": 1,
    "key": "core.network",
    "data": {"configured_adapters": ["lo"]},
}
"""What somebody has stored who chose the adapter by hand: the simulated miners are there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have all tests here run in the loop of their module, and only with a browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(600))
            if not CHROMIUM:
                reason = "no browser: CHROMIUM does not name one, see scripts/test"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_thread() -> None:
    """Have files written by one thread that is there from the start.

    The harness takes a thread that a test leaves behind for a mistake.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    await asyncio.to_thread(int)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hass_process(
    one_thread: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Hass]:
    """A real Home Assistant that has started."""
    # The harness closes sockets before each test, but opens them again for each test only;
    # it goes on to allow 127.0.0.1 alone.
    pytest_socket.enable_socket()
    config = tmp_path_factory.mktemp("hass") / "config"
    storage = config / ".storage"
    storage.mkdir(parents=True)
    (storage / "core.network").write_text(json.dumps(ADAPTERS), "utf-8")
    async with Hass(config=config) as hass:
        yield hass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(one_thread: None) -> AsyncGenerator[Browser]:
    """A browser without anything open."""
    pytest_socket.enable_socket()
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def login(
    hass_process: Hass, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What the browser keeps once somebody has logged in."""
    kept = tmp_path_factory.mktemp("browser") / "login.json"
    context = await browser.new_context(viewport=SIZE)
    context.set_default_timeout(WAIT_MS)
    tab = await context.new_page()
    await tab.goto(hass_process.url)
    await tab.get_by_label("Username").fill(USER)
    await tab.get_by_label("Password", exact=True).fill(PASSWORD)
    await tab.get_by_role("button", name="Log in").click()
    await tab.get_by_text("Welcome Demo").wait_for()
    await context.storage_state(path=kept)
    await context.close()
    return kept


@pytest_asyncio.fixture(loop_scope="module")
async def ui(
    request: pytest.FixtureRequest, hass_process: Hass, browser: Browser, login: Path
) -> AsyncGenerator[Frontend]:
    """A tab in which somebody has logged in."""
    context = await browser.new_context(viewport=SIZE, storage_state=login)
    context.set_default_timeout(WAIT_MS)
    tab = await context.new_page()
    yield Frontend(tab=tab, hass=hass_process)
    # What a test that failed was looking at.
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await tab.screenshot(path=SCREENSHOTS / f"last-{request.node.name}.png")
    await context.close()

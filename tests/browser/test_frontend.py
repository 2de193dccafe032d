"""The real frontend in a real browser, used as a person uses it.

Screenshots are left in test-output/screenshots, to be looked at.
"""

import asyncio
from collections.abc import AsyncGenerator
import os
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect
import pytest

from tests.demo.hass import PASSWORD, USER, Hass
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

CHROMIUM = os.environ.get("CHROMIUM")
SCREENSHOTS = Path(__file__).parents[2] / "test-output" / "screenshots"

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

WAIT_MS = 60_000
"""For whatever is to appear; generous, because waiting longer than needed costs nothing."""

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not CHROMIUM, reason="no browser: CHROMIUM does not name one, see scripts/test"
    ),
]


@pytest.fixture
async def miner() -> AsyncGenerator[WhatsminerSimulator]:
    """A miner that is in the network and not yet in Home Assistant."""
    miner = WhatsminerSimulator(preset="M60S", clock=RunningClock(20), seed=21)
    await miner.start()
    yield miner
    await miner.stop()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncGenerator[tuple[Page, Hass]]:
    """A browser in which somebody has logged in to a fresh Home Assistant."""
    async with Hass(config=tmp_path / "config") as hass, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        try:
            await page.goto(hass.url)
            await page.get_by_label("Username").fill(USER)
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Log in").click()
            await page.get_by_text("Welcome Demo").wait_for()
            yield page, hass
        finally:
            # What a test that failed was looking at.
            await shot(page, "last")
            await browser.close()


async def shot(page: Page, name: str) -> None:
    """Keep a picture of what is shown now."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    # Dialogs and switches move for some tenths of a second.
    await page.wait_for_timeout(700)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png")


async def no_raw_text(page: Page) -> None:
    """Nothing that only a programmer would understand is on the page."""
    shown = await page.locator("home-assistant").inner_text()
    for raw in ("undefined", "[object", "component.asic_miner", "asic_miner.", "NaN"):
        assert raw not in shown, raw


async def until(what: str, reached: object) -> None:
    """Wait until something is so outside the page."""
    assert callable(reached)
    async with asyncio.timeout(WAIT_MS / 1000):
        while not reached():
            await asyncio.sleep(0.2)


async def test_add_a_miner_and_switch_it(
    page: tuple[Page, Hass], miner: WhatsminerSimulator
) -> None:
    """Find the integration, get the password wrong once, and use the device page."""
    tab, hass = page
    await tab.goto(f"{hass.url}/config/integrations/dashboard")
    await tab.get_by_role("button", name="Add integration").click()
    await tab.get_by_placeholder("Search for a brand name").fill("asic")
    await shot(tab, "1-search")
    await tab.get_by_text("ASIC Miner").last.click()

    await tab.get_by_text("Add a miner").wait_for()
    await tab.locator("ha-selector-text input").fill(miner.host)
    await tab.get_by_text("Advanced").click()
    await tab.locator("ha-selector-number input").fill(str(miner.port))
    await shot(tab, "2-address")
    await tab.get_by_role("button", name="Submit").click()

    await tab.get_by_text("how Home Assistant may log in").wait_for()
    password = tab.locator("ha-selector-text input[type=password]")
    await password.fill("mistyped")
    await tab.get_by_role("button", name="Submit").click()
    await tab.get_by_text("The miner refuses this login").wait_for()
    await shot(tab, "3-wrong-password")
    await no_raw_text(tab)
    await password.fill(miner.password)
    await tab.get_by_role("button", name="Submit").click()
    await tab.get_by_text("Name and assign").wait_for()
    await shot(tab, "4-added")
    await tab.get_by_role("button", name="Skip and finish").click()

    await tab.goto(f"{hass.url}/config/integrations/integration/asic_miner")
    await tab.get_by_text("Hashboard 3").wait_for()
    await no_raw_text(tab)
    await shot(tab, "5-integration")

    await tab.get_by_text("WhatsMiner M60S", exact=True).last.click()
    await tab.get_by_text("by MicroBT").wait_for()
    await tab.get_by_text("TH/s").first.wait_for()
    await no_raw_text(tab)
    # The slider stands where the miner's power is, once that is known.
    await hass.call("number.set_value", "number.whatsminer_m60s_power_level", value=80)
    # On a page of this width the number beside the slider is there and hidden.
    await tab.get_by_text("80%").first.wait_for(state="attached")
    await shot(tab, "6-device")

    switch = tab.locator("ha-entity-toggle").first
    await switch.click()
    await until("the device is off", lambda: miner.truth()["mining"] is False)
    await tab.get_by_text("Stopped").first.wait_for()
    await shot(tab, "7-mining-off")
    await switch.click()
    await until("the device is on", lambda: miner.truth()["mining"] is True)
    await shot(tab, "8-mining-on")
    await no_raw_text(tab)
    assert " ERROR " not in hass.log

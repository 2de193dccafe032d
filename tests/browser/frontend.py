"""The real frontend in a browser, with the words of a person who uses it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import re
from typing import Literal

from playwright.async_api import Locator, Page

from tests.demo.hass import Hass

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
DOCS_IMAGES = ROOT / "docs" / "images"

WANT_DOCS_IMAGES = bool(os.environ.get("DOCS_IMAGES"))
"""Set it to make the pictures of the documentation anew; else the tests change nothing."""

WAIT_MS = 60_000
"""For whatever is to appear; generous, because waiting longer than needed costs nothing."""
MOVES_MS = 700
"""Dialogs and switches move for some tenths of a second."""

RAW = re.compile(
    r"undefined|\[object|component\.asic_miner|\bNaN\b|\bnull\b|Translation error|\{\w+\}"
)
"""What only a programmer would understand, and what stands for a text that is missing."""

ALL_TEXT = """() => {
  const found = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.data.trim()) found.push(node.data.trim());
      return;
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (["STYLE", "SCRIPT", "TEMPLATE"].includes(node.tagName)) return;
      for (const name of ["label", "placeholder"]) {
        if (node.getAttribute(name)) found.push(node.getAttribute(name));
      }
      if (node.tagName === "INPUT" && node.type === "text") found.push(node.value);
    }
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return found.join("\\n");
}"""
"""All words on the page. The frontend is made of shadow roots, into which innerText of the
browser does not look."""

type Theme = Literal["light", "dark"]


@dataclass(kw_only=True)
class Frontend:
    """One tab in which somebody has logged in to Home Assistant."""

    tab: Page
    hass: Hass

    # Going somewhere

    async def open(self, path: str) -> None:
        """Open a page of the frontend."""
        await self.tab.goto(f"{self.hass.url}{path}")

    async def open_integration(self) -> None:
        """Open the page of the integration with all its miners."""
        await self.open("/config/integrations/integration/asic_miner")
        await self.tab.get_by_text("Custom integration").wait_for()

    def entry(self, title: str) -> Locator:
        """Return the box of one miner on the page of the integration."""
        return self.tab.locator("ha-config-entry-row", has_text=title)

    async def open_entry_menu(self, title: str) -> Locator:
        """Open the menu behind the three dots of one miner, and return it."""
        await self.open_integration()
        menu = self.entry(title).locator("ha-dropdown").first
        await menu.locator("ha-icon-button").first.click()
        await menu.locator("ha-dropdown-item[value=reload]").wait_for()
        return menu

    async def open_device(self, title: str) -> None:
        """Open the page of the device that has this name."""
        devices = await self.hass.command("config/device_registry/list")
        [found] = [device["id"] for device in devices if device["name"] == title]
        await self.open(f"/config/devices/device/{found}")
        await self.tab.get_by_text("Device info").first.wait_for()

    async def add_integration(self) -> None:
        """Begin to add a miner: find the integration and choose it."""
        await self.open("/config/integrations/dashboard")
        await self.tab.get_by_role("button", name="Add integration").click()
        await self.tab.get_by_placeholder("Search for a brand name").fill("asic")
        # In the dialog: the page behind it has the name, too, once a miner is there.
        dialog = self.tab.locator("dialog-add-integration")
        await dialog.get_by_text("ASIC Miner").last.click()
        await self.tab.get_by_text("Add a miner").wait_for()

    # Dialogs

    @property
    def password(self) -> Locator:
        """Return the field of a form that hides what is typed."""
        return self.tab.locator("ha-selector-text input[type=password]")

    def text_field(self, label: str) -> Locator:
        """Return the text field that has a label."""
        return self.tab.locator("ha-selector-text", has_text=label).locator("input")

    async def press(self, button: str) -> None:
        """Press a button by what stands on it."""
        await self.tab.get_by_role("button", name=button).click()

    async def submit(self) -> None:
        """Send a form."""
        await self.press("Submit")

    async def toggle(self, label: str) -> None:
        """Switch what a form asks with yes or no."""
        await self.tab.locator("ha-selector-boolean", has_text=label).locator("ha-switch").click()

    async def pick(self, empty: str, wanted: str) -> None:
        """Choose from the list that opens below a field in which nothing is chosen yet."""
        await self.tab.get_by_text(empty).first.click()
        await self.tab.locator("ha-combo-box-item", has_text=wanted).first.click()
        # The list goes away slowly, and takes what is typed as long as it is there.
        await self.tab.wait_for_timeout(MOVES_MS)

    async def see(self, text: str) -> None:
        """Wait until a text is shown."""
        await self.tab.get_by_text(text).first.wait_for()

    # Looking

    async def shot(self, name: str) -> None:
        """Keep a picture of what is shown now, after making sure that it can be read."""
        await self.no_raw_text()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.tab.wait_for_timeout(MOVES_MS)
        await self.tab.screenshot(path=SCREENSHOTS / f"{name}.png")

    async def docs_shot(self, name: str, of: Locator | None = None) -> None:
        """Make a picture of the documentation anew, light and dark, if that is wanted."""
        themes: tuple[Theme, ...] = ("light", "dark")
        for theme in themes:
            await self.tab.emulate_media(color_scheme=theme)
            await self.tab.wait_for_timeout(MOVES_MS)
            path = SCREENSHOTS / f"{name}-{theme}.png"
            if of is None:
                await self.tab.screenshot(path=path)
            else:
                await of.screenshot(path=path)
            await keep_for_docs(path, f"{name}-{theme}")
        await self.tab.emulate_media(color_scheme="light")

    async def words(self) -> str:
        """Return all words on the page, also those that have to be scrolled to."""
        shown: str = await self.tab.evaluate(ALL_TEXT)
        assert shown, "the page is empty"
        return shown

    async def no_raw_text(self) -> None:
        """Nothing that only a programmer would understand is on the page."""
        shown = await self.words()
        raw = sorted(set(RAW.findall(shown)))
        assert not raw, f"{raw} in: {shown}"


async def keep_for_docs(path: Path, name: str) -> None:
    """Make a picture one of the documentation's, if that is wanted (DOCS_IMAGES=1)."""
    if WANT_DOCS_IMAGES:
        await asyncio.to_thread(_make_small, path, DOCS_IMAGES / f"{name}.png")


def _make_small(path: Path, kept: Path) -> None:
    """Write a picture with as many colours as a page of text needs."""
    from PIL import Image

    with Image.open(path) as picture:
        # More than the themes have; edges of letters stay smooth.
        small = picture.convert("RGB").quantize(128)
    small.save(kept, optimize=True)


async def until(what: str, reached: Callable[[], bool]) -> None:
    """Wait until something is so outside the page."""
    try:
        async with asyncio.timeout(WAIT_MS / 1000):
            while not reached():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"it did not come to pass that {what}") from None

"""The dashboards of the documentation in the real frontend, as somebody who copies them has them.

Screenshots are left in test-output/screenshots, to be looked at.
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import re

from playwright.async_api import Page, async_playwright
import pytest
import yaml

from tests.demo.hass import PASSWORD, USER, Hass
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .frontend import keep_for_docs

CHROMIUM = os.environ.get("CHROMIUM")
ROOT = Path(__file__).parents[2]
DASHBOARDS = ROOT / "docs" / "dashboards"
SCREENSHOTS = ROOT / "test-output" / "screenshots"

NAMES = {
    "my_miner": "whatsminer_m60s",
    "miner_one": "whatsminer_m60s",
    "miner_two": "antminer_s19j_pro",
}
"""What the pages ask to be replaced, and the simulated miners."""

SIZES = {"wide": (1500, 1150), "phone": (420, 3000)}

ALL_WORDS = """() => {
  const found = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) found.push(node.data.trim());
    if (["STYLE", "SCRIPT", "TEMPLATE"].includes(node.tagName)) return;
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector("home-assistant"));
  return found.join("\\n");
}"""
"""The frontend is made of shadow roots, into which innerText does not look."""

CUT_OFF = """() => {
  const found = [];
  const walk = (node) => {
    const style = node.nodeType === Node.ELEMENT_NODE ? getComputedStyle(node) : null;
    if (style && style.textOverflow === "ellipsis" && node.scrollWidth > node.clientWidth + 1) {
      found.push(node.innerText);
    }
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector("home-assistant"));
  return found.filter((text) => text && text.trim());
}"""
"""Words that end in three dots because they have no room."""

WRONG = re.compile(
    r"not available|not found|undefined|\[object|asic_miner\.|NaN|Configuration error|[Uu]nknown"
    r"|TemplateError|Unavailable|No statistics|No state history"
)

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not CHROMIUM, reason="no browser: CHROMIUM does not name one, see scripts/test"
    ),
]


def dashboard(name: str) -> dict[str, object]:
    """Return a page of the documentation with the names replaced."""
    text = (DASHBOARDS / f"{name}.yaml").read_text("utf-8")
    for placeholder, miner in NAMES.items():
        text = text.replace(placeholder, miner)
    loaded: dict[str, object] = yaml.safe_load(text)
    return loaded


async def remember_days(hass: Hass, entity_id: str) -> None:
    """Give a sensor of energy two weeks of statistics, as a miner of that age has."""
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await hass.command(
        "recorder/import_statistics",
        metadata={
            "has_mean": False,
            "mean_type": 0,
            "has_sum": True,
            "name": None,
            "source": "recorder",
            "statistic_id": entity_id,
            "unit_class": "energy",
            "unit_of_measurement": "kWh",
        },
        stats=[
            {
                "start": (today - timedelta(hours=hours)).isoformat(),
                "state": (400 - hours) * 3.0,
                # Nights are cheap: by day it draws less.
                "sum": (400 - hours) * 3.0 - 20 * (hours % 48) / 48,
            }
            for hours in range(400, 0, -1)
        ],
    )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[tuple[Page, Hass]]:
    """A browser that has logged in to a Home Assistant with two miners and both dashboards."""
    clock = RunningClock(20)
    miners: list[SimulatedMiner] = [
        WhatsminerSimulator(preset="M60S", clock=clock, seed=1),
        BraiinsSimulator(preset="S19j Pro", clock=clock, seed=3),
    ]
    for miner in miners:
        await miner.start()
    async with Hass(config=tmp_path / "config") as hass, async_playwright() as playwright:
        for miner in miners:
            assert await hass.add_miner(miner.host, miner.port, password=miner.password)
        for miner_name in sorted(set(NAMES.values())):
            await remember_days(hass, f"sensor.{miner_name}_energy")
        for name in ("miner", "fleet"):
            await hass.command(
                "lovelace/dashboards/create", url_path=f"docs-{name}", title=name, mode="storage"
            )
            await hass.command(
                "lovelace/config/save", url_path=f"docs-{name}", config=dashboard(name)
            )
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            # It shall speak to nobody but Home Assistant.
            args=[
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        try:
            page = await browser.new_page()
            page.set_default_timeout(60_000)
            await page.goto(hass.url)
            await page.get_by_label("Username").fill(USER)
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Log in").click()
            await page.get_by_text("Welcome Demo").wait_for()
            yield page, hass
        finally:
            await browser.close()
    for miner in miners:
        await miner.stop()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("miner", ("Mining", "Power against target", "Hashboard 3", "TH/s", "Energy by day")),
        ("fleet", ("2 of 2", "Antminer S19J Pro", "WhatsMiner M60S", "J/TH")),
    ],
)
async def test_dashboard(house: tuple[Page, Hass], name: str, expected: tuple[str, ...]) -> None:
    """Every card shows what it is for, in both themes and on both sizes of screen."""
    page, hass = house
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
            await page.goto(f"{hass.url}/docs-{name}")
            await page.get_by_text(expected[0]).first.wait_for()
            words = ""
            for _ in range(60):
                # History and statistics arrive a moment after the cards.
                await asyncio.sleep(0.5)
                words = await page.evaluate(ALL_WORDS)
                if all(word in words for word in expected) and not WRONG.search(words):
                    break
            await page.wait_for_timeout(2000)
            path = SCREENSHOTS / f"dashboard-{name}-{size}-{theme}.png"
            await page.screenshot(path=path)
            if size == "wide":
                await keep_for_docs(path, f"dashboard-{name}-{theme}")
            words = await page.evaluate(ALL_WORDS)
            assert [word for word in expected if word not in words] == []
            assert WRONG.findall(words) == []
            assert await page.evaluate(CUT_OFF) == []
    assert " ERROR " not in hass.log


def test_only_cards_of_home_assistant() -> None:
    """Nothing has to be installed for them."""
    for path in DASHBOARDS.glob("*.yaml"):
        kinds = set(re.findall(r"^ +(?:- )?type: (\S+)$", path.read_text("utf-8"), re.MULTILINE))
        assert kinds <= {
            "sections",
            "grid",
            "heading",
            "tile",
            "toggle",
            "numeric-input",
            "history-graph",
            "statistics-graph",
            "markdown",
        }

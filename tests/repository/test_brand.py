"""The brand images are what Home Assistant asks for, and it serves them."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from xml.etree import ElementTree as ET

from aiohttp import web
from aiohttp.test_utils import TestClient
from homeassistant.components.brands.const import ALLOWED_IMAGES
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from PIL import Image
import pytest

ROOT = Path(__file__).parents[2]
BRAND = ROOT / "custom_components" / "asic_miner" / "brand"
SOURCES = ROOT / "docs" / "brand"

IMAGES = sorted(ALLOWED_IMAGES)
SOLID = 250
"""From this opacity of 255 on a pixel counts as drawn, not as a smoothed edge."""
BACKGROUNDS = {"light": (255, 255, 255), "dark": (28, 28, 28)}
"""What cards of Home Assistant's two default themes are painted with."""


def _open(name: str) -> Image.Image:
    with Image.open(BRAND / name) as image:
        image.load()
        return image


def _luminance(colour: tuple[int, ...]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Contrast ratio as WCAG 2 defines it, from 1 to 21."""
    darker, brighter = sorted((_luminance(one), _luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def _main_colour(image: Image.Image) -> tuple[int, ...]:
    """Return the flat colour that covers most of what is drawn."""
    counts: dict[tuple[int, ...], int] = {}
    for count, colour in image.getcolors(maxcolors=image.width * image.height) or ():
        assert isinstance(colour, tuple)
        if colour[3] >= SOLID:
            counts[colour[:3]] = counts.get(colour[:3], 0) + count
    return max(counts, key=lambda colour: counts[colour])


def test_every_image_that_home_assistant_knows_is_there_and_no_other() -> None:
    assert {path.name for path in BRAND.iterdir()} == ALLOWED_IMAGES


@pytest.mark.parametrize("name", IMAGES)
def test_format(name: str) -> None:
    image = _open(name)
    assert image.format == "PNG"
    assert image.mode == "RGBA"
    assert image.info.get("interlace") == 1
    assert (BRAND / name).stat().st_size < 64 * 1024  # loads at once on a phone


@pytest.mark.parametrize("name", IMAGES)
def test_size(name: str) -> None:
    image = _open(name)
    scale = 2 if "@2x" in name else 1
    if "icon" in name:
        assert image.size == (256 * scale, 256 * scale)
    else:
        assert 128 * scale <= image.height <= 256 * scale
        assert image.width > image.height


@pytest.mark.parametrize("name", IMAGES)
def test_transparent_and_trimmed(name: str) -> None:
    image = _open(name)
    alpha = image.getchannel("A")
    assert alpha.getextrema() == (0, 255)
    assert alpha.getpixel((0, 0)) == 0
    # Every edge of the picture is touched by something drawn.
    assert alpha.getbbox() == (0, 0, image.width, image.height)


@pytest.mark.parametrize("name", [name for name in IMAGES if "@2x" not in name])
def test_the_double_size_is_the_same_picture(name: str) -> None:
    small, large = _open(name), _open(name.replace(".png", "@2x.png"))
    assert large.size == (small.width * 2, small.height * 2)
    halved = large.resize(small.size, Image.Resampling.BOX).getchannel("A")
    drawn = [
        abs(one - other)
        for one, other in zip(halved.tobytes(), small.getchannel("A").tobytes(), strict=True)
    ]
    # Two renderings of one drawing differ only a little, and only where edges are smoothed.
    assert sum(drawn) / len(drawn) < 1


@pytest.mark.parametrize("name", IMAGES)
def test_visible_on_its_background(name: str) -> None:
    background = BACKGROUNDS["dark" if name.startswith("dark_") else "light"]
    # 3:1 is what WCAG 2.1 (1.4.11) asks of a graphic.
    assert _contrast(_main_colour(_open(name)), background) >= 3


@pytest.mark.parametrize("name", ["icon", "dark_icon", "logo", "dark_logo"])
def test_source_has_the_shape_of_the_image_and_needs_no_font(name: str) -> None:
    root = ET.parse(SOURCES / f"{name}.svg").getroot()  # noqa: S314 - the repository's own file
    _, _, width, height = (float(part) for part in root.attrib["viewBox"].split())
    image = _open(f"{name}.png")
    assert image.width / image.height == pytest.approx(width / height, rel=0.002)
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds <= {"svg", "title", "path", "rect", "circle"}


# Home Assistant's own web server keeps values under names, which aiohttp advises against.
@pytest.mark.filterwarnings("ignore::aiohttp.web.NotAppKeyWarning")
@pytest.mark.usefixtures("enable_custom_integrations")
async def test_home_assistant_serves_the_images(
    hass: HomeAssistant,
    hass_client: Callable[[], Awaitable[TestClient[web.Request, web.Application]]],
) -> None:
    assert await async_setup_component(hass, "brands", {})
    client = await hass_client()
    for name in IMAGES:
        response = await client.get(f"/api/brands/integration/asic_miner/{name}")
        assert response.status == HTTPStatus.OK
        assert await response.read() == (BRAND / name).read_bytes()

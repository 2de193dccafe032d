"""Small line charts, drawn with the imaging library that Home Assistant brings."""

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 880, 560
LEFT, RIGHT, TOP, BOTTOM = 120, 40, 80, 80
INK, GRID, LINE, LIMIT = "#222222", "#dddddd", "#1763c6", "#c62828"
COLUMNS = 2


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One line."""

    title: str
    points: Sequence[tuple[float, float]]
    limit: float | None = None
    """A target, drawn across."""
    over: str = "miners"
    """What the points are over."""


def draw(charts: Sequence[Chart], path: Path) -> None:
    """Write all charts into one PNG, two beside each other."""
    rows = -(-len(charts) // COLUMNS)
    sheet = Image.new("RGB", (WIDTH * COLUMNS, HEIGHT * rows), "white")
    for place, chart in enumerate(charts):
        row, column = divmod(place, COLUMNS)
        sheet.paste(_drawn(chart), (column * WIDTH, row * HEIGHT))
    path.parent.mkdir(parents=True, exist_ok=True)
    # A handful of colours is all there is; this keeps the file small.
    sheet.quantize(32).save(path, optimize=True)


def _round(most: float) -> float:
    """Return where an axis ends whose fifths are plain numbers."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if step * power >= most)


def _drawn(chart: Chart) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    font, small = ImageFont.load_default(26), ImageFont.load_default(20)
    most_x = _round(max(x for x, _ in chart.points))
    most_y = _round(max(*(y for _, y in chart.points), chart.limit or 0.0))

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + x / most_x * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - y / most_y * (HEIGHT - TOP - BOTTOM),
        )

    pen.text((LEFT, 24), chart.title, INK, font)
    for step in range(6):
        x, y = most_x * step / 5, most_y * step / 5
        pen.line([at(0, y), at(most_x, y)], GRID, 2)
        pen.text((LEFT - 12, at(0, y)[1]), f"{y:.3g}", INK, small, anchor="rm")
        pen.text((at(x, 0)[0], HEIGHT - BOTTOM + 12), f"{x:g}", INK, small, anchor="ma")
    pen.text((WIDTH / 2, HEIGHT - 36), chart.over, INK, small, anchor="ma")
    if chart.limit is not None:
        pen.line([at(0, chart.limit), at(most_x, chart.limit)], LIMIT, 3)
        where = at(most_x, chart.limit)
        pen.text((where[0], where[1] - 4), "target", LIMIT, small, anchor="rs")
    pen.line([at(x, y) for x, y in chart.points], LINE, 4)
    for x, y in chart.points:
        middle = at(x, y)
        pen.ellipse([middle[0] - 6, middle[1] - 6, middle[0] + 6, middle[1] + 6], LINE)
    return image

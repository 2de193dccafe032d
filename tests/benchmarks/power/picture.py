"""Draws a day: what there was, and what each drew. With Pillow, as Home Assistant ships it."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .measure import Result

WIDTH, HEIGHT = 1440, 210
"""One point per minute."""
LEFT, TOP, BOTTOM = 70, 30, 24
INK, LINES, SUN, DRAWN, BEYOND = "#222222", "#dddddd", "#ffe08a", "#1763c6", "#c62828"


def draw(results: Sequence[Result], path: Path) -> None:
    """Write one strip per controller into one PNG."""
    sheet = Image.new("RGB", (LEFT + WIDTH + 20, HEIGHT * len(results)), "white")
    pen = ImageDraw.Draw(sheet)
    most = max(max(one.series["available"] + one.series["drawn"]) for one in results) or 1.0
    for place, one in enumerate(results):
        _strip(pen, one, HEIGHT * place, most)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(16).save(path, optimize=True)


def _strip(pen: ImageDraw.ImageDraw, one: Result, top: int, most: float) -> None:
    font = ImageFont.load_default(15)
    bottom = top + HEIGHT - BOTTOM
    scale = (HEIGHT - TOP - BOTTOM) / most

    def at(minute: int, watts: float) -> tuple[float, float]:
        return (LEFT + minute, bottom - watts * scale)

    available, drawn = one.series["available"], one.series["drawn"]
    for minute, (there, taken) in enumerate(zip(available, drawn, strict=True)):
        pen.line([at(minute, 0), at(minute, there)], SUN)
        if taken > there:
            pen.line([at(minute, there), at(minute, taken)], BEYOND)
    for hour in range(0, 25, 3):
        pen.line([at(hour * 60, 0), at(hour * 60, most)], LINES)
        pen.text((at(hour * 60, 0)[0], bottom + 4), f"{hour} h", INK, font, anchor="ma")
    pen.line([at(minute, taken) for minute, taken in enumerate(drawn)], DRAWN, 2)
    pen.text((LEFT - 8, at(0, most)[1]), f"{most / 1000:.0f} kW", INK, font, anchor="rm")
    title = (
        f"{one.trace}, {one.miners} miners: {one.controller}. used {one.used:.1f} %, "
        f"beyond {one.beyond:.1f} kWh, {one.starts} starts, {one.changes} changes"
    )
    pen.text((LEFT, top + 6), title, INK, font)

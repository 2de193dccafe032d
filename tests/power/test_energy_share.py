"""Where the energy of the miners comes from."""

import pytest

from custom_components.asic_miner.power.balance import split
from custom_components.asic_miner.power.model import Measured
from custom_components.asic_miner.power.site_model import Energy, SiteReadings

HOUR = 3600.0


def shares(
    drawn: float, grid: float, *, battery: float | None = None, solar: float | None = None
) -> tuple[float, float, float]:
    """Return kWh from sun, grid and battery after an hour at these W."""

    def said(watts: float | None) -> Measured | None:
        return None if watts is None else Measured(value=watts, at=0.0)

    readings = SiteReadings(grid=said(grid), battery=said(battery), solar=said(solar))
    energy = split(Energy(), readings, drawn, HOUR)
    return energy.solar, energy.grid, energy.battery


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Everything that is bought counts as bought for the miners.
        ({"drawn": 2000, "grid": 2300}, (0, 2, 0)),
        ({"drawn": 2000, "grid": 500}, (1.5, 0.5, 0)),
        ({"drawn": 2000, "grid": -500}, (2, 0, 0)),
        ({"drawn": 2000, "grid": 500, "battery": 700}, (0.8, 0.5, 0.7)),
        ({"drawn": 2000, "grid": 0, "battery": -700}, (2, 0, 0)),
        # With a meter of the sun it never counts for more than it gives.
        ({"drawn": 2000, "grid": 0, "solar": 600}, (0.6, 0, 1.4)),
        ({"drawn": 2000, "grid": 0, "solar": -5}, (0, 0, 2)),
        ({"drawn": 2000, "grid": 500, "battery": 700, "solar": 300}, (0.3, 0.5, 1.2)),
        ({"drawn": 2000, "grid": -500, "battery": 100, "solar": 5000}, (1.9, 0, 0.1)),
        ({"drawn": 2000, "grid": 2000, "solar": 5000}, (0, 2, 0)),
    ],
)
def test_split(now: dict[str, float], expected: tuple[float, float, float]) -> None:
    assert shares(**now) == pytest.approx(expected)
    assert sum(shares(**now)) == pytest.approx(now["drawn"] / 1000)

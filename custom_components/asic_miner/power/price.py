"""Whether power from the grid is cheap."""

import math

from . import defaults
from .lasting import Since
from .site_model import Reason, SiteReadings, Why


class Prices:
    """Compares the price with the owner's limit. Remembers what has to last."""

    def __init__(self) -> None:
        """Begin without a past."""
        self._seen: float | None = None
        self._seen_at = -math.inf
        self._lasts = Since()
        self._is_cheap = False
        self._dear_at = -math.inf

    def dear(self, now: float) -> bool:
        """Tell whether the price has risen above the limit a short while ago."""
        return self._dear_at <= now < self._dear_at + defaults.DEAR_SECONDS

    def expensive(self, readings: SiteReadings, now: float) -> Reason | None:
        """Return why the grid is not to be used; None while it is cheap."""
        price, limit = self._price(readings, now), readings.price_limit
        if price is None or limit is None:
            self._lasts.lasts(False, now)
            return Reason(why=Why.PRICE_UNKNOWN)
        data = {"price": price, "limit": limit}
        if price > limit:
            if self._is_cheap:
                self._dear_at = now
            self._is_cheap = False
            self._lasts.lasts(False, now)
            return Reason(why=Why.PRICE_HIGH, data=data)
        below = price <= limit - abs(limit) * defaults.PRICE_MARGIN
        lasted = self._lasts.lasts(below, now)
        if below and lasted >= defaults.PRICE_HOLD:
            self._is_cheap = True
        if self._is_cheap:
            return None
        until = now + defaults.PRICE_HOLD - lasted if below else None
        return Reason(why=Why.PRICE_SOON, data=data, until=until)

    def _price(self, readings: SiteReadings, now: float) -> float | None:
        """Return the price, or what it last was as long as that may still be true."""
        if readings.price is not None:
            self._seen, self._seen_at = readings.price, now
        elif not self._seen_at <= now < self._seen_at + defaults.PRICE_SLOT:
            self._seen = None
        return self._seen

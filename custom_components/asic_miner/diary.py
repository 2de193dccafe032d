"""What is counted and learned of one miner, kept in a file of Home Assistant's storage."""

from collections.abc import Callable, Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DIARY_SECONDS, DOMAIN
from .miners.lean import dataclass
from .miners.models import JsonValue

VERSION = 1

type Page = dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What was written last. Needed once, at the start."""

    energy: float | None
    """KWh counted so far."""
    actuator: Mapping[str, JsonValue]
    """What the actuator remembers."""


class Diary:
    """Energy, and the memory of the guard. Written seldom, and when Home Assistant stops."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Belong to one entry; nothing is read yet."""
        self._store = Store[Page](hass, VERSION, f"{DOMAIN}.{entry.entry_id}")
        self._due = False

    async def async_read(self) -> Memory:
        """Read what was written last, if anything was."""
        page = await self._store.async_load() or {}
        total, actuator = page.get("energy"), page.get("actuator")
        return Memory(
            energy=float(total) if isinstance(total, int | float) else None,
            actuator=actuator if isinstance(actuator, dict) else {},
        )

    @staticmethod
    def page(*, energy: float, actuator: dict[str, JsonValue]) -> Page:
        """Return what is written."""
        return {"energy": energy, "actuator": actuator}

    @callback
    def write_soon(self, page: Callable[[], Page], *, now: bool = False) -> None:
        """Have it written within DIARY_SECONDS or `now`, or when Home Assistant stops before."""
        if self._due and not now:
            return
        self._due = True

        def written() -> Page:
            self._due = False
            return page()

        self._store.async_delay_save(written, 0 if now else DIARY_SECONDS)

    async def async_write(self, page: Callable[[], Page]) -> None:
        """Write now."""
        await self._store.async_save(page())

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

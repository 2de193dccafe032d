"""Plug and boot: mains on, boot, mine; stop, wait, mains off. Never under load."""

import asyncio

from homeassistant.const import EVENT_CALL_SERVICE, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.asic_miner.const import CONF_PLUG
from tests.integration.conftest import AddMiner, Miner
from tests.simulators.base import SimulatedMiner

from .conftest import House

WANTED = "input_boolean.wanted"
PLUG = "input_boolean.plug"


class Plug:
    """Cuts the mains of a device and gives it back when it is switched."""

    def __init__(self, hass: HomeAssistant, device: SimulatedMiner) -> None:
        """Follow the entity."""
        self.device = device
        self.cut_at: float | None = None
        """What was drawn when the mains was cut, in W."""
        self._tasks: list[asyncio.Task[None]] = []
        self._hass = hass
        hass.bus.async_listen(EVENT_CALL_SERVICE, self._switched)

    @callback
    def _switched(self, event: Event[dict[str, object]]) -> None:
        data = event.data["service_data"]
        assert isinstance(data, dict)
        if PLUG not in str(data.get("entity_id")) or event.data["domain"] != "input_boolean":
            return
        if event.data["service"] == "turn_off":
            self.cut_at = float(self.device.truth()["power"] or 0)
            work = self.device.unplug()
        else:
            work = self.device.plug()
        self._tasks.append(self._hass.async_create_task(work))


async def begin(
    hass: HomeAssistant, house: House, miner: Miner, *, linked: bool = False, **inputs: object
) -> Plug:
    """Set the automation up, with the miner running."""
    assert await async_setup_component(
        hass,
        "input_boolean",
        {"input_boolean": {"wanted": {"initial": True}, "plug": {"initial": True}}},
    )
    if linked:
        hass.config_entries.async_update_entry(miner.entry, options={CONF_PLUG: PLUG})
        assert await hass.config_entries.async_reload(miner.entry.entry_id)
    await house.minutes(5)
    house.orders.clear()
    await house.automate(
        "plug_and_boot",
        wanted=WANTED,
        mining_switch=miner.entity_id("mining"),
        plug=PLUG,
        power_sensor=miner.entity_id("power"),
        **inputs,
    )
    return Plug(hass, miner.device)


async def want(house: House, word: str) -> None:
    """Wish the miner to be on or off."""
    await house.show(WANTED, word)


def seen(house: House) -> list[tuple[str, str]]:
    """Return what was ordered of plug and miner."""
    return [
        (service.partition(".")[2], entity_id)
        for service, entity_id, _ in house.orders
        if service.partition(".")[0] in {"switch", "input_boolean"}
    ]


@pytest.mark.parametrize("linked", [False, True])
async def test_off_and_on_again(
    hass: HomeAssistant, house: House, device: SimulatedMiner, add_miner: AddMiner, linked: bool
) -> None:
    """In the right order, each once, and without load."""
    miner = await add_miner(device)
    plug = await begin(hass, house, miner, linked=linked)
    mining = miner.entity_id("mining")
    await want(house, "off")
    await house.minutes(1.5)
    assert seen(house) == [("turn_off", mining)], "the fans still run"
    await house.minutes(5)
    assert seen(house) == [("turn_off", mining), ("turn_off", PLUG)]
    assert plug.cut_at is not None
    assert plug.cut_at < 100
    await house.minutes(3)
    assert miner.state("mining") == ("off" if linked else STATE_UNAVAILABLE)

    house.orders.clear()
    await want(house, "on")
    await house.minutes(15)
    assert seen(house) == [("turn_on", PLUG), ("turn_on", mining)]
    assert device.truth()["mining"] is True
    assert miner.state("mining") == "on"


async def test_never_under_load(
    hass: HomeAssistant, house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """A miner that cannot be asked may be running: the plug stays on, and somebody is told."""
    miner = await add_miner(device)
    told = async_capture_events(hass, "told")
    plug = await begin(
        hass,
        house,
        miner,
        tell=[{"event": "told", "event_data": {"message": "{{ message }}"}}],
    )
    await device.stop()
    await house.minutes(2)
    assert miner.state("mining") == STATE_UNAVAILABLE
    await want(house, "off")
    await house.minutes(10)
    assert plug.cut_at is None
    assert seen(house) == []
    assert ["left on" in str(event.data["message"]) for event in told] == [True]
    await device.start()


async def test_wanted_again_while_it_cools(
    hass: HomeAssistant, house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """The last wish counts: the mains stays, and mining goes on."""
    miner = await add_miner(device)
    plug = await begin(hass, house, miner, cool_minutes=5)
    await want(house, "off")
    await house.minutes(2)
    assert device.truth()["mining"] is False
    await want(house, "on")
    await house.minutes(10)
    assert plug.cut_at is None
    assert device.truth()["mining"] is True
    assert [name for name, _ in seen(house)] == ["turn_off", "turn_on"]


async def test_owner_in_between(
    hass: HomeAssistant, house: House, device: SimulatedMiner, add_miner: AddMiner
) -> None:
    """Off stays off until it is wished for anew; a sensor that was away is no wish."""
    miner = await add_miner(device)
    await begin(hass, house, miner)
    await miner.call("switch.turn_off", "mining")
    house.orders.clear()
    await want(house, STATE_UNAVAILABLE)
    await house.minutes(1)
    await want(house, "on")
    await house.minutes(10)
    assert seen(house) == []

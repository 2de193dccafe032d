"""Adding miners in the real frontend, as a person does it.

Screenshots are left in test-output/screenshots, to be looked at.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
import pytest_asyncio

from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .frontend import Frontend, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEED = 20
"""Ramps of minutes take seconds."""

WHATSMINERS = {"127.0.1.11": "M60S", "127.0.1.12": "M30S++"}
BRAIINS = "127.0.1.13"
BUSY = "127.0.1.14"
"""Where something listens on a miner's port and says nothing for a while."""
WHATSMINER_PORT = 4028


@pytest_asyncio.fixture(loop_scope="module")
async def miner() -> AsyncGenerator[WhatsminerSimulator]:
    """A miner that is in the network and not yet in Home Assistant."""
    miner = WhatsminerSimulator(preset="M60S", clock=RunningClock(SPEED), seed=21)
    await miner.start()
    yield miner
    await miner.stop()


async def test_add_a_miner_and_switch_it(ui: Frontend, miner: WhatsminerSimulator) -> None:
    """Find the integration, get the password wrong once, and use the device page."""
    tab, hass = ui.tab, ui.hass
    await ui.add_integration()
    await tab.locator("ha-selector-text input").fill(miner.host)
    await tab.get_by_text("Advanced").click()
    await tab.locator("ha-selector-number input").fill(str(miner.port))
    await ui.shot("add-1-address")
    await ui.submit()

    await ui.see("how Home Assistant may log in")
    await ui.password.fill("mistyped")
    await ui.submit()
    await ui.see("The miner refuses this login")
    await ui.shot("add-2-wrong-password")
    await ui.password.fill(miner.password)
    await ui.submit()
    await ui.see("Name and assign")
    await ui.shot("add-3-added")
    await ui.press("Skip and finish")

    await ui.open_integration()
    await ui.see("Hashboard 3")
    await ui.shot("add-4-integration")

    await ui.open_device("WhatsMiner M60S")
    await ui.see("by MicroBT")
    await ui.see("TH/s")
    # The slider stands where the miner's power is, once that is known.
    await hass.call("number.set_value", "number.whatsminer_m60s_power_level", value=80)
    # On a page of this width the number beside the slider is there and hidden.
    await tab.get_by_text("80%").first.wait_for(state="attached")
    await ui.shot("device-1")
    await ui.docs_shot("device")

    switch = tab.locator("ha-entity-toggle").first
    await switch.click()
    await until("the device is off", lambda: miner.truth()["mining"] is False)
    await ui.see("Stopped")
    await ui.shot("device-2-off")
    await switch.click()
    await until("the device is on", lambda: miner.truth()["mining"] is True)
    await ui.shot("device-3-on")
    assert " ERROR " not in hass.log


@pytest_asyncio.fixture(loop_scope="module")
async def network() -> AsyncGenerator[dict[str, SimulatedMiner]]:
    """Miners on their makes' own ports, by address."""
    clock = RunningClock(SPEED)
    wanted: dict[str, SimulatedMiner] = {
        host: WhatsminerSimulator(host, WHATSMINER_PORT, preset=preset, clock=clock, seed=seed)
        for seed, (host, preset) in enumerate(WHATSMINERS.items(), 31)
    } | {BRAIINS: BraiinsSimulator(BRAIINS, 80, preset="S19j Pro", clock=clock, seed=33)}
    running: dict[str, SimulatedMiner] = {}
    try:
        for host, miner in wanted.items():
            # Port 80 is not for everybody; the search is the same with fewer miners.
            with suppress(PermissionError):
                await miner.start()
                running[host] = miner
        yield running
    finally:
        for miner in running.values():
            await miner.stop()


async def test_search_and_add_several(ui: Frontend, network: dict[str, SimulatedMiner]) -> None:
    """Leave the address empty, see the progress, pick, and log in once for each make."""
    released = asyncio.Event()

    async def keep_waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    busy = await asyncio.start_server(keep_waiting, BUSY, WHATSMINER_PORT)
    try:
        await ui.add_integration()
        await ui.submit()
        await ui.see("Search my network")
        await ui.shot("search-0-menu")
        await ui.tab.get_by_text("Search my network").click()
        await ui.see("Searching your network")
        await ui.shot("search-1-progress")
    finally:
        released.set()
        busy.close()
        await busy.wait_closed()
    await ui.see("Miners in your network")
    for host in network:
        await ui.see(f"({host})")
    await ui.shot("search-2-found")
    await ui.docs_shot("search")
    await ui.submit()

    await ui.see("Login of WhatsMiner")
    await ui.password.fill("mistyped")
    await ui.submit()
    await ui.see("Not all miners accept this login")
    await ui.shot("search-3-wrong-password")
    await ui.password.fill(network["127.0.1.11"].password)
    await ui.submit()
    if BRAIINS in network:
        await ui.see("Login of Braiins OS")
        await ui.shot("search-4-other-make")
        await ui.password.fill(network[BRAIINS].password)
        await ui.submit()
    await ui.see("Name and assign")
    await ui.shot("search-5-added")
    await ui.press("Skip and finish")

    await ui.open_integration()
    for miner in network.values():
        entities = await ui.hass.entities(str(miner.truth()["mac"]))
        assert (await ui.hass.states())[entities["mining"]]["state"] == "on"
    await ui.shot("search-6-integration")

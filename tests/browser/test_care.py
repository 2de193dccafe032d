"""Living with miners in the real frontend: changes, mishaps, and what else needs them.

Screenshots are left in test-output/screenshots, to be looked at.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.demo.hass import Hass, HassError
from tests.simulators.base import SimulatedMiner
from tests.simulators.braiins import OWN_PASSWORD, BraiinsSimulator
from tests.simulators.clock import RunningClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .frontend import Frontend, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEED = 20
"""Ramps of minutes take seconds."""

M60S, M30S, ANTMINER = "WhatsMiner M60S", "WhatsMiner M30S++", "Antminer S19J Pro"


@dataclass(kw_only=True)
class Miners:
    """What is set up before the first test."""

    whatsminer: WhatsminerSimulator
    older: WhatsminerSimulator
    braiins: BraiinsSimulator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def miners(hass_process: Hass) -> AsyncGenerator[Miners]:
    """One miner of each kind, set up in Home Assistant."""
    clock = RunningClock(SPEED)
    miners = Miners(
        whatsminer=WhatsminerSimulator(preset="M60S", clock=clock, seed=41),
        older=WhatsminerSimulator(preset="M30S++", clock=clock, seed=42),
        braiins=BraiinsSimulator(preset="S19j Pro", clock=clock, seed=43, password=OWN_PASSWORD),
    )
    all_of_them: list[SimulatedMiner] = [miners.whatsminer, miners.older, miners.braiins]
    for miner in all_of_them:
        await miner.start()
        await hass_process.add_miner(miner.host, miner.port, password=miner.password)
    yield miners
    for miner in all_of_them:
        await miner.stop()


async def test_reconfigure(ui: Frontend, miners: Miners) -> None:
    """The miner has got another address; a mistyped one changes nothing."""
    miner = miners.older
    await miner.stop()
    miner.host = "127.0.1.21"
    await miner.start()
    menu = await ui.open_entry_menu(M30S)
    await ui.shot("care-menu")
    await menu.locator("[value=reconfigure]").click()
    await ui.see("Change where the miner is")
    await ui.tab.get_by_text("Advanced").click()
    await ui.shot("reconfigure-1")
    await ui.text_field("IP address or host name").fill("127.0.1.22")
    await ui.submit()
    await ui.see("Nothing answers at this address")
    await ui.shot("reconfigure-2-mistyped")
    await ui.text_field("IP address or host name").fill(miner.host)
    await ui.toggle("Then change the password")
    await ui.submit()

    await ui.see("New password of")
    await ui.shot("reconfigure-3-password")
    first, second = ui.password.nth(0), ui.password.nth(1)
    await first.fill("n3w_w0rd")
    await second.fill("n3w_word")
    await ui.submit()
    await ui.see("The two passwords are not the same")
    await ui.shot("reconfigure-4-not-the-same")
    await first.fill("n3w_w0rd")
    await second.fill("n3w_w0rd")
    await ui.submit()
    await ui.see("Reconfiguration was successful")
    await ui.shot("reconfigure-5-done")
    assert miner.password == "n3w_w0rd"
    await ui.open_device(M30S)
    await ui.see("TH/s")
    await ui.no_raw_text()


async def test_password_changed_on_the_device(ui: Frontend, miners: Miners) -> None:
    """Home Assistant asks for the new one, and says so where everybody looks."""
    miner = miners.braiins
    miner.password = "changed"
    await miner.unplug()
    await miner.plug()
    await ui.open("/config/integrations/dashboard")
    card = ui.tab.locator("ha-config-flow-card", has_text=f"{ANTMINER} ({miner.host})")
    await card.wait_for()
    await ui.shot("reauth-1-card")
    await card.get_by_text("Reconfigure").click()
    await ui.see("The miner refuses the stored login")
    await ui.password.fill("mistyped")
    await ui.submit()
    await ui.see("The miner refuses this login")
    await ui.shot("reauth-2-wrong-password")
    await ui.password.fill("changed")
    await ui.submit()
    await ui.see("Re-authentication was successful")
    await ui.shot("reauth-3-done")
    entities = await ui.hass.entities(str(miner.truth()["mac"]))
    assert (await ui.hass.states())[entities["mining"]]["state"] == "on"


async def test_perform_an_action(ui: Frontend, miners: Miners) -> None:
    """The forms of actions say in words what they want, and do what they say."""
    await ui.open("/config/tools/action?service=asic_miner.set_power_percent")
    await ui.see("Sets how much a WhatsMiner draws")
    await ui.pick("Select a device", M60S)
    level = ui.tab.locator("ha-selector-number input[type=number]")
    await level.press_sequentially("70")
    await level.press("Tab")
    await ui.shot("action-1-power")
    await ui.docs_shot("action")
    await ui.press("Perform action")
    await until("the level is set", lambda: miners.whatsminer.truth()["power_percent"] == 70)

    await ui.open("/config/tools/action?service=asic_miner.set_pools")
    await ui.see("Replaces all pools of a miner")
    await ui.pick("Select a device", M60S)
    await ui.tab.locator("ha-selector-object").get_by_text("Add").first.click()
    pool = ui.tab.locator("dialog-form")
    await ui.text_field("Address").fill("stratum+tcp://pool.example.com:3333")
    await ui.text_field("Worker").fill("account.rig")
    await ui.password.fill("x")
    await ui.shot("action-2-pool")
    await pool.get_by_role("button", name="Add").click()
    await ui.see("account.rig")
    await ui.shot("action-3-pools")
    await ui.press("Perform action")
    await until(
        "the pool is set",
        lambda: miners.whatsminer.truth()["pools"] == "stratum+tcp://pool.example.com:3333",
    )


async def test_write_access_off_and_on_again(ui: Frontend, miners: Miners) -> None:
    """A command is refused, a repair says what to do, and tries when it has been done."""
    miner = miners.whatsminer
    miner.access.enabled = False
    await ui.open_device(M60S)
    await ui.tab.locator("ha-entity-toggle").first.click()
    await ui.see("does not accept commands")
    await ui.shot("repair-1-refused")
    assert miner.truth()["mining"] is True

    await ui.open("/config/repairs")
    await ui.tab.get_by_text(f"{M60S} does not accept commands").first.click()
    await ui.see("Open the maker's program WhatsMinerTool")
    await ui.shot("repair-2-steps")
    await ui.docs_shot("repair")
    await ui.submit()
    await ui.see("The miner still refuses commands")
    await ui.shot("repair-3-still-refused")
    miner.access.enabled = True
    await ui.submit()
    await ui.see("The issue is repaired")
    await ui.shot("repair-4-done")
    await ui.open("/config/repairs")
    await ui.see("There are currently no repairs")


async def test_a_wrong_clock(ui: Frontend, miners: Miners) -> None:
    """A repair says how far it is off, offers a reboot, and reads it again at once."""
    miner = miners.whatsminer
    miner.replies.epoch -= 40 * 86_400
    await ui.open("/config/repairs")
    await ui.tab.get_by_text(f"The clock of {M60S} is wrong").first.click()
    await ui.see("is off by about 40 days")
    await ui.see(f"Reboot {M60S}")
    await ui.shot("repair-5-clock")
    await ui.tab.get_by_text("Read the clock again", exact=True).click()
    await ui.see("The clock is still off by about 40 days")
    await ui.no_raw_text()
    await ui.shot("repair-6-still-wrong")
    miner.replies.epoch += 40 * 86_400
    await ui.submit()
    await ui.see("The issue is repaired")
    assert miner.truth()["mining"] is True


async def test_options(ui: Frontend, miners: Miners) -> None:
    """How often the miner is read, and what else knows of its power."""
    for shown, entered in (("15", "30"), ("30", "15")):
        await ui.open_integration()
        await ui.entry(M60S).locator("ha-icon-button[slot=end]").first.click()
        await ui.see("How the miner is watched")
        field = ui.tab.locator("ha-selector-number input")
        assert await field.input_value() == shown
        await ui.shot(f"options-{shown}")
        await field.fill(entered)
        await ui.submit()
        await ui.see("Options successfully saved")


async def test_energy_dashboard(ui: Frontend, miners: Miners) -> None:
    """Energy and power of a miner are offered, taken, and found to be in order."""
    await ui.open("/config/energy")
    await ui.press("Add device")
    for key in ("Energy", "Power"):
        await ui.tab.get_by_text("Select a statistic").first.click()
        offered = ui.tab.locator("ha-combo-box-item", has_text=M60S)
        await offered.first.wait_for()
        await ui.shot(f"energy-1-{key.lower()}")
        await offered.filter(has_text=key).first.click()
    await ui.shot("energy-2-chosen")
    await ui.press("Save")
    await ui.see(M60S)
    await ui.shot("energy-3-saved")

    entities = await ui.hass.entities(str(miners.whatsminer.truth()["mac"]))
    [device] = (await ui.hass.command("energy/get_prefs"))["device_consumption"]
    assert device["stat_consumption"] == entities["energy"]
    assert device["stat_rate"] == entities["power"]
    [issues] = (await ui.hass.command("energy/validate"))["device_consumption"]
    # Home Assistant itself makes the first statistics of a new entity within five minutes.
    assert {issue["type"] for issue in issues} <= {"statistics_not_defined"}


async def test_download_diagnostics(ui: Frontend, miners: Miners, tmp_path: Path) -> None:
    """The button gives a file that helps developers and tells nothing of the owner."""
    miner = miners.whatsminer
    file = tmp_path / "diagnostics.json"
    menu = await ui.open_entry_menu(M60S)
    async with ui.tab.expect_download() as download:
        await menu.locator("[value=diagnostics]").click()
    await (await download.value).save_as(file)
    text = file.read_text("utf-8")
    assert miner.device.preset.firmware in text
    replies = miner.replies
    secrets = {miner.password, miner.host, miner.mac, replies.serial, replies.supply_serial}
    secrets |= {pool.user for pool in miner.device.pools}
    assert not [secret for secret in secrets if secret.lower() in text.lower()]


async def test_controls_do_not_go_by_mistake(ui: Frontend, miners: Miners) -> None:
    """A WhatsMiner can be watched without a password, but only who says so loses its controls."""
    miner = miners.older
    miner.password = "changed"
    await miner.unplug()
    await miner.plug()
    entities = await ui.hass.entities(str(miner.truth()["mac"]))
    async with asyncio.timeout(60):
        while not await ui.hass.command("config_entries/flow/progress"):
            # Reading needs no login there, and while it boots it refuses for other reasons.
            with suppress(HassError):
                await ui.hass.call("switch.turn_on", entities["locate"])
            await asyncio.sleep(0.5)
    await ui.open("/config/integrations/dashboard")
    card = ui.tab.locator("ha-config-flow-card", has_text=f"{M30S} ({miner.host})")
    await card.wait_for()
    await card.get_by_text("Reconfigure").click()
    await ui.see("Only watch from now on")
    await ui.submit()
    await ui.see("Enter the password, or switch on that the miner is only watched")
    await ui.shot("reauth-4-no-password")
    await ui.password.fill("changed")
    await ui.submit()
    await ui.see("Re-authentication was successful")
    assert entities["mining"] in await ui.hass.states()

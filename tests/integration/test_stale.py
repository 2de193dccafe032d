"""Parts that a miner no longer has: forgotten on evidence, or when the user says so."""

from dataclasses import replace

from homeassistant.components.websocket_api.const import TYPE_RESULT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from hypothesis import given
from hypothesis import strategies as st
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.asic_miner.const import DOMAIN
from custom_components.asic_miner.miners.models import (
    Capabilities,
    Fan,
    Hashboard,
    MinerState,
    Pool,
    Snapshot,
)
from custom_components.asic_miner.stale import STALE_SECONDS, StaleParts
from tests.simulators.base import SimulatedMiner
from tests.simulators.clock import ManualClock
from tests.simulators.whatsminer import WhatsminerSimulator

from .conftest import AddMiner, Miner

KNOWN = Capabilities(
    boards=frozenset({1, 2, 3}), fans=frozenset({1, 2}), pools=frozenset({1, 2, 3})
)
STEP = 60.0


def listing(
    boards: set[int],
    fans: set[int],
    pools: set[int] | None = None,
    *,
    state: MinerState = MinerState.MINING,
) -> Snapshot:
    """Return what a miner says that lists these parts."""
    return Snapshot(
        state=state,
        hashrate=100.0,
        boards=tuple(Hashboard(index=index) for index in sorted(boards)),
        fans=tuple(Fan(index=index) for index in sorted(fans)),
        pools=None
        if pools is None
        else tuple(Pool(index=index, url="a", user="") for index in sorted(pools)),
    )


class Miners:
    """Time passing for the bookkeeping."""

    def __init__(self) -> None:
        """Begin at any moment."""
        self.parts = StaleParts()
        self.now = 1000.0

    def passes(self, seconds: float, snapshot: Snapshot) -> Capabilities:
        """Show the same for a while, in steps of a poll, and return what is left."""
        left = KNOWN
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            left = self.parts.without_gone(KNOWN, snapshot, self.now)
        return left


ALL = listing({1, 2, 3}, {1, 2}, {1, 2, 3})
WITHOUT = listing({1, 3}, {2}, {1, 2})


def test_gone_after_a_day_of_steady_mining() -> None:
    """Not before, and it is there again when it is listed again."""
    time = Miners()
    assert time.passes(7 * STALE_SECONDS, ALL) == KNOWN
    assert time.passes(STALE_SECONDS - 2 * STEP, WITHOUT) == KNOWN
    left = time.passes(4 * STEP, WITHOUT)
    assert left.boards == {1, 3}
    assert left.fans == {2}
    assert left.pools == {1, 2}
    assert time.passes(STEP, ALL) == KNOWN
    # The evidence of before counts no more.
    assert time.passes(STALE_SECONDS - 2 * STEP, WITHOUT) == KNOWN


def test_a_part_that_shows_now_and_then_stays() -> None:
    """A loose contact is no removal."""
    time = Miners()
    for _ in range(10):
        assert time.passes(STALE_SECONDS / 2, WITHOUT) == KNOWN
        assert time.passes(STEP, ALL) == KNOWN


@pytest.mark.parametrize("state", [state for state in MinerState if state is not MinerState.MINING])
def test_only_steady_mining_is_evidence(state: MinerState) -> None:
    """A paused, starting or failing miner shows less of itself."""
    time = Miners()
    assert time.passes(7 * STALE_SECONDS, listing({1}, {2}, {1}, state=state)) == KNOWN


def test_nothing_at_all_is_an_answer_that_did_not_come() -> None:
    """Neither boards nor fans nor pools go when none is listed."""
    time = Miners()
    assert time.passes(7 * STALE_SECONDS, listing(set(), {1, 2})) == KNOWN
    assert time.passes(7 * STALE_SECONDS, listing({1, 2, 3}, set())) == KNOWN
    assert time.passes(7 * STALE_SECONDS, listing({1, 2, 3}, {1, 2}, set())) == KNOWN


def test_a_gap_is_no_evidence() -> None:
    """What the miner listed while nobody looked is not known."""
    time = Miners()
    time.passes(STEP, WITHOUT)
    for _ in range(20):
        time.now += STALE_SECONDS
        assert time.passes(STEP, WITHOUT) == KNOWN


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(1, 3)),
            st.sets(st.integers(1, 2)),
            st.sampled_from(MinerState),
            st.floats(0, 2 * STALE_SECONDS),
        ),
        max_size=30,
    )
)
def test_never_without_what_is_listed(
    story: list[tuple[set[int], set[int], MinerState, float]],
) -> None:
    """Whatever happened before, and one part of each kind is always left."""
    parts, now = StaleParts(), 0.0
    for boards, fans, state, seconds in story:
        now += seconds
        left = parts.without_gone(KNOWN, listing(boards, fans, state=state), now)
        assert boards <= left.boards <= KNOWN.boards
        assert fans <= left.fans <= KNOWN.fans
        assert left.boards
        assert left.fans


def board_devices(miner: Miner) -> set[int]:
    """Return the numbers of the hashboards in the device registry."""
    prefix = f"{miner.mac}_hashboard_"
    return {
        int(name.removeprefix(prefix))
        for device in dr.async_get(miner.hass).child_devices
        for _, name in device.identifiers
        if name.startswith(prefix)
    }


async def test_a_board_taken_out_and_put_back(
    hass: HomeAssistant, whatsminer: WhatsminerSimulator, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Unavailable for a day, then gone from everywhere, and there again without a reload."""
    clock.advance(7200)
    miner = await add_miner(whatsminer)
    keys = miner.entity_keys()
    assert board_devices(miner) == {1, 2, 3}
    entity_id = miner.entity_id("board_hashrate_2")
    whatsminer.faults.missing_boards.add(1)
    coordinator = miner.entry.runtime_data
    await miner.poll()
    assert miner.state("board_hashrate_2") in {"unavailable", "unknown"}
    assert board_devices(miner) == {1, 2, 3}
    coordinator.stale._missing["board", 2] = STALE_SECONDS
    clock.advance(60)
    await miner.poll()
    assert miner.state("state") == "mining"
    assert board_devices(miner) == {1, 3}
    assert hass.states.get(entity_id) is None
    gone = keys - miner.entity_keys()
    assert gone
    assert all(key.endswith("_2") and not key.startswith("fan_") for key in gone)
    assert miner.entry.data["capabilities"]["boards"] == [1, 3]
    await miner.poll()
    assert board_devices(miner) == {1, 3}

    whatsminer.faults.missing_boards.clear()
    clock.advance(60)
    await miner.poll()
    assert board_devices(miner) == {1, 2, 3}
    assert miner.entity_keys() == keys
    assert miner.entity_id("board_hashrate_2") == entity_id
    assert miner.number("board_hashrate_2") > 0


async def test_a_fan_that_is_gone(
    hass: HomeAssistant, braiins: SimulatedMiner, clock: ManualClock, add_miner: AddMiner
) -> None:
    """Only its entities go; other switches of fans stay."""
    miner = await add_miner(braiins)
    keys = miner.entity_keys()
    coordinator = miner.entry.runtime_data
    last = max(coordinator.capabilities.fans)
    coordinator.stale._gone.add(("fan", last))
    listed = coordinator.client.read

    async def fewer(**given: object) -> Snapshot:
        snapshot: Snapshot = await listed(**given)
        return replace(snapshot, fans=tuple(f for f in snapshot.fans if f.index != last))

    coordinator.client.read = fewer
    clock.advance(60)
    await miner.poll()
    assert keys - miner.entity_keys() == {f"fan_speed_{last}"}
    coordinator.client.read = listed
    clock.advance(60)
    await miner.poll()
    assert miner.entity_keys() == keys


async def remove_by_hand(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, device_id: str, entry_id: str
) -> bool:
    """Delete a device as its page does; tell whether that was allowed."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {
            "type": "config/device_registry/remove_config_entry",
            "config_entry_id": entry_id,
            "device_id": device_id,
        }
    )
    reply = await client.receive_json()
    assert reply["type"] == TYPE_RESULT
    return bool(reply["success"])


async def test_removing_devices_by_hand(
    hass: HomeAssistant,
    whatsminer: WhatsminerSimulator,
    clock: ManualClock,
    add_miner: AddMiner,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A board that the miner does not list may go; one that it lists, and the miner, may not."""
    miner = await add_miner(whatsminer)
    devices, entry_id = dr.async_get(hass), miner.entry.entry_id

    def device_id(name: str) -> str:
        found = (DOMAIN, name), entry_id
        device = devices.async_get_device_by_identifier(
            *found
        ) or devices.async_get_child_device_by_identifier(*found)
        assert device is not None
        return device.id

    main, board = device_id(miner.mac), device_id(f"{miner.mac}_hashboard_2")
    assert not await remove_by_hand(hass, hass_ws_client, main, entry_id)
    assert not await remove_by_hand(hass, hass_ws_client, board, entry_id)

    whatsminer.faults.missing_boards.add(1)
    await whatsminer.unplug()
    await miner.poll()
    # While the miner is away, nobody knows what it has.
    assert not await remove_by_hand(hass, hass_ws_client, board, entry_id)
    await miner.plug(clock)
    assert await remove_by_hand(hass, hass_ws_client, board, entry_id)
    await hass.async_block_till_done()
    assert board_devices(miner) == {1, 3}
    assert miner.entry.data["capabilities"]["boards"] == [1, 3]
    await miner.poll()
    assert board_devices(miner) == {1, 3}
    assert miner.entry.data["capabilities"]["boards"] == [1, 3]

    whatsminer.faults.missing_boards.clear()
    await miner.poll()
    assert board_devices(miner) == {1, 2, 3}
    assert await hass.config_entries.async_unload(entry_id)
    board = device_id(f"{miner.mac}_hashboard_2")
    assert not await remove_by_hand(hass, hass_ws_client, board, entry_id)

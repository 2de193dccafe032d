"""The simulated Braiins OS machine: everything that can be set, and what that restarts."""

from collections.abc import AsyncIterator
import hashlib

import aiohttp
import pytest

from .braiins.plain import Client, MakeClient, draw, hashrate, machines
from .braiins.wire import Json
from .clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def make(clock: ManualClock) -> AsyncIterator[MakeClient]:
    async with machines(clock) as start:
        yield start


@pytest.fixture
async def client(make: MakeClient) -> Client:
    return await make()


# Targets


async def test_power_target_is_taken_up_without_restart(client: Client, clock: ManualClock) -> None:
    assert await client.put("performance/power-target", {"watt": 1500}) == {"watt": 1500}
    mode = await client.get("performance/mode")
    assert mode == {"tunermode": {"target": {"powertarget": {"power_target": {"watt": 1500}}}}}
    state = await client.get("performance/tuner-state")
    assert state["overall_tuner_state"] == 3
    assert state["mode_state"]["powertargetmodestate"] == {
        "profile": None,
        "current_target": {"watt": 1500},
    }
    clock.advance(301)
    state = await client.get("performance/tuner-state")
    assert state["overall_tuner_state"] == 2
    assert state["mode_state"]["powertargetmodestate"]["profile"]["target"] == {"watt": 1500}
    assert draw(await client.get("miner/stats")) == pytest.approx(1500, rel=0.03)
    assert (await client.get("miner/details"))["status"] == 2
    truth = client.miner.truth()
    assert truth["power_target"] == 1500
    assert (truth["mining_restarts"], truth["writes"]) == (0, 1)
    await client.put("performance/power-target/default")
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 2, "profile"
    assert client.miner.truth()["power_target"] == 3040


async def test_differences_answer_the_new_target(client: Client) -> None:
    up = await client.ask("PATCH", "performance/power-target/increment", {"watt": 100})
    down = await client.ask("PATCH", "performance/power-target/decrement", {"watt": 300})
    assert (up.json, down.json) == ({"watt": 3140}, {"watt": 2840})


async def test_hashrate_target_switches_the_kind(client: Client, clock: ManualClock) -> None:
    await client.put("performance/hashrate-target", {"terahash_per_second": 80})
    tuner = (await client.get("configuration/miner"))["tuner"]
    assert tuner == {
        "enabled": True,
        "tuner_mode": 2,
        "power_target": None,
        "hashrate_target": {"terahash_per_second": 80.0},
    }
    clock.advance(600)
    stats = await client.get("miner/stats")
    assert hashrate(stats) == pytest.approx(80, rel=0.03)
    assert draw(stats) < 2500
    for change, expected in (("increment", 90.5), ("decrement", 80.0)):
        answer = await client.ask(
            "PATCH", f"performance/hashrate-target/{change}", {"terahash_per_second": 10.5}
        )
        assert answer.json == {"terahash_per_second": expected}
    assert await client.put("performance/hashrate-target/default") == {"terahash_per_second": 101.0}


async def test_undocumented_target_write_keeps_the_kind(client: Client) -> None:
    client.miner.device.unknowns.target_switches_mode = False
    await client.put("performance/hashrate-target", {"terahash_per_second": 80})
    assert "powertarget" in (await client.get("performance/mode"))["tunermode"]["target"]
    await client.put(
        "performance/mode",
        {"tunermode": {"target": {"hashratetarget": {"hashrate_target": None}}}},
    )
    assert "hashratetarget" in (await client.get("performance/mode"))["tunermode"]["target"]


async def test_manual_mode_disables_the_tuner(client: Client, clock: ManualClock) -> None:
    wanted: Json = {
        "manualmode": {
            "global_frequency": {"hertz": 260e6},
            "global_voltage": None,
            "hashboards": [{"id": "2", "frequency": {"hertz": 250e6}}],
        }
    }
    mode = await client.put("performance/mode", wanted)
    assert mode["manualmode"]["hashboards"][1]["frequency"] == {"hertz": 250e6}
    state = await client.get("performance/tuner-state")
    assert state == {"overall_tuner_state": 1, "mode_state": None}
    clock.advance(300)
    boards = (await client.get("miner/hw/hashboards"))["hashboards"]
    assert [board["current_frequency"]["hertz"] for board in boards] == [260e6, 250e6, 260e6]
    assert draw(await client.get("miner/stats")) == pytest.approx(1520, rel=0.03)


async def test_relative_targets(make: MakeClient) -> None:
    client = await make("S21 Pro")
    for reference, expected in ((1, 1740), (3, 3550)):
        answer = await client.ask(
            "PATCH",
            "performance/power-target/relative",
            {"percentage": 50, "reference": reference},
        )
        assert answer.json == {"watt": expected}
    refused = await client.ask(
        "PATCH", "performance/power-target/relative", {"percentage": 50, "reference": 2}
    )
    assert refused.status == 400


async def test_scaling_steps_down_then_shuts_down(client: Client, clock: ManualClock) -> None:
    step: Json = {"powertarget": {"power_step": {"watt": 500}, "min_power_target": {"watt": 2000}}}
    wanted: Json = {
        "save_action": 2,
        "enable": True,
        "enable_shutdown": True,
        "shutdown_duration": {"hours": 1},
        "target": {"target": step},
    }
    answer = await client.put("performance/dps", wanted)
    assert answer["enabled"] is True
    assert answer["power_target"] == {
        "power_step": {"watt": 500},
        "min_power_target": {"watt": 2000},
    }
    stored = (await client.get("configuration/miner"))["dps"]
    assert (stored["power_step"], stored["mode"]) == ({"watt": 500}, None)
    device = client.miner.device
    device.plant.ambient = 37
    clock.advance(300)
    truth = client.miner.truth()
    assert truth["power_target"] == 3040
    assert truth["power_target_effective"] == 2540
    state = await client.get("performance/tuner-state")
    assert state["mode_state"]["powertargetmodestate"]["current_target"] == {"watt": 2540}
    device.plant.ambient = 56
    clock.advance(900)
    assert (await client.get("miner/details"))["status"] == 4
    device.plant.ambient = 20
    clock.advance(3600)
    await client.login()
    assert (await client.get("miner/details"))["status"] == 2
    assert client.miner.truth()["power_target_effective"] == 3040


async def test_quick_ramping_slows_the_way_up(client: Client, clock: ManualClock) -> None:
    ramping = await client.put("performance/quick-ramping", {"up_s": 600, "down_s": 40})
    assert ramping == {"up_s": 600, "down_s": 40}
    config = (await client.get("configuration/miner"))["hashboard_config"]
    assert (config["quick_ramping_time_up_s"], config["quick_ramping_time_down_s"]) == (600, 40)
    await client.put("actions/restart")
    clock.advance(300)
    assert draw(await client.get("miner/stats")) < 2000
    assert await client.put("performance/quick-ramping/default") == {"up_s": 30, "down_s": 30}


# What does restart mining


async def test_cooling_write_restarts_a_hashing_machine(client: Client, clock: ManualClock) -> None:
    answer = await client.put("cooling/mode", {"manual": {"fan_speed_ratio": 0.5}})
    assert answer["manual"]["fan_speed_ratio"] == 0.5
    assert (await client.ask("GET", "cooling/state")).status == 500
    assert client.miner.truth()["mining_restarts"] == 1
    clock.advance(300)
    fans = (await client.get("cooling/state"))["fans"]
    assert [fan["target_speed_ratio"] for fan in fans] == [0.5] * 4
    config = await client.get("configuration/miner")
    assert config["temperature"]["mode"]["manual"]["target_temperature"] is None


async def test_cooling_write_to_a_paused_machine_delays_resume(
    client: Client, clock: ManualClock
) -> None:
    await client.put("actions/pause")
    clock.advance(10)
    manual: Json = {"pause_cooldown_fan_speed_ratio": 0.2}
    mode: Json = {"auto": {"max_fan_speed": 60, "pause_mode": {"mode": {"manual": manual}}}}
    await client.put("cooling/mode", mode)
    assert client.miner.truth()["mining_restarts"] == 0
    assert (await client.get("cooling/state"))["fans"][0]["target_speed_ratio"] == 0.2
    assert (await client.ask("PUT", "actions/resume")).status == 500
    clock.advance(46)
    assert await client.put("actions/resume") is False


async def test_fans_follow_the_chips(client: Client, clock: ManualClock) -> None:
    warm = (await client.get("cooling/state"))["fans"][0]["rpm"]
    await client.put("performance/power-target", {"watt": 950})
    clock.advance(900)
    assert (await client.get("cooling/state"))["fans"][0]["rpm"] < 0.7 * warm


async def test_board_switch_shows_late_and_restarts(client: Client, clock: ManualClock) -> None:
    answer = await client.ask(
        "PATCH", "miner/hw/hashboards", {"hashboard_ids": ["2"], "enable": False}
    )
    assert answer.json == {"hashboards": [{"id": "2", "is_enabled": False}]}
    assert (await client.get("miner/hw/hashboards"))["hashboards"][1]["enabled"] is True
    clock.advance(30)
    board = (await client.get("miner/hw/hashboards"))["hashboards"][1]
    assert board["enabled"] is False
    assert board["highest_chip_temp"] is None
    assert board["board_temp"] is None
    assert board["current_voltage"] == {"volt": 0.0}
    assert board["stats"]["real_hashrate"]["last_24h"] == {"gigahash_per_second": 0.0}
    assert client.miner.truth()["mining_restarts"] == 1
    clock.advance(600)
    assert hashrate(await client.get("miner/stats")) > 50
    unknown: Json = {"hashboard_ids": ["7"], "enable": False}
    assert (await client.ask("PATCH", "miner/hw/hashboards", unknown)).status == 400


async def test_boards_that_cannot_be_cut_off(make: MakeClient) -> None:
    client = await make("S21 Pro")
    answer = await client.ask(
        "PATCH", "miner/hw/hashboards", {"hashboard_ids": ["1"], "enable": False}
    )
    assert answer.status == 400


async def test_pool_groups(client: Client, clock: ManualClock) -> None:
    pool: Json = {"url": "stratum+tcp://solo.example.net:3333", "user": "someone"}
    group: Json = {"name": "Second", "pools": [pool]}
    made = await client.ask("POST", "pools/", group)
    assert made.status == 201
    assert made.json["uid"] == "1"
    assert (await client.ask("GET", "pools")).status == 500
    clock.advance(60)
    groups = await client.get("pools")
    assert [one["name"] for one in groups] == ["Home", "Second"]
    assert "uid" not in groups[0], "comes with 1.1.0"
    stored = (await client.get("configuration/miner"))["pool_groups"]
    assert [one["uid"] for one in stored] == ["0", "1"]
    renamed = await client.put("pools/1", {"name": "Third", "pools": [pool]})
    assert renamed["name"] == "Third"
    clock.advance(60)
    gone = await client.ask("DELETE", "pools/0")
    assert (gone.status, gone.body, gone.kind) == (204, b"", "")
    clock.advance(60)
    assert (await client.ask("PUT", "pools/0", group)).status == 404
    sent_uid: Json = {"uid": "1", "name": "x", "pools": []}
    assert (await client.ask("PUT", "pools/1", sent_uid)).status == 400
    assert client.miner.truth()["pools"] == "stratum+tcp://solo.example.net:3333"
    assert client.miner.truth()["mining_restarts"] == 3


async def test_profiles_can_be_removed(client: Client, clock: ManualClock) -> None:
    assert len((await client.get("performance/target-profiles"))["power_target_profiles"]) == 1
    assert (await client.ask("DELETE", "performance/tuned-profiles")).status == 204
    clock.advance(60)
    assert await client.get("performance/target-profiles") == {
        "power_target_profiles": [],
        "hashrate_target_profiles": [],
    }
    assert (await client.get("performance/tuner-state"))["overall_tuner_state"] == 3
    assert client.miner.truth()["mining_restarts"] == 1


async def test_network(client: Client) -> None:
    for path in ("network", "network/"):
        state = await client.get(path)
        assert (state["protocol"], state["mac_address"]) == (1, client.miner.mac)
    static: dict[str, Json] = {
        "address": "192.0.2.9",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns_servers": ["192.0.2.1"],
    }
    changed = await client.ask("PATCH", "network/configuration", {"protocol": {"static": static}})
    assert changed.json == {"hostname": "Antminer", "protocol": {"static": static}}
    assert (await client.get("network"))["protocol"] == 2
    renamed = await client.ask("PATCH", "network/configuration", {"hostname": "cellar"})
    assert renamed.json["protocol"] == {"static": static}
    assert (await client.get("miner/details"))["hostname"] == "cellar"


async def test_factory_reset(make: MakeClient, clock: ManualClock) -> None:
    client = await make("S21 Pro")
    await client.put("performance/power-target", {"watt": 2000})
    assert (await client.ask("PUT", "actions/factory-reset")).status == 204
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    assert client.miner.truth()["power_target"] == 3480


async def test_upgrades(make: MakeClient, clock: ManualClock) -> None:
    mini = await make("BMM 101")
    assert (await mini.ask("POST", "upgrade/restore-stock")).status == 404, "comes with 1.3.0"
    sd_card = await make("S19 XP")
    assert (await sd_card.ask("POST", "upgrade/restore-stock")).status == 501

    client = await make("S21 Pro")
    image = b"not really an image"
    for digest, status in (("00", 500), (hashlib.sha256(image).hexdigest(), 204)):
        with aiohttp.MultipartWriter("form-data") as form:
            metadata = form.append_json(
                {
                    "size": len(image),
                    "hash": digest,
                    "discard_settings": False,
                    "disable_cleanup": False,
                }
            )
            metadata.set_content_disposition("form-data", name="metadata")
            form.append(image).set_content_disposition("form-data", name="data")
        headers = {"Authorization": str(client.token), **form.headers}
        answer = await client.ask("POST", "upgrade/system-upgrade", headers=headers, data=form)
        assert answer.status == status
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    await client.login()
    client.miner.device.system_task_running = True
    assert (await client.ask("POST", "upgrade/restore-stock")).status == 409
    client.miner.device.system_task_running = False
    assert (await client.ask("POST", "upgrade/restore-stock")).status == 204
    clock.advance(client.miner.device.timing.boot)
    await client.miner.booted()
    assert (await client.ask("GET", "version/")).status == 404


async def test_advanced_settings(make: MakeClient) -> None:
    client = await make("S21 Hyd")
    path = "advanced-settings/"
    assert await client.get("advanced-settings") == {}
    assert "watchdog_minutes" in await client.get("advanced-settings?include_default=true")
    both: Json = {"allow_single_board": True, "nonsense": 1}
    assert (await client.ask("PATCH", path, both)).status == 400
    assert await client.get(path) == {}, "all or nothing"
    one: Json = {"allow_single_board": True}
    assert (await client.ask("PATCH", path, one)).json == one
    assert (await client.ask("PATCH", path, {"allow_single_board": None})).json == {}

"""Settings that exclude each other, are refused or lost, and values that are none."""

from collections.abc import Callable
import math

import pytest

from custom_components.asic_miner.miners.errors import (
    BusyError,
    InvalidValueError,
    MinerError,
    Reason,
    RejectedError,
    UnconfirmedError,
    UnsupportedError,
    WriteAccessError,
)
from custom_components.asic_miner.miners.models import Feature, SettingValue
from custom_components.asic_miner.miners.whatsminer.parse import Json, Record
from custom_components.asic_miner.miners.whatsminer.settings import SETTINGS
from tests.miners.reasons import because
from tests.simulators.whatsminer import Wire

from .settings_bench import (
    ASSUMED,
    COMMANDS,
    HAS,
    HOUR,
    PAIRS,
    TOLD,
    UNTOLD,
    VALUES,
    WRITES,
    bench,
    refused,
)

TWO_FORMS = {Feature.FAST_MINING, Feature.FAST_BOOT}
BRIEFLY = 0.2
"""Seconds to look for something that does not come."""


async def test_fast_mining_by_the_form_the_device_knows() -> None:
    """The first is refused as unknown once; the second is used from then on."""
    async with bench("M60S") as b:
        b.miner.faults.codes = {"set_fast_mining": 14}
        await b.client.set_setting(Feature.FAST_MINING, True)
        assert b.miner.truth()["fast_hash"] is True
        assert b.miner.truth()["fast_mining"] is False
        await b.client.set_setting(Feature.FAST_MINING, False)
        assert b.writes == ["set_fast_mining", "set_fast_hash", "set_fast_hash"]
        assert (await b.settings())[Feature.FAST_MINING] is False


async def test_fast_mining_by_the_form_the_device_tells() -> None:
    """Status names only one of them."""
    async with bench("M63S") as b:
        b.miner.faults.missing_keys = {"fast_mining"}
        await b.connect()
        assert (await b.settings())[Feature.FAST_MINING] is False
        await b.client.set_setting(Feature.FAST_MINING, True)
        assert b.writes == ["set_fast_hash"]
        assert b.miner.truth()["fast_hash"] is True
        assert (await b.settings())[Feature.FAST_MINING] is True
        assert Feature.FAST_MINING not in b.client.capabilities.assumed


async def test_fast_mining_needs_the_chips() -> None:
    """Without the model's variant it is not offered."""
    async with bench("M60S") as b:
        b.miner.faults.missing_keys = {"miner_type"}
        await b.connect()
        assert Feature.FAST_MINING not in b.client.capabilities


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        *((feature, value)
          for feature in (Feature.TARGET_FREQUENCY, Feature.UPFREQ_SPEED, Feature.TEMP_OFFSET)
          for value in (101.0, -101.0, -0.5, math.nan, math.inf, True, "1")),
        (Feature.UPFREQ_SPEED, 10.0), (Feature.UPFREQ_SPEED, -1.0), (Feature.UPFREQ_SPEED, 4.5),
        (Feature.TEMP_OFFSET, 1.0), (Feature.TEMP_OFFSET, -31.0),
        *((feature, value)
          for feature in (Feature.FAST_BOOT, Feature.MINE_AT_STARTUP, Feature.WEB_POOLS,
                          Feature.POWEROFF_COOL, Feature.FAN_ZERO_SPEED, Feature.FAST_MINING)
          for value in (1.0, 0.0, "on")),
    ],
)  # fmt: skip
async def test_values_out_of_bounds(feature: Feature, value: SettingValue) -> None:
    """Refused before anything is sent, not even asked."""
    async with bench("M60S") as b:
        before = b.miner.connections
        with pytest.raises(InvalidValueError):
            await b.client.set_setting(feature, value)
        assert b.miner.connections == before


@pytest.mark.parametrize("value", ["normal", "anti-icing", "", "Heating", True, 1.0])
async def test_heat_modes_that_are_none(value: SettingValue) -> None:
    """This interface has two, named in the words of the integration."""
    async with bench("M63S") as b:
        before = b.miner.connections
        with pytest.raises(InvalidValueError):
            await b.client.set_setting(Feature.HEAT_MODE, value)
        assert b.miner.connections == before


@pytest.mark.parametrize(
    ("feature", "value", "why"),
    [
        (Feature.WEB_POOLS, 1.0, because(Reason.WRONG_KIND)),
        (Feature.TARGET_FREQUENCY, True, because(Reason.WRONG_KIND)),
        (
            Feature.TARGET_FREQUENCY,
            101.0,
            because(Reason.OUT_OF_RANGE, minimum="-100 %", maximum="100 %"),
        ),
        (Feature.TARGET_FREQUENCY, -0.5, because(Reason.NOT_A_STEP, step="1")),
        (Feature.HEAT_MODE, "normal", because(Reason.NOT_A_CHOICE, choices="anti_icing, heating")),
    ],
)
async def test_why_a_value_is_none(
    feature: Feature, value: SettingValue, why: Callable[[MinerError], bool]
) -> None:
    """It is told in the user's language, by this."""
    async with bench("M63S") as b:
        with pytest.raises(InvalidValueError, check=why):
            await b.client.set_setting(feature, value)


@pytest.mark.parametrize("preset", ["M60S", "M50S", "M30S++"])
async def test_fast_boot_and_tuning_speed(preset: str) -> None:
    """Neither is sent while the other is in use, whether that is told or only remembered."""
    async with bench(preset) as b:
        await b.client.set_setting(Feature.FAST_BOOT, True)
        for speed in (5.0, 0.0):
            with pytest.raises(InvalidValueError, match="fast boot is on"):
                await b.client.set_setting(Feature.UPFREQ_SPEED, speed)
        assert b.truth(Feature.FAST_BOOT) is True
        # Known at once, without a poll between.
        await b.client.set_setting(Feature.FAST_BOOT, False)
        await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        with pytest.raises(InvalidValueError, match="tuning speed"):
            await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.UPFREQ_SPEED) == 5
        # Off is always possible.
        await b.client.set_setting(Feature.FAST_BOOT, False)
        await b.client.set_setting(Feature.UPFREQ_SPEED, 0.0)
        await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.FAST_BOOT) is True
        assert (await b.settings())[Feature.UPFREQ_SPEED] == 0.0


async def test_fast_boot_switched_on_elsewhere() -> None:
    """The device is asked, not the last poll."""
    async with bench("M60S") as b:
        b.miner.device.settings.fast_boot = True
        with pytest.raises(InvalidValueError, match="fast boot is on"):
            await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        assert b.writes == []


async def test_rival_that_cannot_be_asked() -> None:
    """An unknown one stands in nobody's way."""
    async with bench("M60S") as b:
        b.miner.faults.codes = {"summary": 132}
        await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)
        assert b.truth(Feature.UPFREQ_SPEED) == 5
        # What was sent to it is known all the same.
        with pytest.raises(InvalidValueError, check=because(Reason.TUNING_SPEED_SET)):
            await b.client.set_setting(Feature.FAST_BOOT, True)
        await b.client.set_setting(Feature.UPFREQ_SPEED, 0.0)
        await b.client.set_setting(Feature.FAST_BOOT, True)
        with pytest.raises(InvalidValueError, check=because(Reason.FAST_BOOT_ON)):
            await b.client.set_setting(Feature.UPFREQ_SPEED, 5.0)


async def test_rival_that_the_device_does_not_take() -> None:
    """A speed that nobody could set back to zero does not keep fast boot from being used."""
    async with bench("M50-2022") as b:
        b.miner.device.settings.upfreq_speed = 3
        await b.client.set_setting(Feature.FAST_BOOT, True)
        assert b.truth(Feature.FAST_BOOT) is True


@pytest.mark.parametrize("feature", sorted(HAS["M60S"]))
@pytest.mark.parametrize(
    ("code", "kind"),
    [(45, WriteAccessError), (132, RejectedError), (136, BusyError)],
)
async def test_refusals(feature: Feature, code: int, kind: type[MinerError]) -> None:
    """Told by kind, sent once, nothing changed, and still offered."""
    async with bench("M60S") as b:
        before = b.truth(feature)
        b.miner.faults.codes = dict.fromkeys(WRITES, code)
        with pytest.raises(MinerError) as caught:
            await b.client.set_setting(feature, VALUES[feature][0])
        assert type(caught.value) is kind
        assert len(b.writes) == 1
        assert b.truth(feature) == before
        assert feature in b.client.capabilities
        assert (await b.settings()).get(feature) in (before, None)


@pytest.mark.parametrize(("preset", "feature"), PAIRS)
async def test_unknown_commands_are_not_offered_again(preset: str, feature: Feature) -> None:
    """Until the firmware changes."""
    async with bench(preset) as b:
        b.miner.faults.codes = dict.fromkeys(COMMANDS[feature], 14)
        for _ in range(2):
            with pytest.raises(UnsupportedError):
                await b.client.set_setting(feature, VALUES[feature][0])
        # Where there are two forms, each is tried once.
        assert len(b.writes) == (2 if feature in TWO_FORMS else 1)
        has = b.client.capabilities
        assert feature not in has
        assert feature not in {*has.assumed, *has.ranges, *has.choices}
        assert feature not in await b.settings()
        assert has.features & COMMANDS.keys() == HAS[preset] - {feature}


async def test_new_firmware_starts_anew() -> None:
    """It may know more, and tell other things than the old one."""
    async with bench("M30S++") as b:
        b.miner.faults.codes = {"set_temp_offset": 14}
        with pytest.raises(UnsupportedError):
            await b.client.set_setting(Feature.TEMP_OFFSET, -1.0)
        await b.client.set_setting(Feature.WEB_POOLS, False)
        b.miner.faults.codes = {}
        b.miner.change_firmware("M50S")
        await b.client.identify()
        assert Feature.FAST_BOOT in b.client.capabilities.assumed
        seen = await b.settings()
        assert Feature.WEB_POOLS not in seen
        assert seen[Feature.FAST_BOOT] is False
        assert Feature.TEMP_OFFSET in b.client.capabilities
        assert Feature.FAST_BOOT not in b.client.capabilities.assumed


@pytest.mark.parametrize(("preset", "feature"), TOLD)
async def test_lost_replies_of_told_settings(preset: str, feature: Feature) -> None:
    """Executed without a reply: found out by reading, sent once."""
    async with bench(preset) as b:
        b.miner.faults.unanswered = set(COMMANDS[feature])
        value = VALUES[feature][0]
        await b.client.set_setting(feature, value)
        assert b.truth(feature) == value
        assert len(b.writes) == 1
        assert b.restarts == int(feature is Feature.TARGET_FREQUENCY)


@pytest.mark.parametrize(("preset", "feature"), UNTOLD)
async def test_lost_replies_of_untold_settings(preset: str, feature: Feature) -> None:
    """Nothing can tell what became of it: said so, not repeated, and unknown from then on."""
    async with bench(preset) as b:
        first, second = VALUES[feature][:2]
        await b.client.set_setting(feature, first)
        b.pass_time(HOUR)
        b.miner.faults.unanswered = set(COMMANDS[feature])
        with pytest.raises(UnconfirmedError):
            await b.client.set_setting(feature, second)
        assert len(b.writes) == 2 + refused(preset, feature)
        assert b.truth(feature) == second
        assert feature not in await b.settings()


@pytest.mark.parametrize("wire", [Wire.CLOSE, Wire.RESET, Wire.CUT])
@pytest.mark.parametrize("feature", sorted(HAS["M63S"]))
async def test_settings_that_were_not_executed(feature: Feature, wire: Wire) -> None:
    """Lost on the way: not repeated, and not claimed."""
    async with bench("M63S") as b:
        before = b.truth(feature)
        # A reply that is cut off belongs to a command that was executed.
        executed = wire is Wire.CUT
        if not executed:
            b.client.confirm_seconds = BRIEFLY
        b.miner.faults.wire = wire
        b.miner.faults.wire_commands = set(COMMANDS[feature])
        if executed and feature not in ASSUMED["M63S"]:
            await b.client.set_setting(feature, VALUES[feature][0])
        else:
            with pytest.raises(UnconfirmedError):
                await b.client.set_setting(feature, VALUES[feature][0])
        assert len(b.writes) == 1
        assert b.truth(feature) == (VALUES[feature][0] if executed else before)


@pytest.mark.parametrize(
    ("written", "value"),
    [("", 0.0), ("0", 0.0), (0, 0.0), ("-10", -10.0), (-10, -10.0), ("+5", 5.0), ("90", 90.0),
     ("-7.5", -7.5), ("abc", None), (None, None), ([], None)],
)  # fmt: skip
def test_texts_of_the_target_frequency(written: Json, value: float | None) -> None:
    """Empty is none; a number is what it says; anything else is not known."""
    form = SETTINGS[Feature.TARGET_FREQUENCY].forms[0]
    record = Record({"hash_percent": written})
    assert form.told(record) == value
    assert form.told(Record()) is None


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        (Feature.TARGET_FREQUENCY, 101.0, "must be from -100 to 100 %"),
        (Feature.TEMP_OFFSET, 1.0, "must be from -30 to 0 °C"),
        (Feature.UPFREQ_SPEED, 10.0, "must be from 0 to 9"),
    ],
)
async def test_ends_of_a_range_have_a_unit(setting: Feature, value: float, words: str) -> None:
    """A bare number leaves open what is meant."""
    async with bench("M60S") as b:
        with pytest.raises(InvalidValueError) as caught:
            await b.client.set_setting(setting, value)
        assert str(caught.value) == words

"""Constants of the ASIC Miner integration, each number with its reason."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "asic_miner"
LOGGER: Final = logging.getLogger(__package__)

# What a config entry holds besides host, port, user name and password.
CONF_MAKE: Final = "make"
CONF_IDENTITY: Final = "identity"
"""Who the miner is, so that it can be told from another one at its address."""
CONF_CAPABILITIES: Final = "capabilities"
"""What the miner has, so that a miner that is off keeps its entities."""
CONF_MEMORY: Final = "memory"
"""What the client wants to know again after a restart."""
CONF_ORDERED_OFF: Final = "ordered_off"
"""Whether the miner was switched off here, so that off stays off over a restart."""
CONF_TAKEOVER: Final = "takeover"
"""What was taken over from another integration, so that it can be given back."""
CONF_ADVANCED: Final = "advanced"
"""The collapsed section of the first form."""

# What a user may choose, in the entry's options.
CONF_POLL_SECONDS: Final = "poll_seconds"
"""Seconds between two reads of the live values."""
CONF_POWER_SENSOR: Final = "power_sensor"
"""An entity that measures the miner's draw in W better than the miner does."""
CONF_PLUG: Final = "plug"
"""The switch of the plug that the miner hangs on: while it is off, so is the miner."""
DEFAULT_POLL_SECONDS: Final = 15
MIN_POLL_SECONDS: Final = 10
"""A poll of a slow device may take this long, and the next must not come on top of it."""
MAX_POLL_SECONDS: Final = 60
"""What is older than a minute and a half says nothing of now, and a poll may be lost."""
DIARY_SECONDS: Final = 300.0
"""How much a power cut may take of what is counted and learned: as much as one value of the
short-term statistics stands for."""

# Long-term statistics keep the first unit they see, so these texts never change.
TERAHASH_PER_SECOND: Final = "TH/s"
JOULE_PER_TERAHASH: Final = "J/TH"

LIVE_INTERVAL: Final = timedelta(seconds=DEFAULT_POLL_SECONDS)
"""Miners move their own averages in steps of about this length."""
OFF_INTERVAL: Final = timedelta(seconds=30)
"""While off or not reachable nothing moves, and coming back a poll later is soon enough."""
FAST_INTERVAL: Final = timedelta(seconds=5)
"""After a command, to show its effect while somebody is looking."""
FAST_SECONDS: Final = 60.0
"""How long after a command: a percentage settles in a minute or a few."""
SLOW_SECONDS: Final = 60.0
"""Pools, faults, power supply and settings rarely change by themselves. Not longer: guards,
controllers and thermostats judge by them, and on Braiins OS whole hashboards are among them."""
SLOW_SECONDS_AFTER_COMMAND: Final = 15.0
"""Settings are among the slow facts; after a command they are what somebody waits for."""
IDENTITY_SECONDS: Final = 3600.0
"""Firmware is not updated more often than that."""
POLL_SECONDS: Final = 10.0
"""The longest a whole poll may take, whatever the device does."""
POLL_MARGIN_SECONDS: Final = 1.0
"""Left of that for everything but waiting for the device."""
UPTIME_TOLERANCE: Final = 15.0
"""Seconds: a whole poll, in which the uptime is read early or late, and some rounding."""
NOISE_SECONDS: Final = 120.0
"""How often a reading is shown that has hardly changed: statistics of five minutes still have two
or three of each."""
NOISE_SHARE: Final = 0.02
"""Of a reading: as much as hashrate and power vary while nothing happens, and no miner measures
its power better."""
NOISE_DEGREES: Final = 1.0
"""Of a temperature, of which a share would mean nothing: sensors on hashboards tell no less."""
NOISE_KWH: Final = 0.05
"""Of energy: a minute of 3 kW, so that a meter that follows a tariff's quarters of an hour is not
behind by more."""
MOST_WATTS: Final = 1_000_000.0
"""A megawatt is no home."""
RESTART_SECONDS: Final = 600.0
"""A board boots in one to three minutes; after ten it is not coming back by itself."""
RESTART_BEGINS_SECONDS: Final = 60.0
"""A mining process that is still there after a minute is not going to restart."""

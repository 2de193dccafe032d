"""Settings that a device cannot combine.

The manual only says that fast boot and the tuning speed exclude each other, not which one
wins. So neither is sent while the other is in use, and nothing changes unasked. Fast boot
can be switched off at any time.
"""

from collections.abc import Mapping
from contextlib import suppress

from ..errors import InvalidValueError, MinerError, Reason
from ..models import Feature, SettingValue
from . import settings
from .api import WhatsminerApi
from .learned import Learned

_RIVALS: Mapping[Feature, tuple[Feature, str, Reason]] = {
    Feature.UPFREQ_SPEED: (
        Feature.FAST_BOOT,
        "not possible while fast boot is on",
        Reason.FAST_BOOT_ON,
    ),
    Feature.FAST_BOOT: (
        Feature.UPFREQ_SPEED,
        "not possible while the tuning speed is above 0",
        Reason.TUNING_SPEED_SET,
    ),
}
"""What must be off or zero before a setting can be set, and the reason for a refusal."""


async def check_rival(
    api: WhatsminerApi, learned: Learned, setting: Feature, value: SettingValue
) -> None:
    """Raise InvalidValueError for what another setting in use excludes. Takes one request."""
    if value is False or (known := _RIVALS.get(setting)) is None:
        return
    rival, words, reason = known
    if rival not in learned.commands:
        return
    used: object = None
    with suppress(MinerError):
        # The last poll may be older than the last change.
        used = await settings.ask(api, rival, learned.unsupported)
    if learned.sent(rival) if used is None else used:
        raise InvalidValueError(words, reason)

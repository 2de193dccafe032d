"""Settings that a device cannot combine.

The manual only says that fast boot and the tuning speed exclude each other, not which one
wins. So neither is sent while the other is in use, and nothing changes unasked. Fast boot
can be switched off at any time.
"""

from collections.abc import Mapping
from contextlib import suppress

from ..errors import InvalidValueError, MinerError
from ..models import Feature, SettingValue
from . import settings
from .api import WhatsminerApi
from .learned import Learned

_RIVALS: Mapping[Feature, tuple[Feature, str]] = {
    Feature.UPFREQ_SPEED: (Feature.FAST_BOOT, "not possible while fast boot is on"),
    Feature.FAST_BOOT: (Feature.UPFREQ_SPEED, "not possible while the tuning speed is above 0"),
}
"""What must be off or zero before a setting can be set, and the reason for a refusal."""


async def check_rival(
    api: WhatsminerApi, learned: Learned, setting: Feature, value: SettingValue
) -> None:
    """Raise InvalidValueError for what another setting in use excludes. Takes one request."""
    rival, reason = _RIVALS.get(setting, (None, ""))
    if rival is None or rival not in learned.commands or value is False:
        return
    used: object = None
    with suppress(MinerError):
        # The last poll may be older than the last change.
        used = await settings.ask(api, rival, learned.unsupported)
    if learned.sent(rival) if used is None else used:
        raise InvalidValueError(reason)

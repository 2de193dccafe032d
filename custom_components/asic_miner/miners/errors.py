"""What can go wrong with a miner, in kinds that a caller can act on.

Clients raise these and nothing else. `str(error)` is English for the log, free of
secrets; what the user reads is translated by the caller from the kind.
"""


class MinerError(Exception):
    """Base of all: something is wrong with or at the miner."""


class UnreachableError(MinerError):
    """No connection, no answer in time, or the connection broke while reading."""


class UnconfirmedError(MinerError):
    """A write was sent and no answer came, or none that can be read: its outcome is not known.

    Reading did not show the wanted state in time either. It must not be repeated
    without looking at the miner's state first.
    """


class MalformedReplyError(MinerError):
    """Something answered, but not in the way this make answers."""


class AuthenticationError(MinerError):
    """The credentials were refused."""


class WriteAccessError(MinerError):
    """The device does not allow writes (a switch of its own, or a default password)."""


class BusyError(MinerError):
    """The device cannot take this now; the same request may work later."""


class RampingError(MinerError):
    """The device would ignore this until its hashrate has settled; nothing was sent."""


class UnsupportedError(MinerError):
    """This device or firmware does not have the command."""


class OutdatedFirmwareError(UnsupportedError):
    """The firmware is older than this interface; updating it helps."""


class RejectedError(MinerError):
    """The device understood and refused: a value out of range, or a failed command."""


class RevertedError(MinerError):
    """What was set did not show as wanted; all is as it was before."""


class NotRevertedError(MinerError):
    """What was set did not show as wanted, and what was before could not be restored."""


class InvalidValueError(MinerError):
    """The value is outside what the device takes; nothing was sent."""


class MiningProcessDownError(MinerError):
    """The device answers but its mining process does not run, so this is not possible."""


class WrongMinerError(MinerError):
    """Another miner answers at this address."""

"""What all tests stand on."""

# Home Assistant's test harness brings a package of the same name, so ours comes first.
import custom_components.asic_miner  # noqa: F401

from collections.abc import Callable, Generator  # isort: skip
import logging  # isort: skip
import os  # isort: skip
import signal  # isort: skip

from hypothesis import settings  # isort: skip
import pytest  # isort: skip

from tests.deprecations import DeprecationCheck  # isort: skip
from tests.translations import TranslationCheck  # isort: skip

# The harness lets the recorder tell each statement; nobody reads them, and writing them takes time.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)

# The harness has each line written to standard error, too. pytest keeps all of them and shows those
# of a test that failed, but takes nothing from there between the phases of a test; threads of the
# recorder go on then, and what they say stood among the results.
for handler in list(logging.getLogger().handlers):
    # Not those of pytest, which are kinds of it.
    if type(handler) is logging.StreamHandler:
        logging.getLogger().removeHandler(handler)

# Ended as by Ctrl+C, so that the programs that tests have started are ended too.
signal.signal(signal.SIGTERM, signal.default_int_handler)

# What is tried for a change is the same each time, so that it fails for the change; what is new is
# tried every night, for which Hypothesis has to be told, as by itself it tries the same in a CI.
settings.register_profile("tries", derandomize="ASIC_MINER_FUZZ" not in os.environ)
settings.load_profile("tries")


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Let every test use real sockets; the harness still allows 127.0.0.1 only."""


@pytest.fixture(autouse=True)
def check_translations() -> Generator[None]:
    """Fail a test in which a text was asked for that the translations do not have."""
    with TranslationCheck() as check:
        yield
    assert not check.missing, "texts missing in translations/en.json:\n" + "\n".join(check.missing)


@pytest.fixture(autouse=True)
def check_deprecations() -> Generator[None]:
    """Fail a test in which the integration used what Home Assistant is to lose."""
    with DeprecationCheck() as check:
        yield
    assert not check.reports, "\n".join(check.reports)


@pytest.fixture
def unused_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    """A port of the loopback interface on which nothing listens."""
    return unused_tcp_port_factory()

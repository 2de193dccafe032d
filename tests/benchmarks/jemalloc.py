"""The allocator that Home Assistant's own images bring, for a process that is measured."""

from pathlib import Path
import shutil
import subprocess

from tests.demo.hass import ROOT

FOLDER = ROOT / ".setup" / "jemalloc"
"""Where Debian's package is unpacked when none is installed."""
INSTALLED = (Path("/usr/local/lib"), Path("/usr/lib"), Path("/lib"))
FETCH_SECONDS = 120

SETTINGS = "background_thread:true,metadata_thp:auto,dirty_decay_ms:20000,muzzy_decay_ms:20000"
"""Those of Home Assistant's images; it gives back what was not needed for twenty seconds."""


def library() -> Path | None:
    """Return jemalloc's library: one that is installed, else Debian's. None without either."""
    if (found := _found(*INSTALLED, FOLDER)) is None:
        _fetch()
        found = _found(FOLDER)
    return found


def environment(library: Path) -> dict[str, str]:
    """Return what has a process allocate with it."""
    return {"LD_PRELOAD": str(library), "MALLOC_CONF": SETTINGS}


def is_used_by(pid: int) -> bool:
    """Tell whether a process has really loaded it: one that does not fit is left out silently."""
    return "libjemalloc" in Path(f"/proc/{pid}/maps").read_text("utf-8")


def _found(*folders: Path) -> Path | None:
    names = ("libjemalloc.so.2", "*/libjemalloc.so.2", "usr/lib/*/libjemalloc.so.2")
    return next(
        (path for folder in folders for name in names for path in sorted(folder.glob(name))), None
    )


def _fetch() -> None:
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or dpkg is None:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(  # noqa: S603 - our own words
            [apt, "-qq", "download", "libjemalloc2"],
            cwd=FOLDER,
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
        for package in FOLDER.glob("*.deb"):
            subprocess.run([dpkg, "-x", package, FOLDER], check=True)  # noqa: S603 - our own words
    except subprocess.SubprocessError:
        # Whoever asked says that it is not there.
        return

"""Lists what Home Assistant would install at the first start of the demo.

Walks the manifests of the integrations that the demo and the tests load, so that the
list follows Home Assistant from release to release instead of being kept by hand.

usage: ha_requirements.py FILE
"""

import json
from pathlib import Path
import sys

import homeassistant
from homeassistant.bootstrap import DEFAULT_INTEGRATIONS
from homeassistant.const import Platform

# What the demo's configuration names; Home Assistant sets the rest up by itself at each start.
WANTED = (
    "automation",
    "config",
    "conversation",
    "energy",
    "frontend",
    "history",
    "logbook",
    "recorder",
)


def requirements(components: Path) -> set[str]:
    """Return the pip requirements of the wanted integrations and all they depend on."""
    found: set[str] = set()
    seen: set[str] = set()
    queue = [*WANTED, *DEFAULT_INTEGRATIONS, *Platform]
    while queue:
        domain = queue.pop()
        if domain in seen:
            continue
        seen.add(domain)
        manifest = json.loads((components / domain / "manifest.json").read_text("utf-8"))
        found.update(manifest.get("requirements", ()))
        queue += manifest.get("dependencies", ())
    return found


def main() -> None:
    """Write the list to the file named on the command line."""
    listed = requirements(Path(homeassistant.__file__).parent / "components")
    Path(sys.argv[1]).write_text("\n".join(sorted(listed)) + "\n", "utf-8")


if __name__ == "__main__":
    main()

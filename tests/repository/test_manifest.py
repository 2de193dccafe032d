"""The manifest, held against what the installed Home Assistant reads."""

import json
from pathlib import Path
from typing import Any

from homeassistant import loader
from homeassistant.core import HomeAssistant
import pytest

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "asic_miner"
MANIFEST: dict[str, Any] = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))


def test_every_key_is_known_and_in_its_place() -> None:
    """Domain and name first, the others by the alphabet, as Home Assistant's checks want it."""
    assert MANIFEST.keys() <= loader.Manifest.__annotations__.keys()
    first, *others = list(MANIFEST)[0:1], list(MANIFEST)[1], *list(MANIFEST)[2:]
    assert [*first, others[0]] == ["domain", "name"]
    assert others[1:] == sorted(others[1:])


@pytest.mark.parametrize(
    ("kind", "matcher"),
    [
        ("dhcp", loader.DHCPMatcherRequired.__annotations__ | loader.DHCPMatcher.__annotations__),
        ("zeroconf", loader.ZeroconfMatcher.__annotations__ | {"type": str}),
    ],
)
def test_matchers_have_known_keys(kind: str, matcher: dict[str, Any]) -> None:
    """What Home Assistant does not know is never matched."""
    for entry in MANIFEST[kind]:
        assert entry.keys() <= matcher.keys() - {"domain"}
        for key in {"hostname", "macaddress"} & entry.keys():
            case = str.upper if key == "macaddress" else str.lower
            assert entry[key] == case(entry[key]), "compared in this case only"


async def test_home_assistant_loads_it(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    """With a version, without which a custom integration is refused."""
    integration = await loader.async_get_integration(hass, MANIFEST["domain"])
    assert integration.version is not None
    assert integration.config_flow
    assert integration.has_services
    assert integration.has_translations
    assert integration.iot_class == "local_polling"
    assert not integration.disabled

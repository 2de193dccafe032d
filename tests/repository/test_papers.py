"""The papers say what is so: manifest, quality scale, change log, requirements."""

import json
from pathlib import Path
import re

import homeassistant
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
import yaml

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "asic_miner"
MANIFEST = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))


def test_quality_scale_names_every_rule() -> None:
    """The same rules as an integration that Home Assistant itself rates platinum."""
    model = Path(homeassistant.__file__).parent / "components" / "peblar" / "quality_scale.yaml"
    theirs = yaml.safe_load(model.read_text("utf-8"))["rules"]
    ours = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text("utf-8"))["rules"]
    assert ours.keys() == theirs.keys()
    for rule, status in ours.items():
        if isinstance(status, dict):
            assert status["status"] in {"done", "exempt", "todo"}, rule
            assert status["comment"].strip(), rule
        else:
            assert status in {"done", "todo"}, rule


async def test_home_assistant_accepts_the_manifest(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    """Through its own loader."""
    integration = await async_get_integration(hass, "asic_miner")
    assert integration.config_flow
    assert integration.has_branding
    assert str(integration.version) == MANIFEST["version"]
    assert list(MANIFEST)[:2] == ["domain", "name"]
    assert list(MANIFEST)[2:] == sorted(list(MANIFEST)[2:])


def test_versions_agree() -> None:
    """Manifest, project and change log."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{MANIFEST["version"]}"' in project
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## {MANIFEST['version']}" in changes


def test_home_assistant_version_is_the_one_that_is_tested() -> None:
    """HACS offers the integration from the release that the tests run on."""
    wanted = json.loads((ROOT / "hacs.json").read_text("utf-8"))["homeassistant"]
    assert homeassistant.const.__version__.rsplit(".", 1)[0] == wanted.rsplit(".", 1)[0]


def papers() -> list[Path]:
    """Return all pages that people read."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def anchors(paper: Path) -> set[str]:
    """Return the names that the headings of a page get where it is shown."""
    headings = re.findall(r"^#+ (.*)$", paper.read_text("utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-")
        for heading in headings
    }


def test_links_lead_somewhere() -> None:
    """Every relative link of a paper names a file that exists, and a heading in it."""
    for paper in papers():
        for link, anchor in re.findall(r"\]\(([^)#]*?)(?:#([^)]*))?\)", paper.read_text("utf-8")):
            if "://" in link:
                continue
            page = paper.parent / link if link else paper
            assert page.exists(), f"{paper.name}: {link}"
            if anchor and page.suffix == ".md":
                assert anchor in anchors(page), f"{paper.name}: {link}#{anchor}"


def test_every_claim_about_security_has_its_test() -> None:
    """Each row of the note names tests, and these exist."""
    rows = [
        cells
        for line in (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
        if line.startswith("| ") and len(cells := line.strip("| ").split(" | ")) == 3
    ]
    claims = [row for row in rows if row[2] != "test"]
    assert claims
    for claim, _, tests in claims:
        named = re.findall(r"`([\w/.]*)(?:::(\w+))?`", tests)
        assert named, claim
        code = ""
        for file, test in named:
            if file:
                (found,) = [
                    path
                    for path in (ROOT / "tests").rglob("test_*.py")
                    if str(path).endswith(f"/{file}")
                ]
                code = found.read_text("utf-8")
            assert not test or f"def {test}(" in code, test


def test_every_picture_is_shown_light_and_dark() -> None:
    """And every picture that is shown is there."""
    shown: set[Path] = set()
    for paper in papers():
        text = paper.read_text("utf-8")
        for name in re.findall(r"(?:!\[[^\]]*\]\(|srcset=\"|src=\")([^\")]+)", text):
            shown.add((paper.parent / name).resolve())
        for dark, light in re.findall(r'srcset="([^"]+)".*?src="([^"]+)"', text, re.DOTALL):
            assert dark.replace("-dark.png", "-light.png") == light, paper.name
    assert shown == set((ROOT / "docs" / "images").iterdir())

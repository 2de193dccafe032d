"""What GitHub and HACS read of this repository is right, as far as can be told without them."""

import json
import os
from pathlib import Path
import re
import shutil
import subprocess
from typing import NotRequired, TypedDict, cast

from awesomeversion import AwesomeVersion
from homeassistant import const
import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").iterdir())
MANIFEST = Path("custom_components/asic_miner/manifest.json")

PINNED = re.compile(r"@(v\d+(\.\d+)*|\d+\.\d+\.\d+|[0-9a-f]{40})$")
BRANCH_ONLY = {"home-assistant/actions/hassfest@master"}
"""Offered by its owner from a branch only, without releases."""


class Step(TypedDict):
    """What matters here of a step."""

    name: NotRequired[str]
    uses: NotRequired[str]
    run: NotRequired[str]


Job = TypedDict(
    "Job",
    {
        "timeout-minutes": NotRequired[int],
        "permissions": NotRequired[dict[str, str]],
        "steps": list[Step],
    },
)


class Workflow(TypedDict):
    """What matters here of a workflow."""

    name: str
    on: dict[str, object]
    permissions: dict[str, str]
    jobs: dict[str, Job]


class Element(TypedDict):
    """What matters here of one field of an issue form."""

    type: str
    id: NotRequired[str]
    attributes: dict[str, object]
    validations: NotRequired[dict[str, bool]]


class Form(TypedDict):
    """An issue form."""

    name: str
    description: str
    labels: list[str]
    body: list[Element]


def _workflow(path: Path) -> Workflow:
    loaded = yaml.safe_load(path.read_text("utf-8"))
    loaded["on"] = loaded.pop(True)  # the key `on` is a truth value in YAML 1.1
    return cast("Workflow", loaded)


def _steps(path: Path) -> list[Step]:
    return [step for job in _workflow(path)["jobs"].values() for step in job["steps"]]


def _form(name: str) -> Form:
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / name
    return cast("Form", yaml.safe_load(path.read_text("utf-8")))


each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def test_the_workflows_and_when_they_run() -> None:
    assert {path.name: set(_workflow(path)["on"]) for path in WORKFLOWS} == {
        "ci.yml": {"push", "pull_request", "schedule", "workflow_dispatch"},
        "validate.yml": {"push", "pull_request", "schedule", "workflow_dispatch"},
        "release.yml": {"push", "release"},
        "nightly.yml": {"schedule", "workflow_dispatch"},
    }


@each_workflow
def test_a_workflow_may_only_read(path: Path) -> None:
    workflow = _workflow(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job


@each_workflow
def test_no_job_runs_for_hours(path: Path) -> None:
    for job in _workflow(path)["jobs"].values():
        assert 0 < job.get("timeout-minutes", 0) <= 90


@each_workflow
def test_actions_are_pinned(path: Path) -> None:
    used = {step["uses"] for step in _steps(path) if "uses" in step}
    assert used
    assert {action for action in used if not PINNED.search(action)} <= BRANCH_ONLY


@each_workflow
def test_commands_take_nothing_from_outside_as_code(path: Path) -> None:
    # A title or a branch name put into a command by ${{ }} would be run as a part of it.
    assert [step["run"] for step in _steps(path) if "${{" in step.get("run", "")] == []


@each_workflow
def test_scripts_that_are_called_exist(path: Path) -> None:
    for step in _steps(path):
        for script in re.findall(r"(?<![\w/.])scripts/[\w/.-]+", step.get("run", "")):
            assert os.access(ROOT / script, os.X_OK), f"{script} is missing or not executable"


def test_ci_runs_what_a_developer_runs() -> None:
    path = ROOT / ".github" / "workflows" / "ci.yml"
    commands = [step["run"] for step in _steps(path) if "run" in step]
    assert commands == ["scripts/lint", "scripts/test"]


def test_every_night_runs_what_is_long() -> None:
    path = ROOT / ".github" / "workflows" / "nightly.yml"
    commands = " ".join(step["run"] for step in _steps(path) if "run" in step)
    for command in (
        "scripts/test tests/reliability/test_fuzz.py",
        "scripts/bench --soak",
        "scripts/bench --faults",
    ):
        assert command in commands
    assert "scripts/bench" in {step.get("run") for step in _steps(path)}


def test_validation_asks_home_assistant_and_hacs() -> None:
    used = [
        step.get("uses", "").partition("@")[0]
        for step in _steps(ROOT / ".github" / "workflows" / "validate.yml")
    ]
    assert "home-assistant/actions/hassfest" in used
    assert "hacs/action" in used


@pytest.mark.parametrize(
    ("tag", "accepted"),
    [("v1.2.3", True), ("v1.2.4", False), ("1.2.3", False), ("v1.2.3-rc1", False)],
)
def test_a_release_must_be_tagged_as_its_manifest_says(
    tmp_path: Path, tag: str, accepted: bool
) -> None:
    command = next(
        step["run"]
        for step in _steps(ROOT / ".github" / "workflows" / "release.yml")
        if "run" in step
    )
    manifest = tmp_path / MANIFEST
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"version": "1.2.3"}), "utf-8")
    bash = shutil.which("bash")
    assert bash is not None
    # GitHub runs a step the same way: bash -e, the tag in GITHUB_REF_NAME.
    done = subprocess.run(  # noqa: S603 - the command is the repository's own
        [bash, "-e", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "GITHUB_REF_NAME": tag},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is accepted, done.stderr
    assert ("::error::" in done.stdout) is not accepted


def test_hacs_reads_only_what_it_knows() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    manifest = json.loads((ROOT / MANIFEST).read_text("utf-8"))
    # HACS refuses members it does not know; these two are all that this project needs.
    assert hacs.keys() == {"name", "homeassistant"}
    assert hacs["name"] == manifest["name"]
    # A version newer than what the tests run on would be a demand that nobody has tried.
    assert AwesomeVersion("2026.10.0") <= hacs["homeassistant"] <= AwesomeVersion(const.__version__)


@pytest.mark.parametrize("name", [path.name for path in FORMS])
def test_issue_form_is_complete(name: str) -> None:
    form = _form(name)
    assert form["name"]
    assert form["description"]
    assert form["labels"]
    fields = [element for element in form["body"] if element["type"] != "markdown"]
    assert all(element["attributes"]["label"] for element in fields)
    ids = [element.get("id") for element in fields]
    assert None not in ids
    assert len(set(ids)) == len(ids)


def test_a_bug_report_brings_what_is_needed_to_find_the_bug() -> None:
    required = {
        element.get("id")
        for element in _form("bug.yml")["body"]
        if element.get("validations", {}).get("required")
    }
    assert required >= {"make", "model", "firmware", "ha_version", "diagnostics"}

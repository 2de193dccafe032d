"""Watches Home Assistant at work and notes each of our texts that is missing.

Home Assistant's own repository has such a fixture for its integrations; the test harness
for custom integrations has not.
"""

from collections.abc import Mapping
from contextlib import ExitStack
import json
from pathlib import Path
import string
from typing import Any, Self
from unittest.mock import patch

from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.config_entries import ConfigEntriesFlowManager, OptionsFlow
from homeassistant.core import ServiceRegistry
from homeassistant.data_entry_flow import FlowManager, FlowResultType, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.helpers.issue_registry import async_get as async_get_issues
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
import probatio

DOMAIN = "asic_miner"
TRANSLATIONS = Path(__file__).parents[1] / "custom_components" / DOMAIN / "translations"

FROM_CORE = frozenset({"reauth_successful", "reconfigure_successful"})
"""Reasons to abort that Home Assistant translates itself."""


def flatten(texts: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested texts under dotted keys."""
    flat: dict[str, str] = {}
    for key, value in texts.items():
        if isinstance(value, str):
            flat[f"{prefix}{key}"] = value
        else:
            flat |= flatten(value, f"{prefix}{key}.")
    return flat


def load(language: str = "en") -> dict[str, str]:
    """Return all texts of a language under dotted keys."""
    return flatten(json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8")))


def placeholders(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class TranslationCheck:
    """A context in which every text that is asked for is looked up."""

    def __init__(self) -> None:
        """Begin with nothing missing."""
        self.missing: list[str] = []
        self._texts = load()
        self._patches = ExitStack()

    def __enter__(self) -> Self:
        """Look over Home Assistant's shoulder."""
        check = self
        handle_step = FlowManager._async_handle_step
        async_call = ServiceRegistry.async_call
        get_or_create = IssueRegistry.async_get_or_create
        refresh = DataUpdateCoordinator._async_refresh

        async def checked_step(self: Any, flow: Any, *args: Any, **kwargs: Any) -> Any:
            result = await handle_step(self, flow, *args, **kwargs)
            if isinstance(self, ConfigEntriesFlowManager) and flow.handler == DOMAIN:
                check.flow_result("config", result)
            elif isinstance(self, RepairsFlowManager) and flow.handler == DOMAIN:
                issue = async_get_issues(self.hass).async_get_issue(DOMAIN, flow.issue_id)
                # One that is gone has been mended in the step just done.
                if issue is not None:
                    check.flow_result(f"issues.{issue.translation_key}.fix_flow", result)
            elif isinstance(flow, OptionsFlow) and flow.config_entry.domain == DOMAIN:
                check.flow_result("options", result)
            return result

        async def checked_call(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await async_call(self, *args, **kwargs)
            except HomeAssistantError as error:
                check.exception(error)
                raise

        def checked_issue(self: Any, domain: str, issue_id: str, **kwargs: Any) -> Any:
            if domain == DOMAIN:
                check.issue(kwargs)
            return get_or_create(self, domain, issue_id, **kwargs)

        async def checked_refresh(self: Any, *args: Any, **kwargs: Any) -> None:
            try:
                await refresh(self, *args, **kwargs)
            finally:
                if isinstance(self.last_exception, HomeAssistantError):
                    check.exception(self.last_exception)

        for owner, name, replacement in (
            (FlowManager, "_async_handle_step", checked_step),
            (ServiceRegistry, "async_call", checked_call),
            (IssueRegistry, "async_get_or_create", checked_issue),
            (DataUpdateCoordinator, "_async_refresh", checked_refresh),
        ):
            self._patches.enter_context(patch.object(owner, name, replacement))
        return self

    def __exit__(self, *exc: object) -> None:
        """Look away."""
        self._patches.close()

    def text(self, key: str, given: Mapping[str, Any] | None) -> None:
        """Note a text that is missing, or that names what is not given."""
        if (text := self._texts.get(key)) is None:
            self.missing.append(key)
        elif lacking := placeholders(text) - set(given or {}):
            self.missing.append(f"{key}: nothing given for {sorted(lacking)}")

    def exception(self, error: HomeAssistantError) -> None:
        """Check what an action or a poll raised."""
        if error.translation_domain == DOMAIN:
            self.text(f"exceptions.{error.translation_key}.message", error.translation_placeholders)

    def issue(self, issue: Mapping[str, Any]) -> None:
        """Check a repair issue."""
        key = f"issues.{issue['translation_key']}"
        given = issue.get("translation_placeholders")
        self.text(f"{key}.title", given)
        if not issue.get("is_fixable"):
            self.text(f"{key}.description", given)

    def flow_result(self, kind: str, result: Mapping[str, Any]) -> None:
        """Check a step of a flow of one kind: "config", "options" or that of an issue."""
        given = result.get("description_placeholders")
        match result["type"]:
            case FlowResultType.ABORT if result["reason"] not in FROM_CORE:
                self.text(f"{kind}.abort.{result['reason']}", given)
            case FlowResultType.FORM:
                step = f"{kind}.step.{result['step_id']}"
                self.text(f"{step}.title", given)
                self.text(f"{step}.description", given)
                self._fields(step, result["data_schema"].schema, given)
                for error in (result["errors"] or {}).values():
                    self.text(f"{kind}.error.{error}", given)
            case FlowResultType.MENU:
                step = f"{kind}.step.{result['step_id']}"
                self.text(f"{step}.title", given)
                self.text(f"{step}.description", given)
                for option in result["menu_options"]:
                    self.text(f"{step}.menu_options.{option}", given)
            case FlowResultType.SHOW_PROGRESS:
                self.text(f"{kind}.progress.{result['progress_action']}", given)

    def _fields(
        self, step: str, schema: Mapping[Any, Any], given: Mapping[str, Any] | None
    ) -> None:
        for marker, field in schema.items():
            name = marker.schema if isinstance(marker, probatio.Marker) else marker
            if isinstance(field, section):
                self.text(f"{step}.sections.{name}.name", given)
                self._fields(f"{step}.sections.{name}", field.schema.schema, given)
            else:
                self.text(f"{step}.data.{name}", given)
                self.text(f"{step}.data_description.{name}", given)

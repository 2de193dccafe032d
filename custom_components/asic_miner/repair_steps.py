"""The flows of all issues: what can be mended from here, step by step with the user."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import probatio

from .const import DOMAIN
from .controller_options import CONF_METER, turned
from .coordinator import MinerConfigEntry, MinerCoordinator
from .errors import async_reason, translation_key
from .flow_forms import CONF_NEW_PASSWORD, CONF_REPEATED, NEW_PASSWORD_FORM
from .issues import DEFAULT_PASSWORDS, METER_SIGN
from .miners.errors import MinerError
from .miners.models import Feature
from .restart import Restart

if TYPE_CHECKING:
    # Loaded with the first controller; a home without one does without.
    from .controller import ControllerConfigEntry

NOTHING = probatio.Schema({})

type UserInput = dict[str, str] | None


class EntryRepairFlow(RepairsFlow):
    """What the flows of all issues have in common."""

    errors: frozenset[str] = frozenset()
    """Kinds of errors with a text of their own; all others give the miner's reason."""

    def __init__(self, entry: ConfigEntry[Any]) -> None:
        """Belong to one miner or controller."""
        self.entry = entry
        self._reason = ""

    @property
    def issue(self) -> ir.IssueEntry | None:
        """Return what is to be mended; None if that is over."""
        return ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)

    @property
    def placeholders(self) -> dict[str, str]:
        """Return what the texts of all steps may name."""
        told = self.issue.translation_placeholders if self.issue else None
        return {"name": self.entry.title, "reason": self._reason, **(told or {})}

    def form(
        self,
        step: str,
        errors: dict[str, str] | None = None,
        schema: probatio.Schema = NOTHING,
    ) -> RepairsFlowResult:
        """Show a form of this flow."""
        return self.async_show_form(
            step_id=step,
            data_schema=schema,
            errors=errors,
            description_placeholders=self.placeholders,
        )

    def menu(self, *options: str) -> RepairsFlowResult:
        """Let the user choose between steps."""
        return self.async_show_menu(
            step_id="init",
            menu_options=list(options),
            description_placeholders=self.placeholders,
        )


class MinerRepairFlow(EntryRepairFlow):
    """What the flows of the issues of a miner have in common."""

    entry: MinerConfigEntry
    errors = frozenset({"authentication_failed", "unreachable"})

    async def async_step_init(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Begin with the one step there is."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Explain, and do it when the user says so."""
        return self.form("confirm")

    @property
    def coordinator(self) -> MinerCoordinator | None:
        """Return the way to the miner, None while its entry is not loaded."""
        return self.entry.runtime_data if self.entry.state is ConfigEntryState.LOADED else None

    async def attempt(
        self, what: Callable[[MinerCoordinator], Awaitable[object]]
    ) -> dict[str, str]:
        """Have something done and return what to show at the form, nothing if it is done."""
        coordinator = self.coordinator
        if coordinator is None:
            return {"base": "not_loaded"}
        try:
            await what(coordinator)
        except HomeAssistantError as error:
            if not isinstance(cause := error.__cause__, MinerError):
                raise
            self._reason = await async_reason(self.hass, cause, self.entry.title)
            key = translation_key(cause)
            return {"base": key if key in self.errors else "refused"}
        return {}


class WriteAccessFlow(MinerRepairFlow):
    """The user opens the miner for commands with the maker's program; here it is tried."""

    errors = frozenset({"authentication_failed", "unreachable", "write_access_off"})

    @override
    async def async_step_confirm(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Try again when the user has done what the steps say."""
        errors = None
        if user_input is not None:
            errors = await self.attempt(
                lambda coordinator: coordinator.async_command(lambda client: client.check_access())
            )
            if not errors:
                return self.async_create_entry(data={})
        return self.form("confirm", errors)


class OffDoesNotHoldFlow(MinerRepairFlow):
    """The miner has mined again too often: go on switching it off, or leave it alone."""

    @override
    async def async_step_init(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Let the user choose."""
        return self.menu("keep_off", "leave")

    async def async_step_keep_off(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Switch it off now, which also begins to count anew."""
        errors = await self.attempt(lambda coordinator: coordinator.async_user_mining(False))
        return self.form("keep_off", errors) if errors else self.async_create_entry(data={})

    async def async_step_leave(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Nothing is switched any more already; say no more about it."""
        return self.async_create_entry(data={})


class DefaultPasswordFlow(MinerRepairFlow):
    """The password is the maker's own; change it on the miner and here."""

    errors = frozenset({"invalid_value", "unconfirmed", "unreachable", "write_access_off"})

    @override
    async def async_step_confirm(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Ask for the new password and set it."""
        errors = None
        if user_input is not None:
            new = user_input[CONF_NEW_PASSWORD]
            if new != user_input[CONF_REPEATED]:
                errors = {CONF_REPEATED: "passwords_differ"}
            elif any(new in known for known in DEFAULT_PASSWORDS.values()):
                errors = {CONF_NEW_PASSWORD: "still_default"}
            else:
                errors = await self.attempt(
                    lambda coordinator: coordinator.async_change_password(new)
                )
            if not errors:
                return self.async_create_entry(data={})
        return self.form("confirm", errors, NEW_PASSWORD_FORM)


class LookAgainFlow(MinerRepairFlow):
    """Only outside of Home Assistant it can be mended; here it is read whether it is."""

    still: frozenset[str] = frozenset()
    """Kinds of errors that say that it is not mended."""

    @override
    async def async_step_confirm(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Explain, and look again when the user has done what the text says."""
        if user_input is None:
            return self.form("confirm")
        return await self.look_again("confirm")

    async def look_again(self, step: str) -> RepairsFlowResult:
        """Read the miner anew, and say what is wrong still if anything is."""
        errors = await self.attempt(lambda coordinator: coordinator.async_read_anew())
        said = errors.get("base")
        left = said is None and self.issue
        if left or said in self.still:
            errors = {"base": "still_so"}
        return self.form(step, errors) if errors else self.async_create_entry(data={})


class FirmwareFlow(LookAgainFlow):
    """Firmware that is too old shows in what it lacks, or in that it refuses everything."""

    still = frozenset({"outdated_firmware", "unsupported"})
    errors = MinerRepairFlow.errors | still


class ClockFlow(LookAgainFlow):
    """A clock is set by a time server alone, for which most miners ask when they boot."""

    @override
    async def async_step_init(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Let the user choose."""
        coordinator = self.coordinator
        if coordinator and Feature.REBOOT in coordinator.capabilities:
            return self.menu("look", "reboot")
        return self.menu("look")

    async def async_step_look(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Read the clock at once."""
        return await self.look_again("look")

    async def async_step_reboot(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Reboot it, after asking once more. The issue stays until the clock is right."""
        if user_input is None:
            return self.form("reboot")
        errors = await self.attempt(
            lambda coordinator: coordinator.async_command(
                lambda client: client.reboot(), restarts=Restart.BOARD
            )
        )
        if errors:
            return self.form("reboot", errors)
        return self.async_abort(reason="reboots", description_placeholders=self.placeholders)


class WrongMinerFlow(MinerRepairFlow):
    """Another miner answers at the address: find ours, or give it up."""

    @override
    async def async_step_init(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Let the user choose."""
        return self.menu("move", "remove")

    async def async_step_move(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Go on in the flow that changes the address. The issue stays until ours answers."""
        step = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": self.entry.entry_id}
        )
        if step["type"] is FlowResultType.ABORT:
            return self.async_abort(
                reason="cannot_move", description_placeholders=self.placeholders
            )
        return self.async_abort(
            reason="goes_on",
            description_placeholders=self.placeholders,
            next_flow=(FlowType.CONFIG_FLOW, step["flow_id"]),
        )

    async def async_step_remove(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Remove the entry with all its entities, after asking once more."""
        if user_input is None:
            return self.form("remove")
        await self.hass.config_entries.async_remove(self.entry.entry_id)
        return self.async_create_entry(data={})


class MeterSignFlow(EntryRepairFlow):
    """The grid meter of a controller seems to be the wrong way round: turn it, or leave it."""

    entry: ControllerConfigEntry

    async def async_step_init(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Let the user choose."""
        return self.menu("turn", "right")

    async def async_step_turn(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Choose the other sign, or swap the sensors, after asking once more."""
        if user_input is None:
            return self.form("turn")
        if self.issue is None:
            # Somebody has turned it in the options; once more would be wrong again.
            return self.async_abort(reason="over", description_placeholders=self.placeholders)
        entries, options = self.hass.config_entries, self.entry.options
        entries.async_update_entry(
            self.entry, options={**options, CONF_METER: turned(options[CONF_METER])}
        )
        entries.async_schedule_reload(self.entry.entry_id)
        return self.async_create_entry(data={})

    async def async_step_right(self, user_input: UserInput = None) -> RepairsFlowResult:
        """Take the user's word; said again of the same meter, nothing looks any more."""
        if self.entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded", description_placeholders=self.placeholders)
        self.entry.runtime_data.async_trust_meter()
        return self.async_create_entry(data={})


FLOWS: Final[dict[str, type[EntryRepairFlow]]] = {
    "clock_off": ClockFlow,
    "default_password": DefaultPasswordFlow,
    METER_SIGN: MeterSignFlow,
    "off_does_not_hold": OffDoesNotHoldFlow,
    "outdated_firmware": FirmwareFlow,
    "write_access_off": WriteAccessFlow,
    "wrong_miner": WrongMinerFlow,
}


def fix_flow(hass: HomeAssistant, data: Mapping[str, object]) -> RepairsFlow:
    """Return the flow for what is known of an issue."""
    entry = hass.config_entries.async_get_entry(str(data.get("entry_id")))
    kind = FLOWS.get(str(data.get("issue")))
    # Of a miner that has just been removed there is nothing left to mend.
    return kind(entry) if entry and kind else ConfirmRepairFlow()

"""Setting up a power controller, step by step, and changing each step later."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntryBaseFlow,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_NAME
from homeassistant.util.ulid import ulid_now
import probatio

from . import controller_options as conf
from . import flow_controller_forms as forms
from .entries import CONF_KIND, Kind

NAME = "Power controller"
"""What a new one is called unless its owner knows better."""

type UserInput = dict[str, Any] | None


class ControllerSteps(ConfigEntryBaseFlow):
    """The steps that setting up and changing have in common."""

    def __init__(self) -> None:
        """Begin with nothing chosen."""
        super().__init__()
        self._chosen: dict[str, Any] = {}
        self._all_steps = True
        """Whether each step leads on to the next; else a step is all there is to do."""
        self._own_entry: str | None = None

    async def async_step_controller_sources(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for battery, price and signals."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = forms.wrong_sources(self.hass, user_input)
            if not errors:
                self._chosen[conf.CONF_SOURCES] = user_input
                if self._all_steps:
                    return await self.async_step_controller_sharing()
                return await self.async_step_controller_finish()
        now = conf.grid(self.hass, self._chosen[conf.CONF_METER])
        return self.async_show_form(
            step_id="controller_sources",
            data_schema=self._filled(
                forms.sources_form(self.hass), user_input or self._chosen.get(conf.CONF_SOURCES)
            ),
            errors=errors,
            description_placeholders={"now": f"{now.value:.0f} W" if now else "—"},
        )

    async def async_step_controller_sharing(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for the miners, and who comes first."""
        errors: dict[str, str] = {}
        other = ""
        if user_input is not None:
            devices = user_input[conf.CONF_MINERS]
            macs = [conf.mac_of(self.hass, device) for device in devices]
            known = [mac for mac in macs if mac is not None]
            if not devices:
                errors[conf.CONF_MINERS] = "none_picked"
            elif len(known) != len(macs):
                errors[conf.CONF_MINERS] = "no_miner_chosen"
            elif len(set(known)) != len(known):
                errors[conf.CONF_MINERS] = "miner_twice"
            elif found := conf.taken(self.hass, known, self._own_entry):
                errors[conf.CONF_MINERS], other = "miner_taken", found
            else:
                self._chosen[conf.CONF_SHARING] = user_input
                if self._all_steps:
                    return await self.async_step_controller_limits()
                return await self.async_step_controller_finish()
        return self.async_show_form(
            step_id="controller_sharing",
            data_schema=self._filled(
                forms.sharing_form(), user_input or self._chosen.get(conf.CONF_SHARING)
            ),
            errors=errors,
            description_placeholders={"other": other},
        )

    async def async_step_controller_limits(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for what may be drawn from the grid, and for the phases."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = forms.wrong_limits(self.hass, user_input)
            if not errors:
                self._chosen[conf.CONF_LIMITS] = user_input
                if self._all_steps:
                    return await self.async_step_controller_circuits()
                return await self.async_step_controller_finish()
        return self.async_show_form(
            step_id="controller_limits",
            data_schema=self._filled(
                forms.limits_form(self.hass, self._miners),
                user_input or self._still_there(self._chosen.get(conf.CONF_LIMITS)),
            ),
            errors=errors,
        )

    async def async_step_controller_circuits(
        self, user_input: UserInput = None
    ) -> ConfigFlowResult:
        """Show the circuits, and let more be added."""
        options = ["controller_finish", "controller_circuit"]
        if self._circuits:
            options.append("controller_remove")
        return self.async_show_menu(
            step_id="controller_circuits",
            menu_options=options,
            description_placeholders={
                "circuits": "\n".join(f"- {self._listed(item)}" for item in self._circuits) or "—"
            },
        )

    async def async_step_controller_circuit(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for one circuit."""
        errors: dict[str, str] = {}
        if user_input is not None:
            names = [item[CONF_NAME] for item in self._circuits]
            errors = forms.wrong_circuit(self.hass, user_input, names)
            if not errors:
                details = user_input.pop("details")
                # A key of its own, since what it is called may change.
                added = {conf.CONF_KEY: f"circuit_{ulid_now().lower()}", **user_input, **details}
                added[CONF_NAME] = added[CONF_NAME].strip()
                self._chosen[conf.CONF_CIRCUITS] = [*self._circuits, added]
                return await self.async_step_controller_circuits()
        return self.async_show_form(
            step_id="controller_circuit",
            data_schema=self._filled(forms.circuit_form(self.hass, self._miners), user_input),
            errors=errors,
        )

    async def async_step_controller_remove(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Let circuits be removed."""
        if user_input is not None:
            gone = user_input[conf.CONF_CIRCUITS]
            self._chosen[conf.CONF_CIRCUITS] = [
                item for item in self._circuits if item[conf.CONF_KEY] not in gone
            ]
            return await self.async_step_controller_circuits()
        return self.async_show_form(
            step_id="controller_remove",
            data_schema=forms.remove_form(
                {item[conf.CONF_KEY]: _shown(item) for item in self._circuits}
            ),
        )

    async def async_step_controller_finish(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Keep what was chosen."""
        raise NotImplementedError

    def _filled(self, form: probatio.Schema, values: Mapping[str, Any] | None) -> probatio.Schema:
        return self.add_suggested_values_to_schema(form, values)

    @property
    def _circuits(self) -> list[dict[str, Any]]:
        circuits: list[dict[str, Any]] = self._chosen.get(conf.CONF_CIRCUITS, [])
        return circuits

    @property
    def _miners(self) -> dict[str, str]:
        """The names of the chosen miners by their devices."""
        return forms.miner_names(self.hass, self._chosen[conf.CONF_SHARING][conf.CONF_MINERS])

    def _listed(self, circuit: Mapping[str, Any]) -> str:
        """Return how a circuit is listed, with its miners that it can never start."""
        needed, room = forms.never_started(self.hass, circuit)
        largest = [
            f"{self._miners[device]} {watts:.0f} W"
            for device, watts in needed.items()
            if device in self._miners
        ]
        marked = f" ⚠ {', '.join(largest)} > {room:.0f} W" if largest else ""
        return f"{_shown(circuit)}{marked}"

    def _still_there(self, limits: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return stored limits without miners that are no longer chosen."""
        if limits is None:
            return None
        phases = dict(limits[conf.CONF_PHASES])
        for key in conf.PHASE_MINERS:
            if key in phases:
                phases[key] = [device for device in phases[key] if device in self._miners]
        return {**limits, conf.CONF_PHASES: phases}


class ControllerAddSteps(ControllerSteps, ConfigFlow):
    """Adding one: all steps, one after another."""

    _title = NAME

    async def async_step_controller(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for a name and the grid meter."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = forms.wrong_meter(self.hass, user_input)
            if not errors:
                self._title = user_input.pop(CONF_NAME).strip() or NAME
                self._chosen[conf.CONF_METER] = user_input
                return await self.async_step_controller_sources()
        return self.async_show_form(
            step_id="controller",
            data_schema=self._filled(forms.named_meter_form(self.hass, NAME), user_input),
            errors=errors,
        )

    @override
    async def async_step_controller_finish(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Make the entry."""
        return self.async_create_entry(
            title=self._title, data={CONF_KIND: Kind.CONTROLLER.value}, options=self._chosen
        )


class ControllerOptionsFlow(ControllerSteps, OptionsFlowWithReload):
    """Changing one: any of the steps."""

    async def async_step_init(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Let the user choose what to change."""
        self._chosen = dict(self.config_entry.options)
        self._all_steps = False
        self._own_entry = self.config_entry.entry_id
        return self.async_show_menu(
            step_id="init",
            menu_options=[
                "controller_meter",
                "controller_sources",
                "controller_sharing",
                "controller_limits",
                "controller_circuits",
            ],
            description_placeholders={"name": self.config_entry.title},
        )

    async def async_step_controller_meter(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Ask for the grid meter."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = forms.wrong_meter(self.hass, user_input)
            if not errors:
                self._chosen[conf.CONF_METER] = user_input
                return await self.async_step_controller_finish()
        return self.async_show_form(
            step_id="controller_meter",
            data_schema=self._filled(
                probatio.Schema(forms.meter_fields(self.hass)),
                user_input or self._chosen[conf.CONF_METER],
            ),
            errors=errors,
        )

    @override
    async def async_step_controller_finish(self, user_input: UserInput = None) -> ConfigFlowResult:
        """Keep the changes, with which the controller begins anew."""
        return self.async_create_entry(data=self._chosen)


def _shown(circuit: Mapping[str, Any]) -> str:
    """Return how a circuit is listed."""
    if watts := circuit.get(conf.CONF_WATTS):
        return f"{circuit[CONF_NAME]}: {watts:g} W"
    return f"{circuit[CONF_NAME]}: {circuit[conf.CONF_AMPS]:g} A"

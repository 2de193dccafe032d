"""Locate, pause, resume, start, stop, restart, reboot, factory reset (reference 6.2)."""

from .. import shapes
from ..gateway import Call, Reply, operation
from ..settings import factory_settings
from ..wire import Json


@operation("GET", "actions/locate")
def get_locate(call: Call) -> Json:
    """Tell whether the light blinks."""
    return call.device.locate


@operation("PUT", "actions/locate", body=shapes.boolean)
def set_locate(call: Call) -> Json:
    """Let the light blink or not, whatever the mining process does."""
    call.device.locate = call.body is True
    return call.device.locate


@operation("PUT", "actions/pause", process=True)
def pause(call: Call) -> Json:
    """Stop hashing, keep the process."""
    return call.device.pause()


@operation("PUT", "actions/resume", process=True)
def resume(call: Call) -> Json:
    """End a pause."""
    return call.device.resume()


@operation("PUT", "actions/start")
def start(call: Call) -> Json:
    """Start the mining process."""
    return call.device.start_process()


@operation("PUT", "actions/stop")
def stop(call: Call) -> Json:
    """End the mining process."""
    return call.device.stop_process()


@operation("PUT", "actions/restart")
def restart(call: Call) -> Json:
    """Stop and start the mining process."""
    return call.device.restart_process()


@operation("PUT", "actions/reboot")
def reboot(call: Call) -> Reply:
    """Restart the whole control board."""
    call.gateway.reboot_wanted = True
    return Reply(status=204)


@operation("PUT", "actions/factory-reset", since=(1, 2, 0))
def factory_reset(call: Call) -> Reply:
    """Go back to the settings of a new machine and reboot."""
    device = call.device
    kept = device.settings.network
    device.settings = factory_settings(device.preset, device.mac)
    if call.query.get("wipe_network") != "true":
        device.settings.network = kept
    device.tuner.settings = device.settings
    call.gateway.miner.password = "root"
    call.gateway.reboot_wanted = True
    return Reply(status=204)

"""What every simulated miner can be told to do, whatever it speaks."""

from abc import ABC, abstractmethod


class SimulatedMiner(ABC):
    """One device on one address.

    The constructor of each kind takes `host`, `port` (0 = any free one), `preset`
    (a model name), `clock`, `seed`, and what the make needs besides.
    """

    host: str
    port: int
    mac: str
    password: str

    @abstractmethod
    async def start(self) -> None:
        """Listen. `port` holds the real port afterwards and stays the same later."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop listening and drop all connections, as when the plug is pulled."""

    async def unplug(self) -> None:
        """Cut the mains: nothing answers any more."""
        await self.stop()

    async def plug(self) -> None:
        """Give mains back: listens on the same port again, boots and ramps up."""
        self.power_cycled()
        await self.start()

    @abstractmethod
    def power_cycled(self) -> None:
        """Forget what does not survive a loss of power, and begin to boot."""

    @abstractmethod
    def truth(self) -> dict[str, str | float | bool | None]:
        """What the device really does now, in the units of the integration.

        Keys: model, mac, mining (set to mine), hashrate TH/s, power W, temperature °C,
        locate, pools (their URLs as one text), mining_restarts and writes (counted since
        start), and the settings the make has: power_percent, power_target W,
        power_limit W, power_mode.
        """

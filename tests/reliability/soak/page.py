"""Puts a run of the soak into docs/reliability.md."""

from tests.demo.hass import ROOT

from .verdict import Results, plot, slope, told

PAGE = ROOT / "docs" / "reliability.md"
PICTURE = ROOT / "docs" / "images" / "soak.png"
BEGIN, END = "<!-- soak -->\n", "<!-- end of soak -->"


def write(results: Results, calm: Results | None) -> None:
    """Replace what the page says of the last run, and its picture.

    `calm` is a run without events, to compare with.
    """
    plot(results, PICTURE)
    before, begin, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{PAGE} has no place for it"
    assert end, f"{PAGE} has no place for it"
    PAGE.write_text(
        f"{before}{BEGIN}\n{_text(results)}{_beside(results, calm)}\n\n{END}{after}", "utf-8"
    )


def _beside(results: Results, calm: Results | None) -> str:
    if calm is None:
        return ""
    grown = [slope([minute["memory"] for minute in one["minutes"]]) for one in (calm, results)]
    return f"""

{calm["miners"]} miners to whom nothing happened, for {len(calm["minutes"])} minutes beside it: \
memory grew by
{grown[0]:.2f} MB a minute instead of {grown[1]:.2f}."""


def _text(results: Results) -> str:
    machine, events, energy = results["machine"], results["events"], results["energy"].values()
    kinds: dict[str, int] = {}
    for name, number in events.items():
        kind = name.partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + number
    worked = " with uncommitted changes" if machine["changed"] else ""
    drawn, counted = (sum(one[key] for one in energy) for key in ("drawn", "counted"))
    lines = results["log"]["lines"].items()
    ours = sum(number for name, number in lines if "custom_components.asic_miner" in name)
    return f"""\
{results["miners"]} miners for {len(results["minutes"])} minutes, seed {results["seed"]}, on \
{machine["when"]} at commit `{machine["commit"]}`{worked}, with Home Assistant
{machine["homeassistant"]} and Python {machine["python"]}. {kinds.get("trouble", 0)} troubles on \
the wire, {kinds.get("device", 0)} in devices,
{kinds.get("action", 0)} actions, {kinds.get("reload", 0)} reloads. The miners drew
{drawn:.2f} kWh, and {counted:.2f} kWh were counted. {ours} lines of the integration in the log
say that a miner was away, or what did not go.

{told(results)}

![Memory, tasks, sockets and descriptors, minute by minute](images/{PICTURE.name})"""

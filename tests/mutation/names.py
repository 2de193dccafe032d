"""What the programs of the mutation check tell each other."""

from typing import TypedDict

# Told to trace.py: the folder to watch, and where to write what was found.
FOLDER, FILE = "ASIC_MINER_TRACE_FOLDER", "ASIC_MINER_TRACE_FILE"
# Told by scripts/mutate: where results are kept, and the Python that has mutmut.
RESULTS, TOOL = "ASIC_MINER_MUTATION_RESULTS", "ASIC_MINER_MUTMUT"


class Listed(TypedDict):
    """A mutant, as mutants.py lists it."""

    key: str  # the same as long as the statement is
    path: str  # below the integration
    scope: str
    lines: tuple[int, int]  # the first and the last that a test may run to notice
    operator: str
    before: str
    after: str
    text: str  # of the whole file

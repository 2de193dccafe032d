"""Invented answers, guided by which code they reach. For a long run by hand.

    pip install --target .setup/atheris --python-version 3.14 --only-binary :all: atheris==3.1.0
    export PYTHONPATH=.setup/atheris
    .venv/bin/python -m tests.reliability.guided whatsminer -max_total_time=600

atheris is not among the pinned tools, since it is large and nothing else needs it. What follows
the make is for libFuzzer. What does harm is kept in `found/` and ends the run.
"""

import asyncio
import hashlib
import sys

# Not a requirement of the tests, see above.
import atheris  # type: ignore[import-untyped]

from tests.demo.hass import ROOT

with atheris.instrument_imports(include=["custom_components.asic_miner.miners"]):
    from .fuzz import FOUND, Case, recorded, tried

CORPUS = ROOT / "test-output" / "guided"
"""Answers that reached something new are kept here, and gone on from the next time."""
LONGEST = 1 << 16
"""Bytes of an invented answer, some times what a device sends at once."""
PRESETS = {"whatsminer": "M60S", "braiins": "S19j Pro"}


def main(arguments: list[str]) -> None:
    """Run until something is found, or as long as libFuzzer is told."""
    make = arguments[1]
    runner = asyncio.Runner()
    seed = runner.run(recorded(make, PRESETS[make]))
    names = sorted(seed.answers)

    corpus = CORPUS / make
    corpus.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names):
        (corpus / f"seed-{place}").write_bytes(bytes([place]) + seed.answers[name])

    def trial(data: bytes) -> None:
        """Replace one answer: the first byte says which, the others are the answer."""
        if not data:
            return
        case = Case(
            make=make, answers={**seed.answers, names[data[0] % len(names)]: bytes(data[1:])}
        )
        try:
            runner.run(tried(case))
        except BaseException:
            # Whatever it is, an interrupt too, the case is kept, and raised on.
            digest = hashlib.sha256(data).hexdigest()[:12]
            (FOUND / f"{make}-{digest}.json").write_text(case.to_json())
            raise

    # All simulated answers reach the same code, and each is kept all the same.
    options = ["-keep_seed=1", "-len_control=0", f"-max_len={LONGEST}"]
    atheris.Setup([arguments[0], str(corpus), *options, *arguments[2:]], trial)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)

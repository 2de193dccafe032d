"""Since when something has been so."""

from custom_components.asic_miner.power.lasting import Since


def test_since_when() -> None:
    since = Since()
    assert [since.lasts(holds, now) for holds, now in ((True, 5), (True, 9), (False, 10))] == [
        0,
        4,
        0,
    ]
    assert [since.lasts(True, now) for now in (20, 15, 16)] == [0, 0, 1]

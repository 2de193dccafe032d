"""What is told of a database is what is in it."""

from collections.abc import Generator
from pathlib import Path

from homeassistant.components.recorder.db_schema import Base
import pytest
from sqlalchemy import Engine, create_engine, text

from .many.__main__ import Way
from .many.database import Look, a_day, look
from .many.outlets import Prometheus

VALUES = 3


@pytest.fixture
def database(tmp_path: Path) -> Generator[tuple[str, Engine]]:
    """An empty database as Home Assistant makes it."""
    url = f"sqlite:///{tmp_path}/home-assistant_v2.db"
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    yield url, engine
    engine.dispose()


def test_rows_and_sizes(database: tuple[str, Engine]) -> None:
    """Rows are counted, values that have statistics once each, and indexes with their table."""
    url, engine = database
    empty = look(url)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO states (state, last_updated_ts) VALUES ('on', :at)"),
            [{"at": float(at)} for at in range(1000)],
        )
        connection.execute(
            text("INSERT INTO statistics_short_term (metadata_id, start_ts) VALUES (:id, :at)"),
            [{"id": one, "at": float(at)} for one in range(VALUES) for at in range(2)],
        )
        indexes = connection.execute(
            text("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'ix_states\\_%' ESCAPE '\\'")
        ).scalar_one()
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        page = connection.execute(text("PRAGMA page_size")).scalar_one()
    found = look(url)
    assert found.rows == {"states": 1000, "statistics_short_term": 2 * VALUES, "statistics": 0}
    assert found.statistics == VALUES
    assert found.sizes["states"] > indexes > 0
    assert empty.per_row("states") is None
    assert found.per_row("states") == found.sizes["states"] / 1000
    # All but the table of tables, which belongs to none.
    assert pages * page * 0.9 < found.size < pages * page


def test_a_day() -> None:
    """A day is states as they come, and statistics as often as Home Assistant makes them."""
    now = Look(
        rows={"states": 10, "statistics_short_term": 4, "statistics": 0},
        sizes={"states": 2000, "statistics_short_term": 400, "statistics": 4096},
        statistics=2,
    )
    told = a_day(now, rows_per_second=5.0)
    assert told == {"purged": 5 * 86_400 * 200 + 2 * 288 * 100, "kept": 2 * 24 * 100}


def test_a_day_needs_statistics() -> None:
    """Without a row of statistics nothing is told, rather than too little."""
    sizes = {"states": 2000, "statistics_short_term": 4096, "statistics": 4096}
    rows = {"states": 10, "statistics_short_term": 0, "statistics": 0}
    with pytest.raises(ValueError, match="more than five minutes"):
        a_day(Look(rows=rows, sizes=sizes, statistics=0), rows_per_second=5.0)


def test_configuration(tmp_path: Path) -> None:
    """A start has the database and the outlet that it is to have, and nothing of the last one."""
    (tmp_path / "home-assistant_v2.db-wal").touch()
    url = "postgresql://user@127.0.0.1/ha"
    assert Way(name="PostgreSQL", database=url, outlet=Prometheus()).write(tmp_path) == url
    written = (tmp_path / "configuration.yaml").read_text("utf-8")
    assert f"recorder:\n  db_url: {url}\n" in written
    assert written.endswith("prometheus:\n")
    assert not [*tmp_path.glob("home-assistant_v2.db*")]
    assert Way(name="SQLite").write(tmp_path) == f"sqlite:///{tmp_path}/home-assistant_v2.db"
    assert "db_url" not in (tmp_path / "configuration.yaml").read_text("utf-8")

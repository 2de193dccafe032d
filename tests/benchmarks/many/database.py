"""What a recorder's database holds, and how much space it takes."""

from dataclasses import dataclass

from sqlalchemy import create_engine, text

SIZES = {
    # Indexes count for the table that they belong to. Needs an SQLite with the table dbstat.
    "sqlite": "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m "
    "ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY m.tbl_name",
    "postgresql": "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables",
}
COUNTED = ("states", "statistics_short_term", "statistics")
DAY = 86_400.0
SHORT_TERM_A_DAY = 288
"""Home Assistant's short-term statistics: a row each five minutes."""
LONG_TERM_A_DAY = 24
KEPT = 10
"""Days for which Home Assistant keeps states and short-term statistics, unless told otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A database at one moment."""

    rows: dict[str, int]
    """By table, of the tables in COUNTED."""
    sizes: dict[str, int]
    """Bytes by table, with its indexes."""
    statistics: int
    """How many values have statistics."""

    @property
    def size(self) -> int:
        """Bytes of all tables."""
        return sum(self.sizes.values())

    def per_row(self, table: str) -> float | None:
        """Return bytes per row, or None where there are none yet."""
        rows = self.rows[table]
        return self.sizes[table] / rows if rows else None


def look(url: str) -> Look:
    """Return what is in a database of SQLite or PostgreSQL, that Home Assistant is writing to."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            rows = {
                name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608 - our own names
                for name in COUNTED
            }
            sizes = {
                str(name): int(size)
                for name, size in connection.execute(text(SIZES[engine.dialect.name]))
            }
            statistics = connection.execute(
                text("SELECT count(DISTINCT metadata_id) FROM statistics_short_term")
            ).scalar_one()
            return Look(rows=rows, sizes=sizes, statistics=int(statistics))
    finally:
        engine.dispose()


def a_day(now: Look, rows_per_second: float) -> dict[str, float]:
    """Return bytes that a day adds, as long as it goes on like this.

    `purged` goes again after KEPT days, `kept` stays for good. A row of the long-term statistics
    has the columns of a short-term one, of which there are some after five minutes.
    """
    states = now.per_row("states")
    statistics = now.per_row("statistics_short_term")
    if states is None or statistics is None:
        raise ValueError("nothing to judge by: measure for more than five minutes")
    return {
        "purged": rows_per_second * DAY * states + now.statistics * SHORT_TERM_A_DAY * statistics,
        "kept": now.statistics * LONG_TERM_A_DAY * statistics,
    }

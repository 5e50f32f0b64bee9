# SPDX-License-Identifier: Apache-2.0
"""The ways to move a frame that are compared: aft's and other tools'.

Each is a function that gets ready and returns what is timed. A reader's gives what it has
read. Libraries are imported by the function that needs them, so that a pass holds no other
tool's memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.benchmarks.frames import frame_data

SOURCE = "source"
WRITTEN = "written"
KEY = "id"
_STAGED = "staged"


@dataclass(frozen=True)
class Place:
    """A database and the frame's file: what a pass needs to know."""

    database: str  # postgres, mariadb or sqlite
    connection_string: str
    uri: str  # For tools that speak the server's own protocol; SQLite: the file.
    frame: str  # An Arrow file.
    table: str  # What is read.

    @property
    def query(self) -> str:
        """Reads all of the table."""
        return f"select * from {self.table}"

    @property
    def schema(self) -> pa.Schema:
        """The frame's."""
        return self.frame_table().schema

    def frame_table(self) -> pa.Table:
        """The frame, mapped into memory."""
        with pa.memory_map(self.frame) as file:
            return pa.ipc.open_file(file).read_all()


@dataclass(frozen=True)
class Report:
    """What a pass has read, and by which of several ways it was moved, if there are any."""

    table: Any = None
    way: str = ""


Pass = Callable[[], Report]


def read_aft(place: Place) -> Pass:
    """To an Arrow table."""
    from aft import _aft
    from aft.row_stream import ResultReader

    connection = _aft.Connection(place.connection_string)
    return lambda: Report(ResultReader(connection.read(place.query)).read_all())


def read_aft_pandas(place: Place) -> Pass:
    """To a DataFrame."""
    from aft import _aft
    from aft.pandas_types import to_pandas
    from aft.row_stream import ResultReader

    connection = _aft.Connection(place.connection_string)
    kinds = {"decimals": "float", "dates": "datetime64"}

    def run() -> Report:
        read = connection.read(place.query, decimals="float")
        table = ResultReader(read).read_all()
        return Report(to_pandas(table, SOURCE, **kinds))

    return run


def read_aft_2(place: Place) -> Pass:
    """To an Arrow table over two connections. A table that is read over one ends the pass."""
    import warnings

    from aft import standalone
    from aft.query import Query
    from aft.warehouse import Warehouse

    standalone.prepare()
    warnings.simplefilter("error", UserWarning)
    warehouse = Warehouse(place.connection_string)
    return lambda: Report(warehouse.read_table(Query(place.table), partitions=2))


def write_aft(place: Place, mode: str = "overwrite") -> Pass:
    """Into a new table, or one that is there."""
    from aft import _aft
    from aft.frames import FrameStream

    connection = _aft.Connection(place.connection_string)
    schema = {"postgres": "public", "mariadb": "shop", "sqlite": "main"}[place.database]
    relation = {"database": "", "schema": schema, "identifier": WRITTEN}
    quoting = dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), False)
    frame = place.frame_table()

    key = [KEY] if mode == "upsert" else []

    def run() -> Report:
        connection.write(FrameStream(frame), {**relation, **quoting}, mode, {}, key)
        return Report(way=connection.last_sink or "")

    return run


def append_aft(place: Place) -> Pass:
    """To the table's rows."""
    return write_aft(place, "append")


def upsert_aft(place: Place) -> Pass:
    """Into the table, by the key."""
    return write_aft(place, "upsert")


def copy_aft(place: Place) -> Pass:
    """From one table into another by batches, as a script does."""
    import aft

    schema = {"postgres": "public", "mariadb": "shop"}[place.database]

    def run() -> Report:
        batches = aft.read_sql(place.connection_string, place.query, frame="batches")
        aft.write_table(place.connection_string, batches, f"{schema}.{WRITTEN}")
        return Report()

    return run


def read_arrow_odbc(place: Place) -> Pass:
    """arrow-odbc, to an Arrow table."""
    import arrow_odbc

    def run() -> Report:
        reader = arrow_odbc.read_arrow_batches_from_odbc(
            query=place.query,
            connection_string=place.connection_string,
            batch_size=65536,
            max_text_size=256,
        )
        return Report(pa.Table.from_batches(reader, schema=reader.schema))

    return run


def read_pyodbc(place: Place) -> Pass:
    """pyodbc, to a DataFrame."""
    import pandas as pd
    import pyodbc

    connection = pyodbc.connect(place.connection_string)

    def run() -> Report:
        cursor = connection.execute(place.query)
        names = [column[0] for column in cursor.description]
        return Report(pd.DataFrame.from_records(cursor.fetchall(), columns=names))

    return run


def write_pyodbc(place: Place) -> Pass:
    """pyodbc's executemany, into a new table."""
    import pyodbc

    connection = pyodbc.connect(place.connection_string)
    frame = place.frame_table()

    def run() -> Report:
        columns = [column.to_pylist() for column in frame.columns]
        cursor = connection.cursor()
        cursor.execute(create_table(WRITTEN, place.database, place.schema))
        cursor.executemany(_insert(place.schema), list(zip(*columns)))
        connection.commit()
        return Report()

    return run


def read_connectorx(place: Place, partitions: int = 1) -> Pass:
    """connectorx, which speaks the server's own protocol, to an Arrow table."""
    import connectorx

    uri = place.uri if "://" in place.uri else f"sqlite://{place.uri}"
    more = {} if partitions == 1 else {"partition_on": "id", "partition_num": partitions}
    return lambda: Report(connectorx.read_sql(uri, place.query, return_type="arrow", **more))


def read_connectorx_2(place: Place) -> Pass:
    """connectorx over two connections."""
    return read_connectorx(place, 2)


def read_adbc(place: Place) -> Pass:
    """ADBC, by COPY, to an Arrow table."""
    from adbc_driver_postgresql import dbapi

    connection = dbapi.connect(place.uri)

    def run() -> Report:
        with connection.cursor() as cursor:
            cursor.execute(place.query)
            return Report(cursor.fetch_arrow_table())

    return run


def write_adbc(place: Place, mode: str = "create") -> Pass:
    """ADBC's ingest, by COPY, into a new table or one that is there."""
    from adbc_driver_postgresql import dbapi

    connection = dbapi.connect(place.uri)
    frame = place.frame_table()

    def run() -> Report:
        with connection.cursor() as cursor:
            cursor.adbc_ingest(WRITTEN, frame.to_reader(), mode=mode)
        connection.commit()
        return Report()

    return run


def replace_adbc(place: Place) -> Pass:
    """ADBC's ingest in the place of a table, to which nothing may belong."""
    return write_adbc(place, "replace")


def append_adbc(place: Place) -> Pass:
    """ADBC's ingest to the table's rows."""
    return write_adbc(place, "append")


def upsert_adbc(place: Place) -> Pass:
    """ADBC's ingest into a table from which the server inserts or updates."""
    from adbc_driver_postgresql import dbapi

    connection = dbapi.connect(place.uri)
    frame = place.frame_table()

    def run() -> Report:
        with connection.cursor() as cursor:
            cursor.adbc_ingest(_STAGED, frame.to_reader(), mode="create", temporary=True)
            cursor.execute(
                f"insert into {WRITTEN} select * from {_STAGED} {_on_conflict(frame.schema)}"
            )
        connection.commit()
        return Report()

    return run


def write_sqlite3(place: Place) -> Pass:
    """Python's sqlite3, by executemany, into a new table."""
    connection = sqlite3.connect(place.uri)
    frame = place.frame_table()

    def run() -> Report:
        with connection:
            connection.execute(create_table(WRITTEN, "sqlite", frame.schema))
            connection.executemany(_insert(frame.schema), sqlite_rows(frame))
        return Report()

    return run


def upsert_sqlite3(place: Place) -> Pass:
    """Python's sqlite3, by executemany: each row is inserted, or updates one."""
    connection = sqlite3.connect(place.uri)
    frame = place.frame_table()

    def run() -> Report:
        with connection:
            statement = f"{_insert(frame.schema)} {_on_conflict(frame.schema)}"
            connection.executemany(statement, sqlite_rows(frame))
        return Report()

    return run


def sqlite_rows(frame: pa.Table) -> Any:
    """The frame's rows as SQLite has them: decimals, dates and times as text."""
    columns = [column.to_pylist() for column in frame.columns]
    for at, field in enumerate(frame.schema):
        if pa.types.is_decimal(field.type) or pa.types.is_date(field.type):
            columns[at] = [None if value is None else str(value) for value in columns[at]]
        if pa.types.is_timestamp(field.type):
            columns[at] = [
                None if value is None else value.isoformat(" ", "microseconds")
                for value in columns[at]
            ]
    return zip(*columns)


def create_table(name: str, database: str, schema: pa.Schema = frame_data.SCHEMA) -> str:
    """The statement that makes a table for the frame."""
    types = {
        pa.int64(): "bigint",
        pa.int32(): "integer",
        pa.float64(): "double precision",
        pa.decimal128(12, 2): "decimal(12, 2)",
        pa.string(): "text" if len(schema) > len(frame_data.SCHEMA) else "varchar(80)",
        pa.large_string(): "longtext" if database == "mariadb" else "text",
        pa.date32(): "date",
        pa.timestamp("us"): "datetime(6)" if database == "mariadb" else "timestamp",
        pa.bool_(): "boolean",
    }
    columns = ", ".join(f"{field.name} {types[field.type]}" for field in schema)
    return f"create table {name} ({columns})" + (
        " character set utf8mb4" if database == "mariadb" else ""
    )


def _insert(schema: pa.Schema) -> str:
    marks = ", ".join("?" * len(schema))
    return f"insert into {WRITTEN} values ({marks})"


def _on_conflict(schema: pa.Schema) -> str:
    values = ", ".join(f"{name} = excluded.{name}" for name in schema.names if name != KEY)
    return f"on conflict ({KEY}) do update set {values}"


def as_table(read: Any, schema: pa.Schema) -> pa.Table:
    """What a reader has read, as an Arrow table."""
    if isinstance(read, pa.Table):
        return read
    arrays = []
    for field, name in zip(schema, read.columns):
        values = read[name].astype(object).where(read[name].notna(), None)
        if pa.types.is_decimal(field.type):
            values = values.map(lambda value: value if value is None else Decimal(str(value)))
        arrays.append(pa.array(values, from_pandas=True))
    return pa.table(arrays, names=schema.names)


# By action and name: what gets ready, and the databases that it is for.
WAYS: dict[str, dict[str, tuple[Callable[[Place], Pass], tuple[str, ...]]]] = {
    "read": {
        "aft": (read_aft, ("postgres", "mariadb", "sqlite")),
        "aft, to pandas": (read_aft_pandas, ("postgres", "mariadb", "sqlite")),
        "aft, 2 partitions": (read_aft_2, ("postgres", "sqlite")),
        "arrow-odbc": (read_arrow_odbc, ("postgres", "mariadb", "sqlite")),
        "pyodbc, to pandas": (read_pyodbc, ("postgres", "mariadb", "sqlite")),
        "connectorx": (read_connectorx, ("postgres", "mariadb", "sqlite")),
        "connectorx, 2 partitions": (read_connectorx_2, ("postgres", "mariadb", "sqlite")),
        "ADBC": (read_adbc, ("postgres",)),
    },
    "write": {
        "aft": (write_aft, ("postgres", "mariadb", "sqlite")),
        "pyodbc": (write_pyodbc, ("postgres", "mariadb", "sqlite")),
        "ADBC": (write_adbc, ("postgres",)),
        "sqlite3": (write_sqlite3, ("sqlite",)),
    },
    "replace": {
        "aft, with a view on it": (write_aft, ("postgres",)),
        "ADBC, bare": (replace_adbc, ("postgres",)),
    },
    "append": {
        "aft": (append_aft, ("postgres", "mariadb", "sqlite")),
        "ADBC": (append_adbc, ("postgres",)),
    },
    "upsert": {
        "aft": (upsert_aft, ("postgres", "mariadb", "sqlite")),
        "ADBC, ON CONFLICT": (upsert_adbc, ("postgres",)),
        "sqlite3, ON CONFLICT": (upsert_sqlite3, ("sqlite",)),
    },
    "copy": {"aft, by batches": (copy_aft, ("postgres", "mariadb"))},
}

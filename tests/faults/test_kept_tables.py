# SPDX-License-Identifier: Apache-2.0
"""An overwrite keeps a table that more than its rows belongs to, and replaces these."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft

from tests.support.duckdb_file import DuckdbFile
from tests.support.postgres import PostgresServer
from tests.support.processes import PATIENCE, wait_until

TABLE = {
    "database": None,
    "schema": "kept",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
TABLES = (
    "select relname from pg_class where relnamespace = 'kept'::regnamespace "
    "and relkind in ('r', 'm') order by 1"
)
TABLE_ID = "select 'kept.t'::regclass::oid"


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server where the schema `kept` has a table with one row."""
    postgres.run(
        "create schema kept; create table kept.t (a bigint, n numeric(6, 2), d date, j jsonb);"
        "insert into kept.t values (42)"
    )
    yield postgres
    postgres.run("drop schema kept cascade")


def write(
    server: PostgresServer, frame: pa.Table, more: str = "", **options: Any
) -> list[str]:
    connection = _aft.Connection(server.connection_string + more)
    try:
        connection.write(frame, TABLE, "overwrite", **options)
        return connection.notices
    finally:
        connection.close()


def frame(*numbers: int) -> pa.Table:
    rows = len(numbers)
    midnight = pa.array([0] * rows, pa.timestamp("s"))
    columns = {"j": ['{"a": 1}'] * rows, "d": midnight, "n": [1.25] * rows, "a": numbers}
    return pa.table(columns)


@pytest.mark.parametrize(
    "belonging",
    [
        "create view kept.v as select a from kept.t",
        "create materialized view kept.m as select a from kept.t",
        "create index on kept.t (a)",
        "alter table kept.t add unique (a)",
        "alter table kept.t add check (a > 0)",
        "alter table kept.t alter a set not null",
        "alter table kept.t alter n set default 1",
        "alter table kept.t enable row level security",
        "grant select on kept.t to public",
        "grant select (a) on kept.t to public",
        "comment on table kept.t is 'mine'",
        "comment on column kept.t.a is 'mine'",
        "create statistics kept.s on a, n from kept.t",
        "create function kept.f(kept.t[]) returns int language sql as 'select 1'",
        "create table kept.rows (r kept.t)",
        "alter table kept.t set unlogged",
        "alter table kept.t owner to pg_monitor",
        "create rule r as on delete to kept.t where old.a = 0 do instead nothing",
    ],
)
def test_what_belongs_to_a_table_stays_with_it(server: PostgresServer, belonging: str) -> None:
    server.run(belonging)
    before = server.run(TABLE_ID)

    write(server, frame(1, 2))
    write(server, frame(3, 4, 5), ";UseServerSidePrepare=0")

    assert server.run(TABLE_ID) == before
    assert server.run("select * from kept.t order by a").splitlines() == [
        f'{number}|1.25|1970-01-01|{{"a": 1}}' for number in (3, 4, 5)
    ]
    tables = "select count(*) from pg_class where relnamespace = 'kept'::regnamespace"
    assert server.run(f"{tables} and relkind = 'r' and relname <> 'rows'") == "1"


def test_what_belongs_to_a_table_of_duckdb_stays_with_it(duckdb: DuckdbFile) -> None:
    connection = duckdb.connect()
    table_id = "select table_oid from duckdb_tables() where schema_name = 'kept'"
    for belonging in (
        "create index i on kept.t (a)",
        "alter table kept.t add primary key (a)",
        "alter table kept.t alter a set not null",
        "alter table kept.t alter n set default 1",
        "comment on table kept.t is 'mine'",
        "comment on column kept.t.a is 'mine'",
    ):
        duckdb.run(
            "drop schema if exists kept cascade; create schema kept; "
            "create table kept.t (a bigint, n decimal(6, 2), d date, j json); "
            "insert into kept.t values (3, 1, null, null)"
        )
        duckdb.run(f"create view kept.v as select a from kept.t; {belonging}")
        before = duckdb.run(table_id)

        connection.write(frame(3, 4, 5), TABLE, "overwrite")

        assert duckdb.run(table_id) == before, belonging
        assert duckdb.run("select * from kept.t order by a").splitlines() == [
            f'{number}|1.25|1970-01-01|{{"a": 1}}' for number in (3, 4, 5)
        ]
        assert duckdb.run("select a from kept.v order by a") == "3\n4\n5"
    connection.close()
    duckdb.run("drop schema kept cascade")


def test_the_database_fills_what_the_frame_leaves_out(server: PostgresServer) -> None:
    server.run(
        "alter table kept.t add id int generated always as identity, add s text default 'x',"
        "add twice bigint generated always as (a * 2) stored"
    )
    before = server.run(TABLE_ID)

    write(server, frame(1, 2))

    assert server.run(TABLE_ID) == before
    rows = server.run("select a, id, s, twice from kept.t order by a").splitlines()
    assert rows == ["1|2|x|2", "2|3|x|4"]


def test_a_table_that_nothing_belongs_to_is_made_anew(server: PostgresServer) -> None:
    before = server.run(TABLE_ID)

    write(server, frame(1))

    assert server.run(TABLE_ID) != before


@pytest.mark.parametrize(
    "other",
    [
        pa.table({"a": [1]}),
        frame(1).append_column("more", pa.array([1])),
        frame(1).set_column(0, "j", pa.array([1])).set_column(3, "a", pa.array(["x"])),
    ],
    ids=["fewer", "more", "another type"],
)
def test_other_columns_need_another_table(server: PostgresServer, other: pa.Table) -> None:
    server.run("create index on kept.t (a)")
    before = server.run(TABLE_ID)

    write(server, other)

    assert server.run(TABLE_ID) != before


def test_tables_that_are_left_of_other_writes_go(server: PostgresServer) -> None:
    server.run(
        "create table kept.aft_staging_0123456789abcdef (a int);"
        "create materialized view kept.aft_old_0123456789abcdef as select 1;"
        "create table kept.aft_staging_mine (a int)"
    )

    write(server, frame(1))

    assert server.run(TABLES).splitlines() == ["aft_staging_mine", "t"]


def test_a_materialized_view_is_replaced_and_takes_no_rows(server: PostgresServer) -> None:
    server.run("drop table kept.t; create materialized view kept.t as select 42 as a")
    connection = _aft.Connection(server.connection_string)
    with pytest.raises(_aft.Error, match="it is a view, which takes no rows"):
        connection.write(pa.table({"a": [1]}), TABLE, "append")
    connection.close()

    write(server, pa.table({"a": [1]}))

    assert server.run("select a from kept.t") == "1"
    assert server.run("select relkind from pg_class where oid = 'kept.t'::regclass") == "r"


def test_names_without_quotes_are_found_as_the_server_folds_them(
    server: PostgresServer,
) -> None:
    names = dict.fromkeys(("quote_schema", "quote_identifier"), False)
    folded = {**TABLE, "schema": "Kept_More", "identifier": "Orders", **names}
    connection = _aft.Connection(server.connection_string)
    try:
        for mode in "overwrite", "overwrite", "append":
            connection.write(pa.table({"a": [1]}), folded, mode)
        assert server.run("select count(*) from kept_more.orders") == "2"
    finally:
        connection.close()
        server.run("drop schema kept_more cascade")


def test_a_schema_that_another_makes_at_the_same_moment_will_do(
    server: PostgresServer,
) -> None:
    other = _aft.Connection(server.connection_string)
    connection = _aft.Connection(server.connection_string)
    for statement in "begin", "create schema kept_both":
        other.execute(statement)
    failures: list[Exception] = []

    def write_both() -> None:
        try:
            target = {**TABLE, "schema": "kept_both"}
            connection.write(pa.table({"a": [1]}), target, "overwrite")
        except _aft.Error as error:
            failures.append(error)

    writer = threading.Thread(target=write_both, daemon=True)
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    try:
        writer.start()
        wait_until(lambda: server.run(waiting) == "1", "the writer waits")
        other.execute("commit")
        writer.join(PATIENCE)

        assert failures == []
        assert server.run("select a from kept_both.t") == "1"
    finally:
        connection.close()
        other.close()
        server.run("drop schema if exists kept_both cascade")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (
            "create table kept.o (a bigint references kept.t (a) on delete cascade);"
            "insert into kept.o values (42)",
            "table kept.o refers to it by the foreign key o_a_fkey",
        ),
        (
            "create table kept.o () inherits (kept.t); insert into kept.o values (42)",
            "table kept.o inherits from it",
        ),
    ],
    ids=["foreign key", "inheritance"],
)
def test_rows_of_other_tables_stay(server: PostgresServer, other: str, reason: str) -> None:
    server.run(f"alter table kept.t add primary key (a); {other}")

    with pytest.raises(_aft.Error, match=f"cannot write 'kept.t': {reason}; without its old"):
        write(server, frame(42))

    assert server.run("select a from only kept.t") == "42"
    assert server.run("select a from kept.o") == "42"


@pytest.mark.parametrize("key", ["on delete cascade", "deferrable initially deferred"])
def test_all_rows_are_replaced_where_the_server_takes_it(
    server: PostgresServer, key: str
) -> None:
    other = "t" if "cascade" in key else "o"
    server.run(
        "alter table kept.t add primary key (a); create table kept.o (n bigint);"
        f"alter table kept.{other} add foreign key (n) references kept.t (a) {key};"
        "insert into kept.o values (42)"
        if other == "o"
        else "drop table kept.t; create table kept.t (a bigint primary key, p bigint "
        f"references kept.t (a) {key}); insert into kept.t values (42, 42)"
    )
    before = server.run(TABLE_ID)

    write(server, frame(42, 43) if other == "o" else pa.table({"a": [42, 43], "p": [42, 42]}))

    assert server.run(TABLE_ID) == before
    assert server.run("select a from kept.t order by a").splitlines() == ["42", "43"]


def test_rows_that_a_policy_hides_are_no_reason_to_leave_them(server: PostgresServer) -> None:
    server.run(
        "drop role if exists kept_writer; create role kept_writer;"
        "grant all on schema kept to kept_writer; alter table kept.t owner to kept_writer;"
        "alter table kept.t enable row level security, force row level security;"
        "create policy p on kept.t using (a <> 42)"
    )
    try:
        with pytest.raises(_aft.Error, match=r"42501 (?s:.*)row-level security"):
            write(server, frame(1), ";ConnSettings=set role kept_writer")
        assert server.run("select a from kept.t") == "42"
    finally:
        server.run("drop owned by kept_writer cascade; drop role kept_writer")


def test_rows_that_a_trigger_leaves_out_are_told(server: PostgresServer) -> None:
    server.run(
        "create function kept.f() returns trigger language plpgsql as "
        "'begin if new.a = 2 then return null; end if; return new; end';"
        "create trigger g before insert on kept.t for each row execute function kept.f()"
    )

    assert write(server, frame(1, 2, 3)) == [
        "'kept.t' took 2 of 3 rows: a trigger, rule or constraint of the table left out the "
        "others"
    ]

    assert server.run("select a from kept.t order by a").splitlines() == ["1", "3"]


def test_types_that_were_asked_for_need_another_table(server: PostgresServer) -> None:
    server.run("create index on kept.t (a)")
    connection = _aft.Connection(server.connection_string)

    connection.write(frame(1), TABLE, "overwrite", {"n": "real"})
    connection.close()

    types = "select format_type(atttypid, atttypmod) from pg_attribute where attname = 'n'"
    assert server.run(f"{types} and attrelid = 'kept.t'::regclass") == "real"


def test_types_that_the_table_has_need_no_other(server: PostgresServer) -> None:
    server.run("create index on kept.t (a)")
    before = server.run(TABLE_ID)

    write(server, frame(1), column_types={"n": "DECIMAL(6,2)", "a": "int8"})

    assert server.run(TABLE_ID) == before


def test_whoever_reads_meanwhile_sees_the_old_rows(server: PostgresServer) -> None:
    server.run("create view kept.v as select a from kept.t")
    seen: list[str] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            yield from frame(*range(number * 10_000, (number + 1) * 10_000)).to_batches()
            seen.append(server.run("select a from kept.v"))

    schema = frame(1).schema
    connection = _aft.Connection(server.connection_string)
    connection.write(pa.RecordBatchReader.from_batches(schema, batches()), TABLE, "overwrite")
    connection.close()

    assert seen == ["42"] * 3
    assert server.run("select count(*), max(a) from kept.v") == "30000|29999"


def test_of_two_that_overwrite_at_once_one_is_left(server: PostgresServer) -> None:
    server.run("create view kept.v as select a from kept.t")
    other = threading.Thread(target=write, args=(server, frame(7, 8)), daemon=True)
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"

    def batches() -> Iterator[pa.RecordBatch]:
        yield from frame(1).to_batches()
        other.start()
        wait_until(lambda: server.run(waiting) == "1", "the other waits")

    connection = _aft.Connection(server.connection_string)
    stream = pa.RecordBatchReader.from_batches(frame(1).schema, batches())
    connection.write(stream, TABLE, "overwrite")
    connection.close()
    other.join(PATIENCE)

    assert server.run("select a from kept.t order by a").splitlines() == ["7", "8"]

# SPDX-License-Identifier: Apache-2.0
"""What MariaDB does in a way of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from aft import _aft
from aft.connection_string import connection_settings
from aft.errors import AftError, WarehouseError
from aft.manifest import Relation
from aft.profile import Target
from aft.warehouse import Warehouse

from tests.support import databases
from tests.support.databases import Database
from tests.support.mariadb import PASSWORD, USER, MariadbServer
from tests.support.processes import PATIENCE, wait_until

TARGET = Relation(None, "edges", "t")
SLEEPING = "select id from information_schema.processlist where info like '%sleep(1000)%'"
QUERIES = SLEEPING + " and id <> connection_id()"


@pytest.fixture
def database(mariadb: MariadbServer) -> Iterator[Database]:
    """The server with a schema `edges` in which a table `t` has one row."""
    made = databases.database("mariadb", mariadb)
    made.make_schema("edges")
    made.run("create table edges.t (a int); insert into edges.t values (42)")
    yield made
    made.drop_schema("edges")


@pytest.fixture
def target(mariadb: MariadbServer) -> Target:
    """A target as a profile of dbt-mysql describes it."""
    credentials = {
        "server": "localhost",
        "port": mariadb.port,
        "username": USER,
        "password": PASSWORD,
    }
    return Target("p", "t", 1, "mariadb", None, "edges", credentials, None)


@pytest.fixture
def warehouse(target: Target) -> Iterator[Warehouse]:
    made = Warehouse(target)
    yield made
    made.close()


@pytest.fixture
def start(database: Database) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start Python code that has a `connection` and the name of the target, `TARGET`."""
    started: list[subprocess.Popen[str]] = []
    preface = """
        import dataclasses, sys
        import pyarrow as pa
        from aft import _aft
        from aft.manifest import Relation
        connection = _aft.Connection(sys.stdin.readline().strip())
        TARGET = dataclasses.asdict(Relation(None, "edges", "t"))
    """

    def begin(code: str) -> subprocess.Popen[str]:
        text = textwrap.dedent(preface) + textwrap.dedent(code)
        process = subprocess.Popen(
            [sys.executable, "-c", text],
            env={"PYTHONPATH": str(Path(_aft.__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdin is not None
        process.stdin.write(database.connection_string + "\n")
        process.stdin.flush()
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def write(warehouse: Warehouse, column: pa.Array | list[int], mode: str = "overwrite") -> None:
    warehouse.write(pa.table({"a": column}), TARGET, mode, {})


@pytest.mark.parametrize(
    ("type_name", "credentials"),
    [
        ("mysql", {"host": "127.0.0.1", "user": USER, "password": PASSWORD}),
        ("mysql5", {"server": "127.0.0.1", "UID": USER, "PWD": PASSWORD}),
        ("mariadb", {"username": USER, "password": PASSWORD, "ssl_disabled": True}),
    ],
)
def test_profiles_of_dbt_mysql_reach_the_server(
    mariadb: MariadbServer, type_name: str, credentials: dict[str, object]
) -> None:
    given = {**credentials, "port": mariadb.port, "schema": "shop"}
    settings = connection_settings(Target("p", "t", 1, type_name, None, "s", given, None))

    connection = _aft.Connection(settings.connection_string)

    assert connection.dbms_name == "MariaDB"
    (cipher,) = pa.table(connection.read("show status like 'Ssl_cipher'"))["Value"].to_pylist()
    assert (cipher == "") == ("ssl_disabled" in credentials)


def test_a_socket_is_used_where_no_server_is_given() -> None:
    place = {"unix_socket": "/nowhere/socket", "username": "x", "password": "s3cret"}
    settings = connection_settings(Target("p", "t", 1, "mysql", None, "s", place, None))

    with pytest.raises(_aft.Error, match="/nowhere/socket") as error:
        _aft.Connection(settings.connection_string)

    assert "s3cret" not in str(error.value)


def test_readers_never_miss_the_table(
    database: Database, warehouse: Warehouse, start: Callable[[str], subprocess.Popen[str]]
) -> None:
    reader = start("""
        import threading
        done = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
        print("reading", flush=True)
        seen = set()
        while not done.is_set():
            rows = pa.table(connection.read("select a from edges.t"))["a"].to_pylist()
            assert len(set(rows)) == 1, rows
            seen.add((rows[0], len(rows)))
        print(seen <= {(42, 1)} | {(n, 2000) for n in range(20)}, len(seen) > 1)
    """)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"

    for number in range(20):
        write(warehouse, [number] * 2000)

    output, _ = reader.communicate("", timeout=PATIENCE)
    assert output == "True True\n"
    assert database.tables("edges") == ["t"]


def test_views_on_the_table_stay(database: Database, warehouse: Warehouse) -> None:
    database.run("create view edges.v as select a + 1 as b from edges.t")

    write(warehouse, [1])

    assert database.rows("select b from edges.v") == ["2"]


def test_a_table_takes_the_place_of_a_view(database: Database, warehouse: Warehouse) -> None:
    database.run("drop table edges.t; create view edges.t as select 1 as a")

    write(warehouse, [5])

    assert database.rows("select a from edges.t") == ["5"]
    assert database.tables("edges") == ["t"]


def test_a_table_that_others_refer_to_stays_as_it_was(
    database: Database, warehouse: Warehouse
) -> None:
    database.run(
        "alter table edges.t add primary key (a); "
        "create table edges.child (a int, foreign key (a) references edges.t (a))"
    )

    with pytest.raises(WarehouseError, match="foreign key constraint"):
        write(warehouse, [1])

    assert database.rows("select a from edges.t") == ["42"]
    assert database.tables("edges") == ["child", "t"]
    database.run("insert into edges.child values (42); drop table edges.child")


# A sequence is not rolled back, so that it counts the tries.
FAILING = """
create sequence edges.tries;
delimiter $$
create trigger edges.fails before insert on edges.t for each row
begin
  if nextval(edges.tries) <= {times} then
    signal sqlstate '{state}' set mysql_errno = {number}, message_text = 'try again';
  end if;
end $$
"""


@pytest.mark.parametrize(
    ("state", "number"),
    [("40001", 1213), ("HY000", 1205), ("42S01", 1050), ("42S21", 1060)],
    ids=["deadlock", "lock timeout", "table of others", "column of others"],
)
def test_what_others_have_prevented_is_tried_again(
    database: Database, warehouse: Warehouse, state: str, number: int
) -> None:
    database.run(FAILING.format(times=2, state=state, number=number))

    write(warehouse, [1], "append")

    assert database.rows("select a from edges.t order by a") == ["1", "42"]


def test_other_errors_are_not_tried_again(database: Database, warehouse: Warehouse) -> None:
    database.run(FAILING.format(times=1, state="HY000", number=1644))

    with pytest.raises(WarehouseError, match="try again; in row 1 of the frame"):
        write(warehouse, [1], "append")

    assert database.rows("select a from edges.t") == ["42"]


def test_an_interrupt_stops_a_query_on_the_server(
    database: Database, start: Callable[[str], subprocess.Popen[str]]
) -> None:
    reader = start("""
        from aft import interruption
        interruption.watch_signals()
        interruption.cancel_on_signal(connection)
        try:
            connection.read("select sleep(1000)")
        except KeyboardInterrupt:
            print("interrupted")
    """)
    wait_until(lambda: database.rows(QUERIES), "the query runs")

    reader.send_signal(signal.SIGINT)

    output, _ = reader.communicate(timeout=PATIENCE)
    assert output == "interrupted\n"
    assert database.rows(QUERIES) == []


def test_an_append_is_made_where_it_can_be_undone_only(
    database: Database, warehouse: Warehouse
) -> None:
    database.run("alter table edges.t engine = MyISAM")

    with pytest.raises(AftError, match="its engine, MyISAM, has no transactions"):
        write(warehouse, [1], "append")
    write(warehouse, [1])
    write(warehouse, [2], "append")

    assert database.rows("select a from edges.t order by a") == ["1", "2"]


def test_a_new_table_of_an_append_is_seen_when_it_is_full(
    database: Database, warehouse: Warehouse
) -> None:
    database.run("drop table edges.t")

    with pytest.raises(AftError, match="row 2 holds infinity"):
        write(warehouse, pa.array([1.0, float("inf")]), "append")

    assert database.tables("edges") == []


@pytest.mark.parametrize(
    ("column_type", "column", "message"),
    [
        ("enum('x', 'y')", pa.array(["x", "z"]), "'a'; in row 2 of"),
        ("longblob", pa.array([b"x", bytes(17_000_000)]), "'a', row 2 holds 17000000 bytes"),
    ],
)
def test_what_a_column_would_change_is_refused(
    database: Database,
    warehouse: Warehouse,
    column_type: str,
    column: pa.Array,
    message: str,
) -> None:
    database.run(f"create or replace table edges.t (a {column_type})")

    with pytest.raises(AftError, match=message):
        write(warehouse, column, "append")

    assert database.rows("select count(*) from edges.t") == ["0"]


@pytest.fixture
def quiet_server(database: Database) -> Iterator[None]:
    """New sessions keep no warnings and don't count notes, unless they ask for them."""
    database.run("set global max_error_count = 0; set global sql_notes = 0")
    yield
    database.run("set global max_error_count = default; set global sql_notes = default")


@pytest.mark.usefixtures("quiet_server")
def test_a_changed_value_is_noticed_where_the_server_keeps_no_warnings(
    database: Database, warehouse: Warehouse
) -> None:
    database.run(
        "create or replace table edges.t (a varchar(4), b varchar(3) as (a) persistent)"
    )

    with pytest.raises(AftError, match="truncated for column 'b'; in row 2 of"):
        write(warehouse, pa.array(["ab ", "abc "]), "append")
    database.run(
        "create trigger edges.forgets before insert on edges.t for each row "
        "set max_error_count = 0"
    )
    with pytest.raises(AftError, match="the database has changed a value; in row 2 of"):
        write(warehouse, pa.array(["ab ", "abc "]), "append")

    assert database.rows("select count(*) from edges.t") == ["0"]


def test_thousands_of_rows_keep_their_places(database: Database, warehouse: Warehouse) -> None:
    database.run("create or replace table edges.t (a int, s longtext)")
    texts = [None if n % 7 == 0 else "x" * (n * n % 5000) for n in range(2500)]
    frame = pa.table({"a": range(2500), "s": texts})

    warehouse.write(frame, TARGET, "append", {})

    assert warehouse.read_table(TARGET).sort_by("a")["s"].to_pylist() == texts
    database.run("alter table edges.t add check (a <> 5000)")
    bad = pa.table({"a": [0] * 1500 + [5000]})
    with pytest.raises(AftError, match="in row 1501 of the frame"):
        warehouse.write(bad, TARGET, "append", {})


@pytest.mark.parametrize("charset", ["latin1", "utf8mb4 collate utf8mb4_czech_ci"])
def test_new_tables_hold_every_text_in_the_collation_of_the_schema(
    database: Database, warehouse: Warehouse, charset: str
) -> None:
    database.run(f"alter database edges character set {charset}")

    write(warehouse, pa.array(["ü😀"]))

    assert warehouse.read_table(TARGET)["a"].to_pylist() == ["ü😀"]
    (collation,) = database.rows(
        "select collation_name from information_schema.columns "
        "where table_schema = 'edges' and column_name = 'a'"
    )
    assert collation.startswith("utf8mb4_")
    assert ("czech" in charset) == ("czech" in collation)


def test_a_sum_is_read_as_numbers(warehouse: Warehouse, database: Database) -> None:
    database.run("create table edges.s as select sum(a) as a from edges.t")

    assert warehouse.read_table("edges.s")["a"].to_pylist() == [Decimal(42)]


@pytest.mark.parametrize("name", ["a" * 65, "😀", "a "])
def test_names_that_the_server_does_not_take_are_refused(
    database: Database, warehouse: Warehouse, name: str
) -> None:
    with pytest.raises(WarehouseError):
        warehouse.write(pa.table({name: [1]}), TARGET, "overwrite", {})
    with pytest.raises(WarehouseError):
        warehouse.write(pa.table({"a": [1]}), Relation(None, "edges", name), "overwrite", {})

    assert database.tables("edges") == ["t"]


def test_names_may_hold_what_ends_a_quoted_name_elsewhere(
    database: Database, warehouse: Warehouse
) -> None:
    name = "a`; drop table t; -- \"'?%"
    frame = pa.table({name: [1]})

    warehouse.write(frame, Relation(None, "edges", name), "overwrite", {})

    assert warehouse.read_table(Relation(None, "edges", name)) == frame
    assert database.tables("edges") == [name, "t"]

# SPDX-License-Identifier: Apache-2.0
"""Statements of the user's own, with Jinja, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest
from aft.errors import AftError, WarehouseError
from aft.profile import Setup, Target
from aft.query import Sql
from aft.sql_jinja import SqlRenderer
from aft.sql_text import check_statement, leaves_state, may_change
from aft.tables import Tables

from tests.unit.python_runtime.place import Place

_SEVERAL = (
    "execute_sql() runs one statement, because databases differ in what they do with "
    "several; call it for each of them"
)
_TRANSACTION = (
    "execute_sql() commits each statement, so it takes none that begins, ends or divides a "
    "transaction; leave it out, and write rows that belong together in one statement or by "
    "one write_to_model()"
)
TRANSACTIONS = (
    *("begin", "-- x\nBEGIN immediate", "start  transaction", "commit work", "rollback"),
    *("savepoint a", "release savepoint a", "end", "abort", "xa start 'a'"),
    *("set autocommit=0", "set @@session.autocommit = 0", "set implicit_transactions on"),
)
# By database: what changes a setting of the connection, and a query that shows it.
_SETTINGS = {
    "sqlite": ("pragma cache_size = 77", "pragma cache_size"),
    "postgres": ("set time zone 'Asia/Tokyo'", "show timezone"),
    "mariadb": ("set time_zone = '+02:00'", "select @@time_zone"),
    "duckdb": ("set time zone 'Asia/Tokyo'", "select current_setting('TimeZone')"),
}


@pytest.fixture(name="tables")
def _tables(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    monkeypatch.setenv("SHOP_LEAST", "2")
    setup = Setup(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path)
    here = Target("p", "dev", 1, "any", None, place.schema, {}, None, variables={"most": 9})
    return place.tables(renderer=SqlRenderer(setup, here))


def test_a_statement_gives_its_rows_or_none_and_is_committed(
    place: Place, tables: Tables
) -> None:
    table = f"{place.schema}.made"

    assert len(tables.execute_sql(f"create table {table} (id integer)").columns) == 0
    for sql in (f"insert into {table} values (1), (2)", f"delete from {table} where id = 1;"):
        assert len(tables.execute_sql(sql)) == 0
    rows = tables.execute_sql(f"select id from {table}", frame="arrow").to_pylist()
    place.run(f"insert into {table} values (3)")  # As others do.
    tables.execute_sql(f"drop table {table}")

    assert rows == [{"id": 2}]
    with pytest.raises(WarehouseError) as refused:
        tables.execute_sql(f"select * from {table}")
    assert refused.value.sqlstate in ("HY000", "42P01", "42S02")


def test_jinja_names_tables_the_target_and_variables(tables: Tables) -> None:
    rows = tables.execute_sql("""
        {# Between. #}
        {% set least = env_var('SHOP_LEAST') | int %}
        select id, '{{ target.schema }}.{{ ref("orders").identifier }}' as name
        from {{ ref('orders') }} where id >= {{ least }} and id < {{ var('most') }}
        union all select id, 'x' from {{ source('raw', 'orders') }}
        where id = {{ var('other', 1) }} order by id
    """)

    assert rows["id"].tolist() == [1, 2, 3]
    assert rows["name"].tolist()[1].endswith(".orders")


def test_rows_are_those_that_models_of_the_same_run_read(place: Place, tables: Tables) -> None:
    empty = place.tables(empty=True, renderer=tables._renderer)

    assert len(empty.execute_sql("select * from {{ ref('orders') }}")) == 0


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "select * from {{ ref('ordrs') }}",
            "there is no model 'ordrs' in the project; did you mean 'orders'?",
        ),
        (
            "select {{ a_macro() }} from {{ ref('ordrs') }}",
            "there is no model 'ordrs' in the project; did you mean 'orders'?",
        ),
        (
            "select {{ a_macro(builtins.ref('ordrs')) }}",
            "there is no model 'ordrs' in the project; did you mean 'orders'?",
        ),
        (
            "select * from {{ this }}",
            "'this' is the table of the model that a script is bound to",
        ),
        (
            "select {{ var('none') }}",
            "the query needs the variable 'none'; give it with --vars or in dbt_project.yml",
        ),
        (
            "select {{ env_var('NO_SUCH') }}",
            "the query needs the environment variable 'NO_SUCH'; set it",
        ),
        (
            "select {{ env_var('DBT_ENV_SECRET_X', 'a') }}",
            "the query names 'DBT_ENV_SECRET_X', but secrets are for profiles.yml only",
        ),
        (
            "select {{ 1 / 0 }}",
            "cannot render the Jinja of the query: division by zero",
        ),
        (
            "select {{ 1",
            "cannot render the Jinja of the query: unexpected end of template, expected 'end "
            "of print statement'.",
        ),
        (
            "select 1; select 2",
            _SEVERAL,
        ),
        ("drop table a; select 2", _SEVERAL),
        ("alter table a add b integer; select 2", _SEVERAL),
        ("create table a (b integer); select 2", _SEVERAL),
        ("do 1; select 2", _SEVERAL),
        ("execute a; select 2", _SEVERAL),
        *((sql, _TRANSACTION) for sql in TRANSACTIONS),
        (
            "copy t (a) -- from where\n from stdin with csv",
            "COPY FROM STDIN and COPY TO STDOUT can't go through ODBC: write rows with "
            "write_to_model() or write_to_source(), and read them with ref() or read_sql()",
        ),
    ],
)
def test_what_can_not_run_is_refused(tables: Tables, sql: str, message: str) -> None:
    with pytest.raises(AftError) as refused:
        tables.execute_sql(sql)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "sql",
    [
        "select 'a;b', 'it''s; copy t from stdin' as \"c;d\"",
        r"select 'it\'s; x'",
        "select $$;copy t from stdin; x$$ -- ; y",
        "select 1 /* ; x */ ; ",
        "create trigger t after insert on o begin delete from p; delete from q; end",
        "create or replace definer = `a`@`%` procedure p() begin delete from p; end",
        "create definer=current_user() function f() returns int begin return 1; end",
        "begin not atomic delete from p; delete from q; end",
        "do $$ begin delete from p; delete from q; end $$",
    ],
)
def test_one_statement_is_not_taken_for_several(sql: str) -> None:
    check_statement(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", False),
        ("-- delete\n (select 'insert into t')", False),
        ("with a as (select 1) select * from a", False),
        ("with a as (delete from t returning 1) select * from a", True),
        ("select 1 into t", True),
        ("vacuum", True),
        ("", True),
        (
            "select upper(a), count (*) from (select 1) b where replace(c, 'x', '') in (1)",
            False,
        ),
        ("select f_that_inserts(a) from b", True),
        ("select other.count(a) from b", True),
        ('select "f"(1)', True),
    ],
)
def test_what_may_change_rows_is_told_by_its_words(sql: str, expected: bool) -> None:
    assert may_change(sql) is expected


@pytest.mark.parametrize("frame", ["pandas", "batches"])
def test_a_setting_is_gone_after_its_statement(
    place: Place, tables: Tables, frame: str
) -> None:
    change, query = _SETTINGS[place.name]
    before = place.warehouse.read_table(Sql(query)).to_pylist()

    tables.execute_sql(change, frame=frame)

    assert place.warehouse.read_table(Sql(query)).to_pylist() == before


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) from a", False),
        ("insert into a (b) values (1)", False),
        ("create table a (b integer)", False),
        ("create temporary table a (b integer)", True),
        ("select set_config('a', 'b', false)", True),
        ("use other", True),
        ("prepare a from 'select 1'", True),
    ],
)
def test_what_later_statements_would_see_is_told_by_its_words(
    sql: str, expected: bool
) -> None:
    assert leaves_state(sql) is expected


def test_what_needs_dbt_is_refused_under_sample(place: Place, tmp_path: Path) -> None:
    setup = Setup(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path, sample=("1", "3"))
    here = Target("p", "dev", 1, "any", None, place.schema, {}, None)
    tables = place.tables(sample=setup.sample, renderer=SqlRenderer(setup, here))

    with pytest.raises(AftError) as refused:
        tables.execute_sql("select {{ a_macro() }} from {{ ref('orders') }}")

    assert str(refused.value) == (
        "cannot render the Jinja of the query: 'a_macro' is for dbt to render, but 'dbt "
        "compile' has no --sample, so that the query would read all rows; leave out "
        "'a_macro', or run without --sample"
    )


def test_relations_are_compared_and_filters_are_there_as_in_dbt(tables: Tables) -> None:
    rows = tables.execute_sql("""
        select {{ 1 if ref('orders') == source('raw', 'orders') else 0 }} as same,
        {{ 1 if ref('orders') in [ref('many')] else 0 }} as other,
        {{ '2' | as_number }} as two, {{ '3' | as_native }} as three,
        {{ {ref('orders'): 4}[ref('orders')] }} as four, {{ '5' | as_bool }} as five
    """)

    assert rows.values.tolist() == [[1, 0, 2, 3, 4, 5]]

# SPDX-License-Identifier: Apache-2.0
"""What can be told of a statement of the user's own from its text, before it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aft.errors import AftError

_QUOTED = "|".join((
    r'(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]\n]*\])',
    r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
    r"--[^\n]*",
    r"/\*.*?\*/",
))  # fmt: skip
# Whether a backslash escapes a quotation mark depends on the database.
_NO_CODE = tuple(
    re.compile(f"{text}|{_QUOTED}", re.DOTALL)
    for text in (r"'(?:[^']|'')*'", r"'(?:[^'\\]|''|\\.)*'")
)
_COPY = re.compile(r"\bcopy\b[^;]*\b(from\s+stdin|to\s+stdout)\b", re.IGNORECASE)
_FIRST_WORD = re.compile(r"[\s(;]*(\w+)")
_FURTHER = re.compile(r";[\s;]*\S")
# These hold statements of their own.
_COMPOUND = re.compile(
    r"[\s(;]*(?:begin\s+not\s+atomic|create\s+(?:or\s+(?:replace|alter)\s+)?"
    r"(?:definer\s*=[\s\w@%.()]*?|aggregate|constraint|temp|temporary)?\s*"
    r"\b(?:trigger|procedure|function|event|package))\b",
    re.IGNORECASE,
)
_TRANSACTION = re.compile(
    r"[\s(;]*(?:begin(?!\s+not\s+atomic)|start\s+transaction|commit|rollback|savepoint|"
    r"release|end|abort|xa|prepare\s+transaction|set\b.*?\bautocommit|"
    r"set\s+implicit_transactions)\b",
    re.IGNORECASE | re.DOTALL,
)
_READING = frozenset({"select", "values", "with", "show", "describe", "desc", "explain"})
_CHANGING = re.compile(
    r"\b((insert|replace)\b(?!\s*\()|(update|delete|merge|into|call)\b)", re.IGNORECASE
)
# What leaves a connection as it was, unless it is for something temporary.
_WITHOUT_STATE = _READING | {
    *("insert", "update", "delete", "merge", "replace", "truncate", "create", "alter", "drop"),
    *("grant", "revoke", "comment", "analyze", "vacuum", "refresh", "optimize"),
}
_TEMPORARY = re.compile(r"\b(temp|temporary|alter\s+session)\b", re.IGNORECASE)
_CALL = re.compile(r"([\w.]*\w)\s*\(")
# Words before a parenthesis that call nothing which could change rows.
_LANGUAGE = """
    all and any array as between by case cast convert cross distinct else end except exists
    filter first from group having ilike in inner intersect interval is join lateral like
    limit materialized not null offset on or order over partition qualify rows select set
    show some then union unnest using values when where with within
"""
_TYPES = """
    bit char character decimal float numeric nvarchar time timestamp varbinary varchar
"""
_FUNCTIONS = """
    abs age array_agg ascii avg bool_and bool_or ceil ceiling char_length
    character_length chr coalesce concat concat_ws corr count cume_dist curdate
    current_date current_schema current_time current_timestamp current_user database date
    date_add date_format date_part date_sub date_trunc dateadd datediff datename datepart
    datetime day dayofmonth dayofweek dayofyear decode dense_rank every exp extract
    first_value floor format from_unixtime generate_series getdate greatest group_concat
    grouping hex hour if ifnull iif initcap insert instr isnull json_agg json_array
    json_arrayagg json_build_object json_extract json_object json_objectagg json_value
    jsonb_agg julianday lag last_value lcase lead least left len length listagg ln locate
    log log10 log2 lower lpad ltrim make_date max md5 median min minute mod mode month now
    nth_value ntile nullif nvl octet_length percent_rank percentile_cont percentile_disc pi
    position pow power printf quarter quote radians random rand rank regexp_replace
    regexp_substr repeat replace reverse right round row row_number rpad rtrim second sign
    split_part sqrt stddev stddev_pop stddev_samp str_to_date strftime string_agg strpos
    substr substring substring_index sum sysdate timestampadd timestampdiff to_char to_date
    to_number to_timestamp total translate trim trunc truncate typeof ucase unix_timestamp
    upper var_pop var_samp variance version week weekday year
"""
_HARMLESS = frozenset(f"{_LANGUAGE} {_TYPES} {_FUNCTIONS}".split())


def check_statement(sql: str) -> None:
    """Raise AftError for what no driver runs as it stands."""
    codes = list(_codes(sql))
    if all(map(_COPY.search, codes)):
        raise AftError(
            "COPY FROM STDIN and COPY TO STDOUT can't go through ODBC: write rows with "
            "write_to_model() or write_to_source(), and read them with ref() or read_sql()"
        )
    if all(map(_TRANSACTION.match, codes)):
        raise AftError(
            "execute_sql() commits each statement, so it takes none that begins, ends or "
            "divides a transaction; leave it out, and write rows that belong together in one "
            "statement or by one write_to_model()"
        )
    is_compound = any(map(_COMPOUND.match, codes))
    if not is_compound and all(map(_FURTHER.search, codes)):
        raise AftError(
            "execute_sql() runs one statement, because databases differ in what they do with "
            "several; call it for each of them"
        )


def says_change(sql: str) -> bool:
    """Whether a statement is one that changes something, by its words."""
    return any(
        _first_word(code) not in _READING or _CHANGING.search(code) for code in _codes(sql)
    )


def may_change(sql: str) -> bool:
    """Whether a statement may change rows, as far as its text tells: if in doubt, yes.

    A function that is not known may do so, even in a query.
    """
    return says_change(sql) or _calls_unknown(sql)


def leaves_state(sql: str) -> bool:
    """Whether later statements of the same connection may run in another way after it."""
    return any(
        _first_word(code) not in _WITHOUT_STATE
        or _TEMPORARY.search(code)
        or (_first_word(code) in _READING and _calls_unknown(sql))
        for code in _codes(sql)
    )


def _calls_unknown(sql: str) -> bool:
    return any(
        name.lower() not in _HARMLESS for code in _codes(sql) for name in _CALL.findall(code)
    )


def _codes(sql: str) -> Iterator[str]:
    """The text without what is quoted or commented out, as each kind of database reads it.

    The word `quoted` stands for each quoted name.
    """
    for quoted in _NO_CODE:
        yield quoted.sub(lambda found: " quoted " if found["name"] else " ", sql)


def _first_word(code: str) -> str:
    found = _FIRST_WORD.match(code)
    return found[1].lower() if found else ""

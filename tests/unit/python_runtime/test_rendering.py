# SPDX-License-Identifier: Apache-2.0
"""Profiles as dbt's own code renders them, and as aft does."""

from __future__ import annotations

import argparse
import os
import textwrap
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from aft.errors import AftError
from aft.profile import Setup, Target, read_target
from aft.rendering import Renderer
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

ENVIRONMENT = {
    "T_INT": "4",
    "T_FLOAT": "2.5",
    "T_TRUE": "true",
    "T_BRACES": "{{a}}",
    "T_EMPTY": "",
    "T_LIST": "[1, 'a']",
    "DBT_ENV_SECRET_PASSWORD": "p{{w}}'\"d",
    "DBT_ENV_SECRET_NUMBER": "77",
}
VARIABLES = {
    "text": "abc",
    "number": 3,
    "flag": True,
    "nothing": None,
    "list": [1, "b"],
    "nested": {"a": {"b": 1}},
    "template": "{{ env_var('T_INT') }}x",
    "true_text": "True",
}
# What a field of profiles.yml may hold, in YAML; and texts that it may hold.
VALUES = [
    "1", "1.5", "true", "null", "''", "'1'", "'1.0'", "'True'", "'None'", "2020-01-02",
    "2020-01-02 03:04:05", '[1, \'2\', "{{ env_var(\'T_INT\') | int }}"]',
    '{a: "{{ var(\'number\') }}", b: {c: "{{ env_var(\'T_EMPTY\') }}"}, 1: x}',
    '|\n  two\n  lines\n', "'a {b} c'", "'a {# comment #} c'", "'100%'", "' blanks '",
    "'{{ broken'", "'{{ }}'", "'{% if %}'",
]  # fmt: skip
TEMPLATES = [
    "{{ env_var('T_INT') }}", "{{ env_var('T_INT') | int }}",
    "{{ env_var('T_INT') | as_number }}", "{{ env_var('T_INT') | as_native }}",
    "{{ env_var('T_INT') | as_text }}", "{{ env_var('T_INT')|int + 1 }}",
    "{{ env_var('T_INT') }}{{ env_var('T_INT') }}", " {{ env_var('T_INT') | int }}",
    "{{ env_var('T_INT') | int }} ", "{{ env_var('T_FLOAT') | as_number }}",
    "{{ env_var('T_FLOAT') | float }}", "{{ env_var('T_FLOAT') | int }}",
    "{{ env_var('T_TRUE') }}", "{{ env_var('T_TRUE') | as_bool }}",
    "{{ env_var('T_TRUE') | as_native }}", "{{ 'True' | as_bool }}",
    "{{ env_var('T_TRUE') == 'true' }}", "{{ env_var('T_BRACES') }}",
    "{{ env_var('T_EMPTY') }}", "{{ env_var('T_EMPTY') | as_number }}",
    "{{ env_var('T_LIST') | as_native }}", "{{ env_var('T_LIST') }}",
    "{{ env_var('NONE', 'x') }}", "{{ env_var('NONE', 5) }}", "{{ env_var('NONE', 5) | int }}",
    "{{ env_var('NONE', False) }}", "{{ env_var('NONE', '') }}", "{{ env_var('NONE', none) }}",
    "{{ env_var('NONE') }}", "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}",
    "a{{ env_var('DBT_ENV_SECRET_PASSWORD') }}b",
    "{{ env_var('DBT_ENV_SECRET_PASSWORD') | lower }}",
    "{{ env_var('DBT_ENV_SECRET_NUMBER') | int }}",
    "{{ env_var('DBT_ENV_SECRET_NUMBER') | as_number }}",
    "{{ env_var('DBT_ENV_SECRET_NUMBER') | as_native }}",
    "{{ env_var('DBT_ENV_SECRET_NONE', 'd') }}", "{{ var('text') }}", "{{ var('number') }}",
    "{{ var('number') | as_text }}", "{{ var('flag') }}", "{{ var('nothing') }}",
    "{{ var('list') }}", "{{ var('nested').a.b }}", "{{ var('template') }}",
    "{{ var('missing') }}", "{{ var('missing', 7) }}", "{{ var('missing', none) }}",
    "{{ var('true_text') }}", "{{ 5 }}", "{{ 5 * 2.0 }}", "{{ 'x' }}", "{{ true }}",
    "{{ none }}", "{{ [1, 2] }}", "{{ {'a': 1} }}", "{{ 'abc' | as_number }}",
    "{{ 'abc' | as_bool }}", "{{ 'abc' | as_native }}", "{{ '007' | as_native }}",
    "{{ '1_000' | as_number }}", "{{ '-5' | as_number }}", "{{ '1e3' | as_number }}",
    "{{ [1] | is_list }}", "{% if env_var('T_TRUE') == 'true' %}a{% else %}b{% endif %}",
    "{% set a = 5 %}{{ a }}", "{% set a = 5 -%} {{ a }}",
    "{% for i in range(3) %}{{ i }}{% endfor %}", "{% do [] %}x",
    '{{ fromjson(\'{"a": 1}\').a }}', "{{ fromjson('{', 3) }}",
    "{{ tojson({'b': 1, 'a': 2}, sort_keys=true) }}", "{{ fromyaml('[1, x]') }}",
    "{{ toyaml({'a': 1}) }}", "{{ set([1]) }}", "{{ zip([1], [2]) | list }}",
    "{{ local_md5('a') }}", "{{ modules.re.sub('a', 'b', 'aa') }}",
    "{{ modules.datetime.date(2020, 1, 2) }}",
    "{{ modules.itertools.chain([1], [2]) | list }}", "{{ 'a'.__class__ }}", "{{ 1 / 0 }}",
    "{{ [env_var('DBT_ENV_SECRET_NUMBER')] }}", "{{ missing }}", "{{ missing }}x",
    "{{ missing.a }}", "{{ missing | default('d') }}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    set_from_args(argparse.Namespace(), None)
    set_invocation_context(os.environ)


def by_dbt(value: Any) -> Any:
    rendered = ProfileRenderer(VARIABLES).render_data({"field": value})["field"]
    # No adapter takes one for a value.
    assert not isinstance(rendered, jinja2.Undefined)
    # dbt leaves a mark on text that "as_native" could not read.
    return str(rendered) if isinstance(rendered, str) else rendered


@pytest.mark.parametrize("value", [*map(yaml.safe_load, VALUES), *TEMPLATES], ids=repr)
def test_a_field_is_rendered_as_dbt_renders_it(value: Any) -> None:
    try:
        expected = by_dbt(value)
    except Exception:
        with pytest.raises(AftError):
            Renderer(VARIABLES)(value, "field")
        return

    rendered = Renderer(VARIABLES)(value, "field")

    assert (repr(rendered), type(rendered)) == (repr(expected), type(expected))


@pytest.mark.parametrize(
    "password", ["{{ broken", "a}}b", "{%x", "{{ }}", "1", "{{ missing.a.b }}", "{{ 1 / 0 }}"]
)
def test_a_password_that_is_no_template_is_taken_as_it_is(password: str) -> None:
    profile = {"password": password, "nested": {"password": [password]}}

    rendered = Renderer({})(profile, "target")

    assert rendered == ProfileRenderer({}).render_data(profile)


def test_a_name_that_only_dbt_can_know_is_refused() -> None:
    with pytest.raises(AftError, match="cannot render 'host' of the profile: 'flags' is und"):
        Renderer({})("{{ flags.FULL_REFRESH }}", "host")


PROFILE = """
    target: "{{ env_var('WHERE', 'dev') }}"
    outputs:
      dev: &output
        type: postgres
        host: "{{ env_var('SHOP_HOST', 'localhost') }}"
        port: "{{ env_var('SHOP_PORT', '5432') | as_number }}"
        user: me
        pass: "{{ env_var('DBT_ENV_SECRET_PASSWORD') }}"
        dbname: shop
        schema: "{{ var('text') }}_{{ env_var('T_INT') }}"
        threads: "{{ env_var('T_INT') | int }}"
        sslmode: "{{ env_var('SSL', none) or 'require' if false else 'prefer' }}"
      other: {<<: *output, threads: THREADS, dbname: "{{ var('number') | as_text }}"}
      broken: {<<: *output, threads: "{{ env_var('T_INT') }}"}
"""


def read(folder: Path, raw: str, target: str | None, threads: int | None) -> Target:
    (folder / "profiles.yml").write_text(yaml.safe_dump({"shop": yaml.safe_load(raw)}))
    (folder / "dbt_project.yml").write_text("profile: shop")
    setup = Setup(folder, folder, folder, folder, folder, target=target, threads=threads)
    setup.variables.update(VARIABLES)
    return read_target(setup)


@pytest.mark.parametrize("threads", [None, 9])
@pytest.mark.parametrize("in_profile", ["3", "\"{{ env_var('NONE', 8) }}\"", "3.0"])
@pytest.mark.parametrize("target", [None, "dev", "other"])
def test_a_target_is_what_dbt_takes(
    tmp_path: Path, target: str | None, in_profile: str, threads: int | None
) -> None:
    raw = textwrap.dedent(PROFILE.replace("THREADS", in_profile))
    renderer = ProfileRenderer(VARIABLES)

    expected = Profile.from_raw_profile_info(
        yaml.safe_load(raw), "shop", renderer, target, threads
    )
    found = read(tmp_path, raw, target, threads)

    assert (found.name, found.threads) == (expected.target_name, expected.threads)
    assert (found.database, found.schema) == (
        expected.credentials.database,
        expected.credentials.schema,
    )
    given = expected.credentials.to_dict(omit_none=False)
    own = {"threads", "type"}  # Not the adapter's.
    told = {name: value for name, value in found.credentials.items() if name not in own}
    assert told.items() <= given.items()


def test_threads_that_are_no_number_are_refused_as_dbt_does(tmp_path: Path) -> None:
    raw = textwrap.dedent(PROFILE.replace("THREADS", "1"))

    with pytest.raises(Exception, match="threads"):
        Profile.from_raw_profile_info(
            yaml.safe_load(raw), "shop", ProfileRenderer(VARIABLES), "broken"
        )
    with pytest.raises(AftError) as error:
        read(tmp_path, raw, "broken", None)

    assert str(error.value) == (
        "'threads' of target 'broken' must be a whole number, not '4': add '| int' or "
        "'| as_number'"
    )

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from aft.profile import Setup
from aft.project_file import render
from dbt.config.renderer import DbtProjectYamlRenderer
from dbt_common.context import set_invocation_context

VARIABLES = {"where": "there", "many": ["a", "b"]}
TEMPLATES = {
    "name": "shop_{{ var('where') }}",
    "target-path": "target_{{ env_var('SHOP') }}{% if var('where') == 'there' %}_x{% endif %}",
    "model-paths": ["models", "{{ env_var('ABSENT', 'more') }}"],
    "seed-paths": "{{ var('many') }}",
}
PROFILES = {
    "shop": {
        "target": "dev",
        "outputs": {"dev": {"type": "sqlite", "schema": "main", "threads": 1}},
    }
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "5")
    monkeypatch.delenv("ABSENT", raising=False)
    set_invocation_context(os.environ)


def setup_of(folder: Path, project: dict[str, Any]) -> Setup:
    (folder / "dbt_project.yml").write_text(yaml.safe_dump({"profile": "shop", **project}))
    (folder / "profiles.yml").write_text(yaml.safe_dump(PROFILES))
    return Setup(folder, folder, folder, folder, folder, variables=VARIABLES)


def test_keys_are_rendered_as_dbt_renders_them(tmp_path: Path) -> None:
    by_dbt = DbtProjectYamlRenderer(None, VARIABLES).render_data(TEMPLATES)

    assert render(setup_of(tmp_path, TEMPLATES), TEMPLATES) == (by_dbt, [])


def test_selectors_are_rendered_as_dbt_renders_them(tmp_path: Path) -> None:
    part = {"method": "tag", "value": "{{ env_var('SHOP') }}_{{ var('where') }}"}
    selectors = {"selectors": [{"name": "a", "definition": {"union": ["{{ 1 }}", part]}}]}
    setup = setup_of(tmp_path, {})
    (tmp_path / "selectors.yml").write_text(yaml.safe_dump(selectors))

    by_dbt = DbtProjectYamlRenderer(None, VARIABLES).render_selectors(selectors)

    assert render(setup, ["selectors"], "selectors.yml") == (by_dbt, [])


def test_templates_know_the_target(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, {"target-path": "out/{{ target.name }}_{{ target.schema }}"})
    (tmp_path / "selectors.yml").write_text('selectors: [{name: "{{ target.name }}"}]')

    assert render(setup, ["target-path"]) == ({"target-path": "out/dev_main"}, [])
    selectors = {"selectors": [{"name": "dev"}]}
    assert render(setup, ["selectors"], "selectors.yml") == (selectors, [])


def test_what_cannot_be_rendered_is_named_and_the_rest_rendered(tmp_path: Path) -> None:
    project = {
        "name": "{{ env_var('ABSENT') }}",
        "target-path": "{{ flags.WHERE }}",
        "model-paths": ["{{ broken"],
        "seed-paths": ["{{ var('where') }}"],
    }

    rendered, problems = render(setup_of(tmp_path, project), project)

    assert rendered == {"seed-paths": ["there"]}
    assert problems[:2] == [
        "dbt_project.yml needs the environment variable 'ABSENT'; set it",
        "cannot render 'target-path' of dbt_project.yml: 'flags' is undefined",
    ]
    assert problems[2].startswith("cannot render 'model-paths' of dbt_project.yml: ")

# SPDX-License-Identifier: Apache-2.0
"""Renders templates in dbt_project.yml and selectors.yml as dbt does, for the plugin.

It runs before dbt has told how it reads the project. dbt knows the target's names there, and
renders neither variables nor flags (dbt.config.renderer.DbtProjectYamlRenderer).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import jinja2.meta
import jinja2.sandbox

from aft.errors import AftError
from aft.profile import Setup, read_setup, read_target, read_yaml
from aft.rendering import JINJA_EXTENSIONS, Renderer

FILE = "dbt_project.yml"
_TARGET = "target"


def main() -> None:
    """Print a JSON object: ``rendered`` values by key, and ``problems`` with the others.

    AFT_PROJECT has the setup (aft.profile.read_setup), the ``file`` in the project's folder,
    and ``keys``, which to render.
    """
    told = json.loads(os.environ["AFT_PROJECT"])
    rendered, problems = render(read_setup(told["setup"]), told["keys"], told["file"])
    print(json.dumps({"rendered": rendered, "problems": problems}))


def render(
    setup: Setup, keys: Iterable[str], file: str = FILE
) -> tuple[dict[str, Any], list[str]]:
    """The values of ``keys``; and a sentence for each that cannot be rendered."""
    project = read_yaml(setup.project_dir / file)
    rendered: dict[str, Any] = {}
    problems: list[str] = []
    for key in keys:
        value = project.get(key)
        try:
            names = {_TARGET: read_target(setup).described()} if _needs_target(value) else {}
            rendered[key] = Renderer(setup.variables, file, names)(value, key)
        except AftError as error:
            problems.append(str(error))
    return rendered, problems


def _needs_target(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return any(map(_needs_target, value))
    if not isinstance(value, str):
        return False
    try:
        tree = jinja2.sandbox.SandboxedEnvironment(extensions=JINJA_EXTENSIONS).parse(value)
    except jinja2.TemplateError:  # Rendering says what is wrong.
        return False
    return _TARGET in jinja2.meta.find_undeclared_variables(tree)

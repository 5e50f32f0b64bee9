# SPDX-License-Identifier: Apache-2.0
"""The dbt target of a run: read from profiles.yml, rendered as dbt renders it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nativetypes
import yaml

from aft.errors import AftError


@dataclass(frozen=True)
class Setup:
    """What the plugin says of a run before the first script. Folders are absolute."""

    project_dir: Path
    scripts_dir: Path
    profiles_dir: Path
    target_path: Path
    profile: str | None = None
    target: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None


@dataclass(frozen=True)
class Target:
    """The output of a profile that the run uses."""

    profile_name: str
    name: str
    threads: int
    type: str
    database: str | None
    schema: str | None
    credentials: Mapping[str, Any] = field(repr=False)
    connections: Mapping[str, str] = field(repr=False)
    project_dir: Path = Path()


def read_target(setup: Setup) -> Target:
    """Find the target that dbt would take. Raises AftError that names file and key."""
    render = _Renderer(setup.variables)
    project = _read_yaml(setup.project_dir / "dbt_project.yml")
    profile_name = setup.profile or render(project.get("profile"), "profile")
    profiles_file = setup.profiles_dir / "profiles.yml"
    profile = _entry(_read_yaml(profiles_file), profile_name, profiles_file, "profile")
    name = setup.target or render(profile.get("target", "default"), "target")
    outputs = profile.get("outputs") or {}
    credentials = render(_entry(outputs, name, profiles_file, "target"), name)
    return Target(
        profile_name=profile_name,
        name=name,
        threads=int(setup.threads or credentials.get("threads") or 1),
        type=str(credentials.get("type", "")),
        database=credentials.get("database", credentials.get("dbname")),
        schema=credentials.get("schema"),
        credentials=credentials,
        connections=_connections(project, setup.variables, render),
        project_dir=setup.project_dir,
    )


def _connections(
    project: dict[str, Any], variables: dict[str, Any], render: _Renderer
) -> dict[str, str]:
    """Connection strings by target, from ``vars: aft: connections:``."""
    found: dict[str, str] = {}
    for source in (project.get("vars") or {}, variables):
        settings = source.get("aft") or {}
        if isinstance(settings, dict):
            found |= render(settings.get("connections") or {}, "connections")
    return found


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AftError(f"cannot read '{path}': {error.strerror}") from None
    except yaml.YAMLError as error:
        raise AftError(f"cannot read '{path}': {error}") from None
    if not isinstance(content, dict):
        raise AftError(f"cannot read '{path}': it is not a mapping of keys to values")
    return content


def _entry(mapping: Any, name: str, path: Path, kind: str) -> dict[str, Any]:
    entry = mapping.get(name) if isinstance(mapping, dict) else None
    if not isinstance(entry, dict):
        known = ", ".join(f"'{key}'" for key in mapping) if mapping else "none"
        raise AftError(f"cannot find {kind} '{name}' in '{path}'; there is: {known}")
    return entry


class _Renderer:
    """Renders the strings in a YAML value with what dbt offers in profiles.yml."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._text = jinja2.Environment(undefined=jinja2.StrictUndefined)
        self._native = jinja2.nativetypes.NativeEnvironment(undefined=jinja2.StrictUndefined)
        self._native.filters |= _converters()
        self._text.filters |= _converters()

    def __call__(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self(entry, str(name)) for name, entry in value.items()}
        if isinstance(value, list):
            return [self(entry, key) for entry in value]
        if not isinstance(value, str) or "{" not in value:
            return value
        converts = any(f"as_{kind}" in value for kind in ("number", "bool", "native"))
        environment = self._native if converts else self._text
        try:
            template = environment.from_string(value)
            return template.render(env_var=_env_var, var=self._variable)
        except jinja2.TemplateError as error:
            raise AftError(f"cannot render '{key}' of the profile: {error}") from None

    def _variable(self, name: str, default: Any = None) -> Any:
        return self._variables.get(name, default)


def _converters() -> dict[str, Callable[[Any], Any]]:
    return {
        "as_text": str,
        "as_bool": lambda value: str(value).strip().lower() in ("true", "yes", "on", "1"),
        "as_number": _number,
        "as_native": yaml.safe_load,
    }


def _number(value: Any) -> int | float:
    text = str(value).strip()
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _env_var(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise AftError(f"the profile needs the environment variable '{name}'; set it")
    return value

# SPDX-License-Identifier: Apache-2.0
"""The dbt target of a run: read from profiles.yml, rendered as dbt renders it."""

from __future__ import annotations

import os
from ast import literal_eval
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nativetypes
import yaml

from aft.errors import AftError

# dbt's own rule: a password may look like a broken template and is then taken as it is.
_PASSWORD = "password"
_REQUIRED = object()


@dataclass(frozen=True)
class Setup:
    """What the plugin says of a run before the first script. Folders are absolute."""

    project_dir: Path
    scripts_dir: Path
    profiles_dir: Path
    target_path: Path
    run_dir: Path  # Private, and gone after the run.
    profile: str | None = None
    target: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    empty: bool = False  # dbt's --empty: whatever is read has no rows.
    sample: tuple[str, str] | None = None  # The window of dbt's --sample, without its end.


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
    connection: str | None = field(repr=False)  # An ODBC connection string, if given.
    project_dir: Path = Path()

    def described(self) -> dict[str, Any]:
        """What may be told of the target: nothing that is secret."""
        told = ("profile_name", "name", "threads", "type", "database", "schema")
        return {name: getattr(self, name) for name in told}


def read_setup(message: Mapping[str, Any]) -> Setup:
    """What the plugin's first message says."""
    sample = message.get("sample")
    return Setup(
        project_dir=Path(message["project_dir"]),
        scripts_dir=Path(message["scripts_dir"]),
        profiles_dir=Path(message["profiles_dir"]),
        target_path=Path(message["target_path"]),
        run_dir=Path(message["run_dir"]),
        profile=message.get("profile"),
        target=message.get("target"),
        variables=message.get("vars") or {},
        threads=message.get("threads"),
        empty=message.get("empty", False),
        sample=(sample["start"], sample["end"]) if sample else None,
    )


def read_target(setup: Setup) -> Target:
    """Find the target that dbt would take. Raises AftError that names file and key."""
    render = _Renderer(setup.variables)
    project_file = setup.project_dir / "dbt_project.yml"
    project = _read_yaml(project_file)
    profile_name = setup.profile or render(project.get("profile"), "profile")
    if not profile_name:
        raise AftError(f"cannot tell which profile to use: '{project_file}' names none")
    profiles_file = setup.profiles_dir / "profiles.yml"
    profile = _entry(_read_yaml(profiles_file), profile_name, profiles_file, "profile")
    name = setup.target or str(render(profile.get("target", "default"), "target"))
    output = _entry(profile.get("outputs"), name, profiles_file, "target")
    credentials = render(output, name)
    return Target(
        profile_name=profile_name,
        name=name,
        threads=setup.threads or credentials.get("threads") or 1,
        type=str(credentials.get("type", "")),
        database=credentials.get("database", credentials.get("dbname")),
        schema=credentials.get("schema"),
        credentials=credentials,
        connection=_connection(name, project, setup.variables, render),
        project_dir=setup.project_dir,
    )


def _connection(
    target: str, project: dict[str, Any], variables: dict[str, Any], render: _Renderer
) -> str | None:
    """The connection string for a target, from ``vars: aft: connections:``."""
    for place, source in (("--vars", variables), ("dbt_project.yml", project.get("vars"))):
        settings = (source or {}).get("aft") or {}
        given = settings.get("connections") if isinstance(settings, dict) else None
        if given is not None and not isinstance(given, dict):
            raise AftError(
                f"'connections' under 'vars: aft:' in {place} must map names of targets to "
                "ODBC connection strings"
            )
        if given and target in given:
            return str(render(given[target], f"connections: {target}"))
    return None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise AftError(f"cannot read '{path}': {error.strerror}") from None
    except yaml.YAMLError as error:
        # Its own text quotes the lines around, which may hold a password.
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise AftError(f"cannot read '{path}'{place}: {problem}") from None
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
        for environment in (self._text, self._native):
            environment.filters.update(_CONVERTERS)

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
            if key == _PASSWORD:
                return value
            raise AftError(f"cannot render '{key}' of the profile: {error}") from None
        except ValueError:
            raise AftError(
                f"cannot render '{key}' of the profile: its value can't be converted"
            ) from None

    def _variable(self, name: str, default: Any = _REQUIRED) -> Any:
        if name not in self._variables and default is _REQUIRED:
            raise AftError(f"the profile needs the variable '{name}'; give it with --vars")
        return self._variables.get(name, default)


def _env_var(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise AftError(f"the profile needs the environment variable '{name}'; set it")
    return value


def _as_number(value: Any) -> int | float:
    text = str(value).strip()
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _as_bool(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _as_native(value: Any) -> Any:
    try:
        return literal_eval(str(value))
    except (ValueError, SyntaxError):
        return value


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "as_text": str,
    "as_bool": _as_bool,
    "as_number": _as_number,
    "as_native": _as_native,
}

# SPDX-License-Identifier: Apache-2.0
"""The dbt target of a run: read from profiles.yml, rendered as dbt renders it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aft.errors import AftError
from aft.secrets import Secrets, secrets_of, together

if TYPE_CHECKING:
    from aft.rendering import Renderer

# What a script's `ref` of a model leads to that its node does not depend on.
UNORDERED_REFS = ("error", "warn", "allow")
# What a project, or a read, chooses of values. The first is the default. Decimals and dates
# take types in DataFrames that scripts can compute with; what is written back becomes what
# the table's columns are.
CHOICES = {
    "decimals": ("float", "decimal"),
    "dates": ("datetime64", "object"),
    "infinite_dates": ("error", "null"),
}
# The socket in the run's folder at which dbt lends its connection.
LENDER = "lend"
# Where a profile and a target are named.
_NAMED_IN = {"profile": "dbt_project.yml", "target": "the profile"}


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
    unordered_refs: str = "error"  # One of UNORDERED_REFS.
    full_refresh: bool = False  # dbt's --full-refresh.
    defer_dir: Path | None = None  # Under --defer: the folder of the other manifest.
    favor_state: bool = False  # dbt's --favor-state.
    profiles_places: str = (  # For people: where profiles.yml may be.
        "dbt takes profiles.yml from the folder that '--profiles-dir' or DBT_PROFILES_DIR "
        "names, else from the working folder or ~/.dbt"
    )


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
    is_default: bool = True  # The one that the profile takes when none is named.
    # What is secret of the profile's other targets, by their names.
    siblings: Mapping[str, Secrets] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    # What the project chooses of `CHOICES`, if anything.
    choices: Mapping[str, str] = field(default_factory=dict)
    # Where dbt lends its own connection, if it does.
    lender: Path | None = None

    def described(self) -> dict[str, Any]:
        """What may be told of the target: nothing that is secret."""
        told = ("profile_name", "name", "threads", "type", "database", "schema")
        return {name: getattr(self, name) for name in told}

    def secrets(self, connection_string: str = "") -> Secrets:
        """What must not be told of this target, its connection and the profile's others."""
        string = connection_string or self.connection or ""
        own = secrets_of(self.credentials, string, self.variables)
        return together([own, *self.siblings.values()])


def read_setup(message: Mapping[str, Any]) -> Setup:
    """What the plugin's first message says."""
    sample = message.get("sample")
    flags = message.get("flags") or {}
    deferred_to = flags.get("defer_state") or flags.get("state")
    project_dir = Path(message["project_dir"])
    unordered_refs = message.get("unordered_refs") or "error"
    if unordered_refs not in UNORDERED_REFS:
        raise AftError(
            f"'unordered_refs' under 'vars: aft:' is '{unordered_refs}', but must be 'error', "
            "'warn' or 'allow'"
        )
    return Setup(
        project_dir=project_dir,
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
        unordered_refs=unordered_refs,
        full_refresh=flags.get("full_refresh", False),
        # dbt goes into the project's folder before it reads it.
        defer_dir=project_dir / deferred_to if flags.get("defer") and deferred_to else None,
        favor_state=flags.get("favor_state", False),
    )


def find_profiles(given: str | os.PathLike[str] | None, project_dir: Path) -> Path:
    """Where dbt looks: an option, its variable, this folder, `~/.dbt`; also in the project."""
    given = given or os.environ.get("DBT_PROFILES_DIR")
    if given:
        return Path(given).absolute()
    for folder in (Path.cwd(), project_dir):
        if (folder / "profiles.yml").exists():
            return folder
    return Path.home() / ".dbt"


def target_folder(project_dir: Path) -> Path:
    """Where dbt keeps the project's artifacts."""
    given = os.environ.get("DBT_TARGET_PATH")
    if not given:
        from aft.rendering import Renderer

        project = read_yaml(project_dir / "dbt_project.yml")
        given = Renderer({}, "dbt_project.yml")(project.get("target-path"), "target-path")
    return project_dir / str(given or "target")


def read_project(setup: Setup) -> dict[str, Any]:
    """What dbt_project.yml says, not rendered."""
    return read_yaml(setup.project_dir / "dbt_project.yml")


def read_target(setup: Setup) -> Target:
    """Find the target that dbt would take. Raises AftError that names file and key."""
    from aft.rendering import Renderer

    render = Renderer(setup.variables)
    project_file = setup.project_dir / "dbt_project.yml"
    project = read_project(setup)
    profile_name = setup.profile or render(project.get("profile"), "profile")
    if not profile_name:
        raise AftError(
            f"cannot tell which profile to use: '{project_file}' names none; add 'profile: "
            "NAME' with a name of profiles.yml"
        )
    profiles_file = setup.profiles_dir / "profiles.yml"
    if not profiles_file.exists():
        raise AftError(
            f"cannot find '{profiles_file}'; {setup.profiles_places}: put it there, or make "
            "one with 'dbt init'"
        )
    profile = _entry(read_yaml(profiles_file), profile_name, profiles_file, "profile")
    name = setup.target or str(render(profile.get("target", "default"), "target"))
    output = _entry(profile.get("outputs"), name, profiles_file, "target")
    credentials = render(output, name)
    return Target(
        profile_name=profile_name,
        name=name,
        threads=setup.threads or _threads(credentials.get("threads", 1), name),
        type=str(credentials.get("type", "")),
        database=credentials.get("database", credentials.get("dbname")),
        schema=credentials.get("schema"),
        credentials=credentials,
        connection=_connection(name, project, setup.variables, render),
        project_dir=setup.project_dir,
        is_default=setup.target is None or name == _default_target(profile, render),
        siblings={
            str(other): _secrets_of_unused(str(other), output, project, setup, render)
            for other, output in profile["outputs"].items()
            if other != name
        },
        variables=_variables(project, setup.variables, render),
        choices=_choices(project, setup.variables),
        lender=setup.run_dir / LENDER,
    )


def _secrets_of_unused(
    name: str, output: Any, project: dict[str, Any], setup: Setup, render: Renderer
) -> Secrets:
    """What is secret of a target that the run does not use, as far as it can be rendered."""
    connection = None
    with suppress(AftError):
        connection = _connection(name, project, setup.variables, render)
    return secrets_of(_what_renders(output, render, name), connection or "")


def _what_renders(fields: Any, render: Renderer, *keys: str) -> dict[str, Any]:
    """Without the fields that lack a variable, which only the target's own runs need."""
    rendered = {}
    for key, value in fields.items() if isinstance(fields, dict) else ():
        path = (*keys, str(key))
        with suppress(AftError):
            if isinstance(value, dict):
                rendered[key] = _what_renders(value, render, *path)
            else:
                rendered[key] = render(value, *path)
    return rendered


def _variables(
    project: dict[str, Any], given: dict[str, Any], render: Renderer
) -> dict[str, Any]:
    """What dbt's ``var`` gives in the project: its own ``vars``, and ``given`` before them.

    Without aft's settings: connection strings, which may hold a password, stand there.
    """
    general = project.get("vars")
    general = general if isinstance(general, dict) else {}
    name = str(project.get("name"))
    own = general.get(name)
    own = _without_settings(own if isinstance(own, dict) else {})
    merged = {**general, **({name: own} if own else {}), **own, **given}
    return {key: render.variable(each) for key, each in _without_settings(merged).items()}


def _without_settings(variables: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if name != "aft"}


def _default_target(profile: dict[str, Any], render: Renderer) -> str | None:
    try:
        return str(render(profile.get("target", "default"), "target"))
    except AftError:
        return None  # To dbt that is no error as long as another target is named.


def _threads(given: Any, target: str) -> int:
    is_whole = isinstance(given, (int, float)) and given == int(given)
    if not is_whole or isinstance(given, bool):
        raise AftError(
            f"'threads' of target '{target}' must be a whole number, not {given!r}"
            + (": add '| int' or '| as_number'" if isinstance(given, str) else "")
        )
    return int(given)


def _connection(
    target: str, project: dict[str, Any], variables: dict[str, Any], render: Renderer
) -> str | None:
    """The connection string for a target, from ``vars: aft: connections:``."""
    for place, given in _settings("connections", project, variables):
        if given is not None and not isinstance(given, dict):
            raise AftError(
                f"'connections' under 'vars: aft:' in {place} must map names of targets to "
                "ODBC connection strings"
            )
        if given and target in given:
            return str(render(given[target], f"connections: {target}"))
    return None


def _choices(project: dict[str, Any], variables: dict[str, Any]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for name, known in CHOICES.items():
        for place, given in _settings(name, project, variables):
            if given is None:
                continue
            if given not in known:
                raise AftError(
                    f"'{name}' under 'vars: aft:' in {place} must be "
                    f"{' or '.join(map(repr, known))}, and not {given!r}"
                )
            chosen.setdefault(name, given)
    return chosen


def _settings(
    name: str, project: dict[str, Any], variables: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """What ``vars: aft:`` says in each place, and the place: --vars before the project."""
    for place, source in (("--vars", variables), ("dbt_project.yml", project.get("vars"))):
        settings = (source or {}).get("aft") or {}
        yield place, settings.get(name) if isinstance(settings, dict) else None


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a file holds. Raises AftError where it holds none."""
    import yaml

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
    """What a mapping has of a ``kind``, which is also the option that names another."""
    entry = mapping.get(name) if isinstance(mapping, dict) else None
    if not isinstance(entry, dict):
        known = ", ".join(f"'{key}'" for key in mapping) if mapping else "none"
        raise AftError(
            f"cannot find {kind} '{name}' in '{path}'; there is: {known}; add it, or name "
            f"another with '--{kind}' or '{kind}:' in {_NAMED_IN[kind]}"
        )
    return entry

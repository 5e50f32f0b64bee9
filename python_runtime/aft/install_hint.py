# SPDX-License-Identifier: Apache-2.0
"""The command that adds packages to this Python's environment, for the end of a message."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

# What aft looks for dbt in, beside the environments that are active.
_NEW_ENVIRONMENT = ".venv"
# Where no adapter is installed, it stands for the one that the user needs.
_ANY_ADAPTER = "dbt-postgres"
# The oldest that aft follows from inside.
_DBT = "dbt-core"
_WANTED_DBT = f"{_DBT}>=1.8"
_PACKAGES_OF_SCRIPTS = ("pandas", "pyarrow")
_FILES_OF_ADAPTERS = re.compile(r"dbt/include/(?!global_project|starter_project|_)\w+/")
# Tools that keep an environment in line with a lock file, and undo what pip installs.
_LOCKED_BY = {"poetry.lock": "poetry", "uv.lock": "uv", "pdm.lock": "pdm"}


def main() -> None:
    """Print how to install dbt for this Python, as a JSON object, for the plugin."""
    print(json.dumps({"how": how_to_install_dbt()}))


def how_to_install_dbt() -> str:
    """How to install dbt, or a newer one with the same adapters, and what scripts need."""
    adapters = _adapters()
    dbt = quoted(_WANTED_DBT) if adapters else _DBT
    missing = [name for name in _PACKAGES_OF_SCRIPTS if importlib.util.find_spec(name) is None]
    command = _install_command([dbt, *(adapters or [_ANY_ADAPTER]), *missing])
    if adapters:
        return f"install with: {command}"
    return f"install it, with your warehouse's adapter in place of {_ANY_ADAPTER}: {command}"


def how_to_install(packages: Iterable[str], again: bool = False) -> str:
    """How to add ``packages``, which are words of a shell.

    ``again`` is for packages that are there and do not work.
    """
    return f"install with: {_install_command(list(packages), again)}"


def quoted(path: str | Path) -> str:
    """A path or a requirement as a word of a shell."""
    return shlex.quote(str(path))


def _install_command(names: list[str], again: bool = False) -> str:
    """A command of the tool that made the environment, where that has left its mark."""
    prefix = Path(sys.prefix)
    force, reinstall, force_reinstall = (
        f"{option} " if again else ""
        for option in ("--force", "--reinstall", "--force-reinstall")
    )
    joined = " ".join(names)
    if sys.prefix == sys.base_prefix and _is_externally_managed():
        return _in_new_environment(names)
    if (prefix / "pipx_metadata.json").exists():
        return _with_pipx(prefix.name, names, force)
    if (prefix / "uv-receipt.toml").exists():
        # uv forgets what an earlier call has added.
        wanted = {_project(name): name for name in names}
        named = {**_in_uv_tool(prefix), **wanted}
        return f"uv tool install {reinstall}{' --with '.join(named.values())}"
    if (prefix / "conda-meta").exists():
        options = f"{force_reinstall}--prefix {quoted(prefix)} -c conda-forge"
        return f"conda install {options} {joined.lower()}"
    if "pypoetry" in prefix.parts:
        return f"poetry add {joined}"
    for lock, tool in _LOCKED_BY.items():
        if (prefix.parent / lock).exists():
            return f"{tool} add {joined}"
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install {reinstall}--python {quoted(sys.executable)} {joined}"
    return f"{quoted(sys.executable)} -m pip install {force_reinstall}{joined}"


def _in_new_environment(names: list[str]) -> str:
    """Where pip may install nothing, for a dbt that has to be there as well."""
    if not any(_project(name) == _DBT for name in names):
        names = [_DBT, *(_adapters() or [_ANY_ADAPTER]), *names]
    # Debian has it in a package of its own.
    has_pip = importlib.util.find_spec("ensurepip") is not None
    first = "" if has_pip else "apt-get install python3-venv && "
    make = f"{quoted(sys.executable)} -m venv {_NEW_ENVIRONMENT}"
    return f"{first}{make} && {_NEW_ENVIRONMENT}/bin/pip install {' '.join(names)}"


def _with_pipx(tool: str, names: list[str], force: str) -> str:
    """pipx does not inject a tool into itself."""
    own = [name for name in names if _project(name) == tool]
    others = [name for name in names if name not in own]
    inject = f"pipx inject {force}{quoted(tool)} {' '.join(others)}"
    return f"pipx install --force {own[0]} && {inject}" if own else inject


def _in_uv_tool(prefix: Path) -> dict[str, str]:
    """What a tool of uv's was installed with, itself first, by the names of the projects."""
    receipt = (prefix / "uv-receipt.toml").read_text(encoding="utf-8")
    listed = re.search(r"^requirements = \[(.*?)\]$", receipt, re.M | re.S)
    entries = re.findall(r"\{(.*?)\}", listed[1] if listed else "")
    requirements = dict(map(_requirement, entries))
    return requirements or {prefix.name: prefix.name}


def _without_login(url: str) -> str:
    """The URL without a user and a password, which are not for the terminal."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url)


def _requirement(entry: str) -> tuple[str, str]:
    """The name and the word for an entry of uv's receipt."""
    texts = dict(re.findall(r'([\w-]+) = "([^"]*)"', entry))
    extras = re.search(r"\bextras = \[(.*?)\]", entry)
    name = texts["name"]
    extra = f"[{extras[1].replace(chr(34), '').replace(' ', '')}]" if extras else ""
    for place in ("path", "directory", "editable"):
        if place in texts:
            return name, quoted(texts[place] + extra)
    if "url" in texts:
        return name, quoted(f"{name}{extra} @ {_without_login(texts['url'])}")
    if "git" in texts:
        repository, _, version = _without_login(texts["git"]).partition("?")
        commit = f"@{version.partition('=')[2]}" if version else ""
        return name, quoted(f"{name}{extra} @ git+{repository}{commit}")
    return name, quoted(name + extra + texts.get("specifier", ""))


def _adapters() -> list[str]:
    """The packages of dbt's adapters that are installed."""
    return sorted(
        str(each.metadata["Name"])
        for each in distributions()
        if str(each.metadata["Name"]).startswith("dbt-")
        and any(_FILES_OF_ADAPTERS.match(str(file)) for file in each.files or ())
    )


def _project(requirement: str) -> str:
    """The name of the project that a word asks for."""
    found = re.match(r"'?([\w.-]+)", requirement)
    return found[1].lower() if found else requirement


def _is_externally_managed() -> bool:
    """Whether pip refuses to install here (PEP 668)."""
    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()

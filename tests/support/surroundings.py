# SPDX-License-Identifier: Apache-2.0
"""Folders of a run's own in place of the user's, so that every file it leaves is seen."""

from __future__ import annotations

import fnmatch
import os
import signal
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.support.processes import children_of, wait_until
from tests.support.programs import AFT
from tests.support.project import LONGEST_RUN, Project, Run, plain

# What the run's environment names, and the folder for it.
FOLDERS = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
}
# What docs/files.md says that aft keeps, and what dbt and databases keep themselves.
DOCUMENTED = (
    "cache/aft/dbt.json",
    "project/.dbtignore",
    "project/target/aft/results.json",
    "project/target/aft/journal.jsonl",
    "project/target/aft/script_digests.json",
    "project/target/aft/logs/*.log",
    # As with plain Python, beside the modules that scripts import.
    "project/*__pycache__/*.pyc",
    # dbt's own, and the project as it was.
    "project/target/[!a]*",
    "project/logs/dbt.log",
    "project/jaffle_shop.db",
    "elsewhere",
    "overlays/",
)
# Folders that all users share. What a run changes there is kept apart by overlays, and
# listed in a file.
_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/run")
_KEEP_APART = """
trap : INT
cd "$1" && mkdir -p overlays && mount -t tmpfs none overlays || exit 97
for folder in $2; do
    upper=overlays/upper$folder work=overlays/work$folder
    mkdir -p "$upper" "$work"
    mount -t overlay overlay -o "lowerdir=$folder,upperdir=$upper,workdir=$work" "$folder" \\
        || exit 97
done
# It may be below one of them.
mount --no-canonicalize --rbind . "$1" && cd "$1" || exit 97
started=$3
shift 3
(cd "$started" && exec "$@")
code=$?
(cd overlays/upper && find *) > elsewhere
exit $code
"""


class Surroundings:
    """The user's home, temporary and XDG folders, all beside the folder of a project.

    That is ``project`` in a folder whose path is short enough for a socket's.
    """

    def __init__(self, project: Project, patience: float = LONGEST_RUN) -> None:
        self.project = project
        self._patience = patience  # seconds that a run may take
        self.folder = project.folder.parent
        for name in FOLDERS.values():
            (self.folder / name).mkdir(mode=0o700)
        self._elsewhere = self.folder / "elsewhere"
        self._before = files_in(self.folder)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a run use the folders."""
        return {variable: str(self.folder / name) for variable, name in FOLDERS.items()}

    def command(self, *arguments: str) -> list[str]:
        """What starts aft in the project and its surroundings."""
        return self._kept_apart(str(AFT), *arguments, "--aft-dbt", str(self.project.program))

    def aft(self, *arguments: str, **variables: str) -> Run:
        """Run aft in the project and its surroundings."""
        environment = self.environment | variables
        command = self.command(*arguments)
        return self.project.run(*command, environment=environment, patience=self._patience)

    def interrupted_aft(
        self, number: signal.Signals, seconds: float, *arguments: str, **variables: str
    ) -> Run:
        """Run aft and send it a signal so many seconds after it has begun.

        SIGINT goes to all that it has started as well, as from a terminal.
        """
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                self.command(*arguments),
                cwd=self.project.folder,
                env=self.project.environment | self.environment | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            begun = (self.folder / "run").glob
            wait_until(lambda: process.poll() is not None or any(begun("*")), "aft begins")
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._signal(process, number)
            try:
                process.wait(self._patience)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            output.seek(0)
            return Run(process.returncode, plain(output.read().decode()))

    def _signal(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            os.kill(self.aft_of(process), number)

    def aft_of(self, process: subprocess.Popen[bytes]) -> int:
        """The process of aft itself, where ``process`` is of `command`."""
        return process.pid if why_not_kept_apart() else children_of(process.pid)[0]

    def run(self, *argv: str) -> Run:
        """Run any command in the project and its surroundings."""
        return self.project.run(*self._kept_apart(*argv), environment=self.environment)

    def _kept_apart(self, *argv: str) -> list[str]:
        kept = self.folder, self.project.folder
        return [*argv] if why_not_kept_apart() else _kept_apart(*kept, [*argv])

    def undocumented(self) -> list[str]:
        """Files that the runs have made or deleted, and that docs/files.md does not list."""
        now = files_in(self.folder)
        gone = {path for path in self._before - now if not path.endswith("/")}
        found = [path for path in now - self._before if not _is_documented(path)]
        found += [f"{path} (deleted)" for path in gone if not _is_documented(path)]
        if not why_not_kept_apart():
            changed = (f"/{path}" for path in self._elsewhere.read_text().splitlines())
            found += [path for path in changed if path not in (*_SHARED, "/var", "/dev")]
        return sorted(found)


def files_in(folder: Path) -> set[str]:
    """All files, sockets and empty folders below ``folder``, as paths from it."""
    found = set()
    for parent, folders, files in os.walk(folder):
        place = Path(parent).relative_to(folder)
        found |= {str(place / name) for name in files}
        if not folders and not files and place.parts[1:]:
            found.add(f"{place}/")
    return found


def _is_documented(path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in DOCUMENTED)


@cache
def why_not_kept_apart() -> str:
    """Why files outside a run's own folders are not seen here; empty if they are."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        command = _kept_apart(Path(folder), Path(folder), ["true"])
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return ""
    words = tried.stderr.strip() or f"'{command[0]}' ends with {tried.returncode}"
    return f"what runs leave in {', '.join(_SHARED)} cannot be seen: {words}"


def _kept_apart(kept: Path, started: Path, argv: list[str]) -> list[str]:
    """What starts ``argv`` in the folder ``started`` and lets it change only ``kept``."""
    given = [str(kept), " ".join(_SHARED), str(started), *argv]
    return ["unshare", "--mount", "sh", "-c", _KEEP_APART, "sh", *given]

# SPDX-License-Identifier: Apache-2.0
"""Root file systems of a bare Debian, in which aft is installed as its users do.

A layer holds what commands have changed in the layers below it. Layers are kept in the
user's cache, so that a test starts with a bare Debian, or with dbt, at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.project import Run, plain

USER = "ann"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "aft-test-roots"
# The machine's, for registries, and where they are shown.
_CERTIFICATES, _SHOWN_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt", "/run/trusted.crt"
_DEBOOTSTRAP = Path("/usr/share/debootstrap/scripts")
_USUAL_PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENTER = """
root=$1 layers=$2 work=$3
mount -t overlay overlay \\
    -o "lowerdir=$layers,upperdir=$work/upper,workdir=$work/work" "$root" &&
mount -t proc proc "$root/proc" &&
mount --rbind /dev "$root/dev" &&
mount -t tmpfs tmpfs "$root/run" &&
cp "$4" "$root$5" || exit 97
shift 5
while [ "$1" != -- ]; do
    mkdir -p "$root$(dirname "$1")" && if [ -d "$1" ]; then mkdir -p "$root$1"; else
        touch "$root$1"; fi &&
        mount --rbind "$1" "$root$1" || exit 97
    shift
done
shift
exec chroot "$@"
"""


@dataclass(frozen=True)
class Layer:
    """What a script of root's, and then one of the user's, changes in the layer below."""

    name: str
    as_root: str = ""
    as_user: str = ""
    below: Layer | None = None
    shown: tuple[Path, ...] = ()  # Programs of the machine, while the layer is made.
    # Of Debian, where there is no layer below: its release, and packages beside the least.
    suite: str = "bookworm"
    packages: tuple[str, ...] = ()

    @property
    def folders(self) -> list[Path]:
        """The folders of the layer and of those below, the topmost first."""
        below = self.below.folders if self.below else []
        return [_CACHE / f"{self.name}-{self._key}", *below]

    def make(self) -> None:
        """Make it, and those below, where that has not been done."""
        if self.below:
            self.below.make()
        folder = self.folders[0]
        with _locked(_CACHE / f"{self.name}.lock"):
            if folder.exists():
                return
            for old in _CACHE.glob(f"{self.name}-*"):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=_CACHE) as draft:
                made = self._make(Path(draft))
                made.rename(folder)

    def _make(self, draft: Path) -> Path:
        if self.below is None:
            command = ["debootstrap", "--variant=minbase"]
            command += [f"--include={','.join(self.packages)}"] if self.packages else []
            command += [self.suite, str(draft / "root")]
            if not (_DEBOOTSTRAP / self.suite).exists():  # It is younger than debootstrap.
                command += ["", str(_DEBOOTSTRAP / "sid")]
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stdout[-2000:]
            return draft / "root"
        root = Root([self.below], draft, self.shown)
        for user, script in (("root", self.as_root), (USER, self.as_user)):
            if script:
                made_as = root.run(f"set -e\n{script}", user=user, patience=900)
                assert made_as.exit_code == 0, made_as.output[-2000:]
        return root.changes

    @property
    def _key(self) -> str:
        below = self.below._key if self.below else ""
        made_of = (below, self.suite, *self.packages, self.as_root, self.as_user)
        text = "\0".join(made_of)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass
class Root:
    """A root file system of a test's own, on top of ``layers``; the topmost is the first.

    ``shown`` are programs and folders of the machine that it sees where they are.
    """

    layers: Sequence[Layer]
    work: Path
    shown: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("root", "upper", "work"):
            (self.work / name).mkdir()

    @property
    def changes(self) -> Path:
        """The folder that holds what has been changed."""
        return self.work / "upper"

    def run(
        self,
        script: str,
        user: str = USER,
        folder: str = "~",
        environment: Mapping[str, str] | None = None,
        patience: float = 240,
    ) -> Run:
        """Run a script of the shell's as an ordinary user, or as root."""
        home = "/root" if user == "root" else f"/home/{user}"
        programs = [str(each.parent) for each in self.shown if each.is_file()]
        variables = {
            "HOME": home,
            "LANG": "C.UTF-8",
            "PATH": ":".join([f"{home}/.local/bin", _USUAL_PATH, *programs]),
            "PIP_CERT": _SHOWN_CERTIFICATES,
            "SSL_CERT_FILE": _SHOWN_CERTIFICATES,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **self.environment,
            **(environment or {}),
        }
        folders = ":".join(str(each) for layer in self.layers for each in layer.folders)
        finished = subprocess.run(
            ["unshare", "--mount", "sh", "-c", _ENTER, "sh"]
            + [str(self.work / "root"), folders, str(self.work)]
            + [_CERTIFICATES, _SHOWN_CERTIFICATES, *map(str, self.shown), "--"]
            + [f"--userspec={user}:", str(self.work / "root"), "env", "-i"]
            + [f"{name}={value}" for name, value in variables.items()]
            + ["bash", "-c", f"cd {folder}\n{script}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
        return Run(finished.returncode, plain(finished.stdout.decode()))


@cache
def why_not() -> str:
    """Why there can be no root file systems here; empty if they can."""
    if os.geteuid() != 0:
        return "only root can make root file systems"
    if shutil.which("debootstrap") is None:
        return "debootstrap is missing; run packaging/test"
    return ""


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

# SPDX-License-Identifier: Apache-2.0
"""Help, completion and the manual know the same commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import AFT, BUILD

COMPLETIONS = {
    "bash": "share/bash-completion/completions/aft",
    "zsh": "share/zsh/site-functions/_aft",
    "fish": "share/fish/vendor_completions.d/aft.fish",
}


def aft(*arguments: str, cwd: Path | None = None) -> str:
    """What aft prints, without a dbt or a project in reach."""
    return subprocess.run(
        [AFT, *arguments], check=True, capture_output=True, text=True, env={}, cwd=cwd
    ).stdout


def commands() -> list[str]:
    listed = aft("--help").partition("Commands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\w+)", listed, re.MULTILINE)


def in_shell(shell: str, script: str) -> list[str]:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    run = subprocess.run([program, "-c", script], check=True, capture_output=True, text=True)
    assert run.stderr == ""
    return [line.rstrip() for line in run.stdout.splitlines() if line]


def completed_in_bash(*words: str) -> list[str]:
    """What bash offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    return in_shell(
        "bash",
        f"source <('{AFT}' completion bash)\n"
        f"COMP_WORDS=(aft {quoted}) COMP_CWORD={len(words)}\n"
        "$(complete -p aft | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n',
    )


def completed_in_fish(line: str) -> list[str]:
    """What fish offers for the last word."""
    script = f"'{AFT}' completion fish | source; complete -C 'aft {line}' | cut -f 1"
    return in_shell("fish", script)


def completed_in_zsh(typed: list[str]) -> list[str]:
    """What zsh makes of each line."""
    # In a terminal, a key completes the line and another one tells what is there now.
    script = f"""
        zmodload zsh/zpty
        zpty terminal zsh -f -i
        zpty -w terminal "PS1=; autoload -Uz compinit; compinit -D -u"
        zpty -w terminal "source <('{AFT}' completion zsh)"
        zpty -w terminal 'tell() {{ print -r -- "<$BUFFER>"; BUFFER= }}; zle -N tell'
        zpty -w terminal "bindkey '^X' tell"
        for line in {" ".join(f"'aft {line}'" for line in typed)}; do
          zpty -w -n terminal "$line"$'\t\x18'
          zpty -r terminal told '*<aft*>*'
          print -r -- ${{${{told##*<aft }}%>*}}
        done
    """
    return in_shell("zsh", script)


SCHEMA = """
models:
  - {name: a, meta: {aft: {scripts: [s/score.py, s/x.sh, s/note.py], post-hook: [s/hook.py]}}}
  - {name: b, meta: {aft: {scripts: [t/note.py]}}}
"""
SHOP = {
    "dbt_project.yml": "name: shop",
    "models/a.yml": SCHEMA,
    "fal_models/sub/value.py": "",
    "fal_models/__pycache__/value.py": "",
}
NAMES = ["s/note.py", "score.py", "t/note.py", "value.py", "x.sh"]


def test_shells_complete_names_of_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in SHOP.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path / "models")
    monkeypatch.setenv("PATH", f"{AFT.parent}:{os.environ['PATH']}")

    assert sorted(aft("completion", "scripts", cwd=tmp_path / "models").split()) == NAMES
    assert sorted(completed_in_bash("dbt", "run", "-s", "")) == NAMES
    assert completed_in_bash("flow", "run", "--select", "a", "b,2+sc") == ["b,2+score.py"]
    assert completed_in_bash("run", "--exclude", "@v") == ["@value.py"]
    assert completed_in_bash("dbt", "run", "-s", "a", "--vars", "sc") == []
    assert completed_in_fish("dbt run -s a 2+sc") == ["2+score.py"]
    assert completed_in_zsh(["dbt run -s a,2+sc", "run --exclude x."]) == [
        "dbt run -s a,2+score.py",
        "run --exclude x.sh",
    ]


def test_help_needs_no_project_and_no_dbt(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("{ this is: [no YAML")

    for arguments in (["--help"], ["flow", "--help"], ["debug", "-h"], ["--version"]):
        assert aft(*arguments, cwd=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["dbt_project.yml"]


def test_bash_completes_words_options_and_values() -> None:
    assert completed_in_bash("") == commands()
    assert completed_in_bash("--aft-mode", "staged", "d") == ["dbt", "debug"]
    assert completed_in_bash("--aft-") == ["--aft-dbt", "--aft-mode"]
    assert completed_in_bash("--aft-mode", "") == ["auto", "live", "staged"]
    assert completed_in_bash("dbt", "run", "--aft-mode", "=", "l") == ["live"]
    assert completed_in_bash("dbt", "sn") == ["snapshot"]
    assert completed_in_bash("flow", "") == ["run"]
    assert completed_in_bash("write", "m", "--mode", "up") == ["upsert"]
    assert completed_in_bash("--aft-dbt", "=", "/opt/dbt", "comp") == ["completion"]
    # Where bash has no candidates, it offers files.
    assert completed_in_bash("dbt", "--aft-dbt", "") == []


def test_fish_completes_words_options_and_values() -> None:
    assert sorted(completed_in_fish("")) == sorted(commands())
    assert completed_in_fish("dbt sn") == ["snapshot"]
    assert completed_in_fish("--aft-mode st") == ["staged"]
    assert completed_in_fish("write m --mode up") == ["upsert"]


def test_zsh_completes_words_options_and_values() -> None:
    typed = [
        "comp",
        "completion z",
        "--aft-mode st",
        "--aft-mode=st",
        "--aft-dbt /opt/dbt de",
        "dbt sn",
        "write m --mode up",
    ]
    assert completed_in_zsh(typed) == [
        "completion",
        "completion zsh",
        "--aft-mode staged",
        "--aft-mode=staged",
        "--aft-dbt /opt/dbt debug",
        "dbt snapshot",
        "write m --mode upsert",
    ]


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_what_is_installed_for_a_shell_is_what_aft_prints(shell: str) -> None:
    assert (BUILD / COMPLETIONS[shell]).read_text() == aft("completion", shell)


def test_the_manual_renders_without_warnings_and_has_every_command() -> None:
    man = shutil.which("man")
    if man is None:
        pytest.skip("there is no man")
    environment = {
        "PATH": "/usr/bin:/bin",
        "MANPATH": str(BUILD / "share/man"),
        "MANWIDTH": "100",
        "LC_ALL": "C.UTF-8",
    }

    # The page of aft-dbt is that of aft.
    run = subprocess.run(
        [man, "--warnings", "aft-dbt"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )

    assert run.stderr == ""
    for command in commands():
        assert re.search(rf"^ +aft {command}\b", run.stdout, re.MULTILINE), run.stdout
    for option in re.findall(r"--[\w-]+", aft("write", "--help")):
        assert option in run.stdout

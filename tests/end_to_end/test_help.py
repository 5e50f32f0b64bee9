# SPDX-License-Identifier: Apache-2.0
"""Help, completion and the manual know the same commands."""

from __future__ import annotations

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
    def completed(line: str) -> list[str]:
        script = f"'{AFT}' completion fish | source; complete -C 'aft {line}' | cut -f 1"
        return in_shell("fish", script)

    assert sorted(completed("")) == sorted(commands())
    assert completed("dbt sn") == ["snapshot"]
    assert completed("--aft-mode st") == ["staged"]
    assert completed("write m --mode up") == ["upsert"]


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

    assert in_shell("zsh", script) == [
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

# SPDX-License-Identifier: Apache-2.0
"""A server's own client that stays connected, for tests that ask it hundreds of times."""

from __future__ import annotations

import subprocess

_END = "-- end --"


class SqlSession:
    """Runs statements as `run` of a server does; the first error ends it."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._client = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, sql: str) -> str:
        """Rows as text, `|` between values."""
        assert self._client.stdin
        assert self._client.stdout
        self._client.stdin.write(f"{sql};\nselect '{_END}';\n")
        self._client.stdin.flush()
        lines: list[str] = []
        for line in self._client.stdout:
            if line.rstrip("\n") == _END:
                return "".join(lines).strip().replace("\t", "|")
            lines.append(line)
        raise AssertionError("".join(lines))

    def close(self) -> None:
        """End the session."""
        self._client.communicate()

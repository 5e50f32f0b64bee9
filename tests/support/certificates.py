# SPDX-License-Identifier: Apache-2.0
"""Certificates of a test run's own: an authority, and what it has signed."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """A certificate authority that keeps its files in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        _request(f"/CN={name}", self.certificate, self._key)

    def sign(self, subject: str, *options: str) -> tuple[Path, Path]:
        """A certificate for ``subject`` and its key, as files."""
        place = self.certificate.parent / subject
        certificate, key = place.with_suffix(".pem"), place.with_suffix(".key")
        signed_by = ("-CA", str(self.certificate), "-CAkey", str(self._key))
        _request(f"/CN={subject}", certificate, key, *signed_by, *options)
        return certificate, key


def _request(subject: str, certificate: Path, key: Path, *options: str) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj"
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(
        [*command.split(), subject, *files, *options], stderr=subprocess.DEVNULL, check=True
    )

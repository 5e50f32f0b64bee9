# SPDX-License-Identifier: Apache-2.0
"""Faults hit the same projects that the end-to-end tests use."""

from __future__ import annotations

from tests.end_to_end.conftest import project, seeded

__all__ = ["project", "seeded"]

# SPDX-License-Identifier: Apache-2.0
"""dbt's results as dbt itself reads them."""

from __future__ import annotations

from dbt.artifacts.schemas.run import RunResultsArtifact

from tests.support.project import Project


def artifact(project: Project) -> RunResultsArtifact:
    """The run_results.json of the last run."""
    return RunResultsArtifact.read_and_check_versions(
        str(project.folder / "target" / "run_results.json")
    )

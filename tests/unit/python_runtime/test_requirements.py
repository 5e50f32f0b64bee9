# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys

import pytest
from aft import requirements
from aft.errors import AftError


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_python()
    monkeypatch.setattr(requirements, "OLDEST_PYTHON", (sys.version_info[0], 99))

    with pytest.raises(AftError) as error:
        requirements.require_python()

    assert str(error.value) == (
        f"cannot run scripts with Python at '{sys.executable}': it is older than "
        f"{sys.version_info[0]}.99; install dbt in an environment of a newer Python"
    )

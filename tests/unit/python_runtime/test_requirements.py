# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import sys

import pytest
from aft import requirements
from aft.errors import AftError

from tests.support.programs import REPOSITORY


def test_packages_that_are_too_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_modules()
    monkeypatch.setattr(
        requirements, "OLDEST_VERSIONS", {"pandas": (99, 0), "pyarrow": (1, 0)}
    )
    has = importlib.metadata.version("pandas")

    with pytest.raises(AftError) as error:
        requirements.require_modules()

    assert str(error.value).startswith(
        f"Python at '{sys.executable}' has pandas {has}, and aft needs pandas 99.0 or newer; "
        "install with: "
    )
    assert str(error.value).endswith(" 'pandas>=99.0'")


def test_the_oldest_versions_are_those_of_the_wheel() -> None:
    wheel = (REPOSITORY / "pyproject.toml").read_text()
    for package, oldest in requirements.OLDEST_VERSIONS.items():
        assert f'"{package}>={oldest[0]}.{oldest[1]}"' in wheel

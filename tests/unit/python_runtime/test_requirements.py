# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import sys
import sysconfig

import pytest
from aft import requirements
from aft.errors import AftError

from tests.support.programs import REPOSITORY


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_python()
    monkeypatch.setattr(requirements, "OLDEST_PYTHON", (sys.version_info[0], 99))

    with pytest.raises(AftError) as error:
        requirements.require_python()

    assert str(error.value) == (
        f"Python at '{sys.executable}' is older than {sys.version_info[0]}.99; install dbt "
        "in an environment of a newer Python"
    )


def test_a_free_threaded_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sysconfig.get_config_vars(), "Py_GIL_DISABLED", 1)

    with pytest.raises(AftError) as error:
        requirements.require_python()

    assert str(error.value) == (
        f"Python at '{sys.executable}' is a free-threaded build, which aft does not support; "
        "install dbt in an environment of the usual build"
    )


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

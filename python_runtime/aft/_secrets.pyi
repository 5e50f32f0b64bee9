# SPDX-License-Identifier: Apache-2.0
"""The extension module: what is secret, and how it is masked."""

from collections.abc import Iterable

def is_secret_name(name: str) -> bool: ...
def masked(text: str, secrets: Iterable[str], names: Iterable[str]) -> str: ...

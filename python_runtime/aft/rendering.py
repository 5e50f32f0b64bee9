# SPDX-License-Identifier: Apache-2.0
"""dbt's way to render profiles.yml and dbt_project.yml, for environments without dbt.

Follows dbt.config.renderer.ProfileRenderer of dbt-core 1.10 and the functions below it;
a test compares the two.
"""

from __future__ import annotations

import datetime
import hashlib
import itertools
import json
import os
import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jinja2
import jinja2.nativetypes
import jinja2.sandbox
import yaml

from aft.errors import AftError
from aft.secrets import SECRET_VARIABLE

# A value under this key that is no template is taken as it is, as dbt does: passwords
# may look like broken templates.
_PASSWORD = "password"
_REQUIRED = object()
# Stands for a secret until all is rendered, so that no filter sees the secret itself.
_PLACEHOLDER = "$$$DBT_SECRET_START$$${}$$$DBT_SECRET_END$$$"
_SECRET = re.compile(r"\$\$\$DBT_SECRET_START\$\$\$(.*?)\$\$\$DBT_SECRET_END\$\$\$")
# What dbt offers as well, but only it can know.
_DBT_ONLY = frozenset({
    "builtins", "context", "dbt_version", "diff_of_two_dicts", "flags", "invocation_id", "log",
    "print", "return", "run_started_at", "set_strict", "thread_id", "zip_strict",
})  # fmt: skip


class Renderer:
    """Renders the texts in a value that was read from YAML.

    Knows the environment, the variables of the command line (``--vars``), and what
    ``names`` adds. ``source`` is where the texts stand, for errors.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        source: str = "the profile",
        names: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._variables = variables
        self._source = source
        self._native = _NativeEnvironment(extensions=JINJA_EXTENSIONS)
        self._native.filters.update(_NATIVE_FILTERS)
        self._text = jinja2.sandbox.SandboxedEnvironment(extensions=JINJA_EXTENSIONS)
        self._text.filters.update(TEXT_FILTERS)
        self._context: dict[str, Any] = {
            **{name: jinja2.StrictUndefined(name=name) for name in _DBT_ONLY},
            **JINJA_FUNCTIONS,
            "env_var": self._env_var,
            "var": self._variable,
            **names,
        }

    def __call__(self, value: Any, *keys: str) -> Any:
        """Render ``value``, which ``keys`` lead to. Raises AftError that names the last."""
        if isinstance(value, dict):
            return {name: self(entry, *keys, str(name)) for name, entry in value.items()}
        if isinstance(value, list):
            return [self(entry, *keys) for entry in value]
        if isinstance(value, datetime.date):
            return value.isoformat()
        if not isinstance(value, str):
            return value
        try:
            return _with_secrets(self._rendered(value))
        except AftError:
            raise
        except Exception as error:  # A template may call anything.
            if _PASSWORD in keys:
                return value
            raise AftError(f"cannot render '{keys[-1]}' of {self._source}: {error}") from None

    def variable(self, value: Any) -> Any:
        """The value of a variable of dbt_project.yml; raw where only dbt can render it."""
        if not isinstance(value, str):
            return value
        try:
            return self._text.from_string(value).render(self._context)
        except Exception:  # A template may call anything.
            return value

    def _rendered(self, text: str) -> Any:
        rendered = self._native.from_string(text).render(self._context)
        if isinstance(rendered, jinja2.Undefined):
            raise jinja2.UndefinedError(f"'{rendered._undefined_name}' is undefined")
        return rendered

    def _variable(self, name: str, default: Any = _REQUIRED) -> Any:
        if name not in self._variables:
            if default is _REQUIRED:
                raise AftError(
                    f"{self._source} needs the variable '{name}'; give it with --vars"
                )
            return default
        value = self._variables[name]
        if not isinstance(value, str):
            return value
        return self._text.from_string(value).render(self._context)

    def _env_var(self, name: str, default: Any = None) -> Any:
        if name in os.environ:
            is_secret = name.startswith(SECRET_VARIABLE)
            return _PLACEHOLDER.format(name) if is_secret else os.environ[name]
        if default is None:
            raise AftError(f"{self._source} needs the environment variable '{name}'; set it")
        return default


def _with_secrets(rendered: Any) -> Any:
    if not isinstance(rendered, str):
        if _SECRET.search(str(rendered)):
            raise ValueError("a secret can only be text")
        return rendered
    return _SECRET.sub(lambda found: os.environ[found[1]], rendered)


class _Text(str):
    """What stays text, whatever it looks like."""


class _Literal(str):
    """What becomes the value that it is a literal of, if it is one."""


class _Boolean(_Literal):
    """The literal of a boolean, or an error."""


class _Number(_Literal):
    """The literal of a number, or an error."""


class _NativeTemplate(jinja2.nativetypes.NativeTemplate):
    def render(self, *args: Any, **kwargs: Any) -> Any:
        try:
            context = self.new_context(dict(*args, **kwargs))
            return _native(self.root_render_func(context))
        except Exception:
            return self.environment.handle_exception()


class _NativeEnvironment(jinja2.sandbox.SandboxedEnvironment):
    code_generator_class = jinja2.nativetypes.NativeCodeGenerator
    template_class = _NativeTemplate


def _native(parts: Iterator[Any]) -> Any:
    """One part is a value of its own; several make a text."""
    first = list(itertools.islice(parts, 2))
    if not first:
        return ""
    if len(first) > 1:
        return "".join(map(str, itertools.chain(first, parts)))
    (value,) = first
    if isinstance(value, _Text):
        return str(value)
    return _literal(value) if isinstance(value, _Literal) else value


def _literal(text: _Literal) -> Any:
    value: Any
    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        value = str(text)
    is_boolean = isinstance(value, bool)
    if isinstance(text, _Boolean) and not is_boolean:
        raise ValueError("its value is not a boolean")
    is_number = isinstance(value, (int, float)) and not is_boolean
    if isinstance(text, _Number) and not is_number:
        raise ValueError("its value is not a number")
    return value


def _or_default(function: Callable[..., Any], *errors: type[Exception]) -> Callable[..., Any]:
    def call(value: Any, default: Any = None, **options: Any) -> Any:
        try:
            return function(value, **options)
        except errors:
            return default

    return call


def _zip(*iterables: Iterable[Any], default: Any = None) -> Any:
    try:
        return zip(*iterables)
    except TypeError:
        return default


def _to_json(value: Any, sort_keys: bool = False) -> str:
    return json.dumps(value, sort_keys=sort_keys)


def _to_yaml(value: Any, sort_keys: bool = False) -> str:
    return yaml.safe_dump(value, sort_keys=sort_keys)


def _md5(value: str) -> str:
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _exports(module: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names}


JINJA_EXTENSIONS = ("jinja2.ext.do", "jinja2.ext.loopcontrols")
_NATIVE_FILTERS: dict[str, Callable[[Any], Any]] = {
    "as_text": _Text,
    "as_bool": _Boolean,
    "as_native": _Literal,
    "as_number": _Number,
    "is_list": _is_list,
}
# What has no types leaves its values as they are.
TEXT_FILTERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_NATIVE_FILTERS, lambda value: value),
    "is_list": _is_list,
}
JINJA_FUNCTIONS: dict[str, Any] = {
    "fromjson": _or_default(json.loads, ValueError),
    "tojson": _or_default(_to_json, ValueError),
    "fromyaml": _or_default(yaml.safe_load, AttributeError, ValueError, yaml.YAMLError),
    "toyaml": _or_default(_to_yaml, ValueError, yaml.YAMLError),
    "set": _or_default(set, TypeError),
    "zip": _zip,
    "local_md5": _md5,
    "modules": {
        "datetime": _exports(datetime, ("date", "datetime", "time", "timedelta", "tzinfo")),
        "re": _exports(re, re.__all__),
        "itertools": _exports(itertools, (n for n in dir(itertools) if n[0] != "_")),
    },
}

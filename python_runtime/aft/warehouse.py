# SPDX-License-Identifier: Apache-2.0
"""A script's way to the warehouse: one connection, opened when it is first used."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aft import _aft, frames
from aft.connection_string import ConnectionSettings
from aft.project import Relation


@dataclass
class Meter:
    """What a script has moved so far, and how long that took."""

    seconds_reading: float = 0.0
    seconds_writing: float = 0.0
    rows_read: int = 0
    rows_written: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count the time within as spent on reading."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds_reading += time.monotonic() - began

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Count the time within as spent on writing."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds_writing += time.monotonic() - began


class Warehouse:
    """Reads and writes frames and keeps count. One script's; not for several threads."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._open_connection: _aft.Connection | None = None
        self.meter = Meter()

    def read(self, relation: str | Relation) -> pd.DataFrame:
        """All rows of a relation, given by its name in SQL or by its parts."""
        with self.meter.reading():
            name = relation if isinstance(relation, str) else self._sql_name(relation)
            frame, size = frames.to_pandas(self._connection.read(f"select * from {name}"))
        self.meter.rows_read += len(frame)
        self.meter.bytes_read += size
        return frame

    def write(
        self, frame: Any, relation: Relation, mode: str, column_types: Mapping[str, str]
    ) -> None:
        """Write a frame into a relation; it is there as a whole, or nothing has changed."""
        with self.meter.writing():
            rows, size = self._connection.write(
                frames.to_stream(frame),
                dataclasses.asdict(relation),
                mode,
                dict(column_types),
            )
        self.meter.rows_written += rows
        self.meter.bytes_written += size

    def close(self) -> None:
        """Give the connection back; a further use opens another one."""
        if self._open_connection is not None:
            self._open_connection.close()
            self._open_connection = None

    @property
    def _connection(self) -> _aft.Connection:
        if self._open_connection is None:
            self._open_connection = _aft.Connection(
                self._settings.connection_string, list(self._settings.statements)
            )
        return self._open_connection

    def _sql_name(self, relation: Relation) -> str:
        parts = (
            (relation.database, relation.quote_database),
            (relation.schema, relation.quote_schema),
            (relation.identifier, relation.quote_identifier),
        )
        quote = self._connection.quote
        return ".".join(
            quote(name) if is_quoted or not name.isidentifier() else name
            for name, is_quoted in parts
            if name
        )

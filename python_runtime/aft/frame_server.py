# SPDX-License-Identifier: Apache-2.0
"""Answers `aft read` and `aft write` on behalf of a script that is no Python.

A request is one packet of lines: `read`, relation and format, or `write`, relation, format,
mode, what to do about other columns, and those of the key; with it comes the descriptor of
a file, into which rows are put or which holds them. The answer is `ok`, or `error` and a
line with the reason. So neither side waits for the other while frames move.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Any

from aft import frame_file
from aft.errors import AftError
from aft.secrets import masked
from aft.session import BoundScript
from aft.write_options import WriteOptions

_LONGEST_REQUEST = 64 * 1024
# Who connects sends its request at once.
_PATIENCE = 5.0  # seconds
_SOURCE = "source:"
_CREDENTIALS = struct.Struct("3i")  # unix(7): pid, uid and gid of the peer


class FrameServer:
    """Listens at a path for as long as it is open. For one thread."""

    def __init__(self, session: BoundScript, path: Path) -> None:
        self._session = session
        self._path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.socket.bind(str(path))
        except OSError as error:
            self.socket.close()
            raise AftError(
                f"cannot listen at '{path}': {error}; set TMPDIR to another folder"
            ) from None
        self.socket.listen()
        # Who has connected may be gone again when it is his turn.
        self.socket.setblocking(False)

    def __enter__(self) -> FrameServer:
        """Use the server in a `with` statement, which closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket and remove its file."""
        self.socket.close()
        self._path.unlink(missing_ok=True)

    def answer_one(self) -> None:
        """Answer the next request, if one waits."""
        try:
            peer, _ = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        with peer:
            peer.settimeout(_PATIENCE)
            try:
                self._answer(peer)
            except OSError:  # The other side is gone or says nothing.
                return

    def _answer(self, peer: socket.socket) -> None:
        _, uid, _ = _CREDENTIALS.unpack(
            peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if uid != os.getuid():
            return
        packet, descriptors, _, _ = socket.recv_fds(peer, _LONGEST_REQUEST, 4)
        try:
            fields = packet.decode("utf-8", "replace").split("\n")
            if len(descriptors) != 1:
                raise AftError("the request comes without a file")
            self._do(fields, descriptors[0])
        except Exception as error:
            text = masked(str(error) or type(error).__name__)
            peer.send(f"error\n{text}"[:_LONGEST_REQUEST].encode("utf-8", "replace"))
        else:
            peer.send(b"ok")
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _do(self, fields: list[str], descriptor: int) -> None:
        if fields[0] == "read" and len(fields) == 3:
            frame_file.write(self._read(fields[1]), descriptor, fields[2])
        elif fields[0] == "write" and len(fields) >= 5:
            _, name, kind, *how = fields
            self._write(name, descriptor, kind, how)
        else:
            raise AftError("the request is of no known kind; is this 'aft' another version?")

    def _write(self, name: str, descriptor: int, kind: str, how: list[str]) -> None:
        is_source = name.startswith(_SOURCE)
        mode, on_schema_change, *key = how
        options = WriteOptions(
            mode or ("append" if is_source else "overwrite"),
            unique_key=key or None,
            on_schema_change=on_schema_change or None,
        )
        if not is_source:
            self._session.check_own_model(name)
        frame = frame_file.read(descriptor, kind or frame_file.kind_of(descriptor))
        if is_source:
            self._session.write_source(frame, *_source_table(name), options)
        else:
            self._session.write_to_model(frame, options)

    def _read(self, name: str) -> Any:
        if name.startswith(_SOURCE):
            return self._session.source(*_source_table(name), frame="arrow")
        return self._session.ref(tuple(name.split(".", 1)), None, frame="arrow")


def _source_table(name: str) -> tuple[str, str]:
    source, _, table = name[len(_SOURCE) :].partition(".")
    return source, table

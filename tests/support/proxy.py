# SPDX-License-Identifier: Apache-2.0
"""A server's front that loses its connections in one way or another."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
import sys
import termios
import threading
from contextlib import suppress
from functools import partial

from tests.support.processes import wait_until

# Of <asm/socket.h>; and a program of one instruction that keeps no byte of any packet.
SO_ATTACH_FILTER = 26
_INSTRUCTION = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0), 8)
DROP_ALL = struct.pack("HL", 1, ctypes.addressof(_INSTRUCTION))


def has_arrived(connection: socket.socket) -> bool:
    """Whether the other side has acknowledged all that was sent."""
    count = fcntl.ioctl(connection, termios.TIOCOUTQ, struct.pack("i", 0))
    return struct.unpack("i", count) == (0,)


class Proxy:
    """Passes bytes on to a server until it resets the connections or falls silent."""

    def __init__(self, port: int) -> None:
        self._upstream = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.passed = 0  # bytes to the server
        self.returned = 0  # bytes from it
        self._is_silent = False
        self._last_passed = self._last_returned = sys.maxsize
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """End all connections with RST, as a firewall does that has forgotten them."""
        for client in self._clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.shutdown(socket.SHUT_RD)
            client.close()

    def fall_silent_after(
        self, passed: int = sys.maxsize, returned: int = sys.maxsize
    ) -> None:
        """Fall silent when so many bytes have gone to the server or come from it."""
        self._last_passed, self._last_returned = passed, returned

    def fall_silent(self) -> None:
        """Drop all that connections send or get from now on, as a network does that broke.

        Not even the kernel acknowledges what a client sends.
        """
        self._is_silent = True
        for client in self._clients:
            # What is sent once more would be a sign of life.
            wait_until(partial(has_arrived, client), "all that was sent is there")
            client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, DROP_ALL)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._upstream)
            self._clients.append(client)
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # Reset.
            while chunk := source.recv(4096):
                if source in self._clients:
                    self.passed += len(chunk)
                else:
                    self.returned += len(chunk)
                if self.passed > self._last_passed or self.returned > self._last_returned:
                    self.fall_silent()
                if self._is_silent:
                    return
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

# SPDX-License-Identifier: Apache-2.0
"""Packets of JSON on a Unix socket of SOCK_SEQPACKET, as aft's plugin speaks them."""

from __future__ import annotations

import array
import json
import socket
from typing import Any

from aft.secrets import masked

# The kernel's own limit for a socket's send buffer, and so for a packet.
LARGEST_PACKET = 208 * 1024
LONGEST_TEXT = 64 * 1024


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message; raises OSError when the other side is gone."""
    channel.send(json.dumps(message, ensure_ascii=False).encode())


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next message and the descriptors that came with it; None at the end."""
    size = socket.CMSG_LEN(2 * array.array("i").itemsize)
    packet, ancillary, _, _ = channel.recvmsg(LARGEST_PACKET, size, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return (json.loads(packet) if packet else None), list(descriptors)


def sendable(text: str, limit: int = LONGEST_TEXT) -> str:
    """A text without secrets that takes at most ``limit`` bytes in a message.

    Of a longer one the beginning and the end are kept; secrets are masked before, because
    nobody recognizes what is left of one that was cut. What UTF-8 can't say is escaped.
    """
    text = masked(text)
    kept = len(text)
    shortened = text
    while _size(shortened) > limit:
        kept = min(kept - 1, kept * limit // _size(shortened))
        left_out = f"\n[... {len(text) - kept} characters left out ...]\n"
        shortened = text[: kept // 2] + left_out + text[len(text) - (kept - kept // 2) :]
    return shortened


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())

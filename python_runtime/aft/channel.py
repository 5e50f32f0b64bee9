# SPDX-License-Identifier: Apache-2.0
"""Packets of JSON on a Unix socket of type SOCK_SEQPACKET, as aft's plugin speaks them."""

from __future__ import annotations

import json
import socket
from typing import Any

LARGEST_PACKET = 208 * 1024
# What a script reports must fit into one packet with room to spare.
LONGEST_TEXT = 64 * 1024


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message; raises OSError when the other side is gone."""
    channel.send(json.dumps(message).encode())


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """The next message and the descriptors that came with it; None at the end."""
    packet, descriptors, _, _ = socket.recv_fds(channel, LARGEST_PACKET, 2)
    return (json.loads(packet) if packet else None), list(descriptors)


def shortened(text: str) -> str:
    """The beginning and the end of a text that is too long to be sent."""
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    left_out = f"[... {len(text) - 2 * half} characters left out ...]"
    return f"{text[:half]}\n{left_out}\n{text[-half:]}"

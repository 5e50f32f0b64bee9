# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import socket

import pytest
from aft import channel


@pytest.mark.parametrize(
    "text", ["x" * 10**6, "\x00é" * 10**5, "\U0001f600" * 10**5, "\ud800" * 10**5]
)
def test_a_long_text_keeps_both_ends_and_fits(text: str) -> None:
    cut = channel.sendable("begin" + text + "end", limit=1000)

    assert cut.startswith("begin")
    assert cut.endswith("end")
    assert len(json.dumps(cut, ensure_ascii=False).encode()) <= 1000
    assert len(cut) > 100


def test_a_short_text_is_sent_as_it_is() -> None:
    assert channel.sendable("grüße\n\t", limit=100) == "grüße\n\t"


def test_the_longest_texts_fit_into_one_packet() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    text = channel.sendable("\x00" * 10**6)

    channel.send(ours, {"message": text, "traceback": text})

    assert channel.receive(theirs)[0] == {"message": text, "traceback": text}

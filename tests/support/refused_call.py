# SPDX-License-Identifier: Apache-2.0
"""Starts a program to which the kernel refuses one system call, as containers do.

Arguments: the number of the call on x86-64, and the program's own. The filter is a program
of four instructions for seccomp(2), which stays with all that the program starts.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS, with the call's number at offset 0
JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K
ALLOWED = 0x7FFF0000
REFUSED = 0x00050000 | errno.ENOSYS


def refuse(number: int) -> None:
    """Let this process, and what it starts, be without a system call."""
    instructions = [
        (LOAD_WORD, 0, 0, 0),
        (JUMP_IF_EQUAL, 0, 1, number),
        (RETURN, 0, 0, REFUSED),
        (RETURN, 0, 0, ALLOWED),
    ]
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *each) for each in instructions)
    )
    program = struct.pack("@HP", len(instructions), ctypes.addressof(code))
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if library.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) != 0:
        raise OSError(ctypes.get_errno(), "cannot set a filter of system calls")
    if library.syscall(number, 0, 0) != -1 or ctypes.get_errno() != errno.ENOSYS:
        raise OSError(f"system call {number} is not refused")


if __name__ == "__main__":
    refuse(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])

# SPDX-License-Identifier: Apache-2.0
"""What a script of the soak does before its end: each adds lines whose effect is certain."""

from __future__ import annotations

from tests.soak.draft import Draft, Step

_DAEMON = "fork.Process(target=time.sleep, args=(1000,), daemon=True).start()"


def call(draft: Draft, function_and_arguments: str) -> str:
    """A line that calls a function, here or in a thread, and waits until it has returned."""
    function, _, arguments = function_and_arguments.partition(", ")
    return draft.chance.choice(
        (
            f"{function}({arguments})",
            f"in_thread({function_and_arguments})",
            "from concurrent.futures import ThreadPoolExecutor\n"
            f"ThreadPoolExecutor(1).submit({function_and_arguments}).result()",
        )
    )


def write(draft: Draft) -> None:
    draft.add(call(draft, draft.pick_write()))


def break_a_write(draft: Draft) -> None:
    """A frame that ends in an error is not written at all."""
    mode = draft.chance.choice(("overwrite", "append"))
    frame = f"broken({draft.next_batch()}, [30, 40])"
    draft.add(
        f"""
try:
    write_to_model({frame}, mode={mode!r})
except Broken:
    pass
else:
    raise AssertionError("the frame passed for a whole one")
"""
    )


def read(draft: Draft) -> None:
    draft.add('assert len(ref("numbers")) == NUMBERS')


def read_back(draft: Draft) -> None:
    if draft.content is None:
        return read(draft)
    rows = sum(draft.content.values())
    return draft.add(f'assert len(ref("{draft.shape.model}")) == {rows}')


def copy_while_reading(draft: Draft) -> None:
    """A write whose frames are read from the same connection."""
    batch = draft.next_batch()
    draft.add(
        f"""
def copied():
    yield rows({batch}, len(ref("numbers")) // 2)
    yield rows({batch}, len(ref("numbers")) // 2, NUMBERS // 2)
write_to_model(copied(), mode="append")
"""
    )
    draft.note_write(batch, 300, "append")


def say(draft: Draft) -> None:
    line = f"said {draft.next_batch()}"
    draft.printed.append(line)
    draft.add(f"print({line!r})")


def babble(draft: Draft) -> None:
    """Print what is hard to take, and no line of which is looked for."""
    draft.add(
        draft.chance.choice(
            (
                'print("x" * 300_000)',
                r'import sys; sys.stdout.buffer.write(b"\xff\xfe\n"); sys.stdout.flush()',
                r'print("\x1b[31mred\x1b[0m")',
                'import sys; print("to the other", file=sys.stderr)',
                'import logging; logging.warning("beware")',
                'import warnings; warnings.warn("beware")',
                'for number in range(2000): print("line", number)',
            )
        )
    )


def compute_in_threads(draft: Draft) -> None:
    draft.add(
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads:
    assert sum(threads.map(abs, range(-50, 0))) == 1275
"""
    )


def compute_in_children(draft: Draft) -> None:
    draft.add(
        draft.chance.choice(
            (
                """
with fork.Pool(2) as pool:
    assert pool.map(abs, [-1, -2, -3]) == [1, 2, 3]
""",
                """
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(2, mp_context=fork) as pool:
    assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
""",
                """
queue = fork.Queue()
child = fork.Process(target=queue.put, args=("x" * 100_000,))
child.start()
assert len(queue.get()) == 100_000
child.join()
assert child.exitcode == 0
""",
            )
        )
    )


def end_a_fork(draft: Draft) -> None:
    """A child that ends by itself is nothing to the script."""
    how = draft.chance.choice(
        ("os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(0)", "1 / 0")
    )
    wait = draft.chance.choice(("os.waitpid(child, 0)", "pass"))
    # In plain Python, too, a fork that exits tries to join its parent's children.
    joins_others = how == "sys.exit(0)" and _DAEMON in draft.lines
    draft.may_print_tracebacks |= how == "1 / 0" or joins_others
    draft.add(
        f"""
import os, signal, sys
child = os.fork()
if child == 0:
    {how}
{wait}
"""
    )


def leave_a_child(draft: Draft) -> None:
    """Start what would outlive the script, if it was let."""
    draft.add(
        draft.chance.choice(
            (
                """
import subprocess
subprocess.Popen(["sleep", "1000"], start_new_session=True)
""",
                """
import subprocess
subprocess.run(["sh", "-c", "trap '' TERM HUP INT; setsid sleep 1000 & exit 0"])
""",
                """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1000)
    os._exit(0)
""",
                _DAEMON,
            )
        )
    )


def leave_a_daemon_thread(draft: Draft) -> None:
    draft.add(
        draft.chance.choice(
            (
                "threading.Thread(target=threading.Event().wait, daemon=True).start()",
                """
def spin():
    while True: sum(range(1000))
threading.Thread(target=spin, daemon=True).start()
""",
            )
        )
    )


def fail_in_a_thread(draft: Draft) -> None:
    """As in plain Python, an error or an exit in a thread ends that alone."""
    draft.may_print_tracebacks = True
    draft.add(
        draft.chance.choice(
            (
                "in_thread(lambda: 1 / 0)",
                "import sys\nin_thread(sys.exit, 3)",
            )
        )
    )


def read_in_children(draft: Draft) -> None:
    """Children read over connections of their own, and the script's goes on after that."""
    draft.add(
        """
def count(_): return len(ref("numbers"))
with fork.Pool(2) as pool:
    assert pool.map(count, range(4)) == [NUMBERS] * 4
assert count(0) == NUMBERS
"""
    )


def read_in_spawned_children(draft: Draft) -> None:
    """Processes that are started anew; seldom, because each takes a second to start."""
    if draft.shape.has_timeout or draft.chance.random() < 0.7:
        return read_in_children(draft)
    return draft.add(
        """
with spawn.Pool(2) as pool:
    assert pool.map(count_numbers, range(3)) == [NUMBERS] * 3
"""
    )


STEPS: tuple[Step, ...] = (
    *(write, write, write, write, break_a_write, copy_while_reading),
    *(read, read_back, read_in_children, read_in_spawned_children),
    *(say, say, babble),
    *(compute_in_threads, compute_in_children, end_a_fork),
    *(leave_a_child, leave_a_daemon_thread, fail_in_a_thread),
)

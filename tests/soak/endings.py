# SPDX-License-Identifier: Apache-2.0
"""How a script of the soak ends, and what is right then."""

from __future__ import annotations

from tests.soak.draft import Draft, Ending
from tests.soak.program import Program


def reach_the_last_line(draft: Draft) -> Program:
    return draft.finished()


def exit_well(draft: Draft) -> Program:
    draft.add(draft.chance.choice(("raise SystemExit", "import sys; sys.exit(0)", "exit()")))
    return draft.finished()


def failing(text: str, message: str) -> Ending:
    """An ending that is an error at once: what has been committed stays."""

    def end(draft: Draft) -> Program:
        draft.add(text)
        is_told = not message.startswith(("killed", "ended"))
        return draft.finished("error", message, is_counted=is_told)

    return end


def break_the_last_write(draft: Draft) -> Program:
    mode = draft.chance.choice(("overwrite", "append"))
    draft.add(f"write_to_model(broken({draft.next_batch()}, [50, 60]), mode={mode!r})")
    return draft.finished("error", "Broken: in the middle of a frame")


def die_in_a_write(draft: Draft) -> Program:
    """The frame never ends, so that nothing of it may be seen."""
    batch = draft.next_batch()
    how = draft.chance.choice(("SIGKILL", "SIGSEGV", "SIGABRT"))
    draft.add(
        f"""
import os, signal
def dying():
    yield from parts({batch}, [100, 100])
    os.kill(os.getpid(), signal.{how})
write_to_model(dying(), mode="append")
"""
    )
    return draft.finished("error", f"killed by {how}", is_counted=False)


def leave_work_to_a_thread(draft: Draft) -> Program:
    """Python waits for threads and executors, and so for what they write."""
    work = f"later, {draft.pick_write()}"
    draft.add(
        draft.chance.choice(
            (
                f"start({work})",
                "from concurrent.futures import ThreadPoolExecutor\n"
                f"ThreadPoolExecutor(1).submit({work})",
            )
        )
    )
    return draft.finished()


def leave_work_to_a_child(draft: Draft) -> Program:
    """Python waits for multiprocessing's children, which have connections of their own."""
    draft.add(f"fork.Process(target=later, args=({draft.pick_write()})).start()")
    return draft.finished(is_counted=False)


def leave_work_to_a_daemon(draft: Draft) -> Program:
    """What a daemon thread does ends with the script: it may have come to its commit."""
    function, _, frame = draft.pick_write().partition(", ")
    draft.add(f"threading.Thread(target={function}, args=[{frame}], daemon=True).start()")
    return draft.finished(from_content=-2)


def end_in_two(draft: Draft) -> Program:
    """A fork that comes to the script's last line as well does not end the script.

    As in plain Python, it may not join children that the script has started.
    """
    draft.may_print_tracebacks = True
    draft.add("import os\nos.fork()")
    return draft.finished()


def hang(draft: Draft) -> Program:
    """At the timeout, whatever has been committed stays."""
    draft.add(
        draft.chance.choice(
            (
                "time.sleep(1000)",
                "while True: pass",
                "threading.Event().wait()",
                "start(threading.Event().wait)",
                "fork.Process(target=time.sleep, args=(1000,)).start()",
                f"""
def hanging():
    yield from parts({draft.next_batch()}, [50, 60])
    time.sleep(1000)
write_to_model(hanging())
""",
            )
        )
    )
    return draft.finished("error", "timed out after", from_content=0)


def hang_deaf(draft: Draft) -> Program:
    draft.add("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)")
    return draft.finished("error", "timed out after", from_content=0)


def take_too_much(draft: Draft) -> Program:
    """Past its limit of memory a script is ended, and what it has committed stays."""
    draft.add("taken = []\nwhile True: taken.append(bytearray(10_000_000))")
    return draft.finished("error", "out of memory", is_counted=False)


_GOOD: tuple[Ending, ...] = (
    *(reach_the_last_line, reach_the_last_line, exit_well),
    *(leave_work_to_a_thread, leave_work_to_a_daemon, end_in_two, leave_work_to_a_child),
)
_SIGNAL = "import os, signal\nos.kill(os.getpid(), signal.{})\ntime.sleep(9)"
_BAD: tuple[Ending, ...] = (
    failing("import sys; sys.exit(3)", "script exited with 3"),
    failing("import sys; sys.exit('no')", "script exited with no"),
    failing("raise ValueError('wrong')", "ValueError: wrong"),
    failing("ref('nothing')", "nothing"),
    failing("write_to_model(rows(0, 1), mode='sideways')", "there is no mode 'sideways'"),
    failing("raise KeyboardInterrupt", "interrupted"),
    failing(
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", "terminated"
    ),
    failing(
        "import os, signal; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "interrupted"
    ),
    failing("import os; os._exit(0)", "ended without a result"),
    failing("import os; os._exit(5)", "ended without a result|5"),
    failing("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
    failing("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
    failing("import os; os.abort()", "killed by SIGABRT"),
    *(break_the_last_write, die_in_a_write),
)
_LONG: tuple[Ending, ...] = (*([hang] * 6), hang_deaf)


def pick(draft: Draft, must_succeed: bool) -> Ending:
    """An ending at random that is allowed to the draft."""
    if must_succeed:
        return draft.chance.choice(_GOOD)
    if draft.shape.has_timeout:
        return draft.chance.choice(_LONG)
    if draft.shape.has_memory and draft.chance.random() < 0.5:
        return take_too_much
    return draft.chance.choice((draft.chance.choice(_GOOD), draft.chance.choice(_BAD)))

"""Runs a program; ends it and all its descendants once the other end of descriptor 3 is closed.

usage: supervise.py FILE [ARGUMENT...]

The program has our stdin, stdout, stderr, folder and environment; we exit with its status. Our parent holds a pipe to
descriptor 3: when it closes the pipe or dies, however suddenly, the program ends. No descendant escapes into another
session or by daemonizing: as a subreaper we inherit the program's orphans. SIGKILL, since a stopped process handles no
other signal.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36
LIFELINE = 3


def descendants(root):
    """The ids of all processes below another."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                # The command, between parentheses, may hold anything; state and parent follow it.
                parent = int(stat.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def end_all():
    """Kills and reaps until this process has no descendants."""
    while True:
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def reap(program):
    """Reaps ended processes; returns the program's wait status if it is among them."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == program:
            status = ended


def main(arguments):
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_inheritable(LIFELINE, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

    program = os.fork()
    if program == 0:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execvp(arguments[0], arguments)
        except OSError as error:
            os.write(2, f"{arguments[0]}: {error.strerror}\n".encode())
        os._exit(127)

    status = None
    while status is None:
        ready, _, _ = select.select([awake, LIFELINE], [], [])
        if LIFELINE in ready:
            break
        if any(number != signal.SIGCHLD for number in os.read(awake, 4096)):
            break
        status = reap(program)
    end_all()

    if status is None:
        return 128 + signal.SIGKILL
    if os.WIFSIGNALED(status):
        # End by the same signal, so that our parent sees it as if the program were its own child.
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

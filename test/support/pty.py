"""Runs a program in a pseudo-terminal: our stdin is typed into it, and its output goes to our stdout.

usage: pty.py ROWS COLUMNS FILE [ARGUMENT...]

Like a shell, we lead the terminal's session and run the program as its foreground job, so that the terminal outlives
the program and can be inspected afterwards. Descriptor 4 takes commands, one per line: `resize ROWS COLUMNS`; `signal
NAME`, sent to the program's process group; and `raw`, answered with a line `raw` once the program reads key by key (no
line editing). The last line is JSON: the output of `stty -a` before and after the program, its exit status or signal,
and the names of the programs that it left running.
"""

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time

# No __pycache__ in the work tree.
sys.dont_write_bytecode = True
from supervise import descendants  # noqa: E402

STDIN, STDOUT, CONTROL = 0, 1, 4


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def settings(terminal):
    return subprocess.run(["stty", "-a"], stdin=terminal, stdout=subprocess.PIPE, check=True).stdout.decode()


def is_raw(terminal):
    return not termios.tcgetattr(terminal)[3] & termios.ICANON


def start(terminal, arguments):
    """Starts the program as the foreground job of the terminal."""
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    # From the background, to which we have just moved; SIGTTOU is still ignored.
    os.tcsetpgrp(terminal, os.getpid())
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTTOU, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    try:
        os.execvp(arguments[0], arguments)
    except OSError as error:
        os.write(2, f"{arguments[0]}: {error.strerror}\n".encode())
    os._exit(127)


def left_running():
    """The names of our supervisor's descendants; as a subreaper it inherits the program's orphans."""
    names = []
    for pid in descendants(os.getppid()):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                name, _, rest = stat.read().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if pid != os.getpid() and rest.split()[0] != "Z":
            names.append(name)
    return names


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


def show(master):
    """Copies the terminal's output to stdout; false at its end."""
    try:
        shown = os.read(master, 65536)
    except OSError:
        return False
    write_all(STDOUT, shown)
    return bool(shown)


def drive(master, terminal, program):
    """Copies input and output until the program has ended; returns its wait status."""
    sources = [STDIN, CONTROL, master, awake]
    commands, raw_wanted = b"", False
    while True:
        # There is no event for a change of terminal settings.
        ready, _, _ = select.select(sources, [], [], 0.01 if raw_wanted else None)
        # Commands first: a test that resizes the window and then types expects this order.
        if CONTROL in ready:
            received = os.read(CONTROL, 65536)
            if not received:
                sources.remove(CONTROL)
            *lines, commands = (commands + received).split(b"\n")
            for command, *words in (line.decode().split() for line in lines):
                if command == "resize":
                    resize(terminal, *words)
                elif command == "signal":
                    os.killpg(program, signal.Signals[words[0]])
                else:
                    raw_wanted = True
        if STDIN in ready:
            typed = os.read(STDIN, 65536)
            if typed:
                write_all(master, typed)
            else:
                sources.remove(STDIN)
        if master in ready:
            show(master)
        if raw_wanted and is_raw(terminal):
            raw_wanted = False
            write_all(CONTROL, b"raw\n")
        if awake in ready:
            os.read(awake, 4096)
            pid, status = os.waitpid(program, os.WNOHANG)
            if pid == program:
                return status


rows, columns, *arguments = sys.argv[1:]
awake, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.set_inheritable(CONTROL, False)

os.setsid()
master, terminal = os.openpty()
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
resize(terminal, rows, columns)
before = settings(terminal)
status = drive(master, terminal, start(terminal, arguments))
# A process that was killed just now takes a moment to end.
left, patience = left_running(), time.monotonic() + 0.5
while left and time.monotonic() < patience:
    time.sleep(0.01)
    left = left_running()
after = settings(terminal)

# The program's last output.
os.set_blocking(master, False)
while show(master):
    pass
signalled = os.WIFSIGNALED(status)
ending = {
    "before": before,
    "after": after,
    "exitCode": None if signalled else os.waitstatus_to_exitcode(status),
    "signal": signal.Signals(os.WTERMSIG(status)).name if signalled else None,
    "left": left,
}
write_all(CONTROL, json.dumps(ending).encode() + b"\n")

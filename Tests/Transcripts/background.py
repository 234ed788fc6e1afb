"""Commands of a transcript that go on while others run."""

import os
import select
import signal
import subprocess
import threading
import time

# Held while a process is started, and while our end of a pipe is closed for good: a child that is not yet the program it
# will be has a copy of every descriptor, and with it the pipe would stay open.
STARTING = threading.Lock()


class Mismatch(Exception):
    """Something was not as the transcript says."""


class Background:
    """A command that goes on while others run."""

    def __init__(self, command, environment, directory, patience):
        self.patience = patience
        with STARTING:
            self.process = subprocess.Popen(
                command, cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True)
        self.changed = threading.Condition()
        self.lines = {">": [], "!": []}
        self.taken = {">": 0, "!": 0}
        self.ended = set()
        self.hung_up = False
        for mark, stream in ((">", self.process.stdout), ("!", self.process.stderr)):
            threading.Thread(target=self.collect, args=(mark, stream.fileno()), daemon=True).start()

    def collect(self, mark, stream):
        """Reads the descriptor itself: a file object could not be closed while another thread reads from it."""
        rest = b""
        while not (self.hung_up and mark == ">"):
            if not select.select([stream], [], [], 0.05)[0]:
                continue
            data = os.read(stream, 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            with self.changed:
                self.lines[mark] += [line + b"\n" for line in lines]
                self.changed.notify_all()
        if self.hung_up and mark == ">":
            with STARTING:
                self.process.stdout.close()
        with self.changed:
            if rest:
                self.lines[mark].append(rest)
            self.ended.add(mark)
            self.changed.notify_all()

    def wait(self, what, condition):
        deadline = time.monotonic() + self.patience
        with self.changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Mismatch(f"waited {self.patience} s for {what}")

    def next_line(self, mark):
        self.wait(f"a line after {self.taken[mark]} lines of {mark}",
                  lambda: len(self.lines[mark]) > self.taken[mark] or mark in self.ended)
        if len(self.lines[mark]) <= self.taken[mark]:
            raise Mismatch(f"{mark} ended; on the error stream: {b''.join(self.lines['!']).decode(errors='replace')}")
        self.taken[mark] += 1
        return self.lines[mark][self.taken[mark] - 1]

    def printed(self, count):
        self.wait(f"{count} lines, had {len(self.lines['>'])}",
                  lambda: len(self.lines[">"]) >= count or ">" in self.ended)
        if len(self.lines[">"]) < count:
            raise Mismatch(f"printed only {len(self.lines['>'])} lines")

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def endless(self, line):
        def run():
            number = 0
            try:
                while True:
                    number += 1
                    self.send((line.replace("[N]", str(number)) + "\n").encode())
            except (OSError, ValueError):
                pass
        threading.Thread(target=run, daemon=True).start()

    def end(self):
        try:
            code = self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            raise Mismatch(f"still runs after {self.patience} s") from None
        self.wait("the end of its output", lambda: len(self.ended) == 2)
        return code

    def settle(self):
        """Waits until its main thread sleeps: held at another place it might hold a lock that others then wait for."""
        asleep = 0
        deadline = time.monotonic() + self.patience
        while asleep < 3:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as stat:
                asleep = asleep + 1 if stat.read().rpartition(")")[2].split()[0] == "S" else 0
            if time.monotonic() > deadline:
                raise Mismatch("it never sleeps")
            with self.changed:
                self.changed.wait(0.01)

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

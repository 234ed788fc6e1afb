"""The programs under comparison, each in its own grammar: native weir, weir.exe, and upstream's two generations."""

import json
import os
import queue
import subprocess
import threading

from checks import WineFault

DEADLINE = 60  # seconds for anything at all


class Outcome:
    """How a process ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def lines(self):
        return self.out.splitlines()

    def blame_wine(self, command):
        """Every program here says why it fails, and none of them ends by a signal unless it is killed."""
        if command[0].endswith("wine") and (self.code < 0 or (self.code == 1 and not self.err)):
            raise WineFault(f"Wine ended {' '.join(command[1:])} with {self.code}")

    def report(self):
        """The JSON object on standard output."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise ValueError(f"no report: {self!r}") from None

    def error(self):
        """The error envelope on standard error; empty if there is none."""
        for line in self.err.splitlines():
            if line.startswith(b'{"error"'):
                return json.loads(line)["error"]
        return {}

    def __repr__(self):
        return f"exit {self.code}, out {self.out[-300:]!r}, err {self.err[-300:]!r}"


class Session:
    """A process that stays, written to and read line by line."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._lines = queue.Queue()
        self._errors = []
        self._threads = [threading.Thread(target=self._read, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]  # fmt: skip
        for thread in self._threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip(b"\r\n"))
        self._lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self._errors.append(line)

    def write(self, line):
        """False if the process reads no more."""
        try:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def line(self):
        """The next line of output; None at its end."""
        try:
            line = self._lines.get(timeout=DEADLINE)
        except queue.Empty:
            raise TimeoutError(f"no output within {DEADLINE} s: {self.process.args}, exit code so far {self.process.poll()}, "
                               f"errors so far {self._errors}") from None
        if line is None:
            self._lines.put(None)  # for whoever asks again
        return line

    def ask(self, line):
        if not self.write(line):
            return None
        return self.line()

    def finish(self):
        """Ends the input, waits; how it ended. Lines nobody took are its output."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.ended()

    def ended(self, killed=False):
        """How it ended by itself."""
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()
        for thread in self._threads:
            thread.join(DEADLINE)
            if thread.is_alive():
                raise WineFault(f"the pipes of {self.process.args} stay open though it ended")
        rest = []
        while (line := self.line()) is not None:
            rest.append(line)
        outcome = Outcome(self.process.returncode, b"\n".join(rest), b"".join(self._errors))
        if not killed:
            outcome.blame_wine(self.process.args)
        return outcome

    def kill(self):
        """Ends it at once, wherever it stands."""
        self.process.kill()
        return self.ended(killed=True)


class Program:
    """One program. It runs in the folder of the pools."""

    def __init__(self, name, command, folder, environment):
        self.name, self.command, self.folder = name, [os.path.abspath(part) for part in command], folder
        self.environment = {**os.environ, **environment}

    def run(self, *arguments, stdin=b""):
        try:
            done = subprocess.run(
                [*self.command, "--dir", ".", *arguments], cwd=self.folder, env=self.environment, input=stdin,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE)  # fmt: skip
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} {' '.join(arguments)} took more than {DEADLINE} s") from None
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        outcome.blame_wine(done.args)
        return outcome

    def start(self, *arguments):
        return Session([*self.command, "--dir", ".", *arguments], self.environment, self.folder)

    def create(self, pool, size, index=None):
        chosen = [] if index is None else ["--index-capacity", str(index)]
        return self.run("pool", "create", "--size", str(size), *chosen, pool)

    def feed(self, pool, texts):
        """Stores JSON texts."""
        return self.run(*self.feeding(pool), stdin=b"\n".join(texts) + b"\n")

    def feeder(self, pool):
        return self.start(*self.feeding(pool))

    def fetch(self, pool, sequence):
        return self.run("fetch", pool, str(sequence))


class Weir(Program):
    """The newer grammar; upstream 1.2.1 has it too."""

    def feeding(self, pool):
        return ["feed", pool, "-i", "json"]

    def everything(self, pool):
        """One line for each retained message."""
        return self.run("follow", pool, "--no-follow")

    def follower(self, pool):
        return self.start("follow", pool, "--tail", "1000000")

    def info(self, pool):
        return self.run("pool", "info", pool)

    def doctor(self, pool):
        return self.run("doctor", pool)


class Upstream1(Weir):
    """Upstream 1.2.1."""

    def clerk(self):
        return Clerk(self.start("mcp"))


class Upstream0(Program):
    """Upstream 0.8.0."""

    def feeding(self, pool):
        return ["feed", pool, "--in", "jsonl"]

    def everything(self, pool):
        """What its reader shows; in a ring that went round, only the part since the last time round."""
        return self.run("follow", pool, "--tail", "1000000", "--replay", "0", "--jsonl")

    def follower(self, pool):
        return self.start("follow", pool, "--tail", "1000000", "--jsonl")

    def info(self, pool):
        return self.run("pool", "info", pool, "--json")

    def doctor(self, pool):
        return self.run("doctor", pool, "--json")

    def clerk(self):
        return Clerk(self.start("mcp"))


class Clerk:
    """An upstream process that answers requests (its MCP server): reads a pool when it is asked, and not otherwise."""

    def __init__(self, session):
        self.session = session
        self.session.ask(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "weir", "version": "0"}}}).encode())

    def call(self, tool, **arguments):
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": f"plasmite_{tool}", "arguments": arguments}}  # fmt: skip
        answer = self.session.ask(json.dumps(request).encode())
        if answer is None:
            raise RuntimeError(f"upstream's server ended: {self.session.ended()}")
        return json.loads(answer)["result"]["structuredContent"]

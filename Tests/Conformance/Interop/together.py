"""Writers and followers of all kinds at one pool at the same time, under Wine, where they share the locks of one system.

The pool goes round many times, and nobody is ever lapped: writers wait while the slowest follower is too far behind, and the
ring holds more than what may be on its way then. So each follower must show every message exactly once, in order.
"""

import json
import threading
import time

from checks import expect, expect_equal
from cross_reading import diagnosed
from programs import DEADLINE

POOL_SIZE, SLOTS = 98_304, 64
WINDOW = 40  # messages that the slowest follower may be behind
CHUNK = 8  # messages written to a writer at once
BURST = 60  # messages written to a writer that will be killed


class Traffic:
    """What was stored, and how far each follower is."""

    def __init__(self, pool, followers, random):
        self.pool, self.random = pool, random
        self.changed = threading.Condition()
        self.receipts = {}  # seq: (writer, number)
        self.newest = 0
        self.writers = 0
        self.stopping = False
        self.failures = []
        self.followers = [Follower(self, program) for program in followers]

    def wait_for_room(self):
        def has_room():
            return self.failures or self.newest - min(follower.seen for follower in self.followers) < WINDOW

        with self.changed:
            expect(self.changed.wait_for(has_room, DEADLINE), "the followers stand still at", self._places)
            if self.failures:
                raise self.failures[0]

    def wait_for_all(self):
        with self.changed:
            done = self.changed.wait_for(
                lambda: self.failures or all(follower.seen >= self.newest for follower in self.followers), DEADLINE)
            if self.failures:
                raise self.failures[0]
            expect(done, "the followers stand still at", self._places)

    def _places(self):
        return {follower.program.name: follower.seen for follower in self.followers}, "newest", self.newest

    def stored(self, sequence, writer, number):
        with self.changed:
            if sequence in self.receipts:
                self.failures.append(AssertionError(f"seq {sequence} was given twice"))
            self.receipts[sequence] = (writer, number)
            self.newest = max(self.newest, sequence)
            self.changed.notify_all()

    def failed(self, failure):
        with self.changed:
            self.failures.append(failure)
            self.changed.notify_all()

    def text(self, writer, number):
        return b'{"n":%d,"pad":"%s","w":%d}' % (number, b"p" * self.random.randint(0, 150), writer)


class Follower:
    """Reads what a follower prints."""

    def __init__(self, traffic, program):
        self.traffic, self.program = traffic, program
        self.session = program.follower(traffic.pool)
        self.lines, self.seen = [], 0
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            while (line := self.session.line()) is not None:
                sequence = json.loads(line)["seq"]
                expect_equal(sequence, self.seen + 1, f"{self.program.name} follow: seq")
                self.lines.append(line)
                with self.traffic.changed:
                    self.seen = sequence
                    self.traffic.changed.notify_all()
        except Exception as failure:  # told by the thread that runs the check
            self.traffic.failed(failure)

    def end(self):
        self.session.process.kill()
        self.thread.join()
        ended = self.session.kill()
        expect_equal(ended.err, b"", f"{self.program.name} follow: what it says beside messages")
        return self.lines


class Writer(threading.Thread):
    """Feeds so many messages, several at a time; without a number, until it is told to stop."""

    def __init__(self, traffic, program, count=None):
        super().__init__(daemon=True)
        self.traffic, self.program, self.count, self.done = traffic, program, count, 0
        traffic.writers += 1
        self.number = traffic.writers
        self.session = program.feeder(traffic.pool)
        self.start()

    def run(self):
        try:
            while not self.traffic.stopping if self.count is None else self.done < self.count:
                self._feed_some()
            expect_equal(self.session.finish().code, 0, f"{self.program.name} feed: exit code")
        except Exception as failure:  # told by the thread that runs the check
            self.traffic.failed(failure)


    def _feed_some(self):
        numbers = range(self.done + 1, self.done + CHUNK + 1)
        self.traffic.wait_for_room()
        alive = self.session.write(b"\n".join(self.traffic.text(self.number, number) for number in numbers))
        for number in numbers:
            line = self.session.line() if alive else None
            expect(line, lambda: f"{self.program.name} feed ended at message {number}: {self.session.ended()}")
            self.traffic.stored(json.loads(line)["seq"], self.number, number)
        self.done += CHUNK


def kill_one(traffic, program):
    """A writer that is killed while it stores: what it gave a receipt for is stored. True if it was killed in the middle."""
    traffic.writers += 1
    number, session = traffic.writers, program.feeder(traffic.pool)
    traffic.wait_for_room()
    session.write(traffic.text(number, 1))
    lines = [session.line()]
    session.write(b"\n".join(traffic.text(number, one) for one in range(2, BURST + 1)))
    moment = time.perf_counter() + traffic.random.random() * 0.003
    while time.perf_counter() < moment:
        pass
    lines += session.kill().lines()
    receipts = [line for line in lines if is_receipt(line)]
    for one, line in enumerate(receipts, 1):
        traffic.stored(json.loads(line)["seq"], number, one)
    return len(receipts) < BURST


def is_receipt(line):
    """Whether a line is whole: the last one of a killed writer may not be."""
    return line is not None and line.endswith(b"}")


def check(traffic, doctors, complete):
    """What all followers saw, against what was stored. `complete`: writer and how many messages it stored."""
    lines = [follower.end() for follower in traffic.followers]
    for follower, other in zip(traffic.followers, lines):
        expect(other == lines[0], f"{follower.program.name} and {traffic.followers[0].program.name} show different messages")
    shown = {message["seq"]: message["data"] for message in map(json.loads, lines[0])}
    for sequence, (writer, number) in traffic.receipts.items():
        data = shown[sequence]
        expect_equal((data["w"], data["n"]), (writer, number), f"seq {sequence}")
    order = {}
    for sequence in sorted(shown):
        order.setdefault(shown[sequence]["w"], []).append(shown[sequence]["n"])
    for writer, numbers in order.items():
        expect_equal(numbers, list(range(1, len(numbers) + 1)), f"messages of writer {writer}")
    for writer, count in complete.items():
        expect_equal(len(order[writer]), count, f"messages of writer {writer}")
    for doctor in doctors:
        report = diagnosed(doctor.doctor(traffic.pool))
        expect_equal(report[0], 0, f"{doctor.name} doctor: {report}")
    return len(shown)


def finish(traffic, threads):
    """Waits for writers, and until every follower has seen what they stored."""
    for thread in threads:
        thread.join(DEADLINE)
        expect(not thread.is_alive(), f"{thread.program.name} feed does not end")
    traffic.wait_for_all()


def write_and_follow(pool, writers, followers, random, count):
    """Every writer stores `count` messages while every follower reads."""
    expect_equal(followers[0].create(pool, POOL_SIZE, SLOTS).code, 0, "pool create")
    traffic = Traffic(pool, followers, random)
    threads = [Writer(traffic, program, count) for program in writers]
    finish(traffic, threads)
    total = check(traffic, followers[:1], {thread.number: thread.done for thread in threads})
    return f"{len(writers)} writers, {total} messages, {len(followers)} followers"


def survive_killed_writers(pool, victim, writers, followers, random, kills):
    """The others go on while writers are killed at work, one after the other."""
    expect_equal(followers[0].create(pool, POOL_SIZE, SLOTS).code, 0, "pool create")
    traffic = Traffic(pool, followers, random)
    threads = [Writer(traffic, program) for program in writers]
    early = sum(kill_one(traffic, victim) for _ in range(kills))
    traffic.stopping = True
    finish(traffic, threads)
    # Messages whose receipt never came may be there too: some more show where the end is.
    finish(traffic, [Writer(traffic, followers[0], CHUNK)])
    total = check(traffic, followers[:1], {thread.number: thread.done for thread in threads})
    return f"{kills} killed, {early} of them at work, {total} messages, {len(followers)} followers"

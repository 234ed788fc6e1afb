"""Three implementations append to one small pool in random order and read it after each round.

One of them runs natively and two under Wine, where locks are other locks: so nobody moves while another does. The writers
are processes that stay, and find each time that others wrote since.
"""

import json

from checks import expect, expect_equal
from cross_reading import diagnosed
from poolfile import FRAME_HEADER, MARKER, PoolFile


def padded_text(writer, number, length):
    return b'{"n":%d,"pad":"%s","w":"%s"}' % (number, b"x" * length, writer.encode())


class Sizes:
    """How long texts are: any length, or such that every frame is a multiple of 64 bytes, and the ring never ends in
    padding, where the oldest generation of readers loops."""

    def __init__(self, weir, random, aligned):
        self.random, self.aligned = random, aligned
        pool = f"measure-{aligned}"
        weir.create(pool, 65_536)
        # Names of programs differ in length by nothing: see `turn`.
        weir.feed(pool, [padded_text("0.8.0", 1, 0)])
        payload = len(PoolFile.read(f"{weir.folder}/{pool}.plasmite").frames()[0].payload)
        self.spare = -(payload + FRAME_HEADER + len(MARKER)) % 64

    def next(self):
        if self.aligned:
            return self.spare + 64 * self.random.choice([0, 0, 1, 1, 2, 3, 5, 8, 16])
        # A string of 90 bytes is aligned, and so makes frames of another length.
        return self.random.choice([0, 3, 30, 50, 89, 90, 91, 150, 400, 900, self.random.randint(0, 1200)])


def rounds(weir, upstream, oldest, random, aligned, count):
    pool = "turns-aligned" if aligned else "turns"
    slots = 16 if aligned else 4
    expect_equal(upstream.create(pool, 4096 + 16 * slots + 100 * 64, slots).code, 0, "pool create")
    writers = {program: program.feeder(pool) for program in (weir, upstream, oldest)}
    readers = {program: program.clerk() for program in (upstream, oldest)}
    sizes, stored, skipped = Sizes(weir, random, aligned), [], 0
    for number in range(count):
        order = list(writers)
        random.shuffle(order)
        for program in order:
            name = (program.name + "     ")[:5]
            data = padded_text(name, len(stored) + 1, sizes.next())
            receipt = turn(program, writers[program], pool, data, alone=number % 7 == 3)
            expect_equal(receipt["seq"], len(stored) + 1, f"{program.name}: receipt")
            stored.append(json.loads(data))
        file = PoolFile.read(f"{weir.folder}/{pool}.plasmite")
        expect_equal(file.newest, len(stored), f"round {number}: newest")
        skipped += look(pool, file, stored, weir, readers, oldest, random, f"round {number}")
        if number % 10 == 0:
            check_health(pool, file, weir, upstream, oldest)
    for session in [*writers.values(), *(reader.session for reader in readers.values())]:
        ended = session.finish()
        expect_equal(ended.code, 0, f"end of {session.process.args}: {ended}")
    remark = f", {skipped} rounds that 0.8.0 cannot read" if skipped else ""
    return f"{count} rounds, {len(stored)} appends, {len(stored) - file.oldest + 1} retained at the end{remark}"


def turn(program, session, pool, data, alone):
    """One append: by the process that stays, or by one of its own."""
    if alone:
        done = program.run("feed", pool, data.decode())
        expect_equal(done.code, 0, f"{program.name} feed: {done}")
        return json.loads(done.out)
    line = session.ask(data)
    expect(line is not None, lambda: f"{program.name} stopped: {session.ended()}")
    return json.loads(line)


def look(pool, file, stored, weir, readers, oldest, random, context):
    """What each reader shows; 1 if the oldest one could not be asked."""
    expected = list(enumerate(stored[file.oldest - 1 :], file.oldest))
    shown = weir.everything(pool)
    messages = [json.loads(line) for line in shown.lines()]
    expect_equal([(one["seq"], one["data"]) for one in messages], expected, f"{context}: weir: {shown.err}")
    asked = 0
    for program, clerk in readers.items():
        if program is oldest and file.has_padding():
            continue
        asked += 1
        answer = clerk.call("read", pool=pool, count=200)
        expect("messages" in answer, f"{context}: {program.name}: {answer}")
        got = answer["messages"]
        if program is oldest:  # it begins at the start of the ring, wherever the history does
            expect(got, f"{context}: {program.name} shows nothing")
            expect_equal(got, messages[-len(got) :], f"{context}: {program.name}")
            one = random.randint(file.oldest, file.newest)
            fetched = clerk.call("fetch", pool=pool, seq=one)
            expect_equal(fetched.get("message"), messages[one - file.oldest], f"{context}: {program.name} fetch {one}")
        else:
            expect_equal(got, messages, f"{context}: {program.name}")
    return len(readers) - asked



def check_health(pool, file, weir, upstream, oldest):
    ours, theirs = diagnosed(weir.doctor(pool)), diagnosed(upstream.doctor(pool))
    expect_equal(ours, theirs, "doctor")
    if file.tail_is_a_frame():
        expect_equal(ours[0], 0, f"weir doctor: {ours}")
        report = oldest.doctor(pool)
        expect_equal(report.code, 0, f"0.8.0 doctor: {report}")

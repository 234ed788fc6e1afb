"""What a writer leaves that dies in the middle of an append: every step of it, built from the file before and after."""

import json
import struct

from checks import expect, expect_equal
from cross_reading import diagnosed, write
from poolfile import FRAME_HEADER, MARKER, PoolFile, Ring, frame_length

SLOTS = 4
FIELDS_END = 104  # of the header
WRITING = b"\x01\0\0\0"
WRAP_MARKER = b"FRM1" + struct.pack("<IIIQQII", 3, 0, FRAME_HEADER, 0, 0, 0, 0xFFFFFFFF) + bytes(24)

# Name, ring size, characters in each message stored before, and in the one whose writer dies. With 0 a frame has 496 bytes.
DEATHS = [
    ("evicts nothing", 3076, [0] * 3, 0),
    ("evicts one", 3000, [0] * 6, 0),
    ("evicts one at the start of the ring", 2976, [0] * 6, 0),
    ("evicts some, in the middle of the ring", 3076, [0] * 8, 800),
    ("evicts some and wraps", 3076, [0] * 11, 1200),
    ("evicts some and wraps over padding", 3000, [0] * 12, 1200),
    ("evicts all", 3076, [0] * 8, 2400),
    ("overwrites the middle of what is retained", 3076, [0] * 9 + [100] * 2, 800),
]


def text(number, length):
    return b'{"a":%d,"p":"%s"}' % (number, b"y" * length) if length else b'{"a":%d}' % number


class Death:
    """The file before an append, and all the steps of it."""

    def __init__(self, writer, pool, name, ring, lengths, last):
        self.name = name
        expect_equal(writer.create(pool, 4096 + 16 * SLOTS + ring, SLOTS).code, 0, "pool create")
        self.texts = [text(number, length) for number, length in enumerate([*lengths, last], 1)]
        expect_equal(writer.feed(pool, self.texts[:-1]).code, 0, "feed")
        self.before = PoolFile.read(f"{writer.folder}/{pool}.plasmite")
        expect_equal(writer.feed(pool, self.texts[-1:]).code, 0, "feed")
        self.after = PoolFile.read(f"{writer.folder}/{pool}.plasmite")
        self.frame = self.after.frames()[-1]
        # Where the wrap marker of this append goes.
        self.marker = None
        if self.frame.offset == 0 and self.after.ring_size - self.before.head >= FRAME_HEADER and self.before.head != 0:
            self.marker = self.before.head

    def steps(self):
        """Name and bytes of the file after each step of an append that publishes once."""
        data = bytearray(self.before.data)
        at, length = self.after.ring_offset + self.frame.offset, len(self.frame.payload)
        if self.marker is not None:
            start = self.after.ring_offset + self.marker
            data[start : start + FRAME_HEADER] = WRAP_MARKER
            yield "wrap marker", bytes(data)
        self._copy(data, at, FRAME_HEADER)
        data[at + 4 : at + 8] = WRITING
        yield "frame header", bytes(data)
        yield "half of the payload", self._copy(data, at + FRAME_HEADER, length // 2)
        yield "payload and marker", self._copy(data, at + FRAME_HEADER, length + len(MARKER))
        yield "committed", self._copy(data, at, FRAME_HEADER)
        yield "index slot", self._copy(data, 4096, 16 * SLOTS)

    def _copy(self, data, at, count):
        data[at : at + count] = self.after.data[at : at + count]
        return bytes(data)

    def survivors(self, step):
        """Sequences retained before, up to the newest, of which no byte was overwritten."""
        payload = len(self.frame.payload)
        written = {"wrap marker": 0, "frame header": FRAME_HEADER, "half of the payload": FRAME_HEADER + payload // 2}
        hit = [(self.frame.offset, self.frame.offset + written.get(step, frame_length(payload)))]
        if self.marker is not None:
            hit.append((self.marker, self.marker + FRAME_HEADER))
        kept = []
        for frame in reversed(self.before.frames()):
            end = frame.offset + frame_length(len(frame.payload))
            if any(start < end and frame.offset < stop for start, stop in hit):
                break
            kept.append(frame.sequence)
        return kept


def deaths(writer, random, count):
    """The table above, and some at random."""
    for number, (name, ring, lengths, last) in enumerate(DEATHS):
        yield Death(writer, f"death-{writer.name}-{number}", name, ring, lengths, last)
    for number in range(count):
        lengths = [random.choice([0, 1, 60, 200, random.randint(1, 700)]) for _ in range(random.randint(4, 16))]
        last = random.choice([0, 300, 900, 1400, 2000])
        yield Death(writer, f"chance-{writer.name}-{number}", f"{lengths} and {last}", random.randint(2700, 3600), lengths, last)


def some_steps(death, random, most):
    """Steps of a death, so many at most."""
    steps = list(death.steps())
    return steps if len(steps) <= most else random.sample(steps, most)


def healed_by_weir(weir, upstream, oldest, random, count):
    """Files of a dead upstream writer: an append of weir makes them healthy, and keeps what was not overwritten."""
    files = stuck = 0
    for death in deaths(upstream, random, count):
        for step, data in some_steps(death, random, 3):
            write(upstream, "dead", data)
            stuck += upstream.feed("dead", [b'{"z":0}']).code != 0
            write(weir, "dead", data)
            check_healed(weir, upstream, oldest, death, step)
            files += 1
    return f"{files} files, {stuck} of which take no append of upstream any more"


def check_healed(weir, upstream, oldest, death, step):
    context = f"{death.name}, died after: {step}"
    fed = weir.feed("dead", [b'{"z":1}'])
    expect_equal(fed.code, 0, f"{context}: weir feed: {fed}")
    findings = diagnosed(weir.doctor("dead")), diagnosed(upstream.doctor("dead"))
    expect_equal(findings[0][0], 0, f"{context}: {findings[0]}")
    expect_equal(findings[0], findings[1], f"{context}: doctor")
    shown = weir.everything("dead")
    expect_equal(shown.out, upstream.everything("dead").out, f"{context}: follow")
    messages = [json.loads(line) for line in shown.lines()]
    kept = {message["seq"]: message["data"] for message in messages}
    newest = messages[-1]["seq"]
    expect_equal(kept[newest], {"z": 1}, f"{context}: the newest message")
    file = PoolFile.read(f"{weir.folder}/dead.plasmite")
    survivors = death.survivors(step)
    for sequence in set(survivors) & set(kept):
        expect_equal(kept[sequence], json.loads(death.texts[sequence - 1]), f"{context}: seq {sequence}")
    # The dead writer's message may have been whole already: weir may keep it or not.
    predicted = [expected_state(death, survivors, adopted, file) for adopted in (False, True)]
    expect(file.state() in predicted, f"{context}: {file.state()} is none of {predicted}")
    expect_equal(upstream.feed("dead", [b'{"z":2}']).code, 0, f"{context}: upstream's next append")
    expect_equal(oldest.feed("dead", [b'{"z":3}']).code, 0, f"{context}: the next append of 0.8.0")
    tail = [json.loads(line)["data"] for line in weir.everything("dead").lines()[-3:]]
    expect_equal(tail, [{"z": 1}, {"z": 2}, {"z": 3}], f"{context}: after three appends")


def expected_state(death, survivors, adopted, file):
    """The header after recovery and one append."""
    ring = Ring(len(file.data), SLOTS)
    kept = [frame for frame in death.before.frames() if frame.sequence in survivors] + [death.frame] * adopted
    ring.retained = [(frame.offset, frame_length(len(frame.payload))) for frame in kept]
    ring.head = (death.after if adopted else death.before).head
    ring.newest = death.before.newest + adopted
    ring.append(len(file.frames()[-1].payload))
    return ring.state()


def harmless_to_upstream(weir, upstream, oldest, random, count):
    """Files of a dead weir, which publishes what it evicts first: upstream finds nothing wrong with them."""
    files = 0
    for death in deaths(weir, random, count):
        header = evicted_header(death)
        for step, data in [("evicted", death.before.data), *some_steps(death, random, 1)]:
            context = f"{death.name}, died after: {step}"
            write(upstream, "half", header + data[FIELDS_END:])
            report = diagnosed(upstream.doctor("half"))
            expect_equal(report[0], 0, f"{context}: upstream doctor: {report}")
            report = oldest.doctor("half")
            expect_equal(report.code, 0, f"{context}: doctor of 0.8.0: {report}")
            shown = upstream.everything("half")
            expect_equal(shown.code, 0, f"{context}: upstream follow: {shown}")
            kept = range(death.after.oldest, death.before.newest + 1)
            expect_equal([json.loads(line)["seq"] for line in shown.lines()], list(kept), f"{context}: upstream follow")
            expect_equal(upstream.feed("half", [b'{"z":1}']).code, 0, f"{context}: upstream feed")
            expect_equal(diagnosed(weir.doctor("half"))[0], 0, f"{context}: weir doctor after it")
            expect_equal(oldest.feed("half", [b'{"z":2}']).code, 0, f"{context}: feed of 0.8.0")
            files += 1
    return f"{files} files"


def evicted_header(death):
    """The first header that weir publishes: tail, tail_next and oldest_seq of the second, head and newest_seq as before."""
    before, after = death.before.data, death.after.data
    if death.after.oldest == death.after.newest:  # everything went
        head = before[64:72]
        return before[:64] + head + head + head + bytes(8) + before[96:FIELDS_END]
    return before[:72] + after[72:96] + before[96:FIELDS_END]

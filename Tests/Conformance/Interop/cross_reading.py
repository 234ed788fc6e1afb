"""Files of every writer, looked at by every reader: messages, bounds, health, and damage."""

import struct

from checks import expect, expect_equal
from poolfile import FRAME_HEADER, PoolFile

# File size, index slots, documents.
SHAPES = [(1 << 20, None, 150), (65_536, 4, 120), (8192, 0, 60), (6180, 4, 40)]


def described(outcome):
    """A pool's description without what depends on who asks, and when."""
    described = outcome.report()
    del described["path"]
    for name in ("newest_age_ms", "oldest_age_ms"):
        age = described["metrics"]["age"]
        age[name] = age[name] is not None
    return described


def diagnosed(outcome):
    """A doctor's report without paths and advice."""
    reports = outcome.report()["reports"]
    for report in reports:
        del report["path"]
        report["remediation_hints"] = [hint for hint in report["remediation_hints"] if hint.startswith("warning:")]
    return outcome.code, reports


def refused(outcome):
    """An exit code and what the error says for a program."""
    error = outcome.error()
    return outcome.code, error.get("kind"), error.get("message"), error.get("seq"), error.get("offset")


def written_by(writer, readers, corpus, random):
    """`readers` begins with the one that the others must agree with."""
    files = messages = 0
    for number, (size, index, count) in enumerate(SHAPES):
        pool = f"by-{writer.name}-{number}"
        expect_equal(writer.create(pool, size, index).code, 0, f"pool create of {size} bytes")
        fed = writer.feed(pool, corpus.choose(random, count, size // 8, tagged=writer.name != "0.8.0"))
        file = PoolFile.read(f"{writer.folder}/{pool}.plasmite")
        expect(file.newest > 0, f"nothing was stored: {fed}")
        expect_equal(file.newest, count, f"{writer.name}: messages stored in {size} bytes: {fed}")
        for reader in readers[1:]:
            agree(pool, file, readers[0], reader)
        files += 1
        messages += file.newest - file.oldest + 1
    return f"{files} files, {messages} messages retained, {len(readers)} readers"


def agree(pool, file, first, other):
    """One file, two readers."""
    oldest_generation = other.name == "0.8.0"
    if oldest_generation and file.has_padding():
        return  # its readers loop for ever there
    expected = first.everything(pool)
    expect_equal(expected.code, 0, f"{first.name} follow {pool}: {expected}")
    lines = expected.lines()
    expect_equal(len(lines), file.newest - file.oldest + 1, f"messages that {first.name} shows of {pool}")
    shown = other.everything(pool)
    if oldest_generation:
        count = len(shown.lines())
        expect(count > 0 and shown.lines() == lines[-count:], f"{other.name} follow {pool} shows something else")
    else:
        expect(shown.out == expected.out, f"{other.name} follow {pool}: {shown}\n{first.name}: {expected}")
    for sequence in sorted({file.oldest, (file.oldest + file.newest) // 2}):
        for reader in (first, other):
            fetched = reader.fetch(pool, sequence)
            expect(fetched.lines() == [lines[sequence - file.oldest]], f"{reader.name} fetch {pool} {sequence}: {fetched}")
    for sequence in (file.oldest - 1, file.newest + 1):
        expect_equal(refused(first.fetch(pool, sequence)), refused(other.fetch(pool, sequence)), f"fetch {pool} {sequence}")
    expect_equal(described(first.info(pool)), described(other.info(pool)), f"pool info {pool}")
    if not oldest_generation or file.tail_is_a_frame():
        expect_equal(diagnosed(first.doctor(pool)), diagnosed(other.doctor(pool)), f"doctor {pool}")
    if not oldest_generation:
        for arguments in (["--tail", "3", "--no-follow"], ["--tail", "1", "--one"]):
            ours, theirs = (reader.run("follow", pool, *arguments) for reader in (first, other))
            expect_equal((ours.code, ours.out), (theirs.code, theirs.out), f"follow {pool} {' '.join(arguments)}")


# ---- damage -----------------------------------------------------------------------------------------------------------

# Nine messages of 496 bytes in a ring of six and 100 bytes more: seqs 4 to 9, a wrap marker behind seq 6.
RING, SLOTS, COUNT, LENGTH = 6 * 496 + 100, 4, 9, 496
RING_OFFSET = 4096 + 16 * SLOTS
# A ring of six and 24 bytes more: end padding instead of a marker.
PADDED_RING = 6 * 496 + 24


def u64(value):
    return struct.pack("<Q", value)


def u32(value):
    return struct.pack("<I", value)


def in_frame(offset, field, value):
    return [(RING_OFFSET + offset + field, value)]


def header_damages():
    """Section 2.3: bytes to change, or a length to cut the file to."""
    yield "magic", [(0, b"X")]
    yield "an older version", [(4, u32(2))]
    yield "a newer version", [(4, u32(99))]
    yield "endianness", [(8, b"\2")]
    yield "no file size", [(16, u64(0))]
    yield "another file size", [(16, u64(RING_OFFSET + RING + 8))]
    yield "index offset", [(24, u64(8192))]
    yield "ring offset in the header", [(40, u64(64))]
    yield "ring offset", [(40, u64(RING_OFFSET + 16))]
    yield "more index slots", [(32, u32(5))]
    yield "index slots beyond the file", [(32, u32(0xFFFFFFFF))]
    yield "ring size", [(48, u64(RING - 8))]
    yield "ring size that overflows", [(48, u64(2**64 - 1))]
    for name, at in (("head", 64), ("tail", 72), ("tail_next", 80)):
        yield f"{name} out of range", [(at, u64(RING))]
        yield f"{name} far out of range", [(at, u64(2**63))]
        yield f"{name} not aligned", [(at, u64(996))]
    yield "bounds inverted", [(88, u64(10))]
    yield "empty, but head is not tail", [(88, u64(0))]
    for length in (0, 100, 4095, 4096, RING_OFFSET + RING - 1):
        yield f"cut to {length} bytes", length


def harmless_changes():
    yield "reserved bytes", [(9, b"\xff" * 7), (36, b"\xff" * 4), (104, b"\xff" * 100)]
    yield "flags", [(56, u64(2**64 - 1))]
    yield "frame flags and reserved bytes", in_frame(0, 8, u32(0xFFFFFFFF)) + in_frame(0, 44, b"\xff" * 20)
    yield "an index slot outside the ring", [(4096 + 8, u64(10**6))]
    yield "an index slot that is stale", [(4096 + 8, u64(8))]
    yield "an index slot of a sequence never used", [(4096, u64(400))]


def frame_damages():
    """Section 10. The tail is seq 4 at 1488; seq 7 lies at 0, seq 9 before the tail."""
    tail, middle, last = 3 * LENGTH, 0, 2 * LENGTH
    marker = FRAME_HEADER + 420
    for name, offset in (("tail", tail), ("middle", middle), ("newest", last)):
        yield f"{name}: magic", in_frame(offset, 0, b"X")
        yield f"{name}: writing", in_frame(offset, 4, u32(1))
        yield f"{name}: seq", in_frame(offset, 16, u64(77))
        yield f"{name}: commit marker", in_frame(offset, marker, b"X")
        if offset == last:
            continue
        yield f"{name}: state 7", in_frame(offset, 4, u32(7))
        yield f"{name}: empty", in_frame(offset, 4, u32(0))
        yield f"{name}: header length", in_frame(offset, 12, u32(65))
        yield f"{name}: length and its inverse", in_frame(offset, 36, u32(0))
        yield f"{name}: length above the limit", in_frame(offset, 32, u32(RING) + u32(RING ^ 0xFFFFFFFF))
        yield f"{name}: length beyond the ring", in_frame(offset, 32, u32(2900) + u32(2900 ^ 0xFFFFFFFF))
    yield "tail: a wrap marker", in_frame(tail, 4, u32(3))
    yield "middle: a wrap marker", in_frame(middle, 4, u32(3))
    yield "newest: a wrap marker", in_frame(last, 4, u32(3))
    yield "wrap marker: magic", in_frame(6 * LENGTH, 0, b"X")
    yield "wrap marker: writing", in_frame(6 * LENGTH, 4, u32(1))
    yield "head too far", [(64, u64(1488 + 496))]
    yield "head too near", [(64, u64(1488 - 496))]
    yield "newest too high", [(96, u64(10))]
    yield "newest too low", [(96, u64(8))]
    yield "oldest too high", [(88, u64(5))]
    yield "oldest too low", [(88, u64(3))]
    yield "tail_next wrong", [(80, u64(1488 + 504))]
    yield "tail_next zero", [(80, u64(0))]
    yield "tail on a later frame", [(72, u64(4 * LENGTH)), (80, u64(5 * LENGTH))]


def sample(upstream, pool, ring=RING):
    """A file for damage, made by upstream."""
    expect_equal(upstream.create(pool, RING_OFFSET + ring, SLOTS).code, 0, f"pool create {pool}")
    fed = upstream.feed(pool, [b'{"a":%d}' % number for number in range(1, COUNT + 1)])
    expect_equal(fed.code, 0, f"feed: {fed}")
    file = PoolFile.read(f"{upstream.folder}/{pool}.plasmite")
    expect_equal(file.state(), {"head": 1488, "tail": 1488, "tail_next": 1984, "oldest": 4, "newest": 9}, "sample")
    return file.data


def changed(data, change):
    if isinstance(change, int):
        return data[:change]
    data = bytearray(data)
    for at, value in change:
        data[at : at + len(value)] = value
    return bytes(data)


def write(program, pool, data):
    with open(f"{program.folder}/{pool}.plasmite", "wb") as file:
        file.write(data)


def damaged_header(weir, upstream, oldest):
    """Every program refuses the same headers with the same words, whatever it was asked to do."""
    data, count = sample(upstream, "sample-header"), 0
    for name, change in header_damages():
        write(weir, "broken", changed(data, change))
        # A short file has no message of the reference's: its kind counts.
        same = (lambda outcome: refused(outcome)[:2]) if isinstance(change, int) and change < 4096 else refused
        # All commands open a pool the same way: two of them each time.
        actions = [lambda program: program.everything("broken"), lambda program: program.fetch("broken", 7),
                   lambda program: program.info("broken"), lambda program: program.feed("broken", [b'{"z":1}'])]  # fmt: skip
        for action in actions[count % 2 :: 2]:
            ours, theirs = action(weir), action(upstream)
            expect(ours.code != 0, f"{name}: weir goes on: {ours}")
            expect_equal(same(ours), same(theirs), name)
        findings = [diagnosed(program.doctor("broken")) for program in (weir, upstream, oldest)]
        if same is not refused:
            for _, reports in findings:
                reports[0]["issues"][0]["message"] = ""
        expect_equal(findings[0], findings[1], f"{name}: doctor")
        expect_equal(findings[0], findings[2], f"{name}: doctor of 0.8.0")
        with open(f"{weir.folder}/broken.plasmite", "rb") as file:
            expect(file.read() == changed(data, change), f"{name}: the file was changed")
        count += 1
    return f"{count} headers, 5 commands"


def harmless(weir, upstream):
    data, count = sample(upstream, "sample-harmless"), 0
    for name, change in harmless_changes():
        write(weir, "odd", changed(data, change))
        expect_equal(diagnosed(weir.doctor("odd")), diagnosed(upstream.doctor("odd")), f"{name}: doctor")
        expect_equal(weir.everything("odd").out, upstream.everything("odd").out, f"{name}: follow")
        for sequence in (3, 4, 8, 9):
            ours, theirs = weir.fetch("odd", sequence), upstream.fetch("odd", sequence)
            expect_equal((refused(ours), ours.out), (refused(theirs), theirs.out), f"{name}: fetch {sequence}")
        expect_equal(weir.feed("odd", [b'{"z":1}']).code, 0, f"{name}: feed")
        expect_equal(upstream.feed("odd", [b'{"z":2}']).code, 0, f"{name}: feed")
        count += 1
    return f"{count} files"


def damaged_frames(weir, upstream):
    """Doctors agree, and readers fail where upstream's do; what weir repairs, upstream finds healthy."""
    data, count, healed = sample(upstream, "sample-frames"), 0, 0
    everything = upstream.everything("sample-frames").out
    for name, change in frame_damages():
        write(weir, "broken", changed(data, change))
        expect_equal(diagnosed(weir.doctor("broken")), diagnosed(upstream.doctor("broken")), f"{name}: doctor")
        ours, theirs = weir.everything("broken"), upstream.everything("broken")
        if theirs.code == 7:
            expect_equal(refused(ours)[:3], refused(theirs)[:3], f"{name}: follow")
        if ours.code == 0:  # also where upstream takes a wrong header for messages that were evicted
            expect(everything.startswith(ours.out), f"{name}: follow: {ours}")
        if weir.feed("broken", [b'{"z":1}']).code == 0:
            after = [diagnosed(program.doctor("broken")) for program in (weir, upstream)]
            expect_equal(after[0], after[1], f"{name}: doctor after weir appended")
            if after[0][0] == 0:
                healed += 1
                ours, theirs = weir.everything("broken"), upstream.everything("broken")
                expect(ours.out == theirs.out, f"{name}: follow after weir appended: {ours}, {theirs}")
        count += 1
    return f"{count} files, {healed} of them healed by an append"

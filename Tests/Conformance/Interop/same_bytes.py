"""The same documents, stored by upstream 1.2.1 and by weir in pools of the same shape, make the same bytes."""

import json
import os
import re

from checks import expect, expect_equal, Mismatch
from poolfile import PoolFile, Ring, first_difference, hex_rows, place

# (file size, index slots): the worked examples of the pool format among them. None: as many as the rule gives.
SHAPES = [
    (6060, 4), (6144, 4), (6180, 4), (4096 + 592, 0), (5000, 0), (5136, None), (6000, None), (8192, 0), (8192, 4),
    (9001, 16), (10240, None), (16384, 4), (32768, 0), (65536, None), (100_000, 4), (262_144, None), (1 << 20, None),
]  # fmt: skip
TIME = re.compile(rb',"time":"[^"]*"\}$')


def without_time(lines):
    return [TIME.sub(b"", line) for line in lines]


def all_documents(weir, upstream, corpus, size=64 << 20):
    """Payload by payload, and the lines that each program prints, in a pool that keeps them all."""
    fed = {weir: corpus.measure(weir, "all-weir", size), upstream: None}
    expect_equal(upstream.create("all-upstream", size).code, 0, "pool create")
    fed[upstream] = upstream.feed("all-upstream", corpus.texts)
    for program, outcome in fed.items():
        count = len(outcome.lines())
        expect(outcome.code == 0, f"{program.name} refuses document {count + 1}: {outcome}")
    printed = [without_time(outcome.lines()) for outcome in fed.values()]
    for text, ours, theirs in zip(corpus.texts, *printed):
        expect(ours == theirs, f"feed prints it differently: {text!r}\n{ours!r}\n{theirs!r}")
    for pool in ("all-weir", "all-upstream"):
        ours, theirs = (reader.everything(pool) for reader in (weir, upstream))
        expect(ours.out == theirs.out, f"weir and upstream show {pool} differently")
        expect_equal(len(ours.lines()), len(corpus.texts), f"messages shown of {pool}")
    mine, others = (PoolFile.read(f"{weir.folder}/{pool}.plasmite") for pool in ("all-weir", "all-upstream"))
    for left, right, text in zip(mine.frames(), others.frames(), corpus.texts):
        expect(left.payload == right.payload, lambda: describe_payload(left, right, text))
    expect_equal(mine.state(), others.state(), "header")
    return f"{len(corpus.texts)} documents, {sum(corpus.lengths) / 1e6:.1f} MB of payload"


def describe_payload(ours, theirs, text):
    at = first_difference(ours.payload, theirs.payload, bytes(max(len(ours.payload), len(theirs.payload))))
    return (f"seq {ours.sequence}: payloads of {len(ours.payload)} and {len(theirs.payload)} bytes differ at {at}\n"
            f"  weir\n{hex_rows(ours.payload, at)}\n  upstream\n{hex_rows(theirs.payload, at)}\n  {text[:2000]!r}")  # fmt: skip


def whole_files(weir, upstream, corpus, random):
    """Every byte of pools of many shapes, small enough to go round many times."""
    appends = rounds = compared = 0
    for number, (size, index) in enumerate(SHAPES):
        chosen, ring = choose(weir, size, index, corpus, random)
        files = {}
        for program in (weir, upstream):
            pool = f"shape{number}-{program.name}"
            expect_equal(program.create(pool, size, index).code, 0, f"{program.name} pool create of {size} bytes")
            fed = program.feed(pool, chosen)
            expect_equal(fed.code, 0, f"{program.name} feed into {size} bytes, {index} slots: {fed}")
            files[program] = PoolFile.read(f"{program.folder}/{pool}.plasmite")
        for program, file in files.items():
            expect_equal(file.state(), ring.state(), f"{program.name}: header of {size} bytes, {index} slots")
        ours, theirs = files[weir], files[upstream]
        at = first_difference(ours.data, theirs.data, ring.unpredictable)
        if at is not None:
            raise Mismatch(f"file of {size} bytes, {ours.index_capacity} slots, after {ring.newest} appends: "
                           f"{place(theirs, at)}\n  weir\n{hex_rows(ours.data, at)}\n"
                           f"  upstream\n{hex_rows(theirs.data, at)}")  # fmt: skip
        appends += len(chosen)
        rounds += ring.rounds
        compared += size
    return f"{len(SHAPES)} files, {appends} appends, {rounds} times round, {compared / 1e6:.1f} MB equal"


def choose(weir, size, index, corpus, random, least=40, most=250, rounds=12):
    """Documents that fit into such a pool and go round it some times, and the ring that they make."""
    if index is None:
        probe = weir.create(f"probe{size}", size)
        index = json.loads(probe.out)["created"][0]["index_capacity"]
        os.remove(f"{weir.folder}/probe{size}.plasmite")
    ring = Ring(size, index)
    fitting = [number for number, length in enumerate(corpus.lengths) if ring.takes(length)]
    expect(fitting, f"no document fits into {size} bytes with {index} slots")
    chosen = []
    while len(chosen) < least or (ring.rounds < rounds and len(chosen) < most):
        chosen.append(random.choice(fitting))
        ring.append(corpus.lengths[chosen[-1]])
    return [corpus.texts[number] for number in chosen], ring

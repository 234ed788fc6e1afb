"""Pool files as bytes, and a model of the ring: written from Documentation/pool-format.md alone, so that it can judge."""

import struct

HEADER_BYTES = 4096
FRAME_HEADER = 64
MARKER = b"PLSMCMIT"
COMMITTED, WRAP = 2, 3
# Header words that belong to Weir; everybody else leaves them 0.
RESERVED_BY_WEIR = [(3968, 4), (4032, 4)]
# In a frame: what depends on when it was written, or by whom.
FRAME_TIME, FRAME_CHECKSUM = (24, 8), (40, 4)


def frame_length(payload):
    return (FRAME_HEADER + payload + len(MARKER) + 7) & ~7


class Frame:
    """One committed frame of a file."""

    def __init__(self, sequence, offset, payload):
        self.sequence, self.offset, self.payload = sequence, offset, payload


class PoolFile:
    """A file's bytes and what its header says."""

    FIELDS = {"head": 64, "tail": 72, "tail_next": 80, "oldest": 88, "newest": 96}

    def __init__(self, data):
        self.data = bytes(data)
        (self.index_capacity,) = struct.unpack_from("<I", self.data, 32)
        self.ring_offset, self.ring_size = struct.unpack_from("<QQ", self.data, 40)
        self.head, self.tail, self.tail_next, self.oldest, self.newest = struct.unpack_from("<5Q", self.data, 64)

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            return cls(file.read())

    def state(self):
        return {name: getattr(self, name) for name in self.FIELDS}

    def word(self, at):
        return struct.unpack_from("<Q", self.data, at)[0]

    def frames(self):
        """The retained frames, oldest first."""
        offset, found = self.tail, []
        for sequence in range(self.oldest, self.newest + 1) if self.oldest else []:
            if self._wraps(offset):
                offset = 0
            at = self.ring_offset + offset
            magic, state, _, _, stored, _, length = struct.unpack_from("<4sIIIQQI", self.data, at)
            if (magic, state, stored) != (b"FRM1", COMMITTED, sequence):
                raise ValueError(f"no committed frame of seq {sequence} at ring offset {offset}")
            start = at + FRAME_HEADER
            found.append(Frame(sequence, offset, self.data[start : start + length]))
            offset = (offset + frame_length(length)) % self.ring_size
        return found

    def _wraps(self, offset):
        if self.ring_size - offset < FRAME_HEADER:
            return True
        magic, state = struct.unpack_from("<4sI", self.data, self.ring_offset + offset)
        return magic == b"FRM1" and state == WRAP

    def has_padding(self):
        """Whether fewer bytes than a frame header lie between the last frame before the ring's end and that end, and are
        part of what is retained: the oldest generation of readers loops there."""
        if not self.oldest:
            return False
        if self.ring_size - self.tail < FRAME_HEADER:
            return True
        ends = {frame.offset + frame_length(len(frame.payload)) for frame in self.frames()}
        return any(0 < self.ring_size - end < FRAME_HEADER for end in ends)

    def tail_is_a_frame(self):
        """The oldest generation of writers may leave the tail on a wrap marker or in end padding."""
        return not self.oldest or not self._wraps(self.tail)


class Ring:
    """Predicts what a sequence of appends does to the header, and where in the file the times and checksums are."""

    def __init__(self, file_size, index_capacity):
        self.size = file_size - HEADER_BYTES - 16 * index_capacity
        self.ring_offset = HEADER_BYTES + 16 * index_capacity
        self.head = self.newest = self.rounds = 0
        self.retained = []  # (offset, length), oldest first
        self.unpredictable = bytearray(file_size)
        for at, count in RESERVED_BY_WEIR:
            self._mark(at, count, 1)

    def _mark(self, at, count, value):
        self.unpredictable[at : at + count] = bytes([value]) * count

    def _used(self):
        if not self.retained:
            return 0
        tail = self.retained[0][0]
        return self.head - tail if self.head > tail else self.size - tail + self.head

    def takes(self, payload):
        return payload <= self.size - FRAME_HEADER - len(MARKER) and frame_length(payload) <= self.size

    def append(self, payload):
        """One message of so many bytes: sections 5.3 and 5.4, with the tail always on a frame."""
        length, room = frame_length(payload), self.size - self.head
        must_wrap = room < length
        while self.retained:
            wanted = length + (min(room, FRAME_HEADER) if must_wrap else 0)
            if self.size - self._used() >= wanted and not (must_wrap and self.retained[0][0] < length):
                break
            self.retained.pop(0)
        if must_wrap and room >= FRAME_HEADER:
            self._mark(self.ring_offset + self.head, FRAME_HEADER, 0)
        self.rounds += must_wrap
        offset = 0 if must_wrap else self.head
        at = self.ring_offset + offset
        self._mark(at, FRAME_HEADER + payload + len(MARKER), 0)
        for start, count in (FRAME_TIME, FRAME_CHECKSUM):
            self._mark(at + start, count, 1)
        self.retained.append((offset, length))
        self.head = (offset + length) % self.size
        self.newest += 1

    def state(self):
        tail, length = self.retained[0] if self.retained else (self.head, 0)
        return {
            "head": self.head, "tail": tail, "tail_next": (tail + length) % self.size,
            "oldest": self.newest - len(self.retained) + 1 if self.retained else 0, "newest": self.newest,
        }  # fmt: skip


def first_difference(left, right, unpredictable):
    """The first byte that differs where it must not; None if there is none."""
    if len(left) != len(right):
        return min(len(left), len(right))
    mask = int.from_bytes(unpredictable, "little") * 0xFF
    difference = (int.from_bytes(left, "little") ^ int.from_bytes(right, "little")) & ~mask
    return None if difference == 0 else ((difference & -difference).bit_length() - 1) // 8


def place(pool, at):
    """Words for a file offset."""
    if at < HEADER_BYTES:
        name = next((name for name, start in PoolFile.FIELDS.items() if start <= at < start + 8), "header")
        return f"{name} (file offset {at})"
    if at < pool.ring_offset:
        return f"index slot {(at - HEADER_BYTES) // 16} byte {(at - HEADER_BYTES) % 16}"
    ring = at - pool.ring_offset
    for frame in pool.frames():
        inside = ring - frame.offset
        if 0 <= inside < frame_length(len(frame.payload)):
            part = f"header byte {inside}" if inside < FRAME_HEADER else f"payload byte {inside - FRAME_HEADER}"
            return f"ring offset {ring}: seq {frame.sequence}, {part} of {len(frame.payload)}"
    return f"ring offset {ring}: in no retained frame"


def hex_rows(data, around, rows=3):
    """A few rows of bytes around an offset."""
    start = max(0, (around & ~15) - 16)
    return "\n".join(
        f"    {at:06x}  {data[at : at + 16].hex(' ')}" for at in range(start, min(len(data), start + 16 * rows), 16))

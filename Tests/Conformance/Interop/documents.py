"""Random JSON objects, as text, that every implementation stores the same way.

Left out is what upstream does not do exactly: most decimal fractions (it parses and prints them an ulp off now and then),
keys that contain U+0000 (it cuts them off), and colliding keys on both sides of 63 bytes (it refuses them).
"""

import json

from poolfile import PoolFile

# The ends of the integers, and what is just beyond them.
INTEGERS = [0, 1, -1, 9, 10, 255, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
BEYOND = ["9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "1e20", "1e300"]
FRACTIONS = ["0.5", "-0.25", "1.0", "1e2", "1E+2", "-0", "-0.0", "0e5", "125e-3", "1.5e10", "0.0009765625"]
# Keys with the hash of each other.
COLLIDING = ("Bb", "CA")
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCXYZ0123456789_-. ", "\"\\/\b\f\n\r\t\x01\x1f\x7f", "äöüßéñ", "\u0301\u0308\u00e9e",
    "日本語文字", "\U0001f600\U0001f468\u200d\U0001f469", "\u2028\u2029\ufeff\ufffd", "Ω≈ç√∫˜µ≤≥÷",
]  # fmt: skip


class Documents:
    """A source of documents; the same seed gives the same ones."""

    def __init__(self, random):
        self.random = random

    def data(self, size):
        """The data of a message, as UTF-8 JSON text on one line. The size, from 0 to 3, says how much there may be in it."""
        return self.object(size).encode()

    def message(self, size):
        """A whole message with tags: every implementation but the oldest takes data and tags out of it."""
        tags = [self.literal(self.string(12)) for _ in range(self.random.choice([0, 1, 1, 2, 3, 9]))]
        members = [f'"seq":{self.random.randint(1, 2**40)}', '"time":"2026-03-01T12:00:00.5Z"',
                   f'"meta":{{"tags":[{",".join(tags)}]}}', f'"data":{self.object(size)}']  # fmt: skip
        self.random.shuffle(members)
        return f"{{{','.join(members)}}}".encode()

    def object(self, size, depth=2):
        count = self.random.choice([[0, 1, 2], [0, 1, 3, 7, 8], [5, 7, 8, 20, 60], [30, 51, 120, 400]][size])
        keys = [self.key() for _ in range(count)]
        if self.random.random() < 0.15:
            keys += self.colliding(self.random.choice([2, 4] if size < 2 else [4, 8, 16, 32]))
        if keys and self.random.random() < 0.1:
            keys.append(self.random.choice(keys))
        self.random.shuffle(keys)
        members = [f"{self.literal(key)}:{self.space()}{self.value(size, depth)}" for key in keys]
        return f"{{{self.space()}{','.join(members)}{self.space()}}}"

    def array(self, size, depth):
        count = self.random.choice([[0, 1, 2], [0, 1, 7, 8], [3, 9, 30], [50, 64, 200]][size])
        return f"[{','.join(self.value(size, depth) for _ in range(count))}]"

    def value(self, size, depth):
        kind = self.random.random()
        if depth < 32 and kind < 0.16:
            smaller = max(0, size - self.random.choice([1, 1, 2]))
            return self.object(smaller, depth + 1) if kind < 0.09 else self.array(smaller, depth + 1)
        if kind < 0.17 and size > 0:
            return self.nest(self.random.randint(1, 32 - depth)) if depth < 32 else "null"
        if kind < 0.45:
            return self.number()
        if kind < 0.62:
            return self.random.choice(["true", "false", "null"])
        longest = [12, 40, 100, 100][size]
        return self.literal(self.string(5000 if size == 3 and kind > 0.995 else longest))

    def nest(self, depth):
        """Containers in each other, and nothing else."""
        text = self.random.choice(["{}", "[]", "[1]", '{"x":null}'])
        for _ in range(depth - 1):
            text = f"[{text}]" if self.random.random() < 0.5 else f'{{"n":{text}}}'
        return text

    def number(self):
        kind = self.random.random()
        if kind < 0.25:
            return str(self.random.choice(INTEGERS))
        if kind < 0.32:
            return self.random.choice(BEYOND + FRACTIONS)
        if kind < 0.6:
            return str(self.random.randint(-(2**63), 2**63 - 1) >> self.random.choice([0, 8, 32, 50]))
        # A dyadic fraction with few digits: exact in every parser.
        return repr(self.random.randint(-(2**20), 2**20) / 2 ** self.random.randint(0, 8))

    def key(self):
        kind = self.random.random()
        if kind < 0.02:
            return "k" * self.random.choice([61, 62, 63, 64, 100])
        if kind < 0.022:
            return "K" * self.random.choice([16381, 16382, 16383, 16384])
        return self.string(14)

    def colliding(self, count):
        """Keys of one hash, which must be equally long."""
        bits = max(1, (count - 1).bit_length())
        return ["".join(COLLIDING[number >> bit & 1] for bit in range(bits)) for number in range(count)]

    def string(self, longest):
        # The value that a string of 90 bytes makes has the size of a node, and is aligned like one.
        if longest >= 100 and self.random.random() < 0.1:
            return "x" * self.random.choice([88, 89, 90, 91, 92])
        alphabet = self.random.choice(ALPHABETS)
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, longest)))

    def literal(self, text):
        """A string as JSON: raw, or with everything escaped that can be."""
        return json.dumps(text, ensure_ascii=self.random.random() < 0.3)

    def space(self):
        return self.random.choice(["", "", "", " ", "  ", "\t"])


class Corpus:
    """Documents, and how long the payload of each is: what weir makes of them says so, and upstream has to agree."""

    def __init__(self, random, count):
        source = Documents(random)
        sizes = [random.choice([0, 0, 0, 1, 1, 1, 2, 2, 3]) for _ in range(count)]
        self.tagged = [random.random() < 0.4 for _ in sizes]
        self.texts = [
            source.message(size) if tagged else source.data(size) for size, tagged in zip(sizes, self.tagged)]
        self.lengths = []

    def measure(self, weir, pool, size=64 << 20):
        """Stores all of them; returns how the storing ended."""
        weir.create(pool, size)
        fed = weir.feed(pool, self.texts)
        self.lengths = [len(frame.payload) for frame in PoolFile.read(f"{weir.folder}/{pool}.plasmite").frames()]
        return fed

    def choose(self, random, count, longest, tagged=True):
        """Some of the documents whose payload is not longer than this."""
        fitting = [text for text, length, has_tags in zip(self.texts, self.lengths, self.tagged)
                   if length <= longest and (tagged or not has_tags)]  # fmt: skip
        return [random.choice(fitting) for _ in range(count)]

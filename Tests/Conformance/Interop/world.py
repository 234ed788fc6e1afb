"""Everything the checks share, and the list of them."""

import os
import random

import cross_reading
import deaths
import in_turns
import same_bytes
import together
from checks import Skip
from documents import Corpus
from programs import Upstream0, Upstream1, Weir

WINE = "Scripts/wine"
# Upstream's programs bring the one library that Wine lacks.
WINE_SETTINGS = {"WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=;bcryptprimitives=n,b"}


class World:
    """The programs, a folder for pools, and a source of chance."""

    def __init__(self, folder, weir, weir_exe, upstream, chance):
        self.folder, self.random, self.attempts = folder, chance, 0
        self.weir = Weir("weir", [weir], folder, {})
        self.upstream = Upstream1("1.2.1", [WINE, upstream["1.2.1"]], folder, WINE_SETTINGS)
        self.oldest = Upstream0("0.8.0", [WINE, upstream["0.8.0"]], folder, WINE_SETTINGS)
        self.weir_exe = Weir("weir.exe", [WINE, weir_exe], folder, WINE_SETTINGS) if os.path.exists(weir_exe) else None
        # Wine starts its services with its first program and ends them with the last. Once this one has answered they are
        # there: so no other program starts them, which would hand them its pipes.
        self._first = self.upstream.clerk()

    def fresh_folder(self):
        """Gives the next check a folder of its own."""
        self.attempts += 1
        folder = f"{self.folder}/{self.attempts}"
        os.mkdir(folder)
        for program in (self.weir, self.upstream, self.oldest, self.weir_exe):
            if program is not None:
                program.folder = folder

    def close(self):
        self._first.session.process.kill()

    def chance(self):
        """A source for one check, whichever others run."""
        return random.Random(self.random.random())


def run(checks, world, documents):
    """All checks, in an order that goes from bytes to processes."""
    weir, upstream, oldest, windows = world.weir, world.upstream, world.oldest, world.weir_exe
    corpus = Corpus(world.chance(), documents)
    corpus.measure(weir, "corpus")
    seeds = [world.chance() for _ in range(20)]

    checks.run("documents have the same bytes", same_bytes.all_documents, weir, upstream, corpus)
    checks.run("files have the same bytes", same_bytes.whole_files, weir, upstream, corpus, seeds[0])
    for seed, writer in enumerate((weir, upstream, oldest), 1):
        checks.run(f"files of {writer.name} read the same", cross_reading.written_by, writer, [weir, upstream, oldest],
                   corpus, seeds[seed])  # fmt: skip
    checks.run("odd files are accepted", cross_reading.harmless, weir, upstream)
    checks.run("damaged headers are refused", cross_reading.damaged_header, weir, upstream, oldest)
    checks.run("damaged frames are found", cross_reading.damaged_frames, weir, upstream)
    checks.run("appending in turns, frames aligned", in_turns.rounds, weir, upstream, oldest, seeds[4], True, 150)
    checks.run("appending in turns, frames of any size", in_turns.rounds, weir, upstream, oldest, seeds[5], False, 150)
    checks.run("weir heals what upstream leaves", deaths.healed_by_weir, weir, upstream, oldest, seeds[6], 8)
    checks.run("what weir leaves is sound to upstream", deaths.harmless_to_upstream, weir, upstream, oldest, seeds[7], 8)
    if windows is None:
        checks.run("side by side", _skip, "there is no weir.exe: run Scripts/windows-build")
        return
    checks.run("side by side", together.write_and_follow, "beside", [windows, upstream, oldest], [windows, upstream],
               seeds[8], 1500)  # fmt: skip
    checks.run("side by side, two of weir", together.write_and_follow, "beside2", [windows, upstream, oldest, windows],
               [windows, upstream, windows], seeds[9], 800)  # fmt: skip
    for seed, (victim, others, followers) in enumerate([
        (windows, [windows, upstream, oldest], [windows, upstream]),
        # Until the next append after its death upstream's own followers may find damage: section 5.6.
        (upstream, [windows], [windows]), (oldest, [windows], [windows]),
    ], 10):  # fmt: skip
        checks.run(f"writers of {victim.name} are killed", together.survive_killed_writers, f"killed{seed}", victim, others,
                   followers, seeds[seed], 30)  # fmt: skip


def _skip(reason):
    raise Skip(reason)

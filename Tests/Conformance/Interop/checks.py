"""Runs checks: one line each, what is wrong indented below it, a count at the end."""

import time
import traceback


class Mismatch(Exception):
    """What was expected, and what was there instead."""


class Skip(Exception):
    """Why a check has nothing to look at here."""


class WineFault(Exception):
    """Wine ended a process by itself: by a signal, or silently. Seen about once in two thousand processes, of upstream's as of
    ours, while a process with several threads exits."""


def expect(condition, *words):
    """Ends the check unless `condition` holds. Words may be functions, called only then."""
    if not condition:
        raise Mismatch(" ".join(str(word() if callable(word) else word) for word in words))


def expect_equal(left, right, what):
    """Ends the check, with both values, unless they are the same."""
    if left != right:
        raise Mismatch(f"{what}: {shown(left)} is not {shown(right)}")


def shown(value, limit=600):
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


class Checks:
    """The tally."""

    def __init__(self, only, prepare):
        self.only, self.prepare = only, prepare
        self.passed = self.failed = self.skipped = 0

    def run(self, title, body, *arguments):
        """Runs one check; what it returns are its figures."""
        if self.only not in title:
            return
        began, note = time.monotonic(), ""
        try:
            self.prepare()
            try:
                figures = body(*arguments)
            except WineFault as fault:
                note = f" (again, since {fault})"
                self.prepare()
                figures = body(*arguments)
        except Skip as reason:
            self.skipped += 1
            self._line("skipped", title, began, str(reason))
        except Mismatch as mismatch:
            self.failed += 1
            self._line("FAILED", title, began)
            self._indented(str(mismatch))
        except Exception:  # a check that breaks is a check that failed
            self.failed += 1
            self._line("FAILED", title, began)
            self._indented(traceback.format_exc())
        else:
            self.passed += 1
            self._line("passed", title, began, (figures or "") + note)

    def _line(self, verdict, title, began, remark=""):
        print(f"{verdict:8}{title:58}{time.monotonic() - began:6.1f} s  {remark}".rstrip(), flush=True)

    def _indented(self, text):
        for line in text.rstrip().splitlines():
            print(f"  | {line}", flush=True)

    def close(self):
        """Prints the count; the exit status."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0

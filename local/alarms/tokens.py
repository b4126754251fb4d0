"""Texts taken apart into words, for the two small languages that alarms are written in."""

from __future__ import annotations

import re

from local.alarms.problems import NotKnown


class Tokens:
    """A text, word by word.

    Attributes:
        kind: The group of the pattern that the current word belongs to.
        word: The current word, nothing at the end.
    """

    def __init__(self, text: str, pattern: re.Pattern[str], language: str) -> None:
        self._text = text
        self._pattern = pattern
        self._language = language
        self._place = 0
        self.kind = self.word = ""
        self.advance()

    def advance(self) -> None:
        """Go on to the next word."""
        found = self._pattern.match(self._text, self._place)
        if not found or not found.lastgroup:
            self.word = self._text[self._place :].strip()[:1]
            raise self.unexpected()
        self._place, self.kind, self.word = found.end(), found.lastgroup, found[found.lastgroup]

    def expect(self, word: str) -> None:
        """Go on after this word; nothing is the end."""
        if self.word != word:
            raise self.unexpected()
        self.advance()

    def unexpected(self) -> NotKnown:
        """What to raise where the current word makes no sense."""
        what = f"{self.word!r} was not expected" if self.word else "it ends too early"
        return NotKnown(f"{self._text!r} is no {self._language} that the local runtime knows: {what}")

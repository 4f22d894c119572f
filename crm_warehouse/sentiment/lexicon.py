"""The word lists of words/, one per language, which people may add to.

Belongs here: reading and looking up. Does not: what a text with these words sounds like (analyzer.py).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORDS_DIR = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(path.stem for path in WORDS_DIR.glob("*.csv")))

# What joins a phrase to one word: no punctuation, which VADER takes off.
JOINER = "·"


@dataclass(frozen=True)
class Word:
    """One row of a word list.

    Attributes:
        kind: word, negation, booster or dampener.
        term: What a text is searched for: a word, a phrase joined to one, or a beginning that ends in `*`.
        phrase: The same with spaces, as texts have it.
        valence: -4 (most negative) to 4; None where VADER's own lexicon has it.
        emotion: anger, disappointment or nothing.
    """

    kind: str
    term: str
    phrase: str
    valence: float | None
    emotion: str


def read_words(language: str) -> Iterator[Word]:
    """The word list of one of `LANGUAGES`."""
    with (WORDS_DIR / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Word(
                kind=row["kind"],
                term=row["term"].replace(" ", JOINER),
                phrase=row["term"],
                valence=float(row["valence"]) if row["valence"] else None,
                emotion=row["emotion"],
            )


class Lexicon(dict[str, float]):
    """A lexicon in which `frech*` stands for every word that begins so; the longest beginning counts."""

    def __init__(self, values: dict[str, float]) -> None:
        """`values` by word; a word that ends in `*` is a beginning."""
        super().__init__({word: value for word, value in values.items() if not word.endswith("*")})
        self._stems = {word[:-1]: value for word, value in values.items() if word.endswith("*")}
        self._lengths = sorted({len(stem) for stem in self._stems}, reverse=True)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and (super().__contains__(word) or self._stem(word) is not None)

    def __getitem__(self, word: str) -> float:
        if super().__contains__(word):
            return super().__getitem__(word)
        stem = self._stem(word)
        if stem is None:
            raise KeyError(word)
        return self._stems[stem]

    def _stem(self, word: str) -> str | None:
        return next((word[:n] for n in self._lengths if len(word) >= n and word[:n] in self._stems), None)

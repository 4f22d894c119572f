"""VADER (Hutto & Gilbert 2014) for the languages that shops of Europe hear, and two emotions beside it.

Belongs here: text in, scores out. Does not: which texts, and where scores are kept (step.py).

NLTK keeps the method, py3langid tells the language. The English lexicon is the authors' own; the other languages, the
emotions and what shops hear besides are tables in words/, made for people to add to.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from nltk.sentiment.vader import SentimentIntensityAnalyzer, SentiText, VaderConstants
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from crm_warehouse.sentiment.lexicon import JOINER, LANGUAGES, Lexicon, read_words

# The authors' own threshold between neutral and negative.
NEGATIVE_BELOW = -0.05

# Mails quote what they answer; the first pages say how somebody sounds, and a pasted log would only cost time.
MAX_CHARACTERS = 4000
_QUOTED = re.compile(
    r"^\s*(>|-{2,}\s*(original|ursprüngliche|message d|oorspronkelijk|messaggio)).*", re.I | re.M
)

# Six languages share many short words. Another language is believed only where the model of all is this sure.
_SURE_OF_ANOTHER = 0.9
_MIN_LETTERS_FOR_ANOTHER = 20
_NEGATION_REACH = 3
# VADER looks three words back, over the end of a sentence: three words of nothing keep sentences apart.
_CLAUSE_END = re.compile(r"([.!?;:,]+)(?=\s)|\n+")
_APART = r"\1 ·· ·· ·· "


@dataclass(frozen=True)
class Sentiment:
    """How one text sounds.

    Attributes:
        language_code: Language it was read as (ISO 639).
        score: VADER's compound, -1 (most negative) to 1; None in a language without words.
        is_angry: Negative, and with a word of anger that is not negated.
        is_disappointed: Negative, and with a word of disappointment that is not negated.
    """

    language_code: str
    score: float | None
    is_angry: bool = False
    is_disappointed: bool = False


def analyze(text: str) -> Sentiment:
    """Score one text; what has no letters is neutral."""
    text = _own_words(text)
    language = _language(text)
    if language not in LANGUAGES:
        return Sentiment(language, None)
    return _analyzer(language).analyze(text)


class _Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]  # nltk has no types
    """VADER with one language's words."""

    def __init__(self, language: str) -> None:
        # Not super().__init__: it would look for an English lexicon that has to be downloaded.
        words = list(read_words(language))
        values = _vader_lexicon() if language == "en" else {}
        values |= {w.term: w.valence for w in words if w.kind == "word" and w.valence is not None}
        self.language = language
        self.lexicon = Lexicon(values)
        self.constants = VaderConstants()
        if language != "en":
            self.constants.NEGATE = {w.term for w in words if w.kind == "negation"}
            self.constants.BOOSTER_DICT = {
                w.term: self.constants.B_INCR if w.kind == "booster" else self.constants.B_DECR
                for w in words
                if w.kind in {"booster", "dampener"}
            }
            self.constants.SPECIAL_CASE_IDIOMS = {}
        self._anger = Lexicon({w.term: 1 for w in words if w.emotion == "anger"})
        self._disappointment = Lexicon({w.term: 1 for w in words if w.emotion == "disappointment"})
        phrases = sorted((w.phrase for w in words if " " in w.phrase), key=len, reverse=True)
        self._phrases = re.compile(rf"\b({'|'.join(map(re.escape, phrases))})\b", re.I)

    def analyze(self, text: str) -> Sentiment:
        text = self._phrases.sub(lambda match: match[0].replace(" ", JOINER), text)
        text = _CLAUSE_END.sub(_APART, text)
        score: float = self.polarity_scores(text)["compound"]
        if score >= NEGATIVE_BELOW:
            return Sentiment(self.language, score)
        tokens = [
            token.lower()
            for token in SentiText(
                text, self.constants.PUNC_LIST, self.constants.REGEX_REMOVE_PUNCTUATION
            ).words_and_emoticons
        ]
        return Sentiment(
            self.language, score, self._says(tokens, self._anger), self._says(tokens, self._disappointment)
        )

    def _says(self, tokens: list[str], emotion: Lexicon) -> bool:
        return any(
            token in emotion and not self.constants.negated(tokens[max(0, i - _NEGATION_REACH) : i])
            for i, token in enumerate(tokens)
        )


def _vader_lexicon() -> dict[str, float]:
    lines = (resources.files("vaderSentiment") / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    return {word: float(value) for word, value, *_ in (line.split("\t") for line in lines if line.strip())}


@lru_cache(maxsize=len(LANGUAGES))
def _analyzer(language: str) -> _Analyzer:
    return _Analyzer(language)


@lru_cache(maxsize=2)
def _identifier(*, of_ours: bool) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if of_ours:
        identifier.set_languages(LANGUAGES)
    return identifier


def _own_words(text: str) -> str:
    return _QUOTED.sub("", text[:MAX_CHARACTERS])


def _language(text: str) -> str:
    if sum(map(str.isalpha, text)) >= _MIN_LETTERS_FOR_ANOTHER:
        language, confidence = _identifier(of_ours=False).classify(text)
        if language in LANGUAGES or confidence >= _SURE_OF_ANOTHER:
            return str(language)
    return str(_identifier(of_ours=True).classify(text)[0])

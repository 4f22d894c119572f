"""How sentences sound that no list was made from, in every language that has one."""

import pytest

from crm_warehouse.sentiment.analyzer import MAX_CHARACTERS, analyze
from crm_warehouse.sentiment.lexicon import LANGUAGES, Lexicon, read_words

NEGATIVE = {
    "en": "The jacket fell apart after one week, terrible quality.",
    "de": "Die Jacke ist nach einer Woche auseinandergefallen, wirklich schlechte Qualität.",
    "fr": "La veste s'est déchirée après une semaine, la qualité est vraiment mauvaise.",
    "nl": "De jas viel na een week uit elkaar, echt een slechte kwaliteit.",
    "es": "La chaqueta se rompió después de una semana, la calidad es pésima.",
    "it": "La giacca si è strappata dopo una settimana, la qualità è davvero pessima.",
}
POSITIVE = {
    "en": "The parcel came yesterday and we love it, thank you for the great help.",
    "de": "Das Paket kam gestern an und wir sind begeistert, vielen Dank für die nette Hilfe.",
    "fr": "Le colis est arrivé hier et nous sommes ravis, merci beaucoup pour votre aide.",
    "nl": "Het pakket kwam gisteren aan en we zijn erg tevreden, bedankt voor de hulp.",
    "es": "El paquete llegó ayer y estamos encantados, muchas gracias por la ayuda.",
    "it": "Il pacco è arrivato ieri e siamo molto contenti, grazie per il vostro aiuto.",
}
NEUTRAL = {
    "en": "Which sizes do you have of the blue shirt in the window?",
    "de": "Welche Größen habt ihr von dem blauen Hemd im Schaufenster?",
    "fr": "Quelles tailles avez-vous de la chemise bleue dans la vitrine ?",
    "nl": "Welke maten hebben jullie van het blauwe overhemd in de etalage?",
    "es": "¿Qué tallas tienen de la camisa azul que está en el escaparate?",
    "it": "Quali taglie avete della camicia azzurra che è in vetrina?",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_knows_bad_good_and_neither(language: str) -> None:
    bad, good, neither = (analyze(texts[language]) for texts in (NEGATIVE, POSITIVE, NEUTRAL))
    assert {bad.language_code, good.language_code, neither.language_code} == {language}
    assert bad.score is not None and bad.score < -0.3
    assert good.score is not None and good.score > 0.3
    assert neither.score == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    ("text", "is_angry", "is_disappointed"),
    [
        ("This is outrageous, I want my money back now!", True, False),
        ("I expected better from you, what a let down.", False, True),
        ("I am not angry, I only want to know where it is.", False, False),
        ("Je suis furieux, c'est une honte.", True, False),
        ("Wir sind von der Farbe enttäuscht.", False, True),
        ("Wir waren nicht enttäuscht, alles prima!", False, False),
        ("Zo teleurgesteld en boos ben ik nog nooit geweest.", True, True),
        ("Der Reißverschluss ist kaputt.", False, False),
    ],
)
def test_anger_and_disappointment_are_told_apart_and_negation_undoes_them(
    text: str, is_angry: bool, is_disappointed: bool
) -> None:
    found = analyze(text)
    assert (found.is_angry, found.is_disappointed) == (is_angry, is_disappointed)


def test_negation_ends_with_its_sentence() -> None:
    together = analyze("Ich habe die Tasche nicht. Furchtbar!")
    assert together.score is not None and together.score < -0.3


def test_a_language_without_words_has_no_score_rather_than_a_neutral_one() -> None:
    polish = analyze("Gdzie jest moja paczka? Czekam już dwa tygodnie i jestem bardzo zły na was.")
    assert (polish.language_code, polish.score) == ("pl", None)


@pytest.mark.parametrize("text", ["", "   ", "12345", "🙂", "\x00", "a" * (MAX_CHARACTERS * 3)])
def test_what_is_no_text_is_neutral(text: str) -> None:
    assert analyze(text).score in {0.0, None}


def test_what_a_mail_quotes_is_not_the_customers_tone() -> None:
    assert (
        analyze("Thank you!\n> This is ridiculous, a scam!\n> I am furious").score
        == analyze("Thank you!").score
    )


def test_the_longest_beginning_of_a_word_counts() -> None:
    lexicon = Lexicon({"gut": 2, "enttäusch*": -2, "enttäuschungs*": -1})
    assert "gutschein" not in lexicon
    assert (lexicon["enttäuscht"], lexicon["enttäuschungsfrei"]) == (-2, -1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_lists_hold_what_the_analyzer_understands(language: str) -> None:
    words = list(read_words(language))
    assert {word.kind for word in words} <= {"word", "negation", "booster", "dampener"}
    assert {word.emotion for word in words} == {"", "anger", "disappointment"}
    assert all(-4 <= word.valence <= 4 for word in words if word.valence is not None)
    assert [word.term for word in words if word.term != word.term.lower()] == []
    # Only English borrows values: from VADER's own lexicon.
    assert language == "en" or all(word.valence is not None for word in words if word.kind == "word")

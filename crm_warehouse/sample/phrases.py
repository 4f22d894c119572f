"""What people and agents write in tickets."""

# topic, tone (0 friendly, 1 neutral, 2 angry): subject, first message
QUESTIONS = {
    (0, 0): ("Wo ist mein Paket?", "Hallo, könnt ihr bitte nachsehen, wann mein Paket ankommt? Danke euch!"),
    (0, 1): ("Lieferstatus", "Meine Bestellung ist noch nicht da. Wann wird sie geliefert?"),
    (0, 2): (
        "Lieferung viel zu spät",
        "Ich warte seit über einer Woche. Das ist eine Frechheit, ich bin sehr enttäuscht!",
    ),
    (1, 0): (
        "Rücksendung",
        "Die Farbe passt leider nicht. Wie kann ich den Artikel zurückschicken? Lieben Dank!",
    ),
    (1, 1): ("Retoure", "Ich möchte einen Artikel zurückgeben und brauche ein Etikett."),
    (1, 2): (
        "Wo bleibt mein Geld?",
        "Die Retoure ist seit Wochen bei euch und ich habe kein Geld bekommen. Unmöglich!",
    ),
    (2, 0): ("Frage zum Produkt", "Ich liebe eure Becher! Sind sie spülmaschinenfest?"),
    (2, 1): ("Produktfrage", "Welche Maße hat der Artikel?"),
    (2, 2): ("Artikel kaputt", "Der Artikel kam zerbrochen an. Schlechte Qualität, so geht das nicht!"),
    (3, 0): ("Rechnung", "Könntet ihr mir bitte die Rechnung noch einmal schicken? Vielen Dank!"),
    (3, 1): ("Zahlung", "Die Zahlung wurde zweimal abgebucht. Bitte prüfen."),
    (3, 2): ("Doppelt abgebucht!", "Ihr habt zweimal abgebucht und niemand reagiert. Das ist Betrug!"),
    (4, 0): ("Adresse ändern", "Ich bin umgezogen. Wie ändere ich meine Adresse? Danke!"),
    (4, 1): ("Konto", "Ich kann mich nicht anmelden."),
    (4, 2): ("Konto gesperrt", "Mein Konto geht schon wieder nicht. Das nervt gewaltig!"),
}
# step of the conversation, tone: message
REPLIES = {
    (1, 0): "Danke für die Nachricht! Wir sehen sofort nach und melden uns.",
    (1, 1): "Vielen Dank für die Anfrage. Wir prüfen das.",
    (1, 2): "Es tut uns sehr leid. Wir kümmern uns umgehend darum.",
    (2, 0): "Super, vielen Dank für die schnelle Antwort!",
    (2, 1): "Gut. Die Bestellnummer steht unten.",
    (2, 2): "Das hilft mir nicht weiter. Wann passiert endlich etwas?",
    (3, 0): "Alles erledigt, viel Freude damit!",
    (3, 1): "Das Anliegen ist erledigt.",
    (3, 2): "Wir haben das gelöst und bitten noch einmal um Entschuldigung.",
    (4, 0): "Entschuldigung, eine Frage habe ich doch noch.",
    (4, 1): "Das Problem besteht weiterhin.",
    (4, 2): "Es ist immer noch nicht gelöst! Ich bestelle hier nie wieder.",
    (5, 0): "Gern geschehen, jetzt sollte alles passen.",
    (5, 1): "Wir haben es erneut geprüft und behoben.",
    (5, 2): "Wir haben den vollen Betrag erstattet und bitten um Verzeihung.",
}


def phrase_rows() -> list[tuple[int, int, int, str | None, str]]:
    """Step, topic, tone, subject and text of every message."""
    rows: list[tuple[int, int, int, str | None, str]] = []
    for (topic, tone), (subject, text) in QUESTIONS.items():
        rows.append((0, topic, tone, subject, text))
        rows += [
            (step, topic, tone, None, reply) for (step, of_tone), reply in REPLIES.items() if of_tone == tone
        ]
    return rows

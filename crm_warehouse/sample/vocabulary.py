"""Words of the fictional shop: names, places, streets, mail domains. All invented combinations."""

from dataclasses import dataclass

FIRST_NAMES = {
    "de": "Anna Lena Marie Sophie Laura Julia Lisa Sarah Katharina Johanna Clara Emma Mia Hannah Leonie Nina Eva "
    "Petra Sabine Monika Claudia Heike Birgit Jürgen Klaus Wolfgang Thomas Michael Andreas Stefan Christian "
    "Markus Daniel Tobias Jan Florian Felix Lukas Paul Maximilian Jonas Leon Finn Elias Günther Björn Sören",
    "fr": "Camille Léa Manon Chloé Inès Jade Louise Alice Juliette Élodie Sandrine Nathalie Isabelle Céline "
    "Pierre Jean Nicolas Julien Antoine Hugo Louis Théo Mathieu Guillaume François René",
    "it": "Giulia Chiara Francesca Sara Martina Elena Valentina Alessia Marco Luca Matteo Alessandro Davide "
    "Lucía Carmen Paula Pilar Javier Carlos Miguel Alejandro Diego Álvaro Nuria",
    "nl": "Sanne Lotte Fleur Iris Femke Anouk Eline Marieke Daan Bram Sem Thijs Lars Ruben Niels Jeroen Pieter "
    "Aoife Niamh Saoirse Ciara Sean Conor Liam Cian Eoin",
}
LAST_NAMES = {
    "de": "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
    "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause "
    "Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz "
    "Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann "
    "Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto "
    "Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn "
    "Busch Bergmann Thomas Voigt Sauer Arnold Wolff Pfeiffer Steiner Gruber Pichler Moser Egger Hofer Leitner",
    "fr": "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel "
    "Garcia David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François "
    "Martinez Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément",
    "it": "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano "
    "Mancini Rizzo Lombardi Moretti Barbieri García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez "
    "Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez",
    "nl": "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits Kok Jacobs "
    "Vermeulen Kuipers Peeters Janssens Maes Willems Claes Goossens Wouters Mertens Murphy Kelly Byrne Ryan Walsh "
    "Doyle Doherty Lynch Murray Quinn Moore Nolan Brennan Burke Collins Campbell Clarke Hughes",
}
STREETS = {
    "de": "Hauptstraße Bahnhofstraße Dorfstraße Schulstraße Gartenstraße Bergstraße Lindenstraße Kirchstraße "
    "Waldstraße Ringstraße Schillerstraße Goethestraße Amselweg Wiesenweg Jahnstraße Mozartstraße Rosenweg Feldstraße "
    "Mühlenweg Birkenweg Blumenstraße Parkstraße Marktplatz Burgstraße Friedhofstraße Tannenweg "
    "Beethovenstraße Poststraße",
    "fr": "rue_de_la_Paix rue_Victor_Hugo avenue_Jean_Jaurès rue_Pasteur rue_des_Lilas boulevard_Gambetta "
    "rue_du_Moulin place_de_la_Mairie rue_de_Verdun chemin_des_Vignes rue_Émile_Zola avenue_Foch "
    "rue_des_Écoles allée_des_Tilleuls",
    "it": "Via_Roma Via_Garibaldi Via_Mazzini Corso_Italia Via_Dante Via_Cavour Via_Verdi Calle_Mayor Calle_Real "
    "Avenida_de_la_Constitución Calle_Nueva Calle_del_Sol Plaza_de_España Calle_San_José",
    "nl": "Kerkstraat Dorpsstraat Molenstraat Schoolstraat Stationsweg Beatrixlaan Julianastraat Nieuwstraat Lindelaan "
    "Main_Street Church_Road High_Street Station_Road Park_Avenue Green_Lane",
}
MAIL_DOMAINS = (
    "gmail.com",
    "gmx.de",
    "web.de",
    "outlook.com",
    "t-online.de",
    "yahoo.com",
    "icloud.com",
    "posteo.de",
)
MAIL_DOMAIN_WEIGHT = (0.38, 0.14, 0.13, 0.1, 0.07, 0.07, 0.07, 0.04)
WORK_DOMAINS = (
    "nordwerk-logistik.de",
    "kanzlei-amsel.de",
    "atelierlumiere.fr",
    "bakkerij-zonnig.nl",
    "stadtwerke-au.de",
)


@dataclass(frozen=True)
class Country:
    """One country the shop delivers to.

    Attributes:
        language: Which pool of names and streets its people come from.
        weight: Share of the shop's people.
        tax_percent: VAT on goods and shipping.
        dial: Country calling code.
        mobile: Digits after the country code, before the eight-digit subscriber number.
        mobile_from: Lowest subscriber number; every country has room for twenty million people.
        landline: Area code of the household line, before seven digits.
    """

    code: str
    name: str
    language: str
    weight: float
    tax_percent: int
    dial: str
    mobile: str
    mobile_from: int
    landline: str


COUNTRIES = (
    Country("DE", "Germany", "de", 0.54, 19, "49", "151", 10_000_000, "30"),
    Country("AT", "Austria", "de", 0.12, 20, "43", "664", 10_000_000, "15"),
    Country("NL", "Netherlands", "nl", 0.08, 21, "31", "6", 10_000_000, "20"),
    Country("FR", "France", "fr", 0.09, 20, "33", "6", 10_000_000, "14"),
    Country("BE", "Belgium", "nl", 0.05, 21, "32", "4", 70_000_000, "2"),
    Country("IT", "Italy", "it", 0.05, 22, "39", "34", 10_000_000, "06"),
    Country("ES", "Spain", "it", 0.04, 21, "34", "6", 10_000_000, "91"),
    Country("IE", "Ireland", "nl", 0.03, 23, "353", "8", 50_000_000, "1"),
)

# country, city, region, region code, first digits of the postal code, digits that follow
CITIES = (
    ("DE", "Berlin", "Berlin", "BE", "10", 3),
    ("DE", "Hamburg", "Hamburg", "HH", "20", 3),
    ("DE", "München", "Bayern", "BY", "80", 3),
    ("DE", "Köln", "Nordrhein-Westfalen", "NW", "50", 3),
    ("DE", "Leipzig", "Sachsen", "SN", "04", 3),
    ("DE", "Stuttgart", "Baden-Württemberg", "BW", "70", 3),
    ("DE", "Göttingen", "Niedersachsen", "NI", "37", 3),
    ("AT", "Wien", "Wien", "9", "1", 3),
    ("AT", "Graz", "Steiermark", "6", "8", 3),
    ("AT", "Linz", "Oberösterreich", "4", "4", 3),
    ("NL", "Amsterdam", "Noord-Holland", "NH", "10", 2),
    ("NL", "Utrecht", "Utrecht", "UT", "35", 2),
    ("NL", "Rotterdam", "Zuid-Holland", "ZH", "30", 2),
    ("FR", "Paris", "Île-de-France", "IDF", "750", 2),
    ("FR", "Lyon", "Auvergne-Rhône-Alpes", "ARA", "690", 2),
    ("FR", "Strasbourg", "Grand Est", "GES", "670", 2),
    ("BE", "Gent", "Oost-Vlaanderen", "VOV", "9", 3),
    ("BE", "Antwerpen", "Antwerpen", "VAN", "2", 3),
    ("IT", "Milano", "Lombardia", "MI", "201", 2),
    ("IT", "Roma", "Lazio", "RM", "001", 2),
    ("ES", "Madrid", "Madrid", "M", "280", 2),
    ("ES", "Valencia", "Valencia", "V", "460", 2),
    ("IE", "Dublin", "Leinster", "D", "D0", 1),
    ("IE", "Cork", "Munster", "CO", "T1", 1),
)


def pool(words: dict[str, str]) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """All words of all languages in one list, and where each language's share starts and how long it is."""
    flat: list[str] = []
    spans: dict[str, tuple[int, int]] = {}
    for language, text in words.items():
        group = [word.replace("_", " ") for word in text.split()]
        spans[language] = (len(flat), len(group))
        flat += group
    return flat, spans


def slug(word: str) -> str:
    """The word as people write it in a mail address."""
    table = str.maketrans(
        {
            "ä": "ae",
            "ö": "oe",
            "ü": "ue",
            "ß": "ss",
            "é": "e",
            "è": "e",
            "ç": "c",
            "í": "i",
            "ó": "o",
            "á": "a",
            "ñ": "n",
            "ú": "u",
            "ë": "e",
            "ï": "i",
            " ": "-",
            "ê": "e",
            "â": "a",
        }
    )
    return word.lower().translate(table)

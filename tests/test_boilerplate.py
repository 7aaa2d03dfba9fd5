from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.boilerplate import mark

SEEDS = Path(__file__).parents[1] / "seeds"
CONSENT = (
    "I accept that my given data and my IP address is sent to a server in the USA only for the purpose of spam"
    " prevention through the Akismet program.More information on Akismet and GDPR."
)
PROSE = {
    "en": (
        "The town council has agreed to build a new library beside the old mill, after two years of talks.\n\n"
        "Construction will begin in spring and is expected to cost about four million, the mayor said on Monday.\n\n"
        "Residents had asked for longer opening hours and a reading room for children, and both are in the plan."
    ),
    "fr": (
        "Le conseil municipal a décidé de construire une nouvelle bibliothèque près du vieux moulin, enfin.\n\n"
        "Les travaux commenceront au printemps et devraient coûter quatre millions, a déclaré la maire lundi.\n\n"
        "Les habitants demandaient des horaires plus larges et une salle de lecture pour les enfants, ce sera fait."
    ),
    "id": (
        "Dewan kota telah menyetujui pembangunan perpustakaan baru di samping pabrik lama setelah dua tahun.\n\n"
        "Pembangunan akan dimulai pada musim semi dan diperkirakan menelan biaya empat juta, kata wali kota.\n\n"
        "Warga meminta jam buka yang lebih panjang dan ruang baca untuk anak-anak, dan keduanya ada dalam rencana."
    ),
    "de": (
        "Der Stadtrat hat nach zwei Jahren Debatte beschlossen, an der Mühle eine neue Bibliothek zu bauen.\n\n"
        "Der Bau beginnt im Frühjahr und soll etwa vier Millionen kosten, sagte die Bürgermeisterin am Montag dazu.\n\n"
        "Die Einwohner wünschten sich längere Öffnungszeiten und einen Leseraum für Kinder, und beides ist geplant."
    ),
}  # fmt: skip


def marked_lines(text: str) -> list[str]:
    """The lines that are marked, without blank ones."""
    return [line.strip() for span in mark(text) for line in span.of(text).splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("000", []),
        (
            "001",
            [
                "Paul Manafort’s downfall aided by his inability to convert a PDF into a Word doc",
                "February 23, 2018",
                "Black Panther’s Wakanda is a transportation utopia with a dash of reality",
                "February 23, 2018",
                "Leave a Reply",
                "Your email address will not be published. Required fields are marked *",
                CONSENT,
            ],
        ),
        ("002", ["X", "Innovation", "xiaomimicrosoftpact.jpg", "Editorial standards"]),
        ("003", ["Image Courtesy: techaeris.com", "About The Author"]),
        ("004", []),
    ],
)
def test_boilerplate_of_the_seeds(number: str, expected: list[str]) -> None:
    """Exactly the site's own lines, in each of the five articles."""
    assert marked_lines(next(SEEDS.glob(f"{number}_*")).read_bytes().decode()) == expected


# Sites: lines with a stroke before them are boilerplate.
SITES = {
    "English blog with menus and share bar": f"""|Home
|News
|Contact
|Home > News > Local

A new library for the town by the river

By Jane Miller
March 3, 2021
|Share on Facebook
|Tweet
|mill-at-dawn.jpg
|Photo: Paul Reed / Getty Images

{PROSE["en"]}

|Read also: Ten walks along the river
|Related articles
|The mill that would not burn
|Why rivers flood
|Subscribe to our newsletter and get the news in your inbox
|© 2021 The River Post. All rights reserved.
|Privacy Policy
|Terms of Use""",
    "French paper": f"""|Accueil › Société › Villes
Une bibliothèque pour la ville au bord de la rivière
Par Jeanne Meunier
Publié le 3 mars 2021
|Crédit photo : Paul Roseau

{PROSE["fr"]}

|À lire aussi : Dix promenades au bord de l’eau
|Laisser un commentaire
|Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec *
|Commentaire *
|Nom *
|Enregistrer mon nom, mon e-mail et mon site dans le navigateur pour mon prochain commentaire.
|Ce site utilise Akismet pour réduire les indésirables.""",
    "Indonesian portal": f"""Perpustakaan baru untuk kota di tepi sungai
Oleh Siti Rahma
Diterbitkan 3 Maret 2021
|Sumber gambar: Dok. Kota

{PROSE["id"]}

|Baca juga: Sepuluh jalan di tepi sungai
|Bagikan
|Facebook
|WhatsApp
|Tinggalkan Balasan
|Alamat surel Anda tidak akan dipublikasikan. Ruas yang wajib ditandai *
|Simpan nama, email, dan situs web saya pada peramban ini untuk komentar saya berikutnya.""",
    "German site with a cookie notice": f"""|Wir verwenden Cookies, um Ihnen das beste Erlebnis zu bieten.
|Alle akzeptieren
Eine neue Bibliothek für die Stadt am Fluss
Von Johanna Müller

{PROSE["de"]}

|Schreibe einen Kommentar
|Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert
|Kommentar *""",
    "Latest stories above the article, date first": f"""A new library for the town by the river

|March 4, 2021
|Ten walks along the quiet river
|March 2, 2021
|The mill that would not burn
|3 hours ago
|Why rivers flood in the spring

{PROSE["en"]}""",
    "Headline with its own date above two others": f"""A new library for the town by the river
March 3, 2021
|Ten walks along the quiet river
|March 4, 2021
|The mill that would not burn
|March 2, 2021

{PROSE["en"]}""",
    "Comments after the form stay": f"""A new library for the town by the river

{PROSE["en"]}

|Leave a comment
|Your email address will not be published.
|Name *
|Email *

{PROSE["en"]}""",
    "Related block in the middle": f"""A new library for the town by the river

{PROSE["en"]}

|You may also like
|Ten walks along the river
|Why rivers flood

What happens next

{PROSE["en"]}""",
    "English footer": f"""A new library for the town by the river
|5 min read
{PROSE["en"]}
|2 Comments
|Post navigation
|Follow us on Twitter
|Instagram
|About us
|Contact
|This site uses Akismet to reduce spam. Learn how your comment data is processed.""",
}


@pytest.mark.parametrize("site", SITES.values(), ids=SITES.keys())
def test_boilerplate_of_invented_sites(site: str) -> None:
    """Menus, other stories, share bars, notices and forms are marked, headline, byline and article are not."""
    lines = [line.strip() for line in site.splitlines() if line.strip()]
    text = "\n".join(line.removeprefix("|") for line in site.splitlines())
    assert marked_lines(text) == [line[1:] for line in lines if line.startswith("|")]


UNTOUCHED = {
    "poem": "The River\n\nThe water carries what it will\nand leaves the rest upon the shore\n\nX\n\nIt goes on",
    "chat": "Ann: Leave a reply?\nBob: no\nAnn: Tweet it then\nBob: ok, share on Facebook\nAnn: home?",
    "list": "Ten things to pack\n\n1. Tent\n2. Water\n3. Facebook\n4. Map\n\nBread\nMilk\nEggs",
    "memo": "Memo\n\nTo: all staff\nFrom: Jane Miller\nDate: 3 March 2021\n\nThe office moves. Pack your things.",
    "readme": (
        "# spoon\n\nA tool that stirs files in place and does nothing else.\n\n## Install\n\n    pip install spoon\n\n"
        "## Contact\n\n- Jane"
    ),
    "chronicle": (
        "A short history of the mill\n\nThe mill was built\nMarch 3, 1904\nThe mill burned down\nMay 5, 1950\n"
        "The mill was rebuilt\nJune 1, 1999\n\n" + PROSE["en"]
    ),
    "privacy policy": (
        "Privacy Notice of the River Post\n\nWe use cookies to remember who you are and what you have read before.\n\n"
        "By using this site you agree that we keep such cookies for one year on your computer.\n\n"
        "Personal data is never sold to anyone, and cookies can be deleted in the settings of your browser.\n\n"
        "We keep your personal data for one year unless you ask us to delete it before that time has passed."
    ),
    "article about forms": (
        PROSE["en"]
        + '\n\nA box says "Leave a Reply" and below it that your email will not be published, she explained.'
    ),
    "prose with labels in it": "Photo editors share images on Facebook, and readers tweet them.\n\n" + PROSE["en"],
    "recipe": PROSE["en"] + "\n\nIngredients\nEggs\nFlour\nMilk\nSugar",
}  # fmt: skip


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_nothing_is_marked_in_texts_without_a_site_around_them(text: str) -> None:
    """A poem, a chat, a list, a memo, a README, a chronicle and texts about such things keep every line."""
    assert marked_lines(text) == []


def test_marks_never_hide_most_of_the_running_text() -> None:
    """When the rules would take most of a document, none of them applies."""
    notice = "We use cookies on this and that page, so that we know who reads what and when they do it."
    assert mark("\n\n".join([notice] * 5)) == []


def test_front_matter_is_marked() -> None:
    """The YAML block of a Markdown file is metadata, not text."""
    text = "---\ntitle: A library\ndate: 2021-03-03\n---\n\n# A library\n\n" + PROSE["en"]
    assert [span.of(text) for span in mark(text)] == ["---\ntitle: A library\ndate: 2021-03-03\n---"]


@given(
    st.lists(
        st.sampled_from(
            [
                *PROSE["en"].split("\n\n"),
                "Home",
                "X",
                "Tweet",
                "",
                "Leave a Reply",
                "Name *",
                "May 3, 2021",
                "A b c d",
                "---",
            ]
        ),
        max_size=25,
    ).map("\n".join)
)
def test_marks_are_ordered_disjoint_whole_lines(text: str) -> None:
    """Spans stand in order and begin and end with a line."""
    position = 0
    for span in mark(text):
        assert position <= span.start < span.end
        assert text[: span.start].rsplit("\n", 1)[-1].strip() == ""
        assert text[span.end :].split("\n", 1)[0].strip() == ""
        position = span.end

"""A claim that says more than its sentences is objected to, across languages; one that does not is left alone."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import PAIRS, read_pairs

from rag import guard, loaders
from rag.config import Settings
from rag.embedding import open_embedder

SEEDS = sorted((Path(__file__).parent.parent / "seeds").glob("*.txt"))


@functools.cache
def _rates(name: str) -> tuple[int, int, int, int]:
    """Faithful claims objected to and all of them, unfaithful claims passed and all of them."""
    judged = [
        (bool(guard.objections(pair.claim, pair.evidence, pair.language, pair.languages)), pair)
        for pair in read_pairs(name)
    ]
    faithful = [objected for objected, pair in judged if not pair.kind]
    unfaithful = [objected for objected, pair in judged if pair.kind]
    return sum(faithful), len(faithful), len(unfaithful) - sum(unfaithful), len(unfaithful)


def test_the_pairs_that_the_rules_were_fitted_on_are_nearly_all_judged_right() -> None:
    """These were used for tuning, so the rates say nothing about other text; see guard_pairs/README.md."""
    objected, faithful, passed, unfaithful = _rates("tuned.txt")
    print(f"tuned: {objected} of {faithful} faithful claims objected to, {passed} of {unfaithful} unfaithful passed")
    assert faithful >= 60
    assert unfaithful >= 60
    assert objected <= 0.01 * faithful
    assert passed <= 0.02 * unfaithful


def test_the_pairs_that_nothing_was_fitted_on_are_judged_as_they_were_measured() -> None:
    """The honest rates: one faithful translation in ten meets an objection, one change in fifteen passes."""
    objected, faithful, passed, unfaithful = _rates("held_out.txt")
    print(f"held out: {objected} of {faithful} faithful claims objected to, {passed} of {unfaithful} unfaithful passed")
    assert (faithful, unfaithful) == (30, 30)
    assert objected <= 3
    assert passed <= 2


def test_the_table_says_which_rates_were_measured() -> None:
    """README.md of the table does not drift from the code."""
    text = (PAIRS / "README.md").read_text(encoding="utf-8")
    for name, file in (("tuned", "tuned.txt"), ("held out", "held_out.txt")):
        objected, faithful, passed, unfaithful = _rates(file)
        assert f"| {name} | {objected} of {faithful} | {passed} of {unfaithful} |" in text


@functools.cache
def _shown(name: str, *, similar: bool) -> tuple[int, int, int, int]:
    """Faithful claims withheld and unfaithful ones shown, before `guard.unsaid` was asked and since."""
    embedder = open_embedder(Settings(_env_file=None))  # type: ignore[call-arg]

    def similarity(text: str, evidence: Sequence[str]) -> float:
        vectors, _ = embedder.embed_passages([text, *evidence], [[] for _ in range(len(evidence) + 1)])
        return float((vectors[1:] @ vectors[0]).max())

    lost, lost_since, shown, shown_since = 0, 0, 0, 0
    for pair in read_pairs(name):
        given = pair.claim, pair.evidence, pair.language, pair.languages
        before = bool(guard.objections(*given))
        since = before or guard.unsaid(*given, similarity if similar else None) is not None
        lost, lost_since = lost + (before and not pair.kind), lost_since + (since and not pair.kind)
        shown, shown_since = shown + (bool(pair.kind) > before), shown_since + (bool(pair.kind) > since)
    return lost, lost_since, shown, shown_since


@pytest.mark.parametrize("similar", [False, True])
@pytest.mark.parametrize(
    ("name", "most_lost", "most_shown"),
    [("invented.txt", 1, 0), ("invented_held_out.txt", 5, 4), ("tuned.txt", 31, 3), ("held_out.txt", 5, 2)],
)
def test_what_is_invented_behind_the_right_names_is_not_shown(
    name: str, most_lost: int, most_shown: int, *, similar: bool
) -> None:
    """English, French and Indonesian, against evidence in the same and in another language.

    Measured, `guard.examine` alone and then with `guard.unsaid`, by words only or with the package's embedder::

                               faithful claims withheld          unfaithful claims shown
        invented.txt           0 of 15, then 1 (embedder: 0)     18 of 21, then 0
        invented_held_out.txt  2 of 18, then 5 (embedder: 2)     15 of 18, then 3 (embedder: 4)
        tuned.txt              2 of 379, then 29 (embedder: 5)   3 of 240, then 3
        held_out.txt           3 of 30, then 5 (embedder: 3)     2 of 30, then 2

    So it costs one faithful claim in a hundred with the embedder and seven without, most of them in another language
    than their evidence; with MiniLM, which knows English, it was seven too.
    The thresholds were chosen on tuned.txt and invented.txt, but not blindly: the rates of several thresholds on
    all the invented claims were seen before, and what stands after "said that" is counted by itself because of
    claims like one in invented_held_out.txt. So its rates are better than other text would have; it also has the
    same author as the rule.
    """
    lost, lost_since, shown, shown_since = _shown(name, similar=similar)
    print(f"{name}: {lost}, then {lost_since} faithful withheld; {shown}, then {shown_since} unfaithful shown")
    assert lost_since <= most_lost
    assert shown_since <= most_shown
    assert (shown > 14) == name.startswith("invented")


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        (
            "Nokia's chief Pekka Lundmark said that he keeps bees.",
            "Nokia's chief Pekka Lundmark said it grew.",
            "en en",
        ),
        ("Pekka Lundmark mengatakan bahwa ia memasak.", "Pekka Lundmark said that demand is weak.", "id en"),
        ("Xiaomi sold umbrellas.", "Xiaomi sold phones.", "en en"),
    ],
)
def test_what_only_the_frame_has_in_common_is_not_said(claim: str, evidence: str, languages: str) -> None:
    """Who spoke, and one verb, are not what was said."""
    language, spoken = languages.split()
    assert guard.unsaid(claim, [evidence], language, [spoken]) is not None


def test_a_part_of_a_sentence_is_said_by_it() -> None:
    """Word for word, however short, and so is a text that only names."""
    assert guard.unsaid("que la demande reste", ["Il a dit que la demande reste faible."], "fr", ["fr"]) is None
    assert guard.unsaid("Nokia, Xiaomi", ["Xiaomi beat Nokia."], "en", ["en"]) is None


def test_no_pair_is_in_both_tables() -> None:
    """Else the second would measure nothing."""
    assert not {pair.claim for pair in read_pairs("tuned.txt")} & {pair.claim for pair in read_pairs("held_out.txt")}


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name[:3])
def test_every_sentence_of_the_seeds_bears_itself_out(path: Path) -> None:
    """Whatever it holds, and also when its white space differs."""
    document = loaders.load(path, path.name)
    for sentence in document.sentences:
        text = sentence.span.of(document.text)
        assert guard.objections(text, [text], sentence.language, [sentence.language]) == []
        assert guard.objections(text.replace(" ", "  "), [text], sentence.language, [sentence.language]) == []


def _kinds(claim: str, evidence: str, languages: str = "en en", **options: bool) -> set[str]:
    language, spoken = languages.split()
    return {each.kind for each in guard.examine(claim, [evidence], language, [spoken], **options)}


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        ("It sold 92.4 million.", "Il en a vendu 92,4 millions.", "en fr"),
        ("It sold 92.4 million.", "Terjual 92,4 juta.", "en id"),
        ("It sold 92.4 million.", "售出9240万。", "en zh"),
        ("It has 1,500 patents.", "Elle a 1\u202f500 brevets.", "en fr"),
        ("It has 1,500 patents.", "Elle a 1\xa0500 brevets.", "en fr"),
        ("It has 1,500 patents.", "Ada 1.500 paten.", "en id"),
        ("It has 97 staff.", "Elle emploie quatre-vingt-dix-sept salariés.", "en fr"),
        ("It has 25 staff.", "Ada dua puluh lima karyawan.", "en id"),
        ("It has 32 staff.", "Sie hat zweiunddreißig Angestellte.", "en de"),
        ("It rose by 50 percent.", "Elle a augmenté de moitié.", "en fr"),
        ("It rose by 5%.", "Naik 5 persen.", "en id"),
        ("It cost 3 billion euros.", "Il a coûté 3 milliards d’euros.", "en fr"),
        ("It cost US$100 billion.", "Harganya 100 miliar dolar AS.", "en id"),
        ("It happened on 23 February 2018.", "C’était le 23/02/2018.", "en fr"),
        ("It happened on February 23.", "Terjadi pada 23 Februari 2018.", "en id"),
        ("It happened in 2018.", "C’était en février 2018.", "en fr"),
        ("It starts at 9:30 p.m.", "Ça commence à 21h30.", "en fr"),
        ("It fell in the third quarter.", "Il a baissé au T3.", "en fr"),
        ("Between 5 and 10 percent left.", "5-10 % sont partis.", "en fr"),
        ("He is the second.", "Dia di peringkat kedua.", "en id"),
    ],
)
def test_one_figure_in_two_ways_of_writing_is_the_same(claim: str, evidence: str, languages: str) -> None:
    """Separators, number words, magnitudes, shares, dates and times of each language."""
    assert "figure" not in _kinds(claim, evidence, languages)


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        ("It sold 92.4 million.", "Il en a vendu 92,4 milliards.", "en fr"),
        ("It sold 92 million.", "Terjual 92,4 juta.", "en id"),
        ("It sold 9.24 million.", "售出9240万。", "en zh"),
        ("It has 1.5 patents.", "Elle a 1 500 brevets.", "en fr"),
        ("It has 79 staff.", "Elle emploie quatre-vingt-dix-sept salariés.", "en fr"),
        ("It rose by 5 percent.", "Elle a augmenté de 5 points.", "en fr"),
        ("It cost 3 billion dollars.", "Il a coûté 3 milliards d’euros.", "en fr"),
        ("It took 3 months.", "Cela a pris 3 ans.", "en fr"),
        ("It happened on 2 March 2018.", "C’était le 3 février 2018.", "en fr"),
        ("It happened in March.", "Terjadi pada Februari.", "en id"),
        ("It happened on Monday.", "C’était mardi.", "en fr"),
        ("It happened last year.", "C’était l’an prochain.", "en fr"),
        ("It happened in 2017.", "It happened last year.", "en en"),
        ("It starts at 9:30 a.m.", "Ça commence à 21h30.", "en fr"),
        ("Between 5 and 12 percent left.", "5-10 % sont partis.", "en fr"),
        ("10 percent left.", "5-10 % sont partis.", "en fr"),
        ("Less than 200 came.", "Plus de 200 personnes sont venues.", "en fr"),
        ("200 came.", "Plus de 200 personnes sont venues.", "en fr"),
        ("Windows 11 is tested.", "Windows 10 is being tested.", "en en"),
        ("They won 3-1.", "Ils ont gagné 2-1.", "en fr"),
    ],
)
def test_a_changed_figure_is_objected_to(claim: str, evidence: str, languages: str) -> None:
    """Another value, unit, currency, day, bound, or one end of a range as if it were exact."""
    assert "figure" in _kinds(claim, evidence, languages)


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        ("The president met Putin.", "Le président a rencontré Poutine.", "en fr"),
        ("He flew to China.", "Il s’est rendu en Chine.", "en fr"),
        ("The Chinese firm signed.", "L’entreprise chinoise a signé.", "en fr"),
        ("It is about AI.", "Il s’agit d’intelligence artificielle.", "en fr"),
        ("The UN agreed.", "PBB setuju.", "en id"),
        ("They signed an MoU.", "They signed a memorandum of understanding.", "en en"),
        ("The International Data Corporation counts.", "IDC counts.", "en en"),
        ("Erdogan spoke.", "Erdoğan a parlé.", "en fr"),
        ("Dresden was flooded.", "Dresde a été inondée.", "en fr"),
        ("Zelensky spoke.", "Зеленський выступил.", "en ru"),
        ("Sales at Xiaomi grew.", "小米销售增长。", "en zh"),
    ],
)
def test_a_name_in_another_spelling_is_the_same(claim: str, evidence: str, languages: str) -> None:
    """Exonyms, adjectives, acronyms written out, accents and transliterations."""
    assert "name" not in _kinds(claim, evidence, languages)


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        ("Samsung sold phones.", "Xiaomi a vendu des téléphones.", "en fr"),
        ("It works with Samsung.", "It works with Xiaomi.", "en en"),
        ("He flew to Austria.", "Il s’est rendu en Australie.", "en fr"),
        ("She met Tim Cook.", "She met Cook.", "en en"),
        ("The WTO agreed.", "The WHO agreed.", "en en"),
        ("Huawei a signé.", "小米签署了协议。", "fr zh"),
    ],
)
def test_a_name_that_the_evidence_lacks_is_objected_to(claim: str, evidence: str, languages: str) -> None:
    """Invented, swapped or made more complete."""
    assert "name" in _kinds(claim, evidence, languages)


@pytest.mark.parametrize(
    ("claim", "evidence", "languages", "kind"),
    [
        ("It is binding.", "Ce n’est pas contraignant.", "en fr", "negation"),
        ("It is not binding.", "C’est contraignant.", "en fr", "negation"),
        ("It signed the deal.", "Perusahaan itu belum menandatangani kesepakatan.", "en id", "negation"),
        ("The firm sold data.", "The firm denied that it sold data.", "en en", "negation"),
        ("Prices rose.", "Les prix ont baissé.", "en fr", "opposite"),
        ("The council rejected it.", "Le conseil l’a approuvé.", "en fr", "opposite"),
        ("It uses Azure.", "It may use Azure.", "en en", "hedge"),
        ("It will use Azure.", "It may use Azure.", "en en", "hedge"),
        ("Elle utilise Azure.", "Perusahaan itu akan menggunakan Azure.", "fr id", "hedge"),
        ("Rates rose in March.", "Suku bunga diperkirakan naik pada Maret.", "en id", "hedge"),
        ("It is the largest.", "Selon lui, c’est la plus grande.", "en fr", "attribution"),
        ("The minister took money.", "The minister reportedly took money.", "en en", "attribution"),
        ("Microsoft bought 1,500 patents from Xiaomi.", "Xiaomi bought 1,500 patents from Microsoft.", "en en", "swap"),
        (
            "Apple a vendu 6 millions et Samsung 5 millions.",
            "Apple sold 5 million and Samsung 6 million.",
            "fr en",
            "swap",
        ),
    ],
)
def test_what_changes_the_meaning_is_objected_to(claim: str, evidence: str, languages: str, kind: str) -> None:
    """Negation, opposites, hedges, attribution, and who did what to whom."""
    assert kind in _kinds(claim, evidence, languages)


@pytest.mark.parametrize(
    ("claim", "evidence", "languages"),
    [
        ("Only one speaker was made.", "Microsoft n’a développé qu’un seul haut-parleur.", "en fr"),
        ("It sells phones and laptops.", "It sells not only phones but also laptops.", "en en"),
        ("It recently opened.", "Belum lama ini toko itu dibuka.", "en id"),
        ("It was signed between May and June 2016.", "It was signed between May and June of 2016.", "en en"),
        ("He failed to agree.", "Il n’a pas trouvé d’accord.", "en fr"),
        ("It is unusual.", "C’est inhabituel.", "en fr"),
        ("It plans to open a shop.", "Elle envisage d’ouvrir un magasin.", "en fr"),
        ("The firm was sued by its workers.", "Ses salariés ont poursuivi l’entreprise.", "en fr"),
    ],
)
def test_words_that_only_look_like_a_change_are_left_alone(claim: str, evidence: str, languages: str) -> None:
    """A French "ne … que", "not only", the month of May, and one negation in other words."""
    assert _kinds(claim, evidence, languages) == set()


def test_an_attribution_beside_the_text_is_enough() -> None:
    """The reader is told who says it, so the sentence need not."""
    evidence = "Xiang said that the laptops were cheap."
    assert _kinds("The laptops were cheap.", evidence) == {"attribution"}
    assert _kinds("The laptops were cheap.", evidence, attributed=True) == set()


def test_a_verbatim_part_is_read_in_the_language_of_its_sentence() -> None:
    """Also when the question was asked in another one."""
    evidence = "Xiaomi a vendu 92,4 millions de téléphones l’an dernier."
    assert guard.objections("Xiaomi a vendu 92,4 millions de téléphones", [evidence], "en", ["fr"]) == []


def test_languages_without_word_lists_are_compared_by_figures_and_names_only() -> None:
    """Polish has none here."""
    evidence = "Xiaomi nie sprzedało 92,4 mln telefonów."
    assert _kinds("Xiaomi sold 92.4 million phones.", evidence, "en pl") == set()
    assert _kinds("Xiaomi sold 95 million phones.", evidence, "en pl") == {"figure"}


def test_evidence_of_several_sentences_counts_together() -> None:
    """A figure may stand in one and a name in the other."""
    evidence = ["Xiaomi signed the deal in 2016.", "It covers 1,500 patents."]
    assert guard.objections("Xiaomi signed a deal on 1,500 patents in 2016.", evidence, "en", ["en", "en"]) == []


def test_an_unknown_language_is_found_out() -> None:
    """None is no reason to object, and no reason to pass."""
    evidence = "Microsoft n’a pas signé l’accord avec les 12 entreprises."
    assert (
        guard.objections("Microsoft did not sign the agreement with the 12 companies.", [evidence], None, [None]) == []
    )
    assert guard.objections("Microsoft signed the agreement with the 12 companies.", [evidence], None, [None])


def test_a_topic_is_compared_by_figures_and_names() -> None:
    """It states nothing, so nothing else of it can be wrong."""
    assert guard.unknown("Xiaomi's rank", ["Xiaomi n'est pas cinquième."], "en", ["fr"]) == []
    assert guard.unknown("Nokia's rank in 2019", ["Xiaomi n'est pas cinquième."], "en", ["fr"])


def test_reasons_are_sentences_that_name_what_is_wrong() -> None:
    """They are sent back to whoever wrote the claim."""
    [reason] = guard.objections("It sold 93 million phones.", ["It sold 92 million phones."], "en", ["en"])
    assert reason == "'93 million' is not in the cited sentences."
    for pair in read_pairs("tuned.txt"):
        for each in guard.objections(pair.claim, pair.evidence, pair.language, pair.languages):
            assert re.fullmatch(r"\S.*[.]", each)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["en", "fr", "id", "de", "es", "zh", "ru", None]))
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_verdict(claim: str, evidence: str, language: str | None) -> None:
    """Nothing makes the guard fail, and a text always bears itself out."""
    guard.objections(claim, [evidence], language, [language])
    assert guard.objections(claim, [claim], language, [language]) == []


@pytest.mark.parametrize(
    ("said", "language", "claimed"),
    [
        ("It carries 92.5 tonnes.", "en", ["925", "92", "5", "9.25"]),
        ("Le bac pèse 92,5 tonnes.", "fr", ["925", "92", "5", "9,25"]),
        ("Feri ini memuat 92,5 ton.", "id", ["925", "92", "5", "9,25"]),
        ("It runs Windows 8.1 now.", "en", ["81", "8", "1"]),
    ],
)
def test_the_digits_of_a_decimal_number_are_no_numbers_of_their_own(
    said: str, language: str, claimed: list[str]
) -> None:
    """Neither with the separator left out nor one part alone."""
    number = re.search(r"\d+[.,]\d", said)
    assert number is not None
    assert [
        each for each in claimed if not guard.objections(said.replace(number[0], each), [said], language, [language])
    ] == []


@pytest.mark.parametrize("piece", ["1 ", "not ", "A-", "twenty ", "ne ", "2018-", "$1m ", "« ", "一百", "will "])
def test_time_grows_linearly_with_the_text(piece: str) -> None:
    """A long sentence made to be slow is not."""
    times = []
    for count in (2_000, 8_000):
        text = piece * (count // len(piece))
        started = time.process_time()
        guard.objections(text, [text + "x"], "en", ["en"])
        guard.unsaid(text, [text[1:] + "x"], "en", ["en"])
        times.append(time.process_time() - started)
    assert times[1] < 8 * times[0] + 0.3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Anna Rossi", True), ("Microsoft and Xiaomi", True), ("haunted", False), ("Anna Rossi lies", False), ("", True)],
)
def test_names_alone_state_nothing(text: str, *, expected: bool) -> None:
    """Function words between them do not count."""
    assert guard.is_name(text, "en") is expected

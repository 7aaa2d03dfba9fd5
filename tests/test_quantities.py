import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.quantities import dates, find

CASES = [
    # text, language, (printed, kind, value, unit) …
    ("avec 92,4 millions de téléphones vendus", "fr", [("92,4 millions", "number", 92.4e6, "telephones")]),
    ("sending 92.4 million phones", "en", [("92.4 million", "number", 92.4e6, "phones")]),
    ("92,4 juta ponsel", "id", [("92,4 juta", "number", 92.4e6, "ponsel")]),
    ("9240万部手机", "zh", [("9240万", "number", 92.4e6, "部手机")]),
    ("bought 1,500 patents", "en", [("1,500", "number", 1500.0, "patents")]),
    ("1.500 paten", "id", [("1.500", "number", 1500.0, "paten")]),
    ("1.500 litres", "en", [("1.500", "number", 1.5, "litres")]),
    ("1\u202f500 brevets", "fr", [("1\u202f500", "number", 1500.0, "brevets")]),
    ("1.500 or 1,500", None, [("1.500", "number", 1500.0, None), ("1,500", "number", 1500.0, None)]),
    ("1.234.567,89", "de", [("1.234.567,89", "number", 1234567.89, None)]),
    ("1,234,567.89", "en", [("1,234,567.89", "number", 1234567.89, None)]),
    ("2,5 billions", "fr", [("2,5 billions", "number", 2.5e12, None)]),
    ("10k users, 2M views", "en", [("10k", "number", 1e4, "users"), ("2M", "number", 2e6, "views")]),
    ("two million phones", "en", [("two million", "number", 2e6, "phones")]),
    ("les deux sociétés", "fr", [("deux", "number", 2.0, "societes")]),
    ("dua perusahaan", "id", [("dua", "number", 2.0, "perusahaan")]),
    ("très design, once more, elf", None, []),
    ("a deal, un accord, one of them", None, []),
    ("bernilai US$100 miliar.", "id", [("US$100 miliar", "money", 1e11, "USD")]),
    ("Rp 5.000.000", "id", [("Rp 5.000.000", "money", 5e6, "IDR")]),
    ("Rp1,5 triliun", "id", [("Rp1,5 triliun", "money", 1.5e12, "IDR")]),
    ("$5m, €3.5bn", "en", [("$5m", "money", 5e6, "USD"), ("€3.5bn", "money", 3.5e9, "EUR")]),
    ("3 milliards d’euros", "fr", [("3 milliards d’euros", "money", 3e9, "EUR")]),
    ("20 €", "fr", [("20 €", "money", 20.0, "EUR")]),
    ("1000亿美元", "zh", [("1000亿美元", "money", 1e11, "USD")]),
    ("50 % des parts", "fr", [("50 %", "percent", 50.0, "%")]),
    ("50 persen, 3.5 percent", "en", [("50 persen", "percent", 50.0, "%"), ("3.5 percent", "percent", 3.5, "%")]),
    ("13,5 pour cent", "fr", [("13,5 pour cent", "percent", 13.5, "%")]),
    ("the fifth most popular", "en", [("fifth", "ordinal", 5.0, None)]),
    ("la cinquième société", "fr", [("cinquième", "ordinal", 5.0, None)]),
    ("peringkat kelima", "id", [("kelima", "ordinal", 5.0, None)]),
    ("peringkat 5 atau ke-5", "id", [("peringkat 5", "ordinal", 5.0, None), ("ke-5", "ordinal", 5.0, None)]),
    ("the fourth-largest vendor", "en", [("fourth-largest", "ordinal", 4.0, None)]),
    ("4th, 5e", "fr", [("4th", "ordinal", 4.0, None), ("5e", "ordinal", 5.0, None)]),
    ("le 1er", "fr", [("1er", "ordinal", 1.0, None)]),
    ("No. 5 in sales", "en", [("No. 5", "ordinal", 5.0, None)]),
    ("Kedua perusahaan sepakat", "id", []),
    ("kali kedua", "id", [("kedua", "ordinal", 2.0, None)]),
    ("le Premier ministre", "fr", []),
    ("a third of them, per second", "en", []),
    ("24/12/2019", "id", [("24/12/2019", "date", "2019-12-24", None)]),
    ("12/24/2019", "en", [("12/24/2019", "date", "2019-12-24", None)]),
    ("03/02/2018", "en", [("03/02/2018", "date", "2018-02-03", None)]),
    ("24.12.2019", "de", [("24.12.2019", "date", "2019-12-24", None)]),
    ("2019-12-24", "en", [("2019-12-24", "date", "2019-12-24", None)]),
    ("February 23, 2018", "en", [("February 23, 2018", "date", "2018-02-23", None)]),
    ("le 23 février 2018", "fr", [("23 février 2018", "date", "2018-02-23", None)]),
    ("le 1er mars", "fr", [("1er mars", "date", "--03-01", None)]),
    ("23 Februari 2018", "id", [("23 Februari 2018", "date", "2018-02-23", None)]),
    ("23 de febrero de 2018", "es", [("23 de febrero de 2018", "date", "2018-02-23", None)]),
    ("am 3. Oktober 2018", "de", [("3. Oktober 2018", "date", "2018-10-03", None)]),
    ("2018年2月23日", "zh", [("2018年2月23日", "date", "2018-02-23", None)]),
    ("on Feb. 23.", "en", [("Feb. 23", "date", "--02-23", None)]),
    ("between May and June of 2016", "en", [("June of 2016", "date", "2016-06", None)]),
    ("31/02/2018, you may 5", "en", [("5", "number", 5.0, None)]),
    ("back to 2015, when", "en", [("2015", "year", 2015.0, None)]),
    ("tahun 2015 lalu", "id", [("2015", "year", 2015.0, None)]),
    ("That 2016 deal (2017)", "en", [("2016", "year", 2016.0, None), ("2017", "year", 2017.0, None)]),
    ("more than 2000 users", "en", [("2000", "number", 2000.0, "users")]),
    ("in the 1990s", "en", []),
    ("test Windows 10 on a Mi 4 or iPhone 8", "en", []),
    ("a 5G and 4K model, COVID-19", "en", []),
    ("at 10:30, 24/7, v1.2.3", "en", []),
    ("https://a.org/2015/03 or page-2.com", "en", []),
    ("1. Foo\n2. bar, 5 apples", "en", [("5", "number", 5.0, "apples")]),
    ("About 50 people", "en", [("50", "number", 50.0, "people")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "expected"), CASES)
def test_quantities_are_values_in_any_notation(
    text: str, language: str | None, expected: list[tuple[object, ...]]
) -> None:
    """The same amount has the same value in every language; names with numbers and addresses are no quantities."""
    found = [
        (quantity.span.of(text), quantity.kind, quantity.value, quantity.unit) for quantity in find(text, language)
    ]
    assert found == expected


def test_dates_alone() -> None:
    """Only the dates, in order of appearance."""
    text = "3 phones on 2018-02-23 and on 1 March."
    assert [quantity.value for quantity in dates(text)] == ["2018-02-23", "--03-01"]


@given(
    st.lists(
        st.sampled_from(
            ["1", "000", ",", ".", " ", "US$", "million", "5th", "-", "/", "2018", "May", "%", "é", "二", "\n"]
        ),
        max_size=30,
    ).map("".join),
    st.sampled_from(["en", "fr", "id", "zh", None]),
)
def test_spans_are_ordered_and_disjoint(text: str, language: str | None) -> None:
    """Whatever the text, the quantities stand in order and share no character."""
    position = 0
    for quantity in find(text, language):
        assert position <= quantity.span.start < quantity.span.end <= len(text)
        position = quantity.span.end

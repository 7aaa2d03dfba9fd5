"""Two rankings become one, no language of the index is crowded out, and copies share an origin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.documents import Filter
from rag.index import Index
from rag.retrieval import fuse, retrieve
from rag.syncing import sync
from rag.testing import HashEmbedder

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The seeds under the hash embedder."""
    settings = Settings(_env_file=None, home=tmp_path_factory.mktemp("home"))  # type: ignore[call-arg]
    sync(settings, HashEmbedder(), [SEEDS])
    with Index.open(settings, HashEmbedder()) as opened:
        yield opened


def test_reciprocal_rank_fusion_counts_ranks_from_one() -> None:
    """1/61 for first place in one ranking, 1/62 + 1/61 for second and first place."""
    assert fuse([[7, 8], [8]]) == pytest.approx({7: 1 / 61, 8: 1 / 62 + 1 / 61})


@given(st.lists(st.lists(st.integers(0, 30), unique=True), max_size=4))
def test_fusion_keeps_every_item_and_rewards_agreement(rankings: list[list[int]]) -> None:
    """An item's score is the sum over the rankings that have it."""
    scores = fuse(rankings)
    assert set(scores) == {item for ranking in rankings for item in ranking}
    for item, score in scores.items():
        assert score == pytest.approx(sum(1 / (61 + each.index(item)) for each in rankings if item in each))


def test_hits_are_ranked_from_one_with_both_rankings_shown(index: Index) -> None:
    """Scores fall, and every hit stands in at least one ranking."""
    hits = retrieve(index, "What did Xiaomi announce with Naver?", k=6, language="en")
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert (hit.dense_rank is None) == (hit.dense_score is None)
        assert (hit.lexical_rank is None) == (hit.lexical_score is None)
        assert hit.dense_rank or hit.lexical_rank
        assert len(hit.sentence_scores) == len(hit.chunk.sentences)
    assert "Naver" in hits[0].chunk.text


def test_copies_share_an_origin_and_others_do_not(index: Index) -> None:
    """Seeds 000 and 001 are one article; origins are numbered in order of rank."""
    hits = retrieve(index, "Microsoft Xiaomi Tencent Samsung CES Cortana", k=40)
    origins = {hit.source.id[6:9]: hit.origin for hit in hits}
    assert set(origins) == {"000", "001", "002", "003", "004"}
    assert origins["000"] == origins["001"]
    assert len(set(origins.values())) == 4
    assert hits[0].origin == 1


def test_every_language_with_a_good_match_has_a_place(index: Index) -> None:
    """A question of names matches French, English and Indonesian sources."""
    hits = retrieve(index, "Microsoft Xiaomi Azure Cortana Bing Skype", k=6)
    assert {hit.chunk.language for hit in hits} == {"en", "fr", "id"}


def test_a_french_question_keeps_its_french_source_on_top(index: Index) -> None:
    """Other languages never take the first place from the language of the question."""
    hits = retrieve(
        index, "Combien de téléphones vendus, en terme de part de marché sur les smartphones ?", k=4, language="fr"
    )
    assert hits[0].chunk.language == "fr"
    assert sum(hit.chunk.language == "fr" for hit in hits) >= 1


def test_a_filter_restricts_the_hits(index: Index) -> None:
    """Only Indonesian passages."""
    hits = retrieve(index, "Xiaomi Azure", k=4, filter=Filter(languages=("id",)))
    assert hits
    assert {hit.chunk.language for hit in hits} == {"id"}


def test_nothing_that_matches_gives_no_hits(index: Index) -> None:
    """A filter that no document passes is no error."""
    assert retrieve(index, "Xiaomi", filter=Filter(documents=("elsewhere/",))) == []

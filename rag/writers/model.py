"""Pages written by a language model, section by section, each sentence pointing at numbered ones of the sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rag import forms, guard, prompting, tokens
from rag.answers import DraftClaim, Usage
from rag.briefing_drafts import DraftBriefing
from rag.errors import ContextOverflowError, ModelError
from rag.forms import read_descriptions
from rag.kinship import Kinship
from rag.material import Material
from rag.prompting import Passage
from rag.rendering.display import clip, language_name
from rag.salience import centrality, is_news
from rag.sayings import sayings
from rag.writers.extractive import title
from rag.writers.sections import SECTIONS, SectionForm, made

if TYPE_CHECKING:
    from rag.model_client import ModelClient

PROMPT = "brief"
_REASKS = 2  # one for the form of a section, one for what it says
_SHOWN_CHARACTERS = 200
_OVERHEAD_TOKENS = 3_000  # the instructions and the schema


class ModelWriter:
    """Lets a model word statements; quotations are taken from the sources as they are.

    A section whose texts say more than their sentences is sent back once with the reasons; what is still wrong then
    stays in the draft, for the desk to withhold and count. May be shared by threads, as its client.

    Attributes:
        name: "<server>:<model>".
        glosses: True: the texts are worded by the model.
    """

    glosses = True

    def __init__(self, client: ModelClient, *, budget_tokens: int = 16_000) -> None:
        """Sends nothing.

        Args:
            client: Asks the model.
            budget_tokens: The most tokens that a request has, its answer not counted.
        """
        self.name = client.name
        self._client = client
        self._budget_tokens = budget_tokens

    @property
    def prompt(self) -> str:
        """Which prompt is sent: "<name>@<version>"."""
        return prompting.load(PROMPT).id

    @property
    def usage(self) -> Usage:
        """What this thread's latest page took."""
        return self._client.usage.frozen()

    def write(self, material: Material) -> DraftBriefing:
        """The page, as ``rag.writers.Writer`` describes: one request for each section, more where one is sent back.

        Raises:
            ContextOverflowError: Not one passage fits.
            ModelError: As ``rag.model_client.ModelClient.complete`` describes.
        """
        self._client.begin()
        kinship = Kinship(material)
        passages = self._passages(material, kinship)
        parts: dict[str, list[Any]] = {}
        for section in SECTIONS:
            parts |= self._section(section, material, passages)
        parts["timeline"].sort(key=lambda event: event.sort_key.replace("--", "9999-"))
        return DraftBriefing(title=title(material, kinship), sayings=sayings(material, kinship), **parts)

    def _section(self, section: str, material: Material, passages: Sequence[Passage]) -> dict[str, list[Any]]:
        ids = [identity for passage in passages for identity in passage.ids]
        review = _Review(material)
        descriptions = read_descriptions(prompting.load(PROMPT).part(section))
        form = made(section, ids, descriptions, review)
        try:
            filled = self._client.complete(_messages(section, material, passages, descriptions), form, reasks=_REASKS)
        except ModelError:
            if review.seen is None:
                raise
            filled = review.seen  # only asking again failed
        return filled.drafted()

    def _passages(self, material: Material, kinship: Kinship) -> list[Passage]:
        """The passages that fit, those with the most central sentence first chosen, in the order of the material.

        Raises:
            ContextOverflowError: None fits.
        """
        room = self._budget_tokens - _OVERHEAD_TOKENS
        kept: list[Passage] = []
        count = 0
        for passage in _ranked(material, kinship):
            cost = tokens.count(f"{passage.text}\n\n", self.name) + sum(len(each) + 12 for each in passage.ids)
            if cost > room or count + len(passage.ids) > forms.MOST_IDS or not passage.ids:
                continue
            kept.append(passage)
            room -= cost
            count += len(passage.ids)
        if not kept:
            raise ContextOverflowError(
                f"No passage fits into a request of {self._budget_tokens:,} tokens.",
                "Allow more tokens with RAG_CONTEXT_TOKENS, or leave the model out.",
            )
        return sorted(kept, key=lambda passage: passage.number)


def _ranked(material: Material, kinship: Kinship) -> Iterator[Passage]:
    """The passages, without what is no news, by their most central sentence."""
    central = centrality(material, kinship)
    best: dict[int, float] = {}
    news: set[str] = set()
    for place, remark in enumerate(material.remarks):
        number = int(remark.id.partition(".")[0])
        best[number] = max(best.get(number, 0.0), float(central[place]))
        news |= {remark.id} if is_news(material, place) else set()
    for number in sorted(best, key=lambda each: (-best[each], each)):
        passage = prompting.passage(number, material.hits[number - 1])
        lines = {place: line for place, line in passage.lines.items() if f"{number}.{place}" in news}
        yield Passage(number, passage.heading, lines)


class _Review:
    """Has a section that says more than its sentences written again, once.

    Attributes:
        seen: The latest that had the right form, whatever is wrong with its words; None before there is one.
    """

    def __init__(self, material: Material) -> None:
        self.seen: SectionForm | None = None
        self._language = material.language
        self._sentences = {remark.id: remark for remark in material.remarks}

    def __call__(self, form: SectionForm) -> None:
        """Keep the section.

        Raises:
            ValueError: It is the first, and there are reasons against it.
        """
        first, self.seen = self.seen is None, form
        reasons = [reason for claim in form.claims() for reason in self._objections(claim)] if first else []
        if reasons:
            again = prompting.load(PROMPT).part("again")
            raise ValueError(prompting.render(again, reasons="\n".join(f"- {each}" for each in dict.fromkeys(reasons))))

    def _objections(self, claim: DraftClaim) -> Iterator[str]:
        remarks = [self._sentences[each] for each in claim.sentences]
        evidence, languages = [each.text for each in remarks], [each.language for each in remarks]
        for objection in guard.examine(claim.text, evidence, self._language, languages):
            yield f'"{clip(claim.text, _SHOWN_CHARACTERS)}": {objection.reason}'


def _messages(
    section: str, material: Material, passages: Sequence[Passage], descriptions: dict[str, str]
) -> list[dict[str, str]]:
    prompt = prompting.load(PROMPT)
    topic = prompting.neutral(material.topic or "everything that the passages tell")
    texts = [passage.text for passage in passages]
    user = prompting.render(
        prompt.part("user"),
        fence=prompting.fence([topic, *texts]),
        passages="\n\n".join(texts),
        language=language_name(material.language),
        section=SECTIONS[section],
        topic=topic,
    )
    fields = "\n".join(f"- {path}: {text}" for path, text in descriptions.items())
    system = prompting.render(prompt.part("system"), fields=fields)
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]

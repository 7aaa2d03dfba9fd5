"""The forms that a model fills in, one for each section of a page, and what they become as parts of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, create_model, model_validator

from rag import quantities
from rag.answers import DraftClaim, DraftPosition
from rag.briefing_drafts import DraftActor, DraftDisagreement, DraftEvent, DraftGap
from rag.briefings import DisagreementKind
from rag.forms import cited

Section = Mapping[str, list[Any]]
"""Name of a field of ``DraftBriefing`` -> its items."""

SECTIONS: Mapping[str, str] = {
    "summary": "the bottom line and the key facts",
    "story": "the timeline and who is who",
    "comparison": "where the documents agree, where they differ, and what is not known",
}
"""The sections in the order in which they are written, with what the model is told of each."""

_MOST = {
    "bottom_line": 3, "facts": 10, "timeline": 8, "actors": 6, "agreements": 3, "disagreements": 4, "gaps": 4,
}  # fmt: skip
_MOST_POSITIONS = 4
_MOST_SENTENCES = 4


class _Item(BaseModel):
    """Whatever names sentences."""

    text: str
    sentences: list[str]

    def claim(self) -> DraftClaim:
        return DraftClaim(text=_line(self.text), sentences=list(dict.fromkeys(self.sentences)))


class _Matter(BaseModel):
    about: str
    kind: DisagreementKind
    positions: Sequence[_Item]

    def drafted(self) -> DraftDisagreement:
        sides = [each.claim() for each in self.positions]
        positions = [DraftPosition(text=side.text, sentences=side.sentences) for side in sides]
        return DraftDisagreement(about=_line(self.about), kind=self.kind, positions=positions)


class SectionForm(BaseModel):
    """A section as the model writes it."""

    def drafted(self) -> dict[str, list[Any]]:
        """The items of a draft, by the field of ``DraftBriefing`` that they go into."""
        return {
            name: [each for item in getattr(self, name) if (each := _drafted(name, item))] for name in self.fields()
        }

    def claims(self) -> list[DraftClaim]:
        """Every text with its sentences, positions included."""
        found: list[DraftClaim] = []
        for name in self.fields():
            for item in getattr(self, name):
                found += [each.claim() for each in item.positions] if isinstance(item, _Matter) else [item.claim()]
        return found

    @classmethod
    def fields(cls) -> list[str]:
        """The names of its lists."""
        return list(cls.model_fields)


def _drafted(name: str, item: Any) -> Any:
    """What an item becomes; None for an event without a date that can be read."""
    match name:
        case "timeline":
            return _event(item)
        case "actors":
            return DraftActor(name=_line(item.name), role=item.claim())
        case "disagreements":
            return item.drafted()
        case "gaps":
            return DraftGap(text=_line(item.text), basis="stated", sentences=item.claim().sentences)
        case _:
            return item.claim()


def _event(item: Any) -> DraftEvent | None:
    date = _line(item.date)
    found = [each for each in quantities.find(date, None) if each.kind in ("date", "year")]
    if not found:
        return None
    key = str(found[0].value) if found[0].kind == "date" else f"{found[0].value:.0f}"
    return DraftEvent(date=date, sort_key=key, basis="printed", claim=item.claim())


def made(
    section: str, ids: Sequence[str], descriptions: Mapping[str, str], check: Callable[[SectionForm], None]
) -> type[SectionForm]:
    """The form for one section: only the sentences shown can be named.

    Args:
        section: One of ``SECTIONS``.
        ids: Of the sentences that the model is shown; at least one.
        descriptions: By the path of a field; one for every field.
        check: Raises ValueError to have the model asked again.
    """
    sentences = cited(ids)

    def field(path: str, kind: Any, least: int | None = None, most: int | None = None) -> Any:
        return kind, Field(description=descriptions[path], min_length=least, max_length=most)

    def item(path: str, base: type[BaseModel], **more: Any) -> Any:
        named = path.replace(".", " ").title().replace(" ", "").replace("_", "")
        return create_model(
            named,
            __base__=base,
            **more,
            text=field(f"{path}.text", str),
            sentences=field(f"{path}.sentences", sentences, 1, _MOST_SENTENCES),
        )

    def kind(name: str) -> Any:
        match name:
            case "timeline":
                return item(name, _Item, date=field("timeline.date", str))
            case "actors":
                return item(name, _Item, name=field("actors.name", str))
            case "disagreements":
                side = item("disagreements.positions", _Item)
                return create_model(
                    "Disagreement",
                    __base__=_Matter,
                    about=field("disagreements.about", str),
                    kind=field("disagreements.kind", DisagreementKind),
                    positions=field("disagreements.positions", list[side], 2, _MOST_POSITIONS),  # type: ignore[valid-type]
                )
            case _:
                return item(name, _Item)

    def checked(form: SectionForm) -> SectionForm:
        check(form)
        return form

    names = [path for path in descriptions if "." not in path]
    fields = {name: field(name, list[kind(name)], None, _MOST[name]) for name in names}  # type: ignore[misc]
    form: type[SectionForm] = create_model(
        section.title(),
        __base__=SectionForm,
        __validators__={"checked": model_validator(mode="after")(checked)},  # type: ignore[dict-item]
        **fields,
    )
    return form


def _line(text: str) -> str:
    return " ".join(text.split())

"""Writers: they turn material into a draft of a briefing, and vouch for nothing.

``rag.desk`` checks every sentence of a draft, whoever wrote it.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from rag.answers import Usage
from rag.briefing_drafts import DraftBriefing
from rag.material import Material


@runtime_checkable
class Writer(Protocol):
    """Anything that writes a page from material.

    Attributes:
        name: Goes into ``Briefing.model``.
        glosses: Whether its texts may be worded in other words than their sentences.
        prompt: Which prompt a model is sent, "<name>@<version>"; None without one.
        usage: What it consumed so far.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  (described above)

    @property
    def glosses(self) -> bool: ...  # noqa: D102

    @property
    def prompt(self) -> str | None: ...  # noqa: D102

    @property
    def usage(self) -> Usage: ...  # noqa: D102

    def write(self, material: Material) -> DraftBriefing:
        """A page on the material's topic, in its language where the sources allow.

        Raises:
            ModelError: A model could not be asked.
        """
        ...

"""Fixtures that several test files share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_NOBODY = 65534


@pytest.fixture(scope="session", autouse=True)
def _settings_of_nobody() -> Iterator[None]:
    """The settings of the person who runs the tests do not count."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("RAG_", "OPENAI_")):
                patch.delenv(name)
        yield


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Path]:
    """A folder in which permissions count: root, who may do everything, is another user meanwhile."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)

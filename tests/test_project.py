"""The project's own promises: README, .env.example and the import of heavy parts do not drift."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from rag.config import Settings

ROOT = Path(__file__).parent.parent


def test_env_example_lists_every_setting_with_its_default_and_nothing_else():
    """.env.example holds one commented line RAG_NAME=default for each setting, in the order of Settings."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = [line.removeprefix("# ") for line in lines if re.match(r"# RAG_\w+=", line)]
    expected = [
        f"RAG_{name.upper()}={'' if info.default is None else info.default}"
        for name, info in Settings.model_fields.items()
    ]
    assert listed == expected


def test_env_example_explains_every_setting_in_the_words_of_the_code():
    """The line above each setting is its description in Settings."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name, info in Settings.model_fields.items():
        assert f"# {info.description}\n# RAG_{name.upper()}=" in text


def test_readme_opens_with_the_two_commands_that_do_all_the_set_up():
    """The gate runs exactly what README's first code block says."""
    printed = subprocess.run(
        [sys.executable, ROOT / ".ci" / "readme_commands.py"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines() == [
        'pip install . && ask "what does the Xiaomi laptop deal involve?"',
        'pip install -e ".[dev]" && pytest',
    ]


def test_seeds_are_the_original_bytes():
    """The articles are evidence: their checksums are fixed."""
    assert {path.name: _sha256(path) for path in sorted((ROOT / "seeds").iterdir())} == SEEDS


def test_no_module_reads_the_environment_but_config():
    """Settings come from rag.config; only what terminals say of themselves and tiktoken's cache are read elsewhere."""
    allowed = {"config.py", "console.py", "tokens.py"}
    readers = {
        path.name
        for path in (ROOT / "rag").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers == allowed


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


SEEDS = {
    "000_f7d27ef32518b9f8.txt": "82511c32ff46781bdf92231f73f21cdb05f9e0681701466b9a6b4ae4993ac7b2",
    "001_8b6beadbf58827be.txt": "d64209a27b7c2662458070cbae5ff2466ffb9d7d9e76a06d0d98ce664c3c8add",
    "002_a42e3a94e18620be.txt": "b80592924b37aa036f4054357b0ccaed276e8ba196ca406b69cc5460ffed180e",
    "003_ab6f8b3dd4b1febe.txt": "1b2bfb4b46aae2f441c242346a99b17675115f288cde7d7939d1da04c94d5028",
    "004_595bc8e74cc28870.txt": "ff428c672ee1d8d2b0051180d40b29765962b46ae96b57943ecc57d3eed94a41",
}


def test_every_dependency_has_a_lower_bound():
    """Without one an installer may choose versions of years ago that satisfy everybody else's bounds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    assert [one for one in wanted if ">=" not in one and not one.startswith("spanwise")] == []

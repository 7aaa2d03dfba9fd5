"""Cuts the fonts of the PDF page out of published ones: ``python training/page_fonts.py FOLDER``.

FOLDER holds what these packages unpack to, all under the SIL Open Font License 1.1:

    pip download --no-deps fontpkg-source-sans-3==3.52    # a wheel: unzip
    apt-get download fonts-noto-core fonts-noto-cjk       # packages: dpkg-deb -x

The Arabic of fonts-noto-core (2020) has one glyph for each letter with its dots; later ones draw dots as glyphs of
their own, and whoever copies text from the PDF gets such letters twice. Needs ``pip install fonttools``. The families
are renamed: "Source" is a reserved name, and a font of the same name on the reader's machine must not take part in the
layout. The output is the same, byte for byte, from the same input.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

TARGET = Path(__file__).parents[1] / "rag" / "pages" / "fonts"
PLAIN_SCRIPTS = ("Arabic", "Armenian", "Bengali", "Devanagari", "Georgian", "Hebrew", "Tamil", "Thai")
SYMBOLS = {
    "Math": ((0x2190, 0x2300), (0x27F0, 0x2800), (0x2900, 0x2980)),
    "Symbols": ((0x20A0, 0x20D0), (0x2300, 0x2800)),
    "Symbols2": ((0x2300, 0x2800), (0x2B00, 0x2C00)),
}


def main() -> None:
    [folder] = (Path(argument) for argument in sys.argv[1:])
    TARGET.mkdir(exist_ok=True)
    for weight, style in ((400, "Regular"), (600, "SemiBold")):
        latin = instantiateVariableFont(TTFont(_find(folder, "SourceSans3[[]wght].ttf")), {"wght": weight})
        _cut(latin, f"Sans-{style}.ttf", latin.getBestCmap(), style=style)
    for script in PLAIN_SCRIPTS:
        font = TTFont(_find(folder, f"NotoSans{script}-Regular.ttf"))
        _cut(font, f"{script}.ttf", font.getBestCmap())
    for name, blocks in SYMBOLS.items():
        font = TTFont(_find(folder, f"NotoSans{name}-Regular.ttf"))
        wanted = [code for code in font.getBestCmap() if any(start <= code < end for start, end in blocks)]
        _cut(font, f"{name}.ttf", wanted)
    chinese = TTFont(_find(folder, "NotoSansCJK-Regular.ttc"), fontNumber=2)
    _cut(chinese, "CJK.otf", sorted(_east_asian()))


def _find(folder: Path, pattern: str) -> Path:
    return sorted(folder.rglob(pattern))[0]


def _east_asian() -> set[int]:
    """The characters of GB 2312, Big5 level 1, JIS X 0208 level 1 and KS X 1001, kana and full-width forms."""
    characters = set(range(0x3000, 0x3100)) | set(range(0xFF00, 0xFFF0))
    characters |= _decoded("gb2312", range(0xA1, 0xAA)) | _decoded("gb2312", range(0xB0, 0xF8))
    characters |= _decoded("euc_jp", range(0xB0, 0xD0)) | _decoded("euc_kr", range(0xB0, 0xC9))
    return characters | _decoded("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF)))


def _decoded(encoding: str, rows: Iterable[int], columns: Iterable[int] = range(0xA1, 0xFF)) -> set[int]:
    columns = tuple(columns)
    pairs = (bytes([row, column]).decode(encoding, "ignore") for row in rows for column in columns)
    return {ord(character) for character in pairs if len(character) == 1}


def _cut(font: TTFont, name: str, characters: Iterable[int], *, style: str = "Regular") -> None:
    options = subset.Options(hinting=False, layout_features=["*"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += ["DSIG", "STAT"]
    if name == "CJK.otf":  # its vertical and regional forms would double the size
        options.layout_features = ["kern", "palt", "ccmp", "mark", "mkmk"]
    if name.startswith("Sans-"):
        options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum", "lnum"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    _rename(font, f"Spanwise {name.partition('.')[0].partition('-')[0]}", style)
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(TARGET / name)
    print(f"{name}: {len(font.getBestCmap())} characters, {(TARGET / name).stat().st_size:,} bytes")


def _rename(font: TTFont, family: str, style: str) -> None:
    full = f"{family} {style}"
    for number, text in {1: family, 2: style, 3: full, 4: full, 6: full.replace(" ", "")}.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    if "CFF " in font:
        font["CFF "].cff.fontNames = [full.replace(" ", "")]
        top = font["CFF "].cff.topDictIndex[0]
        top.FamilyName, top.FullName = family, full


if __name__ == "__main__":
    main()

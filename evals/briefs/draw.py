"""Draws pages as small pictures: ``python evals/briefs/draw.py brief.pdf … --into evals/briefs/samples``.

Needs ``pip install pypdfium2 pillow``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pypdfium2

SCALE, COLOURS = 1.5, 96  # 893 x 1,263 pixels, some 90 kB


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("pages", nargs="+", type=Path)
    arguments.add_argument("--into", type=Path, default=Path())
    given = arguments.parse_args()
    for path in given.pages:
        picture = pypdfium2.PdfDocument(path)[0].render(scale=SCALE).to_pil()
        target = given.into / f"{path.stem}.png"
        picture.quantize(COLOURS).save(target, optimize=True)
        print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

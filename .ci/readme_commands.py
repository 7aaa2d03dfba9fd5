"""Print the commands of README's first code block, one a line: the two that do all the set-up."""

import re
from pathlib import Path

readme = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
block = re.search(r"^```(?:bash|sh|shell)\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
for line in block.group(1).splitlines() if block else []:
    command = line.split("  #")[0].strip()
    if command and not command.startswith("#"):
        print(command)

"""Whoever follows a page finds what is wrong with it: each of these pages has one fault, and the first has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.doc_reader import Reader

GOOD = """# A page

```yaml
# p.yaml
plan: p
contract: EUR.USD
side: buy
size: 25_000
```

```sh
fxrun validate p.yaml
cd /
```

```text
p.yaml: ok...
```

```yaml
limits: {max_quantity: 50_000}
```

<!-- in the background until: here -->
```sh
sh -c 'echo here; exec sleep 60'
```

<!-- first stop: sleep -->
```sh
pwd
false                               # exit 1
```

```text
/
```
"""
FAULTS = {
    "what ends otherwise": ("fxrun validate p.yaml\n", "fxrun validate p.yaml    # exit 2\n"),
    "what is not printed": ("p.yaml: ok", "q.yaml: ok"),
    "a plan that is refused": ("side: buy", "side: by"),
    "settings that are refused": ("max_quantity", "max_quantty"),
    "what never says it": ("echo here", "echo there; exit"),
    "what was not started": ("first stop: sleep", "first stop: fxrun"),
    "a file that nobody has written": ("# p.yaml", "# q.yaml"),
}


def follow(text: str, folder: Path) -> None:
    page = folder / "page.md"
    page.write_text(text)
    reader = Reader(folder)
    try:
        reader.follow(str(page))
    finally:
        reader.close()


def test_a_page_that_is_right(tmp_path: Path) -> None:
    follow(GOOD, tmp_path)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_that_is_wrong(fault: str, tmp_path: Path) -> None:
    right, wrong = FAULTS[fault]
    assert GOOD.count(right) == 1
    with pytest.raises((AssertionError, ValueError)):
        follow(GOOD.replace(right, wrong), tmp_path)

"""The site of these pages: `make docs` builds it into build/docs, with every warning an error."""

from __future__ import annotations

project = "fxrun"
author = "the authors of fxrun"
html_title = "fxrun"
extensions = ["myst_parser"]
exclude_patterns: list[str] = []
highlight_language = "text"
smartquotes = False  # -- is an option, and a quote is a quote
nitpicky = True

# the pages are read on GitHub, too: its anchors, its images
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_show_search_summary = False  # it fetches pages, which a browser refuses to those that were opened as files
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}

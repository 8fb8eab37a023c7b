"""The documentation as a site: ``python -m sphinx -W -b html docs FOLDER``. Nothing on it is fetched from elsewhere."""

from sphinx.application import Sphinx

from batchsim import __version__

project = "batchsim"
release = version = __version__
copyright = "the batchsim authors"  # noqa: A001 (Sphinx's name)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# Headings are linked to as on GitHub; `--option` stays two hyphens.
myst_heading_anchors = 4
smartquotes = False
napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's own lines say it in words

html_theme = "furo"
html_title = "batchsim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

#: What pages link to outside this folder, and the page that shows it on the site.
ELSEWHERE = {"../batchsim/catalog/data/SOURCES.md": "price-sources.md"}


def _lead_to_pages(_app: Sphinx, _page: str, source: list[str]) -> None:
    for path, page in ELSEWHERE.items():
        source[0] = source[0].replace(f"]({path}", f"]({page}")


def setup(app: Sphinx) -> None:
    """Have links to files that the site shows as pages lead there."""
    app.connect("source-read", _lead_to_pages)

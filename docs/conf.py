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
#: What axe-core misses in the theme's pages, and how it should be: levels of headings, names of landmarks,
#: a way to scroll wide code and tables by keyboard.
OPEN_TO_ALL = {
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper docutils container">': '<div class="table-wrapper docutils container" tabindex="0">',
}


def _lead_to_pages(_app: Sphinx, _page: str, source: list[str]) -> None:
    for path, page in ELSEWHERE.items():
        source[0] = source[0].replace(f"]({path}", f"]({page}")


def _open_to_all(app: Sphinx, _error: Exception | None) -> None:
    for page in app.outdir.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for without, with_it in OPEN_TO_ALL.items():
            text = text.replace(without, with_it)
        page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Have links to files that the site shows as pages lead there, and pages open to all readers."""
    app.connect("source-read", _lead_to_pages)
    app.connect("build-finished", _open_to_all)

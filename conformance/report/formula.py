"""The formula of a loss as MathML, from the LaTeX in its spec."""

from __future__ import annotations

import html
from xml.etree import ElementTree

from markupsafe import Markup

from conformance.report import wording

_TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
    *("mstyle", "mpadded", "mphantom"),
}
_ATTRIBUTES = {
    *("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "separator"),
    *("largeop", "movablelimits", "lspace", "rspace", "columnalign", "columnspacing"),
    *("rowspacing", "linethickness", "mathvariant", "accent", "width", "minsize", "maxsize"),
}
_THIN = "0.1667em"


def mathml(latex: str) -> Markup | None:
    """A displayed formula, or None where the LaTeX is absent or not understood.

    A spec may come from a stranger: of the converter's tree only known elements and attributes
    are kept, and text is escaped here, because the converter's own serialiser unescapes it.
    """
    # Half of the report's import time, and only pages with formulas need it.
    from latex2mathml.converter import convert_to_element

    if not latex.strip():
        return None
    try:
        tree = convert_to_element(latex, display="block")
        _clean(tree)
    except Exception:
        # The converter raises whatever its parser trips over; the executable text stands beside.
        return None
    return Markup(ElementTree.tostring(tree, encoding="unicode"))


def _clean(element: ElementTree.Element) -> None:
    if element.tag not in _TAGS:
        element.tag = "mrow"
    for name in [name for name in element.attrib if name not in _ATTRIBUTES]:
        if name != "xmlns":
            del element.attrib[name]
    element.text = wording.visible(html.unescape(element.text or ""))
    element.tail = None
    for at, child in enumerate(element):
        _clean(child)
        if child.tag == "mrow" and len(child) == 1 and not child.attrib:
            element[at] = child[0]  # a row of one only adds nodes
    _space_functions(element)


def _space_functions(element: ElementTree.Element) -> None:
    """Set `log x` apart as LaTeX does; MathML Core leaves no space after a function's name."""
    children = list(element)
    for at in reversed(range(len(children) - 1)):
        name, following = children[at], children[at + 1]
        fence = following.get("fence") or (following.text or "") in "([|"
        word = name.tag == "mi" and len(name.text or "") > 1
        if word and (following.tag != "mo" or not fence) and following.tag != "mspace":
            element.insert(at + 1, ElementTree.Element("mspace", width=_THIN))

"""The closed grammar of formulas: a text becomes a checked tree, or is refused."""

import ast
import difflib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from conformance.specs.errors import FormulaError

TEXT_LIMIT = 4_000
NODE_LIMIT = 500
NESTING_LIMIT = 40
INTEGER_BITS = 1_000

#: The least and the largest number of arguments of each function, None for any number.
Functions = Mapping[str, tuple[int, int | None]]

FUNCTIONS: Functions = {
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "abs": (1, 1),
    "max": (1, None),
    "min": (1, None),
    "sum": (1, 1),
    "prod": (1, 1),
    "range": (1, 3),
    "len": (1, 1),
    "sorted": (1, 1),
    "xlogy": (2, 2),
}

ALLOWED_TEXT = (
    "numbers, names, + - * / **, comparisons, and/or/not, 'is None', 'x if c else y', indexing, "
    "comprehensions, and the functions " + ", ".join(FUNCTIONS)
)

_ALLOWED: tuple[type[ast.AST], ...] = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Call),
    *(ast.Name, ast.Load, ast.Store, ast.Constant, ast.Subscript),
    *(ast.GeneratorExp, ast.ListComp, ast.comprehension),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.Is, ast.IsNot),
)

_PLAIN_NAMES = {
    "Attribute": "an attribute (x.y)",
    "JoinedStr": "an f-string",
    "Lambda": "a lambda",
    "NamedExpr": "an assignment (:=)",
    "Slice": "a slice (x[a:b])",
    "List": "a list display",
    "Tuple": "a tuple",
    "Dict": "a dictionary",
    "Set": "a set",
    "DictComp": "a dictionary comprehension",
    "SetComp": "a set comprehension",
    "Starred": "a starred argument",
    "FloorDiv": "floor division (//)",
    "Mod": "the remainder (%)",
    "In": "the operator in",
    "NotIn": "the operator not in",
    "MatMult": "the matrix product (@)",
}


_NESTING = f"at most {NESTING_LIMIT} levels are allowed"


@dataclass(frozen=True)
class Tree:
    """A formula that lies inside the grammar: its one-line text and its expression."""

    text: str
    body: ast.expr

    def literal(self, node: ast.Constant) -> int | Fraction:
        """Give the exact value of a number as it is written."""
        if isinstance(node.value, int):
            return node.value
        return Fraction(ast.get_source_segment(self.text, node) or "")


def parse(text: str, names: Iterable[str], functions: Functions = FUNCTIONS) -> Tree:
    """Read a formula and refuse whatever is outside the grammar, naming it and what is allowed."""
    line = " ".join(text.split())
    tree = Tree(line, _read(line))
    _check_size(tree.body)
    for node in ast.walk(tree.body):
        _check_node(node, tree, functions)
    _check_names(tree.body, frozenset(names), functions)
    return tree


def _read(line: str) -> ast.expr:
    if len(line) > TEXT_LIMIT:
        raise FormulaError(
            f"the formula has {len(line)} characters; at most {TEXT_LIMIT} are allowed"
        )
    if not line.isascii():
        odd = next(character for character in line if not character.isascii())
        raise FormulaError(f"the character {odd!a} is not plain ASCII; write the name in letters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser warns about texts refused a line later
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        found = f"{error.msg} at character {error.offset}"
        raise FormulaError(f"this is no expression: {found}; allowed are {ALLOWED_TEXT}") from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError(f"the formula is nested too deeply to read; {_NESTING}") from None


def _check_size(body: ast.expr) -> None:
    level: list[ast.AST] = [body]
    count = depth = 0
    while level:
        depth += 1
        count += len(level)
        if depth > NESTING_LIMIT:
            raise FormulaError(f"the formula is nested too deeply; {_NESTING}")
        if count > NODE_LIMIT:
            raise FormulaError(f"the formula has more than {NODE_LIMIT} parts; use 'let' or split")
        level = [child for node in level for child in _children(node)]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Load | ast.Store | ast.operator | ast.unaryop | ast.cmpop):
            yield child


def _check_node(node: ast.AST, tree: Tree, functions: Functions) -> None:
    if not isinstance(node, _ALLOWED):
        raise _refusal(node)
    match node:
        case ast.Constant():
            _check_constant(node, tree)
        case ast.Call():
            _check_call(node, functions)
        case ast.comprehension():
            _check_comprehension(node)
        case ast.Compare(ops=operators, comparators=others):
            for operator, other in zip(operators, others, strict=True):
                none = isinstance(other, ast.Constant) and other.value is None
                if none != isinstance(operator, ast.Is | ast.IsNot):
                    raise FormulaError("None may stand only in 'x is None' and 'x is not None'")


def _refusal(node: ast.AST) -> FormulaError:
    kind = type(node).__name__
    what = _PLAIN_NAMES.get(kind, kind)
    return FormulaError(f"{what} is not part of the formula language; allowed are {ALLOWED_TEXT}")


def _check_constant(node: ast.Constant, tree: Tree) -> None:
    value = node.value
    if value is None:
        return  # its place is checked at the comparison, any other fails when compiled
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormulaError(
            f"the constant {ast.unparse(node)[:40]} is no number; only numbers are allowed"
        )
    if isinstance(value, int):
        if value.bit_length() > INTEGER_BITS:
            raise FormulaError(f"an integer has more than {INTEGER_BITS} bits; write a smaller one")
        return
    written = ast.get_source_segment(tree.text, node) or ""
    digits = written.lower().partition("e")[0]
    if value == float("inf") or (value == 0.0 and digits.strip("0._")):
        raise FormulaError(f"the number {written[:40]} does not fit a double; write a closer one")


def _check_call(node: ast.Call, functions: Functions) -> None:
    if not isinstance(node.func, ast.Name):
        raise FormulaError(
            f"only functions of the language can be called; allowed are {', '.join(functions)}"
        )
    name = node.func.id
    if name not in functions:
        raise FormulaError(f"there is no function {name!r}{_suggestion(name, functions)}")
    if node.keywords:
        raise FormulaError(f"{name} is called with a keyword; arguments have no names here")
    low, high = functions[name]
    if len(node.args) < low or (high is not None and len(node.args) > high):
        takes = (
            f"{low} or more" if high is None else f"{low}" if low == high else f"{low} to {high}"
        )
        raise FormulaError(f"{name} is called with {len(node.args)} arguments; it takes {takes}")


def _check_comprehension(node: ast.comprehension) -> None:
    if node.is_async or node.ifs:
        raise FormulaError("a comprehension has no 'if' or 'async' here; write 'x if c else y'")
    if not isinstance(node.target, ast.Name):
        raise FormulaError("a comprehension binds one plain name; write 'for k in ...'")


def _check_names(body: ast.expr, names: frozenset[str], functions: Functions) -> None:
    for name in _bound(body):
        if name in names or name in functions or name.startswith("_"):
            raise FormulaError(
                f"the comprehension variable {name!r} is taken; choose a name that is not in use"
            )
    called = {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}
    _resolve(body, names, called)


def _bound(node: ast.AST) -> list[str]:
    return [
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]


def _resolve(node: ast.AST, known: frozenset[str], called: set[int]) -> None:
    """Refuse a name that nothing defines where it stands; depth is bounded by then."""
    if isinstance(node, ast.Name) and id(node) not in called and node.id not in known:
        raise FormulaError(f"the name {node.id!r} is not known here{_suggestion(node.id, known)}")
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        for generator in node.generators:
            _resolve(generator.iter, known, called)
            known = known.union(_bound(generator.target))
        _resolve(node.elt, known, called)
        return
    for child in _children(node):
        _resolve(child, known, called)


def _suggestion(name: str, known: Iterable[str]) -> str:
    options = sorted(known)
    close = difflib.get_close_matches(name, options, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return "; known are " + (", ".join(options) or "none")

"""What is promised of a call: by its binding where it declares it, else by the norm alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from conformance.cases.contract import MIXED, OF_LISTS, Asking
from conformance.engine.promotion import Reading, readings
from conformance.numerics.formats import FORMATS
from conformance.specs.contract import Clause, load_contract
from conformance.targets.binding_file import load_bindings
from conformance.targets.contract import Contract
from conformance.targets.target import FRAMEWORKS, Target

RAISES = "raises"


@dataclass(frozen=True)
class Promise:
    """What a call must come to. `readings` are ways to take it, one of which the result must fit.

    `word` is the declared one (None: nothing is declared, and `undeclared` says that it should be);
    `may_raise` that an exception is no fault.
    """

    clause: Clause
    word: str | None
    readings: tuple[Reading, ...]
    may_raise: bool = False
    undeclared: bool = False

    @property
    def raises(self) -> bool:
        """Whether only an exception keeps it."""
        return self.word == RAISES

    @property
    def rule(self) -> str:
        """What a result that fails breaks."""
        if self.word is None:
            return self.clause.norm
        return f"as the binding declares, {self.word}: {self.clause.words[self.word]}"

    @property
    def dtypes(self) -> str:
        """The dtypes that a result may have."""
        return " or ".join(dict.fromkeys(each.result for each in self.readings))

    @property
    def due(self) -> str:
        """What is expected, in a few words."""
        if self.raises:
            return "an exception"
        either = ", or an exception" if self.may_raise else ""
        return f"{self.dtypes}, within its bound{either}" if self.readings else "no gradient"


def promised(
    asking: Asking, dtype: str, contract: Contract | None, usual: Contract | None
) -> Promise:
    """The promise of a binding's contract; without one that of the norm.

    `usual` is the contract of the stock framework, whose conventions are honest in a callable too.
    """
    clause = load_contract()[asking.clause]
    word = None if contract is None else contract.word(asking.clause, asking.key)
    if contract is None or not clause.words:
        known = None if usual is None else usual.word(asking.clause, asking.key)
        free = contract is None and bool(clause.words)
        return Promise(clause, None, _by_norm(asking, dtype, known), may_raise=free)
    if word is None or word == RAISES:
        return Promise(clause, word, (), undeclared=word is None)
    return Promise(clause, word, _as_declared(asking, dtype, word))


def _as_declared(asking: Asking, dtype: str, word: str) -> tuple[Reading, ...]:
    if asking.clause in MIXED:
        return _mixed(asking, word, None)
    if asking.clause == "integer-gradient":
        return ()
    return (Reading(word, word) if asking.clause == "all-lists" else Reading(dtype, dtype),)


def _mixed(asking: Asking, word: str | None, usual: str | None) -> tuple[Reading, ...]:
    first, _, other = asking.key.partition("+")
    return tuple(readings(first, other, word, usual))


def _by_norm(asking: Asking, dtype: str, usual: str | None) -> tuple[Reading, ...]:
    """Numbers that no floating tensor holds have no dtype: a wider result is as good."""
    if asking.clause in MIXED:
        return _mixed(asking, None, usual)
    if asking.clause == "integer-gradient":
        return ()
    own = OF_LISTS if asking.clause == "all-lists" else dtype
    found = [Reading(own, own)]
    if asking.clause in (
        "integer-target",
        "boolean-target",
        "python-number",
        "python-list",
        "all-lists",
    ):
        digits = FORMATS[own].precision
        found += [Reading(name, own) for name, form in FORMATS.items() if form.precision > digits]
    return tuple(found)


@cache
def contract_of_stock(framework: str, loss: str) -> Contract | None:
    """What the framework's own loss of that name declares, in the mode in which it is used."""
    name = "optax" if framework == "jax" else framework
    if name == "numpy":
        return None
    backend = next(iter(FRAMEWORKS[name].backends), None)
    binding = load_bindings(Target(name, backend)).get(loss)
    return None if binding is None or binding.absent is not None else binding.contract

"""Perform one call: tensors in, value and gradients out, and everything else that happened."""

from __future__ import annotations

import warnings
from copy import deepcopy
from json import dumps  # by name: a callable may replace what stands in the modules
from time import perf_counter
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
from axis import back, forth
from direction import direct
from layout import lay_out
from locate import locate
from protocol import Packed
from raised import describe
from signature import usable
from watch import Watch

_LONGEST_MESSAGE = 2000
_MOST_WARNINGS = 20


#: What of a header makes a callable another one.
_PARTS = (
    "call", "after", "arguments", "constants", "construction", "dtype", "squared", "derivative",
    "python",
)  # fmt: skip

#: A header and its arrays.
Answer = Tuple[Dict[str, Any], List[Packed]]


class Invocation:
    """A callable of tensors alone: the path is located, constants are bound, arguments arranged.

    For each tensor `header["arguments"]` lists [place, key, axis]: place is "call" or "construct",
    key the keyword or the position, axis where the classes go (None: none, or they stay last).
    `header["python"]` lists [place, key, value] of numbers and lists that stay what they are.
    """

    def __init__(self, adapter: Any, header: Dict[str, Any]) -> None:
        self.dtype: str = header["dtype"]
        self.path: str = header["call"]
        self.function: Callable[..., Any] = usable(locate(self.path))
        self.after: Optional[Callable[..., Any]] = header["after"] and locate(header["after"])
        self.arguments: List[Tuple[str, Any, Optional[int]]] = header["arguments"]
        self.constants: Dict[str, Any] = header["constants"]
        self.construction: Optional[Dict[str, Any]] = header["construction"]
        self.squared: bool = header.get("squared", False)
        self.derivative: str = header.get("derivative", "gradient")
        self.python: List[Tuple[str, Any, Any]] = header.get("python", [])
        self._adapter = adapter

    def arrange(self, place: str, tensors: Sequence[Any]) -> Tuple[List[Any], Dict[str, Any]]:
        """Positional and keyword arguments of the call or of the construction."""
        named = [(k, t) for (p, k, _), t in zip(self.arguments, tensors) if p == place]
        named += [(key, deepcopy(value)) for where, key, value in self.python if where == place]
        ordered = sorted((x for x in named if isinstance(x[0], int)), key=lambda x: x[0])
        positional = [tensor for _, tensor in ordered]
        return positional, {key: tensor for key, tensor in named if isinstance(key, str)}

    def __call__(self, *tensors: Any) -> Any:
        positional, keywords = self.arrange("call", tensors)
        function = self.function
        if self.construction is not None:
            given, named = self.arrange("construct", tensors)
            keyed = {**self.construction, **named}
            function = self._adapter.construct(function, self.dtype, given, keyed)
        value = function(*positional, **self.constants, **keywords)
        value = value if self.after is None else self.after(value)
        return value**2 if self.squared else value


class Evaluator:
    """Evaluates requests with one adapter; callables are located, and compiled, once.

    With a watch each outcome says what the call changed in its process.
    """

    def __init__(self, adapter: Any, watch: Optional[Watch] = None) -> None:
        self._adapter = adapter
        self.watch = watch
        self._known: Dict[str, Tuple[Invocation, Callable[..., Any]]] = {}
        self._dtype = ""

    def evaluate(self, header: Dict[str, Any], arrays: List[Packed]) -> Answer:
        """The outcome's header and arrays (the value, then the wanted gradients that exist).

        Of repeated calls it is the first that differs from the first one, else the last.
        """
        before = self._set_threads(header["threads"])
        try:
            first = latest = self._once(header, arrays)
            for _ in range(header["repeat"] - 1):
                latest = self._once(header, arrays)
                if not alike(first, latest):
                    break
        finally:
            self._set_threads(before)
        return latest

    def _set_threads(self, count: Optional[int]) -> Optional[int]:
        """The number that it was; None where nothing is asked for."""
        return None if count is None else self._adapter.set_threads(count)

    def _once(self, header: Dict[str, Any], arrays: List[Packed]) -> Answer:
        report: Dict[str, Any] = {"id": header["id"], "value": False, "gradients": []}
        results: List[Packed] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            began = perf_counter()
            try:
                self._perform(header, arrays, report, results)
            except BaseException as fault:  # SystemExit too is an answer
                report["raised"] = describe(fault)
            report["seconds"] = perf_counter() - began
            report["altered"] = self.watch.changes() if self.watch else []
        report["warnings"] = [
            [each.category.__name__, str(each.message)[:_LONGEST_MESSAGE]]
            for each in caught[:_MOST_WARNINGS]
        ]
        return report, results

    def _perform(
        self,
        header: Dict[str, Any],
        arrays: List[Packed],
        report: Dict[str, Any],
        results: List[Packed],
    ) -> None:
        axes = [axis for _, _, axis in header["arguments"]]
        given = [(dtype, forth(array, axis)) for (dtype, array), axis in zip(arrays, axes)]
        tensors = self._tensors(header, given)
        invocation, function = self._invocation(header)
        if invocation.derivative != "gradient":
            direct(self._adapter, function, tensors, header, (axes, arrays), (report, results))
            return
        wanted = header["wanted"]
        along = self._cotangent(header, arrays[-1]) if wanted else None
        try:
            run = self._adapter.run(function, invocation, tensors, wanted, along)
            results.append(self._adapter.from_tensor(run.value))
            report["value"] = True
            if along is not None:
                self._differentiate(wanted, along, axes, run, report, results)
        finally:
            report["mutated"] = [
                place
                for place, (before, tensor) in enumerate(zip(given, tensors))
                if not same(before, self._adapter.from_tensor(tensor))
            ]

    def _tensors(self, header: Dict[str, Any], given: Sequence[Packed]) -> List[Any]:
        word: Optional[str] = header["layout"]
        if word is None:
            return [self._adapter.to_tensor(dtype, array.copy()) for dtype, array in given]
        return [self._adapter.to_view(dtype, *lay_out(array, word)) for dtype, array in given]

    def _cotangent(self, header: Dict[str, Any], cotangent: Packed) -> Packed:
        """Laid out as the inputs are; its rows differ, so that it has no stride of 0."""
        word: Optional[str] = header["layout"]
        if word in (None, "broadcast"):
            return cotangent
        return cotangent[0], lay_out(cotangent[1], str(word))[1]

    def _differentiate(
        self,
        wanted: List[int],
        cotangent: Packed,
        axes: List[Optional[int]],
        run: Any,
        report: Dict[str, Any],
        results: List[Packed],
    ) -> None:
        try:
            gradients = [
                None if gradient is None else self._adapter.from_tensor(gradient)
                for gradient in run.gradients(cotangent)
            ]
        except BaseException as fault:
            report["gradient_raised"] = describe(fault)
            return
        for place, gradient in zip(wanted, gradients):
            if gradient is not None:  # None: no path leads from the value to this input
                dtype, array = gradient
                results.append((dtype, back(array, axes[place])))
                report["gradients"].append(place)

    def _invocation(self, header: Dict[str, Any]) -> Tuple[Invocation, Callable[..., Any]]:
        key = dumps([header.get(part) for part in _PARTS])
        if header["dtype"] != self._dtype:  # the next block: what was compiled is not asked again
            self._dtype = header["dtype"]
            self._known.clear()
            getattr(self._adapter, "forget", _nothing)()
        if key not in self._known:
            invocation = Invocation(self._adapter, header)
            self._known[key] = invocation, self._adapter.transform(invocation)
        return self._known[key]


def _nothing() -> None:
    pass


def same(one: Packed, other: Packed) -> bool:
    """Equal in dtype, shape and every bit."""
    (dtype, array), (other_dtype, changed) = one, other
    if dtype != other_dtype or array.shape != changed.shape:
        return False
    kind = f"u{array.dtype.itemsize}"
    return np.array_equal(
        np.ascontiguousarray(array).view(kind), np.ascontiguousarray(changed).view(kind)
    )


def alike(one: Answer, other: Answer) -> bool:
    """The same answer to the last bit, whatever time it took and whatever was said."""
    parts = ("value", "gradients", "mutated", "raised", "gradient_raised")
    if any(one[0].get(part) != other[0].get(part) for part in parts):
        return False
    return len(one[1]) == len(other[1]) and all(map(same, one[1], other[1]))

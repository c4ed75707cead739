"""One call along a direction: how the value moves, or how its gradients do."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from axis import back, forth
from protocol import Packed
from raised import describe


class Moved(NamedTuple):
    """What an adapter gives: the value, how it moves, the gradients, and how those move.

    None stands for what no path leads to, or what was not asked for.
    """

    value: Any
    tangent: Any
    gradients: List[Any]
    curvature: List[Any]


class Direction(NamedTuple):
    """What to differentiate by, along which cotangent and along which tangents, in which way."""

    derivative: str
    wanted: List[int]
    cotangent: Packed
    tangents: List[Packed]


def direct(
    adapter: Any,
    function: Callable[..., Any],
    tensors: List[Any],
    header: Dict[str, Any],
    given: Tuple[List[Optional[int]], List[Packed]],
    answer: Tuple[Dict[str, Any], List[Packed]],
) -> None:
    """Fill the answer's header and arrays; `given` are the class axes and all arrays of the request.

    Where the plain call gives a value that cannot be differentiated so, the header says why.
    """
    (axes, arrays), (report, results) = given, answer
    wanted, count = header["wanted"], len(axes)
    tangents = [
        (dtype, forth(array, axes[place]))
        for place, (dtype, array) in zip(wanted, arrays[count + 1 :])
    ]
    direction = Direction(header["derivative"], wanted, arrays[count], tangents)
    try:
        moved = adapter.directional(function, tensors, direction)
    except BaseException as fault:
        results.append(adapter.from_tensor(function(*tensors)))  # which may raise by itself
        report["value"] = True
        report["gradient_raised"] = describe(fault)
        return
    results.append(adapter.from_tensor(moved.value))
    report["value"] = True
    report["curvature"] = []
    for word, each in (("gradients", moved.gradients), ("curvature", moved.curvature)):
        for place, tensor in zip(wanted, each):
            if tensor is not None:
                dtype, array = adapter.from_tensor(tensor)
                results.append((dtype, back(array, axes[place])))
                report[word].append(place)
    if moved.tangent is not None:
        results.append(adapter.from_tensor(moved.tangent))
        report["tangent"] = True

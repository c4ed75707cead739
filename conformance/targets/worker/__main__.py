"""A worker: reads calls from one descriptor, writes outcomes to another, until the first ends.

Started by path with the target's interpreter: `python worker REQUESTS RESPONSES`. The first frame
says which adapter to load; the answer holds the facts of the framework, or why it failed to load.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import threading
import time
from typing import Any, Dict

import numpy as np
from declaration import declarations
from evaluation import Evaluator
from protocol import Inbox, Outbox, encode
from raised import describe
from signature import describe_callable
from watch import Watch


def facts_of(adapter: Any) -> Dict[str, Any]:
    common = {"python": platform.python_version(), "numpy": np.__version__}
    return {**common, **adapter.facts()}


def prepare(start: Dict[str, Any]) -> Any:
    adapter = importlib.import_module(start["adapter"])
    adapter.prepare(start)
    # From here on a user's module may bear the name of one of these scripts.
    own = os.path.abspath(sys.path.pop(0))
    for name, module in list(sys.modules.items()):
        if os.path.dirname(str(getattr(module, "__file__", None))) == own and name != "__main__":
            del sys.modules[name]
    sys.path[:0] = start["import_paths"]
    return adapter


def follow(parent: int) -> None:
    """End with the driver, even in the middle of an endless call."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(0)


def description(path: str, evaluator: Evaluator) -> Dict[str, Any]:
    """What the callable at a path takes, or why it cannot be had."""
    try:
        found = describe_callable(path)
        altered = evaluator.watch.changes() if evaluator.watch else []
        return {"description": {**found, "altered": altered}}
    except BaseException as fault:  # SystemExit too is an answer
        return {"failed": describe(fault)}


def main() -> None:
    descriptors = [int(word) for word in sys.argv[1:3]]
    for descriptor in descriptors:  # not for programs that a callable starts
        os.set_inheritable(descriptor, False)
    threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()
    inbox, outbox = Inbox(descriptors[0]), Outbox(descriptors[1])

    def answer(header: Dict[str, Any], arrays: Any = ()) -> None:
        outbox.add(encode(header, arrays))
        outbox.send()

    start = inbox.receive()
    assert start is not None  # a blocking descriptor
    try:
        adapter = prepare(start[0])
        facts = facts_of(adapter)
        signatures = declarations(start[0].get("callables", []))
    except BaseException as fault:
        return answer({"failed": describe(fault)})
    answer({"facts": facts, "signatures": signatures})
    evaluator = Evaluator(adapter, Watch(adapter) if start[0]["watch"] else None)
    while True:
        try:
            frame = inbox.receive()
        except EOFError:
            return None
        assert frame is not None
        if "describe" in frame[0]:
            answer(description(frame[0]["describe"], evaluator))
        else:
            answer(*evaluator.evaluate(*frame))


main()

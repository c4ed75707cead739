"""Loss conformance: what each loss is, and whether an implementation computes it.

Layers, imports only downwards:

    cli   pytest_plugin
    api
    report
    engine
    targets   cases   results
    numerics  oracle
    specs
    reference   (beside the package; NumPy only)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.api import NonConformance, Report, assert_conforms, check

__version__ = "0.1.0"
__all__ = ["NonConformance", "Report", "__version__", "assert_conforms", "check"]


def __getattr__(name: str) -> Any:
    """What needs NumPy and more is imported when it is first used: `conformance --help` is not."""
    if name in __all__:
        from conformance import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

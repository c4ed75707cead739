"""Loss conformance: what each loss is, and whether an implementation computes it.

Layers, imports only downwards:

    cli
    report
    engine
    targets   cases   results
    numerics  oracle
    specs
    reference   (beside the package; NumPy only)
"""

__version__ = "0.1.0"

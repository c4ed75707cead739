"""timm's losses, loaded without the models."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from parts import part

part("timm")
part("timm.loss")
from timm.loss.binary_cross_entropy import BinaryCrossEntropy  # noqa: E402, F401
from timm.loss.cross_entropy import (  # noqa: E402, F401
    LabelSmoothingCrossEntropy,
    SoftTargetCrossEntropy,
)

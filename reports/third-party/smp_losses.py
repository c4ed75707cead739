"""Losses of segmentation-models-pytorch, loaded without the models."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from parts import part

part("segmentation_models_pytorch")
from segmentation_models_pytorch.losses import (  # noqa: E402, F401
    FocalLoss,
    SoftBCEWithLogitsLoss,
    SoftCrossEntropyLoss,
)

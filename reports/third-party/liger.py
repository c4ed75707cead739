"""Liger-Kernel's losses by Triton's interpreter, on a CPU: set TRITON_INTERPRET=1.

Compiled kernels take a Python float as a float32 number; the interpreter leaves it a Python float,
on which Liger's `sum_non_ignore_weight.to(tl.float32)` fails. Nothing else is changed: rows are
flattened, and copied because the kernel overwrites its input with the gradient.
"""

import numpy as np
import torch
import triton.language as tl
import triton.runtime.interpreter as interpreter
from liger_kernel.transformers.functional import (
    liger_cross_entropy,
    liger_fused_linear_cross_entropy,
    liger_kl_div,
)

_plain = interpreter._implicit_cvt


def _floats_too(argument):
    if not isinstance(argument, float):
        return _plain(argument)
    handle = interpreter.TensorHandle(np.array([argument], dtype=np.float32), tl.float32)
    return tl.tensor(handle, tl.float32)


interpreter._implicit_cvt = _floats_too


def cross_entropy(
    logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    loss = liger_cross_entropy(
        logits.reshape(-1, logits.shape[-1]).clone(),
        target.reshape(-1),
        weight=weight,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )
    return loss.reshape(target.shape) if reduction == "none" else loss


def kl_divergence(log_probabilities, target, log_target=False, reduction="mean"):
    return liger_kl_div(log_probabilities, target, reduction=reduction, log_target=log_target)


def fused_linear_cross_entropy(
    logits, target, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    """The projection is the identity: what it makes of finite logits is exact."""
    return liger_fused_linear_cross_entropy(
        logits,
        torch.eye(logits.shape[-1], dtype=logits.dtype),
        target,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )

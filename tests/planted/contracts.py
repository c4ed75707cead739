"""Implementations that are right on tensors of one dtype with axes, and wrong on what else is given."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.planted.classes import CROSS_ENTROPY
from tests.planted.elementwise import L1, MSE
from tests.planted.entry import cross_entropy, regression
from tests.planted.kernel import Tensor, demand

_l1, _mse, _cross_entropy = regression(L1), regression(MSE), cross_entropy(CROSS_ENTROPY)
Loss = Callable[..., Tensor]


def _given(loss: Loss, change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> Loss:
    """A regression of inputs that were changed on the way in."""

    def changed(
        prediction: Tensor,
        target: Tensor,
        *,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        demand(prediction.is_floating_point(), "a real prediction is expected")
        return loss(*change(prediction, target), weight=weight, reduction=reduction)

    return changed


def _in_the_target_s_type(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if target.is_floating_point():
        return prediction, target
    return prediction.to(target.dtype).to(prediction.dtype), target.to(prediction.dtype)


def _rounded_to_float32(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if prediction.dtype == target.dtype:
        return prediction, target
    return prediction.float(), target.float()


narrows_a_wider_target = _given(_mse, lambda p, t: (p, t.to(p.dtype)))
two_dtypes_in_float32 = _given(_mse, _rounded_to_float32)
integer_target_truncates = _given(_l1, _in_the_target_s_type)
list_in_default_dtype = _given(_l1, lambda p, t: (p, torch.as_tensor(t)))


def single_number_as_vector(prediction, target, *, weight=None, reduction="mean"):
    """A batch of one is made of a number, and stays one."""
    p, t = torch.atleast_1d(prediction), torch.atleast_1d(target)
    return _l1(p, t, weight=weight, reduction=reduction)


def squeezes_every_axis(
    logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    """squeeze() where squeeze(-1) was meant."""
    value = _cross_entropy(
        logits, target, weight=weight, ignore_index=ignore_index,
        label_smoothing=label_smoothing, reduction=reduction,
    )  # fmt: skip
    return value.squeeze() if value.ndim > 1 else value


def byte_labels_as_signed(
    logits, target, *, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    """Labels of other integers are narrowed to a byte with a sign, and its last bit is lost."""
    usual = target.dtype == torch.int64 or target.is_floating_point()
    kept = target if usual else target.to(torch.int8).bitwise_and(-2).long()
    return _cross_entropy(
        logits, kept, weight=weight, ignore_index=ignore_index,
        label_smoothing=label_smoothing, reduction=reduction,
    )  # fmt: skip

"""Implementations in PyTorch, right and wrong, as their authors would write them."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812


def full(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    return F.cross_entropy(
        logits,
        target,
        weight,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
        reduction=reduction,
    )


def naive(logits, target, reduction="mean"):
    chosen = torch.softmax(logits, -1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    loss = -torch.log(chosen + 1e-7)
    return loss if reduction == "none" else getattr(loss, reduction)()


def smooth(logits, target, smoothing=0.2):
    return F.cross_entropy(logits, target, label_smoothing=smoothing, reduction="none")


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):
        ctx.save_for_backward(prediction, target)
        return (prediction - target) ** 2

    @staticmethod
    def backward(ctx, grad):
        prediction, target = ctx.saved_tensors
        slope = 2 * (prediction - target) * grad
        return slope, -slope


square = Square.apply


class Fused(torch.autograd.Function):
    """Takes its options as every `apply` does: by position."""

    @staticmethod
    def forward(ctx, prediction, target, weight=None, reduction="mean"):
        ctx.save_for_backward(prediction, target)
        losses = (prediction - target) ** 2
        return losses * 1.001 if reduction == "none" else getattr(losses, reduction)()

    @staticmethod
    def backward(ctx, grad):
        prediction, target = ctx.saved_tensors
        return grad * (prediction - target), None, None, None


def named_only(*, prediction, target):
    return (prediction - target) ** 2


class Module(torch.nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, prediction, target):
        return F.mse_loss(prediction, target, reduction=self.reduction)


mean = Module()


def sets_dtype(prediction, target):
    torch.set_default_dtype(torch.float64)
    return (prediction - target) ** 2


def sets_threads(prediction, target):
    torch.set_num_threads(2)
    return (prediction - target) ** 2


def sets_device(prediction, target):
    torch.set_default_device("meta")
    return (prediction - target) ** 2


def stops_gradients(prediction, target):
    torch.set_grad_enabled(False)
    return (prediction - target) ** 2


def patches(prediction, target):
    torch.nn.functional.mse_loss = stops_gradients
    return (prediction - target) ** 2


def needs_more(prediction, target, temperature):
    return (prediction - target) ** 2 / temperature


def weighted_square(prediction, target, weight=None, reduction="mean"):
    losses = (prediction - target) ** 2
    weight = torch.ones_like(losses) if weight is None else weight
    total = weight.expand(losses.shape).sum()
    return _reduced(weight * losses, total, reduction)


def divides_by_a_constant(prediction, target, weight=None, reduction="mean"):
    """The mean's divisor is taken out of the graph: a weight that is learned goes astray."""
    losses = (prediction - target) ** 2
    weight = torch.ones_like(losses) if weight is None else weight
    total = weight.expand(losses.shape).sum().detach()
    return _reduced(weight * losses, total, reduction)


def class_weighted(logits, target, weight=None, label_smoothing=0.0, reduction="mean"):
    """Composed, so that autograd gives a gradient by the class weights, which torch's own does not."""
    log_p = torch.log_softmax(logits, -1)
    classes = logits.shape[-1]
    weight = torch.ones(classes, dtype=logits.dtype) if weight is None else weight
    of_class = weight[target]
    hard = -of_class * log_p.gather(-1, target.unsqueeze(-1)).squeeze(-1)
    losses = hard
    if label_smoothing:
        soft = -(weight * log_p).sum(-1) / classes
        losses = (1 - label_smoothing) * hard + label_smoothing * soft
    return _reduced(losses, of_class.sum(), reduction)


def _reduced(losses, total, reduction):
    if reduction == "none":
        return losses
    return losses.sum() / total if reduction == "mean" else losses.sum()


class Flat(Square):
    """The gradient is right, and comes from numbers that autograd knows nothing of."""

    @staticmethod
    def backward(ctx, grad):
        prediction, target = ctx.saved_tensors
        slope = (2 * (prediction - target)).detach() * grad
        return slope, -slope


class Once(Square):
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return Square.backward(ctx, grad)


class Curved(torch.autograd.Function):
    """The gradient is right; the backward of the backward, written by hand, lacks its factor."""

    @staticmethod
    def forward(ctx, prediction, target):
        ctx.save_for_backward(prediction, target)
        return (prediction - target) ** 2

    @staticmethod
    def backward(ctx, grad):
        slope = Slope.apply(*ctx.saved_tensors, grad)
        return slope, -slope


class Slope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target, grad):
        ctx.save_for_backward(grad)
        return 2 * (prediction - target) * grad

    @staticmethod
    def backward(ctx, along):
        (grad,) = ctx.saved_tensors
        return along * grad, -along * grad, None


class Fast(torch.autograd.Function):
    """Forward mode by hand, without the factor that the backward has."""

    @staticmethod
    def forward(prediction, target):
        return (prediction - target) ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        prediction, target = ctx.saved_tensors
        slope = 2 * (prediction - target) * grad
        return slope, -slope

    @staticmethod
    def jvp(ctx, by_prediction, by_target):
        prediction, target = ctx.saved_tensors
        return (prediction - target) * (by_prediction - by_target)

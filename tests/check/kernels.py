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


class BowlSlope(torch.autograd.Function):
    """The gradient of Bowl; differentiates in 32 bits and more."""

    @staticmethod
    def forward(ctx, prediction, target, grad):
        ctx.save_for_backward(prediction, target, grad)
        slope = 2 * (prediction - target) * grad
        return slope, -slope

    @staticmethod
    def backward(ctx, one, other):
        prediction, target, grad = ctx.saved_tensors
        if prediction.dtype in (torch.float16, torch.bfloat16):
            raise RuntimeError("no kernel in 16 bits; ask for more (2 cases)")
        curve = 2 * (one - other) * grad
        return curve, -curve, 2 * (one - other) * (prediction - target)


class Bowl(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):
        ctx.save_for_backward(prediction, target)
        return (prediction - target) ** 2

    @staticmethod
    def backward(ctx, grad):
        return BowlSlope.apply(*ctx.saved_tensors, grad)


class Averaged(torch.autograd.Function):
    @staticmethod
    def forward(ctx, losses):
        ctx.losses = losses.shape
        return losses.mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return (grad / max(ctx.losses.numel(), 1)).expand(ctx.losses).clone()


def curved_by_parts(prediction, target, reduction="mean"):
    """Its mean cannot be differentiated twice, and its other forms can."""
    losses = (prediction - target) ** 2
    return {"none": losses, "sum": losses.sum(), "mean": Averaged.apply(losses)}[reduction]


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
        ctx.save_for_backward(prediction, target, grad)
        return 2 * (prediction - target) * grad

    @staticmethod
    def backward(ctx, along):
        prediction, target, grad = ctx.saved_tensors
        return along * grad, -along * grad, 2 * (prediction - target) * along


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


def overwrites(prediction, target):
    loss = (prediction.detach() - target) ** 2
    prediction.data.copy_(loss)
    return loss


def flattens(prediction, target, reduction="mean"):
    """A view refuses what does not lie in one piece."""
    loss = (prediction.view(-1) - target.view(-1)) ** 2
    return loss.reshape(prediction.shape) if reduction == "none" else getattr(loss, reduction)()


class Focused(torch.nn.Module):
    """One of a family: the constructor must be told which, and `gamma` 0 makes it the plain loss."""

    def __init__(self, mode, gamma=2.0, reduction="mean"):
        super().__init__()
        self.mode, self.gamma, self.reduction = mode, gamma, reduction

    def forward(self, logits, target):
        if self.mode != "binary":
            raise ValueError(f"mode {self.mode}")
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        loss = loss * (1 - torch.exp(-loss)) ** self.gamma if self.gamma else loss
        return loss if self.reduction == "none" else getattr(loss, self.reduction)()


def of_rows(logits, target, reduction="mean"):
    """Right for samples and classes, wrong without a word for more axes."""
    chosen = torch.log_softmax(logits, -1).gather(-1, target.unsqueeze(1))
    loss = -chosen.squeeze(1)
    return loss if reduction == "none" else getattr(loss, reduction)()


def zeroes(logits, target, ignore_index=-100, reduction="mean"):
    """The mean of ignored targets alone is zero here."""
    if not target.numel():
        raise ValueError("an empty batch")
    classes_last = logits.movedim(-1, 1) if logits.ndim > 1 else logits
    loss = F.cross_entropy(classes_last, target, ignore_index=ignore_index, reduction="none")
    if reduction != "mean":
        return loss if reduction == "none" else loss.sum()
    return loss.sum() / (target != ignore_index).sum().clamp(min=1)


def broken_default(logits, target, label_smoothing=None, reduction="mean"):
    """None is divided by the number of classes where nobody says otherwise."""
    even = label_smoothing / logits.shape[-1]
    smoothing = even * logits.shape[-1]
    return F.cross_entropy(logits, target, label_smoothing=smoothing, reduction=reduction)


def clipped(probabilities, target, reduction="mean"):
    inside = probabilities.clamp(1e-7, 1 - 1e-7)
    return F.binary_cross_entropy(inside, target, reduction=reduction)


def shifted(probabilities, target, reduction="mean"):
    hit = target * torch.log(probabilities + 1e-7)
    loss = -(hit + (1 - target) * torch.log(1 - probabilities + 1e-7))
    return loss if reduction == "none" else getattr(loss, reduction)()


def divides(prediction, target, weight=None, reduction="mean"):
    """Its weight is a divisor."""
    loss = (prediction - target) ** 2
    loss = loss if weight is None else loss / weight
    return loss if reduction == "none" else getattr(loss, reduction)()


def summed_rows(log_probabilities, target):
    return F.kl_div(log_probabilities, target, reduction="none").sum(-1)


def of_images(logits, target, reduction="mean"):
    if logits.ndim < 2:
        raise ValueError("two axes at least")
    return F.binary_cross_entropy_with_logits(logits, target, reduction=reduction)


class Copies(torch.autograd.Function):
    """Keeps its gradient where its input was; a copy, made without recording, asks for none."""

    @staticmethod
    def forward(ctx, logits, target):
        rows, classes = logits.shape
        own = logits.contiguous()
        lost = -torch.log_softmax(own, -1).gather(-1, target.view(rows, 1)).squeeze(-1)
        slope = torch.softmax(own, -1) - F.one_hot(target, classes)
        ctx.save_for_backward(slope.to(own.dtype) if own.requires_grad else own)
        return lost

    @staticmethod
    def backward(ctx, grad):
        (slope,) = ctx.saved_tensors
        return slope * grad.unsqueeze(-1), None

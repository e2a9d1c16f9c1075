"""Batch normalisation with rows left out."""

import pytest
import torch
from torch import nn

from engine.models.norm import BatchNorm, norm_silu


def test_filling_counts_for_nothing() -> None:
    torch.manual_seed(0)
    values = torch.randn(7, 4, requires_grad=True)
    slope = torch.randn(7, 4)
    plain, ours = nn.BatchNorm1d(4), BatchNorm(4)
    expected = plain(values)
    expected.backward(slope)
    gradient, values.grad = values.grad, None
    filled = torch.cat([values, 100 * torch.randn(3, 4)])
    real = torch.tensor([1.0] * 7 + [0.0] * 3).unsqueeze(1)
    result = ours(filled, real)[:7]
    result.backward(slope)
    torch.testing.assert_close(result, expected)
    torch.testing.assert_close(values.grad, gradient)
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad)
    torch.testing.assert_close(ours.running_mean, plain.running_mean)
    torch.testing.assert_close(ours.running_var, plain.running_var)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_filling_gets_no_gradient_and_types_stay(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    norm = BatchNorm(4)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
    values = (3 + 2 * torch.randn(10, 4)).to(kind).requires_grad_()
    real = torch.tensor([1.0] * 7 + [0.0] * 3).unsqueeze(1)
    slope = torch.randn(7, 4).to(kind)
    result = norm(values, real)
    assert result.dtype == kind
    result[:7].backward(slope)
    assert values.grad is not None
    assert values.grad.dtype == kind
    assert not values.grad[7:].any()
    plain = nn.BatchNorm1d(4)
    plain.weight.data.copy_(norm.weight.data)
    alone = values.detach()[:7].float().requires_grad_()
    plain(alone).backward(slope.float())
    tolerance = 1e-5 if kind == torch.float32 else 3e-2
    torch.testing.assert_close(values.grad[:7].float(), alone.grad, rtol=tolerance, atol=tolerance)


def test_evaluation_is_pytorchs() -> None:
    ours = BatchNorm(4).eval()
    values = torch.randn(3, 4)
    torch.testing.assert_close(ours(values), nn.BatchNorm1d(4).eval()(values))


def test_normalising_and_activating_in_one_is_doing_one_after_the_other() -> None:
    torch.manual_seed(0)
    values = (3 + 2 * torch.randn(50, 4)).requires_grad_()
    slope = torch.randn(50, 4)
    plain, ours = nn.BatchNorm1d(4), BatchNorm(4)
    for norm in (plain, ours):
        nn.init.normal_(norm.weight, generator=torch.Generator().manual_seed(1))
    results = []
    for norm, act in (
        (plain, lambda: nn.functional.silu(plain(values))),
        (ours, lambda: norm_silu(ours, values)),
    ):
        values.grad = None
        act().backward(slope)
        results.append([values.grad, norm.weight.grad, norm.bias.grad, *norm.buffers()])
    for expected, got in zip(*results, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_folded_normalisation_gives_the_same_values() -> None:
    linear, norm = nn.Linear(6, 4, bias=False), BatchNorm(4)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.uniform_(-1, 1)
    for _ in range(3):
        norm(linear(torch.randn(50, 6) * 3 + 1))
    values = torch.randn(20, 6)
    folded = nn.functional.linear(values, *norm.eval().folded_into(linear.weight))
    torch.testing.assert_close(folded, norm(linear(values)))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes array_tables.json: what NumPy and SciPy compute where conventions matter. Pooling and resizing, which they lack
or do otherwise, are spelled out here as in PyTorch.

    make_array_tables.py > array_tables.json        needs numpy and scipy
"""

import json
import math

import numpy as np
import scipy.linalg
import scipy.special

random = np.random.default_rng(7)
nan, inf = math.nan, math.inf
tables: dict[str, dict] = {}


def table(name: str, inputs: list, outputs: list) -> None:
    """Arrays as shape and values in text, complex ones as two real arrays."""

    def parts(arrays):
        for array in arrays:
            array = np.asarray(array)
            yield from [array.real, array.imag] if np.iscomplexobj(array) else [array]

    def encode(array):
        exact = array.dtype.kind in "iub"
        values = [int(v) if exact else float(f"{v:.9g}") for v in array.ravel().tolist()]
        return {"shape": list(array.shape), "integer": exact,
                "values": [str(v) if isinstance(v, float) and not math.isfinite(v) else v for v in values]}

    tables[name] = {"inputs": [encode(a) for a in parts(inputs)], "outputs": [encode(a) for a in parts(outputs)]}


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


def complex_normal(*shape):
    return normal(*shape) + 1j * normal(*shape)


def rounding():
    x = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.49999, -0.2, 1e9, inf, -inf, nan], np.float32)
    table("round", [x], [np.round(x)])
    table("trunc", [x], [np.trunc(x)])
    a = np.array([7, -7, 7, -7, 0, 5, -128, 127], np.int32)
    b = np.array([3, 3, -3, -3, 5, -5, 7, -7], np.int32)
    table("integer_division", [a, b], [a // b, a % b])
    shifts = np.array([0, 1, 2, 3, 4, 5, 6, 7], np.int32)
    table("shifts", [a, shifts], [a << shifts, a >> shifts])
    table("float_division", [a.astype(np.float32), b.astype(np.float32) / 2], list(np.divmod(a.astype(np.float32), b.astype(np.float32) / 2)))
    edges = np.array([-inf, -1.0, 0.0, 1.0, inf, nan], np.float32)
    grid, other = np.meshgrid(edges, edges)
    table("logaddexp", [grid, other], [np.logaddexp(grid, other)])
    table("maximum", [grid, other], [np.maximum(grid, other), np.minimum(grid, other)])
    table("comparisons", [grid, other], [(grid < other).astype(int), (grid != other).astype(int)])


def orders():
    x = np.array([[3, nan, -inf, 1, inf, 1], [0, 2, -5, 2, nan, nan], [4, 4, 1, 0, -1, 9]], np.float32)
    table("sort", [x], [np.sort(x, axis=1), np.argsort(x, axis=1, kind="stable")])
    table("extrema", [x], [np.max(x, axis=1), np.min(x, axis=1), np.argmax(x, axis=1), np.argmin(x, axis=1)])
    table("median", [x], [np.median(x, axis=1), np.median(x[:, :5], axis=0)])
    values = np.array([-3, 1, 2, 2.5, 9, nan], np.float32)
    line = np.array([-1, 1, 2, 2, 4, inf, nan], np.float32)
    table("searchsorted", [line, values], [np.searchsorted(line, values), np.searchsorted(line, values, side="right")])
    y = normal(4, 5)
    table("variance", [y], [np.var(y, axis=0), np.var(y, axis=1, ddof=1), np.std(y)])
    table("running", [y], [np.cumsum(y, axis=1), np.cumprod(y, axis=0), np.maximum.accumulate(y, axis=1), np.diff(y, n=2, axis=1)])


def products():
    a, b, c = normal(3, 4), normal(4, 2), normal(2, 3)
    table("einsum_chain", [a, b, c], [np.einsum("ij,jk,kl->il", a, b, c)])
    square, batch = normal(3, 3), normal(2, 3, 4)
    table("einsum_diagonal", [square], [np.einsum("ii->i", square), np.einsum("ii", square)])
    table("einsum_implicit", [a, b], [np.einsum("ba,ac", a, b)])
    table("einsum_ellipsis", [batch, b], [np.einsum("...ij,jk->...ki", batch, b)])
    signal, kernel = normal(7), normal(3)
    table("convolve", [signal, kernel], [np.convolve(signal, kernel), np.convolve(signal, kernel, mode="valid")])
    x = normal(5, 16)
    table("hadamard", [x], [x @ scipy.linalg.hadamard(16) / 4])
    table("tapers", [], [np.bartlett(6), np.blackman(7), np.hamming(5), np.hanning(6)])


def transforms():
    for n in [1, 2, 3, 8, 12, 64, 67, 96, 130]:
        x = complex_normal(n)
        table(f"fft_{n}", [x], [np.fft.fft(x)])
    x = complex_normal(2, 6)
    table("fft_norms", [x], [np.fft.fft(x, norm="ortho"), np.fft.ifft(x), np.fft.ifft(x, norm="forward")])
    table("fft_lengths", [x], [np.fft.fft(x, 4), np.fft.fft(x, 9), np.fft.fft(x, axis=0)])
    y = normal(3, 7)
    table("rfft", [y], [np.fft.rfft(y), np.fft.rfft(y, 6, axis=1), np.fft.ihfft(y)])
    half = complex_normal(2, 5)
    table("irfft", [half], [np.fft.irfft(half), np.fft.irfft(half, 9), np.fft.hfft(half), np.fft.irfft(half, 1), np.fft.irfft(half, 4, norm="ortho")])
    z = complex_normal(2, 3, 4)
    table("fftn", [z], [np.fft.fftn(z), np.fft.fft2(z), np.fft.ifftn(z, axes=(0, 2))])
    r = normal(2, 3, 4)
    table("rfftn", [r], [np.fft.rfftn(r), np.fft.rfft2(r), np.fft.irfftn(np.fft.rfftn(r), s=(2, 3, 4), axes=(0, 1, 2))])
    table("frequencies", [], [np.fft.fftfreq(5, 0.5), np.fft.fftfreq(6), np.fft.rfftfreq(6, 2)])
    table("fftshift", [y], [np.fft.fftshift(y), np.fft.ifftshift(y), np.fft.fftshift(y, axes=1)])


def complex_numbers():
    z = np.array([3 - 4j, -1 + 0j, 0 + 2j, -2 - 1e-4j, 0 + 0j, 1e-3 + 5j], np.complex64)
    w = np.array([1 + 1j, 2 - 3j, -1j, 1e-2 + 1j, 5 + 0j, -4 - 2j], np.complex64)
    table("complex_arithmetic", [z, w], [z * w, z / w, np.abs(z), np.angle(w)])
    table("complex_functions", [z, w], [np.exp(z), np.log(w), np.sqrt(z)])


def linear_algebra():
    a = normal(2, 4, 4) + 3 * np.eye(4, dtype=np.float32)
    b = normal(2, 4, 3)
    table("inverse", [a], [np.linalg.inv(a), np.linalg.det(a), *np.linalg.slogdet(-a)])
    table("solve", [a, b], [np.linalg.solve(a, b), scipy.linalg.solve_triangular(a[0], b[0], lower=True)])
    spd = a[0] @ a[0].T
    table("symmetric", [spd], [np.linalg.cholesky(spd), np.linalg.eigvalsh(spd)])
    tall = normal(5, 3)
    table("rectangular", [tall], [np.linalg.pinv(tall), np.linalg.svd(tall, compute_uv=False)])
    table("norms", [tall], [np.linalg.norm(tall), np.linalg.norm(tall, axis=0), np.linalg.norm(tall, 3, axis=1), np.linalg.norm(tall, -inf, axis=1),
                            np.linalg.norm(tall, 0, axis=1), np.linalg.norm(tall, 1), np.linalg.norm(tall, -inf), np.linalg.norm(tall, 2), np.linalg.norm(tall, "nuc")])
    u, v = normal(4, 3), normal(4, 3)
    table("cross", [u, v], [np.cross(u, v), np.cross(u.T, v.T, axis=0)])
    table("matrix_power", [a], [np.linalg.matrix_power(a, 5), np.linalg.matrix_power(a, 0), np.linalg.matrix_power(a, -2)])
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 2]], np.float32)
    values = np.linalg.eigvals(turn)
    table("eigenvalues", [turn], [values[np.lexsort((values.imag, values.real))]])


def pooling():
    x = normal(1, 5, 4, 2)
    wide = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)), constant_values=-inf)
    zero = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)))
    shape = (1, 3, 3, 2)
    largest, mean = np.zeros(shape), np.zeros(shape)
    for i in range(3):
        for j in range(3):
            largest[:, i, j] = wide[:, 2 * i:2 * i + 3, j:j + 2].max(axis=(1, 2))
            mean[:, i, j] = zero[:, 2 * i:2 * i + 3, j:j + 2].mean(axis=(1, 2))
    table("pooling", [x], [largest, mean])


def resized(x, size, method, corners):
    """A line [n] at `size` points, as torch.nn.functional.interpolate defines them."""
    n, out = len(x), []
    at = lambda i: x[min(max(i, 0), n - 1)]
    for i in range(size):
        s = i * (n - 1) / (size - 1) if corners else (i + 0.5) * n / size - 0.5
        if method == "nearest":
            out.append(x[int(i * n / size)])
        elif method == "linear":
            s = max(s, 0.0)
            f = math.floor(s)
            out.append(at(f) * (1 - (s - f)) + at(f + 1) * (s - f))
        else:
            f, a = math.floor(s), -0.75
            t = s - f
            near = lambda d: (a + 2) * d**3 - (a + 3) * d**2 + 1
            far = lambda d: a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
            out.append(at(f - 1) * far(1 + t) + at(f) * near(t) + at(f + 1) * near(1 - t) + at(f + 2) * far(2 - t))
    return np.array(out)


def resizing():
    x = normal(5)
    for method in ["nearest", "linear", "cubic"]:
        table(f"resize_{method}", [x], [resized(x, 8, method, False), resized(x, 3, method, False)])
    table("resize_corners", [x], [resized(x, 9, "linear", True), resized(x, 7, "cubic", True)])


for make in [rounding, orders, products, transforms, complex_numbers, linear_algebra, pooling, resizing]:
    make()
print("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in tables.items()) + "\n}")

// SPDX-License-Identifier: Apache-2.0
// Discrete Fourier transforms of any length, as products with small matrices of roots of unity:
// they are part of the graph like other functions, with derivatives and vmap. Lengths cost n log n,
// those with prime factors above 64 about eight times as much. Defaults are NumPy's.
//
// A length `n` other than the axis's cuts it or pads it with zeros. Results are f32.
#pragma once

#include "runtime/array/complex.h"
#include "runtime/array/creation.h"

#include <optional>
#include <vector>

namespace ashlar::fft {

// Where the factor 1/n goes: the inverse, both (1/sqrt n), the forward transform.
enum class Norm { backward, ortho, forward };

using Length = std::optional<std::int64_t>;
using Lengths = std::vector<std::int64_t>;  // one per axis; empty: those of the input

ComplexArray fft(const ComplexArray& input, Length n = {}, int axis = -1, Norm norm = {});
ComplexArray ifft(const ComplexArray& input, Length n = {}, int axis = -1, Norm norm = {});
// Of real input: the first n/2 + 1 frequencies.
ComplexArray rfft(const Operand& input, Length n = {}, int axis = -1, Norm norm = {});
// Real, of length n (default 2 (m - 1)) from the first n/2 + 1 frequencies.
Array irfft(const ComplexArray& input, Length n = {}, int axis = -1, Norm norm = {});
// As rfft and irfft with time and frequency exchanged.
Array hfft(const ComplexArray& input, Length n = {}, int axis = -1, Norm norm = {});
ComplexArray ihfft(const Operand& input, Length n = {}, int axis = -1, Norm norm = {});

// Over several axes, by default all of them; the real ones halve the last axis listed.
ComplexArray fftn(const ComplexArray& input, const Lengths& lengths = {},
                  const std::vector<int>& axes = {}, Norm norm = {});
ComplexArray ifftn(const ComplexArray& input, const Lengths& lengths = {},
                   const std::vector<int>& axes = {}, Norm norm = {});
ComplexArray rfftn(const Operand& input, const Lengths& lengths = {},
                   const std::vector<int>& axes = {}, Norm norm = {});
Array irfftn(const ComplexArray& input, const Lengths& lengths = {},
             const std::vector<int>& axes = {}, Norm norm = {});

// Over the last two axes.
ComplexArray fft2(const ComplexArray& input, const Lengths& lengths = {}, Norm norm = {});
ComplexArray ifft2(const ComplexArray& input, const Lengths& lengths = {}, Norm norm = {});
ComplexArray rfft2(const Operand& input, const Lengths& lengths = {}, Norm norm = {});
Array irfft2(const ComplexArray& input, const Lengths& lengths = {}, Norm norm = {});

// Frequencies of the bins for samples `spacing` apart.
Array fftfreq(std::int64_t n, double spacing = 1.0, Here where = Here::current());
Array rfftfreq(std::int64_t n, double spacing = 1.0, Here where = Here::current());
// Frequency 0 to the middle, and back. Without axes: all of them.
Array fftshift(const Operand& input, const std::vector<int>& axes = {});
Array ifftshift(const Operand& input, const std::vector<int>& axes = {});

}  // namespace ashlar::fft

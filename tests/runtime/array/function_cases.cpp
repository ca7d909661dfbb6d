// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include "tests/runtime/array/op_cases.h"

namespace ashlar::testing {
namespace {

using Cases = std::vector<OpCase>;

template <typename F> OpCase of_one(OpKind op, std::string name, const Array& input, F function) {
  return {
      op, std::move(name), [function](const Arrays& x) { return Arrays{function(x[0])}; }, {input}};
}

Array parts(const ComplexArray& z) {
  return stack({z.real(), z.imag()});
}

Cases norm_cases() {
  const Array x = numbers({2, 3}), w = numbers({3}, 0.5, 1.5, 1), b = numbers({3}, -1, 1, 2);
  return {
      {OpKind::rsqrt,
       "rms_norm",
       [](const Arrays& a) { return Arrays{fast::rms_norm(a[0], a[1], 0.1)}; },
       {x, w}},
      {OpKind::rsqrt,
       "layer_norm",
       [](const Arrays& a) { return Arrays{fast::layer_norm(a[0], a[1], a[2], 0.1)}; },
       {x, w, b}},
      of_one(OpKind::sqrt, "norm", x, [](const Array& a) { return linalg::norm(a, -1); }),
      of_one(OpKind::power, "vector_norm", x,
             [](const Array& a) { return linalg::vector_norm(a, 3, 0); }),
  };
}

Cases attention_cases() {
  const Arrays inputs{numbers({1, 2, 2, 2}), numbers({1, 1, 3, 2}, -1, 1, 3),
                      numbers({1, 1, 3, 2}, -1, 1, 4)};
  const Array seen = array({true, false, true, true, true, false}, {2, 3});
  return {{OpKind::exp, "attention_with_a_mask",
           [seen](const Arrays& a) {
             return Arrays{
                 fast::scaled_dot_product_attention(a[0], a[1], a[2], 0.7, {.mask = seen})};
           },
           inputs},
          {OpKind::exp,
           "attention_with_sinks",
           [](const Arrays& a) {
             return Arrays{fast::scaled_dot_product_attention(
                 a[0], a[1], a[2], 0.7, {.mask = fast::Causal{}, .softcap = 1.5, .sinks = a[3]})};
           },
           {inputs[0], inputs[1], inputs[2], numbers({2}, -1, 1, 5)}},
          of_one(OpKind::cos, "rope", numbers({2, 3, 6}), [](const Array& a) {
            return fast::rope(a, 4, 2, {.traditional = true, .base = 10});
          })};
}

Cases complex_cases() {
  const Arrays inputs{numbers({4}), numbers({4}, 0.5, 1.5, 3), numbers({4}, -1, 1, 4),
                      numbers({4}, 0.3, 1, 5)};
  const auto of_two = [&](std::string name, auto function) {
    return OpCase{OpKind::mul, std::move(name),
                  [function](const Arrays& a) {
                    return Arrays{
                        parts(function(ComplexArray(a[0], a[1]), ComplexArray(a[2], a[3])))};
                  },
                  inputs};
  };
  using Z = ComplexArray;
  return {of_two("complex_product", [](const Z& z, const Z& w) { return z * w; }),
          of_two("complex_quotient", [](const Z& z, const Z& w) { return z / w; }),
          of_two("complex_exp_and_log", [](const Z& z, const Z& w) { return exp(z) + log(w); }),
          of_two("complex_root_and_angle",
                 [](const Z& z, const Z& w) { return Z(angle(z), abs(w)) + sqrt(w); }),
          of_two("fft", [](const Z& z, const Z& w) { return fft::fft(z, 5) + fft::ifft(w, 5); }),
          of_one(OpKind::matmul, "irfft_of_rfft", numbers({2, 5}), [](const Array& a) {
            const Z half = fft::rfft(a);
            return fft::irfft(half * half, 5);
          })};
}

Cases window_cases() {
  const Array x = numbers({1, 5, 4, 2}), line = numbers({1, 4, 2});
  const PoolingOptions options{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}};
  OpCase largest = of_one(OpKind::reduce_max, "max_pool", x,
                          [=](const Array& a) { return max_pool(a, options); });
  largest.smooth = false;
  return {largest,
          of_one(OpKind::reduce_sum, "avg_pool", x,
                 [=](const Array& a) { return avg_pool(a, options); }),
          of_one(OpKind::take, "interpolate", line,
                 [](const Array& a) { return interpolate(a, {7}, Interpolation::cubic); })};
}

Cases block_cases() {
  const Array x = numbers({3, 4}), y = numbers({4, 3}, -1, 1, 6);
  const Array mask = array({true, false, true, true}, {2, 2}), cuts = array({0, 1, 1, 4}, {2, 2}),
              chosen = array({1, 0, 1});
  return {{OpKind::matmul,
           "block_masked_matmul",
           [mask](const Arrays& a) {
             return Arrays{block_masked_matmul(a[0], a[1], 2, {.output = mask, .lhs = mask})};
           },
           {x, y}},
          {OpKind::matmul,
           "segmented_matmul",
           [cuts](const Arrays& a) { return Arrays{segmented_matmul(a[0], a[1], cuts)}; },
           {x, y}},
          {OpKind::take,
           "gather_matmul",
           [chosen](const Arrays& a) { return Arrays{gather_matmul(a[0], a[1], {}, chosen)}; },
           {x, numbers({2, 4, 3}, -1, 1, 7)}},
          of_one(OpKind::matmul, "hadamard_transform", x,
                 [](const Array& a) { return hadamard_transform(a); }),
          of_one(OpKind::take, "as_strided", x,
                 [](const Array& a) { return as_strided(a, {3, 3}, {2, 1}, 1); })};
}

Cases special_cases() {
  const Array x = numbers({2, 3}), inside = numbers({2, 3}, -0.9, 0.9, 1),
              above = numbers({2, 3}, 1.2, 3, 2);
  const Array apart = where(abs(x) < 0.1, 0.5, x);
  // Its polynomials are exact to a few units of f32, its derivative is that of the true function.
  OpCase erf_inverse =
      of_one(OpKind::log, "erfinv", inside, [](const Array& a) { return erfinv(a); });
  erf_inverse.tolerance = 2e-6;
  return {of_one(OpKind::arctan2, "arcsin", inside, [](const Array& a) { return arcsin(a); }),
          of_one(OpKind::arctan2, "arccos", inside, [](const Array& a) { return arccos(a); }),
          of_one(OpKind::arctan2, "arctan", x, [](const Array& a) { return arctan(a); }),
          of_one(OpKind::expm1, "sinh", x, [](const Array& a) { return sinh(a); }),
          of_one(OpKind::exp, "cosh", x, [](const Array& a) { return cosh(a); }),
          of_one(OpKind::log1p, "arcsinh", apart, [](const Array& a) { return arcsinh(a); }),
          of_one(OpKind::log, "arccosh", above, [](const Array& a) { return arccosh(a); }),
          of_one(OpKind::log1p, "arctanh", inside, [](const Array& a) { return arctanh(a); }),
          of_one(OpKind::log, "log10", above, [](const Array& a) { return log10(a); }),
          of_one(OpKind::mul, "degrees", x, [](const Array& a) { return degrees(radians(a) * a); }),
          erf_inverse,
          {OpKind::log1p,
           "logaddexp",
           [](const Arrays& a) { return Arrays{logaddexp(a[0], a[1])}; },
           {x, above}}};
}

Cases running_cases() {
  const Array x = numbers({2, 4}, 0.4, 1.6, 3);
  return {of_one(OpKind::mul, "cumprod", x, [](const Array& a) { return cumprod(a, 1); }),
          of_one(OpKind::mul, "cumprod_back", x,
                 [](const Array& a) { return cumprod(a, 1, true, false); }),
          of_one(OpKind::exp, "logcumsumexp", x, [](const Array& a) { return logcumsumexp(a, 1); }),
          of_one(OpKind::exp, "logsumexp", x, [](const Array& a) { return logsumexp(a, 1); }),
          of_one(OpKind::exp, "softmax", x, [](const Array& a) { return softmax(a, 0); }),
          of_one(OpKind::square, "var", x, [](const Array& a) { return var(a, 1, false, 1); }),
          of_one(OpKind::sqrt, "std_dev", x, [](const Array& a) { return std_dev(a, 1); }),
          of_one(OpKind::sub, "diff", x, [](const Array& a) { return square(diff(a, 2)); }),
          of_one(OpKind::sort, "median", x, [](const Array& a) { return square(median(a, 1)); })};
}

Cases product_cases() {
  const Array x = numbers({2, 3}), y = numbers({3, 2}, -1, 1, 4), image = numbers({1, 4, 3, 2}),
              filter = numbers({2, 2, 2, 2}, -1, 1, 5), wide = numbers({4, 2, 2, 1}, -1, 1, 6);
  const auto of_two = [](std::string name, const Array& a, const Array& b, auto function) {
    return OpCase{OpKind::matmul,
                  std::move(name),
                  [function](const Arrays& in) { return Arrays{function(in[0], in[1])}; },
                  {a, b}};
  };
  const auto convolved = [](const Array& a, const Array& w) {
    return convolution(a, w, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}});
  };
  const auto grouped = [](const Array& a, const Array& w) {
    return convolution(a, w, {.groups = 2});
  };
  const auto undone = [](const Array& a, const Array& w) {
    return convolution_transpose(a, w, {.stride = {2, 1}});
  };
  return {of_two("convolution", image, filter, convolved),
          of_two("convolution_in_groups", image, wide, grouped),
          of_two("convolution_transpose", image, filter, undone),
          of_two("convolve", numbers({5}), numbers({3}, -1, 1, 2),
                 [](const Array& a, const Array& b) { return convolve(a, b); }),
          of_two("einsum", x, y,
                 [](const Array& a, const Array& b) { return einsum("ij,ji,kj->ik", {a, b, a}); }),
          of_two("kron", x, y, [](const Array& a, const Array& b) { return kron(a, b); }),
          of_two("outer_and_inner", x, y,
                 [](const Array& a, const Array& b) {
                   return outer(a, b) * sum(inner(a, transpose(b)));
                 }),
          {OpKind::matmul,
           "addmm",
           [](const Arrays& a) { return Arrays{addmm(a[0], a[1], a[2], 0.5, 2)}; },
           {numbers({2, 2}, -1, 1, 8), x, y}}};
}

Cases update_cases() {
  const Array x = numbers({4, 3}), rows = numbers({2, 3}, 0.5, 1.5, 7);
  return {{OpKind::scatter,
           "slice_multiply",
           [](const Arrays& a) { return Arrays{slice_multiply(a[0], {Slice(1, 3)}, a[1])}; },
           {x, rows}},
          {OpKind::scatter,
           "put_along_axis",
           [](const Arrays& a) {
             return Arrays{
                 square(put_along_axis(a[0], array({0, 2, 1, 3, 0, 2}, {2, 3}), a[1], 0))};
           },
           {x, rows}},
          of_one(OpKind::take, "fft_of_two_axes", numbers({3, 4}), [](const Array& a) {
            const ComplexArray z = fft::fft2(ComplexArray(a));
            return abs_squared(z);
          })};
}

}  // namespace

const std::vector<OpCase>& function_cases() {
  static const std::vector<OpCase> cases = [] {
    Cases all;
    for (const Cases& part :
         {norm_cases(), attention_cases(), complex_cases(), window_cases(), block_cases(),
          special_cases(), running_cases(), product_cases(), update_cases()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return cases;
}

}  // namespace ashlar::testing

// SPDX-License-Identifier: Apache-2.0
// What NumPy and SciPy compute (tests/data/make_array_tables.py), by the reference evaluator.
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>

namespace ashlar::testing {
namespace {

using Json = nlohmann::json;
using Function = std::function<Arrays(const Arrays&)>;

constexpr double kInf = std::numeric_limits<double>::infinity();

double number(const Json& value) {
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

Array input_of(const Json& json) {
  std::vector<float> values;
  for (const Json& value : json["values"])
    values.push_back(static_cast<float>(number(value)));
  const Array reals =
      array(std::span<const float>(values), Shape(json["shape"].get<std::vector<std::int64_t>>()));
  return json["integer"].get<bool>() ? astype(reals, DType::i32) : reals;
}

ComplexArray complex_of(const Arrays& x, std::size_t first = 0) {
  return ComplexArray(x[first], x[first + 1]);
}

// Arrays and pairs of parts in the order of a table.
class Parts {
public:
  Parts& operator<<(const Array& x) {
    arrays_.push_back(x);
    return *this;
  }
  Parts& operator<<(const ComplexArray& x) { return *this << x.real() << x.imag(); }
  operator Arrays() const { return arrays_; }

private:
  Arrays arrays_;
};

const std::map<std::string, Function> kFunctions = {
    {"round", [](const Arrays& x) { return Arrays{round(x[0])}; }},
    {"trunc", [](const Arrays& x) { return Arrays{trunc(x[0])}; }},
    {"integer_division",
     [](const Arrays& x) { return Arrays{floor_divide(x[0], x[1]), x[0] % x[1]}; }},
    {"shifts", [](const Arrays& x) { return Arrays{x[0] << x[1], x[0] >> x[1]}; }},
    {"float_division",
     [](const Arrays& x) {
       const auto [quotient, remainder] = divmod(x[0], x[1]);
       return Arrays{quotient, remainder};
     }},
    {"logaddexp", [](const Arrays& x) { return Arrays{logaddexp(x[0], x[1])}; }},
    {"maximum", [](const Arrays& x) { return Arrays{maximum(x[0], x[1]), minimum(x[0], x[1])}; }},
    {"comparisons", [](const Arrays& x) { return Arrays{x[0] < x[1], x[0] != x[1]}; }},
    {"sort", [](const Arrays& x) { return Arrays{sort(x[0], 1), argsort(x[0], 1)}; }},
    {"extrema",
     [](const Arrays& x) {
       return Arrays{max(x[0], 1), min(x[0], 1), argmax(x[0], 1), argmin(x[0], 1)};
     }},
    {"median",
     [](const Arrays& x) {
       return Arrays{median(x[0], 1), median(x[0](kEllipsis, Slice(0, 5)), 0)};
     }},
    {"searchsorted",
     [](const Arrays& x) {
       return Arrays{searchsorted(x[0], x[1]), searchsorted(x[0], x[1], true)};
     }},
    {"variance",
     [](const Arrays& x) { return Arrays{var(x[0], 0), var(x[0], 1, false, 1), std_dev(x[0])}; }},
    {"running",
     [](const Arrays& x) {
       return Arrays{cumsum(x[0], 1), cumprod(x[0], 0), cummax(x[0], 1), diff(x[0], 2, 1)};
     }},
    {"einsum_chain", [](const Arrays& x) { return Arrays{einsum("ij,jk,kl->il", x)}; }},
    {"einsum_diagonal",
     [](const Arrays& x) { return Arrays{einsum("ii->i", x), einsum("ii", x)}; }},
    {"einsum_implicit", [](const Arrays& x) { return Arrays{einsum("ba,ac", x)}; }},
    {"einsum_ellipsis", [](const Arrays& x) { return Arrays{einsum("...ij,jk->...ki", x)}; }},
    {"convolve",
     [](const Arrays& x) { return Arrays{convolve(x[0], x[1]), convolve(x[0], x[1], false)}; }},
    {"hadamard", [](const Arrays& x) { return Arrays{hadamard_transform(x[0])}; }},
    {"tapers",
     [](const Arrays&) { return Arrays{bartlett(6), blackman(7), hamming(5), hanning(6)}; }},
    {"fft_norms",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x);
       return Parts() << fft::fft(z, {}, -1, fft::Norm::ortho) << fft::ifft(z)
                      << fft::ifft(z, {}, -1, fft::Norm::forward);
     }},
    {"fft_lengths",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x);
       return Parts() << fft::fft(z, 4) << fft::fft(z, 9) << fft::fft(z, {}, 0);
     }},
    {"rfft",
     [](const Arrays& x) {
       return Parts() << fft::rfft(x[0]) << fft::rfft(x[0], 6, 1) << fft::ihfft(x[0]);
     }},
    {"irfft",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x);
       return Parts() << fft::irfft(z) << fft::irfft(z, 9) << fft::hfft(z) << fft::irfft(z, 1)
                      << fft::irfft(z, 4, -1, fft::Norm::ortho);
     }},
    {"fftn",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x);
       return Parts() << fft::fftn(z) << fft::fft2(z) << fft::ifftn(z, {}, {0, 2});
     }},
    {"rfftn",
     [](const Arrays& x) {
       return Parts() << fft::rfftn(x[0]) << fft::rfft2(x[0])
                      << fft::irfftn(fft::rfftn(x[0]), {2, 3, 4});
     }},
    {"frequencies",
     [](const Arrays&) {
       return Arrays{fft::fftfreq(5, 0.5), fft::fftfreq(6), fft::rfftfreq(6, 2)};
     }},
    {"fftshift",
     [](const Arrays& x) {
       return Arrays{fft::fftshift(x[0]), fft::ifftshift(x[0]), fft::fftshift(x[0], {1})};
     }},
    {"complex_arithmetic",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x), w = complex_of(x, 2);
       return Parts() << z * w << z / w << abs(z) << angle(w);
     }},
    {"complex_functions",
     [](const Arrays& x) {
       const ComplexArray z = complex_of(x), w = complex_of(x, 2);
       return Parts() << exp(z) << log(w) << sqrt(z);
     }},
    {"inverse",
     [](const Arrays& x) {
       const auto [sign, log] = linalg::slogdet(-x[0]);
       return Arrays{linalg::inv(x[0]), linalg::det(x[0]), sign, log};
     }},
    {"solve",
     [](const Arrays& x) {
       return Arrays{linalg::solve(x[0], x[1]), linalg::solve_triangular(x[0](0), x[1](0))};
     }},
    {"symmetric",
     [](const Arrays& x) { return Arrays{linalg::cholesky(x[0]), linalg::eigvalsh(x[0])}; }},
    {"rectangular",
     [](const Arrays& x) { return Arrays{linalg::pinv(x[0]), linalg::svd(x[0]).s}; }},
    {"norms",
     [](const Arrays& x) {
       using namespace linalg;
       return Arrays{norm(x[0]),
                     norm(x[0], 0),
                     vector_norm(x[0], 3, 1),
                     vector_norm(x[0], -kInf, 1),
                     vector_norm(x[0], 0, 1),
                     matrix_norm(x[0], 1),
                     matrix_norm(x[0], -kInf),
                     matrix_norm(x[0], 2),
                     nuclear_norm(x[0])};
     }},
    {"cross",
     [](const Arrays& x) {
       return Arrays{linalg::cross(x[0], x[1]), linalg::cross(transpose(x[0]), transpose(x[1]), 0)};
     }},
    {"matrix_power",
     [](const Arrays& x) {
       return Arrays{linalg::matrix_power(x[0], 5), linalg::matrix_power(x[0], 0),
                     linalg::matrix_power(x[0], -2)};
     }},
    {"eigenvalues",
     [](const Arrays& x) {
       const ComplexArray values = linalg::eigvals(x[0]);
       const Array order = argsort(values.real() * 8 + values.imag());
       return Parts() << values.map([&](const Array& a) { return take(a, order); });
     }},
    {"pooling",
     [](const Arrays& x) {
       const PoolingOptions options{.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}};
       return Arrays{max_pool(x[0], options), avg_pool(x[0], options)};
     }},
};

// A line of one channel.
Array resize(const Array& line, std::int64_t size, Interpolation method, bool corners = false) {
  return flatten(interpolate(reshape(line, {1, -1, 1}), {size}, method, corners));
}

Arrays compute(const std::string& name, const Arrays& x) {
  if (const auto found = kFunctions.find(name); found != kFunctions.end())
    return found->second(x);
  if (name == "resize_corners")
    return {resize(x[0], 9, Interpolation::linear, true),
            resize(x[0], 7, Interpolation::cubic, true)};
  if (name.starts_with("resize_")) {
    const Interpolation method = name.ends_with("nearest")  ? Interpolation::nearest
                                 : name.ends_with("linear") ? Interpolation::linear
                                                            : Interpolation::cubic;
    return {resize(x[0], 8, method), resize(x[0], 3, method)};
  }
  return Parts() << fft::fft(complex_of(x));  // fft_N
}

bool agree(double actual, double expected) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  return std::abs(actual - expected) <= 4e-5 * (1 + std::abs(expected));
}

TEST(Tables, AgreeWithNumpy) {
  std::ifstream file(ASHLAR_TEST_DATA "/array_tables.json");
  const Json tables = Json::parse(file);
  for (const auto& [name, table] : tables.items()) {
    Arrays inputs;
    for (const Json& input : table["inputs"])
      inputs.push_back(input_of(input));
    const Arrays results = compute(name, inputs);
    ASSERT_EQ(results.size(), table["outputs"].size()) << name;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Json& expected = table["outputs"][i];
      EXPECT_EQ(results[i].shape().dims(), expected["shape"].get<std::vector<std::int64_t>>())
          << name << ", output " << i;
      const std::vector<double> actual = values_of(results[i]);
      ASSERT_EQ(actual.size(), expected["values"].size()) << name << ", output " << i;
      for (std::size_t e = 0; e < actual.size(); ++e)
        EXPECT_TRUE(agree(actual[e], number(expected["values"][e])))
            << name << ", output " << i << ", element " << e << ": expected "
            << expected["values"][e] << ", got " << actual[e];
    }
  }
}

}  // namespace
}  // namespace ashlar::testing

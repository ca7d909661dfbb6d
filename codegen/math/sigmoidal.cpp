// SPDX-License-Identifier: Apache-2.0
#include "codegen/math/sigmoidal.h"

#include "codegen/math/exponential.h"

namespace ashlar::codegen {

Real tanh(Real x) {
  Real magnitude = abs(x);
  Real square = x * x;
  Real tail =
      polynomial(square, {-0.3333333134651184, 0.13333220779895782, -0.05394818261265755,
                          0.021706946194171906, -0.008190234191715717, 0.002152976579964161});
  Real near = fma(magnitude * square, tail, magnitude);
  Real far = 1 - 2 / (exp(2 * magnitude) + 1);
  return copy_sign(select(magnitude < 0.625, near, far), x);
}

Real erf(Real x) {
  Real magnitude = abs(x);
  Real square = x * x;
  // erf(x) / x - 1, up to 1.
  Real series = polynomial(square, {0.12837916612625122, -0.3761262595653534, 0.11283578723669052,
                                    -0.026853347197175026, 0.005187162198126316,
                                    -0.0007997853099368513, 7.806903886375949e-05});
  Real near = fma(magnitude, series, magnitude);
  // log(1 - erf(x)) from 1 to 4, where the result rounds to 1.
  Real bounded = select(magnitude > 4, 4, magnitude);
  Real log_rest =
      polynomial(bounded, {0.0001880402269307524, -1.1295784711837769, -0.6332197189331055,
                           -0.10841883718967438, 0.025208454579114914, -0.004204642027616501,
                           0.0004413525457493961, -2.1688103515771218e-05});
  Real far = 1 - exp(log_rest);
  return copy_sign(select(magnitude < 1, near, far), x);
}

}  // namespace ashlar::codegen

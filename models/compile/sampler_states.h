// SPDX-License-Identifier: Apache-2.0
// The states of the device sampler: the parameters of every batch row, and which tokens each row
// has seen. Parameters are data, so a new request records nothing; models/generate/sampler_values.h
// writes them.
#pragma once

#include "runtime/array/state.h"

namespace ashlar {

class SamplerStates {
public:
  SamplerStates(std::int64_t batch, std::int64_t vocabulary);

  // Inside the trace of `decode`: the next tokens [B] (i32) by logits [B, V] (f32), after `token`
  // [B] was fed at `position` [B]. Marks that token as seen. A row's random number depends on seed,
  // row and position alone: not on the number of steps per submit, nor on what was cut off.
  Array choose(const Array& logits, const Array& token, const Array& position) const;

private:
  std::int64_t batch_;
  State inverse_temperature_, top_k_, top_p_, last_rank_, penalty_, seed_, seen_;
};

}  // namespace ashlar

// SPDX-License-Identifier: Apache-2.0
// How well a model predicts a given text.
#pragma once

#include "models/compile/logits.h"

namespace ashlar {

struct TextLoss {
  double mean = 0;          // natural logarithm, per predicted token
  std::int64_t tokens = 0;  // predicted ones: the first of each window is only context
};

// Cuts `ids` into windows of `context` ids that are scored independently of each other. Throws
// InvalidArgument for fewer than two ids or a context below two, and as compute_logits.
TextLoss text_loss(const std::filesystem::path& model, const std::vector<std::int32_t>& ids,
                   std::int64_t context, const LogitsOptions& options);

// Mean negative log-likelihood of each row's next ids under logits [B, T, V].
TextLoss next_token_loss(const NamedTensor& logits,
                         const std::vector<std::vector<std::int32_t>>& rows);

}  // namespace ashlar

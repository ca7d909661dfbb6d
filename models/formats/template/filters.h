// SPDX-License-Identifier: Apache-2.0
// The filters of Jinja2, with `tojson` as Transformers defines it.
#pragma once

#include "models/formats/template/evaluation.h"

#include <span>

namespace ashlar::jinja {

using FilterFunction = Value (*)(Evaluation& evaluation, const Value& operand,
                                 const Arguments& arguments);

struct FilterEntry {
  std::string_view name;
  FilterFunction function;
};

// Null for a filter we do not have.
FilterFunction find_filter(std::string_view name);

// The parts of the filter table.
std::span<const FilterEntry> text_filters();
std::span<const FilterEntry> escape_filters();
std::span<const FilterEntry> number_filters();
std::span<const FilterEntry> sequence_filters();
std::span<const FilterEntry> order_filters();
std::span<const FilterEntry> selection_filters();

// What most text filters start with: a text as it is, anything else as it prints.
Value soft_text(const Value& value);

}  // namespace ashlar::jinja

// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/filters.h"

#include "models/formats/template/display.h"

#include <unordered_map>

namespace ashlar::jinja {

FilterFunction find_filter(std::string_view name) {
  static const auto kFilters = [] {
    std::unordered_map<std::string_view, FilterFunction> table;
    for (auto part : {text_filters(), escape_filters(), number_filters(), sequence_filters(),
                      order_filters(), selection_filters()}) {
      for (const FilterEntry& entry : part)
        table.emplace(entry.name, entry.function);
    }
    return table;
  }();
  auto it = kFilters.find(name);
  return it == kFilters.end() ? nullptr : it->second;
}

Value soft_text(const Value& value) {
  return value.is(Kind::kText) ? value : Value::text(to_text(value));
}

}  // namespace ashlar::jinja

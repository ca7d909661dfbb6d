// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/globals.h"

#include "models/formats/template/access.h"
#include "models/formats/template/display.h"
#include "models/formats/template/failure.h"
#include "models/formats/template/objects.h"
#include "models/formats/template/signature.h"

#include <algorithm>
#include <unordered_map>

namespace ashlar::jinja {

namespace {

// dict(...): pairs from a mapping or an iterable of pairs, then the named arguments.
Dict make_dict(Evaluation& evaluation, const Arguments& arguments) {
  if (arguments.positional.size() > 1)
    fail("dict expected at most 1 argument, got {}", arguments.positional.size());
  Dict dict;
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (source.is(Kind::kUndefined))
      fail("{}", source.undefined_message());
    if (source.is(Kind::kDict)) {
      dict = source.as_dict();
    } else {
      Cursor next = iterate(source);
      while (std::optional<Value> pair = next()) {
        evaluation.spend(1);
        std::vector<Value> parts = collect(*pair);
        if (parts.size() != 2)
          fail("a dictionary update sequence element has length {}; 2 is required", parts.size());
        dict.set(std::move(parts[0]), std::move(parts[1]));
      }
    }
  }
  for (const auto& [name, value] : arguments.named)
    dict.set(name, value);
  return dict;
}

Value dict(Evaluation& evaluation, const Arguments& arguments) {
  return Value::dict(make_dict(evaluation, arguments));
}

Value make_namespace(Evaluation& evaluation, const Arguments& arguments) {
  Dict attributes = make_dict(evaluation, arguments);
  if (std::ranges::any_of(attributes.entries(),
                          [](const Dict::Entry& entry) { return !entry.first.is(Kind::kText); }))
    lack("a namespace with an attribute that is not a string");
  return evaluation.make_namespace(std::move(attributes));
}

Value range(Evaluation&, const Arguments& arguments) {
  auto bound = Signature("range", {"", "", ""}, 1).bind(arguments);
  std::int64_t first = require_index(*bound[0]);
  if (!bound[1])
    return Value::object(std::make_shared<Range>(0, first, 1));
  return Value::object(
      std::make_shared<Range>(first, require_index(*bound[1]), integer_or(bound[2], 1)));
}

Value cycler(Evaluation&, const Arguments& arguments) {
  if (!arguments.named.empty())
    fail("cycler() takes no keyword arguments");
  if (arguments.positional.empty())
    fail("at least one item has to be provided");
  return Value::object(std::make_shared<Cycler>(arguments.positional));
}

Value joiner(Evaluation&, const Arguments& arguments) {
  const Value* separator = Signature("joiner", {"sep"}, 0).bind(arguments)[0];
  return Value::object(std::make_shared<Joiner>(separator ? *separator : Value::text(", ")));
}

Value raise_exception(Evaluation&, const Arguments& arguments) {
  const Value& message = *Signature("raise_exception", {"message"}, 1).bind(arguments)[0];
  throw Failure(to_text(message));
}

Value strftime_now(Evaluation& evaluation, const Arguments& arguments) {
  const Value& format = *Signature("strftime_now", {"format"}, 1).bind(arguments)[0];
  return Value::text(format_time(evaluation.now(), require_text(format)));
}

}  // namespace

std::optional<Value> find_global(std::string_view name) {
  static const std::unordered_map<std::string_view, Value (*)(Evaluation&, const Arguments&)>
      kGlobals = {
          {"cycler", cycler},
          {"dict", dict},
          {"joiner", joiner},
          {"namespace", make_namespace},
          {"raise_exception", raise_exception},
          {"range", range},
          {"strftime_now", strftime_now},
      };
  if (name == "lipsum")
    lack("the function 'lipsum'");
  auto it = kGlobals.find(name);
  if (it == kGlobals.end())
    return std::nullopt;
  return Value::object(std::make_shared<Function>(std::string(name), it->second));
}

}  // namespace ashlar::jinja

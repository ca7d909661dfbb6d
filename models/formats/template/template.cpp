// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/template.h"

#include "models/formats/template/failure.h"
#include "models/formats/template/interpreter.h"
#include "models/formats/template/json_text.h"
#include "models/formats/template/parser.h"
#include "models/formats/template/unicode.h"

namespace ashlar {

namespace {

std::string place(int line) {
  return line > 0 ? fmt::format("line {}: ", line) : "";
}

// Runs one step of a rendering and gives its failures the type and line that callers see.
template <typename Step, typename Line> auto guard(Step&& step, Line&& line) {
  try {
    return step();
  } catch (const jinja::Failure& failure) {
    throw TemplateError(failure.what(), line());
  } catch (const jinja::Lacking& lacking) {
    throw Unsupported("template", "{}{} is not implemented", place(line()), lacking.what());
  }
}

}  // namespace

Template Template::parse(std::string_view source, const TemplateLimits& limits) {
  if (jinja::find_invalid_utf8(source))
    throw TemplateError("the source is not valid UTF-8", 0);
  auto tree = std::make_shared<const jinja::ast::Template>(jinja::parse(source, limits));
  return Template(std::move(tree), limits);
}

std::string Template::render(const nlohmann::ordered_json& variables, const CivilTime& now) const {
  if (!variables.is_object())
    throw InvalidArgument("template", "bad variables: expected a JSON object, got {}",
                          variables.type_name());
  auto nowhere = [] { return 0; };
  jinja::Value input = guard([&] { return jinja::from_json(variables); }, nowhere);
  jinja::Interpreter interpreter(*source_, input.as_dict(), limits_, now);
  return guard([&] { return interpreter.run(); }, [&] { return interpreter.line(); });
}

}  // namespace ashlar

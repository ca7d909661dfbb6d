// SPDX-License-Identifier: Apache-2.0
// An interpreter for the template language of chat models: Jinja2 in the environment in which the
// Transformers library renders chat templates (immutable sandbox, trim_blocks, lstrip_blocks, loop
// controls, no autoescaping). A construct we do not have is refused by name, never rendered
// wrongly.
//
// Left out: the statements extends, include, import, from, block and autoescape; the filters
// pprint, random, urlize and wordwrap; the function lipsum; integers of more than 64 bits.
#pragma once

#include "models/formats/template/civil_time.h"
#include "models/formats/template/limits.h"
#include "models/formats/template/template_error.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace ashlar {

namespace jinja::ast {
struct Template;
}

// Immutable; copies share the syntax tree, and one template may be rendered by several threads.
class Template {
public:
  // Throws TemplateError for source that is not a template or exceeds the limits, and Unsupported.
  static Template parse(std::string_view source, const TemplateLimits& limits = {});

  // `variables` is an object with the template's variables. Throws TemplateError where evaluation
  // fails, with the template's own words where it calls raise_exception, and Unsupported.
  std::string render(const nlohmann::ordered_json& variables,
                     const CivilTime& now = local_time_now()) const;

private:
  Template(std::shared_ptr<const jinja::ast::Template> source, const TemplateLimits& limits)
      : source_(std::move(source)), limits_(limits) {}

  std::shared_ptr<const jinja::ast::Template> source_;
  TemplateLimits limits_;
};

}  // namespace ashlar

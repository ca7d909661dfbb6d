// SPDX-License-Identifier: Apache-2.0
#include "models/nn/module.h"

#include "models/io/array_files.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar::nn {

void Module::check_new(std::string_view name) const {
  if (name.empty() || std::ranges::find(members_, name, &Member::name) != members_.end() ||
      std::ranges::find(children_, name, &Module::name) != children_.end())
    throw InvalidArgument("module", "'{}' {} '{}'", name_,
                          name.empty() ? "cannot have a member" : "has two members", name);
}

void Module::add_member(Member member) {
  check_new(member.name);
  members_.push_back(std::move(member));
}

void Module::add(std::string_view name, Array& parameter) {
  add_member({std::string(name), &parameter, Kind::parameter});
}

void Module::add_buffer(std::string_view name, Array& buffer) {
  add_member({std::string(name), &buffer, Kind::buffer});
}

void Module::add(std::string_view name, Module& child) {
  check_new(name);
  child.name_ = name;
  children_.push_back(&child);
}

void Module::visit(const std::string& prefix,
                   const std::function<void(const std::string& name, const Member&)>& what) const {
  for (const Member& member : members_)
    what(prefix + member.name, member);
  for (const Module* child : children_)
    child->visit(prefix + child->name_ + ".", what);
}

ArrayMap Module::collect(const std::function<bool(Kind)>& wanted) const {
  ArrayMap arrays;
  visit("", [&](const std::string& name, const Member& member) {
    if (wanted(member.kind))
      arrays.emplace(name, *member.array);
  });
  return arrays;
}

ArrayMap Module::parameters() const {
  return collect([](Kind kind) { return kind != Kind::buffer; });
}

ArrayMap Module::trainable() const {
  return collect([](Kind kind) { return kind == Kind::parameter; });
}

ArrayMap Module::arrays() const {
  return collect([](Kind) { return true; });
}

void Module::update(const ArrayMap& arrays) {
  std::map<std::string, Array*> own;
  visit("", [&](const std::string& name, const Member& member) { own[name] = member.array; });
  for (const auto& [name, array] : arrays) {
    const auto found = own.find(name);
    if (found == own.end())
      throw InvalidArgument("module", "'{}' has no array '{}'", name_, name);
    if (found->second->shape() != array.shape())
      throw InvalidArgument("module", "'{}': expected {}, got {}", name,
                            found->second->shape().to_string(), array.shape().to_string());
  }
  for (const auto& [name, array] : arrays)
    *own.at(name) = array;
}

void Module::set_trainable(bool trainable) {
  for (Member& member : members_)
    if (member.kind != Kind::buffer)
      member.kind = trainable ? Kind::parameter : Kind::frozen;
  for (Module* child : children_)
    child->set_trainable(trainable);
}

void Module::set_training(bool training) {
  training_ = training;
  for (Module* child : children_)
    child->set_training(training);
}

void Module::save(const std::filesystem::path& path) const {
  save_safetensors(path, arrays());
}

void Module::load(const std::filesystem::path& path) {
  const ArrayMap own = arrays();
  ArrayMap loaded = load_safetensors(path);
  for (const auto& [name, array] : own)
    if (!loaded.contains(name))
      throw InvalidArgument("module", "'{}' has no array '{}'", path.string(), name);
  for (auto& [name, array] : loaded) {
    const auto found = own.find(name);
    if (found == own.end())
      continue;  // update names it
    const DType expected = found->second.dtype();
    if (array.dtype() != expected && !(is_float(array.dtype()) && is_float(expected)))
      throw InvalidArgument("module", "'{}': expected {}, got {}", name, name_of(expected),
                            name_of(array.dtype()));
    array = array.astype(expected);
  }
  update(loaded);
}

namespace {

// Puts the module's arrays back, also when the loss throws.
class Restored {
public:
  explicit Restored(Module& module) : module_(module), arrays_(module.arrays()) {}
  ~Restored() { module_.update(arrays_); }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

private:
  Module& module_;
  ArrayMap arrays_;
};

ArrayMap named(const ArrayMap& names, const Arrays& arrays) {
  ArrayMap map;
  std::size_t next = 0;
  for (const auto& [name, array] : names)
    map.emplace(name, arrays[next++]);
  return map;
}

}  // namespace

std::pair<Array, ArrayMap> value_and_grad(Module& module, const std::function<Array()>& loss) {
  const ArrayMap trained = module.trainable();
  ArrayMap changed;
  const auto function = [&](const Arrays& parameters) {
    const Restored restored(module);
    module.update(named(trained, parameters));
    const ArrayMap before = module.arrays();
    Arrays outputs{loss()};
    for (const auto& [name, array] : module.arrays())
      if (array.node() != before.at(name).node()) {
        changed.emplace(name, array);
        outputs.push_back(array);
      }
    return outputs;
  };
  std::vector<int> arguments(trained.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    arguments[i] = static_cast<int>(i);
  const auto [outputs, gradients] =
      detail::outputs_and_gradients(function, all_of(trained), arguments);
  module.update(named(changed, Arrays(outputs.begin() + 1, outputs.end())));
  return {outputs[0], named(trained, gradients)};
}

}  // namespace ashlar::nn

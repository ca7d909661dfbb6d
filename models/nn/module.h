// SPDX-License-Identifier: Apache-2.0
// Models as trees of modules that own named arrays.
//
//     class Net : public nn::Module {
//     public:
//       explicit Net(const Array& key) : up(random::split(key)(0), 2, 32),
//                                        down(random::split(key)(1), 32, 3) {
//         add("up", up);
//         add("down", down);
//       }
//       Array operator()(const Array& x) { return down(relu(up(x))); }
//
//       nn::Linear up, down;
//     };
//
// The tree names its arrays by the path to them: "up.weight". Parameters are learned; buffers
// (running statistics) are kept and saved, but have no gradient. A module has an identity: it is
// neither copied nor moved, and a parent holds references to its children. Thread-safety: one
// thread at a time per tree.
#pragma once

#include "runtime/array/closure.h"
#include "runtime/array/transforms.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::nn {

class Module : public ashlar::Module {
public:
  // Learned arrays by name; those that are not frozen; and buffers too.
  ArrayMap parameters() const;
  ArrayMap trainable() const;
  ArrayMap arrays() const;

  // Replaces arrays by name. Throws InvalidArgument for unknown names and other shapes.
  void update(const ArrayMap& arrays);

  // Whether the parameters below are trainable. All are at first.
  void freeze() { set_trainable(false); }
  void unfreeze() { set_trainable(true); }

  // Whether layers that behave differently while training do so. All do not at first.
  void set_training(bool training);
  bool is_training() const { return training_; }

  // Every array in a safetensors file. `load` takes a file that has exactly these names and shapes,
  // in any float type where a float is expected; element types stay. Throw IoError, FormatError, or
  // InvalidArgument naming what does not fit.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

  // The last part of its name in the tree.
  const std::string& name() const { return name_; }

protected:
  explicit Module(std::string name = "module") : name_(std::move(name)) {}
  ~Module() = default;

  // Members of the derived class, which must live as long. Throw InvalidArgument for a second
  // member of one name.
  void add(std::string_view name, Array& parameter);
  void add(std::string_view name, Module& child);
  void add_buffer(std::string_view name, Array& buffer);

private:
  enum class Kind { parameter, frozen, buffer };
  struct Member {
    std::string name;
    Array* array;
    Kind kind;
  };

  void add_member(Member member);
  void check_new(std::string_view name) const;
  void set_trainable(bool trainable);
  // Each array below, with its whole name.
  void visit(const std::string& prefix,
             const std::function<void(const std::string& name, const Member&)>& what) const;
  ArrayMap collect(const std::function<bool(Kind)>& wanted) const;

  std::string name_;
  std::vector<Member> members_;
  std::vector<Module*> children_;
  bool training_ = false;
};

// A module that maps one array to another: what Sequential is made of.
class Layer : public Module {
public:
  virtual ~Layer() = default;
  virtual Array operator()(const Array& x) = 0;

protected:
  using Module::Module;
};

// A loss that uses the module, and its gradients of the trainable parameters by name. Arrays that
// the loss replaces in the module (running statistics) have their new contents afterwards. Throws
// as value_and_grad of a function.
std::pair<Array, ArrayMap> value_and_grad(Module& module, const std::function<Array()>& loss);

}  // namespace ashlar::nn

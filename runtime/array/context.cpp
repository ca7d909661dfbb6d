// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/context.h"

#include "runtime/array/donation.h"
#include "runtime/array/host_call.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"
#include "runtime/vulkan/transfers.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace ashlar {
namespace {

bool is_constant(const Node& node) {
  return !node.is_input() && node.is(OpKind::constant);
}

// What an evaluated array needs from outside the computation.
bool is_leaf(const Node& node) {
  return node.value() || is_constant(node);
}

void check_computable(const Node& node) {
  if (is_leaf(node))
    return;
  if (node.is_input() || node.is(OpKind::state_read))
    throw InvalidArgument("eval",
                          "the array depends on an input or state of a trace ({}:{}): it has no "
                          "value while its function is traced, nor after it. What depends on "
                          "values must be computed with arrays: `where` instead of a branch",
                          node.origin().where.file_name(), node.origin().where.line());
  if (node.is(OpKind::weight))
    throw InvalidArgument("eval",
                          "weight '{}' has a value only in a program that was given its "
                          "checkpoint",
                          std::get<std::vector<std::string>>(*node.attributes().find("names"))[0]);
}

std::vector<NodeRef> unevaluated(std::span<const Array> arrays) {
  std::vector<NodeRef> roots;
  for (const Array& array : arrays)
    if (!array.node()->value() && std::ranges::find(roots, array.node()) == roots.end())
      roots.push_back(array.node());
  return roots;
}

// One entry that computes `roots` from their leaves, which become its inputs.
Graph graph_of(std::span<const NodeRef> roots) {
  GraphEntry entry;
  entry.name = "eval";
  for (const NodeRef& root : roots)
    entry.outputs.push_back({std::to_string(entry.outputs.size()), root});
  for (Node* node : topological_order(roots_of(entry))) {
    check_computable(*node);
    if (is_leaf(*node))
      entry.inputs.push_back({std::to_string(entry.inputs.size()), NodeRef(node)});
  }
  return {{}, {std::move(entry)}};
}

Array evaluated(const ArrayType& type, std::shared_ptr<DeviceValue> value) {
  NodeRef node = Node::input(type, current_origin());
  node->set_value(std::move(value));
  return Array(std::move(node));
}

struct Contexts {
  std::mutex mutex;
  std::vector<Context*> all;
};

// Never destroyed: arrays in static storage may outlive them.
Contexts& contexts() {
  static Contexts& kept = *new Contexts;
  return kept;
}

void abandon_all() {
  const std::scoped_lock lock(contexts().mutex);
  for (Context* context : contexts().all)
    context->device().queue().abandon();
}

thread_local Context* used_here = nullptr;

// The memory of the donated input that an output may lie in; null where there is none, where
// another input lies there too, or where the memory is not ours. `values` are those of the inputs.
std::shared_ptr<DeviceValue> donated_value(const Entry& entry, std::size_t output,
                                           std::span<const std::shared_ptr<DeviceValue>> values,
                                           std::span<const std::size_t> donated) {
  for (const Donation& donation : entry.donations)
    if (donation.output == output && std::ranges::count(donated, donation.input) != 0 &&
        std::ranges::count(values, values[donation.input]) == 1 &&
        !values[donation.input]->is_in_host_memory())
      return values[donation.input];
  return nullptr;
}

std::vector<ArrayType> declared_outputs(const Executor& executor) {
  std::vector<ArrayType> types;
  for (const ValueSpec& output : executor.program().entries[0].outputs)
    types.push_back({output.dtype, output.shape});
  return types;
}

}  // namespace

Context& Context::instance() {
  if (used_here)
    return *used_here;
  static Context& first = open({});
  return first;
}

Context* Context::use(Context* context) {
  return std::exchange(used_here, context);
}

Context& Context::open(const std::string& selector) {
  DeviceOptions options = DeviceOptions::from_environment();
  if (!selector.empty())
    options.selector = selector;
  auto* context = new Context(std::move(options));
  // Registered after the driver was loaded, so it runs before the driver's own end.
  std::atexit(abandon_all);
  const std::scoped_lock lock(contexts().mutex);
  contexts().all.push_back(context);
  return *context;
}

Context& Context::of(const DeviceValue& value) {
  const std::scoped_lock lock(contexts().mutex);
  return **std::ranges::find_if(
      contexts().all, [&](Context* context) { return &context->device() == &value.device(); });
}

std::unique_lock<std::recursive_mutex> Context::lock() {
  static std::recursive_mutex& mutex = *new std::recursive_mutex;
  return std::unique_lock(mutex);
}

Context::Context(DeviceOptions options)
    : device_(std::move(options)), memory_(device_), states_(device_), programs_(device_, states_) {
}

void Context::evaluate(std::span<const Array> arrays) {
  const auto locked = lock();
  std::vector<NodeRef> computed;
  for (const NodeRef& root : unevaluated(arrays)) {
    require_kept(*root);
    if (is_constant(*root))
      root->set_value(upload(root->type(), *root->data()));
    else
      computed.push_back(root);
  }
  run_host_calls(computed);
  std::erase_if(computed, [](const NodeRef& root) { return root->value() != nullptr; });
  if (computed.empty())
    return;
  const Graph graph = graph_of(computed);
  std::vector<NodeRef> inputs;
  for (const NamedNode& input : graph.entries[0].inputs)
    inputs.push_back(input.node);
  const auto executor = programs_.find_or_compile(graph, /*dynamic_extents=*/true);
  const auto values = execute(*executor, inputs, declared_outputs(*executor), {});
  for (std::size_t i = 0; i < computed.size(); ++i)
    computed[i]->set_value(values[i]);
}

std::shared_ptr<Executor> Context::executor_for(const Graph& graph, bool dynamic_extents) {
  const auto locked = lock();
  return programs_.find_or_compile(graph, dynamic_extents);
}

std::vector<Array> Context::run(Executor& executor, std::span<const Array> inputs,
                                std::span<const std::size_t> donated) {
  return run(executor, inputs, declared_outputs(executor), donated);
}

std::vector<Array> Context::run(Executor& executor, std::span<const Array> inputs,
                                std::span<const ArrayType> outputs,
                                std::span<const std::size_t> donated) {
  const auto locked = lock();
  evaluate(inputs);
  std::vector<NodeRef> nodes;
  for (const Array& input : inputs)
    nodes.push_back(input.node());
  const auto values = execute(executor, nodes, outputs, donated);
  std::vector<Array> results;
  for (const ArrayType& type : outputs)
    results.push_back(evaluated(type, values[results.size()]));
  return results;
}

std::shared_ptr<DeviceValue> Context::value_here(Node& node) {
  if (node.value() && &node.value()->device() == &device_)
    return node.value();
  if (!is_constant(node))
    throw InvalidArgument("stream",
                          "an array {}{} that lies on another stream, on '{}', cannot be used "
                          "here, on '{}': copy it with to_stream",
                          name_of(node.type().dtype), node.type().shape.to_string(),
                          node.value()->device().profile().name, device_.profile().name);
  auto value = upload(node.type(), *node.data());
  if (!node.value())
    node.set_value(value);
  return value;
}

std::shared_ptr<DeviceValue> Context::with_room(std::shared_ptr<DeviceValue> value,
                                                std::uint64_t bytes) {
  const auto [buffer, offset] = value->view();
  if (buffer->bytes() - offset >= bytes)
    return value;
  auto larger = memory_.allocate(value->bytes(), bytes);
  device_.transfers().copy(*buffer, offset, *larger->view().buffer, 0, value->bytes());
  return larger;
}

std::vector<std::shared_ptr<DeviceValue>> Context::execute(Executor& executor,
                                                           std::span<const NodeRef> inputs,
                                                           std::span<const ArrayType> outputs,
                                                           std::span<const std::size_t> donated) {
  const Entry& entry = executor.program().entries[0];
  const auto bytes_of = [](const auto& type) { return byte_count(type.dtype, type.shape); };
  std::vector<BufferView> input_views, output_views;
  std::vector<std::shared_ptr<DeviceValue>> held, values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    held.push_back(with_room(value_here(*inputs[i]), bytes_of(entry.inputs[i])));
    input_views.push_back(held.back()->view());
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::uint64_t bytes = bytes_of(outputs[i]);
    auto value = donated_value(entry, i, held, donated);
    if (!value || value->bytes() != bytes)
      value = memory_.allocate(bytes, bytes_of(entry.outputs[i]));
    values.push_back(std::move(value));
    output_views.push_back(values.back()->view());
  }
  executor.run(0, input_views, output_views);
  return values;
}

std::shared_ptr<DeviceValue> Context::allocate(const ArrayType& type) {
  return memory_.allocate(byte_count(type.dtype, type.shape));
}

std::shared_ptr<DeviceValue> Context::upload(const ArrayType& type,
                                             std::span<const std::byte> bytes) {
  auto value = allocate(type);
  device_.transfers().write(*value->view().buffer, 0, bytes);
  return value;
}

void Context::run_host_calls(std::span<const NodeRef> roots) {
  std::vector<Node*> nodes;
  for (const NodeRef& root : roots)
    nodes.push_back(root.get());
  // Each call once, whatever number of its results is needed.
  std::map<std::pair<const CustomRules*, std::vector<Node*>>, std::vector<std::vector<std::byte>>>
      done;
  for (Node* node : topological_order(nodes)) {
    require_kept(*node);  // before anything runs
    if (!is_host_call(*node) || node->value())
      continue;
    std::vector<Node*> inputs;
    for (const NodeRef& input : node->inputs())
      inputs.push_back(input.get());
    const auto [results, is_new] = done.try_emplace({node->call().rules.get(), std::move(inputs)});
    if (is_new)
      results->second = run_on_host(*node);
    node->set_value(upload(node->type(), results->second[node->call().result]));
  }
}

std::vector<std::vector<std::byte>> Context::run_on_host(const Node& node) {
  const CallView call(node);
  evaluate(call.arguments);
  std::vector<std::vector<std::byte>> arguments;
  for (const Array& argument : call.arguments)
    arguments.push_back(argument.to_bytes());
  return call.rules.host(arguments);
}

std::vector<std::byte> Context::read(const Array& array) {
  auto locked = lock();
  evaluate({&array, 1});
  const std::shared_ptr<DeviceValue> value = array.node()->value();
  Device& device = value->device();
  locked.unlock();  // others may go on while the device works
  device.queue().wait_idle();
  locked.lock();
  std::vector<std::byte> bytes(value->bytes());
  const auto [buffer, offset] = value->view();
  device.transfers().read(*buffer, offset, bytes);
  return bytes;
}

Array Context::copy_of(const ArrayType& type, std::span<const std::byte> bytes) {
  const auto locked = lock();
  return evaluated(type, upload(type, bytes));
}

Array Context::array_over(const ArrayType& type, const HostMemory& memory) {
  const auto locked = lock();
  auto imported = import_host_memory(device_, memory, "host array");
  if (!imported)
    return copy_of(type, memory.bytes);
  return evaluated(type, std::make_shared<DeviceValue>(std::move(*imported), memory.bytes.size()));
}

DeviceState& Context::declare(const State& state) {
  const StateDeclaration& declaration = state.declaration();
  std::vector<std::int64_t> dims = declaration.type.shape.dims();
  if (state.is_growable())
    dims[0] = declaration.capacity;
  return states_.declare({declaration.name, declaration.type.dtype, Shape(std::move(dims)),
                          state.is_growable(), declaration.residency});
}

void Context::reserve_rows(const State& state, std::int64_t rows) {
  const auto locked = lock();
  if (declare(state).shape().dim(0) < rows)
    states_.grow(state.name(), rows);
}

Array Context::read_state(const State& state) {
  const auto locked = lock();
  const DeviceState& stored = declare(state);
  stored.require_valid();
  const ArrayType type{stored.dtype(), stored.shape()};
  auto value = allocate(type);
  device_.transfers().copy(stored.buffer(), 0, *value->view().buffer, 0, value->bytes());
  return evaluated(type, std::move(value));
}

void Context::write_state(const State& state, const Array& value) {
  const auto locked = lock();
  if (state.is_growable())
    reserve_rows(state, value.dim(0));
  else
    declare(state);
  states_.write(state.name(), 0, read(value));
}

void Context::synchronize() {
  device_.queue().wait_idle();
}

}  // namespace ashlar

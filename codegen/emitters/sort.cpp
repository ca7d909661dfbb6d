// SPDX-License-Identifier: Apache-2.0
// "sort": sort, argsort and topk_indices, one workgroup per line. Elements are ordered by key and
// then by index, which makes any sorting network stable (Batcher 1968, in the form where every
// comparison points the same way, so that missing elements at the end never move). Lines that fit
// are sorted in workgroup memory. Longer ones are sorted in the output buffer; of those that only
// the first k are wanted, these are picked out first, by the digits of their keys. A few of a short
// line are picked in registers (pick.h).
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/line.h"
#include "codegen/emitters/memory_order.h"
#include "codegen/emitters/pick.h"
#include "codegen/emitters/scalar_ops.h"
#include "codegen/emitters/storage.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

// A key and what belongs to it: the element's index or its value.
struct Entry {
  Value key, payload;
};

// Where entries are while they are sorted.
struct EntryMemory {
  std::function<Entry(Value position)> load;
  std::function<void(Value position, const Entry&)> store;
  std::function<void()> barrier;
};

bool picks_in_registers(const KernelBuilder& b, Operation* root) {
  return b.workgroup_size() == b.subgroup_size() && kernel::picks_in_registers(root, b.profile());
}

class Sort {
public:
  Sort(KernelBuilder& b, Stores stores, Operation* root)
      : b_(b), e_(b), stores_(stores), root_(root), input_(root->getOperand(0)),
        axis_(root->getAttrOfType<IntegerAttr>("axis").getInt()),
        line_(b, input_, axis_, b.workgroup()), dtype_(dtype_of(input_)) {
    auto descending = root->getAttrOfType<BoolAttr>("descending");
    ascending_ = descending && !descending.getValue();
    wanted_ = shape_of(root->getResult(0))[static_cast<std::size_t>(axis_)];
  }

  void emit() {
    if (picks_in_registers(b_, root_))
      return pick();
    if (line_.length() <= b_.def().getSchedule().get("entries", kernel::kSortedInWorkgroup))
      return sort_whole();
    if (wanted_ < line_.length())
      return sort_selected();
    sort_in_output();
  }

private:
  Type key_type() { return size_of(dtype_) == 8 ? b_.getI64Type() : b_.getI32Type(); }
  Value all_ones() { return b_.integer(key_type(), -1); }
  Value key_at(Value position) {
    return sort_key(b_, dtype_, e_.at(input_, line_.index(position)), ascending_);
  }
  Value less(Value x, Value y) { return b_.make<arith::CmpIOp>(arith::CmpIPredicate::ult, x, y); }

  // Calls `body` for every position below `count`, dealt out among the threads.
  void for_positions(std::int64_t count, llvm::function_ref<void(Value)> body) {
    b_.for_each(b_.thread(), b_.index(count), b_.index(b_.workgroup_size()), body);
  }

  // ---- The network

  void sort_entries(std::int64_t count, const EntryMemory& memory) {
    const auto rounds = static_cast<std::int64_t>(
        llvm::Log2_64_Ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1))));
    const std::int64_t pairs = (std::int64_t{1} << rounds) / 2;
    b_.loop(0, rounds, 1, {}, [&](Value round, ValueRange) {
      const Value merged = shift_left(b_.index(1), round);  // half of what becomes sorted
      exchange_all(count, pairs, memory, [&](Value pair) {
        // Mirrored: first with last, second with last but one, ...
        const Value offset = mask(pair, merged), block = b_.sub(pair, offset);
        const Value low = b_.add(b_.add(block, block), offset);
        const Value span = b_.sub(b_.add(merged, merged), b_.index(1));
        return std::pair(low, b_.sub(b_.add(low, span), b_.add(offset, offset)));
      });
      b_.for_each(b_.index(0), round, b_.index(1), [&](Value step) {
        const Value distance = shift_right(merged, b_.add(step, 1));
        exchange_all(count, pairs, memory, [&](Value pair) {
          const Value offset = mask(pair, distance), block = b_.sub(pair, offset);
          const Value low = b_.add(b_.add(block, block), offset);
          return std::pair(low, b_.add(low, distance));
        });
      });
      return Values();
    });
  }

  Value shift_left(Value x, Value by) { return b_.make<arith::ShLIOp>(x, by); }
  Value shift_right(Value x, Value by) { return b_.make<arith::ShRUIOp>(x, by); }
  // x modulo the power of two `size`.
  Value mask(Value x, Value size) { return b_.make<arith::AndIOp>(x, b_.sub(size, b_.index(1))); }

  void exchange_all(std::int64_t count, std::int64_t pairs, const EntryMemory& memory,
                    llvm::function_ref<std::pair<Value, Value>(Value)> positions) {
    memory.barrier();
    for_positions(pairs, [&](Value pair) {
      auto [low, high] = positions(pair);
      b_.if_then(b_.less(high, count), [&, low = low, high = high] {
        const Entry first = memory.load(low), second = memory.load(high);
        b_.if_then(comes_before(second, first), [&] {
          memory.store(low, second);
          memory.store(high, first);
        });
      });
    });
  }

  Value comes_before(const Entry& x, const Entry& y) {
    const Value smaller = less(x.key, y.key);
    if (sorts_values_)
      return smaller;
    const Value earlier = b_.both(b_.equal(x.key, y.key), b_.less(x.payload, y.payload));
    return b_.make<arith::OrIOp>(smaller, earlier);
  }

  // ---- Lines in workgroup memory

  EntryMemory workgroup_entries(std::int64_t count) {
    const Value keys = b_.shared(key_type(), count), indices = b_.shared(b_.getI32Type(), count);
    return {[this, keys, indices](Value i) { return Entry{b_.load(keys, i), b_.load(indices, i)}; },
            [this, keys, indices](Value i, const Entry& entry) {
              b_.store(entry.key, keys, i);
              b_.store(entry.payload, indices, i);
            },
            [this] { b_.barrier(); }};
  }

  void sort_whole() {
    const EntryMemory memory = workgroup_entries(line_.length());
    for_positions(line_.length(), [&](Value i) { memory.store(i, {key_at(i), b_.to_i32(i)}); });
    sort_entries(line_.length(), memory);
    store_results(memory);
  }

  void store_results(const EntryMemory& memory) {
    memory.barrier();
    for_positions(wanted_, [&](Value i) { store_result(i, memory.load(i).payload); });
  }

  void pick() {
    const Value picked = pick_first(e_, root_, line_);
    b_.if_then(b_.less(b_.thread(), wanted_), [&] { store_result(b_.thread(), picked); });
  }

  // The element at `position` of the result comes from element `index` of the input.
  void store_result(Value position, Value index) {
    const Value value =
        isa<ir::SortOp>(root_) ? e_.at(input_, line_.index(b_.to_index(index))) : index;
    bind_element(e_, root_, value);
    const Value linear = b_.linearize(line_.index(position), shape_of(root_->getResult(0)));
    for (const kernel::Store& store : stores_)
      emit_store(e_, store, linear, 1);
  }

  // ---- The first few of a long line

  void sort_selected() {
    if (wanted_ > kernel::kSortedInWorkgroup)
      return b_.fail(root_, "k is too large: expected at most " +
                                Twine(kernel::kSortedInWorkgroup) + " of a long line, got " +
                                Twine(wanted_));
    if (wanted_ == 0)
      return;
    const EntryMemory memory = workgroup_entries(wanted_);
    collect(memory, find_last_key());
    sort_entries(wanted_, memory);
    store_results(memory);
  }

  // The largest key among the wanted entries, and how many entries with that key are wanted.
  struct LastKey {
    Value key, count;
  };

  // Digit by digit from the top: count the digits of the keys that begin like the one looked for.
  LastKey find_last_key() {
    const auto bits = static_cast<std::int64_t>(key_type().getIntOrFloatBitWidth());
    const Values start{b_.integer(key_type(), 0), b_.index(wanted_)};
    const Values last =
        b_.loop(0, bits / kDigitBits, 1, start, [&](Value round, ValueRange carried) -> Values {
          const Value at = b_.mul(b_.sub(b_.index(bits / kDigitBits - 1), round), kDigitBits);
          const Value shift = b_.make<arith::IndexCastOp>(key_type(), at);
          const Values counts = count_digits(carried[0], shift);
          const LastKey next = choose_digit({carried[0], carried[1]}, counts, shift);
          return {next.key, next.count};
        });
    return {last[0], last[1]};
  }

  // The digits of `key` above the one at `shift`. In two steps, for the first digit has none.
  Value digits_above(Value key, Value shift) {
    const Value most = b_.make<arith::AddIOp>(shift, b_.integer(key_type(), kDigitBits - 1));
    return shift_right(shift_right(key, most), b_.integer(key_type(), 1));
  }

  Values count_digits(Value prefix, Value shift) {
    const Values zeros(std::size_t{1} << kDigitBits, b_.i32(0));
    const Value wanted = digits_above(prefix, shift);
    auto count = [&](Value i, ValueRange counts) {
      const Value key = key_at(i);
      const Value digit = b_.make<arith::AndIOp>(
          shift_right(key, shift), b_.integer(key_type(), (std::int64_t{1} << kDigitBits) - 1));
      const Value fits = b_.equal(digits_above(key, shift), wanted);
      Values next;
      for (auto [value, sum] : llvm::enumerate(counts)) {
        const Value same =
            b_.equal(digit, b_.integer(key_type(), static_cast<std::int64_t>(value)));
        next.push_back(add_if(b_.both(fits, same), sum));
      }
      return next;
    };
    const Values counts =
        b_.loop(b_.thread(), b_.index(line_.length()), b_.index(b_.workgroup_size()), zeros, count);
    auto add = [&](ValueRange x, ValueRange y) {
      Values sums;
      for (auto [a, c] : llvm::zip_equal(x, y))
        sums.push_back(b_.make<arith::AddIOp>(a, c));
      return sums;
    };
    b_.barrier();  // the counts of the digit before are still being read
    return b_.reduce(counts, b_.workgroup_size(), add);
  }

  // The digit within which the wanted entries end.
  LastKey choose_digit(const LastKey& before, ValueRange counts, Value shift) {
    Value digit = b_.integer(key_type(), 0), remaining = before.count, found = b_.boolean(false);
    Value left = before.count;
    for (auto [value, count] : llvm::enumerate(counts)) {
      const Value here = b_.to_index(count);
      const Value ends =
          b_.both(b_.make<arith::XOrIOp>(found, b_.boolean(true)), b_.less(left, b_.add(here, 1)));
      digit = b_.select(ends, b_.integer(key_type(), static_cast<std::int64_t>(value)), digit);
      remaining = b_.select(ends, left, remaining);
      left = b_.sub(left, here);
      found = b_.make<arith::OrIOp>(found, ends);
    }
    return {b_.make<arith::OrIOp>(before.key, shift_left(digit, shift)), remaining};
  }

  // Entries before the last key in any order, then those with it, lowest indices first.
  void collect(const EntryMemory& memory, const LastKey& last) {
    const Share share = share_of_thread(b_, line_.length());
    auto both_counts = [&](Value i, ValueRange counts) -> Values {
      const Value key = key_at(i);
      return {add_if(less(key, last.key), counts[0]), add_if(b_.equal(key, last.key), counts[1])};
    };
    const Values zeros(2, b_.i32(0));
    const Values own = b_.loop(share.begin, share.end, b_.index(1), zeros, both_counts);
    auto add = [&](Value x, Value y) { return b_.make<arith::AddIOp>(x, y); };
    const Value smaller = scan_threads(b_, own[0], b_.i32(0), add).before;
    const Value equal = scan_threads(b_, own[1], b_.i32(0), add).before;
    const Value first_equal = b_.sub(b_.index(wanted_), last.count);
    b_.loop(share.begin, share.end, b_.index(1), {smaller, equal},
            [&](Value i, ValueRange counts) -> Values {
              const Value key = key_at(i);
              const Value is_smaller = less(key, last.key), is_equal = b_.equal(key, last.key);
              const Value rank = b_.to_index(counts[1]);
              const Value taken = b_.both(is_equal, b_.less(rank, last.count));
              const Value slot =
                  b_.select(is_smaller, b_.to_index(counts[0]), b_.add(first_equal, rank));
              b_.if_then(b_.make<arith::OrIOp>(is_smaller, taken),
                         [&] { memory.store(slot, {key, b_.to_i32(i)}); });
              return {add_if(is_smaller, counts[0]), add_if(is_equal, counts[1])};
            });
  }

  Value add_if(Value condition, Value count) {
    return b_.make<arith::AddIOp>(count, b_.make<arith::ExtUIOp>(b_.getI32Type(), condition));
  }

  // ---- Long lines

  void sort_in_output() {
    const bool plain = stores_.size() == 1 && !stores_.front().scatter &&
                       stores_.front().value == root_->getResult(0);
    if (!plain)
      return b_.fail(root_, "a long line is sorted in its output, which must be stored as it is");
    sorts_values_ = isa<ir::SortOp>(root_);
    const EntryMemory memory = output_entries(stores_.front().buffer);
    for_positions(line_.length(), [&](Value i) {
      const Value value = e_.at(input_, line_.index(i));
      memory.store(i, {{}, sorts_values_ ? value : b_.to_i32(i)});
    });
    sort_entries(line_.length(), memory);
  }

  EntryMemory output_entries(unsigned buffer) {
    const DType stored = dtype_of(root_->getResult(0));
    auto address = [this](Value i) {
      return b_.linearize(line_.index(i), shape_of(root_->getResult(0)));
    };
    auto load = [this, buffer, stored, address](Value i) -> Entry {
      const Value payload = ashlar::codegen::load_element(b_, buffer, stored, address(i));
      if (sorts_values_)
        return {sort_key(b_, dtype_, payload, ascending_), payload};
      return {key_at(b_.to_index(payload)), payload};
    };
    auto store = [this, buffer, stored, address](Value i, const Entry& entry) {
      ashlar::codegen::store_element(b_, buffer, stored, address(i), entry.payload);
    };
    return {load, store, [this] { buffer_barrier(b_); }};
  }

  static constexpr std::int64_t kDigitBits = 4;

  KernelBuilder& b_;
  Elements e_;
  Stores stores_;
  Operation* root_;
  Value input_;
  std::int64_t axis_;
  Line line_;
  DType dtype_;
  bool ascending_ = false;
  bool sorts_values_ = false;
  std::int64_t wanted_ = 0;
};

}  // namespace

void emit_sort(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  if (roots.size() != 1 || !isa<ir::SortOp, ir::ArgSortOp, ir::TopKOp>(roots.front()))
    return b.fail(b.def(), "a sort kernel needs one sort, argsort or topk_indices");
  Operation* root = roots.front();
  if (!check_stores(b, stores, root) || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  const Value input = root->getOperand(0);
  if (!picks_in_registers(b, root))
    b.accept_any_subgroup_size();
  b.for_workgroups(Line::count(input, root->getAttrOfType<IntegerAttr>("axis").getInt()),
                   [&] { Sort(b, stores, root).emit(); });
}

}  // namespace ashlar::codegen

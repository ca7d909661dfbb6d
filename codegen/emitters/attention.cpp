// SPDX-License-Identifier: Apache-2.0
// "attention": scaled dot products over a key/value cache with an online softmax, whole or one of
// several splits of the keys. A workgroup takes a few query rows that share one key/value head; its
// teams walk over the keys. Before, it may compute the query (head norms, rope) and this step's
// rows of the caches; behind, the last split of a tile may join the parts of all. All threads wait
// for each other when the queries are there and twice when their teams' results are merged.
#include "codegen/emitters/attention_join.h"
#include "codegen/emitters/attention_merge.h"
#include "codegen/emitters/attention_rows.h"
#include "codegen/emitters/attention_walk.h"
#include "codegen/emitters/emitters.h"
#include "codegen/emitters/parts.h"
#include "codegen/emitters/stores.h"
#include "ir/ashlar_dialect.h"

#include "llvm/Support/MathExtras.h"

#include <optional>

using namespace mlir;

namespace ashlar::codegen {
namespace {

// What the kernel writes, by who writes it.
struct AttentionStores {
  SmallVector<kernel::Store> appends;  // new rows of the caches
  SmallVector<kernel::Store> rows;     // of the root's own rows
  std::optional<kernel::Store> parts;  // of the root, where another op joins them
  kernel::AttentionCombineOp combine;  // that op
  SmallVector<kernel::Store> joined;   // behind it
};

struct BodyForm {
  kernel::AttentionTile tile;
  std::int64_t keys;  // of a team at once
  bool is_split;      // it stores parts, if the op gives them
  bool may_be_alone;  // a split may have all keys, and stores the result then
};

// Attention of a tile of query rows to keys of one split.
class AttentionBody {
public:
  AttentionBody(KernelBuilder& b, const AttentionStores& stores, Operation* root,
                const BodyForm& form)
      : b_(b), e_(b), stores_(stores), root_(root), form_(form), shape_(root, form.tile),
        rows_(e_, root, stores.appends, shape_) {
    if (!form.is_split)
      shape_.splits = 0;
  }

  const AttentionShape& shape() const { return shape_; }
  AttentionRows& rows() { return rows_; }

  bool read_schedule() {
    const std::int64_t subgroup = std::min(b_.workgroup_size(), b_.subgroup_size());
    teams_.lanes = std::min(b_.def().getSchedule().get("lanes", subgroup), subgroup);
    teams_.keys = form_.keys;
    teams_.in_subgroup = subgroup / teams_.lanes;
    teams_.subgroups = b_.workgroup_size() / subgroup;
    if (!llvm::isPowerOf2_64(static_cast<std::uint64_t>(teams_.lanes)) || teams_.keys < 1 ||
        b_.workgroup_size() % subgroup != 0) {
      b_.fail(b_.def(), "schedule: lanes must be a power of two, keys positive, and the workgroup "
                        "a multiple of the subgroup");
      return false;
    }
    teams_.key = kernel::share_of_row(root_->getOperand(1), teams_.lanes);
    teams_.value = kernel::share_of_row(root_->getOperand(2), teams_.lanes);
    width_ = std::min(packet_width(joins() ? stores_.joined : stores_.rows, 4), teams_.value.width);
    // A part's row ends with two more numbers.
    if (shape_.splits > 0)
      width_ = std::min(width_, kernel::vector_width(b_.getF32Type(), shape_.value_size + 2));
    return true;
  }

  // The keys of the place's split, by all threads.
  void attend(const AttentionPlace& place) {
    KeyWalk walk(e_, root_, shape_, place, teams_, rows_);
    walk.load_first();
    rows_.compute(place);
    TeamMerge merge(b_, shape_, teams_, width_);
    merge.merge(walk.walk(), [&](std::int64_t first, std::int64_t count) {
      store_merged(merge, place, first, count);
    });
    auto join = [&] {
      join_parts(e_, {stores_.combine, *stores_.parts, stores_.joined}, shape_, place, width_);
    };
    if (shape_.splits > 0 && joins())
      form_.may_be_alone ? b_.if_then(b_.less(b_.index(1), place.used_splits), join) : join();
  }

private:
  bool joins() const { return stores_.combine != nullptr; }

  // Packets of the results of `count` rows, dealt out among all threads. A part's row ends with two
  // more numbers.
  void store_merged(TeamMerge& merge, const AttentionPlace& place, std::int64_t first,
                    std::int64_t count) {
    const std::int64_t value_packets = shape_.value_size / width_;
    const std::int64_t packets =
        shape_.splits > 0 ? (shape_.value_size + 2) / width_ : value_packets;
    for_numbers(b_, b_.thread(), count * packets, b_.workgroup_size(), [&](Value i) {
      const Value row = b_.div(i, packets), packet = b_.rem(i, packets);
      const Value tile_row = b_.add(row, first);
      const MergedRow merged = merge.merged(row, b_.min(packet, b_.index(value_packets - 1)));
      auto result = [&] { store_result_of(merged, place, tile_row, packet); };
      auto part = [&] { store_part_of(merged, place, tile_row, packet); };
      if (!form_.may_be_alone)
        return shape_.splits > 0 ? part() : result();
      b_.if_else(
          b_.equal(place.used_splits, b_.index(1)),
          [&] { b_.if_then(b_.less(packet, value_packets), result); }, part);
    });
  }

  void store_result_of(const MergedRow& merged, const AttentionPlace& place, Value row,
                       Value packet) {
    kernel::AttentionCombineOp combine = stores_.combine;
    Operation* op = joins() ? combine : root_;
    const Value empty = b_.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, merged.sum, b_.f32(0));
    Values values = merged.values;
    for (Value& value : values)
      value = b_.make<arith::DivFOp>(value, b_.select(empty, b_.f32(1), merged.sum));
    store_result(e_, op, joins() ? stores_.joined : stores_.rows, shape_, place, row,
                 b_.mul(packet, width_), values);
  }

  void store_part_of(const MergedRow& merged, const AttentionPlace& place, Value row,
                     Value packet) {
    const TileRows tile(b_, shape_, place);
    const Value element = b_.mul(packet, width_);
    b_.if_then(tile.exists(row), [&] {
      const Value linear =
          b_.linearize({place.batch, tile.step(row), tile.head(row), place.split, element},
                       shape_of(root_->getResult(0)));
      bind_packet(e_, root_, linear, part(merged, element));
      for (const kernel::Store& store : stores_.rows)
        emit_store(e_, store, linear, width_);
      if (stores_.parts)
        emit_store(e_, *stores_.parts, linear, width_);
    });
  }

  // Weighted values, then the largest score and the sum of weights.
  Values part(const MergedRow& merged, Value element) {
    const Value inside = b_.less(element, shape_.value_size);
    Values values = merged.values;
    for (auto [lane, value] : llvm::enumerate(values)) {
      const Value number = b_.add(element, static_cast<std::int64_t>(lane));
      const Value is_largest = b_.equal(number, b_.index(shape_.value_size));
      value = b_.select(inside, value, b_.select(is_largest, merged.largest, merged.sum));
    }
    return values;
  }

  KernelBuilder& b_;
  Elements e_;
  const AttentionStores& stores_;
  Operation* root_;
  BodyForm form_;
  AttentionShape shape_;
  AttentionRows rows_;
  AttentionTeams teams_{};
  std::int64_t width_ = 1;  // of packets that are stored
};

// The whole kernel. With many keys its splits divide them. Where few belong to one split, the
// workgroups of the others take over rows, in a body of its own: a workgroup fetches the code of
// one of them.
class Attention {
public:
  Attention(KernelBuilder& b, const AttentionStores& stores, Operation* root)
      : b_(b), e_(b), root_(root), joins_(stores.combine != nullptr),
        dealt_rows_(joins_ ? kernel::dealt_rows(root, b.def().getSchedule()) : 0),
        split_(b, stores, root, split_form()) {
    if (dealt_rows_ > 0)
      dealt_.emplace(b, stores, root, dealt_form());
  }

  void emit() {
    if (!split_.rows().check() || !split_.read_schedule() || (dealt_ && !dealt_->read_schedule()))
      return;
    b_.for_workgroups(workgroups(), [&] {
      AttentionPlace place =
          place_attention(b_, split_.shape(), [&](unsigned operand, Value batch) {
            return e_.at(root_->getOperand(operand), {batch});
          });
      split_.rows().skip_new_key(place);
      if (!dealt_)
        return attend_split(place);
      b_.if_else(
          b_.less_equal(place.count, b_.index(2 * split_keys())), [&] { attend_dealt(place); },
          [&] { attend_split(place); });
    });
  }

private:
  BodyForm split_form() const {
    const kernel::ScheduleAttr schedule = b_.def().getSchedule();
    return {kernel::attention_tile(root_, schedule), schedule.get("keys", 1), true,
            joins_ && dealt_rows_ == 0};
  }
  BodyForm dealt_form() const {
    return {{dealt_rows_, 1}, b_.def().getSchedule().get("dealt_keys", 1), false, false};
  }
  std::int64_t split_keys() const { return b_.def().getSchedule().get("split_keys", 64); }
  std::int64_t workgroups() const {
    const AttentionShape& shape = split_.shape();
    return shape.batch * shape.groups * shape.head_blocks() * shape.step_blocks() *
           std::max<std::int64_t>(shape.splits, 1);
  }

  void attend_split(AttentionPlace place) {
    divide_keys(b_, split_.shape(), joins_ ? split_keys() : 0, place);
    auto attend = [&] { split_.attend(place); };
    joins_ ? b_.if_then(b_.less(place.split, place.used_splits), attend) : attend();
  }

  // Each workgroup has all keys, and the rows that its split stands for.
  void attend_dealt(AttentionPlace place) {
    const Value works = b_.less(place.split, split_.shape().tile.heads / dealt_rows_);
    place.first_head = b_.add(place.first_head, b_.mul(place.split, dealt_rows_));
    place.split = b_.index(0);
    divide_keys(b_, dealt_->shape(), 0, place);
    b_.if_then(works, [&] { dealt_->attend(place); });
  }

  KernelBuilder& b_;
  Elements e_;
  Operation* root_;
  bool joins_;
  std::int64_t dealt_rows_;  // of a workgroup; 0: none are dealt
  AttentionBody split_;
  std::optional<AttentionBody> dealt_;
};

// The op that joins the root's parts in this kernel, if there is one.
kernel::AttentionCombineOp find_combine(Operation* root) {
  for (Operation* user : root->getUsers())
    if (auto combine = dyn_cast<kernel::AttentionCombineOp>(user))
      if (isa_and_nonnull<BlockArgument>(combine.getArrivals()))
        return combine;
  return nullptr;
}

// Nothing where an output does not fit; that was reported.
std::optional<AttentionStores> sort_stores(KernelBuilder& b, Stores stores, Operation* root) {
  AttentionStores sorted;
  sorted.combine = find_combine(root);
  for (const kernel::Store& store : stores) {
    if (is_append(root, store))
      sorted.appends.push_back(store);
    else if (!sorted.combine)
      sorted.rows.push_back(store);
    else if (store.value == root->getResult(0) && !sorted.parts)
      sorted.parts = store;
    else
      sorted.joined.push_back(store);
  }
  if (sorted.combine && !sorted.parts) {
    b.fail(root, "a kernel that joins the parts of its attention stores them");
    return std::nullopt;
  }
  const bool fits = sorted.combine ? check_stores(b, sorted.joined, sorted.combine)
                                   : check_stores(b, sorted.rows, root);
  return fits ? std::optional(std::move(sorted)) : std::nullopt;
}

}  // namespace

void emit_attention(KernelBuilder& b, Stores stores) {
  const SmallVector<Operation*> roots = kernel::roots_of(kernel::view_of(b.def()));
  if (roots.size() != 1 || !isa<ir::AttentionOp, kernel::AttentionPartialOp>(roots.front()))
    return b.fail(b.def(), "an attention kernel needs one attention");
  Operation* root = roots.front();
  const auto sorted = sort_stores(b, stores, root);
  if (!sorted || kernel::element_count(root->getResult(0).getType()) == 0)
    return;
  Attention(b, *sorted, root).emit();
}

}  // namespace ashlar::codegen

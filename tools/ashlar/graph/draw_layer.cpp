// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/graph/draw_layer.h"

#include "tools/ashlar/graph/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ashlar::cli {
namespace {

struct Colour {
  std::string_view fill, stroke;
};
constexpr std::array kColours = {
    Colour{"#cfe3f8", "#2f6da8"}, Colour{"#fbdcc0", "#b5651d"}, Colour{"#d3ecd0", "#3b8a3b"},
    Colour{"#ecd5ef", "#8a4694"}, Colour{"#fbe9a9", "#a58a14"}, Colour{"#f8ccd2", "#b13a4c"},
    Colour{"#cdecea", "#2b8580"}, Colour{"#ddd8f3", "#5a4ba5"}, Colour{"#e4e4c4", "#77772a"},
    Colour{"#e9d8c9", "#7c5a3c"}, Colour{"#d9e2e8", "#4d6b7d"}, Colour{"#fad4ec", "#b0408a"}};

const Colour& colour_of(std::size_t kernel) {
  return kColours[kernel % kColours.size()];
}

constexpr double kWidth = 1240;
constexpr double kTop = 98;  // of both columns
constexpr double kBlockX = 76, kBlockWidth = 584;
constexpr double kChipX = 194;  // of the first operation, from the block's left edge
constexpr double kChipHeight = 19, kChipGap = 4, kChipSize = 11;
constexpr double kBlockGap = 9, kPadding = 6;
constexpr double kGroupX = 730, kGroupWidth = 420, kGroupGap = 24;
constexpr double kMinGroupHeight = 72;

std::string bytes_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 10'000'000)
    return fmt::format("{:.0f} MB", value / 1e6);
  if (bytes >= 1'000'000)
    return fmt::format("{:.1f} MB", value / 1e6);
  if (bytes >= 1'000)
    return fmt::format("{:.1f} KB", value / 1e3);
  return fmt::format("{} B", bytes);
}

// Places operations in lines within a block.
class ChipFlow {
public:
  explicit ChipFlow(double width) : width_(width) {}

  // Relative to the top left of the block.
  Rectangle place(std::string_view name) {
    const double width = text_width(name, kChipSize) + 10;
    if (x_ + width > width_ - kPadding && x_ > kChipX) {
      x_ = kChipX;
      y_ += kChipHeight + kChipGap;
    }
    const Rectangle chip{x_, y_, width, kChipHeight};
    x_ += width + kChipGap;
    return chip;
  }
  double height() const { return y_ + kChipHeight + kPadding; }

private:
  double width_, x_ = kChipX, y_ = kPadding;
};

double block_height(const OperationBlock& block) {
  ChipFlow flow(kBlockWidth);
  for (const ArrayOperation& op : block.operations)
    flow.place(op.name);
  return flow.height();
}

// The names of operations in lines of at most `width`, with how often one repeats.
std::vector<std::string> operation_lines(const std::vector<std::string>& operations, double width,
                                         double size) {
  std::vector<std::pair<std::string, int>> counts;
  for (const std::string& name : operations) {
    if (name == "full" || name == "iota" || name == "constant")
      continue;
    const auto found = std::ranges::find(counts, name, &std::pair<std::string, int>::first);
    if (found == counts.end())
      counts.emplace_back(name, 1);
    else
      ++found->second;
  }
  std::vector<std::string> lines{""};
  for (const auto& [name, count] : counts) {
    const std::string word = count > 1 ? fmt::format("{} x{}", name, count) : name;
    const std::string longer = lines.back().empty() ? word : lines.back() + ", " + word;
    if (text_width(longer, size) <= width || lines.back().empty())
      lines.back() = longer;
    else
      lines.push_back(word);
  }
  return lines;
}

class LayerDrawing {
public:
  LayerDrawing(const LayerGraph& graph, const std::string& title) : graph_(graph), title_(title) {
    place_blocks();
    place_kernels();
  }

  std::string draw() {
    canvas_ = SvgCanvas(kWidth, bottom_ + 62);
    draw_heads();
    for (const LayerEdge& edge : graph_.block_edges)
      draw_block_edge(edge);
    for (std::size_t i = 0; i < graph_.blocks.size(); ++i)
      draw_block(graph_.blocks[i], blocks_[i]);
    for (std::size_t group = 0; group < groups_.size(); ++group)
      draw_group(group);
    for (std::size_t i = 0; i < graph_.kernels.size(); ++i)
      draw_kernel(i);
    for (const LayerEdge& edge : graph_.kernel_edges)
      draw_kernel_edge(edge);
    draw_legend();
    return canvas_.finish();
  }

private:
  void place_blocks() {
    double y = kTop;
    for (const OperationBlock& block : graph_.blocks) {
      blocks_.push_back({kBlockX, y, kBlockWidth, block_height(block)});
      y = blocks_.back().bottom() + kBlockGap;
    }
    bottom_ = y - kBlockGap;
  }

  // Groups share the height of the left column, where that is enough.
  void place_kernels() {
    const auto count = static_cast<double>(graph_.group_count());
    const double even = (bottom_ - kTop - (count - 1) * kGroupGap) / std::max(count, 1.0);
    const double height = std::max(even, kMinGroupHeight);
    for (std::size_t group = 0; group < graph_.group_count(); ++group)
      groups_.push_back(
          {kGroupX, kTop + static_cast<double>(group) * (height + kGroupGap), kGroupWidth, height});
    if (!groups_.empty())
      bottom_ = std::max(bottom_, groups_.back().bottom());
    for (std::size_t i = 0; i < graph_.kernels.size(); ++i) {
      const std::size_t group = graph_.kernels[i].group;
      const auto same = std::ranges::count(graph_.kernels, group, &LayerKernel::group);
      const auto before = std::ranges::count_if(
          graph_.kernels.begin(), graph_.kernels.begin() + static_cast<std::ptrdiff_t>(i),
          [&](const LayerKernel& kernel) { return kernel.group == group; });
      const double width = (kGroupWidth - 26) / static_cast<double>(same);
      kernels_.push_back({kGroupX + 22 + width * static_cast<double>(before), groups_[group].y + 4,
                          width - 4, groups_[group].height - 8});
    }
  }

  void draw_heads() {
    canvas_.text(20, 34, title_, {.size = 19, .bold = true});
    canvas_.text(kBlockX, 68, fmt::format("Before: {} array operations", graph_.operation_count()),
                 {.size = 16, .bold = true});
    std::int64_t bytes = 0, weights = 0;
    for (const LayerKernel& kernel : graph_.kernels) {
      bytes += kernel.bytes_read + kernel.bytes_written;
      weights += kernel.weight_bytes;
    }
    canvas_.text(
        kGroupX, 68,
        fmt::format("After: {} kernels in {} groups", graph_.kernels.size(), graph_.group_count()),
        {.size = 16, .bold = true});
    canvas_.text(
        kGroupX, 87,
        fmt::format("{} moved, {} of them weights", bytes_text(bytes), bytes_text(weights)),
        {.size = 12.5, .colour = "#444444"});
  }

  void draw_block(const OperationBlock& block, const Rectangle& area) {
    canvas_.box(area, {.fill = "#f7f7f7", .stroke = "#bbbbbb"});
    canvas_.text(area.x + 8, area.y + 19, block.scope, {.size = 11.5, .mono = true});
    ChipFlow flow(kBlockWidth);
    for (const ArrayOperation& op : block.operations) {
      Rectangle chip = flow.place(op.name);
      chip.x += area.x;
      chip.y += area.y;
      BoxStyle style{.fill = "#ffffff", .stroke = "#aaaaaa", .radius = 3, .dashed = true};
      if (op.kernel)
        style = {.fill = colour_of(*op.kernel).fill,
                 .stroke = colour_of(*op.kernel).stroke,
                 .radius = 3};
      canvas_.box(chip, style);
      canvas_.text(chip.middle_x(), chip.y + 13.5, op.name,
                   {.size = kChipSize,
                    .colour = op.kernel ? "#222222" : "#777777",
                    .mono = true,
                    .anchor = "middle"});
    }
  }

  // A short arrow to the next block, an arc on the left to others, a stub from outside the layer.
  void draw_block_edge(const LayerEdge& edge) {
    const Rectangle& to = blocks_[edge.to];
    if (!edge.from)
      return canvas_.arrow(
          fmt::format("M{:.1f},{:.1f} H{:.1f}", kBlockX - 16, to.middle_y() + 5, kBlockX));
    const Rectangle& from = blocks_[*edge.from];
    if (edge.to == *edge.from + 1)
      return canvas_.arrow(
          fmt::format("M{:.1f},{:.1f} V{:.1f}", to.middle_x(), from.bottom(), to.y));
    const double reach = std::min(10 + 5.5 * static_cast<double>(edge.to - *edge.from), 68.0);
    canvas_.arrow(fmt::format("M{0:.1f},{1:.1f} C{2:.1f},{1:.1f} {2:.1f},{3:.1f} {0:.1f},{3:.1f}",
                              kBlockX, from.middle_y() + 3, kBlockX - reach, to.middle_y() - 3),
                  "#999999");
  }

  void draw_group(std::size_t group) {
    const Rectangle& area = groups_[group];
    canvas_.box(area, {.fill = "#f3f3f3", .stroke = "#cccccc", .radius = 6});
    canvas_.text(area.x + 11, area.middle_y() + 5, fmt::format("{}", group + 1),
                 {.size = 14, .colour = "#777777", .bold = true, .anchor = "middle"});
  }

  void draw_kernel(std::size_t index) {
    const LayerKernel& kernel = graph_.kernels[index];
    const Rectangle& area = kernels_[index];
    canvas_.box(area, {.fill = colour_of(index).fill, .stroke = colour_of(index).stroke});
    double y = area.y + 20;
    canvas_.text(area.x + 8, y, fmt::format("{}  {}", kernel.emitter, kernel.scope),
                 {.size = 13, .bold = true, .mono = true});
    for (const std::string& line : operation_lines(kernel.operations, area.width - 16, 11.5)) {
      y += 16;
      canvas_.text(area.x + 8, y, line, {.size = 11.5, .mono = true});
    }
    canvas_.text(area.x + 8, area.bottom() - 7,
                 fmt::format("reads {} ({} weights), writes {}", bytes_text(kernel.bytes_read),
                             bytes_text(kernel.weight_bytes), bytes_text(kernel.bytes_written)),
                 {.size = 12, .colour = "#444444"});
  }

  // Between neighbouring groups straight down, else an arc on the right; with the bytes beside it.
  void draw_kernel_edge(const LayerEdge& edge) {
    const TextStyle label{.size = 12, .colour = "#444444"};
    const Rectangle& to = kernels_[edge.to];
    const double side = kGroupX + kGroupWidth;
    if (!edge.from) {
      canvas_.arrow(fmt::format("M{:.1f},{:.1f} H{:.1f}", side + 26, to.y + 22, side));
      canvas_.text(side + 30, to.y + 26, bytes_text(edge.bytes), label);
      return;
    }
    const Rectangle& from = kernels_[*edge.from];
    const std::size_t distance = graph_.kernels[edge.to].group - graph_.kernels[*edge.from].group;
    if (distance == 1) {
      canvas_.arrow(fmt::format("M{:.1f},{:.1f} V{:.1f}", from.middle_x(), from.bottom(), to.y));
      canvas_.text(from.middle_x() + 7, (from.bottom() + to.y) / 2 + 4, bytes_text(edge.bytes),
                   label);
      return;
    }
    const double reach = side + 16 + 9 * static_cast<double>(distance);
    canvas_.arrow(fmt::format("M{0:.1f},{1:.1f} C{2:.1f},{1:.1f} {2:.1f},{3:.1f} {0:.1f},{3:.1f}",
                              side, from.middle_y() + 6, reach, to.middle_y() - 6));
    canvas_.text(reach - 3, (from.middle_y() + to.middle_y()) / 2, bytes_text(edge.bytes), label);
  }

  void draw_legend() {
    const double y = bottom_ + 28;
    canvas_.box({kBlockX, y - 13, 40, 17}, {.stroke = "#aaaaaa", .radius = 3, .dashed = true});
    canvas_.text(kBlockX + 48, y,
                 "became an index, equals one computed before, or is in another layer's kernel. "
                 "Other colours: the kernel that contains the operation.",
                 {.size = 12.5, .colour = "#444444"});
    canvas_.text(
        kBlockX, y + 20,
        "Short arrows from the side come from outside the layer. Weights and constants are "
        "not drawn. A barrier separates groups.",
        {.size = 12.5, .colour = "#444444"});
  }

  const LayerGraph& graph_;
  std::string title_;
  std::vector<Rectangle> blocks_, groups_, kernels_;
  double bottom_ = 0;
  SvgCanvas canvas_{0, 0};
};

}  // namespace

std::string draw_layer(const LayerGraph& graph, const std::string& title) {
  return LayerDrawing(graph, title).draw();
}

}  // namespace ashlar::cli

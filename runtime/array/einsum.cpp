// SPDX-License-Identifier: Apache-2.0
// Einstein's summation as diagonals, sums, and matrix products over [batch, rows, inside].
#include "runtime/array/contraction.h"
#include "runtime/array/diagonals.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/products.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <map>
#include <string>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

// An array whose axes have labels, one character each.
struct Term {
  Array array;
  std::string labels;
};

struct Subscripts {
  std::vector<std::string> operands;
  std::string result;
};

[[noreturn]] void refuse(std::string_view subscripts, const std::string& why) {
  throw InvalidArgument("einsum", "'{}': {}", subscripts, why);
}

bool has(const std::string& labels, char label) {
  return labels.find(label) != std::string::npos;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

// Labels that stand for the axes of an ellipsis, the last one first: no letter.
constexpr char kEllipsisLabels[] = "76543210";

void expand_ellipsis(std::string& labels, std::int64_t axes, std::string_view subscripts) {
  const std::size_t at = labels.find("...");
  if (at == std::string::npos)
    return;
  if (axes < 0 || axes > 8)
    refuse(subscripts, "an ellipsis stands for 0 to 8 axes");
  labels.replace(at, 3, std::string(kEllipsisLabels).substr(8 - static_cast<std::size_t>(axes)));
}

std::string implied_result(const std::vector<std::string>& operands) {
  std::map<char, int> counts;
  for (const std::string& labels : operands)
    for (char label : labels)
      ++counts[label];
  std::string ellipsis, letters;
  for (const auto& [label, count] : counts)
    if (label >= '0' && label <= '9')
      ellipsis.insert(ellipsis.begin(), label);
    else if (count == 1)
      letters += label;
  return ellipsis + letters;
}

Subscripts parse(std::string_view text, const std::vector<Array>& arrays) {
  std::string plain(text);
  std::erase(plain, ' ');
  const std::size_t arrow = plain.find("->");
  Subscripts result{split_at_commas(plain.substr(0, arrow)), {}};
  if (result.operands.size() != arrays.size())
    refuse(text, fmt::format("{} operands, got {}", result.operands.size(), arrays.size()));
  std::int64_t widest = 0;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    std::string& labels = result.operands[i];
    const bool open = labels.find("...") != std::string::npos;
    const auto named = static_cast<std::int64_t>(labels.size()) - (open ? 3 : 0);
    expand_ellipsis(labels, arrays[i].rank() - named, text);
    widest = open ? std::max(widest, arrays[i].rank() - named) : widest;
    if (static_cast<int>(labels.size()) != arrays[i].rank())
      refuse(text, fmt::format("'{}' does not fit {}", labels, arrays[i].shape().to_string()));
  }
  if (arrow == std::string::npos)
    result.result = implied_result(result.operands);
  else
    expand_ellipsis(result.result = plain.substr(arrow + 2), widest, text);
  for (char label : result.result) {
    if (std::ranges::count(result.result, label) > 1)
      refuse(text, fmt::format("'{}' is twice in the result", label));
    if (std::ranges::none_of(result.operands, [&](const auto& o) { return has(o, label); }))
      refuse(text, fmt::format("'{}' is in no operand", label));
  }
  return result;
}

// Each label once: repeated ones take the diagonal.
Term without_repeats(Term term) {
  for (std::size_t i = 0; i < term.labels.size(); ++i) {
    const std::size_t again = term.labels.find(term.labels[i], i + 1);
    if (again == std::string::npos)
      continue;
    const char label = term.labels[i];
    term.array = diagonal(term.array, 0, static_cast<int>(i), static_cast<int>(again));
    term.labels.erase(again, 1);
    term.labels.erase(i, 1);
    term.labels += label;
    i = static_cast<std::size_t>(-1);
  }
  return term;
}

// Sums over the labels that nothing else needs.
Term sum_out(Term term, const std::string& needed) {
  Ints axes;
  std::string kept;
  for (std::size_t i = 0; i < term.labels.size(); ++i)
    if (has(needed, term.labels[i]))
      kept += term.labels[i];
    else
      axes.push_back(static_cast<int>(i));
  return axes.empty() ? term : Term{sum(term.array, axes), kept};
}

// Axes in the order of `labels`; labels that the term lacks become axes of size 1.
Array arranged(const Term& term, const std::string& labels) {
  Ints order;
  Dims dims;
  for (char label : labels) {
    const std::size_t at = term.labels.find(label);
    if (at != std::string::npos)
      order.push_back(static_cast<int>(at));
    dims.push_back(at == std::string::npos ? 1 : term.array.dim(static_cast<int>(at)));
  }
  return reshape(transpose(term.array, order), Shape(dims));
}

std::int64_t product(const Dims& dims, std::size_t begin, std::size_t count) {
  return Shape(Dims(dims.begin() + static_cast<std::ptrdiff_t>(begin),
                    dims.begin() + static_cast<std::ptrdiff_t>(begin + count)))
      .element_count();
}

// The labels of two terms by their part in the product.
struct Roles {
  std::string batch, left, right, inside;

  std::string kept() const { return batch + left + right; }
};

Roles roles_of(const std::string& a, const std::string& b, const std::string& needed) {
  Roles roles;
  for (char label : a)
    if (!has(b, label))
      roles.left += label;
    else
      (has(needed, label) ? roles.batch : roles.inside) += label;
  for (char label : b)
    if (!has(a, label))
      roles.right += label;
  return roles;
}

// Batch and inside axes in their common size; only ellipses may have size 1 there.
std::pair<Array, Array> matched(const Term& a, const Term& b, const Roles& roles) {
  Array x = arranged(a, roles.batch + roles.left + roles.inside);
  Array y = arranged(b, roles.batch + roles.inside + roles.right);
  Dims left = x.shape().dims(), right = y.shape().dims();
  const auto meet = [&](std::size_t i, std::size_t j) {
    const std::int64_t extent = std::max(left[i], right[j]);
    left[i] = right[j] = extent;
  };
  for (std::size_t i = 0; i < roles.batch.size(); ++i)
    meet(i, i);
  for (std::size_t i = 0; i < roles.inside.size(); ++i)
    meet(roles.batch.size() + roles.left.size() + i, roles.batch.size() + i);
  return {broadcast(x, Shape(left)), broadcast(y, Shape(right))};
}

Term contract(const Term& a, const Term& b, const std::string& needed) {
  const Roles roles = roles_of(a.labels, b.labels, needed);
  const std::string labels = roles.kept();
  if (roles.inside.empty())
    return {arranged(a, labels) * arranged(b, labels), labels};
  const auto [x, y] = matched(a, b, roles);
  const Dims &left = x.shape().dims(), &right = y.shape().dims();
  const std::size_t batch = roles.batch.size();
  const std::int64_t batches = product(left, 0, batch),
                     rows = product(left, batch, roles.left.size()),
                     inside = product(left, batch + roles.left.size(), roles.inside.size()),
                     columns = product(right, batch + roles.inside.size(), roles.right.size());
  const Array result =
      matmul(reshape(x, {batches, rows, inside}), reshape(y, {batches, inside, columns}));
  Dims dims(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(batch + roles.left.size()));
  dims.insert(dims.end(), right.begin() + static_cast<std::ptrdiff_t>(batch + roles.inside.size()),
              right.end());
  return {reshape(result, Shape(dims)), labels};
}

using Labels = std::vector<std::string>;

// What the result and all terms but two need.
std::string needed_besides(const Labels& terms, std::size_t i, std::size_t j,
                           const std::string& result) {
  std::string needed = result;
  for (std::size_t k = 0; k < terms.size(); ++k)
    if (k != i && k != j)
      needed += terms[k];
  return needed;
}

using Extents = std::map<char, std::int64_t>;

// The pair whose product is smallest.
std::pair<std::size_t, std::size_t> best_pair(const Labels& terms, const std::string& result,
                                              const Extents& extents) {
  std::pair<std::size_t, std::size_t> best{0, 1};
  double least = -1;
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t j = i + 1; j < terms.size(); ++j) {
      double size = 1;
      for (char label : roles_of(terms[i], terms[j], needed_besides(terms, i, j, result)).kept())
        size *= static_cast<double>(extents.at(label));
      if (least < 0 || size < least) {
        least = size;
        best = {i, j};
      }
    }
  return best;
}

Extents checked_extents(std::string_view text, const std::vector<Term>& terms) {
  Extents extents;
  for (const Term& term : terms)
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      const std::int64_t own = term.array.dim(static_cast<int>(i));
      const auto [at, is_new] = extents.emplace(term.labels[i], own);
      const bool ellipsis = term.labels[i] >= '0' && term.labels[i] <= '9';
      if (!is_new && at->second != own && !(ellipsis && (own == 1 || at->second == 1)))
        refuse(text, fmt::format("'{}' is {} and {}", term.labels[i], at->second, own));
      at->second = std::max(at->second, own);
    }
  return extents;
}

struct Problem {
  std::vector<Term> terms;  // each label once, none that only one term has
  std::string result;
  Extents extents;

  Labels labels() const {
    Labels labels;
    for (const Term& term : terms)
      labels.push_back(term.labels);
    return labels;
  }
};

Problem problem_of(std::string_view subscripts, const std::vector<Array>& operands) {
  if (operands.empty())
    refuse(subscripts, "needs an operand");
  const Subscripts parsed = parse(subscripts, operands);
  Problem problem{{}, parsed.result, {}};
  for (std::size_t i = 0; i < operands.size(); ++i)
    problem.terms.push_back({operands[i], parsed.operands[i]});
  problem.extents = checked_extents(subscripts, problem.terms);
  for (std::size_t i = 0; i < operands.size(); ++i)
    problem.terms[i] = sum_out(without_repeats(problem.terms[i]),
                               needed_besides(problem.labels(), i, i, parsed.result));
  return problem;
}

// Takes terms i < j out of the list and puts their product at its end.
template <typename T> void replace_pair(std::vector<T>& list, EinsumStep step, T product) {
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(step.second));
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(step.first));
  list.push_back(std::move(product));
}

std::vector<EinsumStep> steps_of(const Problem& problem) {
  std::vector<EinsumStep> steps;
  Labels terms = problem.labels();
  while (terms.size() > 1) {
    const auto [i, j] = steps.emplace_back(best_pair(terms, problem.result, problem.extents));
    const std::string needed = needed_besides(terms, i, j, problem.result);
    replace_pair(terms, steps.back(), roles_of(terms[i], terms[j], needed).kept());
  }
  return steps;
}

}  // namespace

std::vector<EinsumStep> einsum_path(std::string_view subscripts,
                                    const std::vector<Array>& operands) {
  return steps_of(problem_of(subscripts, operands));
}

Array einsum(std::string_view subscripts, const std::vector<Array>& operands,
             std::source_location where) {
  const WrittenAt at(where);
  Problem problem = problem_of(subscripts, operands);
  std::vector<Term>& terms = problem.terms;
  for (const EinsumStep& step : steps_of(problem)) {
    const auto [i, j] = step;
    const std::string needed = needed_besides(problem.labels(), i, j, problem.result);
    replace_pair(terms, step, contract(terms[i], terms[j], needed));
  }
  const Array result = arranged(terms[0], problem.result);
  Dims dims;
  for (char label : problem.result)
    dims.push_back(problem.extents.at(label));
  return broadcast(result, Shape(dims));
}

}  // namespace ashlar

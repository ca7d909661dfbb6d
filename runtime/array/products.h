// SPDX-License-Identifier: Apache-2.0
// Sums of products over named or numbered axes; all end in matrix products where there are any.
#pragma once

#include "runtime/array/array.h"

#include <string_view>
#include <utility>
#include <vector>

namespace ashlar {

// alpha * (a matmul b) + beta * c.
Array addmm(const Operand& c, const Operand& a, const Operand& b, double alpha = 1,
            double beta = 1);
// Of flattened vectors: x[i] * y[j].
Array outer(const Operand& lhs, const Operand& rhs);
// Over the last axis of both.
Array inner(const Operand& lhs, const Operand& rhs);
// Over one axis that both have; the other axes broadcast.
Array vecdot(const Operand& lhs, const Operand& rhs, int axis = -1);
// Over the last `axes` axes of the left and the first of the right.
Array tensordot(const Operand& lhs, const Operand& rhs, int axes = 2);
// Over the axes listed, pair by pair.
Array tensordot(const Operand& lhs, const Operand& rhs,
                const std::pair<std::vector<int>, std::vector<int>>& axes);
// Every element of the left times the whole right, as blocks.
Array kron(const Operand& lhs, const Operand& rhs);

// Einstein's summation: "ij,jk->ik"; without "->" the labels that occur once, sorted. A repeated
// label of one operand takes a diagonal; "..." stands for leading axes that broadcast. More than
// two operands are contracted pair by pair, the smallest result first. Throws InvalidArgument when
// the labels do not fit the operands.
Array einsum(std::string_view subscripts, const std::vector<Array>& operands,
             std::source_location where = std::source_location::current());
// The order in which einsum contracts: each step takes two operands, by their places in the list,
// out of it and puts their product at its end, as in NumPy.
using EinsumStep = std::pair<std::size_t, std::size_t>;
std::vector<EinsumStep> einsum_path(std::string_view subscripts,
                                    const std::vector<Array>& operands);

}  // namespace ashlar

// SPDX-License-Identifier: Apache-2.0
// Rewrites of array graphs that change no bit of any result.
#pragma once

namespace mlir {
class RewritePatternSet;
}

namespace ashlar {

// Index maps: compositions of reshape, transpose, broadcast, slice, concat and pad.
void add_movement_patterns(mlir::RewritePatternSet& patterns);

// Casts, identities, constants, and the forms that later passes expect of reductions and matmuls.
void add_algebra_patterns(mlir::RewritePatternSet& patterns);

}  // namespace ashlar

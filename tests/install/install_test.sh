#!/usr/bin/env bash
# Installs a build into a temporary prefix, builds examples/ against it as a project of its own, and
# runs what came out. Usage: install_test.sh CMAKE SOURCE_FOLDER BUILD_FOLDER C_COMPILER CXX_COMPILER
set -euo pipefail
cmake=$1 source=$2 build=$3 cc=$4 cxx=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/prefix" >"$work/log"
# Not optimised: the test is about what compiles and links.
"$cmake" -S "$source/examples" -B "$work/examples" -G Ninja -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/examples"

cd "$work/examples"
model="$source/models/checkpoints/pebble-4m"
./lazy_graph
./gradient
./compiled_closure | tee closure
[ "$(tail -1 closure)" = "array(6, f32[])" ]   # 3 times mean(0, 2, 4)
./run_model "$model" "Once upon a time" model.ashlar | tee compiled
./run_program "$model" "Once upon a time" model.ashlar | tee saved
cmp compiled saved
[ -s saved ]

# The runtime alone: no trace of MLIR, in the libraries or in what links them.
for binary in run_program "$work/prefix/bin/ashlar-run"; do
  if ldd "$binary" | grep -E 'MLIR|LLVM'; then exit 1; fi
done
"$work/prefix/bin/ashlar-run" --program model.ashlar --model "$model" --prompt "Once upon a time" \
  --max-tokens 20 | cmp - saved
"$work/prefix/bin/ashlar" devices

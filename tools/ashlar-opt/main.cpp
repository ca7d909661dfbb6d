// SPDX-License-Identifier: Apache-2.0
// Runs passes on textual IR, as mlir-opt does. `ashlar-opt --help` lists them.
#include "ir/ashlar_dialect.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  ashlar::ir::register_dialects(registry);
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Ashlar optimizer driver\n", registry));
}

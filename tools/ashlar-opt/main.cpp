// SPDX-License-Identifier: Apache-2.0
// Runs passes on textual IR, as mlir-opt does. `ashlar-opt --help` lists them.
#include "codegen/passes.h"
#include "ir/ashlar_dialect.h"
#include "passes/pipeline.h"

#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  ashlar::ir::register_dialects(registry);
  ashlar::register_passes();
  ashlar::codegen::register_passes();
  mlir::registerTransformsPasses();
  mlir::spirv::registerSPIRVPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Ashlar optimizer driver\n", registry));
}

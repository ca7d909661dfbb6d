# SPDX-License-Identifier: Apache-2.0
# MLIR 22 from Debian's packages: shared libraries by default, static archives for ASHLAR_STATIC_MLIR.
# Never both in one process: MLIR's type ids would exist twice.

list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR 22.1 CONFIG)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR "MLIR 22 not found: install llvm-22-dev, libmlir-22-dev and mlir-22-tools, "
                      "or configure with -DASHLAR_COMPILER=OFF for the runtime alone")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}")
list(APPEND CMAKE_MODULE_PATH "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# Debian's MLIR archives name the shared libLLVM; what they need of it is a few small archives.
function(ashlar_link_llvm_statically target)
  get_property(done GLOBAL PROPERTY ASHLAR_STATIC_${target})
  if(done OR NOT TARGET ${target} OR NOT target MATCHES "^MLIR")
    return()
  endif()
  set_property(GLOBAL PROPERTY ASHLAR_STATIC_${target} ON)
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  if(NOT libraries)
    return()
  endif()
  list(TRANSFORM libraries REPLACE "^(\\$<LINK_ONLY:)?LLVM>?$" "LLVMSupport")
  list(REMOVE_DUPLICATES libraries)
  set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${libraries}")
  foreach(library ${libraries})
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
    ashlar_link_llvm_statically(${library})
  endforeach()
endfunction()

separate_arguments(ASHLAR_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_library(ashlar_mlir INTERFACE)
set_target_properties(ashlar_mlir PROPERTIES EXPORT_NAME mlir)
target_include_directories(ashlar_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(ashlar_mlir INTERFACE ${ASHLAR_LLVM_DEFINITIONS})
if(ASHLAR_STATIC_MLIR)
  set(ASHLAR_MLIR_ARCHIVES
    MLIRArithToSPIRV MLIRControlFlowToSPIRV MLIRFuncToSPIRV MLIRGPUToSPIRV MLIRIndexToSPIRV
    MLIRMathToSPIRV MLIRMemRefToSPIRV MLIRSCFToSPIRV MLIRUBToSPIRV MLIRVectorToSPIRV
    MLIRSPIRVSerialization MLIRSPIRVTransforms MLIRSPIRVDialect MLIRGPUDialect MLIRGPUTransforms
    MLIRVectorTransforms MLIRMemRefTransforms MLIRMathTransforms MLIRArithTransforms
    MLIRTransforms MLIRParser MLIROptLib)
  foreach(archive ${ASHLAR_MLIR_ARCHIVES})
    ashlar_link_llvm_statically(${archive})
  endforeach()
  target_link_libraries(ashlar_mlir INTERFACE ${ASHLAR_MLIR_ARCHIVES} LLVMRemarks LLVMBitstreamReader LLVMSupport LLVMTargetParser LLVMDemangle)
  target_link_options(ashlar_mlir INTERFACE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
else()
  target_link_libraries(ashlar_mlir INTERFACE MLIR LLVM)
endif()

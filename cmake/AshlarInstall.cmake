# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` copies, so that other projects can say find_package(Ashlar COMPONENTS ...):
#   runtime   programs, devices, checkpoints, generation; ashlar-run. No MLIR.
#   compiler  the compiler, lazy arrays, models; ashlar and ashlar-opt. Needs MLIR 22.
# The library ashlar_NAME is the target Ashlar::NAME. Headers keep their folders, as in
# #include "runtime/array/ops.h".
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(ASHLAR_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Ashlar)

# ashlar_install(COMPONENT LIBRARIES libs... PROGRAMS programs... HEADERS folders...)
function(ashlar_install component)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;PROGRAMS;HEADERS" ${ARGN})
  set_target_properties(${ARG_PROGRAMS} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${ARG_PROGRAMS} RUNTIME COMPONENT ${component})
  install(TARGETS ${ARG_LIBRARIES} EXPORT Ashlar_${component} ARCHIVE COMPONENT ${component})
  install(EXPORT Ashlar_${component} NAMESPACE Ashlar:: DESTINATION ${ASHLAR_PACKAGE_DIR}
          FILE AshlarTargets_${component}.cmake COMPONENT ${component})
  foreach(folder ${ARG_HEADERS})
    install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ashlar/${folder}
            COMPONENT ${component} FILES_MATCHING PATTERN "*.h")
  endforeach()
endfunction()

ashlar_install(runtime
  LIBRARIES ashlar_program ashlar_formats ashlar_runtime ashlar_generate
  PROGRAMS ashlar-run
  HEADERS runtime/program runtime/vulkan runtime/executor models/formats models/generate)

# Static MLIR is for one binary that is carried elsewhere, not for linking against.
if(ASHLAR_COMPILER AND NOT ASHLAR_STATIC_MLIR)
  ashlar_install(compiler
    LIBRARIES ashlar_op_info ashlar_mlir ashlar_ir ashlar_passes ashlar_emitters ashlar_codegen ashlar_array
              ashlar_models
    PROGRAMS ashlar ashlar-opt
    HEADERS ir passes codegen runtime/array models/compile models/families models/io models/nn models/optim
            models/quantize models/shapes)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/ir ${PROJECT_BINARY_DIR}/passes ${PROJECT_BINARY_DIR}/codegen
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ashlar COMPONENT compiler
          FILES_MATCHING PATTERN "*.inc" PATTERN CMakeFiles EXCLUDE)
endif()

configure_package_config_file(cmake/AshlarConfig.cmake.in ${PROJECT_BINARY_DIR}/AshlarConfig.cmake
                              INSTALL_DESTINATION ${ASHLAR_PACKAGE_DIR})
# No compatibility between versions before 1.0.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/AshlarConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${PROJECT_BINARY_DIR}/AshlarConfig.cmake ${PROJECT_BINARY_DIR}/AshlarConfigVersion.cmake
        DESTINATION ${ASHLAR_PACKAGE_DIR} COMPONENT runtime)

# SPDX-License-Identifier: Apache-2.0
# How every target of the project is built: warnings, sanitizers, linker, ccache, precompiled headers.

find_program(CCACHE_EXECUTABLE ccache)
if(CCACHE_EXECUTABLE)
  # Precompiled headers are only cacheable with these sloppiness flags.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_EXECUTABLE})
endif()

add_library(ashlar_options INTERFACE)
target_include_directories(ashlar_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
# Vulkan structures are initialised by their type alone, hence no -Wmissing-field-initializers.
target_compile_options(ashlar_options INTERFACE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(ashlar_options INTERFACE -Wno-missing-designated-field-initializers)
  # PCH time stamps would defeat ccache between checkouts.
  target_compile_options(ashlar_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  target_link_options(ashlar_options INTERFACE -fuse-ld=lld)
endif()
if(ASHLAR_WERROR)
  target_compile_options(ashlar_options INTERFACE -Werror)
endif()
if(ASHLAR_SANITIZE)
  target_compile_options(ashlar_options INTERFACE -fsanitize=${ASHLAR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ashlar_options INTERFACE -fsanitize=${ASHLAR_SANITIZE})
  if(ASHLAR_SANITIZE STREQUAL "thread")
    # Its runtime defines operator new, and so do tests that count allocations: theirs comes first.
    target_link_options(ashlar_options INTERFACE -Wl,-z,muldefs)
  endif()
endif()

# ashlar_library(NAME SOURCES... DEPENDS libs... [PCH header]); ashlar_NAME is also called Ashlar::NAME, as when
# it is installed.
function(ashlar_library name)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REGEX REPLACE "^ashlar_" "" short ${name})
  add_library(Ashlar::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
  target_link_libraries(${name} PUBLIC $<BUILD_INTERFACE:ashlar_options> ${ARG_DEPENDS})
  target_include_directories(${name} PUBLIC $<INSTALL_INTERFACE:include/ashlar>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  if(ARG_PCH)
    ashlar_precompile(${name} ${ARG_PCH})
  endif()
endfunction()

# ashlar_precompile(NAME header): the first target compiles the header, the others share the result.
function(ashlar_precompile name header)
  get_filename_component(header ${header} ABSOLUTE)
  get_property(owner GLOBAL PROPERTY "ASHLAR_PCH_OWNER_${header}")
  if(owner)
    target_precompile_headers(${name} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${name} PRIVATE ${header})
    set_property(GLOBAL PROPERTY "ASHLAR_PCH_OWNER_${header}" ${name})
  endif()
endfunction()

# ashlar_test(NAME SOURCES... DEPENDS libs... [PCH header]): one GoogleTest program, which is one CTest test.
function(ashlar_test name)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_PCH)
    set(ARG_PCH ${PROJECT_SOURCE_DIR}/tests/support/test_pch.h)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  ashlar_precompile(${name} ${ARG_PCH})
  target_compile_definitions(${name} PRIVATE ASHLAR_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                                             ASHLAR_CHECKPOINTS="${PROJECT_SOURCE_DIR}/models/checkpoints")
  add_test(NAME ${name} COMMAND ${name})
  # Schedules must not depend on what the machine was tuned to.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "ASHLAR_TUNING=")
endfunction()

# ashlar_test_debug(TEST DEBUG): runs a test with a list for ASHLAR_DEBUG, added to the caller's own.
# Messages of the Vulkan validation layers fail it.
function(ashlar_test_debug test debug)
  set_tests_properties(${test} PROPERTIES
    ENVIRONMENT_MODIFICATION "ASHLAR_DEBUG=string_append:,${debug}"
    # Read by the layer: older ones do not check across submits by default.
    ENVIRONMENT "VK_LAYER_ENABLES=VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT"
    FAIL_REGULAR_EXPRESSION "\\[validation\\]")
endfunction()

# SPDX-License-Identifier: Apache-2.0
# Fuzz targets. A target's source defines LLVMFuzzerTestOneInput; its committed inputs lie in
# tests/fuzz/corpus/<name>/. With ASHLAR_FUZZ it becomes a libFuzzer binary, otherwise a plain
# program that replays those inputs as the CTest test `<name>_replay`.

if(ASHLAR_FUZZ)
  # Coverage of the libraries too, or the fuzzer sees only its own entry point.
  target_compile_options(ashlar_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(ashlar_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# ashlar_fuzz_target(NAME SOURCES... DEPENDS libs...)
function(ashlar_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(ASHLAR_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
    add_test(NAME ${name}_replay COMMAND ${name} ${corpus})
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} ashlar_options)
endfunction()

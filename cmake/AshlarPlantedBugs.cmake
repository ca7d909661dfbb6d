# SPDX-License-Identifier: Apache-2.0
# With ASHLAR_PLANTED_BUGS, some sources are compiled with bugs that an environment variable switches
# on: do the tests find them? See tests/differential/planted.

# ashlar_plant_bugs(TARGETS...): the targets compile the copies instead.
function(ashlar_plant_bugs)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(planted ${PROJECT_BINARY_DIR}/planted)
  set(folder ${PROJECT_SOURCE_DIR}/tests/differential/planted)
  execute_process(COMMAND ${Python3_EXECUTABLE} ${folder}/plant_bugs.py ${PROJECT_SOURCE_DIR} ${planted}
                  OUTPUT_VARIABLE files COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/bugs.json)
  foreach(target ${ARGN})
    get_target_property(sources ${target} SOURCES)
    get_target_property(place ${target} SOURCE_DIR)
    file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR} ${place})
    set(chosen)
    foreach(source ${sources})
      if("${place}/${source}" IN_LIST files)
        set(source ${planted}/${place}/${source})
      endif()
      list(APPEND chosen ${source})
    endforeach()
    set_property(TARGET ${target} PROPERTY SOURCES ${chosen})
  endforeach()
endfunction()

# Node.js and its development tools (tests/web/package-lock.json, installed by ./dev).
#   SINTER_NODE          node >= 20, or NOTFOUND
#   SINTER_NODE_MODULES  where `npm ci` puts the tools; may not exist (no network, no ./dev yet)
#   sinter_add_node_test(NAME SCRIPT [LABELS ...] [ENV ...] [TIMEOUT s] [ARGS ...])
#     node SCRIPT ARGS as a test that skips with a message (exit code 77) when something it needs is
#     missing. It gets SINTER_BIN, SINTER_SOURCE and SINTER_SHARED_DATA in its environment.
include_guard(GLOBAL)

set(SINTER_NODE_MODULES "${CMAKE_SOURCE_DIR}/tests/web/node_modules")

function(sinter_node_is_new_enough RESULT CANDIDATE)
  execute_process(COMMAND ${CANDIDATE} --version OUTPUT_VARIABLE version
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT version MATCHES "^v([0-9]+)\\." OR CMAKE_MATCH_1 LESS 20)
    set(${RESULT} FALSE PARENT_SCOPE)
  endif()
endfunction()
find_program(SINTER_NODE NAMES node nodejs VALIDATOR sinter_node_is_new_enough)
if(NOT SINTER_NODE)
  foreach(cpu x64 arm64)
    set(candidate "${CMAKE_SOURCE_DIR}/tests/web/node20/node_modules/node-linux-${cpu}/bin/node")
    if(EXISTS "${candidate}")
      set(SINTER_NODE "${candidate}" CACHE FILEPATH "Node.js 20 or newer" FORCE)
    endif()
  endforeach()
endif()

# Without Node the test is still there, as a skipped one.
set(SINTER_NODE_SKIP sh -c "echo 'skipped: needs Node.js 20 or newer (./dev test installs one)'; exit 77")

function(sinter_add_node_test NAME SCRIPT)
  cmake_parse_arguments(A "" "TIMEOUT" "LABELS;ENV;ARGS" ${ARGN})
  get_filename_component(script "${SCRIPT}" ABSOLUTE)
  if(SINTER_NODE)
    add_test(NAME ${NAME} COMMAND ${SINTER_NODE} ${script} ${A_ARGS})
  else()
    add_test(NAME ${NAME} COMMAND ${SINTER_NODE_SKIP})
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  set(shared "$ENV{SINTER_SHARED_DATA}")
  if(NOT shared)
    set(shared "${CMAKE_SOURCE_DIR}/../shared/data")
  endif()
  set_tests_properties(${NAME} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${A_TIMEOUT}
    LABELS "${A_LABELS}"
    ENVIRONMENT "SINTER_BIN=${CMAKE_BINARY_DIR}/bin;SINTER_SOURCE=${CMAKE_SOURCE_DIR};SINTER_SHARED_DATA=${shared};${A_ENV}")
endfunction()

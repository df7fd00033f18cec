# Runs tsc (see CMakeLists.txt): SOURCE/*.ts to OUT/*.js and OUT/*.d.ts, and the package.json beside
# them; then touches STAMP. Says so and ends well where NODE or TSC is missing.
if(NOT NODE OR NOT EXISTS "${TSC}")
  message("skipped: the JavaScript library needs Node.js and TypeScript (tests/web/install.sh)")
  return()
endif()
file(MAKE_DIRECTORY "${OUT}")
execute_process(COMMAND ${NODE} ${TSC} -p ${SOURCE} --outDir ${OUT} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "TypeScript found errors in runtime/web")
endif()
file(COPY ${SOURCE}/package.json DESTINATION ${OUT})
file(TOUCH ${STAMP})

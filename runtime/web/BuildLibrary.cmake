# Builds the library (see CMakeLists.txt): tsc makes MODULES/*.js of SOURCE/*.ts and OUT/*.d.ts of them, esbuild
# joins the modules to the files that people import; then touches STAMP. Says so and ends well where NODE, TSC
# or ESBUILD is missing.
#
# Joined, because a page and each of its workers fetch modules one level of imports after the other: forty files
# in five levels are five round trips, twice. What the files share lies in shared-*.js.
if(NOT NODE OR NOT EXISTS "${TSC}" OR NOT EXISTS "${ESBUILD}")
  message("skipped: the JavaScript library needs Node.js, TypeScript and esbuild (tests/web/install.sh)")
  return()
endif()
file(GLOB old ${OUT}/*.js ${OUT}/*.d.ts)
list(FILTER old EXCLUDE REGEX "/sw\\.js$")
file(REMOVE_RECURSE ${MODULES} ${old})
file(MAKE_DIRECTORY ${OUT})
execute_process(COMMAND ${NODE} ${TSC} -p ${SOURCE} --outDir ${MODULES} --declarationDir ${OUT} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "TypeScript found errors in runtime/web")
endif()
set(join ${ESBUILD} --bundle --splitting --format=esm --target=es2022 --charset=utf8 --chunk-names=shared-[hash]
  --outdir=${OUT} --log-level=warning)
execute_process(
  COMMAND ${join} sinter.js mediapipe.js worker.js manifest.js
  COMMAND ${join} thread.js # the little that a helper needs
  WORKING_DIRECTORY ${MODULES} COMMAND_ERROR_IS_FATAL ANY)
file(COPY ${SOURCE}/package.json DESTINATION ${OUT})
file(TOUCH ${STAMP})

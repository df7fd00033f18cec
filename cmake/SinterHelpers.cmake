# Helpers every folder uses: compiler-side libraries (MLIR, RTTI, no exceptions), runtime libraries
# (no exceptions, no RTTI), ODS generation, tests. Source lists are explicit; nothing globs.
include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(SINTER_CCACHE ccache)
if(SINTER_CCACHE)
  # Relative paths and no directory hash: several work trees share one cache.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${SINTER_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
add_link_options(-fuse-ld=lld)
if(SINTER_SANITIZE)
  add_compile_options(-fsanitize=${SINTER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${SINTER_SANITIZE})
endif()

# Debian keeps LLVM beside llvm-config; ask it rather than guess.
find_program(SINTER_LLVM_CONFIG NAMES llvm-config-19 REQUIRED)
execute_process(COMMAND ${SINTER_LLVM_CONFIG} --prefix OUTPUT_VARIABLE SINTER_LLVM_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE)
set(MLIR_DIR "${SINTER_LLVM_PREFIX}/lib/cmake/mlir" CACHE PATH "")
find_package(MLIR REQUIRED CONFIG)
find_package(fmt REQUIRED)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# libstdc++ 12 uses a deprecated function of its own inside std::stable_sort.
set(SINTER_WARNINGS -Wall -Wextra -Wno-unused-parameter -Wno-deprecated-declarations)
if(SINTER_WERROR)
  list(APPEND SINTER_WARNINGS -Werror)
endif()

# One precompiled header for everything that includes MLIR.
add_library(sinter_mlir_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/MlirPch.cpp)
target_compile_definitions(sinter_mlir_pch PRIVATE ${LLVM_DEFINITIONS_LIST})
target_include_directories(sinter_mlir_pch SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(sinter_mlir_pch PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_options(sinter_mlir_pch PRIVATE ${SINTER_WARNINGS} -fno-exceptions -Xclang -fno-pch-timestamp -O1)
target_precompile_headers(sinter_mlir_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/MlirPch.h)

# sinter_add_library(NAME SRCS ... DEPS ... [HOT] [NO_MLIR])
#   A compiler-side static library. NO_MLIR: uses LLVM Support only (no precompiled header, quicker to
#   build). HOT: -O3, for code that touches every weight.
function(sinter_add_library NAME)
  cmake_parse_arguments(A "HOT;NO_MLIR" "" "SRCS;DEPS" ${ARGN})
  add_library(${NAME} STATIC ${A_SRCS})
  target_include_directories(${NAME} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_include_directories(${NAME} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_options(${NAME} PRIVATE ${SINTER_WARNINGS} -fno-exceptions)
  if(A_HOT)
    target_compile_options(${NAME} PRIVATE -O3)
  else()
    target_compile_options(${NAME} PRIVATE -Xclang -fno-pch-timestamp -O1)
  endif()
  if(NOT A_NO_MLIR AND NOT A_HOT)
    target_precompile_headers(${NAME} REUSE_FROM sinter_mlir_pch)
  endif()
  target_link_libraries(${NAME} PUBLIC ${A_DEPS} LLVM)
  if(NOT A_NO_MLIR)
    target_link_libraries(${NAME} PUBLIC MLIR)
  endif()
endfunction()

# sinter_add_unit_test(NAME SRCS ... DEPS ...): a gtest executable registered with CTest.
function(sinter_add_unit_test NAME)
  cmake_parse_arguments(A "" "" "SRCS;DEPS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${NAME} ${A_SRCS})
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_compile_options(${NAME} PRIVATE ${SINTER_WARNINGS} -O1)
  target_compile_definitions(${NAME} PRIVATE SINTER_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    SINTER_SHARED_DATA="${CMAKE_SOURCE_DIR}/../shared/data")
  target_link_libraries(${NAME} PRIVATE ${A_DEPS} GTest::gtest GTest::gtest_main)
  add_test(NAME ${NAME} COMMAND ${NAME})
endfunction()

//===- NativePackage.cpp - What makes a bundle linkable -------------------===//
//
// See NativePackage.h. Generated text holds no absolute path and nothing but
// the model's name and prefix and the architectures.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/NativePackage.h"

#include "compiler/bundle/ResourceFolder.h"
#include "compiler/support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace sinter;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

std::string sinter::identifierFrom(StringRef text) {
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) ? llvm::toLower(c) : '_';
  if (name.empty() || llvm::isDigit(name[0]))
    name = "model_" + name;
  return name;
}

/// `text` with every `@key@` replaced.
static std::string
fill(StringRef text, llvm::ArrayRef<std::pair<StringRef, std::string>> values) {
  std::string result;
  while (!text.empty()) {
    auto [before, rest] = text.split('@');
    result += before;
    if (rest.empty())
      break;
    auto [key, after] = rest.split('@');
    for (const auto &[name, value] : values)
      if (name == key)
        result += value;
    text = after;
  }
  return result;
}

//===-- Generated files
//-----------------------------------------------------===//

static const char kHeader[] =
    R"(/* @prefix@.h: the model "@name@" as C code: kernels linked into the program,
 * weights in the bundle's folder. Generated; the interface is sinter.h.
 */
#ifndef SINTER_MODEL_@PREFIX@_H
#define SINTER_MODEL_@PREFIX@_H

#include "sinter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kernels, from libsinter_model-<architecture>.a. */
extern const sinter_cpu_module @prefix@_cpu_module;

/* The bundle's folder on the machine that built the program, where the CMake
 * target Sinter::@prefix@ is used; ship the folder and pass its path instead. */
#ifdef SINTER_@PREFIX@_BUNDLE_DIR
#define @PREFIX@_BUNDLE_DIR SINTER_@PREFIX@_BUNDLE_DIR
#endif

/* Opens the model: sinter_model_open_static with these kernels. */
static inline SINTER_NODISCARD sinter_status
@prefix@_open(const char *bundle_dir, const sinter_model_options *options,
     sinter_model **model, sinter_error *error) {
  return sinter_model_open_static(&@prefix@_cpu_module, bundle_dir, options, model,
                                  error);
}

#ifdef __cplusplus
}
#endif
#endif
)";

static const char kConfig[] =
    R"(# The model "@name@" as a CMake package: find_package(Sinter CONFIG) with this
# folder's bundle in CMAKE_PREFIX_PATH, then link to Sinter::model. Generated;
# works from wherever the bundle lies.
#
#   Sinter::runtime   the runtime and its headers
#   Sinter::@prefix@   kernels of this model; Sinter::model is the same for the
#                     first bundle found
#   SINTER_@PREFIX@_BUNDLE_DIR   definition and variable: the bundle's folder

get_filename_component(SINTER_@PREFIX@_BUNDLE_DIR "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^([xX]86_64|[aA][mM][dD]64)$")
  set(_sinter_arch x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^([aA][aA][rR][cC][hH]64|[aA][rR][mM]64)$")
  set(_sinter_arch aarch64)
else()
  set(_sinter_arch "${CMAKE_SYSTEM_PROCESSOR}")
endif()
set(_sinter_kernels "${SINTER_@PREFIX@_BUNDLE_DIR}/lib/libsinter_model-${_sinter_arch}.a")
if(NOT EXISTS "${_sinter_kernels}")
  set(Sinter_FOUND FALSE)
  set(Sinter_NOT_FOUND_MESSAGE "the bundle has kernels for @architectures@, not for ${_sinter_arch}; compile the model again with that variant")
  return()
endif()

if(NOT TARGET Sinter::runtime)
  set(_sinter_runtime "${SINTER_@PREFIX@_BUNDLE_DIR}/lib/libsinter_runtime-${_sinter_arch}.a")
  set(THREADS_PREFER_PTHREAD_FLAG TRUE)
  include(CMakeFindDependencyMacro)
  find_dependency(Threads)
  if(EXISTS "${_sinter_runtime}")
    add_library(Sinter::runtime STATIC IMPORTED)
    set_target_properties(Sinter::runtime PROPERTIES
      IMPORTED_LOCATION "${_sinter_runtime}"
      INTERFACE_INCLUDE_DIRECTORIES "${SINTER_@PREFIX@_BUNDLE_DIR}/include"
      INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
  else()
    # No library for this platform: the runtime is built from its sources.
    add_subdirectory("${SINTER_@PREFIX@_BUNDLE_DIR}/src/runtime" "${CMAKE_BINARY_DIR}/sinter_runtime" EXCLUDE_FROM_ALL)
    add_library(Sinter::runtime INTERFACE IMPORTED)
    set_target_properties(Sinter::runtime PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${SINTER_@PREFIX@_BUNDLE_DIR}/include"
      INTERFACE_LINK_LIBRARIES "sinter_runtime;Threads::Threads;${CMAKE_DL_LIBS}")
  endif()
  unset(_sinter_runtime)
endif()

if(NOT TARGET Sinter::@prefix@)
  add_library(Sinter::@prefix@ STATIC IMPORTED)
  set_target_properties(Sinter::@prefix@ PROPERTIES
    IMPORTED_LOCATION "${_sinter_kernels}"
    INTERFACE_INCLUDE_DIRECTORIES "${SINTER_@PREFIX@_BUNDLE_DIR}/include"
    INTERFACE_COMPILE_DEFINITIONS "SINTER_@PREFIX@_BUNDLE_DIR=\"${SINTER_@PREFIX@_BUNDLE_DIR}\""
    INTERFACE_LINK_LIBRARIES Sinter::runtime)
endif()
if(NOT TARGET Sinter::model)
  add_library(Sinter::model INTERFACE IMPORTED)
  set_target_properties(Sinter::model PROPERTIES
    INTERFACE_LINK_LIBRARIES Sinter::@prefix@
    INTERFACE_COMPILE_DEFINITIONS "SINTER_BUNDLE_DIR=\"${SINTER_@PREFIX@_BUNDLE_DIR}\"")
endif()
unset(_sinter_kernels)
unset(_sinter_arch)
)";

static const char kConfigVersion[] =
    R"(# The version of the compiler that made the bundle; equal major and minor
# versions are compatible.
set(PACKAGE_VERSION "@version@")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION
   OR NOT "${PACKAGE_FIND_VERSION_MAJOR}.${PACKAGE_FIND_VERSION_MINOR}" STREQUAL "@series@")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION STREQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
)";

/// A name that may stand in a comment and in quotes.
static std::string plainName(StringRef name) {
  std::string plain;
  for (char c : name)
    plain += llvm::isPrint(c) && c != '"' && c != '*' && c != '\\' && c != '@'
                 ? c
                 : '_';
  return plain;
}

static llvm::Error addGenerated(BundleWriter &bundle,
                                const NativePackage &package) {
  StringRef version = SINTER_VERSION;
  std::pair<StringRef, std::string> values[] = {
      {"name", plainName(package.name)},
      {"prefix", package.prefix},
      {"PREFIX", StringRef(package.prefix).upper()},
      {"architectures", llvm::join(package.architectures, ", ")},
      {"version", version.str()},
      {"series", version.rsplit('.').first.str()}};
  if (llvm::Error error = bundle.addFile("include/" + package.prefix + ".h",
                                         fill(kHeader, values)))
    return error;
  if (llvm::Error error = bundle.addFile("lib/cmake/Sinter/SinterConfig.cmake",
                                         fill(kConfig, values)))
    return error;
  return bundle.addFile("lib/cmake/Sinter/SinterConfigVersion.cmake",
                        fill(kConfigVersion, values));
}

llvm::Error sinter::addNativePackage(BundleWriter &bundle,
                                     const NativePackage &package,
                                     StringRef resources) {
  std::string root = resources.str();
  if (llvm::Error error = addFolder(bundle, "include", root + "/include"))
    return error;
  if (llvm::Error error = addFolder(bundle, "src", root + "/src"))
    return error;
  for (const std::string &arch : package.architectures) {
    std::string library = root + "/lib/" + arch + "/libsinter_runtime.a";
    // Without one, the package builds the runtime from src/.
    if (!fs::exists(library))
      continue;
    if (llvm::Error error =
            bundle.addCopy("lib/libsinter_runtime-" + arch + ".a", library))
      return error;
  }
  return addGenerated(bundle, package);
}

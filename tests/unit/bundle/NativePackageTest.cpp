// The CMake package of a bundle: found, linked and run from a place of its own,
// with stand-ins for runtime and kernels.
#include "compiler/bundle/NativePackage.h"
#include "Folders.h"
#include "compiler/bundle/ResourceFolder.h"

#include "gtest/gtest.h"

#include <cstdlib>

using namespace sinter;
using namespace sinter::test;

TEST(NativePackage, Names) {
  EXPECT_EQ(identifierFrom("TinyLlama-1.1B"), "tinyllama_1_1b");
  EXPECT_EQ(identifierFrom("7b"), "model_7b");
  EXPECT_EQ(identifierFrom(""), "model_");
  EXPECT_EQ(resourceFolder("/opt/sinter/bin/sinter"),
            "/opt/sinter/share/sinter");
}

TEST(NativePackage, MissingResourcesAreTold) {
  TempFolder folder;
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  EXPECT_EQ(checkError(addNativePackage(**writer, {"m", "m", {"x86_64"}},
                                        folder.path("none")),
                       kExitInput, {"none/include", "install it again"}),
            "");
}

static bool shell(const std::string &command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/// Resources with a header and sources, and on request a library, that stand
/// for the runtime.
static void makeResources(TempFolder &folder, bool withLibrary) {
  std::string root = folder.path();
  shell("mkdir -p " + root + "/share/include " + root + "/share/src/runtime " +
        root + "/share/lib/x86_64");
  folder.write("share/include/sinter.h", R"(
    typedef int sinter_status; typedef struct { int magic; } sinter_cpu_module;
    typedef struct sinter_model_options sinter_model_options;
    typedef struct sinter_model sinter_model;
    typedef struct sinter_error sinter_error;
    #define SINTER_NODISCARD
    #ifdef __cplusplus
    extern "C"
    #endif
    sinter_status sinter_model_open_static(const sinter_cpu_module *module,
        const char *dir, const sinter_model_options *options,
        sinter_model **model, sinter_error *error);)");
  folder.write("share/src/runtime/CMakeLists.txt", R"(
    project(R C)
    add_library(sinter_runtime STATIC runtime.c)
    target_include_directories(sinter_runtime PRIVATE ../../include))");
  folder.write("share/src/runtime/runtime.c", R"(
    #include <sinter.h>
    sinter_status sinter_model_open_static(const sinter_cpu_module *module,
        const char *dir, const sinter_model_options *options,
        sinter_model **model, sinter_error *error) {
      return module->magic + dir[0];
    })");
  folder.write("kernels.c", R"(
    #include <sinter.h>
    const sinter_cpu_module tales_cpu_module = {1000};)");
  std::string compile =
      "cd " + root + " && " SINTER_CXX " -x c -c -Ishare/include ";
  EXPECT_TRUE(shell(compile + "share/src/runtime/runtime.c -o runtime.o") &&
              shell(compile + "kernels.c -o kernels.o") &&
              shell("cd " + root + " && ar rcs kernels.a kernels.o"));
  if (withLibrary)
    EXPECT_TRUE(shell("cd " + root +
                      " && ar rcs "
                      "share/lib/x86_64/libsinter_runtime.a runtime.o"));
}

class LinkedPackage : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(WithAndWithoutLibrary, LinkedPackage, testing::Bool());

TEST_P(LinkedPackage, WorksFromAnywhere) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the stand-ins are for x86-64";
#endif
  if (!shell("cmake --version") || !shell("ar --version"))
    GTEST_SKIP() << "needs cmake and ar";
  TempFolder folder;
  makeResources(folder, GetParam());
  std::string root = folder.path();
  {
    auto writer = BundleWriter::create(folder.path("first"));
    ASSERT_TRUE(static_cast<bool>(writer));
    ASSERT_EQ(messageOf(addNativePackage(
                  **writer, {"Tales \"of\" */ @all@", "tales", {"x86_64"}},
                  folder.path("share"))),
              "");
    ASSERT_FALSE(static_cast<bool>((*writer)->addCopy(
        "lib/libsinter_model-x86_64.a", folder.path("kernels.a"))));
    ASSERT_FALSE(static_cast<bool>((*writer)->finish(smallInfo())));
  }
  std::string config =
      readText(root + "/first/lib/cmake/Sinter/SinterConfig.cmake");
  EXPECT_EQ(config.find(root), std::string::npos); // no absolute path
  EXPECT_EQ(config.find("@"), std::string::npos);
  EXPECT_TRUE(llvm::sys::fs::exists(root + "/first/src/runtime/runtime.c"));
  // Moved elsewhere, with a space in the name.
  ASSERT_TRUE(shell("mkdir " + root + "/app && mv " + root + "/first '" + root +
                    "/my bundle'"));
  folder.write("app/CMakeLists.txt", R"(
    cmake_minimum_required(VERSION 3.20)
    project(App CXX)
    find_package(Sinter 0.1 REQUIRED CONFIG)
    add_executable(app main.cpp)
    target_link_libraries(app PRIVATE Sinter::model))");
  folder.write("app/main.cpp", R"(
    #include <tales.h>
    #include <cstring>
    int main() {
      const char *dir = SINTER_BUNDLE_DIR;
      if (std::strcmp(dir, TALES_BUNDLE_DIR) || !std::strstr(dir, "my bundle"))
        return 1;
      return tales_open(dir, 0, 0, 0) == 1000 + '/' ? 0 : 2;
    })");
  EXPECT_TRUE(shell("cmake -S " + root + "/app -B " + root +
                    "/build -DCMAKE_CXX_COMPILER=" SINTER_CXX
                    " -DCMAKE_PREFIX_PATH='" +
                    root + "/my bundle' && cmake --build " + root +
                    "/build && " + root + "/build/app"));
}

// Modules and models for the packing tests, from text.
#pragma once

#include "compiler/bundle/WeightPacker.h"
#include "dialects/plan/Plan.h"
#include "dialects/xf/Xf.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "tests/unit/bundle/Folders.h"

#include "gtest/gtest.h"

#include <cstring>
#include <random>

namespace sinter::test {

/// A parsed and verified module with one plan.program.
struct Module {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Module(const std::string &text) {
    context.loadDialect<xf::XfDialect, plan::PlanDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }
  plan::ProgramOp program() {
    return *module->getOps<plan::ProgramOp>().begin();
  }
};

/// A safetensors file put together tensor by tensor.
class SafetensorsBuilder {
public:
  SafetensorsBuilder &tensor(const std::string &name, const std::string &dtype,
                             const std::string &shape,
                             const std::string &bytes) {
    header += (header.empty() ? "" : ",") +
              tensorEntry(name, dtype, shape, data.size(),
                          data.size() + bytes.size());
    data += bytes;
    return *this;
  }
  SafetensorsBuilder &f32(const std::string &name, const std::string &shape,
                          const std::vector<float> &values) {
    return tensor(
        name, "F32", shape,
        {reinterpret_cast<const char *>(values.data()), values.size() * 4});
  }
  /// Writes a folder that openModel takes.
  std::string write(TempFolder &folder, const std::string &name) const {
    std::string path = folder.path(name);
    llvm::sys::fs::create_directory(path);
    folder.write(name + "/config.json", llamaConfig());
    std::string text = "{" + header + "}";
    folder.write(name + "/model.safetensors",
                 le<uint64_t>(text.size()) + text + data);
    return path;
  }

private:
  std::string header, data;
};

inline std::vector<float> randomNumbers(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  std::vector<float> numbers(count);
  for (float &x : numbers)
    x = normal(engine);
  return numbers;
}

/// All shards of a bundle, one after the other.
inline std::string weightBytes(const std::string &bundle) {
  std::string bytes;
  for (const std::string &name : namesIn(bundle + "/weights"))
    bytes += readText(bundle + "/weights/" + name);
  return bytes;
}

} // namespace sinter::test

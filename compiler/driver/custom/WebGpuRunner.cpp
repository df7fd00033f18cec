// A WGSL kernel in Dawn. No WGSL compiler can be linked here, so a script of
// Node.js does it (run-kernels.mjs, in share/sinter/tools); files in a
// temporary folder go there and back.
#include "compiler/driver/custom/KernelRunner.h"

#include "compiler/bundle/ResourceFolder.h"
#include "compiler/support/Error.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstring>

using namespace llvm;
using namespace sinter;

/// Seconds that all cases together may take.
static constexpr unsigned kTimeout = 300;
/// The script's exit code where nothing can run the kernel.
static constexpr int kCannotRun = 77;

static std::string inFolder(StringRef folder, StringRef name) {
  SmallString<128> path(folder);
  sys::path::append(path, name);
  return path.str().str();
}

static std::string readFile(const std::string &path) {
  auto file = MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().str() : std::string();
}

static int64_t paddedSize(const std::vector<uint8_t> &binding) {
  return static_cast<int64_t>((binding.size() + 3) / 4 * 4);
}

/// run.json; the bindings and their guards are appended to `bytes`.
static std::string describe(const KernelTrial &trial, std::string &bytes) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream);
  out.object([&] {
    out.attribute("entry", trial.kernel.entry);
    out.attribute("guard", static_cast<int64_t>(kGuardBytes));
    out.attributeArray("features", [&] {
      for (const std::string &feature : trial.kernel.features)
        out.value(feature);
    });
    out.attributeArray("bindings", [&] {
      for (const KernelBinding &binding : trial.interface.bindings)
        out.value(binding.weight ? "read-only-storage" : "storage");
    });
    out.attributeArray("cases", [&] {
      for (const RegionCase &one : trial.cases)
        out.object([&] {
          out.attribute("x", static_cast<int64_t>(trial.groupsX()));
          out.attribute("y", static_cast<int64_t>(trial.groupsY(one.size())));
          out.attributeArray("scalars", [&] {
            out.value(one.size().tokens);
            out.value(one.size().position);
            out.value(one.size().row);
          });
          out.attributeArray("bindings", [&] {
            for (const std::vector<uint8_t> &binding : one.bindings)
              out.object([&] {
                out.attribute("offset", static_cast<int64_t>(bytes.size()));
                out.attribute("bytes", paddedSize(binding));
                bytes.append(binding.begin(), binding.end());
                bytes.append(static_cast<size_t>(paddedSize(binding)) -
                                 binding.size() + kGuardBytes,
                             '\xff');
              });
          });
        });
    });
  });
  return out.flush(), text;
}

/// "LINE: what" lines as one error.
static Error refused(const KernelTrial &trial, StringRef said) {
  SmallVector<StringRef> lines;
  said.trim().split(lines, '\n');
  auto [number, what] = lines.front().split(": ");
  int64_t line = 0;
  if (number.getAsInteger(10, line))
    return errorAt(trial.source, 0, said.trim());
  std::string message = what.str();
  for (StringRef more : drop_begin(lines))
    message += "; " + more.str();
  return errorAt(trial.source, line, message);
}

static Error execute(const KernelTrial &trial, const std::string &folder) {
  auto cannot = [&](const Twine &why) {
    return unsupportedError(trial.source.path +
                            ": the kernel cannot be run here: " + why +
                            kUncheckedHint);
  };
  auto node = sys::findProgramByName("node");
  if (!node)
    return cannot("Node.js is not installed");
  static int anchor;
  std::string script =
      inFolder(resourceFolder(sys::fs::getMainExecutable(nullptr, &anchor)),
               "tools/run-kernels.mjs");
  std::string log = inFolder(folder, "log.txt");
  std::string errors = inFolder(folder, "errors.txt");
  StringRef arguments[] = {*node, script, folder};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(errors)};
  std::string problem;
  int status = sys::ExecuteAndWait(*node, arguments, std::nullopt, redirects,
                                   kTimeout, 0, &problem);
  std::string said = readFile(log);
  if (status == 0)
    return Error::success();
  if (status == kCannotRun)
    return cannot(StringRef(said).trim());
  if (status == 1 && !said.empty())
    return refused(trial, said);
  return errorAt(trial.source, 0,
                 "kernel " + trial.kernel.id +
                     " was not run to its end in Dawn: " + problem + " " +
                     StringRef(readFile(errors)).trim());
}

Error sinter::runOnWebGpu(const KernelTrial &trial) {
  SmallString<128> folder;
  if (std::error_code problem =
          sys::fs::createUniqueDirectory("sinter-kernel", folder))
    return resourceError("cannot make a temporary folder: " +
                         problem.message());
  auto remove = make_scope_exit([&] { sys::fs::remove_directories(folder); });
  std::string before;
  std::string description = describe(trial, before);
  for (auto [name, bytes] :
       {std::pair<StringRef, StringRef>{"run.json", description},
        {"kernel.wgsl", trial.kernel.code},
        {"input.bin", before}})
    if (Error error = writeFile(inFolder(folder, name), bytes))
      return error;
  if (Error error = execute(trial, folder.str().str()))
    return error;
  std::string after = readFile(inFolder(folder, "output.bin"));
  if (after.size() != before.size())
    return internalError("run-kernels.mjs left " + Twine(after.size()) +
                         " bytes, not " + Twine(before.size()));
  size_t at = 0;
  std::string guard(kGuardBytes, '\xff');
  for (RegionCase &one : trial.cases)
    for (auto [index, binding] : enumerate(one.bindings)) {
      std::memcpy(binding.data(), after.data() + at, binding.size());
      at += static_cast<size_t>(paddedSize(binding));
      if (after.compare(at, kGuardBytes, guard) != 0)
        return guardError(trial, index);
      at += kGuardBytes;
    }
  return Error::success();
}

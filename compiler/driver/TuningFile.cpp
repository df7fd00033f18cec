// See TuningFile.h.
#include "compiler/driver/TuningFile.h"

#include "compiler/import/JsonReader.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace sinter;
namespace json = llvm::json;

static constexpr llvm::StringLiteral kFormat = "sinter-tuning";
static constexpr int64_t kVersion = 1;

kernels::ScheduleTable Tuning::table() const {
  kernels::ScheduleTable table;
  for (const TunedKernel &kernel : kernels)
    if (!kernel.schedule.empty())
      table[kernel.id] = kernel.schedule;
  return table;
}

//===-- Writing -----------------------------------------------------------===//

static void writeSchedule(json::OStream &out, StringRef name,
                          const kernels::Schedule &schedule) {
  out.attributeObject(name, [&] {
    for (const auto &[parameter, value] : schedule)
      out.attribute(parameter, value);
  });
}

std::string sinter::tuningText(const Tuning &tuning) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  json::OStream out(stream, 2);
  out.object([&] {
    out.attribute("format", kFormat);
    out.attribute("version", kVersion);
    out.attribute("device", json::fixUTF8(tuning.device));
    out.attribute("target", tuning.target);
    out.attribute("variant", tuning.variant);
    out.attributeArray("kernels", [&] {
      for (const TunedKernel &kernel : tuning.kernels)
        out.object([&] {
          out.attribute("id", kernel.id);
          out.attribute("family", kernel.family);
          writeSchedule(out, "schedule", kernel.schedule);
          writeSchedule(out, "default", kernel.defaults);
          out.attribute("seconds", kernel.seconds);
          out.attribute("default_seconds", kernel.defaultSeconds);
          out.attribute("candidates", kernel.candidates);
        });
    });
  });
  stream << '\n';
  return text;
}

//===-- Reading -----------------------------------------------------------===//

static llvm::Error wrong(StringRef where, const Twine &what) {
  return inputError(where + ": " + what);
}

static llvm::Expected<TunedKernel> readKernel(const json::Value &value,
                                              StringRef where) {
  const json::Object *object = value.getAsObject();
  std::optional<StringRef> id, family;
  const json::Object *schedule = nullptr;
  if (object) {
    id = object->getString("id");
    family = object->getString("family");
    schedule = object->getObject("schedule");
  }
  if (!id || !family || !schedule)
    return wrong(where, "'id', 'family' or 'schedule' is missing or of the "
                        "wrong type");
  TunedKernel kernel;
  kernel.id = id->str();
  kernel.family = family->str();
  for (const json::Object::value_type &member : *schedule) {
    std::optional<int64_t> number = member.second.getAsInteger();
    if (!number)
      return wrong(where,
                   "'" + StringRef(member.first) + "' is not a whole number");
    kernel.schedule[StringRef(member.first).str()] = *number;
  }
  return kernel;
}

/// The list of kernels; each of them once.
static llvm::Error readKernels(const json::Array &list, Tuning &tuning) {
  llvm::StringMap<size_t> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    std::string where = tuning.file + ": kernels[" + std::to_string(i) + "]";
    auto kernel = readKernel(list[i], where);
    if (!kernel)
      return kernel.takeError();
    if (!seen.try_emplace(kernel->id, i).second)
      return wrong(where, "kernel " + kernel->id +
                              " has a schedule already, in kernels[" +
                              Twine(seen[kernel->id]) + "]");
    tuning.kernels.push_back(std::move(*kernel));
  }
  return llvm::Error::success();
}

llvm::Expected<Tuning> sinter::readTuning(const std::string &path) {
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return inputError("cannot read " + path + ": " + text.getError().message());
  llvm::Expected<json::Value> value =
      parseJson((*text)->getBuffer(), path, /*maxDepth=*/8);
  if (!value)
    return value.takeError();
  const json::Object *root = value->getAsObject();
  if (!root || root->getString("format") != std::optional<StringRef>(kFormat))
    return wrong(path, "no tuning file: 'format' is not '" + kFormat + "'");
  std::optional<int64_t> version = root->getInteger("version");
  if (version && *version > kVersion)
    return unsupportedError(path + ": version " + Twine(*version) +
                            ", this program reads " + Twine(kVersion));
  std::optional<StringRef> target = root->getString("target");
  std::optional<StringRef> variant = root->getString("variant");
  const json::Array *kernels = root->getArray("kernels");
  if (version != kVersion || !target || !variant || !kernels)
    return wrong(path, "'version', 'target', 'variant' or 'kernels' is missing "
                       "or of the wrong type");
  Tuning tuning;
  tuning.file = path;
  tuning.target = target->str();
  tuning.variant = variant->str();
  tuning.device = root->getString("device").value_or("").str();
  if (llvm::Error error = readKernels(*kernels, tuning))
    return std::move(error);
  return tuning;
}

//===-- Against a model ---------------------------------------------------===//

llvm::Error sinter::checkTuning(const Tuning &tuning, ModuleOp module,
                                kern::CapsAttr caps, llvm::raw_ostream &talk) {
  SymbolTable symbols(module);
  size_t known = 0, tunable = 0;
  for (const TunedKernel &kernel : tuning.kernels) {
    auto region = symbols.lookup<xf::RegionOp>(kernel.id);
    if (!region)
      continue;
    ++known;
    const kernels::KernelFamily &family = *kernels::selectFamily(region).family;
    if (family.name() != kernel.family)
      return wrong(tuning.file, "kernel " + kernel.id + " is of family " +
                                    family.name() + " here, not " +
                                    kernel.family + "; tune again");
    std::string problem =
        kernels::problemOf(kernel.schedule, family, region, caps);
    if (!problem.empty())
      return wrong(tuning.file, "kernel " + kernel.id + ": " + problem);
  }
  for (xf::RegionOp region : kernelRegions(module))
    tunable += !kernels::parametersOf(*kernels::selectFamily(region).family,
                                      region, caps)
                    .empty();
  size_t all = tuning.kernels.size();
  if (!known)
    return wrong(tuning.file, "this model has none of its " + Twine(all) +
                                  " kernels: it was made for another model, "
                                  "quantization or context");
  if (known < all || known < tunable)
    talk << "note: " << tuning.file << ": " << known << " of its " << all
         << " kernels are in this model, which has " << tunable
         << " that can be tuned\n";
  return llvm::Error::success();
}

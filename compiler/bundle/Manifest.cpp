//===- Manifest.cpp - manifest.json of a bundle ---------------------------===//
//
// See Manifest.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/Manifest.h"

#include "compiler/import/JsonReader.h"
#include "compiler/support/Error.h"
#include "runtime/include/sinter_abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace sinter;
using llvm::StringRef;
namespace json = llvm::json;

/// A manifest larger than this is refused, by the runtime too.
static constexpr size_t kMaxManifestBytes = 4u << 20;

std::string sinter::shardPath(size_t index) {
  std::string path;
  llvm::raw_string_ostream(path) << llvm::format("weights/%05zu.bin", index);
  return path;
}

bool sinter::isSafeBundlePath(StringRef path) {
  if (path.empty() || path.size() > 255)
    return false;
  for (char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' ||
        c == ':')
      return false;
  llvm::SmallVector<StringRef> names;
  path.split(names, '/');
  return llvm::none_of(names, [](StringRef name) {
    return name.empty() || name == "." || name == "..";
  });
}

//===-- Writing
//-------------------------------------------------------------===//

static std::string utf8(const std::string &text) {
  return json::isUTF8(text) ? text : json::fixUTF8(text);
}

/// The last member of a manifest is the hash of what stands before its digits.
static constexpr StringRef kSealStart = "\"sha256\": \"", kSealEnd = "\"\n}\n";

static std::string sealed(StringRef text) {
  text.consume_back("\n}\n");
  std::string result = (text + ",\n  " + kSealStart).str();
  return result + toHex(Sha256::of(StringRef(result))) + kSealEnd.str();
}

/// Six digits after the point at most, no trailing zeros: 4.5, 0.95.
static void number(json::OStream &out, StringRef key, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6f", value);
  StringRef trimmed = StringRef(text).rtrim('0').rtrim('.');
  out.attributeBegin(key);
  out.rawValue(trimmed);
  out.attributeEnd();
}

static void writeModel(json::OStream &out, const ManifestInfo &info) {
  out.attribute("architecture", utf8(info.architecture));
  out.attribute("parameters", info.parameters);
  out.attribute("context", info.context);
  out.attribute("vocab_size", info.vocabSize);
  out.attribute("quantization", utf8(info.quantization));
  number(out, "bits_per_weight", info.bitsPerWeight);
}

static void writeSampling(json::OStream &out,
                          const ManifestInfo::Sampling &sampling) {
  if (sampling.temperature)
    number(out, "temperature", *sampling.temperature);
  if (sampling.topK)
    out.attribute("top_k", *sampling.topK);
  if (sampling.topP)
    number(out, "top_p", *sampling.topP);
  if (sampling.minP)
    number(out, "min_p", *sampling.minP);
  if (sampling.repeatPenalty)
    number(out, "repeat_penalty", *sampling.repeatPenalty);
}

/// A name, or an object where there is something to choose by.
static void writeVariant(json::OStream &out,
                         const ManifestInfo::Target::Variant &variant) {
  if (variant.features.empty() && variant.when.empty())
    return out.value(variant.name);
  out.object([&] {
    out.attribute("name", variant.name);
    out.attributeArray("features", [&] {
      for (const std::string &feature : variant.features)
        out.value(feature);
    });
    if (!variant.when.empty())
      out.attribute("when", variant.when);
  });
}

static void writeTarget(json::OStream &out,
                        const ManifestInfo::Target &target) {
  out.attributeObject(target.name, [&] {
    out.attribute("plan", target.plan);
    out.attributeArray("variants", [&] {
      for (const ManifestInfo::Target::Variant &variant : target.variants)
        writeVariant(out, variant);
    });
    out.attribute("arena", static_cast<int64_t>(target.arenaBytes));
    out.attribute("state", static_cast<int64_t>(target.stateBytes));
  });
}

static void writeCustomKernel(json::OStream &out,
                              const ManifestInfo::CustomKernel &kernel) {
  out.object([&] {
    out.attribute("id", kernel.id);
    out.attribute("target", kernel.target);
    out.attribute("variant", kernel.variant);
    out.attribute("file", utf8(kernel.file));
    out.attribute("sha256", kernel.sha256);
    out.attribute("checked", kernel.checked);
  });
}

static void writeFile(json::OStream &out, const BundleFile &file) {
  out.object([&] {
    out.attribute("path", file.path);
    out.attribute("size", static_cast<int64_t>(file.size));
    out.attribute("sha256", toHex(file.sha256));
  });
}

std::string sinter::manifestText(const ManifestInfo &info,
                                 llvm::ArrayRef<BundleFile> files) {
  uint64_t download = 0;
  for (const BundleFile &file : files)
    download += file.size;
  std::string text;
  llvm::raw_string_ostream stream(text);
  json::OStream out(stream, 2);
  out.object([&] {
    out.attribute("format", "sinter-bundle");
    out.attributeArray("version", [&] {
      out.value(kBundleMajor);
      out.value(kBundleMinor);
    });
    out.attribute("abi_version", int64_t(SINTER_ABI_VERSION));
    out.attribute("generator", "sinter " SINTER_VERSION);
    out.attribute("name", utf8(info.name));
    out.attribute("prefix", utf8(info.prefix));
    out.attributeObject("model", [&] { writeModel(out, info); });
    out.attributeObject("targets", [&] {
      for (const ManifestInfo::Target &target : info.targets)
        writeTarget(out, target);
    });
    out.attributeObject("bytes", [&] {
      out.attribute("download", static_cast<int64_t>(download));
      out.attribute("weights", static_cast<int64_t>(info.weightBytes));
      out.attribute("arena", static_cast<int64_t>(info.arenaBytes));
      out.attribute("state", static_cast<int64_t>(info.stateBytes));
    });
    out.attributeObject("sampling", [&] { writeSampling(out, info.sampling); });
    if (info.chatTemplate)
      out.attribute("chat_template", utf8(*info.chatTemplate));
    if (!info.customKernels.empty())
      out.attributeArray("custom_kernels", [&] {
        for (const ManifestInfo::CustomKernel &kernel : info.customKernels)
          writeCustomKernel(out, kernel);
      });
    out.attributeArray("files", [&] {
      for (const BundleFile &file : files)
        writeFile(out, file);
    });
  });
  stream << '\n';
  return sealed(text);
}

//===-- Reading
//-------------------------------------------------------------===//

static llvm::Error wrong(StringRef where, const llvm::Twine &what) {
  return verificationError(where + ": " + what);
}

static llvm::Error checkVersions(const json::Object &root, StringRef where) {
  if (root.getString("format") != std::optional<StringRef>("sinter-bundle"))
    return wrong(where, "'format' is not 'sinter-bundle'");
  const json::Array *version = root.getArray("version");
  if (!version || version->size() != 2 || !(*version)[0].getAsInteger() ||
      !(*version)[1].getAsInteger())
    return wrong(where, "'version' is not a pair of whole numbers");
  int64_t major = *(*version)[0].getAsInteger();
  if (major != kBundleMajor)
    return unsupportedError(where + ": the bundle has format version " +
                            llvm::Twine(major) + ", this program reads " +
                            llvm::Twine(kBundleMajor) +
                            "; compile the model again");
  if (root.getInteger("abi_version") !=
      std::optional<int64_t>(SINTER_ABI_VERSION))
    return unsupportedError(where + ": 'abi_version' is not " +
                            llvm::Twine(SINTER_ABI_VERSION) +
                            "; compile the model again");
  return llvm::Error::success();
}

static bool readDigest(StringRef hex, Digest &digest) {
  std::string bytes;
  if (hex.size() != 64 || hex != hex.lower() ||
      !llvm::tryGetFromHex(hex, bytes))
    return false;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return true;
}

static llvm::Expected<BundleFile> readFile(const json::Value &value,
                                           size_t index, StringRef where) {
  std::string entry = "files[" + std::to_string(index) + "]: ";
  const json::Object *object = value.getAsObject();
  std::optional<StringRef> path, hash;
  std::optional<int64_t> size;
  if (object) {
    path = object->getString("path");
    size = object->getInteger("size");
    hash = object->getString("sha256");
  }
  if (!path || !size || !hash || *size < 0)
    return wrong(where, entry + "'path', 'size' or 'sha256' is missing or of "
                                "the wrong type");
  if (!isSafeBundlePath(*path))
    return wrong(where, entry + "the path '" + *path + "' is not allowed");
  BundleFile file{path->str(), static_cast<uint64_t>(*size), {}};
  if (!readDigest(*hash, file.sha256))
    return wrong(where, entry + "the hash of '" + *path +
                            "' is not 64 lower-case hexadecimal digits");
  return file;
}

/// That the text is as it was written; one of 1.0 may lack the hash.
static llvm::Error checkSeal(StringRef text, const json::Object &root,
                             StringRef where) {
  bool mayLack = (*root.getArray("version"))[1].getAsInteger() == 0;
  if (mayLack && !root.get("sha256"))
    return llvm::Error::success();
  StringRef rest = text;
  Digest digest;
  if (rest.consume_back(kSealEnd) && readDigest(rest.take_back(64), digest) &&
      rest.drop_back(64).ends_with(kSealStart) &&
      Sha256::of(rest.drop_back(64)) == digest)
    return llvm::Error::success();
  return wrong(where, "does not have the SHA-256 that its last line says; copy "
                      "the file again");
}

/// The object that a manifest is, its format, versions and hash checked.
static llvm::Expected<json::Object> readRoot(StringRef text, StringRef where) {
  if (text.size() > kMaxManifestBytes)
    return wrong(where, "larger than 4 MiB");
  llvm::Expected<json::Value> value = parseJson(text, where, /*maxDepth=*/16);
  if (!value)
    return verificationError(llvm::toString(value.takeError()));
  json::Object *root = value->getAsObject();
  if (!root)
    return wrong(where, "not a JSON object");
  if (llvm::Error error = checkVersions(*root, where))
    return std::move(error);
  if (llvm::Error error = checkSeal(text, *root, where))
    return std::move(error);
  return std::move(*root);
}

llvm::Expected<std::vector<BundleProgramFile>>
sinter::readManifestPrograms(StringRef text, StringRef where) {
  llvm::Expected<json::Object> root = readRoot(text, where);
  if (!root)
    return root.takeError();
  const json::Object *targets = root->getObject("targets");
  if (!targets)
    return std::vector<BundleProgramFile>{{"plan.fb", {"cpu"}}};
  std::vector<BundleProgramFile> programs;
  // An object's members are in no order: by name, so that cpu comes first.
  std::vector<StringRef> names;
  for (const json::Object::value_type &member : *targets)
    names.push_back(member.first);
  llvm::sort(names);
  for (StringRef name : names) {
    const json::Object *target = targets->getObject(name);
    std::optional<StringRef> plan;
    if (target)
      plan = target->getString("plan");
    if (!plan || !isSafeBundlePath(*plan))
      return wrong(where, "target '" + name +
                              "' has no plan, or its path is "
                              "not allowed");
    auto program = llvm::find_if(programs, [&](const BundleProgramFile &known) {
      return known.plan == *plan;
    });
    if (program == programs.end())
      program = programs.insert(program, {plan->str(), {}});
    program->targets.push_back(name.str());
  }
  if (programs.empty())
    return wrong(where, "'targets' names none");
  return programs;
}

llvm::Expected<std::vector<BundleFile>>
sinter::readManifestFiles(StringRef text, StringRef where) {
  llvm::Expected<json::Object> root = readRoot(text, where);
  if (!root)
    return root.takeError();
  const json::Array *list = root->getArray("files");
  if (!list)
    return wrong(where, "'files' is not an array");
  std::vector<BundleFile> files;
  for (size_t i = 0; i < list->size(); ++i) {
    llvm::Expected<BundleFile> file = readFile((*list)[i], i, where);
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
  }
  return files;
}

// Manifest.cpp: from checked JSON to the Manifest struct. Each reader names the
// field it objects to.
#include "runtime/core/Manifest.h"

#include "runtime/core/Sha256.h"

#include <cstring>

namespace sinter::rt {

namespace {

/// Reads fields; remembers the first failure, so that callers check once.
class FieldReader {
public:
  FieldReader(Fault &fault, char *strings) : fault_(fault), strings_(strings) {}
  Status status() const { return status_; }

  void wrong(const char *field, const char *expected) {
    if (status_ == SINTER_OK)
      status_ = fault_.set(SINTER_CORRUPT,
                           "manifest.json: '%s' is missing or is not %s", field,
                           expected);
  }

  void text(const JsonValue &object, const char *field, const char *&value,
            bool required) {
    JsonValue found = object.member(field);
    if (found.isMissing() && !required)
      return;
    element(found, field, value);
  }

  /// An element of an array.
  void element(const JsonValue &found, const char *field, const char *&value) {
    size_t length = 0;
    if (!found.asString(strings_, length))
      return wrong(field, "a string without zero characters");
    value = strings_;
    strings_ += length + 1;
  }

  void number(const JsonValue &object, const char *field, uint64_t limit,
              uint64_t &value, bool required) {
    JsonValue found = object.member(field);
    if (found.isMissing() && !required)
      return;
    if (!found.asUnsigned(value) || value > limit)
      wrong(field, "a whole number in its range");
  }

  void real(const JsonValue &object, const char *field, double low, double high,
            double &value) {
    JsonValue found = object.member(field);
    if (found.isMissing())
      return;
    if (!found.asNumber(value) || !(value >= low && value <= high))
      wrong(field, "a number in its range");
  }

  void object(const JsonValue &parent, const char *field, JsonValue &value,
              bool required) {
    value = parent.member(field);
    if (value.kind() != JsonValue::Kind::Object &&
        (required || !value.isMissing()))
      wrong(field, "an object");
  }

private:
  Fault &fault_;
  char *strings_;
  Status status_ = SINTER_OK;
};

int hexNibble(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// From exactly 64 characters.
bool parseDigits(const char *hex, uint8_t digest[32]) {
  for (int i = 0; i < 32; ++i) {
    int high = hexNibble(hex[2 * i]), low = hexNibble(hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    digest[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool parseDigest(const char *hex, uint8_t digest[32]) {
  return strlen(hex) == 64 && parseDigits(hex, digest);
}

/// Whether the text's last member is the SHA-256 of what stands before its
/// digits.
bool isSealed(const char *text, size_t bytes) {
  constexpr char kStart[] = "\"sha256\": \"", kEnd[] = "\"\n}\n";
  constexpr size_t kStartBytes = sizeof(kStart) - 1,
                   kEndBytes = sizeof(kEnd) - 1;
  uint8_t said[32], found[32];
  if (bytes < kStartBytes + 64 + kEndBytes)
    return false;
  const char *end = text + bytes - kEndBytes, *digits = end - 64;
  if (memcmp(end, kEnd, kEndBytes) != 0 || !parseDigits(digits, said) ||
      memcmp(digits - kStartBytes, kStart, kStartBytes) != 0)
    return false;
  Sha256::digest(text, static_cast<size_t>(digits - text), found);
  return memcmp(said, found, sizeof(said)) == 0;
}

void readVersion(FieldReader &fields, const JsonValue &root,
                 Manifest &manifest) {
  JsonValue major = root.member("version").first();
  JsonValue minor = major.next();
  uint64_t values[2] = {};
  if (!major.asUnsigned(values[0]) || !minor.asUnsigned(values[1]) ||
      !minor.next().isMissing() || values[0] > 65535 || values[1] > 65535)
    return fields.wrong("version", "a pair of whole numbers");
  manifest.versionMajor = static_cast<uint32_t>(values[0]);
  manifest.versionMinor = static_cast<uint32_t>(values[1]);
}

void readModel(FieldReader &fields, const JsonValue &root, Manifest &manifest) {
  constexpr uint64_t kAny = uint64_t(1) << 62;
  JsonValue model, bytes;
  fields.object(root, "model", model, true);
  fields.text(model, "architecture", manifest.architecture, false);
  fields.text(model, "quantization", manifest.quantization, false);
  fields.number(model, "parameters", kAny, manifest.parameters, false);
  fields.number(model, "context", UINT32_MAX, manifest.context, true);
  fields.number(model, "vocab_size", UINT32_MAX, manifest.vocabSize, true);
  fields.real(model, "bits_per_weight", 0, 64, manifest.bitsPerWeight);
  fields.object(root, "bytes", bytes, false);
  fields.number(bytes, "download", kAny, manifest.downloadBytes, false);
  fields.number(bytes, "weights", kAny, manifest.weightBytes, false);
  fields.number(bytes, "arena", kAny, manifest.arenaBytes, false);
  fields.number(bytes, "state", kAny, manifest.stateBytes, false);
}

void readSampling(FieldReader &fields, const JsonValue &root,
                  sinter_sampler_params &params) {
  JsonValue sampling;
  fields.object(root, "sampling", sampling, false);
  double temperature = 0, topP = 1, minP = 0, repeat = 1;
  uint64_t topK = 0;
  fields.real(sampling, "temperature", 0, 100, temperature);
  fields.real(sampling, "top_p", 0, 1, topP);
  fields.real(sampling, "min_p", 0, 1, minP);
  fields.real(sampling, "repeat_penalty", 0, 100, repeat);
  fields.number(sampling, "top_k", INT32_MAX, topK, false);
  params.temperature = static_cast<float>(temperature);
  // 0 and 1 stand for "off" in the configurations that models come with.
  params.top_p = topP > 0 ? static_cast<float>(topP) : 1.0f;
  params.min_p = minP < 1 ? static_cast<float>(minP) : 0.0f;
  params.repeat_penalty = repeat > 0 ? static_cast<float>(repeat) : 1.0f;
  params.top_k = static_cast<int32_t>(topK);
}

void readVariant(FieldReader &fields, const JsonValue &value,
                 ManifestVariant &variant) {
  variant.when = "";
  if (value.kind() == JsonValue::Kind::String)
    return fields.element(value, "variants", variant.name);
  variant.name = "";
  fields.text(value, "name", variant.name, true);
  fields.text(value, "when", variant.when, false);
  for (JsonValue v = value.member("features").first(); !v.isMissing();
       v = v.next()) {
    if (variant.featureCount == ManifestVariant::kMaxFeatures)
      return fields.wrong("features", "a list of at most 8 strings");
    fields.element(v, "features", variant.features[variant.featureCount++]);
  }
}

Status readTargets(FieldReader &fields, const JsonValue &root,
                   Manifest &manifest, Fault &fault) {
  JsonValue targets, cpu, vulkan;
  fields.object(root, "targets", targets, false);
  if (targets.isMissing())
    manifest.cpuPlan = "plan.fb";
  fields.object(targets, "cpu", cpu, false);
  fields.object(targets, "vulkan", vulkan, false);
  if (!cpu.isMissing()) {
    manifest.cpuPlan = "plan.fb";
    fields.text(cpu, "plan", manifest.cpuPlan, false);
  }
  if (!vulkan.isMissing())
    fields.text(vulkan, "plan", manifest.vulkanPlan, true);
  for (const char *path : {manifest.cpuPlan, manifest.vulkanPlan})
    if (path && !isSafePath(path))
      fields.wrong("plan", "a path inside the bundle");
  JsonValue variants = vulkan.member("variants");
  size_t count = 0;
  for (JsonValue v = variants.first(); !v.isMissing(); v = v.next())
    ++count;
  if (!manifest.vulkanVariants.allocate(count))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for %zu variants", count);
  size_t at = 0;
  for (JsonValue v = variants.first(); !v.isMissing(); v = v.next())
    readVariant(fields, v, manifest.vulkanVariants[at++]);
  return fields.status();
}

Status readFile(const JsonValue &element, FieldReader &fields,
                ManifestFile &file, Fault &fault) {
  const char *digest = "";
  file.path = "";
  fields.text(element, "path", file.path, true);
  fields.number(element, "size", uint64_t(1) << 62, file.size, true);
  fields.text(element, "sha256", digest, true);
  if (fields.status())
    return fields.status();
  if (!isSafePath(file.path))
    return fault.set(
        SINTER_CORRUPT,
        "manifest.json: the path '%.100s' of a file is not allowed", file.path);
  if (!parseDigest(digest, file.sha256))
    return fault.set(SINTER_CORRUPT,
                     "manifest.json: the sha256 of '%s' is not 64 lower-case "
                     "hexadecimal digits",
                     file.path);
  return SINTER_OK;
}

Status readFiles(const JsonValue &root, FieldReader &fields,
                 Array<ManifestFile> &files, Fault &fault) {
  JsonValue list = root.member("files");
  if (list.kind() != JsonValue::Kind::Array) {
    fields.wrong("files", "an array");
    return fields.status();
  }
  size_t count = 0;
  for (JsonValue v = list.first(); !v.isMissing(); v = v.next())
    ++count;
  if (!files.allocate(count))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for %zu file entries",
                     count);
  size_t at = 0;
  for (JsonValue v = list.first(); !v.isMissing(); v = v.next())
    if (Status status = readFile(v, fields, files[at++], fault))
      return status;
  return SINTER_OK;
}

} // namespace

bool isSafePath(const char *path) {
  size_t length = strlen(path);
  if (length == 0 || length > 255)
    return false;
  const char *component = path;
  for (const char *p = path;; ++p) {
    if (*p != '/' && *p != 0) {
      if (static_cast<uint8_t>(*p) < 0x20 || *p == 0x7f || *p == '\\' ||
          *p == ':')
        return false;
      continue;
    }
    size_t bytes = static_cast<size_t>(p - component);
    if (bytes == 0 || (bytes == 1 && component[0] == '.') ||
        (bytes == 2 && component[0] == '.' && component[1] == '.'))
      return false;
    if (*p == 0)
      return true;
    component = p + 1;
  }
}

const ManifestFile *Manifest::find(const char *path) const {
  for (const ManifestFile &file : files)
    if (strcmp(file.path, path) == 0)
      return &file;
  return nullptr;
}

Status Manifest::parse(const char *text, size_t bytes, Fault &fault) {
  JsonValue root;
  size_t offset = 0;
  const char *what = "";
  if (!jsonCheck(text, bytes, root, offset, what))
    return fault.set(SINTER_CORRUPT, "manifest.json, byte %zu: %s", offset,
                     what);
  // Decoded strings and their zero bytes are never longer than the text.
  if (!strings_.allocate(bytes + 1))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the manifest");
  FieldReader fields(fault, strings_.as<char>());
  const char *format = "";
  uint64_t abi = 0;
  fields.text(root, "format", format, true);
  if (fields.status() == SINTER_OK && strcmp(format, "sinter-bundle") != 0)
    return fault.set(SINTER_CORRUPT,
                     "manifest.json: format is '%.40s', not 'sinter-bundle'",
                     format);
  readVersion(fields, root, *this);
  if (fields.status())
    return fields.status();
  if (versionMajor != kBundleMajor)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the bundle has format version %u.%u, this runtime reads "
                     "%u.x; compile the model again",
                     versionMajor, versionMinor, kBundleMajor);
  fields.number(root, "abi_version", UINT32_MAX, abi, true);
  if (fields.status())
    return fields.status();
  abiVersion = static_cast<uint32_t>(abi);
  if (abiVersion != SINTER_ABI_VERSION)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the bundle has kernel interface version %u, this runtime "
                     "has %u; compile the model again",
                     abiVersion, SINTER_ABI_VERSION);
  bool mayLack = versionMinor < kBundleMinorSealed;
  if (!(mayLack && root.member("sha256").isMissing()) && !isSealed(text, bytes))
    return fault.set(SINTER_CORRUPT,
                     "manifest.json does not have the SHA-256 that its last "
                     "line says; copy the file again");
  fields.text(root, "generator", generator, false);
  fields.text(root, "name", name, false);
  fields.text(root, "prefix", prefix, false);
  JsonValue chat = root.member("chat_template");
  if (chat.kind() != JsonValue::Kind::Null)
    fields.text(root, "chat_template", chatTemplate, false);
  readModel(fields, root, *this);
  readSampling(fields, root, sampling);
  if (fields.status())
    return fields.status();
  if (Status status = readTargets(fields, root, *this, fault))
    return status;
  return readFiles(root, fields, files, fault);
}

} // namespace sinter::rt

//===- GgufFile.cpp - Reader of the GGUF container
//--------------------------===//
//
// See GgufFile.h. The cursor never moves past the end of the file; counts and
// lengths are compared with the bytes that are left before anything is
// allocated or walked.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/gguf/GgufFile.h"
#include "compiler/import/gguf/TensorNames.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include <algorithm>

using namespace sinter;
using namespace sinter::gguf;
namespace endian = llvm::support::endian;
namespace fs = llvm::sys::fs;

static constexpr uint32_t kMagic = 0x46554747; // "GGUF"
static constexpr uint64_t kMaxKeyBytes = 65535;
static constexpr uint64_t kMaxNameBytes = 64;
static constexpr uint64_t kMaxTensors = 1u << 18;
static constexpr uint64_t kMaxEntries = 1u << 16;
static constexpr uint32_t kMaxRank = 4;
static constexpr unsigned kMaxArrayDepth = 4;
static constexpr uint64_t kDefaultAlignment = 32;
static constexpr uint64_t kMaxAlignment = 1u << 20;
/// Least bytes of a key-value pair and of a tensor's entry.
static constexpr uint64_t kMinEntryBytes = 8 + 1 + 4 + 1;
static constexpr uint64_t kMinTensorBytes = 8 + 1 + 4 + 4 + 8;

namespace {

/// Reads one file from front to back.
class Reader {
public:
  Reader(llvm::ArrayRef<uint8_t> file, llvm::StringRef path)
      : file(file), path(path), contents{GgufMetadata(path), {}} {}

  llvm::Expected<Contents> read();

private:
  uint64_t left() const { return file.size() - position; }
  llvm::Error fail(uint64_t where, const llvm::Twine &what) const {
    return inputError(path + ": byte " + llvm::Twine(where) + ": " + what);
  }
  llvm::Error cutOff(llvm::StringRef what) const {
    return fail(position, "the file ends inside " + what +
                              "; it is incomplete, download it again");
  }
  llvm::Error readU32(uint32_t &value, llvm::StringRef what);
  llvm::Error readU64(uint64_t &value, llvm::StringRef what);
  llvm::Error readString(llvm::StringRef &value, uint64_t maxBytes,
                         llvm::StringRef what);
  llvm::Error readHeader();
  llvm::Error readEntry();
  llvm::Error walkValue(GgufType type, llvm::StringRef key, unsigned depth);
  llvm::Error walkArray(llvm::StringRef key, unsigned depth,
                        GgufValue *outermost);
  llvm::Error readAlignment();
  llvm::Error checkSingle();
  llvm::Error readTensor(TensorInfo &tensor);
  llvm::Error readDimensions(TensorInfo &tensor);
  llvm::Error checkLayout();

  llvm::ArrayRef<uint8_t> file;
  llvm::StringRef path;
  uint64_t position = 0;
  uint64_t tensorCount = 0;
  uint64_t entryCount = 0;
  uint64_t alignment = kDefaultAlignment;
  Contents contents;
};

} // namespace

llvm::Error Reader::readU32(uint32_t &value, llvm::StringRef what) {
  if (left() < 4)
    return cutOff(what);
  value = endian::read32le(file.data() + position);
  position += 4;
  return llvm::Error::success();
}

llvm::Error Reader::readU64(uint64_t &value, llvm::StringRef what) {
  if (left() < 8)
    return cutOff(what);
  value = endian::read64le(file.data() + position);
  position += 8;
  return llvm::Error::success();
}

llvm::Error Reader::readString(llvm::StringRef &value, uint64_t maxBytes,
                               llvm::StringRef what) {
  uint64_t where = position;
  uint64_t length = 0;
  if (llvm::Error error = readU64(length, what))
    return error;
  if (length > left())
    return fail(where, what + " has a length of " + llvm::Twine(length) +
                           ", but only " + llvm::Twine(left()) +
                           " bytes are left in the file");
  if (length > maxBytes)
    return fail(where, what + " has a length of " + llvm::Twine(length) +
                           "; the limit is " + llvm::Twine(maxBytes));
  value = llvm::StringRef(
      reinterpret_cast<const char *>(file.data() + position), length);
  position += length;
  return llvm::Error::success();
}

llvm::Error Reader::readHeader() {
  uint32_t magic = 0, version = 0;
  if (llvm::Error error = readU32(magic, "the magic number"))
    return error;
  if (magic != kMagic)
    return fail(0, "is no GGUF file: it does not begin with 'GGUF'");
  if (llvm::Error error = readU32(version, "the version"))
    return error;
  if (version != 2 && version != 3) {
    if ((version & 0xFFFF) == 0 && version != 0)
      return fail(4, "is a big-endian GGUF file (version " +
                         llvm::Twine(llvm::byteswap(version)) +
                         "); little-endian ones are read, convert it");
    return fail(4, "is GGUF version " + llvm::Twine(version) +
                       "; versions 2 and 3 are read");
  }
  if (llvm::Error error = readU64(tensorCount, "the number of tensors"))
    return error;
  if (llvm::Error error = readU64(entryCount, "the number of metadata entries"))
    return error;
  if (tensorCount > std::min(left() / kMinTensorBytes, kMaxTensors))
    return fail(8, "says that it has " + llvm::Twine(tensorCount) +
                       " tensors, more than the file can hold");
  if (entryCount > std::min(left() / kMinEntryBytes, kMaxEntries))
    return fail(16, "says that it has " + llvm::Twine(entryCount) +
                        " metadata entries, more than the file can hold");
  return llvm::Error::success();
}

llvm::Error Reader::walkArray(llvm::StringRef key, unsigned depth,
                              GgufValue *outermost) {
  uint64_t where = position;
  if (depth > kMaxArrayDepth)
    return fail(where, "metadata " + key + ": arrays are nested deeper than " +
                           llvm::Twine(kMaxArrayDepth));
  uint32_t rawType = 0;
  uint64_t count = 0;
  if (llvm::Error error = readU32(rawType, key))
    return error;
  if (llvm::Error error = readU64(count, key))
    return error;
  if (rawType > static_cast<uint32_t>(GgufType::F64))
    return fail(where, "metadata " + key + ": unknown element type " +
                           llvm::Twine(rawType));
  GgufType type = static_cast<GgufType>(rawType);
  if (outermost) {
    outermost->elementType = type;
    outermost->count = count;
    outermost->data = file.data() + position;
    outermost->offset = position;
  }
  // A string takes 8 bytes at least, an array 12.
  unsigned bytes = ggufTypeBytes(type);
  uint64_t least = bytes ? bytes : type == GgufType::String ? 8 : 12;
  if (count > left() / least)
    return fail(where, "metadata " + key + ": an array of " +
                           llvm::Twine(count) + " x " + ggufTypeName(type) +
                           " goes beyond the end of the file");
  if (bytes && type != GgufType::Bool) {
    position += count * bytes;
    return llvm::Error::success();
  }
  for (uint64_t i = 0; i < count; ++i)
    if (llvm::Error error = walkValue(type, key, depth))
      return error;
  return llvm::Error::success();
}

llvm::Error Reader::walkValue(GgufType type, llvm::StringRef key,
                              unsigned depth) {
  if (type == GgufType::Array)
    return walkArray(key, depth + 1, nullptr);
  if (type == GgufType::String) {
    llvm::StringRef ignored;
    return readString(ignored, UINT64_MAX, key);
  }
  unsigned bytes = ggufTypeBytes(type);
  if (left() < bytes)
    return cutOff(key);
  if (type == GgufType::Bool && file[position] > 1)
    return fail(position, "metadata " + key + ": a bool is neither 0 nor 1");
  position += bytes;
  return llvm::Error::success();
}

llvm::Error Reader::readEntry() {
  uint64_t where = position;
  llvm::StringRef key;
  if (llvm::Error error = readString(key, kMaxKeyBytes, "a metadata key"))
    return error;
  if (key.empty() || !llvm::json::isUTF8(key) || key.contains('\0'))
    return fail(where, "a metadata key is empty or no text");
  uint32_t rawType = 0;
  uint64_t typeAt = position;
  if (llvm::Error error = readU32(rawType, key))
    return error;
  if (rawType > static_cast<uint32_t>(GgufType::F64))
    return fail(typeAt,
                "metadata " + key + ": unknown type " + llvm::Twine(rawType));
  GgufValue value;
  value.type = static_cast<GgufType>(rawType);
  value.data = file.data() + position;
  value.offset = position;
  if (llvm::Error error = value.type == GgufType::Array
                              ? walkArray(key, 1, &value)
                              : walkValue(value.type, key, 0))
    return error;
  if (!contents.metadata.add(key, value))
    return fail(where, "metadata key " + key + " occurs twice");
  return llvm::Error::success();
}

llvm::Error Reader::readAlignment() {
  static const llvm::StringLiteral kKey("general.alignment");
  const GgufValue *value = contents.metadata.find(kKey);
  if (!value)
    return llvm::Error::success();
  if (value->type != GgufType::U32)
    return contents.metadata.error(
        kKey, "has type " + ggufTypeName(value->type) + ", not u32");
  alignment = endian::read32le(value->data);
  if (!llvm::isPowerOf2_64(alignment) || alignment > kMaxAlignment)
    return contents.metadata.error(
        kKey, "is " + llvm::Twine(alignment) + "; a power of two up to " +
                  llvm::Twine(kMaxAlignment) + " is needed");
  return llvm::Error::success();
}

llvm::Error Reader::checkSingle() {
  llvm::Expected<std::optional<int64_t>> parts =
      contents.metadata.integer("split.count");
  if (!parts)
    return parts.takeError();
  if (*parts && **parts > 1)
    return unsupportedError(
        path + ": is one of " + llvm::Twine(**parts) +
        " parts of a model; merge them into one file first (gguf-split "
        "--merge)");
  return llvm::Error::success();
}

llvm::Error Reader::readDimensions(TensorInfo &tensor) {
  uint64_t where = position;
  uint32_t rank = 0;
  if (llvm::Error error = readU32(rank, tensor.name))
    return error;
  if (rank > kMaxRank)
    return fail(where, "tensor " + tensor.name + " has " + llvm::Twine(rank) +
                           " dimensions; at most " + llvm::Twine(kMaxRank) +
                           " are allowed");
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t size = 0;
    if (llvm::Error error = readU64(size, tensor.name))
      return error;
    if (size > static_cast<uint64_t>(INT64_MAX))
      return fail(where, "tensor " + tensor.name + ": dimension " +
                             llvm::Twine(size) + " overflows");
    tensor.shape.push_back(static_cast<int64_t>(size));
  }
  // The file lists the fastest dimension first.
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  return llvm::Error::success();
}

llvm::Error Reader::readTensor(TensorInfo &tensor) {
  uint64_t where = position;
  llvm::StringRef name;
  if (llvm::Error error = readString(name, kMaxNameBytes, "a tensor's name"))
    return error;
  if (name.empty() || !llvm::json::isUTF8(name) || name.contains('\0'))
    return fail(where, "a tensor's name is empty or no text");
  tensor.name = name.str();
  if (llvm::Error error = readDimensions(tensor))
    return error;
  uint32_t rawType = 0;
  if (llvm::Error error = readU32(rawType, name))
    return error;
  if (llvm::Error error = readU64(tensor.offset, name))
    return error;
  std::optional<DType> dtype = dtypeFromGguf(rawType);
  if (!dtype)
    return unsupportedError(
        path + ": byte " + llvm::Twine(where) + ": tensor " + name +
        " has GGUF type " + llvm::Twine(rawType) +
        "; f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_K, q5_K and q6_K "
        "are read");
  tensor.dtype = *dtype;
  std::optional<uint64_t> bytes = tensorBytes(tensor.dtype, tensor.shape);
  if (!bytes)
    return fail(where, "tensor " + name + " " + tensor.describe() +
                           ": the size overflows or its rows are no whole "
                           "number of blocks of " +
                           llvm::Twine(dtypeInfo(*dtype).blockElements));
  tensor.bytes = *bytes;
  if (tensor.offset % alignment != 0)
    return fail(where, "tensor " + name + ": offset " +
                           llvm::Twine(tensor.offset) +
                           " is no multiple of the alignment " +
                           llvm::Twine(alignment));
  return llvm::Error::success();
}

/// Makes offsets absolute, sorts, and checks that each tensor lies in the file
/// and behind the one before it.
llvm::Error Reader::checkLayout() {
  std::vector<TensorInfo> &tensors = contents.tensors;
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorInfo &a, const TensorInfo &b) {
              return std::tie(a.offset, a.bytes, a.name) <
                     std::tie(b.offset, b.bytes, b.name);
            });
  uint64_t dataBegin = llvm::alignTo(position, alignment);
  uint64_t previousEnd = 0;
  for (TensorInfo &tensor : tensors) {
    std::optional<uint64_t> begin =
        llvm::checkedAddUnsigned<uint64_t>(dataBegin, tensor.offset);
    std::optional<uint64_t> end =
        begin ? llvm::checkedAddUnsigned<uint64_t>(*begin, tensor.bytes)
              : std::nullopt;
    std::string where =
        (path + ": tensor " + tensor.name + " " + tensor.describe()).str();
    if (!end)
      return inputError(where + ": offset " + llvm::Twine(tensor.offset) +
                        " overflows");
    if (*end > file.size() && tensor.bytes > 0)
      return inputError(where + ": its data ends at byte " + llvm::Twine(*end) +
                        ", but the file has only " + llvm::Twine(file.size()) +
                        "; it is incomplete, download it again");
    if (*begin < previousEnd && tensor.bytes > 0)
      return inputError(where + ": its data begins at byte " +
                        llvm::Twine(*begin) +
                        ", inside the tensor before it, which ends at " +
                        llvm::Twine(previousEnd));
    previousEnd = std::max(previousEnd, *end);
    // A view of nothing may lie anywhere; give it a place inside the file.
    tensor.offset =
        tensor.bytes ? *begin : std::min<uint64_t>(*begin, file.size());
  }
  return llvm::Error::success();
}

llvm::Expected<Contents> Reader::read() {
  if (llvm::Error error = readHeader())
    return std::move(error);
  for (uint64_t i = 0; i < entryCount; ++i)
    if (llvm::Error error = readEntry())
      return std::move(error);
  if (llvm::Error error = readAlignment())
    return std::move(error);
  if (llvm::Error error = checkSingle())
    return std::move(error);
  llvm::StringSet<> names;
  for (uint64_t i = 0; i < tensorCount; ++i) {
    TensorInfo tensor;
    uint64_t where = position;
    if (llvm::Error error = readTensor(tensor))
      return std::move(error);
    if (!names.insert(tensor.name).second)
      return fail(where, "tensor " + tensor.name + " occurs twice");
    contents.tensors.push_back(std::move(tensor));
  }
  if (llvm::Error error = checkLayout())
    return std::move(error);
  return std::move(contents);
}

llvm::Expected<Contents> gguf::readContents(llvm::ArrayRef<uint8_t> file,
                                            llvm::StringRef path) {
  return Reader(file, path).read();
}

/// The file itself, or the only *.gguf file of a folder; empty if neither.
static std::string locate(llvm::StringRef path) {
  if (!fs::is_directory(path))
    return path.str();
  std::string found;
  std::error_code code;
  for (fs::directory_iterator it(path, code), end; it != end && !code;
       it.increment(code)) {
    if (llvm::sys::path::extension(it->path()) != ".gguf")
      continue;
    if (!found.empty())
      return {};
    found = it->path();
  }
  return found;
}

bool GgufFile::accepts(llvm::StringRef path) {
  std::string location = locate(path);
  if (location.empty() || !fs::is_regular_file(location))
    return false;
  if (llvm::sys::path::extension(location) == ".gguf")
    return true;
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(location);
  if (!file) {
    llvm::consumeError(file.takeError());
    return false;
  }
  return (*file)->text().starts_with("GGUF");
}

llvm::Expected<std::unique_ptr<ModelSource>>
GgufFile::open(llvm::StringRef path) {
  std::string location = locate(path);
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(location);
  if (!file)
    return file.takeError();
  if (llvm::Error error = checkNotLfsPointer((*file)->text(), location))
    return std::move(error);
  llvm::Expected<Contents> contents = readContents((*file)->bytes(), location);
  if (!contents)
    return contents.takeError();

  std::unique_ptr<GgufFile> source(new GgufFile(path));
  source->table = std::move(contents->metadata);
  llvm::Expected<std::optional<llvm::StringRef>> architecture =
      source->table.string("general.architecture");
  if (!architecture)
    return architecture.takeError();
  if (!*architecture)
    return inputError(location + ": has no metadata general.architecture");
  source->arch = (*architecture)->str();
  for (TensorInfo &tensor : contents->tensors)
    tensor.name = huggingFaceName(source->arch, tensor.name);
  if (llvm::Error error =
          source->addFile(std::move(*file), std::move(contents->tensors)))
    return std::move(error);
  return std::move(source);
}

bool GgufFile::ropeRowsInterleaved() const {
  return gguf::ropeRowsInterleaved(arch);
}

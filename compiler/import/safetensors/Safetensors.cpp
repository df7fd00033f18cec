//===- Safetensors.cpp - Reader of the safetensors container
//----------------===//
//
// See Safetensors.h. The header is pulled token by token, so that duplicate
// keys are seen and no tree is built.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/safetensors/Safetensors.h"
#include "compiler/import/JsonReader.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include <algorithm>

using namespace sinter;
using namespace sinter::safetensors;

namespace {

/// Pulls the tensors out of one header.
class HeaderReader {
public:
  HeaderReader(llvm::StringRef header, llvm::StringRef path)
      : json(header, path, /*base=*/8, /*maxDepth=*/8), path(path) {}

  llvm::Expected<std::vector<TensorInfo>> read();

private:
  bool readMetadata();
  bool readTensor(TensorInfo &tensor);
  bool readType(TensorInfo &tensor);
  bool readShape(TensorInfo &tensor);
  bool readOffsets(TensorInfo &tensor);

  JsonReader json;
  llvm::StringRef path;
  /// Name of a type we do not know, if that is what stopped us.
  std::string unknownType;
};

} // namespace

bool HeaderReader::readMetadata() {
  llvm::StringSet<> seen;
  std::string key, value;
  if (!json.beginObject())
    return false;
  while (json.nextKey(key)) {
    if (!seen.insert(key).second)
      return json.fail("__metadata__ has the key '" + key + "' twice");
    if (!json.readString(value))
      return false;
  }
  return !json.failed();
}

bool HeaderReader::readType(TensorInfo &tensor) {
  uint64_t where = json.offset();
  std::string name;
  if (!json.readString(name))
    return false;
  std::optional<DType> dtype = dtypeFromSafetensors(name);
  if (dtype) {
    tensor.dtype = *dtype;
    return true;
  }
  unknownType = name;
  return json.fail(where, "tensor " + tensor.name + " has the type '" + name +
                              "', which is not known here");
}

bool HeaderReader::readShape(TensorInfo &tensor) {
  if (!json.beginArray())
    return false;
  while (json.nextElement()) {
    uint64_t size = 0;
    if (!json.readUnsigned(size))
      return false;
    if (size > static_cast<uint64_t>(INT64_MAX))
      return json.fail("tensor " + tensor.name + ": dimension " +
                       llvm::Twine(size) + " overflows");
    if (tensor.shape.size() == kMaxRank)
      return json.fail("tensor " + tensor.name + " has more than " +
                       llvm::Twine(kMaxRank) + " dimensions");
    tensor.shape.push_back(static_cast<int64_t>(size));
  }
  return !json.failed();
}

bool HeaderReader::readOffsets(TensorInfo &tensor) {
  uint64_t where = json.offset();
  uint64_t values[2] = {0, 0};
  unsigned count = 0;
  if (!json.beginArray())
    return false;
  while (json.nextElement()) {
    uint64_t value = 0;
    if (!json.readUnsigned(value))
      return false;
    if (count == 2)
      return json.fail(where, "tensor " + tensor.name +
                                  ": data_offsets has more than two numbers");
    values[count++] = value;
  }
  if (json.failed())
    return false;
  if (count != 2)
    return json.fail(where, "tensor " + tensor.name +
                                ": data_offsets needs two numbers");
  if (values[0] > values[1])
    return json.fail(where, "tensor " + tensor.name + ": data_offsets [" +
                                llvm::Twine(values[0]) + ", " +
                                llvm::Twine(values[1]) + "] are reversed");
  tensor.offset = values[0];
  tensor.bytes = values[1] - values[0];
  return true;
}

bool HeaderReader::readTensor(TensorInfo &tensor) {
  static const llvm::StringLiteral kFields[] = {"dtype", "shape",
                                                "data_offsets"};
  uint64_t where = json.offset();
  unsigned seen = 0;
  std::string key;
  if (!json.beginObject())
    return false;
  while (json.nextKey(key)) {
    size_t field = std::find(std::begin(kFields), std::end(kFields), key) -
                   std::begin(kFields);
    if (field == std::size(kFields))
      return json.fail("tensor " + tensor.name + " has the unknown key '" +
                       key + "'");
    if (seen & (1u << field))
      return json.fail("tensor " + tensor.name + " has the key '" + key +
                       "' twice");
    seen |= 1u << field;
    bool ok = field == 0   ? readType(tensor)
              : field == 1 ? readShape(tensor)
                           : readOffsets(tensor);
    if (!ok)
      return false;
  }
  if (json.failed())
    return false;
  for (unsigned field = 0; field < std::size(kFields); ++field)
    if (!(seen & (1u << field)))
      return json.fail(where, "tensor " + tensor.name + " has no '" +
                                  kFields[field] + "'");
  return true;
}

llvm::Expected<std::vector<TensorInfo>> HeaderReader::read() {
  std::vector<TensorInfo> tensors;
  llvm::StringSet<> names;
  std::string name;
  json.beginObject();
  while (!json.failed() && json.nextKey(name)) {
    if (!names.insert(name).second) {
      json.fail("the key '" + name + "' occurs twice");
      break;
    }
    if (name == "__metadata__") {
      readMetadata();
      continue;
    }
    if (name.empty() || name.size() > kMaxNameBytes)
      json.fail("a tensor's name has " + llvm::Twine(name.size()) +
                " bytes; 1 to " + llvm::Twine(kMaxNameBytes) + " are allowed");
    if (tensors.size() == kMaxTensors)
      json.fail("more than " + llvm::Twine(kMaxTensors) + " tensors");
    TensorInfo tensor;
    tensor.name = name;
    if (json.failed() || !readTensor(tensor))
      break;
    tensors.push_back(std::move(tensor));
  }
  if (json.atEnd())
    return std::move(tensors);
  llvm::Error error = json.takeError();
  if (unknownType.empty())
    return std::move(error);
  std::string message = llvm::toString(std::move(error));
  return unsupportedError(message + "; convert it to f32, f16 or bf16 first");
}

/// The tensors, sorted by offset, must tile the data, and each must have the
/// size that its shape and type say.
static llvm::Error checkLayout(llvm::ArrayRef<TensorInfo> tensors,
                               uint64_t dataBytes, llvm::StringRef path) {
  uint64_t expected = 0;
  for (const TensorInfo &tensor : tensors) {
    std::optional<uint64_t> bytes = tensorBytes(tensor.dtype, tensor.shape);
    std::string where =
        (path + ": tensor " + tensor.name + " " + tensor.describe()).str();
    if (!bytes)
      return inputError(where + ": the size overflows 64 bits");
    if (*bytes != tensor.bytes)
      return inputError(where + ": data_offsets span " +
                        llvm::Twine(tensor.bytes) + " bytes, shape and type " +
                        llvm::Twine(*bytes));
    if (tensor.offset != expected)
      return inputError(where + ": data begins at " +
                        llvm::Twine(tensor.offset) +
                        (tensor.offset < expected
                             ? ", inside the tensor before it, which ends at "
                             : ", leaving a gap after ") +
                        llvm::Twine(expected));
    if (tensor.bytes > dataBytes - expected)
      return inputError(where + ": data ends at " +
                        llvm::Twine(tensor.offset + tensor.bytes) +
                        ", but the "
                        "file has only " +
                        llvm::Twine(dataBytes) +
                        " bytes of data; it is incomplete, download it again");
    expected += tensor.bytes;
  }
  if (expected != dataBytes)
    return inputError(path + ": " + llvm::Twine(dataBytes - expected) +
                      " bytes at the end belong to no tensor");
  return llvm::Error::success();
}

llvm::Expected<std::vector<TensorInfo>>
safetensors::readTensors(llvm::ArrayRef<uint8_t> file, llvm::StringRef path) {
  llvm::StringRef text(reinterpret_cast<const char *>(file.data()),
                       file.size());
  if (llvm::Error error = checkNotLfsPointer(text, path))
    return std::move(error);
  if (file.size() < 8)
    return inputError(path +
                      ": byte 0: a safetensors file begins with 8 bytes "
                      "of header length, this one has " +
                      llvm::Twine(file.size()));
  uint64_t length = llvm::support::endian::read64le(file.data());
  if (length > kMaxHeaderBytes)
    return inputError(path + ": byte 0: header length " + llvm::Twine(length) +
                      " is above the limit of " + llvm::Twine(kMaxHeaderBytes));
  if (length > file.size() - 8)
    return inputError(path + ": byte 0: header length " + llvm::Twine(length) +
                      " goes beyond the file's " + llvm::Twine(file.size()) +
                      " bytes; it is incomplete, download it again");
  llvm::Expected<std::vector<TensorInfo>> tensors =
      HeaderReader(text.substr(8, length), path).read();
  if (!tensors)
    return tensors;
  std::sort(tensors->begin(), tensors->end(),
            [](const TensorInfo &a, const TensorInfo &b) {
              return std::tie(a.offset, a.bytes, a.name) <
                     std::tie(b.offset, b.bytes, b.name);
            });
  uint64_t dataBegin = 8 + length;
  if (llvm::Error error = checkLayout(*tensors, file.size() - dataBegin, path))
    return std::move(error);
  for (TensorInfo &tensor : *tensors)
    tensor.offset += dataBegin;
  return tensors;
}

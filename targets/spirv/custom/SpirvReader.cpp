// One walk over a module's instructions, then one over the types of its
// variables; see SpirvReader.h. Every operand is read through Words,
// which checks that it is there.
#include "targets/spirv/custom/SpirvReader.h"

#include "compiler/support/Error.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVEnums.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace llvm;
using namespace sinter;
using namespace sinter::spirvtarget;
namespace spirv = mlir::spirv;
using spirv::Decoration;
using spirv::Opcode;

namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5;
/// Types nest no deeper in shaders that people write.
constexpr unsigned kDeepest = 32;
/// And have no more parts, structs in structs counted out.
constexpr unsigned kMostParts = 1 << 16;
/// The largest array a shader may declare, bytes.
constexpr int64_t kLargest = int64_t(1) << 40;

/// An instruction's words; operands beyond the end are 0 and noted.
class Words {
public:
  explicit Words(ArrayRef<uint32_t> words) : words(words) {}
  Opcode opcode() const { return static_cast<Opcode>(words[0] & 0xFFFF); }
  size_t size() const { return words.size(); }
  uint32_t operator[](size_t i) const {
    return i < words.size() ? words[i] : 0;
  }
  template <typename T> T as(size_t i) const {
    return static_cast<T>((*this)[i]);
  }
  ArrayRef<uint32_t> from(size_t i) const {
    return words.drop_front(std::min(i, words.size()));
  }
  /// Zero-terminated text from a word on.
  StringRef text(size_t i) const {
    ArrayRef<uint32_t> rest = from(i);
    StringRef bytes(reinterpret_cast<const char *>(rest.data()),
                    rest.size() * sizeof(uint32_t));
    return bytes.take_until([](char c) { return c == 0; });
  }

private:
  ArrayRef<uint32_t> words;
};

struct Decorations {
  int64_t set = -1, binding = -1, stride = 0;
  bool nonWritable = false, workgroupSize = false;
};

/// A type's layout as far as bindings need it.
struct Layout {
  bool known = false;
  int64_t bytes = 0; ///< 0 with a runtime array
  std::vector<SpirvVariable::Scalar> scalars;
  bool hasStruct = false;
};

class Reader {
public:
  explicit Reader(ArrayRef<uint32_t> words) : words(words) {}
  Expected<SpirvInterface> run();

private:
  Error split();
  void visit(const Words &instruction);
  void visitEntry(const Words &instruction);
  void decorate(const Words &instruction);
  void decorateMember(const Words &instruction);
  void describe(uint32_t id, const Words &variable);
  void describeBlock(const Words &block, SpirvVariable &variable);
  Layout layoutOf(uint32_t type, unsigned depth = 0) const;
  Layout arrayLayout(const Words &array, uint32_t id, unsigned depth) const;
  Layout structLayout(const Words &type, uint32_t id, unsigned depth) const;
  int64_t constant(uint32_t id) const {
    auto found = constants.find(id);
    return found == constants.end() ? 0 : found->second;
  }
  const Decorations &of(uint32_t id) const {
    static const Decorations none;
    auto found = decorations.find(id);
    return found == decorations.end() ? none : found->second;
  }

  ArrayRef<uint32_t> words;
  std::vector<Words> instructions;
  std::map<uint32_t, Words> types;
  std::map<uint32_t, int64_t> constants;
  std::map<uint32_t, Words> composites;
  std::map<uint32_t, Decorations> decorations;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> offsets; ///< of members
  std::map<uint32_t, unsigned> readonlyMembers; ///< how many of a struct
  std::map<uint32_t, std::string> names;
  std::vector<std::pair<uint32_t, Words>> variables;
  mutable unsigned partsLeft = kMostParts;
  unsigned entries = 0;
  bool compute = false;
  SpirvInterface result;
};

} // namespace

/// Into instructions; each has its length in its first word.
static Error malformed(size_t word, const Twine &what) {
  return inputError("SPIR-V word " + Twine(word) + ": " + what);
}

Error Reader::split() {
  if (words.size() < kHeaderWords || words[0] != kMagic)
    return malformed(0, "this is no SPIR-V module");
  for (size_t at = kHeaderWords; at < words.size();) {
    size_t length = words[at] >> 16;
    if (length == 0 || length > words.size() - at)
      return malformed(at, "an instruction ends beyond the module");
    instructions.push_back(Words(words.slice(at, length)));
    at += length;
  }
  return Error::success();
}

void Reader::decorate(const Words &i) {
  Decorations &target = decorations[i[1]];
  switch (i.as<Decoration>(2)) {
  case Decoration::DescriptorSet:
    target.set = i[3];
    break;
  case Decoration::Binding:
    target.binding = i[3];
    break;
  case Decoration::ArrayStride:
    target.stride = i[3];
    break;
  case Decoration::NonWritable:
    target.nonWritable = true;
    break;
  case Decoration::SpecId:
    result.hasSpecConstants = true;
    break;
  case Decoration::BuiltIn:
    target.workgroupSize =
        i.as<spirv::BuiltIn>(3) == spirv::BuiltIn::WorkgroupSize;
    break;
  default:
    break;
  }
}

void Reader::decorateMember(const Words &i) {
  if (i.as<Decoration>(3) == Decoration::Offset)
    offsets[{i[1], i[2]}] = i[4];
  if (i.as<Decoration>(3) == Decoration::NonWritable)
    ++readonlyMembers[i[1]];
}

void Reader::visitEntry(const Words &i) {
  ++entries;
  compute |= i.as<spirv::ExecutionModel>(1) == spirv::ExecutionModel::GLCompute;
  result.entry = i.text(3).str();
}

void Reader::visit(const Words &i) {
  switch (i.opcode()) {
  case Opcode::OpCapability:
    result.capabilities.push_back(i[1]);
    break;
  case Opcode::OpEntryPoint:
    visitEntry(i);
    break;
  case Opcode::OpExecutionMode:
    if (i.as<spirv::ExecutionMode>(2) == spirv::ExecutionMode::LocalSize)
      result.group = {int64_t(i[3]), int64_t(i[4]), int64_t(i[5])};
    break;
  case Opcode::OpDecorate:
    decorate(i);
    break;
  case Opcode::OpMemberDecorate:
    decorateMember(i);
    break;
  case Opcode::OpName:
    names[i[1]] = i.text(2).str();
    break;
  case Opcode::OpTypeInt:
  case Opcode::OpTypeFloat:
  case Opcode::OpTypeBool:
  case Opcode::OpTypeVector:
  case Opcode::OpTypeMatrix:
  case Opcode::OpTypeArray:
  case Opcode::OpTypeRuntimeArray:
  case Opcode::OpTypeStruct:
  case Opcode::OpTypePointer:
    types.insert({i[1], i});
    break;
  case Opcode::OpConstant:
    constants[i[2]] = i[3];
    break;
  case Opcode::OpConstantComposite:
    composites.insert({i[2], i});
    break;
  case Opcode::OpVariable:
    if (i.as<spirv::StorageClass>(3) != spirv::StorageClass::Function)
      variables.push_back({i[2], i});
    break;
  default:
    break;
  }
}

Layout Reader::arrayLayout(const Words &array, uint32_t id,
                           unsigned depth) const {
  Layout element = layoutOf(array[2], depth + 1);
  int64_t stride = of(id).stride ? of(id).stride : element.bytes;
  if (array.opcode() == Opcode::OpTypeRuntimeArray) {
    element.bytes = 0;
    return element;
  }
  int64_t count = constant(array[3]);
  element.known &= stride >= 0 && count > 0 && stride <= kLargest / count;
  element.bytes = element.known ? stride * count : 0;
  return element;
}

Layout Reader::structLayout(const Words &type, uint32_t id,
                            unsigned depth) const {
  Layout all;
  all.known = true;
  all.hasStruct = true;
  for (auto [index, member] : enumerate(type.from(2))) {
    Layout one = layoutOf(member, depth + 1);
    auto offset = offsets.find({id, static_cast<uint32_t>(index)});
    int64_t at = offset == offsets.end() ? all.bytes : offset->second;
    all.known &= one.known;
    all.bytes = std::max(all.bytes, at + one.bytes);
    all.scalars.insert(all.scalars.end(), one.scalars.begin(),
                       one.scalars.end());
  }
  return all;
}

Layout Reader::layoutOf(uint32_t id, unsigned depth) const {
  auto found = types.find(id);
  if (found == types.end() || depth > kDeepest || partsLeft == 0)
    return {};
  --partsLeft;
  const Words &type = found->second;
  switch (type.opcode()) {
  case Opcode::OpTypeInt:
  case Opcode::OpTypeFloat: {
    char kind = type.opcode() == Opcode::OpTypeInt ? 'i' : 'f';
    return {true, type[2] / 8, {{kind, type[2]}}, false};
  }
  case Opcode::OpTypeBool: // shared ones: a word each
    return {true, 4, {{'b', 32}}, false};
  case Opcode::OpTypeVector:
  case Opcode::OpTypeMatrix: {
    Layout element = layoutOf(type[2], depth + 1);
    int64_t count = std::min<uint32_t>(type[3], 16);
    element.known &= element.bytes <= kLargest / 16;
    element.bytes = element.known ? element.bytes * count : 0;
    return element;
  }
  case Opcode::OpTypeArray:
  case Opcode::OpTypeRuntimeArray:
    return arrayLayout(type, id, depth);
  case Opcode::OpTypeStruct:
    return structLayout(type, id, depth);
  default:
    return {};
  }
}

/// A block with one member that is an array.
void Reader::describeBlock(const Words &block, SpirvVariable &variable) {
  auto member = types.find(block[2]);
  auto offset = offsets.find({block[1], 0});
  if (block.size() != 3 || member == types.end() ||
      (offset != offsets.end() && offset->second != 0))
    return;
  const Words &array = member->second;
  bool runtime = array.opcode() == Opcode::OpTypeRuntimeArray;
  if (!runtime && array.opcode() != Opcode::OpTypeArray)
    return;
  Layout element = layoutOf(array[2]);
  variable.isArrayBlock = element.known;
  variable.stride = of(member->first).stride;
  variable.count = runtime ? 0 : constant(array[3]);
  variable.elementBytes = element.bytes;
  variable.scalars = element.scalars;
  variable.hasStructElements = element.hasStruct;
}

void Reader::describe(uint32_t id, const Words &instruction) {
  SpirvVariable variable;
  variable.storageClass = instruction[3];
  variable.set = of(id).set;
  variable.binding = of(id).binding;
  variable.nonWritable = of(id).nonWritable;
  variable.name = names[id];
  auto pointer = types.find(instruction[1]);
  uint32_t pointee = pointer == types.end() ? 0 : pointer->second[3];
  Layout layout = layoutOf(pointee);
  variable.bytes = layout.bytes;
  variable.scalars = layout.scalars;
  auto type = types.find(pointee);
  if (type != types.end() && type->second.opcode() == Opcode::OpTypeStruct) {
    if (variable.name.empty())
      variable.name = names[pointee];
    auto members = static_cast<unsigned>(type->second.size() - 2);
    auto readonly = readonlyMembers.find(pointee);
    variable.nonWritable |=
        readonly != readonlyMembers.end() && readonly->second == members;
    describeBlock(type->second, variable);
  }
  result.variables.push_back(std::move(variable));
}

Expected<SpirvInterface> Reader::run() {
  if (Error error = split())
    return std::move(error);
  for (const Words &instruction : instructions)
    visit(instruction);
  if (entries != 1 || !compute)
    return inputError("the module has " + Twine(entries) +
                      " entry points, it must have one, a compute shader");
  // A constant decorated WorkgroupSize counts more than LocalSize; one that is
  // specialised is none of the composites.
  for (const auto &entry : decorations)
    if (entry.second.workgroupSize) {
      auto found = composites.find(entry.first);
      for (unsigned d = 0; d < 3; ++d)
        result.group[d] =
            found == composites.end() ? 0 : constant(found->second[3 + d]);
    }
  for (auto &[id, instruction] : variables)
    describe(id, instruction);
  return std::move(result);
}

Expected<SpirvInterface>
sinter::spirvtarget::readSpirv(ArrayRef<uint32_t> words) {
  return Reader(words).run();
}

std::vector<uint32_t>
sinter::spirvtarget::withEntryName(ArrayRef<uint32_t> words, StringRef name) {
  std::vector<uint32_t> result(
      words.begin(), words.begin() + std::min(words.size(), kHeaderWords));
  for (size_t at = kHeaderWords; at < words.size();) {
    size_t length = words[at] >> 16;
    ArrayRef<uint32_t> instruction = words.slice(at, length);
    at += length;
    if ((instruction[0] & 0xFFFF) !=
        static_cast<uint32_t>(Opcode::OpEntryPoint)) {
      result.insert(result.end(), instruction.begin(), instruction.end());
      continue;
    }
    // Opcode, model, function, name, interface ids.
    size_t oldName = Words(instruction).text(3).size() / 4 + 1;
    std::vector<uint32_t> text(name.size() / 4 + 1);
    memcpy(text.data(), name.data(), name.size());
    ArrayRef<uint32_t> rest =
        instruction.drop_front(std::min(instruction.size(), 3 + oldName));
    size_t total = 3 + text.size() + rest.size();
    result.push_back(static_cast<uint32_t>(total) << 16 |
                     (instruction[0] & 0xFFFF));
    result.insert(result.end(), {instruction[1], instruction[2]});
    result.insert(result.end(), text.begin(), text.end());
    result.insert(result.end(), rest.begin(), rest.end());
  }
  return result;
}

// GLSL.std.450 UnpackHalf2x16 and PackHalf2x16, which the spirv dialect of
// MLIR 19 has no ops for. A SPIR-V module is a row of instructions, each with
// its length in front and without offsets (SPIR-V specification, 2.3), so that
// one instruction can be put in another's place.
#include "targets/spirv/binary/Binary.h"
#include "targets/spirv/raise/SpirvPasses.h"

#include "mlir/Target/SPIRV/Serialization.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace sinter;
using spirv::Opcode;

namespace {

constexpr size_t kHeaderWords = 5;
constexpr size_t kBoundWord = 3;
constexpr uint32_t kPackHalf2x16 = 58;
constexpr uint32_t kUnpackHalf2x16 = 62;
constexpr StringLiteral kInstructionSet = "GLSL.std.450";

using Instruction = ArrayRef<uint32_t>;

Opcode opcodeOf(Instruction instruction) {
  return static_cast<Opcode>(instruction[0] & 0xFFFF);
}

/// The zero-terminated text at the end of an instruction.
StringRef textOf(Instruction words) {
  StringRef bytes(reinterpret_cast<const char *>(words.data()),
                  words.size() * sizeof(uint32_t));
  return bytes.take_until([](char c) { return c == 0; });
}

SmallVector<Instruction> split(ArrayRef<uint32_t> words) {
  SmallVector<Instruction> instructions;
  for (size_t at = kHeaderWords; at < words.size();) {
    size_t length = words[at] >> 16;
    assert(length && at + length <= words.size());
    instructions.push_back(words.slice(at, length));
    at += length;
  }
  return instructions;
}

class Rewriter {
public:
  explicit Rewriter(ArrayRef<uint32_t> words)
      : words(words), instructions(split(words)) {}
  std::vector<uint32_t> run();

private:
  void find();
  void add(Opcode opcode, ArrayRef<uint32_t> operands) {
    result.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 |
                     static_cast<uint32_t>(opcode));
    result.insert(result.end(), operands.begin(), operands.end());
  }
  void addImport(uint32_t id);
  bool names(Instruction instruction) const {
    Opcode opcode = opcodeOf(instruction);
    return (opcode == Opcode::OpName && functions.count(instruction[1])) ||
           (opcode == Opcode::OpFunction && functions.count(instruction[2]));
  }

  ArrayRef<uint32_t> words;
  SmallVector<Instruction> instructions;
  llvm::DenseMap<uint32_t, uint32_t> functions; ///< to their instruction
  uint32_t set = 0;                             ///< of the import, 0: none
  std::vector<uint32_t> result;
};

void Rewriter::find() {
  for (Instruction instruction : instructions) {
    Opcode opcode = opcodeOf(instruction);
    if (opcode == Opcode::OpExtInstImport &&
        textOf(instruction.drop_front(2)) == kInstructionSet)
      set = instruction[1];
    if (opcode != Opcode::OpName)
      continue;
    StringRef name = textOf(instruction.drop_front(2));
    if (name == spirvtarget::kUnpackHalf)
      functions[instruction[1]] = kUnpackHalf2x16;
    if (name == spirvtarget::kPackHalf)
      functions[instruction[1]] = kPackHalf2x16;
  }
}

void Rewriter::addImport(uint32_t id) {
  SmallVector<uint32_t> operands{id};
  operands.resize(1 + kInstructionSet.size() / 4 + 1);
  memcpy(operands.data() + 1, kInstructionSet.data(), kInstructionSet.size());
  add(Opcode::OpExtInstImport, operands);
}

std::vector<uint32_t> Rewriter::run() {
  find();
  if (functions.empty())
    return words.vec();
  result.assign(words.begin(), words.begin() + kHeaderWords);
  bool inFunction = false, imported = set != 0;
  if (!imported)
    set = result[kBoundWord]++;
  for (Instruction instruction : instructions) {
    Opcode opcode = opcodeOf(instruction);
    if (opcode == Opcode::OpMemoryModel && !imported)
      addImport(set);
    inFunction |= opcode == Opcode::OpFunction && names(instruction);
    if (opcode == Opcode::OpFunctionCall && functions.count(instruction[3]))
      add(Opcode::OpExtInst, {instruction[1], instruction[2], set,
                              functions[instruction[3]], instruction[4]});
    else if (!inFunction && !names(instruction))
      result.insert(result.end(), instruction.begin(), instruction.end());
    inFunction &= opcode != Opcode::OpFunctionEnd;
  }
  return std::move(result);
}

} // namespace

std::vector<uint32_t>
sinter::spirvtarget::withHalfInstructions(ArrayRef<uint32_t> words) {
  return Rewriter(words).run();
}

FailureOr<std::vector<uint32_t>>
sinter::spirvtarget::serialize(spirv::ModuleOp module) {
  SmallVector<uint32_t, 0> words;
  if (failed(spirv::serialize(module, words)))
    return failure();
  return withHalfInstructions(words);
}

std::string sinter::spirvtarget::bytesOf(ArrayRef<uint32_t> words) {
  std::string bytes(words.size() * sizeof(uint32_t), 0);
  for (auto [i, word] : llvm::enumerate(words))
    llvm::support::endian::write32le(&bytes[i * sizeof(uint32_t)], word);
  return bytes;
}

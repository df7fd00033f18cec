//===- TensorNames.cpp - GGUF tensor names as Hugging Face ones ---------===//
//
// See TensorNames.h; the names are in the files of architectures/.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/gguf/TensorNames.h"
#include "compiler/import/architectures/Architecture.h"
#include "llvm/ADT/StringExtras.h"

using namespace sinter;
using config::Architecture;
using config::findGgufArchitecture;
using config::NamePair;

static llvm::StringRef lookUp(llvm::ArrayRef<NamePair> pairs,
                              llvm::StringRef name) {
  for (const NamePair &pair : pairs)
    if (pair.gguf == name)
      return pair.huggingFace;
  return {};
}

std::string gguf::huggingFaceName(llvm::StringRef architecture,
                                  llvm::StringRef ggufName) {
  const Architecture *entry = findGgufArchitecture(architecture);
  auto [stem, suffix] = ggufName.rsplit('.');
  if (!entry || (suffix != "weight" && suffix != "bias"))
    return ggufName.str();
  std::string prefix;
  llvm::StringRef translated;
  if (stem.consume_front("blk.")) {
    auto [number, rest] = stem.split('.');
    bool isNumber = !number.empty() && llvm::all_of(number, llvm::isDigit);
    if (isNumber)
      translated = lookUp(entry->ggufInLayer, rest);
    prefix = (entry->ggufLayers + number + ".").str();
  } else {
    translated = lookUp(entry->ggufOutside, stem);
  }
  if (translated.empty())
    return ggufName.str();
  return (prefix + translated + "." + suffix).str();
}

bool gguf::ropeRowsInterleaved(llvm::StringRef architecture) {
  const Architecture *entry = findGgufArchitecture(architecture);
  return entry && entry->ggufRopeInterleaved;
}

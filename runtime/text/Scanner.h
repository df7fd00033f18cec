//===- Scanner.h - Word splitters for known regular expressions ---*- C++
//-*-===//
//
// Each tokfmt::Scanner is the meaning of one exact regular expression
// (compiler/tokenizer/SplitPatterns.def), written as code instead of run by a
// regular-expression engine. Every expression covers all text: a scanner always
// finds a word where it stands.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_SCANNER_H
#define SINTER_RUNTIME_TEXT_SCANNER_H

#include <stddef.h>
#include <stdint.h>

namespace sinter {
namespace text {

/// Bytes of the word that begins at `text`; at least 1 when size > 0. `bytes`:
/// the text is bytes, each standing for its printable character. Total time
/// over a text is linear.
size_t scanWord(uint32_t scanner, const uint8_t *text, size_t size, bool bytes);

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_SCANNER_H

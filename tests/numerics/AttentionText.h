// Text of attention regions, as the plan hands them to kernel families.
#pragma once

#include <string>

namespace sinter::test {

struct AttentionCase {
  int64_t kvHeads = 1, group = 1, headDim = 64;
  int64_t capacity = 160;
  int64_t window = 0;
  const char *element = "f32";
  int64_t ropeDim = 0; ///< 0: the head dimension
  bool headNorm = false;
  double scale = 0;       ///< 0: 1 / sqrt(headDim)
  bool layerNorm = false; ///< the heads' norm is a layer norm, with weights and
                          ///< biases of each head
  double softcap = 0;     ///< 0: none
  bool biases = false;    ///< of positions; then there is no rotation

  int64_t queryColumns() const { return kvHeads * group * headDim; }
  int64_t kvColumns() const { return kvHeads * headDim; }
};

/// One token: slices, [norms], ropes, append, attention.
std::string decodeText(const AttentionCase &shape);
/// Tokens: slices, [norms], ropes, append; gives q if that is rotated.
std::string ropeAppendText(const AttentionCase &shape);
/// Tokens: attention of q.
std::string prefillText(const AttentionCase &shape);

} // namespace sinter::test

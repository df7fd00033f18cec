// embedding, add_positions, select_row, argmax.
#include "compiler/reference/Ops.h"

#include "compiler/support/Error.h"

#include <algorithm>

using namespace sinter;
using namespace sinter::reference;

llvm::Expected<Tensor> reference::embedding(const Tokens &tokens,
                                            const Tensor &table) {
  Tensor out(static_cast<int64_t>(tokens.size()), table.columns);
  for (int64_t t = 0; t < out.rows; ++t) {
    int32_t token = tokens[t];
    if (token < 0 || token >= table.rows)
      return inputError("token " + llvm::Twine(token) +
                        " lies outside the vocabulary of " +
                        llvm::Twine(table.rows));
    llvm::copy(table.row(token), out.row(t).begin());
  }
  return out;
}

llvm::Expected<Tensor> reference::addPositions(const Tensor &x,
                                               const Tensor &table,
                                               int64_t position) {
  if (position < 0 || position + x.rows > table.rows)
    return inputError("positions " + llvm::Twine(position) + " to " +
                      llvm::Twine(position + x.rows - 1) +
                      " lie outside a table of " + llvm::Twine(table.rows));
  Tensor out = x;
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t i = 0; i < x.columns; ++i)
      out.row(t)[i] += table.at(position + t, i);
  return out;
}

llvm::Expected<Tensor> reference::selectRow(const Tensor &x, int64_t row) {
  if (row < 0 || row >= x.rows)
    return inputError("row " + llvm::Twine(row) + " lies outside " +
                      llvm::Twine(x.rows) + " rows");
  return Tensor(1, x.columns, x.row(row).vec());
}

Tokens reference::argmax(const Tensor &logits) {
  Tokens out;
  for (int64_t t = 0; t < logits.rows; ++t) {
    llvm::ArrayRef<float> row = logits.row(t);
    auto largest = std::max_element(row.begin(), row.end());
    out.push_back(static_cast<int32_t>(largest - row.begin()));
  }
  return out;
}

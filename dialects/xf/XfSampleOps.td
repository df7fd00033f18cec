// The choice of a token by chance, for grids: two ops, because the whole grid
// prepares it and one workgroup makes it. docs/web.md says what `sampling` holds.
#ifndef SINTER_XF_SAMPLE_OPS_TD
#define SINTER_XF_SAMPLE_OPS_TD
include "dialects/xf/XfDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Xf_SortLogitsOp : Xf_Op<"sort_logits", [Pure]> {
  let summary = "penalties for what was said, and every run of N tokens in descending order with the running sum of its weights";
  let description = [{
    Run r holds tokens [r * N, (r + 1) * N); beyond the vocabulary a logit is -infinity. With n the number of times that a token stands among the
    first sampling[8] elements of history, and n > 0, its logit v becomes (v > 0 ? v / sampling[4] : v * sampling[4]) - (sampling[6] + n * sampling[5]).
    penalised[r] are the run's logits in order of tokens, sorted[r] in descending order, and sums[r, i] the sum over j <= i of
    exp((sorted[r, j] - sorted[r, 0]) / temperature), temperature being sampling[0] or, where that is 0, 1. A logit that is NaN or +infinity, before or
    after, counts as +infinity; the sums of its run mean nothing.
    - sort_logits_c1: logits is tensor<1xVxf32>
    - sort_logits_c2: sampling is tensor<16xf32>, history tensor<Hxi32>, H positive
    - sort_logits_c3: the results are tensor<RxNxf32>, N a power of two from 256 to 4096, R = ceil(V / N), at most 256
  }];
  let arguments = (ins Xf_Activation2D:$logits, RankedTensorOf<[F32]>:$sampling, RankedTensorOf<[I32]>:$history);
  let results = (outs Xf_Activation2D:$penalised, Xf_Activation2D:$sorted, Xf_Activation2D:$sums);
  let assemblyFormat = "$logits `,` $sampling `,` $history attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Xf_SampleOp : Xf_Op<"sample", [Pure]> {
  let summary = "draws a token: top-k, top-p, min-p, then the uniform number sampling[7]";
  let description = [{
    Operands are what xf.sort_logits leaves. In descending order of logits, the lower token first among equals: the first k = sampling[1] tokens
    remain (all where k is 0), of these the fewest whose weights exp((v - largest) / temperature) reach p = sampling[2] of their sum (all where p >= 1), of these
    the ones of weight >= sampling[3]. The result is, in order of tokens, the first whose running sum of weights exceeds sampling[7] of the remaining sum.
    Where temperature (sampling[0]) is 0 it is the largest, the first of equals. Where a logit is +infinity, or all are -infinity, it is -1.
    - sample_c1: penalised, sorted and sums are tensor<RxNxf32>, as xf.sort_logits gives them
    - sample_c2: sampling is tensor<16xf32>, the result tensor<1xi32>
  }];
  let arguments = (ins Xf_Activation2D:$penalised, Xf_Activation2D:$sorted, Xf_Activation2D:$sums, RankedTensorOf<[F32]>:$sampling);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "$penalised `,` $sorted `,` $sums `,` $sampling attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif

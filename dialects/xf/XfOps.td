// All xf ops, one file per group.
#ifndef SINTER_XF_OPS_TD
#define SINTER_XF_OPS_TD
include "dialects/xf/XfEmbedOps.td"
include "dialects/xf/XfNormOps.td"
include "dialects/xf/XfLinearOps.td"
include "dialects/xf/XfAttentionOps.td"
include "dialects/xf/XfEltwiseOps.td"
include "dialects/xf/XfSampleOps.td"
include "dialects/xf/XfStructureOps.td"
#endif

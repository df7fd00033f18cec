#version 450
// The down projection of a layer, one token: y = x2 + W x, W in q4_0.
//
// A workgroup takes a panel of 16 rows, 8 lanes a row: each lane multiplies every eighth block of 32 columns, then the
// eight sums of a row are added in shared memory. Change COLUMNS for another model.
// sinter: items_per_group 1

layout(local_size_x = 128) in;

const uint COLUMNS = 512;
const uint BLOCKS = COLUMNS / 32;
const uint LANES = 8; // of a row

// Of 32 columns of a panel: 16 scales, two in a word; then 4 octets of columns x 16 rows, where byte i of a word holds
// column i of the octet in its low nibble and column i + 4 in its high one (docs/formats/packed-weights.md).
struct Block {
  uint scales[8];
  uint octets[64];
};

layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };       // [512]
layout(set = 0, binding = 1) readonly buffer Weight { Block w[]; };     // [12 panels][16 blocks]
layout(set = 0, binding = 2) readonly buffer Residual { float x2[]; };  // [192]
layout(set = 0, binding = 3) writeonly buffer Result { float y[]; };    // [192]

shared float sums[16 * LANES];

// Four nibbles of a word, their offset of 8 taken off.
vec4 nibbles(uint word) {
  return vec4(uvec4(word, word >> 8, word >> 16, word >> 24) & 15u) - 8.0;
}

void main() {
  uint panel = gl_WorkGroupID.x;
  uint row = gl_LocalInvocationID.x % 16;
  uint part = gl_LocalInvocationID.x / 16;

  float sum = 0.0;
  for (uint b = part; b < BLOCKS; b += LANES) {
    uint block = panel * BLOCKS + b;
    vec2 scales = unpackHalf2x16(w[block].scales[row / 2]);
    float products = 0.0;
    for (uint octet = 0; octet < 4; ++octet) {
      uint word = w[block].octets[octet * 16 + row];
      uint column = b * 8 + octet * 2; // in fours
      products += dot(nibbles(word), x[column]) + dot(nibbles(word >> 4), x[column + 1]);
    }
    sum += products * (row % 2 == 0 ? scales.x : scales.y);
  }
  sums[part * 16 + row] = sum;
  barrier();
  if (part != 0)
    return;
  for (uint other = 1; other < LANES; ++other)
    sum += sums[other * 16 + row];
  uint n = panel * 16 + row;
  y[n] = x2[n] + sum;
}

// The down projection of a layer, one token: y = x2 + W x, W in q4_0. The same as down.comp.
//
// A workgroup takes a panel of 16 rows, 8 lanes a row: each lane multiplies every eighth block of 32 columns, then the
// eight sums of a row are added in workgroup memory. Change columns for another model.
// sinter: items_per_group 1

const columns = 512u;
const blocks = columns / 32u;
const lanes = 8u; // of a row

// Of 32 columns of a panel: 16 scales, two in a word; then 4 octets of columns x 16 rows, where byte i of a word holds
// column i of the octet in its low nibble and column i + 4 in its high one (docs/formats/packed-weights.md).
struct Block {
  scales: array<u32, 8>,
  octets: array<u32, 64>,
}

@group(0) @binding(0) var<storage, read_write> x: array<vec4f>;   // [512]
@group(0) @binding(1) var<storage, read> w: array<Block>;         // [12 panels][16 blocks]
@group(0) @binding(2) var<storage, read_write> x2: array<f32>;    // [192]
@group(0) @binding(3) var<storage, read_write> y: array<f32>;     // [192]

var<workgroup> sums: array<f32, 128>;

// Four nibbles of a word, their offset of 8 taken off.
fn nibbles(word: u32) -> vec4f {
  return vec4f(vec4u(word, word >> 8, word >> 16, word >> 24) & vec4u(15)) - 8.0;
}

@compute @workgroup_size(128)
fn down(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let panel = workgroup.x;
  let row = lane % 16;
  let part = lane / 16;

  var sum = 0.0;
  for (var b = part; b < blocks; b += lanes) {
    let block = panel * blocks + b;
    let scales = unpack2x16float(w[block].scales[row / 2]);
    var products = 0.0;
    for (var octet = 0u; octet < 4; octet++) {
      let word = w[block].octets[octet * 16 + row];
      let column = b * 8 + octet * 2; // in fours
      products += dot(nibbles(word), x[column]) + dot(nibbles(word >> 4), x[column + 1]);
    }
    sum += products * select(scales.y, scales.x, row % 2 == 0);
  }
  sums[part * 16 + row] = sum;
  workgroupBarrier();
  if (part != 0) {
    return;
  }
  for (var other = 1u; other < lanes; other++) {
    sum += sums[other * 16 + row];
  }
  let n = panel * 16 + row;
  y[n] = x2[n] + sum;
}

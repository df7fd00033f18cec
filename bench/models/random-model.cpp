// sinter-random-model: random Llama-shaped checkpoints of any size, for
// benchmarks. The same numbers as a Hugging Face folder (bf16, sharded) and, on
// request, as a GGUF file with every matrix in Q4_0, which peers read. Weights
// stream: memory does not grow with the model. Deterministic.
//
//   sinter-random-model SHAPE [--hf DIR] [--gguf FILE] [--empty-hf DIR]
//   --empty-hf: all numbers are zero and take no room on the disk
//   SHAPE: S, T, 1b, 8b, or layers,hidden,ffn,heads,kv_heads,head_dim,vocab
//
// Formats: huggingface.co/docs/safetensors, ggml docs/gguf.md; Q4_0: per 32
// weights an f16 scale = extreme / -8 and nibbles q + 8, low nibbles first.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace {

struct Shape {
  int64_t layers, hidden, ffn, heads, kvHeads, headDim, vocab;
};

const std::map<std::string, Shape> kShapes = {
    {"S", {12, 768, 2048, 12, 12, 64, 32000}},
    {"T", {22, 2048, 5632, 32, 4, 64, 32000}},
    {"1b", {16, 2048, 8192, 32, 8, 64, 128256}},
    {"8b", {32, 4096, 14336, 32, 8, 128, 128256}},
};

struct Tensor {
  std::string hfName, ggufName;
  int64_t rows, columns; ///< a vector has one row
  int64_t ropeHeads; ///< GGUF interleaves the rows of each head's pairs; 0: as
                     ///< they are
  bool isVector;
};

std::vector<Tensor> tensorsOf(const Shape &s) {
  std::vector<Tensor> all;
  auto matrix = [&](const std::string &hf, const std::string &gguf,
                    int64_t rows, int64_t columns, int64_t ropeHeads = 0) {
    all.push_back(
        {hf + ".weight", gguf + ".weight", rows, columns, ropeHeads, false});
  };
  auto vector = [&](const std::string &hf, const std::string &gguf) {
    all.push_back({hf + ".weight", gguf + ".weight", 1, s.hidden, 0, true});
  };
  matrix("model.embed_tokens", "token_embd", s.vocab, s.hidden);
  for (int64_t i = 0; i < s.layers; ++i) {
    std::string hf = "model.layers." + std::to_string(i) + ".",
                gguf = "blk." + std::to_string(i) + ".";
    vector(hf + "input_layernorm", gguf + "attn_norm");
    matrix(hf + "self_attn.q_proj", gguf + "attn_q", s.heads * s.headDim,
           s.hidden, s.heads);
    matrix(hf + "self_attn.k_proj", gguf + "attn_k", s.kvHeads * s.headDim,
           s.hidden, s.kvHeads);
    matrix(hf + "self_attn.v_proj", gguf + "attn_v", s.kvHeads * s.headDim,
           s.hidden);
    matrix(hf + "self_attn.o_proj", gguf + "attn_output", s.hidden,
           s.heads * s.headDim);
    vector(hf + "post_attention_layernorm", gguf + "ffn_norm");
    matrix(hf + "mlp.gate_proj", gguf + "ffn_gate", s.ffn, s.hidden);
    matrix(hf + "mlp.up_proj", gguf + "ffn_up", s.ffn, s.hidden);
    matrix(hf + "mlp.down_proj", gguf + "ffn_down", s.hidden, s.ffn);
  }
  vector("model.norm", "output_norm");
  matrix("lm_head", "output", s.vocab, s.hidden);
  return all;
}

//===-- Numbers -----------------------------------------------------------===//

/// splitmix64: the value at an index of a stream, so that rows can be made in
/// any order.
uint64_t randomBits(uint64_t stream, uint64_t index) {
  uint64_t z = stream * 0x9e3779b97f4a7c15u + index * 0xbf58476d1ce4e5b9u +
               0x94d049bb133111ebu;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint16_t toBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float fromBf16(uint16_t half) {
  uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// f16 of a normal number in f16's range, to nearest even.
uint16_t toF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x38800000u)
    return static_cast<uint16_t>(sign);
  return static_cast<uint16_t>(
      sign |
      ((magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13));
}

/// One row: sums of four uniform 16-bit numbers, near enough to normal, scaled
/// by 1/sqrt(columns); norm weights near one.
void makeRow(const Tensor &tensor, uint64_t stream, int64_t row,
             std::vector<uint16_t> &out) {
  out.resize(static_cast<size_t>(tensor.columns));
  float scale = 1.0f / std::sqrt(static_cast<float>(tensor.columns));
  for (int64_t k = 0; k < tensor.columns; ++k) {
    uint64_t bits =
        randomBits(stream, static_cast<uint64_t>(row * tensor.columns + k));
    float sum = 0;
    for (int part = 0; part < 4; ++part)
      sum +=
          static_cast<float>(bits >> (16 * part) & 0xffffu) / 65536.0f - 0.5f;
    float value = sum * 1.732f;
    out[static_cast<size_t>(k)] =
        toBf16(tensor.isVector ? 1.0f + 0.1f * value : value * scale);
  }
}

void quantizeQ4(const std::vector<uint16_t> &row, std::vector<uint8_t> &out) {
  out.resize(row.size() / 32 * 18);
  for (size_t block = 0; block < row.size() / 32; ++block) {
    const uint16_t *from = row.data() + block * 32;
    uint8_t *to = out.data() + block * 18;
    float extreme = 0;
    for (int i = 0; i < 32; ++i)
      if (std::fabs(fromBf16(from[i])) > std::fabs(extreme))
        extreme = fromBf16(from[i]);
    float scale = extreme / -8, inverse = scale != 0 ? 1 / scale : 0;
    uint16_t half = toF16(scale);
    std::memcpy(to, &half, 2);
    auto quant = [&](int i) {
      return static_cast<uint8_t>(
          std::min(15.0f, fromBf16(from[i]) * inverse + 8.5f));
    };
    for (int i = 0; i < 16; ++i)
      to[2 + i] = static_cast<uint8_t>(quant(i) | quant(i + 16) << 4);
  }
}

//===-- Files -------------------------------------------------------------===//

[[noreturn]] void die(const std::string &text) {
  std::fprintf(stderr, "sinter-random-model: %s\n", text.c_str());
  std::exit(1);
}

class File {
public:
  explicit File(const std::string &path)
      : file(std::fopen(path.c_str(), "wb")), path(path) {
    if (!file)
      die("cannot write " + path);
  }
  ~File() {
    if (std::fclose(file))
      die("cannot finish " + path);
  }
  void bytes(const void *data, size_t size) {
    if (std::fwrite(data, 1, size, file) != size)
      die("cannot write to " + path);
    written += size;
  }
  void text(const std::string &data) { bytes(data.data(), data.size()); }
  template <typename T> void number(T value) { bytes(&value, sizeof value); }
  void string(const std::string &data) {
    number<uint64_t>(data.size());
    text(data);
  }
  /// A hole of zeros, at the end.
  void hole(uint64_t size) {
    written += size;
    if (std::fflush(file))
      die("cannot write to " + path);
    std::filesystem::resize_file(path, written);
  }
  void pad(uint64_t alignment) {
    while (written % alignment)
      number<uint8_t>(0);
  }

private:
  std::FILE *file;
  std::string path;
  uint64_t written = 0;
};

std::string configOf(const Shape &s) {
  char text[1024];
  std::snprintf(
      text, sizeof text,
      "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\","
      "\"hidden_size\":%lld,\"intermediate_size\":%lld,"
      "\"num_hidden_layers\":%lld,\"num_attention_heads\":%lld,\"num_key_value_"
      "heads\":%lld,\"head_dim\":%lld,"
      "\"vocab_size\":%lld,\"max_position_embeddings\":2048,\"rms_norm_eps\":"
      "1e-05,\"rope_theta\":10000.0,"
      "\"hidden_act\":\"silu\",\"tie_word_embeddings\":false,\"torch_dtype\":"
      "\"bfloat16\",\"bos_token_id\":1,\"eos_token_id\":2}\n",
      static_cast<long long>(s.hidden), static_cast<long long>(s.ffn),
      static_cast<long long>(s.layers), static_cast<long long>(s.heads),
      static_cast<long long>(s.kvHeads), static_cast<long long>(s.headDim),
      static_cast<long long>(s.vocab));
  return text;
}

void writeShard(const std::string &path, const std::vector<Tensor> &all,
                size_t begin, size_t end, bool empty) {
  std::string header = "{";
  uint64_t offset = 0;
  for (size_t i = begin; i < end; ++i) {
    const Tensor &t = all[i];
    uint64_t size = static_cast<uint64_t>(t.rows * t.columns) * 2;
    header += (i > begin ? ",\"" : "\"") + t.hfName +
              "\":{\"dtype\":\"BF16\",\"shape\":[" +
              (t.isVector ? "" : std::to_string(t.rows) + ",") +
              std::to_string(t.columns) + "],\"data_offsets\":[" +
              std::to_string(offset) + "," + std::to_string(offset + size) +
              "]}";
    offset += size;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  File file(path);
  file.string(header);
  if (empty)
    return file.hole(offset);
  std::vector<uint16_t> row;
  for (size_t i = begin; i < end; ++i)
    for (int64_t r = 0; r < all[i].rows; ++r) {
      makeRow(all[i], i, r, row);
      file.bytes(row.data(), row.size() * 2);
    }
}

void writeHuggingFace(const std::string &folder, const Shape &shape,
                      const std::vector<Tensor> &all, bool empty) {
  std::filesystem::create_directories(folder);
  File(folder + "/config.json").text(configOf(shape));
  constexpr int64_t kShardBytes = int64_t(1) << 30;
  std::vector<size_t> starts = {0};
  int64_t size = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    int64_t bytes = all[i].rows * all[i].columns * 2;
    if (size && size + bytes > kShardBytes) {
      starts.push_back(i);
      size = 0;
    }
    size += bytes;
  }
  std::string map;
  for (size_t shard = 0; shard < starts.size(); ++shard) {
    size_t end = shard + 1 < starts.size() ? starts[shard + 1] : all.size();
    char name[64];
    std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors",
                  shard + 1, starts.size());
    writeShard(folder + "/" + name, all, starts[shard], end, empty);
    for (size_t i = starts[shard]; i < end; ++i)
      map +=
          (map.empty() ? "\"" : ",\"") + all[i].hfName + "\":\"" + name + "\"";
  }
  File(folder + "/model.safetensors.index.json")
      .text("{\"metadata\":{},\"weight_map\":{" + map + "}}\n");
}

class GgufHeader {
public:
  explicit GgufHeader(File &file) : file(file) {}
  void u32(const char *key, uint32_t value) {
    entry(key, 4), file.number(value);
  }
  void f32(const char *key, float value) { entry(key, 6), file.number(value); }
  void text(const char *key, const std::string &value) {
    entry(key, 8), file.string(value);
  }
  void array(const char *key, uint32_t type, uint64_t count) {
    entry(key, 9), file.number(type), file.number(count);
  }

private:
  void entry(const char *key, uint32_t type) {
    file.string(key);
    file.number(type);
  }
  File &file;
};

/// A made-up SentencePiece-style vocabulary of the right form.
void writeVocabulary(File &file, GgufHeader &header, uint64_t vocab) {
  header.text("tokenizer.ggml.model", "llama");
  header.array("tokenizer.ggml.tokens", 8, vocab);
  const char *special[] = {"<unk>", "<s>", "</s>"};
  for (uint64_t id = 0; id < vocab; ++id) {
    char text[32];
    if (id < 3)
      std::snprintf(text, sizeof text, "%s", special[id]);
    else if (id < 259)
      std::snprintf(text, sizeof text, "<0x%02X>",
                    static_cast<unsigned>(id - 3));
    else
      std::snprintf(text, sizeof text, "\xe2\x96\x81t%llu",
                    static_cast<unsigned long long>(id));
    file.string(text);
  }
  header.array("tokenizer.ggml.scores", 6, vocab);
  for (uint64_t id = 0; id < vocab; ++id)
    file.number(id < 259 ? 0.0f : -static_cast<float>(id));
  header.array("tokenizer.ggml.token_type", 5, vocab);
  for (uint64_t id = 0; id < vocab; ++id)
    file.number<int32_t>(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);
  header.u32("tokenizer.ggml.bos_token_id", 1);
  header.u32("tokenizer.ggml.eos_token_id", 2);
  header.u32("tokenizer.ggml.unknown_token_id", 0);
}

void writeGguf(const std::string &path, const Shape &s,
               const std::vector<Tensor> &all) {
  File file(path);
  file.text("GGUF");
  file.number<uint32_t>(3);
  file.number<uint64_t>(all.size());
  file.number<uint64_t>(19);
  GgufHeader header(file);
  auto small = [](int64_t value) { return static_cast<uint32_t>(value); };
  header.text("general.architecture", "llama");
  header.text("general.name", "random");
  header.u32("general.file_type", 2);
  header.u32("llama.block_count", small(s.layers));
  header.u32("llama.context_length", 2048);
  header.u32("llama.embedding_length", small(s.hidden));
  header.u32("llama.feed_forward_length", small(s.ffn));
  header.u32("llama.attention.head_count", small(s.heads));
  header.u32("llama.attention.head_count_kv", small(s.kvHeads));
  header.u32("llama.rope.dimension_count", small(s.headDim));
  header.f32("llama.rope.freq_base", 10000.0f);
  header.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writeVocabulary(file, header,
                  static_cast<uint64_t>(s.vocab)); // seven entries
  uint64_t offset = 0;
  for (const Tensor &t : all) {
    file.string(t.ggufName);
    file.number<uint32_t>(t.isVector ? 1 : 2);
    file.number<uint64_t>(static_cast<uint64_t>(t.columns));
    if (!t.isVector)
      file.number<uint64_t>(static_cast<uint64_t>(t.rows));
    file.number<uint32_t>(t.isVector ? 0 : 2);
    file.number<uint64_t>(offset);
    uint64_t size = static_cast<uint64_t>(
        t.isVector ? t.columns * 4 : t.rows * t.columns / 32 * 18);
    offset += (size + 31) / 32 * 32;
  }
  std::vector<uint16_t> row;
  std::vector<uint8_t> packed;
  for (size_t i = 0; i < all.size(); ++i) {
    const Tensor &t = all[i];
    file.pad(32);
    for (int64_t r = 0; r < t.rows; ++r) {
      int64_t source = r;
      if (t.ropeHeads) { // half-split pairs (d, d + dim/2) become neighbours
        int64_t dim = t.rows / t.ropeHeads, head = r / dim, inner = r % dim;
        source = head * dim + inner / 2 + (inner % 2) * dim / 2;
      }
      makeRow(t, i, source, row);
      if (t.isVector) {
        for (uint16_t value : row)
          file.number(fromBf16(value));
      } else {
        quantizeQ4(row, packed);
        file.bytes(packed.data(), packed.size());
      }
    }
  }
  file.pad(32);
}

Shape parseShape(const std::string &text) {
  if (auto known = kShapes.find(text); known != kShapes.end())
    return known->second;
  long long v[7];
  if (std::sscanf(text.c_str(), "%lld,%lld,%lld,%lld,%lld,%lld,%lld", v, v + 1,
                  v + 2, v + 3, v + 4, v + 5, v + 6) != 7)
    die("SHAPE is S, T, 1b, 8b or "
        "layers,hidden,ffn,heads,kv_heads,head_dim,vocab");
  Shape s{v[0], v[1], v[2], v[3], v[4], v[5], v[6]};
  if (std::any_of(v, v + 7, [](long long n) { return n <= 0; }) ||
      s.hidden % 32 || s.ffn % 32)
    die("sizes must be positive, hidden and ffn multiples of 32");
  return s;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 4)
    die("usage: sinter-random-model SHAPE [--hf DIR] [--gguf FILE] "
        "[--empty-hf DIR]");
  Shape shape = parseShape(argv[1]);
  std::vector<Tensor> all = tensorsOf(shape);
  for (int i = 2; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--hf"))
      writeHuggingFace(argv[i + 1], shape, all, /*empty=*/false);
    else if (!std::strcmp(argv[i], "--empty-hf"))
      writeHuggingFace(argv[i + 1], shape, all, /*empty=*/true);
    else if (!std::strcmp(argv[i], "--gguf"))
      writeGguf(argv[i + 1], shape, all);
    else
      die(std::string("unknown option ") + argv[i]);
  }
  return 0;
}

# The reference models (../shared/data/reference) and where their agreement tests leave one bundle each, and what they
# measured with it (tests/e2e/CMakeLists.txt); cmake/agreement_table.py makes the table of docs/models.md of that.
set(SINTER_REFERENCE_MODELS falcon-40b-style falcon-7b falcon-rw-1b gemma gemma2 gemma2-27b-style gemma3 gpt2 gpt_neox
    gpt_neox-serial llama llama-3.1 llama-3.2 mistral phi-2 phi3 phi3-longrope qwen2 qwen3 stablelm-2-1.6b
    stablelm-2-12b-style stablelm-3b)
set(SINTER_AGREEMENT ${CMAKE_BINARY_DIR}/agreement)

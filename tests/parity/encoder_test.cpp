// SPDX-License-Identifier: Apache-2.0
// Text encoders against what Hugging Face transformers computes in float32
// (tests/data/goldens/encoders), whose batch rows are padded to one length.
#include "models/compile/encoder_model.h"
#include "models/convert/encoder_to_gguf.h"
#include "models/convert/to_folder.h"
#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/decode.h"
#include "models/formats/gguf/encode.h"
#include "models/formats/gguf/writer.h"
#include "models/formats/json_file.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"
#include "tests/parity/reference.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace ashlar {
namespace {

namespace fs = std::filesystem;
using test::kTolerance;
using test::nmse;
using test::Reference;
using testing::HasSubstr;
using testing::ThrowsMessage;

fs::path golden(const std::string& name) {
  return fs::path(ASHLAR_TEST_DATA) / "goldens/encoders" / name;
}

// The golden's rows, without their padding.
std::vector<EncoderInput> inputs_of(const Reference& reference) {
  const auto ids = reference.rows("input_ids"), types = reference.rows("token_type_ids"),
             masks = reference.rows("attention_mask");
  std::vector<EncoderInput> inputs;
  for (std::size_t row = 0; row < ids.size(); ++row) {
    const auto count = std::ranges::count(masks[row], 1);
    inputs.push_back({{ids[row].begin(), ids[row].begin() + count},
                      {types[row].begin(), types[row].begin() + count}});
  }
  return inputs;
}

// Hidden states of one row's tokens, without its padding.
std::vector<float> hidden_of(const Reference& reference, std::size_t row, std::size_t tokens) {
  const std::vector<float> all = reference.floats("last_hidden_state");
  const auto& shape = reference.info("last_hidden_state").shape;
  const auto stride = static_cast<std::size_t>(shape.dim(1) * shape.dim(2));
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(row * stride);
  return {begin,
          begin + static_cast<std::ptrdiff_t>(tokens * static_cast<std::size_t>(shape.dim(2)))};
}

// Of hidden states [tokens, width], in double.
std::vector<float> pooled(const std::vector<float>& hidden, std::size_t width, Pooling pooling,
                          bool normalize) {
  std::vector<double> sums(width);
  const std::size_t tokens = pooling == Pooling::cls ? 1 : hidden.size() / width;
  for (std::size_t i = 0; i < tokens * width; ++i)
    sums[i % width] += hidden[i] / static_cast<double>(tokens);
  double length = 0;
  for (const double sum : sums)
    length += sum * sum;
  for (double& sum : sums)
    sum /= normalize ? std::sqrt(length) : 1;
  return {sums.begin(), sums.end()};
}

TEST(Encoder, HiddenStatesOfRowsOfUnequalLength) {
  const Reference reference(golden("bert") / "expected.safetensors");
  const auto inputs = inputs_of(reference);
  EncoderModel model(
      golden("bert"),
      {.output = EncoderOutput::hidden_states, .dtype = DType::f32, .batch = 2, .sizes = {20, 32}});
  const auto rows = model.run(inputs);
  ASSERT_EQ(rows.size(), 2u);
  ASSERT_NE(rows[0].size(), rows[1].size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto expected = hidden_of(reference, row, inputs[row].ids.size());
    ASSERT_EQ(rows[row].size(), expected.size());
    EXPECT_LE(nmse(rows[row], expected), kTolerance) << row;
  }
}

TEST(Encoder, EmbeddingsArePooledAndNormalised) {
  const Reference reference(golden("bert") / "expected.safetensors");
  const auto inputs = inputs_of(reference);
  struct Case {
    Pooling pooling;
    bool normalize;
    std::int64_t batch;  // three: rows of padding beside ours; one: several passes
  };
  for (const Case& c : {Case{Pooling::mean, true, 3}, Case{Pooling::cls, false, 1}}) {
    EncoderModel model(golden("bert"), {.pooling = c.pooling,
                                        .normalize = c.normalize,
                                        .dtype = DType::f32,
                                        .batch = c.batch,
                                        .sizes = {24}});
    EXPECT_EQ(model.output(), EncoderOutput::embedding);
    const auto rows = model.run(inputs);
    ASSERT_EQ(rows.size(), inputs.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto hidden = hidden_of(reference, row, inputs[row].ids.size());
      const auto expected = pooled(hidden, rows[row].size(), c.pooling, c.normalize);
      EXPECT_LE(nmse(rows[row], expected), kTolerance) << row;
    }
  }
}

// The golden as a GGUF file, whose layer matrices are of this type; or are decoded again.
void write_gguf_of(const fs::path& folder, const fs::path& out, gguf::BlockType type,
                   bool decoded = false) {
  const auto file = SafetensorsFile::open(folder / "model.safetensors");
  const gguf::Architecture& architecture = gguf::find_architecture("bert", "test");
  std::vector<gguf::TensorToWrite> tensors;
  for (const TensorInfo& info : file.tensors()) {
    if (info.name.starts_with("pooler."))
      continue;  // files leave it out
    const bool is_packed = info.shape.rank() == 2 && info.name.starts_with("encoder.");
    const gguf::BlockType own = is_packed ? type : gguf::BlockType::f32;
    const auto data = [&file, &info, own, decoded] {
      std::vector<float> numbers = to_floats(info, file.data(info));
      std::vector<std::byte> bytes(*gguf::stored_bytes(own, info.shape));
      gguf::encode(own, numbers, bytes);
      if (!decoded)
        return bytes;
      gguf::decode(own, bytes, numbers);
      const auto floats = std::as_bytes(std::span(numbers));
      return std::vector<std::byte>(floats.begin(), floats.end());
    };
    tensors.push_back({gguf::gguf_name(architecture, info.name).value(),
                       decoded ? gguf::BlockType::f32 : own, info.shape, data});
  }
  const gguf::Metadata metadata{{"general.architecture", std::string("bert")},
                                {"bert.block_count", std::uint32_t{3}},
                                {"bert.context_length", std::uint32_t{128}},
                                {"bert.embedding_length", std::uint32_t{64}},
                                {"bert.feed_forward_length", std::uint32_t{128}},
                                {"bert.attention.head_count", std::uint32_t{4}},
                                {"bert.attention.layer_norm_epsilon", 1e-12f},
                                {"bert.attention.causal", false},
                                {"bert.pooling_type", std::uint32_t{2}}};
  gguf::write(out, metadata, tensors);
}

TEST(Encoder, OfGgufIsThatOfTheFolder) {
  const Reference reference(golden("bert") / "expected.safetensors");
  const auto inputs = inputs_of(reference);
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "model.gguf";
  const auto states_of_file = [&] {
    return EncoderModel(path, {.output = EncoderOutput::hidden_states,
                               .dtype = DType::f32,
                               .batch = 2,
                               .sizes = {24}})
        .run(inputs);
  };
  write_gguf_of(golden("bert"), path, gguf::BlockType::f32);
  const auto rows = states_of_file();
  for (std::size_t row = 0; row < rows.size(); ++row)
    EXPECT_LE(nmse(rows[row], hidden_of(reference, row, inputs[row].ids.size())), kTolerance);
  // The first token, of length 1.
  EncoderModel model(path, {.dtype = DType::f32, .sizes = {24}});
  const auto embedding = model.run(inputs).front();
  const auto hidden = hidden_of(reference, 0, inputs[0].ids.size());
  EXPECT_LE(nmse(embedding, pooled(hidden, embedding.size(), Pooling::cls, true)), kTolerance);

  write_gguf_of(golden("bert"), path, gguf::BlockType::q8_0);
  const auto packed = states_of_file();
  write_gguf_of(golden("bert"), path, gguf::BlockType::q8_0, /*decoded=*/true);
  const auto decoded = states_of_file();
  for (std::size_t row = 0; row < packed.size(); ++row)
    EXPECT_LE(nmse(packed[row], decoded[row]), kTolerance);
}

// The golden as RoBERTa stores such a model: other names, and two more rows of positions.
fs::path as_roberta(const std::string& name, const test::TemporaryFolder& folder) {
  const auto file = SafetensorsFile::open(golden(name) / "model.safetensors");
  constexpr std::string_view kPositions = "embeddings.position_embeddings.weight";
  std::vector<std::byte> positions;
  std::vector<TensorToWrite> tensors;
  for (const TensorInfo& info : file.tensors()) {
    std::string renamed = info.name;
    for (const auto& [from, to] : {std::pair("bert.pooler.dense.", "classifier.dense."),
                                   {"classifier.", "classifier.out_proj."},
                                   {"bert.", "roberta."}})
      if (renamed.starts_with(from)) {
        renamed.replace(0, std::string_view(from).size(), to);
        break;
      }
    tensors.push_back({renamed, info.type, info.shape, file.data(info)});
    if (!renamed.ends_with(kPositions))
      continue;
    const auto data = file.data(info);
    positions.assign(2 * data.size() / static_cast<std::size_t>(info.shape.dim(0)), std::byte{64});
    positions.insert(positions.end(), data.begin(), data.end());
    tensors.back().shape = {info.shape.dim(0) + 2, info.shape.dim(1)};
    tensors.back().data = positions;
  }
  write_safetensors(folder.path() / "model.safetensors", std::move(tensors));
  nlohmann::json config = read_json_file(golden(name) / "config.json");
  config["model_type"] = "xlm-roberta";
  config["pad_token_id"] = 1;
  config["max_position_embeddings"] = config["max_position_embeddings"].get<int>() + 2;
  for (nlohmann::json& architecture : config["architectures"])
    architecture = "XLMRoberta" + architecture.get<std::string>().substr(4);
  folder.write("config.json", config.dump());
  return folder.path();
}

// Through the file and back into a folder, which is as the first one.
TEST(Encoder, ConvertsToGgufAndBack) {
  for (const std::string name : {"bert", "bert_reranker"}) {
    const auto inputs = inputs_of(Reference(golden(name) / "expected.safetensors"));
    const test::TemporaryFolder folder;
    const fs::path file = folder.path() / "model.gguf", back = folder.path() / "back",
                   wide = folder.path() / "wide";
    const auto rows_of = [&](const fs::path& path) {
      return EncoderModel(path, {.batch = 2, .sizes = {24}}).run(inputs);  // of its own type
    };
    write_encoder_gguf(*open_encoder(golden(name)), file, find_gguf_recipe("bf16"));
    write_folder(file, back, {});
    write_folder(back, wide, {.dtype = DType::f32});
    const auto rows = rows_of(golden(name));
    for (const fs::path& path : {file, back})
      EXPECT_EQ(rows_of(path), rows) << path;
    const auto wide_rows = rows_of(wide);  // activations in f32 instead of bf16
    for (std::size_t row = 0; row < rows.size(); ++row)
      EXPECT_LE(nmse(wide_rows[row], rows[row]), 1e-3);
    EXPECT_TRUE(is_encoder(file));
    EXPECT_TRUE(is_encoder(back));
  }
}

// RoBERTa's classifier and table of positions become BERT's.
TEST(Encoder, RobertaConvertsToGguf) {
  const test::TemporaryFolder folder, out;
  const auto inputs = inputs_of(Reference(golden("bert_reranker") / "expected.safetensors"));
  const fs::path roberta = as_roberta("bert_reranker", folder), file = out.path() / "model.gguf";
  write_encoder_gguf(*open_encoder(roberta), file, find_gguf_recipe("bf16"));
  const auto rows_of = [&](const fs::path& path) {
    return EncoderModel(path, {.dtype = DType::f32, .batch = 2, .sizes = {24}}).run(inputs);
  };
  EXPECT_EQ(rows_of(file), rows_of(roberta));
}

// BERT's own checkpoints call the weights of norms so.
TEST(Encoder, ReadsNormsByTheirOldNames) {
  const auto inputs = inputs_of(Reference(golden("bert") / "expected.safetensors"));
  const test::TemporaryFolder folder;
  const auto file = SafetensorsFile::open(golden("bert") / "model.safetensors");
  std::vector<TensorToWrite> tensors;
  for (const TensorInfo& info : file.tensors()) {
    std::string name = info.name;
    for (const auto& [now, once] :
         {std::pair("LayerNorm.weight", "LayerNorm.gamma"), {"LayerNorm.bias", "LayerNorm.beta"}})
      if (name.ends_with(now))
        name.replace(name.rfind("LayerNorm"), name.npos, once);
    tensors.push_back({name, info.type, info.shape, file.data(info)});
  }
  write_safetensors(folder.path() / "model.safetensors", std::move(tensors));
  fs::copy_file(golden("bert") / "config.json", folder.path() / "config.json");
  const auto rows_of = [&](const fs::path& path) {
    return EncoderModel(path, {.dtype = DType::f32, .batch = 2, .sizes = {24}}).run(inputs);
  };
  EXPECT_EQ(rows_of(folder.path()), rows_of(golden("bert")));
  write_encoder_gguf(*open_encoder(folder.path()), folder.path() / "model.gguf",
                     find_gguf_recipe("bf16"));
  EXPECT_EQ(rows_of(folder.path() / "model.gguf"), rows_of(golden("bert")));
}

TEST(Encoder, ScoresOfPairs) {
  const Reference reference(golden("bert_reranker") / "expected.safetensors");
  EncoderModel model(golden("bert_reranker"), {.dtype = DType::f32, .batch = 2, .sizes = {24}});
  EXPECT_EQ(model.output(), EncoderOutput::scores);
  std::vector<float> scores;
  for (const auto& row : model.run(inputs_of(reference)))
    scores.insert(scores.end(), row.begin(), row.end());
  const std::vector<float> expected = reference.floats("logits");
  ASSERT_EQ(scores.size(), expected.size());
  EXPECT_LE(nmse(scores, expected), kTolerance);
}

TEST(Encoder, RobertaDiffersInNamesAndPositions) {
  const test::TemporaryFolder plain, classifier;
  const Reference hidden(golden("bert") / "expected.safetensors"),
      scored(golden("bert_reranker") / "expected.safetensors");
  EncoderModel encoder(
      as_roberta("bert", plain),
      {.output = EncoderOutput::hidden_states, .dtype = DType::f32, .batch = 2, .sizes = {32}});
  const auto inputs = inputs_of(hidden);
  const auto rows = encoder.run(inputs);
  for (std::size_t row = 0; row < rows.size(); ++row)
    EXPECT_LE(nmse(rows[row], hidden_of(hidden, row, inputs[row].ids.size())), kTolerance) << row;

  EncoderModel scorer(as_roberta("bert_reranker", classifier),
                      {.dtype = DType::f32, .batch = 2, .sizes = {24}});
  std::vector<float> scores;
  for (const auto& row : scorer.run(inputs_of(scored)))
    scores.insert(scores.end(), row.begin(), row.end());
  EXPECT_LE(nmse(scores, scored.floats("logits")), kTolerance);
}

TEST(Encoder, RefusesWhatItCannotRun) {
  EncoderModel model(golden("bert"), {.batch = 1, .sizes = {512}});
  const auto run = [&](EncoderInput input) { return [&model, input] { model.run({{input}}); }; };
  EXPECT_THAT(run({{}, {}}), ThrowsMessage<InvalidArgument>(HasSubstr("expected 1 to 128 tokens")));
  EXPECT_THAT(run({std::vector<std::int32_t>(129, 1), std::vector<std::int32_t>(129, 0)}),
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 1 to 128 tokens, got 129")));
  EXPECT_THAT(run({{1, 256}, {0, 0}}),
              ThrowsMessage<InvalidArgument>(HasSubstr("id: expected less than 256, got 256")));
  EXPECT_THAT(run({{1, 2}, {0, 2}}),
              ThrowsMessage<InvalidArgument>(HasSubstr("token type: expected less than 2, got 2")));
  EXPECT_THAT(run({{1, 2}, {0}}),
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 2 token types, got 1")));
  EXPECT_THAT([&] { model.tokenize("a"); }, ThrowsMessage<IoError>(HasSubstr("has no tokenizer")));
  EXPECT_THAT([] { EncoderModel(golden("bert"), {.output = EncoderOutput::scores}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("the checkpoint has no classifier")));
  for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{}, {0}, {8, 8}})
    EXPECT_THAT([&] { EncoderModel(golden("bert"), {.sizes = sizes}); },
                ThrowsMessage<InvalidArgument>(HasSubstr("positive and ascending")));
}

// A folder in the layout of sentence-transformers, with a tokenizer of single bytes.
TEST(Encoder, TokenizesCutsAndPoolsAsTheFolderSays) {
  const test::TemporaryFolder folder;
  for (const char* name : {"config.json", "model.safetensors"})
    fs::copy_file(golden("bert") / name, folder.path() / name);
  folder.write("tokenizer.json", R"({"version":"1.0","model":{"type":"BPE","merges":[],
      "vocab":{"a":10,"b":11,"c":12,"d":13}},"added_tokens":[
      {"id":2,"content":"[CLS]","special":true},{"id":3,"content":"[SEP]","special":true}],
      "post_processor":{"type":"BertProcessing","cls":["[CLS]",2],"sep":["[SEP]",3]}})");
  folder.write("sentence_bert_config.json", R"({"max_seq_length":5})");
  folder.write("modules.json", R"([{"path":"","type":"sentence_transformers.models.Transformer"},
      {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
      {"path":"2_Normalize","type":"sentence_transformers.models.Normalize"}])");
  fs::create_directory(folder.path() / "1_Pooling");
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token":true})");
  EncoderModel model(folder.path(), {.dtype = DType::f32, .batch = 1, .sizes = {16}});
  EXPECT_EQ(model.max_tokens(), 5);
  EXPECT_EQ(model.tokenize("ab").ids, (std::vector<std::int32_t>{2, 10, 11, 3}));
  const EncoderInput cut = model.tokenize("abcd");
  EXPECT_EQ(cut.ids, (std::vector<std::int32_t>{2, 10, 11, 12, 3}));
  const EncoderInput pair = model.tokenize("ab", "cd");
  EXPECT_EQ(pair.ids, (std::vector<std::int32_t>{2, 10, 3, 12, 3}));
  EXPECT_EQ(pair.type_ids, (std::vector<std::int32_t>{0, 0, 0, 1, 1}));

  EncoderModel plain(
      folder.path(),
      {.output = EncoderOutput::hidden_states, .dtype = DType::f32, .batch = 1, .sizes = {16}});
  const std::vector<float> hidden = plain.run({{cut}}).front();
  const std::vector<float> embedding = model.run({{cut}}).front();
  EXPECT_LE(nmse(embedding, pooled(hidden, embedding.size(), Pooling::cls, true)), kTolerance);
}

}  // namespace
}  // namespace ashlar

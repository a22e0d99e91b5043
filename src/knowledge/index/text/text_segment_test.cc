// Segments: merged as built, refused where damaged, kernels that agree.
#include <gtest/gtest.h>

#include "knowledge/index/text/posting_kernels.h"
#include "knowledge/index/text/segment_format.h"
#include "knowledge/index/text/text_testing.h"

namespace atelier {
namespace {

TEST(TextSegment, MergeIsWhatABuilderMakesOfTheKeptRecords) {
  std::mt19937 random(2);
  const Analyzer analyzer = Make("none");
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<Stored>> stored;
    std::vector<Bitmap> keeps;
    std::vector<Texts> kept;
    for (int s = 0; s < 1 + round; ++s) {
      const std::vector<Texts> records = RandomRecords(random, random() % 400);
      stored.push_back(std::make_unique<Stored>(Build(analyzer, TwoFields(), records)));
      keeps.emplace_back(static_cast<uint32_t>(records.size()));
      for (uint32_t r = 0; r < records.size(); ++r) {
        if (s % 2 == 1 && random() % 4 == 0) continue;
        keeps.back().Add(r);
        kept.push_back(records[r]);
      }
    }
    std::vector<TextMergeInput> inputs;
    for (size_t s = 0; s < stored.size(); ++s) {
      inputs.push_back({stored[s]->segment.get(), s % 2 == 0 ? nullptr : &keeps[s]});
    }
    const Result<std::string> merged = MergeTextSegments(inputs);
    ASSERT_TRUE(merged.ok());
    EXPECT_TRUE(*merged == Build(analyzer, TwoFields(), kept));
  }
}

TEST(TextSegment, ABuilderIsEmptyAfterFinish) {
  const Analyzer analyzer = Make("en");
  TextSegmentBuilder builder(analyzer, TwoFields());
  AddRecord(builder, {"some text", "a title"});
  const std::string first = builder.Finish();
  EXPECT_EQ(builder.num_records(), 0u);
  const Stored empty(builder.Finish());
  EXPECT_EQ(empty.segment->num_records(), 0u);
  AddRecord(builder, {"some text", "a title"});
  EXPECT_TRUE(builder.Finish() == first);
}

TEST(TextSegment, ManyWindowsScoreAsOne) {
  // 140,000 records are three windows; the same records in small segments have one each.
  const Analyzer analyzer = Make("none");
  std::mt19937 random(9);
  const TextSchema schema;
  TextSegmentBuilder large(analyzer, schema), small(analyzer, schema);
  std::vector<std::unique_ptr<Stored>> stored;
  std::vector<TextPart> parts;
  std::vector<TextMergeInput> inputs;
  for (uint32_t r = 0; r < 140'000; ++r) {
    const Texts texts = {RandomText(random, 1 + static_cast<int>(random() % 4))};
    AddRecord(large, texts);
    AddRecord(small, texts);
    if (r % 50'000 != 49'999 && r != 139'999) continue;
    stored.push_back(std::make_unique<Stored>(small.Finish()));
    parts.push_back({stored.back()->segment.get(), nullptr});
    inputs.push_back({stored.back()->segment.get(), nullptr});
  }
  const std::string bytes = large.Finish();
  EXPECT_TRUE(*MergeTextSegments(inputs) == bytes);
  const Stored one(bytes);
  const TextView by_parts(parts), whole({{one.segment.get(), nullptr}});
  for (const char* text : {"w1 w5 w2000", "\"w0 w1\"", "w29* -w0", "+w3 w0"}) {
    const TextQuery query = ParseTextQuery(text, analyzer, schema);
    const TextHits got = by_parts.Search(query), want = whole.Search(query);
    EXPECT_EQ(got.num_matching, want.num_matching) << text;
    ASSERT_EQ(got.hits.size(), want.hits.size()) << text;
    for (size_t i = 0; i < got.hits.size(); ++i) {
      EXPECT_EQ(got.hits[i].part * 50'000 + got.hits[i].record, want.hits[i].record) << text;
      EXPECT_EQ(got.hits[i].score, want.hits[i].score) << text;
    }
  }
}

TEST(TextSegment, AnyFlippedByteIsRefused) {
  std::mt19937 random(4);
  const Analyzer analyzer = Make("none");
  const std::string bytes = Build(analyzer, TwoFields(), RandomRecords(random, 30));
  int num_tail = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << (at % 8));
    const std::vector<uint64_t> words = WordsOf(damaged);
    const auto opened = TextSegment::Open({reinterpret_cast<const std::byte*>(words.data()), damaged.size()});
    num_tail += opened.ok();  // only zeros between and after sections, which nobody reads for what they say
    if (!opened.ok()) {
      EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
    }
  }
  EXPECT_LE(num_tail, static_cast<int>(kTailBytes + kNumSections * 8));
  for (size_t size = 0; size < bytes.size(); size += 7) {
    const std::vector<uint64_t> words = WordsOf(bytes);
    EXPECT_FALSE(TextSegment::Open({reinterpret_cast<const std::byte*>(words.data()), size}).ok());
  }
}

TEST(TextSegment, DamageBehindRightChecksumsIsOnlyNonsense) {
  std::mt19937 random(6);
  const Analyzer analyzer = Make("none");
  const std::string bytes = Build(analyzer, TwoFields(), RandomRecords(random, 300));
  for (int round = 0; round < 150; ++round) {
    std::string damaged = bytes;
    // Half of the damage in the small sections before the postings, where it does most.
    const size_t within = round % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 3000);
    for (int i = 0; i < 1 + round % 5; ++i) damaged[random() % within] = static_cast<char>(random());
    UseHostileSegment(damaged, analyzer);
  }
}

// Random packed blocks, of every width, with their 64 bytes to spare.
TEST(PostingKernels, AllVersionsAgreeBitForBit) {
  const PostingKernels* fast = Avx512PostingKernels();
  if (fast == nullptr) GTEST_SKIP() << "no AVX-512 here";
  const PostingKernels& plain = PlainPostingKernels();
  std::mt19937 random(8);
  for (int round = 0; round < 400; ++round) {
    PostingBlock block;
    block.first = random() % 60'000;
    block.count = 1 + random() % 128;
    block.record_bits = static_cast<int>(random() % 17);
    block.shape_bits = static_cast<int>(random() % (round % 2 == 0 ? 5 : 26));
    std::vector<uint8_t> bytes(2000);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    block.records = bytes.data();
    block.shapes = bytes.data() + 300;
    bytes[0] = 0;
    const uint32_t num_records = 65'536, num_shapes = 1 + random() % 40;
    std::vector<float> lengths(num_records), frequencies(num_shapes), a(num_records), b(num_records);
    for (float& length : lengths) length = static_cast<float>(random() % 300);
    for (float& frequency : frequencies) frequency = static_cast<float>(random() % 9);
    const TermScoring term{3.5f, 0.3f, 0.01f, frequencies.data(), num_shapes, lengths.data(), num_records};
    uint32_t x[128] = {}, y[128] = {};
    plain.unpack_records(block, num_records, x);
    fast->unpack_records(block, num_records, y);
    EXPECT_TRUE(std::equal(x, x + 128, y));
    const uint32_t wanted = random() % 65'536, from = random() % block.count;
    EXPECT_EQ(plain.first_at_least(x, from, block.count, wanted), fast->first_at_least(x, from, block.count, wanted));
    std::vector<uint64_t> bits(1024);
    for (uint64_t& word : bits) word = random() * uint64_t{0x9E3779B97F4A7C15u};
    uint32_t selected[128], selected_fast[128];
    const uint32_t num_selected = plain.select(x, block.count, bits.data(), selected);
    ASSERT_EQ(fast->select(x, block.count, bits.data(), selected_fast), num_selected);
    EXPECT_TRUE(std::equal(selected, selected + num_selected, selected_fast));
    plain.unpack_shapes(block, num_shapes, x);
    fast->unpack_shapes(block, num_shapes, y);
    EXPECT_TRUE(std::equal(x, x + 128, y));
    if (block.record_bits > 8) continue;  // else many are taken for the last record, which a segment of ours has once
    block.first = 1000;
    plain.add_scores(block, term, a.data());
    fast->add_scores(block, term, b.data());
    EXPECT_EQ(a, b);
    std::vector<uint32_t> found(num_records + 16), found_fast(num_records + 16);
    std::vector<float> scores(num_records + 16), scores_fast(num_records + 16);
    std::vector<uint64_t> allowed(1024);
    for (uint64_t& word : allowed) word = random() * uint64_t{0x9E3779B97F4A7C15u};
    ScoreScan scan{a.data(), 0, num_records, allowed.data(), nullptr, 1.0f, found.data(), scores.data(), 0, 0};
    ScoreScan scan_fast{b.data(), 0, num_records, allowed.data(), nullptr, 1.0f, found_fast.data(), scores_fast.data(),
                        0,        0};
    plain.scan(scan);
    fast->scan(scan_fast);
    EXPECT_EQ(scan.num_matching, scan_fast.num_matching);
    ASSERT_EQ(scan.num_found, scan_fast.num_found);
    EXPECT_TRUE(std::equal(found.begin(), found.begin() + scan.num_found, found_fast.begin()));
    EXPECT_TRUE(std::equal(scores.begin(), scores.begin() + scan.num_found, scores_fast.begin()));
    EXPECT_EQ(a, b);
  }
}

}  // namespace
}  // namespace atelier

// A log file with anything in it, and a commit with anything in it. The first byte says which; an even one also repeats
// the input behind a good frame.
#include <cstdint>

#include "base/check.h"
#include "base/io/sim_files.h"
#include "knowledge/index/index_batch.h"
#include "knowledge/index/index_testing.h"
#include "knowledge/index/write_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view content = input.substr(1);
  const IndexSchema schema = TestSchema();
  if (const auto batches = DecodeCommit(content, schema); batches.ok()) {
    std::string encoded;
    for (const IndexBatch& batch : *batches) {
      encoded = EncodeBatch(batch, schema);
      const std::string_view one = encoded;
      CHECK(DecodeCommit(EncodeCommit(std::span(&one, 1)), schema).ok());
    }
  }
  SimFiles files;
  CHECK(files.MakeFolders("/x").ok());
  int64_t at = 0;
  if (input[0] % 2 == 0) {
    WriteLog log(files, "/x", 1, 1);
    CHECK(log.Append("good").ok());
    at = log.bytes();
  }
  auto file = files.Open("/x/" + LogFileName(1), FileMode::kUpdate).value();
  CHECK(file->WriteAt(at, std::as_bytes(std::span(content))).ok());
  int64_t num_good = 0;
  const auto replay = ReplayLogs(files, "/x", 1, 1, [&num_good](std::string_view payload) -> Result<void> {
    num_good += payload == "good" ? 1 : 0;
    return {};
  });
  CHECK(replay.ok() && (at == 0 || num_good >= 1));
  return 0;
}

#include "app/corpus_reembed.h"

#include "app/corpus_library.h"
#include "app/corpus_tools.h"
#include "app/vector_size.h"
#include "knowledge/corpus/corpus_record.h"

namespace atelier {
namespace {

// The index that an earlier run has begun for this schema, or a new one. Others are removed.
Result<std::unique_ptr<HybridIndex>> OpenTarget(Files& files, IndexChange& change, const IndexSchema& schema) {
  for (const std::string& left : change.left) {
    auto open = HybridIndex::Open(files, left, schema);
    if (open.ok()) {
      change.fresh = left;
      return open;
    }
    TRY_VOID(RemoveTree(files, left));
  }
  return HybridIndex::Open(files, change.fresh, schema);
}

}  // namespace

Task<Result<ReembedReport>> ReembedCorpus(Call call, App& app, std::string name, std::string embedder,
                                          std::function<void(const ReembedProgress&)> on_progress) {
  Files& files = Files::Real();
  CorpusLibrary& library = app.corpora();
  CO_TRY(const std::shared_ptr<OpenedCorpus> old, library.ReadAsMade(name));
  CO_TRY(IndexChange change, library.BeginChange(name, CorpusCapability::kReembedding));
  if (!change.made) co_return Error::NotFound("corpus", name + " was removed");
  MadeCorpus made = *change.made;
  made.config.embedder = embedder;
  CO_TRY(const std::optional<ModelListing> model, EmbedderFor(app, made.config));
  made.config.embedder = model ? model->id : "none";
  CO_TRY(made.dimensions, co_await VectorSizeOf(call, app, model));
  if (made.config.embedder == change.made->config.embedder) {
    co_return Error::Conflict("embedder", "got " + made.config.embedder + ", which corpus " + name + " has already");
  }
  CO_TRY(PreparationTools tools, ToolsFor(app, made.config));
  const PreparationConfig config = PreparationFor(made.config);
  const IndexSchema schema = CorpusSchema(config.embedder, made.dimensions, made.config.language);
  auto open = [&] { return OpenTarget(files, change, schema); };
  auto opening = OnPool(*tools.pool, open);
  CO_TRY(std::unique_ptr<HybridIndex> target, co_await opening);
  ReembedReport report;
  report.embedder = made.config.embedder;
  CO_TRY(report.num_kept, target->Count({}, {}));
  CO_TRY(const HybridIndex* const source_index, old->Index(CorpusCapability::kReembedding));
  const HybridIndex& source = *source_index;
  CO_TRY(report.num_records, co_await ReembedDifferences(call, source, *target, config, tools, on_progress));
  CO_TRY(const std::shared_ptr<const void> no_writers, KeepWritersOut(files, name, change.old_index));
  CO_TRY(const int64_t num_last, co_await ReembedDifferences(call, source, *target, config, tools, on_progress));
  report.num_records += num_last;
  auto exchange = [&]() -> Result<void> {
    target.reset();  // whatever it holds in memory is in its log
    return library.Exchange(change, change.fresh, made);
  };
  auto exchanging = OnPool(*tools.pool, exchange);
  CO_TRY_VOID(co_await exchanging);
  co_return report;
}

}  // namespace atelier

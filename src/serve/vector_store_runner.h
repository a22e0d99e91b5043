// Reads the files of vector stores in the background: a few at a time, oldest first, at the lowest priority. A file
// that a crash or a drain interrupted is read again; whatever was removed or has expired leaves the disk here too.
// Lives on the App's loop.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "app/app.h"
#include "app/vector_stores.h"
#include "base/task/call.h"
#include "base/task/stream.h"
#include "base/task/task.h"

namespace atelier {

class VectorStoreRunner : public std::enable_shared_from_this<VectorStoreRunner> {
 public:
  // The App must outlive the runner's work.
  explicit VectorStoreRunner(App& app);

  // Runs until told to stop, then until nothing is under way.
  Task<void> Run(Call call);

 private:
  // A version of a file in a store.
  using Work = std::pair<std::pair<std::string, std::string>, int64_t>;

  Task<void> Read(VectorStoreFile file);
  Task<void> Begin();
  void LookAgain();

  App& app_;
  std::shared_ptr<Channel<int>> wake_;
  std::stop_token stop_;
  std::set<Work> running_;
};

}  // namespace atelier

// gumbo's tree of a page, in an arena that ends with it.
#pragma once

#include <gumbo.h>

#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace atelier {

class HtmlTree {
 public:
  // `html` outlives the tree. Errors: kTooLarge (the tree needs more than some 60 bytes a byte), kTimeout.
  static Result<HtmlTree> Parse(std::string_view html, std::chrono::milliseconds time);
  HtmlTree(HtmlTree&&) noexcept;
  HtmlTree& operator=(HtmlTree&&) noexcept;
  ~HtmlTree();

  const GumboNode* root() const { return root_; }

  class Arena;

 private:
  HtmlTree(std::unique_ptr<Arena> arena, const GumboNode* root);
  std::unique_ptr<Arena> arena_;
  const GumboNode* root_;
};

}  // namespace atelier

// TextStream turns the tokens of one choice into text, and watches for stop strings, which may begin and end inside of
// tokens. Text that could still become a stop string waits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace atelier {

// Finds the earliest of some strings in a text that comes in pieces.
class StopFinder {
 public:
  // `include`: a match is given out before the end.
  StopFinder(std::vector<std::string> stops, bool include) : stops_(std::move(stops)), include_(include) {}

  struct Step {
    std::string text;                 // to give out now
    std::optional<std::string> stop;  // what matched: the text ends here
  };
  // `watch`: whether a match may end the text now; else everything passes.   COST O(piece * stops).
  Step Push(std::string_view piece, bool watch);
  // What still waits.
  std::string Flush() { return std::exchange(waiting_, {}); }

 private:
  // How many bytes at the end of waiting_ could be the beginning of a stop string.
  size_t NumHeld() const;

  std::vector<std::string> stops_;
  bool include_;
  std::string waiting_;
};

class TextStream {
 public:
  // `last_prompt_token`: what the text continues (SentencePiece drops a leading space at the start of a text only); -1:
  // nothing. `tokenizer` may be null: then there is no text.
  TextStream(const Tokenizer* tokenizer, const DecodeOptions& options, int32_t last_prompt_token,
             std::vector<std::string> stops, bool include_stop);

  // The text that `token` completes.
  StopFinder::Step Push(int32_t token, bool watch_stops);
  // What still waits: bytes of an unfinished character become U+FFFD.
  std::string Flush();

 private:
  std::optional<Detokenizer> detokenizer_;
  StopFinder stops_;
};

}  // namespace atelier

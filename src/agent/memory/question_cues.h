// What the wording of a question says about the turns that answer it, apart from its topic: who said it, when, and
// whether the answer is a time or a number. English words; in other languages there are no cues, and nothing is lost
// but their help.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

// A day, a month or a year that a question names; 0: it does not say.
struct NamedDate {
  int year = 0, month = 0, day = 0;
  bool operator==(const NamedDate&) const = default;
};

struct QuestionCues {
  std::vector<std::string> speakers;  // whom it names, of those there are
  std::vector<NamedDate> dates;
  bool asks_when = false;    // the answer is a date or a length of time
  bool asks_number = false;  // how many, how much, how old
  bool asks_now = false;     // about what is so by now: the newest counts
};

QuestionCues ReadQuestionCues(std::string_view question, const std::vector<std::string>& speakers);

// Whether a turn says when: "yesterday", "last week", "in 2019", "on Friday", "for three years".
bool SaysWhen(std::string_view text);
// Whether it has a number, in digits or in words.
bool SaysNumber(std::string_view text);
// Whether it asks, and so tells little: it ends with a question mark.
bool Asks(std::string_view text);

// How well a turn that was said at `said_ms` (since 1970, 0: nobody knows) fits what a question says of the time, in
// [0, 1]: people tell of a day on that day or soon after.
double DateFit(const std::vector<NamedDate>& dates, int64_t said_ms);

}  // namespace atelier

#include "agent/memory/question_cues.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include "base/text/unicode.h"

namespace atelier {
namespace {

namespace chr = std::chrono;

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::string_view kTimeWords[] = {
    "yesterday", "today",     "tonight", "tomorrow", "ago",      "monday",   "tuesday",     "wednesday", "thursday",
    "friday",    "saturday",  "sunday",  "weekend",  "january",  "february", "april",       "june",      "july",
    "august",    "september", "october", "november", "december", "birthday", "anniversary", "christmas"};
// After one of kBefore they say when.
constexpr std::string_view kUnits[] = {"day",   "days", "week",    "weeks",   "month",  "months", "year",   "years",
                                       "night", "time", "summer",  "winter",  "spring", "fall",   "autumn", "morning",
                                       "hours", "hour", "minutes", "evening", "decade", "march",  "may"};
constexpr std::string_view kBefore[] = {"last", "next", "this",  "past", "few",  "couple", "every", "since",
                                        "in",   "two",  "three", "four", "five", "six",    "seven", "eight",
                                        "nine", "ten",  "a",     "an",   "one",  "the",    "for"};
constexpr std::string_view kNumbers[] = {
    "two",   "three",  "four",  "five",    "six",   "seven",  "eight", "nine",   "ten",   "eleven",  "twelve",  "once",
    "twice", "couple", "dozen", "several", "first", "second", "third", "fourth", "fifth", "hundred", "thousand"};
constexpr std::string_view kNow[] = {"now",    "currently", "still",    "nowadays",
                                     "latest", "current",   "recently", "anymore"};

bool Among(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// In lower case; letters, digits and bytes beyond ASCII make words, all else parts them.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  const std::string lower = LowerCase(text);
  bool within = false;
  for (const char c : lower) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_word = byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    if (is_word && !within) words.emplace_back();
    if (is_word) words.back() += c;
    within = is_word;
  }
  return words;
}

// The number that a word begins with ("7th": 7); 0: none.
int NumberOf(std::string_view word) {
  int number = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  const std::string_view rest(end, static_cast<size_t>(word.data() + word.size() - end));
  const bool is_number = rest.empty() || rest == "st" || rest == "nd" || rest == "rd" || rest == "th";
  return fault == std::errc() && is_number ? number : 0;
}
bool IsYear(int number) { return number >= 1900 && number < 2200; }
bool IsDay(int number) { return number >= 1 && number <= 31; }

int MonthOf(std::string_view word) {
  const auto at = std::ranges::find(kMonths, word);
  return at == kMonths.end() ? 0 : static_cast<int>(at - kMonths.begin()) + 1;
}

std::vector<NamedDate> DatesOf(const std::vector<std::string>& words) {
  std::vector<NamedDate> dates;
  const auto number_at = [&](size_t i) { return i < words.size() ? NumberOf(words[i]) : 0; };
  for (size_t i = 0; i < words.size(); ++i) {
    NamedDate date;
    date.month = MonthOf(words[i]);
    // "may" is mostly no month: a number beside it or "in" before it makes it one.
    const bool has_number = number_at(i + 1) > 0 || (i > 0 && number_at(i - 1) > 0);
    const bool is_dated =
        has_number || (i > 0 && (words[i - 1] == "in" || words[i - 1] == "of" || words[i - 1] == "since"));
    if (date.month > 0 && (is_dated || (words[i] != "may" && words[i] != "march"))) {
      if (i > 0 && IsDay(number_at(i - 1))) date.day = number_at(i - 1);
      size_t next = i + 1;
      if (date.day == 0 && IsDay(number_at(next))) date.day = number_at(next++);
      if (IsYear(number_at(next))) date.year = number_at(next), i = next;
      dates.push_back(date);
    } else if (IsYear(number_at(i))) {
      date = {.year = number_at(i)};
      if (i + 2 < words.size() && number_at(i + 1) >= 1 && number_at(i + 1) <= 12 && IsDay(number_at(i + 2))) {
        date.month = number_at(i + 1), date.day = number_at(i + 2), i += 2;
      }
      dates.push_back(date);
    }
  }
  return dates;
}

bool Follows(const std::vector<std::string>& words, std::string_view first, std::span<const std::string_view> second) {
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == first && Among(second, words[i + 1])) return true;
  }
  return false;
}

// Days from the named date's end to when the turn was said; of a date without a year, in the year that fits best.
int64_t DaysAfter(const NamedDate& date, chr::sys_days said) {
  const auto end_in = [&](int year) {
    const chr::month month(static_cast<unsigned>(date.month > 0 ? date.month : 12));
    const chr::year_month_day_last last{chr::year(year), chr::month_day_last{month}};
    const unsigned days = static_cast<unsigned>(last.day());
    const unsigned day = date.day > 0 ? std::min(static_cast<unsigned>(date.day), days) : days;
    return chr::sys_days(chr::year(year) / month / chr::day(day));
  };
  if (date.year > 0) return (said - end_in(date.year)).count();
  const int year = static_cast<int>(chr::year_month_day(said).year());
  const int64_t same = (said - end_in(year)).count(), before = (said - end_in(year - 1)).count();
  // The end of the month of this year may be to come, while the turn is of within the month.
  return same > -31 ? same : before;
}

}  // namespace

QuestionCues ReadQuestionCues(std::string_view question, const std::vector<std::string>& speakers) {
  static constexpr std::string_view kLengths[] = {"long", "often", "soon", "recently"};
  static constexpr std::string_view kCounts[] = {"many", "much", "old", "far", "tall", "big", "large"};
  static constexpr std::string_view kTimes[] = {"date",  "day",    "month", "year",   "time",
                                                "years", "months", "week",  "season", "days"};
  const std::vector<std::string> words = WordsOf(question);
  QuestionCues cues;
  for (const std::string& speaker : speakers) {
    const std::vector<std::string> names = WordsOf(speaker);
    // By the first name, as people do.
    if (!names.empty() && std::ranges::find(words, names.front()) != words.end()) cues.speakers.push_back(speaker);
  }
  cues.dates = DatesOf(words);
  const bool begins_when = !words.empty() && (words.front() == "when" || (words.size() > 1 && words[1] == "when"));
  cues.asks_when = begins_when || Follows(words, "how", kLengths) || Follows(words, "which", kTimes) ||
                   Follows(words, "what", kTimes);
  cues.asks_number = Follows(words, "how", kCounts);
  cues.asks_now = std::ranges::any_of(words, [](const std::string& word) { return Among(kNow, word); });
  return cues;
}

bool SaysWhen(std::string_view text) {
  const std::vector<std::string> words = WordsOf(text);
  for (size_t i = 0; i < words.size(); ++i) {
    if (Among(kTimeWords, words[i]) || IsYear(NumberOf(words[i]))) return true;
    if (i == 0 || !Among(kUnits, words[i])) continue;
    if (Among(kBefore, words[i - 1]) || NumberOf(words[i - 1]) > 0) return true;
  }
  return false;
}

bool SaysNumber(std::string_view text) {
  const std::vector<std::string> words = WordsOf(text);
  return std::ranges::any_of(
      words, [](const std::string& word) { return Among(kNumbers, word) || (word[0] >= '0' && word[0] <= '9'); });
}

bool Asks(std::string_view text) { return TrimRight(text).ends_with('?'); }

double DateFit(const std::vector<NamedDate>& dates, int64_t said_ms) {
  constexpr double kTelling = 21;  // days after which half of the fit is gone
  if (said_ms == 0) return 0;
  const auto said = chr::floor<chr::days>(chr::sys_time<chr::milliseconds>(chr::milliseconds(said_ms)));
  double best = 0;
  for (const NamedDate& date : dates) {
    const auto after = static_cast<double>(DaysAfter(date, said));
    const double length = date.day > 0 ? 1 : date.month > 0 ? 31 : 366;
    if (after > -length) best = std::max(best, after <= 0 ? 1 : kTelling / (kTelling + after));
  }
  return best;
}

}  // namespace atelier

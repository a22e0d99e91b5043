#include "provider/decision_prompt.h"

#include <algorithm>

namespace atelier {
namespace {

constexpr std::string_view kContentFree[] = {"N/A", "", "[MASK]", "Lorem ipsum dolor sit amet."};

const std::string_view kPredicateReplies[] = {"No", "Yes"};

// "billing: charges, invoices"
std::string OptionLine(const DecisionQuestion& question, size_t index) {
  std::string line = OptionReply(question, index);
  if (question.kind == QuestionKind::kPredicate) return line;
  const std::string& description = question.options[index].description;
  return description.empty() ? line : line + ": " + description;
}

std::string Asked(const DecisionQuestion& question) {
  const bool is_predicate = question.kind == QuestionKind::kPredicate;
  return (is_predicate ? "Is this statement about the text true? " : "") + question.instructions;
}

}  // namespace

std::string InputText(const std::vector<DecisionPart>& input) {
  if (input.size() == 1 && input[0].role == "user") return input[0].text;
  std::string text;
  for (const DecisionPart& part : input) {
    if (!text.empty()) text += "\n\n";
    text += part.role + ": " + part.text;
  }
  return text;
}

std::span<const std::string_view> ContentFreeInputs() { return kContentFree; }

std::string QuestionTurn(std::string_view input, const DecisionQuestion& question, std::span<const size_t> order) {
  std::string turn(input);
  turn += (order.empty() ? "\n\n" : "\n\nQuestion: ") + Asked(question);
  if (order.empty()) return turn;
  turn += "\nOptions:\n";
  for (const size_t option : order) turn += "- " + OptionLine(question, option) + "\n";
  turn += "Answer with one of the options only.";
  return turn;
}

std::string LabelledTurn(std::string_view input, const DecisionQuestion& question, std::span<const size_t> order) {
  std::string turn = std::string(input) + "\n\nQuestion: " + Asked(question) + "\n";
  if (question.kind == QuestionKind::kPredicate) return turn + "Answer with Yes or No only.";
  turn += "Options:\n";
  for (size_t place = 0; place < order.size(); ++place) {
    turn += OptionLabel(question, order, place) + ". " + OptionLine(question, order[place]) + "\n";
  }
  return turn + "Answer with the letter of one option only.";
}

std::string OptionLabel(const DecisionQuestion& question, std::span<const size_t> order, size_t place) {
  if (question.kind == QuestionKind::kPredicate) return OptionReply(question, order[place]);
  return {static_cast<char>('A' + place)};
}

std::string OptionReply(const DecisionQuestion& question, size_t index) {
  if (question.kind == QuestionKind::kPredicate) return std::string(kPredicateReplies[index]);
  return question.options[index].value;
}

std::vector<std::vector<size_t>> CyclicOrders(size_t num_options, int64_t num) {
  if (num <= 0) return {{}};
  const size_t num_orders = std::min(num_options, static_cast<size_t>(num));
  std::vector<std::vector<size_t>> orders(num_orders);
  for (size_t k = 0; k < num_orders; ++k) {
    const size_t shift = k * num_options / num_orders;
    for (size_t i = 0; i < num_options; ++i) orders[k].push_back((i + shift) % num_options);
  }
  return orders;
}

}  // namespace atelier

// What stages ask a chat model, and how its answers are read: small models write more than they were asked for.
#pragma once

#include <string>
#include <vector>

#include "knowledge/stage/stage.h"

namespace atelier {

// One line of text, without quotes around it or a label ("Question:") before it; at most 500 bytes.
std::string OneLineOf(std::string_view said);

// The model's answer, as it stands. What it used is added to the state.
// Errors: Unsupported where there is no model; the model's.
Task<Result<std::string>> AskModel(Call call, const StageConfig& config, const StageTools& tools, std::string prompt,
                                   StageState& state);

// At most `config.count` lines, different from each other and from the question. The answer is held to JSON, so that
// every model gives a list.
Task<Result<std::vector<std::string>>> AskForList(Call call, const StageConfig& config, const StageTools& tools,
                                                  std::string prompt, StageState& state);

// What was said in a turn, at most 1,000 bytes of it.
std::string HistoryText(const HistoryTurn& turn);

// The question becomes another, wherever it is searched.
void AskInstead(std::string question, StageState& state);

// Searches for `text` too, unless that is done already.
void AddQuery(const std::string& text, double weight, StageState& state);

}  // namespace atelier

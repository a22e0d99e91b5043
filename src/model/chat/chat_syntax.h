// How a model writes what it thinks, says and calls, learnt from its own chat template: conversations with known words
// in them are rendered, and what the template puts around these words is what the model was trained to write there. So
// a template that nobody has seen before is understood like those of the models everybody runs.
//
//   <think>…</think>  text  <tool_call>\n{"name": "f", "arguments": {…}}\n</tool_call>         Qwen, Hermes
//   {"name": "f", "parameters": {…}}                                                           Llama 3
//   [TOOL_CALLS]f[CALL_ID]…[ARGS]{…}                                                           Mistral
//   <tool_call>\n<function=f>\n<parameter=k>\nv\n</parameter>\n</function>\n</tool_call>       Qwen3-Coder
//
// Within the literals below, kIdHole stands for an id that the model makes up, kIndexHole for the number of the call
// and kNameHole for the name once more.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/chat/chat_template.h"

namespace atelier {

inline constexpr char kIdHole = '\x01';     // nine letters and digits
inline constexpr char kIndexHole = '\x02';  // a decimal number
inline constexpr char kNameHole = '\x03';
inline constexpr std::string_view kHoles = "\x01\x02\x03";

struct ReasoningSyntax {
  std::string begin, end;  // without the white space around them
};

// A list of things, one or more: open first separator next … close, where each thing is begin … end.
struct ListSyntax {
  std::string open, begin, end, separator, close;
};

// Arguments one by one, each between tags: list.begin key after_key value list.end.
struct TaggedArguments {
  ListSyntax list;
  std::string after_key;       // before a value in JSON
  std::string after_text_key;  // before a text as it stands
  std::string text_end;        // in place of list.end
};

// A call: calls.begin name after_name arguments calls.end.
struct CallSyntax {
  ListSyntax calls;
  bool several = true;      // the template can show more than one in a turn
  int32_t first_index = 0;  // of kIndexHole
  std::string after_name;
  std::optional<TaggedArguments> tagged;  // none: the arguments are a JSON object
  // What makes a text a call once it is written: a tag at the head of the first call. Empty: nothing does within a
  // text, and a turn is calls from its beginning, or none.
  std::string trigger;
  // Where the head of a call is another behind a text than at the beginning of a turn.
  std::string after_content;
  bool arguments_as_text = false;  // the template takes the arguments of earlier calls as text, not as an object
};

struct ChatSyntax {
  std::optional<ReasoningSyntax> reasoning;
  std::string content_begin;        // before a text; often empty
  std::optional<CallSyntax> calls;  // none: the template shows no calls
  bool reads_calls = false;         // the template does something with earlier calls, understood or not
  bool shows_tools = false;         // the template tells the model what it may call

  // Every text of it; `change` takes a std::string&.
  template <class Change>
  void ForEachText(Change change) {
    if (reasoning) change(reasoning->begin), change(reasoning->end);
    change(content_begin);
    if (!calls) return;
    ListSyntax& list = calls->calls;
    for (std::string* text : {&list.open, &list.begin, &list.end, &list.separator, &list.close, &calls->after_name,
                              &calls->trigger, &calls->after_content}) {
      change(*text);
    }
    if (!calls->tagged) return;
    TaggedArguments& tagged = *calls->tagged;
    for (std::string* text : {&tagged.list.begin, &tagged.list.end, &tagged.list.separator, &tagged.after_key,
                              &tagged.after_text_key, &tagged.text_end}) {
      change(*text);
    }
  }

  // What models whose template shows no calls are taught: a JSON object between tags, as Hermes and Qwen write it.
  static CallSyntax DefaultCalls();

  // `ends`: what ends a turn (the spellings of the tokens that do).   COST: a dozen renderings.
  static ChatSyntax Of(const ChatTemplate& chat_template, std::span<const std::string> ends, const ChatInput& base);
};

}  // namespace atelier

#include "agent/workflow/workflow_config.h"

namespace atelier {

Fields AskConfig::Describe() {
  using C = AskConfig;
  static constexpr Field fields[] = {
      Key<&C::prompt>("prompt", "what the model is told; a template").Required(),
      Key<&C::system>("system", "its system message; a template"),
      Key<&C::model>("model", "of several, the next is asked where the gates refuse what one says"),
      Key<&C::output_schema>("output_schema", "a JSON Schema of the answer; without, it is a text"),
      Key<&C::retries>("retries", "of a refused answer; the model is told why it was").Between(0, 20),
      Key<&C::may_be_cut>("may_be_cut", "an answer that max_tokens ends is taken as it is"),
      Key<&C::max_tokens>("max_tokens", "of one answer").Between(1, 1'000'000),
      Key<&C::temperature>("temperature", "0 is greedy").Between(0, 2),
  };
  return fields;
}

Fields ToolNodeConfig::Describe() {
  using C = ToolNodeConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "one of `tools`").Required(),
      Key<&C::arguments>("arguments", "an object; its texts are templates"),
  };
  return fields;
}

Fields RunConfig::Describe() {
  using C = RunConfig;
  static constexpr Field fields[] = {
      Key<&C::agent>("agent", "an agent or a workflow").Required(),
      Key<&C::input>("input", "what it is given; templates"),
  };
  return fields;
}

Fields PersonConfig::Describe() {
  using C = PersonConfig;
  static constexpr Field fields[] = {
      Key<&C::question>("question", "a template").Required(),
      Key<&C::must_approve>("must_approve", "a rejection ends the run"),
  };
  return fields;
}

Fields RouteOption::Describe() {
  using C = RouteOption;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "of the option").Required(),
      Key<&C::description>("description", "what belongs here"),
      Key<&C::examples>("examples", "texts that belong here"),
      Key<&C::nodes>("nodes", "what is done then"),
  };
  return fields;
}

Fields RouteNodeConfig::Describe() {
  using C = RouteNodeConfig;
  static constexpr Field fields[] = {
      Key<&C::text>("text", "what is decided about; by rule, the option's name; a template"),
      Key<&C::question>("question", "that is decided"),
      Key<&C::by>("by", "likeness to descriptions and examples, a model's decision, or `text` itself")
          .OneOf("meaning|decision|rule"),
      Key<&C::model>("model", "of several, the next decides where one is not sure"),
      Key<&C::options>("options", "the ways there are").Required().AtMostItems(100),
      Key<&C::at_least>("at_least", "probability of the likeliest option; below, `otherwise`").Between(0, 1),
      Key<&C::otherwise>("otherwise", "the option that is taken where none is likely enough"),
  };
  return fields;
}

Fields ParallelConfig::Describe() {
  using C = ParallelConfig;
  static constexpr Field fields[] = {
      Key<&C::nodes>("nodes", "that are done beside each other").Required().AtMostItems(64),
      Key<&C::times>("times", "each of them").Between(1, 100),
      Key<&C::join>("join", "give all, or what most of them gave").OneOf("all|vote"),
      Key<&C::ballot>("ballot", "what of each (`item`) is its vote; a template"),
  };
  return fields;
}

Fields MapConfig::Describe() {
  using C = MapConfig;
  static constexpr Field fields[] = {
      Key<&C::over>("over", "an array; a template").Required(),
      Key<&C::nodes>("nodes", "what is done for each `item`").Required(),
      Key<&C::at_once>("at_once", "beside each other").Between(1, 64),
      Key<&C::max_items>("max_items", "more end the run").Between(1, 10'000),
  };
  return fields;
}

Fields LoopConfig::Describe() {
  using C = LoopConfig;
  static constexpr Field fields[] = {
      Key<&C::nodes>("nodes", "what is done in each `round`; what nodes gave last time is in `previous`").Required(),
      Key<&C::until>("until", "true when it is good; a template"),
      Key<&C::max_rounds>("max_rounds", "that are done at most").Between(1, 1000),
      Key<&C::output>("output", "what it gives; templates"),
  };
  return fields;
}

Fields ChatMember::Describe() {
  using C = ChatMember;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "of the member; without, its agent's"),
      Key<&C::description>("description", "what it is for; without, its agent's"),
      Key<&C::agent>("agent", "that speaks"),
      Key<&C::nodes>("nodes", "that speak in an agent's place"),
      Key<&C::when>("when", "true where it may speak; a template"),
  };
  return fields;
}

Fields ChatConfig::Describe() {
  using C = ChatConfig;
  static constexpr Field fields[] = {
      Key<&C::task>("task", "what it is about; a template"),
      Key<&C::members>("members", "who may speak").Required().AtMostItems(32),
      Key<&C::speaker>("speaker", "who speaks next: in turn, by a decision, by what the model says, by a rule")
          .OneOf("round_robin|meaning|decision|model|rule"),
      Key<&C::rule>("rule", "by rule: the next speaker's name, or nothing at the end; a template"),
      Key<&C::model>("model", "that chooses"),
      Key<&C::end_when>("end_when", "an option beside the members: when nobody has to speak any more"),
      Key<&C::until>("until", "true when the chat is over; a template"),
      Key<&C::max_turns>("max_turns", "that are taken at most").Between(1, 1000),
  };
  return fields;
}

Fields GateConfig::Describe() {
  using C = GateConfig;
  static constexpr Field fields[] = {
      Key<&C::check>("check", "true of an `output` that may pass; a template"),
      Key<&C::must_match>("must_match", "a regular expression (ECMA-262) that is found in it"),
      Key<&C::must_not_match>("must_not_match", "a regular expression (ECMA-262) that is not"),
      Key<&C::schema>("schema", "a JSON Schema that it keeps"),
      Key<&C::statement>("statement", "about it, judged by the model: refused where likelier than at_most"),
      Key<&C::at_most>("at_most", "how likely the statement may be").Between(0, 1),
      Key<&C::why>("why", "what is told where it refuses"),
  };
  return fields;
}

Fields NodeConfig::Describe() {
  using C = NodeConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "a variable of the nodes that come later").Required(),
      Key<&C::ask>("ask", "asks a model"),
      Key<&C::tool>("tool", "calls a tool"),
      Key<&C::run>("run", "has another agent or workflow do something"),
      Key<&C::person>("person", "asks a person"),
      Key<&C::route>("route", "chooses one of several ways"),
      Key<&C::parallel>("parallel", "does nodes beside each other"),
      Key<&C::map>("map", "does the same for each item of a list"),
      Key<&C::loop>("loop", "does the same again until it is good"),
      Key<&C::chat>("chat", "lets several members speak in one conversation"),
      Key<&C::nodes>("nodes", "does nodes one after the other"),
      Key<&C::value>("value", "gives a value; its texts are templates"),
      Key<&C::gates>("gates", "what is looked at before the output goes on"),
      Key<&C::otherwise>("otherwise", "given where the output is refused; templates"),
  };
  return fields;
}

Fields WorkflowConfig::Describe() {
  using C = WorkflowConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "as runs name it; no agent has the same").Required(),
      Key<&C::description>("description", "told to whoever may run it"),
      Key<&C::model>("model", "of nodes that name none; without, the default chat model"),
      Key<&C::input_schema>("input_schema", "a JSON Schema of the input; without, it is a text"),
      Key<&C::nodes>("nodes", "what is done, one after the other").Required(),
      Key<&C::output>("output", "what it gives, in place of what its last node gives; templates"),
      Key<&C::limits>("limits", "where a run has to stop"),
  };
  return fields;
}

}  // namespace atelier

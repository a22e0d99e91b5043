#include "provider/mixture_config.h"

namespace atelier {

Fields ProposerConfig::Describe() {
  using C = ProposerConfig;
  static constexpr Field fields[] = {
      Key<&C::model>("model", "provider/model, a route, or a model of this machine").Required(),
      Key<&C::samples>("samples", "answers that it gives, each of its own chance").Between(1, 16),
      Key<&C::temperature>("temperature", "instead of the request's; samples want one above 0").Between(0, 2),
      Key<&C::instructions>("instructions", "added to the system message that it reads").AtMostBytes(16 << 10),
  };
  return fields;
}

Fields MixtureLayerConfig::Describe() {
  static constexpr Field fields[] = {
      Key<&MixtureLayerConfig::proposers>("proposers", "models that answer beside each other")
          .Required()
          .AtMostItems(16),
  };
  return fields;
}

Fields AggregatorConfig::Describe() {
  using C = AggregatorConfig;
  static constexpr Field fields[] = {
      Key<&C::how>("how",
                   "write: a model reads the proposals and answers; vote: the commonest; choose: the one that a model "
                   "judges best; identity: the last layer's only proposer is the answer")
          .OneOf("write|vote|choose|identity"),
      Key<&C::model>("model", "that writes or judges"),
      Key<&C::instructions>("instructions", "of write: added to the system message; of choose: the statement judged")
          .AtMostBytes(16 << 10),
  };
  return fields;
}

Fields MixtureConfig::Describe() {
  using C = MixtureConfig;
  static constexpr Field fields[] = {
      Key<&C::name>("name", "as requests name it").Required().AtMostBytes(64),
      Key<&C::layers>("layers", "each reads what the one before it proposed").Required().AtMostItems(8),
      Key<&C::aggregator>("aggregator", "makes one answer of what the last layer proposed"),
      Key<&C::min_proposals>("min_proposals", "of a layer; with fewer the request fails").Between(1, 256),
      Key<&C::max_proposal_tokens>("max_proposal_tokens", "of a proposal that only models read").Between(1, 1 << 20),
      Key<&C::proposer_seconds>("proposer_seconds", "of one proposal; 0: no bound").Between(0, 86400),
  };
  return fields;
}

Result<void> CheckMixture(const MixtureConfig& config) {
  if (config.name.empty() || config.name.find('/') != std::string::npos) {
    return Error::Invalid("name", "got '" + config.name + "', want a name without '/'");
  }
  if (config.layers.empty()) return Error::Invalid("layers", "got none, want at least one");
  int64_t last = 0;
  for (size_t i = 0; i < config.layers.size(); ++i) {
    last = 0;
    for (const ProposerConfig& proposer : config.layers[i].proposers) last += proposer.samples;
    if (last >= config.min_proposals) continue;
    return Error::Invalid("layers[" + std::to_string(i) + "].proposers",
                          "got " + std::to_string(last) + " proposals, want at least min_proposals, " +
                              std::to_string(config.min_proposals));
  }
  const AggregatorConfig& aggregator = config.aggregator;
  const bool asks = aggregator.how == "write" || aggregator.how == "choose";
  if (asks && aggregator.model.empty()) {
    return Error::Invalid("aggregator.model", "got none, want the model that is to " + aggregator.how);
  }
  if (!asks && (!aggregator.model.empty() || !aggregator.instructions.empty())) {
    return Error::Invalid("aggregator", "got a model or instructions, want none: " + aggregator.how + " asks nobody");
  }
  if (aggregator.how == "identity" && last != 1) {
    return Error::Invalid("aggregator.how", "got identity of " + std::to_string(last) + " proposals, want one");
  }
  return {};
}

}  // namespace atelier

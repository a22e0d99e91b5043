// For tests: models of a few kilobytes with everything that serving needs, made on the spot: random weights, and a
// tokenizer of single bytes or letters.
#pragma once

#include <string>

namespace atelier {

// Where a test keeps one: a folder of this process alone, as others run the tests beside it, and a file that is written
// anew while another has it mapped ends that one.
std::string TinyModelFolder(const std::string& name);

// A Llama of one layer in `folder`: a token for each byte, "<|im_end|>" ends a text, and the tokens with which models
// fill in the middle and know files. No chat template.
void MakeTinyLlama(const std::string& folder);

// A BERT that scores pairs (one label) in `folder`, with a token for each letter.
void MakeTinyCrossEncoder(const std::string& folder);

}  // namespace atelier

// Whether a quoted place says what a claim says, by the claim's own words: a measured score that needs no language
// model.
//
// A claim is supported where its terms stand in the quote, in about the same order, with every number and every name,
// and with the same yes or no. What a claim leaves out costs nothing; what it adds does.
#pragma once

#include <string_view>

#include "knowledge/index/text/analyzer.h"

namespace atelier {

// What tells a supported claim from one that is not; shares of the claim's own, in [0, 1].
struct SupportFigures {
  double terms = 0;             // found in the quote
  double pairs = 0;             // of neighbouring terms, that follow each other closely in the quote too
  double numbers_missing = 0;   // of the claim's numbers
  double names_missing = 0;     // of its names: identifiers, and words written with a capital within a sentence
  double negation_differs = 0;  // 1: the nearest sentence of the quote says no where the claim says yes, or the reverse
};

SupportFigures SupportFiguresOf(std::string_view claim, std::string_view quote, const Analyzer& analyzer);

// A claim without what only announces it: of "The answer is: 16 positions." what stands behind the colon. Empty where
// it has neither two terms, nor a number, nor a name: any text with its one word would support it.
std::string_view WhatItSays(std::string_view claim, const Analyzer& analyzer);

// In [0, 1].
double Support(const SupportFigures& figures);

}  // namespace atelier

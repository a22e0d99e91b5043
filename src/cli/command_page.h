// The page that explains a command: for the terminal and as a manual page, from the same table.
#pragma once

#include <string>
#include <string_view>

namespace atelier {

// The page of "" (the program), "models" (a group) or "models pull" (a command), for a terminal of that many columns.
// REQUIRES: there is such a page (IsCommandOrGroup).
std::string HelpText(std::string_view name, int columns);
// The same as a page of man(7) macros, for `man -l`.
std::string ManualPage(std::string_view name);

// Of the terminal that stdout is; 100 where it is none.
int TerminalColumns();

}  // namespace atelier

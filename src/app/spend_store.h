// What API keys have used, in atelier.db, so that a restart forgets no budget.
#pragma once

#include "base/result.h"
#include "base/store/database.h"
#include "provider/spending.h"

namespace atelier {

// Gives `spending` the accounts that were kept, and keeps each from now on when it changes. Changes are written behind
// the caller's back, in their order; a power cut may cost the last ones, never more. `database` must outlive
// `spending`.
Result<void> KeepSpending(Database& database, Spending& spending);

}  // namespace atelier

#include "base/postgres/postgres_connection.h"

#include <postgresql/libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace atelier {
namespace {

constexpr const char* kWhere = "PostgreSQL";

// The server's message without its last line break.
std::string Message(const char* text) {
  std::string message = text == nullptr ? "" : text;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message.empty() ? "no reason was given" : message;
}

// By the class of its SQLSTATE (PostgreSQL's manual, appendix A).
ErrorKind KindOf(std::string_view state) {
  const std::string_view group = state.substr(0, 2);
  if (state == "57014") return ErrorKind::kTimeout;
  if (group == "08" || group == "57" || group == "58" || state.empty()) return ErrorKind::kUnavailable;
  if (group == "28" || state == "42501") return ErrorKind::kDenied;
  if (group == "40" || group == "23") return ErrorKind::kConflict;
  if (group == "53" || group == "54") return ErrorKind::kExhausted;
  if (group == "0A") return ErrorKind::kUnsupported;
  if (group == "XX") return ErrorKind::kCorrupt;
  return ErrorKind::kInvalid;
}

Error ErrorOf(pg_conn* connection, const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (primary == nullptr) return Error::Unavailable(kWhere, Message(PQerrorMessage(connection)));
  return Error::Of(KindOf(state == nullptr ? "" : state), kWhere, Message(primary));
}

}  // namespace

PostgresRows::PostgresRows(pg_result* result) : result_(result) {}
void PostgresRows::Clear::operator()(pg_result* result) const { PQclear(result); }
int PostgresRows::size() const { return PQntuples(result_.get()); }
bool PostgresRows::IsNull(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }

std::string_view PostgresRows::Text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t PostgresRows::Whole(int row, int column) const {
  const std::string_view text = Text(row, column);
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double PostgresRows::Number(int row, int column) const {
  const std::string_view text = Text(row, column);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int PostgresRows::num_columns() const { return PQnfields(result_.get()); }
std::string_view PostgresRows::Name(int column) const { return PQfname(result_.get(), column); }
bool PostgresRows::HoldsNumbers(int column) const {
  // int8, int2, int4, float4, float8, numeric   [catalog/pg_type.dat]
  constexpr Oid kNumbers[] = {20, 21, 23, 700, 701, 1700};
  return std::ranges::find(kNumbers, PQftype(result_.get(), column)) != std::end(kNumbers);
}

bool PostgresRows::IsOfFixedSize(int column) const { return PQfsize(result_.get(), column) > 0; }
bool PostgresRows::HoldsBytes(int column) const {
  constexpr Oid kBytea = 17;
  return PQftype(result_.get(), column) == kBytea;
}

std::string PostgresRows::Bytes(int row, int column) const {
  size_t size = 0;
  const auto text = reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row, column));
  const std::unique_ptr<unsigned char, decltype(&PQfreemem)> bytes(PQunescapeBytea(text, &size), &PQfreemem);
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes.get()), size);
}

void PostgresSession::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresSession::~PostgresSession() {
  if (connection_ == nullptr) return;
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
    const PostgresRows rolled_back(PQexec(connection_.get(), "ROLLBACK"));
  }
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) return;
  const std::lock_guard lock(pool_->mutex_);
  if (pool_->idle_.size() < PostgresPool::kMaxIdle) pool_->idle_.push_back(std::move(connection_));
}

Result<PostgresRows> PostgresSession::Run(const std::string& statement, const PostgresParameters& parameters) {
  std::vector<const char*> values;
  for (const auto& parameter : parameters) {
    // A text ends at its first NUL there: what follows would be lost without a word.
    if (parameter && parameter->find('\0') != std::string::npos) {
      return Error::Invalid(kWhere, "got a text with the character U+0000, which PostgreSQL does not store");
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  PostgresRows rows(PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()), nullptr,
                                 values.data(), nullptr, nullptr, 0));
  return Checked(std::move(rows));
}

Result<PostgresRows> PostgresSession::Describe(const std::string& statement) {
  constexpr const char* kUnnamed = "";
  TRY_VOID(Checked(PostgresRows(PQprepare(connection_.get(), kUnnamed, statement.c_str(), 0, nullptr))));
  return Checked(PostgresRows(PQdescribePrepared(connection_.get(), kUnnamed)));
}

Result<PostgresRows> PostgresSession::Checked(PostgresRows rows) {
  const ExecStatusType status = PQresultStatus(rows.result_.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  return ErrorOf(connection_.get(), rows.result_.get());
}

Result<void> PostgresSession::Begin() {
  TRY_VOID(Run("BEGIN"));
  return {};
}

Result<void> PostgresSession::BeginReading() {
  TRY_VOID(Run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return {};
}

Result<void> PostgresSession::Commit() {
  TRY_VOID(Run("COMMIT"));
  return {};
}

Result<void> CheckPostgresAddress(const std::string& address) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(address.c_str(), &problem),
                                                                             &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> message(problem, &PQfreemem);
  if (options == nullptr) return Error::Invalid("postgres", Message(problem));
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "password" && option->val != nullptr) {
      return Error::Invalid("postgres", "got an address with a password, want it in PGPASSWORD or in ~/.pgpass");
    }
  }
  return {};
}

Result<PostgresSession> PostgresPool::Take() {
  {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      PostgresSession::Connection connection = std::move(idle_.back());
      idle_.pop_back();
      // Reads what came meanwhile: the word that the server has gone.
      if (PQconsumeInput(connection.get()) == 1 && PQstatus(connection.get()) == CONNECTION_OK) {
        return PostgresSession(this, std::move(connection));
      }
    }
  }
  const char* names[] = {"dbname",          "connect_timeout",  "keepalives_idle",
                         "client_encoding", "application_name", nullptr};
  const char* values[] = {address_.c_str(), "10", "30", "UTF8", "atelier", nullptr};
  PostgresSession session(this, PostgresSession::Connection(PQconnectdbParams(names, values, 1)));
  pg_conn* const connection = session.connection_.get();
  if (PQstatus(connection) != CONNECTION_OK) return Error::Unavailable(kWhere, Message(PQerrorMessage(connection)));
  // Notices (a query of stop words alone) are nobody's business.
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(kStatementTimeout).count();
  TRY_VOID(session.Run("SELECT set_config('statement_timeout', $1, false)", {std::to_string(limit)}));
  return session;
}

}  // namespace atelier

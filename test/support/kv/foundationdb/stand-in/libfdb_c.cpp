// A stand-in for FoundationDB's client library: of its C interface, what the npm package links to, over a cluster in a file.
// Where the package gives it what the C interface does not allow, it ends the process.
#include "transaction.hpp"

#define API extern "C" __attribute__((visibility("default")))

static Cluster cluster;

static std::string text(const uint8_t* bytes, int length) { return {reinterpret_cast<const char*>(bytes), size_t(length)}; }
static const uint8_t* bytesOf(const std::string& of) { return reinterpret_cast<const uint8_t*>(of.data()); }
static int64_t versionOf(const Shared& txn) { return txn->version < 0 ? txn->version = cluster.readVersion() : txn->version; }
static bool isTooOld(int64_t version) { return cluster.readVersion() - version > Cluster::KEPT_VERSIONS; }
static void require(bool is_allowed) { if (!is_allowed) abort(); }

API Error fdb_select_api_version_impl(int version, int header) { return version == 720 && header == 720 ? 0 : 2203; }
API const char* fdb_get_error(Error) { return "an error of the stand-in"; }
API Error fdb_setup_network() { return 0; }
API Error fdb_run_network() {
  std::unique_lock<std::mutex> lock(tasks_lock);
  while (!is_stopping) {
    if (tasks.empty()) tasks_came.wait(lock);
    else if (double wait = tasks.begin()->first - now(); wait > 0) tasks_came.wait_for(lock, std::chrono::duration<double>(wait));
    else {
      Task task = std::move(tasks.begin()->second);
      tasks.erase(tasks.begin());
      lock.unlock();
      task();
      lock.lock();
    }
  }
  return 0;
}
API Error fdb_stop_network() {
  std::lock_guard<std::mutex> lock(tasks_lock);
  is_stopping = true;
  tasks_came.notify_one();
  return 0;
}
API Error fdb_create_database(const char* path, FDBDatabase** database) {
  if (path == nullptr || !cluster.open(std::string(path) + ".data")) return 1515;
  *database = new FDBDatabase;
  return 0;
}
API void fdb_database_destroy(FDBDatabase* database) { delete database; }
API Error fdb_database_create_transaction(FDBDatabase*, FDBTransaction** txn) { *txn = new FDBTransaction; return 0; }

API void fdb_transaction_destroy(FDBTransaction* txn) { post([of = txn->state] { end(of, 1025); }); delete txn; }
API void fdb_transaction_cancel(FDBTransaction* txn) { post([of = txn->state] { end(of, 1025); }); }
API void fdb_transaction_reset(FDBTransaction* txn) {
  post([of = txn->state] {
    end(of, 1025);
    *of = State();
  });
}
API Error fdb_transaction_set_option(FDBTransaction* txn, int option, const uint8_t* value, int length) {
  int64_t timeout_ms;
  if (option == 51) require(length == 0);
  else if (option == 714) {
    require(length == 0);
    post([of = txn->state] { of->writes_special_keys = true; });
  } else {
    require(option == 500 && length == 8);
    memcpy(&timeout_ms, value, 8);
    post([of = txn->state] { end(of, 1031); }, txn->state->began + timeout_ms / 1e3);
  }
  return 0;
}
API FDBFuture* fdb_transaction_get_read_version(FDBTransaction* txn) {
  return later(txn, [](const Shared& of, FDBFuture& future) { future.number = versionOf(of); return 0; });
}
API FDBFuture* fdb_transaction_get(FDBTransaction* txn, const uint8_t* key, int length, int snapshot) {
  require(snapshot == 1);
  return later(txn, [at = text(key, length)](const Shared& of, FDBFuture& future) {
    if (isTooOld(versionOf(of))) return 1007;
    future.bytes = cluster.get(at, of->version);
    return at < "\xff" ? 0 : 2004;
  });
}
API FDBFuture* fdb_transaction_get_range(
    FDBTransaction* txn, const uint8_t* begin, int begin_length, int begin_or_equal, int begin_offset, const uint8_t* end,
    int end_length, int end_or_equal, int end_offset, int limit, int target_bytes, int mode, int iteration, int snapshot, int reverse) {
  // From the first key that is not below `begin` to the last one below `end`, in pages of all that is wanted.
  require(begin_or_equal == 0 && begin_offset == 1 && end_or_equal == 0 && end_offset == 1);
  require(limit >= 0 && target_bytes == 0 && mode == -2 && iteration == 1 && snapshot == 1);
  Range range = {text(begin, begin_length), text(end, end_length)};
  return later(txn, [=](const Shared& of, FDBFuture& future) {
    if (range.second > "\xff") return 2004;
    if (isTooOld(versionOf(of))) return 1007;
    size_t bytes = 0;
    future.has_more = cluster.scan(range, of->version, reverse, [&](const std::string& key, const std::string& value) {
      future.pairs.push_back({key, value});
      bytes += key.size() + value.size();
      return int(future.pairs.size()) == limit || bytes >= 80'000;
    });
    for (auto& [key, value] : future.pairs) future.views.push_back({bytesOf(key), int(key.size()), bytesOf(value), int(value.size())});
    return 0;
  });
}

static const std::string LOWEST_VERSION = "\xff\xff/management/min_required_commit_version";

static void write(FDBTransaction* txn, Write write) {
  post([of = txn->state, write] {
    if (of->writes_special_keys && write.operation == SET && write.key == LOWEST_VERSION) of->lowest_version = std::stoll(write.value);
    else if (write.key.size() > 10'000) of->deferred = 2102;
    else if (write.value.size() > 100'000) of->deferred = 2103;
    else if (write.key >= "\xff") of->deferred = 2004;
    else of->writes.push_back(write);
  });
}
API void fdb_transaction_set(FDBTransaction* txn, const uint8_t* key, int length, const uint8_t* value, int value_length) {
  write(txn, {SET, text(key, length), text(value, value_length)});
}
API void fdb_transaction_clear(FDBTransaction* txn, const uint8_t* key, int length) {
  write(txn, {CLEAR, text(key, length), text(key, length) + '\0'});
}
API void fdb_transaction_clear_range(FDBTransaction* txn, const uint8_t* begin, int length, const uint8_t* end, int end_length) {
  write(txn, {CLEAR, text(begin, length), text(end, end_length)});
}
API void fdb_transaction_atomic_op(
    FDBTransaction* txn, const uint8_t* key, int length, const uint8_t* operand, int operand_length, int operation) {
  Write made = {operation, text(key, length), text(operand, operand_length)};
  require(operation == ADD ? operand_length == 8 : operation == STAMPED_KEY || operation == STAMPED_VALUE);
  if (operation != ADD) {
    const std::string& bytes = operation == STAMPED_KEY ? made.key : made.value;
    uint32_t offset;
    require(bytes.size() >= 14);
    memcpy(&offset, bytes.data() + bytes.size() - 4, 4);
    require(offset + 10 <= bytes.size() - 4);
  }
  write(txn, made);
}
API Error fdb_transaction_add_conflict_range(
    FDBTransaction* txn, const uint8_t* begin, int length, const uint8_t* end, int end_length, int type) {
  Range range = {text(begin, length), text(end, end_length)};
  require(type == 0);
  if (range.first > range.second) return 2005;
  post([of = txn->state, range] { of->reads.push_back(range); });
  return 0;
}

static void stamp(const Shared& txn, Error error, const std::string& stamp) {
  auto stamps = std::move(txn->stamps);
  txn->stamps.clear();
  for (auto& future : stamps) {
    future->bytes = stamp;
    finish(txn, future, error);
  }
}
API FDBFuture* fdb_transaction_get_versionstamp(FDBTransaction* txn) {
  auto future = newFuture();
  post([of = txn->state, future] {
    of->pending.insert(future);
    if (of->ended) finish(of, future, of->ended);
    else of->stamps.insert(future);
  });
  return future.get();
}
API FDBFuture* fdb_transaction_commit(FDBTransaction* txn) {
  return later(txn, [](const Shared& of, FDBFuture&) -> Error {
    if (std::exchange(of->is_committed, true)) return 2017;
    size_t bytes = 0;
    for (auto& write : of->writes) bytes += 3 * write.key.size() + write.value.size() + 72;
    for (auto& read : of->reads) bytes += read.first.size() + read.second.size() + 32;
    // A cluster that begins again does not answer.
    if (of->lowest_version >= 0) return cluster.advance(of->lowest_version), 1021;
    std::string given;
    Error refused = bytes > 10'000'000 ? 2101 : cluster.commit(of->writes, of->reads, versionOf(of), given);
    stamp(of, refused, given);
    // At times the answer gets lost.
    return refused || rand() % 20 > 0 ? refused : 1021;
  });
}

API void fdb_future_destroy(FDBFuture* future) {
  std::lock_guard<std::mutex> lock(alive_lock);
  alive.erase(future);
}
API Error fdb_future_set_callback(FDBFuture* future, Callback callback, void* context) {
  {
    std::lock_guard<std::mutex> lock(future->lock);
    future->callback = callback;
    future->context = context;
    if (!future->is_ready) return 0;
  }
  callback(future, context);
  return 0;
}
API Error fdb_future_get_error(FDBFuture* future) { return future->error; }
API Error fdb_future_get_int64(FDBFuture* future, int64_t* number) { *number = future->number; return future->error; }
API Error fdb_future_get_value(FDBFuture* future, int* is_there, const uint8_t** bytes, int* length) {
  *is_there = future->bytes.has_value();
  if (future->bytes) *bytes = bytesOf(*future->bytes), *length = future->bytes->size();
  return future->error;
}
API Error fdb_future_get_key(FDBFuture* future, const uint8_t** bytes, int* length) {
  int is_there;
  return fdb_future_get_value(future, &is_there, bytes, length);
}
API Error fdb_future_get_keyvalue_array(FDBFuture* future, const FDBKeyValue** pairs, int* count, int* more) {
  *pairs = future->views.data(), *count = future->views.size(), *more = future->has_more;
  return future->error;
}

// What the package links to, and this engine has no use for.
#define UNUSED(name) API void name() { abort(); }
UNUSED(fdb_database_set_option) UNUSED(fdb_error_predicate) UNUSED(fdb_future_cancel) UNUSED(fdb_future_get_key_array)
UNUSED(fdb_future_get_string_array) UNUSED(fdb_network_set_option) UNUSED(fdb_transaction_get_addresses_for_key)
UNUSED(fdb_transaction_get_approximate_size) UNUSED(fdb_transaction_get_committed_version)
UNUSED(fdb_transaction_get_estimated_range_size_bytes) UNUSED(fdb_transaction_get_key)
UNUSED(fdb_transaction_get_range_split_points) UNUSED(fdb_transaction_on_error) UNUSED(fdb_transaction_set_read_version)
UNUSED(fdb_transaction_watch)

// The thread that runs the network, and the transactions and futures that it brings forward.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "cluster.hpp"

using Error = int;
using Task = std::function<void()>;

static std::mutex tasks_lock;
static std::condition_variable tasks_came;
static std::multimap<double, Task> tasks;
static bool is_stopping = false;

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Everything happens on the one thread that runs the network, in the order of its time.
static void post(Task task, double at) {
  std::lock_guard<std::mutex> lock(tasks_lock);
  tasks.emplace(at, std::move(task));
  tasks_came.notify_one();
}
static void post(Task task) { post(std::move(task), now()); }

#pragma pack(push, 4)
struct FDBKeyValue {
  const uint8_t* key;
  int key_length;
  const uint8_t* value;
  int value_length;
};
#pragma pack(pop)

struct FDBFuture;
using Callback = void (*)(FDBFuture*, void*);

struct FDBFuture {
  std::mutex lock;
  bool is_ready = false;
  Callback callback = nullptr;
  void* context = nullptr;
  Error error = 0;
  std::optional<std::string> bytes;
  int64_t number = 0;
  bool has_more = false;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<FDBKeyValue> views;
};
using Future = std::shared_ptr<FDBFuture>;
// The package destroys a future when it is ready, on a thread of its own choice.
static std::mutex alive_lock;
static std::map<FDBFuture*, Future> alive;

struct State {
  std::vector<Write> writes;
  std::vector<Range> reads;
  std::set<Future> pending, stamps;
  int64_t version = -1;
  // Why it does nothing any more, and what a write before has come to.
  Error ended = 0, deferred = 0;
  bool is_committed = false;
  // What of the special keys may be written, and was: the lowest version of later commits.
  bool writes_special_keys = false;
  int64_t lowest_version = -1;
  double began = now();
};
using Shared = std::shared_ptr<State>;
struct FDBTransaction { Shared state = std::make_shared<State>(); };
struct FDBDatabase {};

static void finish(const Shared& txn, const Future& future, Error error) {
  if (!txn->pending.erase(future)) return;
  Callback callback;
  {
    std::lock_guard<std::mutex> lock(future->lock);
    future->error = error;
    future->is_ready = true;
    callback = future->callback;
  }
  if (callback) callback(future.get(), future->context);
}

static void end(const Shared& txn, Error error) {
  if (!txn->ended) txn->ended = error;
  auto pending = txn->pending;
  for (auto& future : pending) finish(txn, future, error);
}

static Future newFuture() {
  auto future = std::make_shared<FDBFuture>();
  std::lock_guard<std::mutex> lock(alive_lock);
  alive[future.get()] = future;
  return future;
}

// A future of what `work` does some microseconds later, unless the transaction ends before.
template <class Work>
static FDBFuture* later(FDBTransaction* of, Work work) {
  auto future = newFuture();
  post([txn = of->state, future, work] {
    txn->pending.insert(future);
    Error before = txn->ended ? txn->ended : txn->deferred;
    if (before) return finish(txn, future, before);
    post([=] { if (txn->pending.count(future)) finish(txn, future, work(txn, *future)); }, now() + rand() % 100 * 1e-6);
  });
  return future.get();
}

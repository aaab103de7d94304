// A cluster in a file, for all processes that open it: each commit is appended, and read by the others from there.
#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// FoundationDB's numbers of what is written.
enum Operation { SET = 0, CLEAR = 1, ADD = 2, STAMPED_KEY = 14, STAMPED_VALUE = 15 };
// One of our own, for the records: all later versions are above that of the record by as much as time has gone on.
constexpr int ADVANCE = 3;

struct Write {
  int operation;
  std::string key;
  // The end of the range, of what is cleared.
  std::string value;
};

using Range = std::pair<std::string, std::string>;

class Cluster {
 public:
  static constexpr int64_t KEPT_VERSIONS = 5'000'000;

  bool open(const std::string& path) {
    if (fd_ >= 0) return true;
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND, 0644);
    if (fd_ < 0) return false;
    flock(fd_, LOCK_EX);
    replay();
    // A new cluster begins with low versions.
    if (read_ == 0) goOnAt(1'000'000);
    flock(fd_, LOCK_UN);
    return true;
  }

  // That of the last commit. Where nobody commits, it still rises, but late.
  int64_t readVersion() {
    replay();
    version_ = std::max(version_, clock() - 2'000'000);
    return version_;
  }

  std::optional<std::string> get(const std::string& key, int64_t version) const {
    auto found = pairs_.find(key);
    if (found == pairs_.end()) return {};
    for (auto old = found->second.rbegin(); old != found->second.rend(); ++old) {
      if (old->version <= version) return old->value;
    }
    return {};
  }

  // The pairs of a range in their order, until `take` says that it is enough. Returns whether it did.
  template <class Take>
  bool scan(const Range& range, int64_t version, bool reverse, Take take) const {
    auto first = pairs_.lower_bound(range.first), last = pairs_.lower_bound(range.second);
    while (first != last) {
      auto pair = reverse ? std::prev(last) : first;
      auto value = get(pair->first, version);
      if (value && take(pair->first, *value)) return true;
      if (reverse) last = pair;
      else ++first;
    }
    return false;
  }

  // The number of an error, or 0.
  int commit(const std::vector<Write>& writes, const std::vector<Range>& reads, int64_t read_version, std::string& stamp) {
    if (!reads.empty() && clock() - read_version > KEPT_VERSIONS) return 1007;
    flock(fd_, LOCK_EX);
    replay();
    int refused = conflicts(reads, read_version) ? 1020 : 0;
    if (!refused) append(writes, stamp);
    flock(fd_, LOCK_UN);
    return refused;
  }

  // Makes all later versions be above this one.
  void advance(int64_t version) {
    flock(fd_, LOCK_EX);
    replay();
    goOnAt(std::max(version, version_) + 1);
    flock(fd_, LOCK_UN);
  }

 private:
  struct Old {
    int64_t version;
    std::optional<std::string> value;
  };
  struct Written {
    Range range;
    int64_t version;
  };

  int fd_ = -1;
  off_t read_ = 0;
  std::string tail_;
  int64_t version_ = 0;
  int64_t advanced_ = 0;
  std::map<std::string, std::vector<Old>> pairs_;
  std::vector<Written> written_;

  // Versions rise by a million a second, for all processes alike.
  int64_t clock() const {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000 + advanced_;
  }

  bool conflicts(const std::vector<Range>& reads, int64_t read_version) const {
    for (auto it = written_.rbegin(); it != written_.rend() && it->version > read_version; ++it) {
      for (auto& read : reads) {
        if (read.first < it->range.second && it->range.first < read.second) return true;
      }
    }
    return false;
  }

  // Appends a record: its length, its version, and what was written, in which nothing is left to be worked out.
  void append(const std::vector<Write>& writes, std::string& stamp) {
    int64_t version = std::max(version_ + 1, clock());
    stamp.clear();
    for (int shift = 56; shift >= 0; shift -= 8) stamp += char(version >> shift);
    stamp += std::string(2, '\0');
    std::map<std::string, std::string> own;
    std::string record(reinterpret_cast<char*>(&version), 8);
    for (auto& write : writes) {
      std::string key = write.operation == STAMPED_KEY ? stamped(write.key, stamp) : write.key;
      std::string value = write.operation == STAMPED_VALUE ? stamped(write.value, stamp) : write.value;
      if (write.operation == ADD) value = sum(own.count(key) ? own[key] : get(key, version).value_or(""), value);
      if (write.operation == CLEAR) forget(own, {key, value}, version);
      else own[key] = value;
      record += char(write.operation == CLEAR ? CLEAR : SET);
      put(record, key);
      put(record, value);
    }
    std::string whole;
    put(whole, record);
    write(whole);
  }

  void goOnAt(int64_t version) {
    std::string record(reinterpret_cast<char*>(&version), 8), whole;
    record += char(ADVANCE);
    put(record, std::to_string(advanced_ + version - clock()));
    put(record, "");
    put(whole, record);
    write(whole);
  }

  void write(const std::string& whole) {
    if (::write(fd_, whole.data(), whole.size()) != ssize_t(whole.size())) abort();
    replay();
  }

  // What is added to later in the same commit was nothing before.
  void forget(std::map<std::string, std::string>& own, const Range& range, int64_t version) const {
    scan(range, version, false, [&](auto& key, auto&) { own[key] = ""; return false; });
    for (auto it = own.lower_bound(range.first); it != own.end() && it->first < range.second; ++it) it->second = "";
  }

  static std::string sum(std::string left, std::string right) {
    left.resize(right.size(), '\0');
    int carry = 0;
    for (size_t i = 0; i < right.size(); i++) {
      carry += uint8_t(left[i]) + uint8_t(right[i]);
      right[i] = char(carry);
      carry >>= 8;
    }
    return right;
  }

  // The last four bytes say where the versionstamp comes in those before.
  static std::string stamped(std::string bytes, const std::string& stamp) {
    uint32_t offset;
    memcpy(&offset, bytes.data() + bytes.size() - 4, 4);
    bytes.resize(bytes.size() - 4);
    return bytes.replace(offset, 10, stamp);
  }

  static void put(std::string& to, const std::string& bytes) {
    uint32_t length = bytes.size();
    to.append(reinterpret_cast<char*>(&length), 4).append(bytes);
  }

  static std::string take(const char*& at) {
    uint32_t length;
    memcpy(&length, at, 4);
    std::string bytes(at + 4, length);
    at += 4 + length;
    return bytes;
  }

  // Reads what was appended since, as far as it is whole.
  void replay() {
    struct stat file;
    fstat(fd_, &file);
    if (file.st_size == read_) return;
    std::string more(file.st_size - read_, '\0');
    ssize_t got = pread(fd_, &more[0], more.size(), read_);
    if (got <= 0) return;
    read_ += got;
    tail_.append(more, 0, got);
    const char *at = tail_.data(), *end = at + tail_.size();
    uint32_t length;
    while (end - at >= 4 && (memcpy(&length, at, 4), size_t(end - at - 4) >= length)) apply(take(at));
    tail_.erase(0, at - tail_.data());
  }

  void apply(const std::string& record) {
    const char *at = record.data() + 8, *end = record.data() + record.size();
    memcpy(&version_, record.data(), 8);
    while (at < end) {
      int operation = *at++;
      std::string key = take(at), value = take(at);
      if (operation == ADVANCE) {
        advanced_ = std::stoll(key);
      } else if (operation == CLEAR) {
        for (auto it = pairs_.lower_bound(key); it != pairs_.end() && it->first < value; ++it) it->second.push_back({version_, {}});
        written_.push_back({{key, value}, version_});
      } else {
        pairs_[key].push_back({version_, value});
        written_.push_back({{key, key + '\0'}, version_});
      }
    }
  }
};

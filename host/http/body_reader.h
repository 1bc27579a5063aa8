#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "http/message.h"
#include "http/request_head.h"

namespace aev::http {

/// Where a connection's bytes come from. Confined to one thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Bytes received, 0 at the peer's end (or the deadline), -1 when the connection broke.
  [[nodiscard]] virtual std::ptrdiff_t receive(char* into, std::size_t capacity) = 0;
};

/// Received bytes that nobody has used yet: [begin, end) of a fixed buffer with padding behind it.
struct InputBuffer {
  static constexpr std::size_t kCapacity = kMaxHeadBytes + 8 * 1024;

  std::unique_ptr<char[]> bytes = std::make_unique<char[]>(kCapacity + kBodyPadding);
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view unread() const { return {bytes.get() + begin, end - begin}; }

  [[nodiscard]] std::size_t room() const { return kCapacity - end; }

  /// Moves what is unread to `to`, which is at or before begin.
  void compact(std::size_t to);
};

/// Reads one request's body: by length or in chunks, never a byte of the next request. A body that
/// ends early is an error, never a short body. Confined to one thread.
class BodyReader {
 public:
  BodyReader(InputBuffer& input, ByteSource& source, const RequestHead& head);

  /// As Exchange::read.
  [[nodiscard]] Result<std::size_t> read(char* into, std::size_t capacity);

  /// The whole rest of the body, if it fits into the input buffer: a view into that.
  [[nodiscard]] bool fits_in_place() const;
  [[nodiscard]] Result<std::string_view> read_in_place();

  /// True when the next byte of the connection belongs to the next request.
  [[nodiscard]] bool finished() const { return phase_ == Phase::kDone; }

  /// Skips what is left if it has been received already; the same as finished() after.
  bool skip_received();

  [[nodiscard]] const RequestHead& head() const { return head_; }

 private:
  enum class Phase : std::uint8_t { kData, kSize, kDataEnd, kTrailer, kDone, kBroken };

  Result<std::size_t> read_data(char* into, std::size_t capacity);
  Result<void> fill();
  Result<std::string_view> line();
  Result<void> take_size();
  Result<void> take_data_end();
  Result<void> take_trailer();
  Error broken(ErrorCode code, const char* why);

  InputBuffer& input_;
  ByteSource& source_;
  const RequestHead& head_;
  const std::size_t window_;    // the buffer from here on may be overwritten
  std::uint64_t left_ = 0;      // bytes of the body, or of the chunk
  std::size_t line_bytes_ = 0;  // of chunk sizes and trailers, all together, since data last came
  Phase phase_ = Phase::kDone;
};

}  // namespace aev::http

#include "http/body_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace aev::http {
namespace {

/// Chunk extensions and trailers are ignored, so there is no reason to let them be long.
constexpr std::size_t kMaxFramingBytes = 8 * 1024;

}  // namespace

void InputBuffer::compact(std::size_t to) {
  if (to != begin) {
    std::memmove(bytes.get() + to, bytes.get() + begin, end - begin);
    end = to + (end - begin);
    begin = to;
  }
}

BodyReader::BodyReader(InputBuffer& input, ByteSource& source, const RequestHead& head)
    : input_(input), source_(source), head_(head), window_(input.begin) {
  if (head.framing == BodyFraming::kLength) {
    phase_ = Phase::kData;
    left_ = head.content_length;
  } else if (head.framing == BodyFraming::kChunked) {
    phase_ = Phase::kSize;
  }
}

Error BodyReader::broken(ErrorCode code, const char* why) {
  phase_ = Phase::kBroken;
  return Error{code, why, {}};
}

Result<std::size_t> BodyReader::read(char* into, std::size_t capacity) {
  while (true) {
    switch (phase_) {
      case Phase::kData:
        return read_data(into, capacity);
      case Phase::kSize:
        AEV_RETURN_IF_ERROR(take_size());
        break;
      case Phase::kDataEnd:
        AEV_RETURN_IF_ERROR(take_data_end());
        break;
      case Phase::kTrailer:
        AEV_RETURN_IF_ERROR(take_trailer());
        break;
      case Phase::kDone:
        return std::size_t{0};
      case Phase::kBroken:
        return Error{ErrorCode::kIo, "the request's body could not be read", {}};
    }
  }
}

Result<std::size_t> BodyReader::read_data(char* into, std::size_t capacity) {
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, left_));
  std::size_t count = std::min(wanted, input_.end - input_.begin);
  if (count > 0) {
    std::memcpy(into, input_.bytes.get() + input_.begin, count);
    input_.begin += count;
  } else if (wanted > 0) {
    const std::ptrdiff_t received = source_.receive(into, wanted);
    if (received <= 0) {
      return broken(ErrorCode::kIo, "the request's body ended early");
    }
    count = static_cast<std::size_t>(received);
  }
  left_ -= count;
  line_bytes_ = 0;
  if (left_ == 0) {
    phase_ = head_.framing == BodyFraming::kChunked ? Phase::kDataEnd : Phase::kDone;
  }
  return count;
}

bool BodyReader::fits_in_place() const {
  return head_.framing != BodyFraming::kChunked && window_ + left_ <= InputBuffer::kCapacity;
}

Result<std::string_view> BodyReader::read_in_place() {
  while (input_.end - input_.begin < left_) {
    AEV_RETURN_IF_ERROR(fill());
  }
  const std::string_view body = input_.unread().substr(0, static_cast<std::size_t>(left_));
  input_.begin += body.size();
  left_ = 0;
  phase_ = Phase::kDone;
  return body;
}

bool BodyReader::skip_received() {
  if (phase_ == Phase::kData && head_.framing == BodyFraming::kLength &&
      input_.end - input_.begin >= left_) {
    input_.begin += static_cast<std::size_t>(left_);
    left_ = 0;
    phase_ = Phase::kDone;
  }
  return finished();
}

Result<void> BodyReader::fill() {
  if (input_.room() == 0) {
    input_.compact(window_);
  }
  if (input_.room() == 0) {
    return broken(ErrorCode::kInvalid, "a chunk's size line is too long");
  }
  const std::ptrdiff_t received = source_.receive(input_.bytes.get() + input_.end, input_.room());
  if (received <= 0) {
    return broken(ErrorCode::kIo, "the request's body ended early");
  }
  input_.end += static_cast<std::size_t>(received);
  return {};
}

/// The next line of the framing, without its end.
Result<std::string_view> BodyReader::line() {
  while (true) {
    const std::string_view unread = input_.unread();
    const std::size_t end = unread.find('\n');
    if (line_bytes_ + std::min(end, unread.size()) > kMaxFramingBytes) {
      return broken(ErrorCode::kInvalid, "a chunk's size line or the trailer is too long");
    }
    if (end != std::string_view::npos) {
      std::string_view text = unread.substr(0, end);
      input_.begin += end + 1;
      line_bytes_ += end + 1;
      if (!text.empty() && text.back() == '\r') {
        text.remove_suffix(1);
      }
      return text;
    }
    AEV_RETURN_IF_ERROR(fill());
  }
}

Result<void> BodyReader::take_size() {
  AEV_ASSIGN(const std::string_view text, line());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, 16);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  const bool ends_well = rest.empty() || rest.find_first_of("; \t") == 0;
  if (error != std::errc() || text.front() == '-' || !ends_well) {
    return broken(ErrorCode::kInvalid, "a chunk's size is not a hexadecimal number");
  }
  left_ = size;
  phase_ = size == 0 ? Phase::kTrailer : Phase::kData;
  return {};
}

Result<void> BodyReader::take_data_end() {
  AEV_ASSIGN(const std::string_view text, line());
  if (!text.empty()) {
    return broken(ErrorCode::kInvalid, "a chunk is longer than its size says");
  }
  phase_ = Phase::kSize;
  return {};
}

Result<void> BodyReader::take_trailer() {
  AEV_ASSIGN(const std::string_view text, line());
  if (text.empty()) {
    phase_ = Phase::kDone;
  }
  return {};
}

}  // namespace aev::http

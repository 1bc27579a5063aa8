#include "routing/case_fold.h"

#include <Poco/Exception.h>
#include <Poco/UTF8String.h>

namespace aev::routing {

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool ascii = true;
  for (const char each : text) {
    ascii = ascii && static_cast<unsigned char>(each) < 0x80;
    out += each >= 'A' && each <= 'Z' ? static_cast<char>(each + ('a' - 'A')) : each;
  }
  if (ascii) {
    return out;
  }
  try {
    return Poco::UTF8::toLower(out);
  } catch (const Poco::Exception&) {
    return out;  // not UTF-8: only the ASCII letters are folded
  }
}

}  // namespace aev::routing

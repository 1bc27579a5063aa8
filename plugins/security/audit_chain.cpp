#include "audit_chain.h"

#include <stdexcept>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace aev::security {

Hash first_hash(std::string_view trail_id) {
  return Sha256().of("aragora-audit-v1\n", trail_id);
}

std::string checkpoint_message(std::string_view trail_id,
                               std::uint64_t entry,
                               std::int64_t at_unix_ns,
                               std::string_view hash) {
  std::string message = "aragora-audit-checkpoint-v1\ntrail ";
  message.append(trail_id).append("\nentry ").append(std::to_string(entry));
  message.append("\nat ").append(std::to_string(at_unix_ns));
  return message.append("\nhash ").append(to_hex(hash)).append("\n");
}

std::string checkpoint_json(std::string_view trail_id,
                            std::uint64_t entry,
                            std::int64_t at_unix_ns,
                            std::string_view hash,
                            std::string_view signature) {
  return "{\"trail\":\"" + std::string(trail_id) + "\",\"entry\":" + std::to_string(entry) +
         ",\"at\":" + std::to_string(at_unix_ns) + ",\"hash\":\"" + to_hex(hash) +
         "\",\"signature\":\"" + to_hex(signature) + "\"}";
}

SavedCheckpoint parse_checkpoint(std::string_view json) {
  try {
    const auto object =
        Poco::JSON::Parser().parse(std::string(json)).extract<Poco::JSON::Object::Ptr>();
    SavedCheckpoint saved{
        object->getValue<std::string>("trail"), object->getValue<Poco::UInt64>("entry"),
        object->getValue<Poco::Int64>("at"), from_hex(object->getValue<std::string>("hash")),
        from_hex(object->getValue<std::string>("signature"))};
    if (saved.hash.size() == 32 && saved.signature.size() == 64) {
      return saved;
    }
  } catch (const Poco::Exception&) {
    // told below
  }
  throw std::invalid_argument(
      "it is no checkpoint: expected the JSON that `audit checkpoint` printed");
}

}  // namespace aev::security

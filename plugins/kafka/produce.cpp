#include "produce.h"

#include <array>

namespace aev::kafka {

rd_kafka_resp_err_t produce(rd_kafka_t& client, OutgoingMessage message, std::string* why) {
  std::array<rd_kafka_vu_t, 7> arguments;
  if (message.topic != nullptr) {
    arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
    arguments[0].u.rkt = message.topic;
  } else {
    arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    arguments[0].u.cstr = message.topic_name;
  }
  arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  arguments[1].u.i32 = message.partition;
  arguments[2].vtype = RD_KAFKA_VTYPE_KEY;
  arguments[2].u.mem = {const_cast<void*>(message.key), message.key_bytes};
  arguments[3].vtype = RD_KAFKA_VTYPE_VALUE;
  arguments[3].u.mem = {const_cast<void*>(message.value), message.value_bytes};
  arguments[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[4].u.i = message.copy_value ? RD_KAFKA_MSG_F_COPY : 0;
  arguments[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  arguments[5].u.ptr = message.opaque;
  arguments[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  arguments[6].u.headers = message.headers.get();
  const std::size_t count = message.headers ? arguments.size() : arguments.size() - 1;
  const ErrorPtr error(rd_kafka_produceva(&client, arguments.data(), count));
  if (error) {
    if (why != nullptr) {
      *why = rd_kafka_error_string(error.get());
    }
    return rd_kafka_error_code(error.get());
  }
  static_cast<void>(message.headers.release());  // the producer's own now
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

HeadersPtr copy_headers(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  return HeadersPtr(rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR
                        ? rd_kafka_headers_copy(headers)
                        : rd_kafka_headers_new(1));
}

}  // namespace aev::kafka

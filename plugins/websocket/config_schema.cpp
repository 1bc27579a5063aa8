#include "options.h"

namespace aev::websocket {

const char* config_schema() noexcept {
  return R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "websocket subscriber",
  "type": "object",
  "additionalProperties": false,
  "definitions": {
    "duration": {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$"},
    "size": {"type": "string", "pattern": "^[0-9.]+([KMG]i?)?B$"}
  },
  "properties": {
    "listen": {"type": "string", "default": "127.0.0.1:8765",
      "description": "Address and port clients connect to; port 0 takes any that is free"},
    "format": {"enum": ["single", "array"], "default": "single",
      "description": "One envelope a message, or JSON arrays of them; clients may choose for themselves"},
    "auth": {"type": "object", "additionalProperties": false,
      "description": "Who may connect; without it only loopback may be listened on",
      "properties": {
        "tokens": {"type": "array", "maxItems": 1000,
          "items": {"type": "object", "additionalProperties": false, "required": ["name", "token"],
            "properties": {
              "name": {"type": "string", "minLength": 1, "description": "For the log"},
              "token": {"type": "string", "x-secret": true, "description": "At least 8 characters"},
              "debates": {"type": "array", "minItems": 1, "maxItems": 1000,
                "items": {"type": "string", "minLength": 1},
                "description": "Debate ids or globs it may see; all if absent"}}}},
        "signing_secret": {"type": "string", "minLength": 1, "x-secret": true,
          "description": "Accepts tokens {loop_id}:{expires}:{hex HMAC-SHA256} signed with it"},
        "query_token": {"type": "boolean", "default": true,
          "description": "Accept ?token=, which ends up in the logs of proxies"},
        "required": {"type": "boolean",
          "description": "Refuse clients without a valid token; true if there are any tokens"}}},
    "allowed_origins": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1,
      "description": "Origins (globs) of pages that may connect, \"*\" for any; if absent: the same host and pages of this machine"},
    "trusted_proxies": {"type": "array", "items": {"type": "string"},
      "description": "Networks whose X-Forwarded-For is believed"},
    "refusals": {"enum": ["close_code", "http"], "default": "close_code",
      "description": "Say no by a close code, which browsers can see, or by an HTTP status"},
    "tls": {"type": "object", "additionalProperties": false, "required": ["cert_file", "key_file"],
      "properties": {
        "cert_file": {"type": "string", "minLength": 1, "description": "PEM certificate chain"},
        "key_file": {"type": "string", "minLength": 1, "description": "PEM private key"},
        "key_password": {"type": "string", "x-secret": true}}},
    "compression": {"type": "object", "additionalProperties": false,
      "description": "permessage-deflate; costs CPU for each client and memory for each that uses it",
      "properties": {
        "enabled": {"type": "boolean", "default": false},
        "window_bits": {"type": "integer", "minimum": 9, "maximum": 15, "default": 11},
        "memory_level": {"type": "integer", "minimum": 1, "maximum": 9, "default": 4},
        "level": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "min_bytes": {"$ref": "#/definitions/size", "default": "1KiB"}}},
    "limits": {"type": "object", "additionalProperties": false,
      "properties": {
        "clients": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000},
        "clients_per_address": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10},
        "handshakes_per_minute": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000000, "default": 30,
          "description": "Of one address"},
        "message_bytes": {"$ref": "#/definitions/size", "default": "64KiB",
          "description": "Of a client's message"},
        "messages_per_second": {"type": "number", "exclusiveMinimum": 0, "maximum": 100000, "default": 10},
        "message_burst": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 20}}},
    "send_queue": {"type": "object", "additionalProperties": false,
      "description": "What may wait for a client that does not read, before it is dropped",
      "properties": {
        "messages": {"type": "integer", "minimum": 16, "maximum": 1000000, "default": 1024},
        "bytes": {"$ref": "#/definitions/size", "default": "4MiB"}}},
    "timeouts": {"type": "object", "additionalProperties": false,
      "properties": {
        "handshake": {"$ref": "#/definitions/duration", "default": "10s"},
        "send": {"$ref": "#/definitions/duration", "default": "10s",
          "description": "For one message to be taken by a client"},
        "ping_interval": {"$ref": "#/definitions/duration", "default": "30s"},
        "ping_timeout": {"$ref": "#/definitions/duration", "default": "10s"},
        "close": {"$ref": "#/definitions/duration", "default": "2s"}}},
    "heartbeat": {"$ref": "#/definitions/duration", "default": "15s"},
    "socket_send_buffer": {"$ref": "#/definitions/size", "default": "256KiB",
      "description": "Of the kernel, for each client"}
  }
})";
}

}  // namespace aev::websocket

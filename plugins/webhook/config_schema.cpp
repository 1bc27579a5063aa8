#include "options.h"

namespace aev::webhook {

const char* config_schema() noexcept {
  return R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "webhook subscriber",
  "type": "object",
  "required": ["url"],
  "additionalProperties": false,
  "properties": {
    "url": {"type": "string", "pattern": "^https?://", "description": "Where events are posted"},
    "secret": {"type": "string", "minLength": 1, "x-secret": true,
      "description": "Signing secret: whsec_ and base64, or any text; EVENT_SIGNATURE_SECRET if absent"},
    "secrets": {"type": "array", "minItems": 1, "maxItems": 8, "x-secret": true,
      "items": {"type": "string", "minLength": 1, "x-secret": true},
      "description": "Several secrets at once while they are being rotated: each signs"},
    "format": {"enum": ["event", "aragora", "cloudevents"], "default": "event",
      "description": "Body: the canonical event, Aragora's envelope, or CloudEvents 1.0"},
    "mode": {"enum": ["structured", "binary"], "default": "structured",
      "description": "CloudEvents content mode; batches are always structured"},
    "signatures": {"type": "array", "minItems": 1, "uniqueItems": true,
      "items": {"enum": ["standard", "aragora", "aragora-timestamped"]}, "default": ["standard"],
      "description": "Signature schemes to send"},
    "headers": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "Further headers of each request"},
    "auth": {"type": "object", "additionalProperties": false, "maxProperties": 1,
      "properties": {
        "bearer": {"type": "string", "minLength": 1, "x-secret": true},
        "basic": {"type": "object", "additionalProperties": false, "required": ["user", "password"],
          "properties": {"user": {"type": "string"},
                         "password": {"type": "string", "x-secret": true}}}},
      "description": "Bearer token or basic authentication"},
    "tls": {"type": "object", "additionalProperties": false,
      "properties": {
        "ca_file": {"type": "string", "description": "PEM file of the authorities to trust"},
        "cert_file": {"type": "string", "description": "PEM client certificate, for mutual TLS"},
        "key_file": {"type": "string", "description": "Its private key"},
        "key_password": {"type": "string", "x-secret": true},
        "insecure_skip_verify": {"type": "boolean", "default": false,
          "description": "Accept any certificate; for trials only"}}},
    "proxy": {"type": "string", "minLength": 1,
      "description": "http://, https:// or socks5:// proxy; it then decides which addresses are reached"},
    "timeout": {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$",
      "description": "Of the whole request; the subscriber's timeout if absent"},
    "connect_timeout": {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$", "default": "10s"},
    "max_response": {"type": "integer", "minimum": 0, "default": 65536,
      "description": "Bytes of an answer that are read"},
    "allow_networks": {"type": "array", "items": {"type": "string"},
      "description": "CIDRs that may be sent to although they are private, such as 127.0.0.0/8"}
  }
})";
}

}  // namespace aev::webhook

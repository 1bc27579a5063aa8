/* plugin.h - the C ABI between the Aragora Events host and its subscriber plugins, version 0.9.
 *
 * A plugin is a shared library that exports one constant data symbol, `aev_plugin_entry`, and
 * nothing else. It offers subscriber types; the host creates instances of them, leases events to an
 * instance, and the instance says how each one went. Durability, routing, retries, ordering, dead
 * letters, rate limits and back-pressure are the host's: a plugin tries once and reports.
 *
 * This header is the specification. It is C11 and C++11, and includes <stddef.h> and <stdint.h>
 * only.
 *
 * RULES
 *
 * Threads. Each function carries a tag:
 *   [control]  The host calls it from one thread at a time per instance. May block for a short
 *              while (seconds); the host warns after 1 s and gives the instance up after 30 s.
 *   [deliver]  The host never calls it twice at once for one instance. Must not block on I/O.
 *   [answer]   A function of the plugin that the host calls with the end of a request, exactly once
 *              and with the `user` of that request. As [deliver]: never at once with deliver() or
 *              with another answer of the same instance. A request that is open when the instance
 *              ends gets AEV_E_STATE before destroy().
 *   [query]    The host calls it from threads of its own, several at once perhaps, between create()
 *              and destroy(). May block for a short while (seconds).
 *   [any]      May be called from any thread at any time in the stated span of life. The host's
 *              functions are all [any], never block, and may be called inside deliver().
 *
 * Lives of an instance. create -> start -> deliver* -> stop -> (stopped by the plugin) -> destroy.
 *   destroy may follow create, a failed start, or a stop that passed its deadline directly.
 *
 * Memory. Whoever allocated frees; nothing is freed across the border. Strings are UTF-8, carry
 * their length, and are not NUL-terminated unless a declaration says so. A pointer inside an
 * aev_event stays valid until that event is completed, or destroy() returns: there is no need to
 * copy. A deadline changes an outcome, never a lifetime.
 *
 * Growth. Structs only grow at their end and say their size, arrays of structs say their stride.
 * Read a member only if struct_size covers it (AEV_HAS). Never call a function pointer that may be
 * NULL without checking it. Whatever is optional lies behind get_extension and a string id.
 *
 * Faults. No exception and no longjmp may cross the border. The host survives a plugin that
 * completes an event twice, or one it was never leased: it drops that, names the plugin in log and
 * metrics.
 *
 * Version. abi_major must equal the host's, and the host's abi_minor must reach min_host_minor.
 * Major 0 may still change between minors: then both must be equal. 1.0 will be frozen.
 */
#ifndef AEV_PLUGIN_H
#define AEV_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define AEV_MAGIC 0x31564541u /* "AEV1" in the order of bytes of a little-endian machine */
#define AEV_ABI_MAJOR 0u
#define AEV_ABI_MINOR 9u

#if defined(__GNUC__) || defined(__clang__)
#define AEV_EXPORT __attribute__((visibility("default")))
#else
#define AEV_EXPORT
#endif

/* True if the struct behind `pointer` is large enough to hold `member`. */
#define AEV_HAS(pointer, type, member) \
  ((pointer)->struct_size >= (uint32_t)(sizeof(((type*)0)->member) + offsetof(type, member)))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aev_host aev_host;
typedef struct aev_subscriber aev_subscriber;

/* Text: UTF-8, not NUL-terminated. ptr may be NULL only if len is 0. Never grows. */
typedef struct aev_str {
  const char* ptr;
  uint64_t len;
} aev_str;

/* Bytes. ptr may be NULL only if len is 0. Never grows. */
typedef struct aev_bytes {
  const void* ptr;
  uint64_t len;
} aev_bytes;

/* A name and a value. Of an event, `value` is JSON text ("abc" with its quotes, 3, {"a":1}); of a
 * log entry, plain text. Never grows. */
typedef struct aev_attr {
  aev_str key;
  aev_str value;
} aev_attr;

/* What a call came to. The host treats a value that it does not know as AEV_E_INTERNAL. */
typedef int32_t aev_status;

enum {
  AEV_OK = 0,
  AEV_BUSY = 1,           /* deliver: nothing more now; the host waits for ready(), or one second */
  AEV_E_CONFIG = -1,      /* the configuration is wrong; aev_error.path says where */
  AEV_E_STATE = -2,       /* not now: called out of order, or while stopping */
  AEV_E_UNSUPPORTED = -3, /* unknown subscriber type, or a feature that is not there */
  AEV_E_INTERNAL = -4     /* the plugin's own fault */
};

/* How an attempt ended. The host treats a value that it does not know as AEV_RETRY. */
typedef uint32_t aev_outcome;

enum {
  AEV_DELIVERED = 0,    /* taken by the receiver; never delivered again */
  AEV_RETRY = 1,        /* failed this time; the host's retry policy decides when to try again */
  AEV_REJECT = 2,       /* the receiver will never take it: it becomes a dead letter now */
  AEV_SKIP = 3,         /* not for this subscriber; counted, not an error */
  AEV_NOT_CONNECTED = 4 /* no connection to the receiver at all: the whole subscriber pauses with a
                           back-off of its own, and the event's count of attempts stays */
};

/* An error that the callee describes and the caller allocated. Both texts are NUL-terminated and
 * cut to fit. `message` says what is wrong and how to mend it, without secrets. */
typedef struct aev_error {
  uint32_t struct_size;
  int32_t code;   /* free for the plugin, shown in the log; 0 if there is none */
  char path[256]; /* JSON Pointer into the configuration ("/tls/ca_file"), "" for all of it; the
                     host turns it into file, line and column of the YAML */
  char message[768];
} aev_error;

/* Flags of an event. */
enum {
  AEV_EVENT_REPLAY = 1u /* sent again because an operator asked for a replay */
};

/* An event for one attempt. Read-only; every pointer is pinned until this event is completed, or
 * destroy() returns. Walk arrays by aev_batch.event_stride, not by sizeof. */
typedef struct aev_event {
  uint64_t seq; /* position in the host's log, ascending, unique; the same in each attempt */
  int64_t time_unix_ns;     /* when it happened, says its producer */
  int64_t received_unix_ns; /* when the host took it in */
  aev_str id;               /* unique within the host's deduplication window; never empty */
  aev_str event_type;       /* never empty */
  aev_str debate_id;        /* empty: belongs to no debate */
  aev_str source;           /* empty: not given */
  aev_str key;              /* ordering key of the subscriber's order_by; empty: none */
  aev_str content_type;     /* media type of data */
  aev_bytes data;           /* exactly as the producer sent it; empty: none */
  const aev_attr* attributes;
  uint32_t attribute_count;
  uint32_t attempt; /* 1 for the first */
  uint32_t flags;   /* AEV_EVENT_REPLAY */
  uint32_t reserved;
} aev_event;

/* A lease of `count` events, at least one. */
typedef struct aev_batch {
  uint32_t struct_size;
  uint32_t event_stride;    /* bytes from one event to the next */
  uint64_t batch_id;        /* unique for the life of the host process */
  int64_t deadline_mono_ns; /* CLOCK_MONOTONIC; afterwards the host books what is open as RETRY */
  const aev_event* events;
  uint32_t count;
  uint32_t flags; /* 0 */
} aev_batch;

/* Flags of a result. */
enum {
  AEV_RESULT_THROTTLE = 1u, /* the receiver asks for less: the whole subscriber pauses for
                               retry_after_ms, or for its back-off if that is 0 */
  AEV_RESULT_DISABLE = 2u   /* the receiver is gone for good: stop until an operator resumes it */
};

/* The fate of events [first, first + count) of a batch. Each event is completed exactly once;
 * results may come in any order, from any thread, in as many calls as suits the plugin. */
typedef struct aev_result {
  uint64_t batch_id;
  uint32_t first;
  uint32_t count;
  aev_outcome outcome;
  uint32_t flags;
  uint32_t retry_after_ms; /* hint for AEV_RETRY, honoured up to the policy's cap; 0: none */
  int32_t code;            /* receiver's own code, for example the HTTP status; 0: none */
  aev_str reason;          /* for people, at most 1 KiB is kept; copied before complete() returns */
} aev_result;

/* Flags of the limits. */
enum {
  AEV_LIMITS_BATCHED =
      1u /* in: the YAML has `batch:`; each lease is one unit that belongs together */
};

/* Negotiated at start. In: what the YAML allows. Out: what the plugin takes, never more than came
 * in; a 0 that comes back counts as 1. */
typedef struct aev_limits {
  uint32_t struct_size;
  uint32_t max_batch_events;
  uint64_t max_batch_bytes;
  uint64_t max_in_flight_bytes;
  uint32_t max_in_flight_batches;
  uint32_t timeout_ms; /* in: the subscriber's `timeout`, of one attempt */
  uint32_t flags;      /* in: AEV_LIMITS_BATCHED */
  uint32_t reserved;
} aev_limits;

/* Levels of log entries. */
enum {
  AEV_LOG_TRACE = 0,
  AEV_LOG_DEBUG = 1,
  AEV_LOG_INFO = 2,
  AEV_LOG_WARNING = 3,
  AEV_LOG_ERROR = 4
};

/* The host as one instance sees it. Valid from create() until destroy() has returned. Every
 * function is [any], does not block, and is never NULL. */
struct aev_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* host_data;     /* the host's own */
  const char* name;    /* of the subscriber in the YAML; NUL-terminated */
  const char* version; /* of the host program; NUL-terminated */

  /* An optional service of the host by its id (AEV_EXT_...), or NULL if this host lacks it. */
  const void* (*get_extension)(const aev_host* host, const char* id);

  /* Not 0 if an entry of that level would be written: lets a plugin save the work of making it. */
  uint32_t (*log_enabled)(const aev_host* host, uint32_t level);

  /* Writes a structured entry; the host adds the subscriber's name. `fields` may be NULL if count
   * is 0. Everything is copied. Never put a secret into it. */
  void (*log)(const aev_host* host,
              uint32_t level,
              aev_str message,
              const aev_attr* fields,
              uint32_t count);

  /* Reports fates: `count` results, `stride` bytes apart (sizeof(aev_result)). Legal inside
   * deliver(), even for events of that very call. An event that was completed before, or belongs to
   * no lease of this instance, is dropped and counted against the plugin. */
  void (*complete)(const aev_host* host,
                   const aev_result* results,
                   uint32_t count,
                   uint32_t stride);

  /* After AEV_BUSY or AEV_NOT_CONNECTED: the instance takes events again. */
  void (*ready)(const aev_host* host);

  /* The answer to stop(): every lease is completed, no thread of the instance will touch an event
   * or call the host again. The host calls destroy() next. */
  void (*stopped)(const aev_host* host);

  /* The instance cannot go on. The host destroys it, retries what it had, and creates it anew after
   * a back-off. `error` is copied. */
  void (*failed)(const aev_host* host, const aev_error* error);
};

/* An instance of a subscriber type. The plugin allocates it in create() and frees it in destroy().
 */
struct aev_subscriber {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  void* plugin_data;

  /* [control] Once. May start threads; should connect lazily, so that a receiver that is down does
   * not keep the host from starting. Lowers *limits to what the plugin takes. On failure fills
   * *error; destroy() follows then. Never NULL. */
  aev_status (*start)(aev_subscriber* self, aev_limits* limits, aev_error* error);

  /* [deliver] Takes over the first *accepted events of the batch (the host sets it to count before
   * the call). AEV_OK: those accepted will be completed, the others go back to the host at once.
   * AEV_BUSY: as AEV_OK, and nothing more until ready() or a second has passed. Another status:
   * none is accepted, whatever *accepted says. Must not block: hand over and return. Never NULL. */
  aev_status (*deliver)(aev_subscriber* self, const aev_batch* batch, uint32_t* accepted);

  /* [control] Once, asynchronous: finish or give up (AEV_RETRY) what is open before
   * `deadline_mono_ns` (CLOCK_MONOTONIC), then call host->stopped, from any thread, even inside
   * this call. No deliver() comes after it. Never NULL. */
  void (*stop)(aev_subscriber* self, int64_t deadline_mono_ns);

  /* [control] Joins every thread of the instance, then frees it. What was not completed by now the
   * host retries. Must not call the host. Never NULL. */
  void (*destroy)(aev_subscriber* self);

  /* [any] An optional feature of the plugin by its id, or NULL. May itself be NULL. */
  const void* (*get_extension)(aev_subscriber* self, const char* id);
};

/* Flags of a subscriber type. */
enum {
  AEV_TYPE_SOURCE = 1u /* brings events in and takes none: it needs no route, and none may name it
                        */
};

/* A subscriber type. All texts are NUL-terminated and live as long as the library. */
typedef struct aev_descriptor {
  uint32_t struct_size;
  uint32_t flags;                 /* AEV_TYPE_SOURCE */
  const char* id;                 /* what `plugin:` says in the YAML: [a-z0-9_-]{1,64} */
  const char* name;               /* for people */
  const char* version;            /* of the plugin */
  const char* vendor;             /* who answers for it */
  const char* config_schema_json; /* JSON Schema, draft 7, of `config:`. The host checks it and maps
                                     what is wrong to the YAML's line and column. Mark secrets with
                                     "x-secret": true and they are never shown. */
} aev_descriptor;

/* What the library exports. The host reads it before it calls anything. */
typedef struct aev_entry {
  uint32_t magic;       /* AEV_MAGIC */
  uint32_t struct_size; /* sizeof(aev_entry) */
  uint16_t abi_major;   /* AEV_ABI_MAJOR, AEV_ABI_MINOR: what it was built with */
  uint16_t abi_minor;
  uint16_t min_host_minor; /* the oldest host it works with */
  uint16_t reserved;

  /* [control] Once per process, before anything else. `path` is the library's file, NUL-terminated.
   * May be NULL. */
  aev_status (*init)(const char* path, aev_error* error);

  /* [control] Once at the end of an orderly exit, after the last destroy(). The library stays
   * mapped. May be NULL. */
  void (*deinit)(void);

  /* [any] The subscriber types by number, from 0; NULL ends the list. Never NULL itself. */
  const aev_descriptor* (*descriptor)(uint32_t index);

  /* [any] Checks what the JSON Schema cannot express. Pure: no I/O, no threads. May be NULL. */
  aev_status (*validate)(const char* id, aev_str config_json, aev_error* error);

  /* [control] A new instance of type `id`, or NULL with *error filled. `config_json` is valid
   * during the call only. No I/O: that belongs into start(). Never NULL. */
  aev_subscriber* (*create)(const char* id,
                            const aev_host* host,
                            aev_str config_json,
                            aev_error* error);

  /* [any] Kinds of plugins that are still to come; NULL for now. */
  const void* (*get_factory)(const char* id);
} aev_entry;

/* The only exported symbol. */
extern AEV_EXPORT const aev_entry aev_plugin_entry;

/* ---- Extension of the host: metrics ------------------------------------------------------ */

#define AEV_EXT_METRICS "aev.metrics/1"

typedef struct aev_metric aev_metric; /* a series; lives as long as the aev_host */

enum { AEV_METRIC_COUNTER = 0, AEV_METRIC_GAUGE = 1, AEV_METRIC_HISTOGRAM = 2 };

typedef struct aev_metrics {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any] The series of that name and those labels, shown at /metrics. `name` should begin with
   * aragora_<plugin>_ and end in _total or _seconds. `bounds` are a histogram's upper bounds,
   * ascending. The host bounds the number of series. NULL if the name is malformed or taken by
   * another kind. */
  aev_metric* (*series)(const aev_host* host,
                        uint32_t kind,
                        aev_str name,
                        aev_str help,
                        const aev_attr* labels,
                        uint32_t label_count,
                        const double* bounds,
                        uint32_t bound_count);

  /* [any] Adds to a counter or gauge, or observes a value of a histogram. NULL is ignored. */
  void (*record)(aev_metric* metric, double value);

  /* [any] Sets a gauge. NULL is ignored. */
  void (*set)(aev_metric* metric, double value);
} aev_metrics;

/* ---- Extension of the host: publish events ----------------------------------------------- */

#define AEV_EXT_EMIT "aev.emit/1"

/* An event to publish. Copied before emit() returns. */
typedef struct aev_emission {
  int64_t time_unix_ns; /* when it happened; 0: now */
  aev_str id;           /* empty: the host makes one. The id of an event that the host has already
                           is a duplicate: it counts as published and is not delivered again */
  aev_str event_type;   /* never empty */
  aev_str debate_id;    /* empty: belongs to no debate */
  aev_str source;       /* empty: the subscriber's name */
  aev_str content_type; /* empty: application/json */
  aev_bytes data;       /* kept byte for byte; must be JSON if the content type says so */
  const aev_attr* attributes; /* values are JSON text */
  uint32_t attribute_count;
  uint32_t reserved;
} aev_emission;

/* The end of an emission. [answer] AEV_OK: all of its events are durable. Otherwise *error says why
 * they may not be: AEV_BUSY, the disk or the store is full, try again later with the same ids;
 * AEV_E_STATE, the instance ends; AEV_E_INTERNAL, the store failed. `error` is valid during the
 * call. */
typedef void (*aev_emitted)(void* user, aev_status status, const aev_error* error);

/* An event is never delivered to the subscriber that emitted it. */
typedef struct aev_emit {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any] From start() until stopped(). Publishes `count` events, `stride` bytes apart
   * (sizeof(aev_emission)), all or none, in their order. AEV_OK: `done` will be called. Otherwise
   * nothing was taken and `done` is not called: AEV_BUSY, the queue is full, try again in a while;
   * AEV_E_CONFIG, an event is malformed, and error->path is the JSON Pointer to the fault
   * ("/3/event_type"); AEV_E_STATE. */
  aev_status (*emit)(const aev_host* host,
                     const aev_emission* events,
                     uint32_t count,
                     uint32_t stride,
                     aev_emitted done,
                     void* user,
                     aev_error* error);

  /* [any] As emit(), of one body as POST /v1/events takes it: `content_type` tells native JSON,
   * NDJSON and CloudEvents apart, `headers` (plain text) carry ce-* in binary mode. Events without
   * a source get the subscriber's name. */
  aev_status (*emit_body)(const aev_host* host,
                          aev_str content_type,
                          const aev_attr* headers,
                          uint32_t header_count,
                          aev_bytes body,
                          aev_emitted done,
                          void* user,
                          aev_error* error);
} aev_emit;

/* ---- Extension of the host: read past events --------------------------------------------- */

#define AEV_EXT_HISTORY "aev.history/1"

/* Flags of a history request. */
enum {
  AEV_HISTORY_ALL = 1u /* also events that were not routed to this subscriber */
};

typedef struct aev_history_request {
  uint32_t struct_size;
  uint32_t flags;      /* AEV_HISTORY_ALL */
  aev_str debate_id;   /* empty: whatever the debate */
  uint64_t after_seq;  /* events above this; 0: from the oldest that is kept */
  uint64_t upto_seq;   /* and not above this; 0: up to the newest */
  uint32_t max_events; /* of a page; 0: as the host likes. It may always bring fewer */
  uint32_t reserved;
  uint64_t max_bytes; /* of a page's events, but for one that alone is larger; 0: as the host likes
                       */
} aev_history_request;

/* Flags of a history page. */
enum {
  AEV_HISTORY_END = 1u /* nothing more matches up to upto_seq, or up to last_seq */
};

/* Events in ascending order of seq. Valid during the answer only. `attempt` is 0, `key` empty. */
typedef struct aev_history_page {
  uint32_t struct_size;
  uint32_t event_stride;
  const aev_event* events;
  uint32_t count;       /* may be 0 before the end */
  uint32_t flags;       /* AEV_HISTORY_END */
  uint64_t scanned_seq; /* everything up to here has been looked at: the next after_seq */
  uint64_t first_seq;   /* the oldest event that the host still has; 0: none */
  uint64_t last_seq;    /* the newest that was durable when the page was read */
} aev_history_page;

/* [answer] AEV_OK with `page`, or *error says why not and page is NULL. */
typedef void (*aev_history_read)(void* user,
                                 aev_status status,
                                 const aev_history_page* page,
                                 const aev_error* error);

typedef struct aev_history {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any] From start() until stopped(). Reads one page on a thread of the host. AEV_OK: `done` will
   * be called. AEV_BUSY: too many requests of this instance are open. AEV_E_STATE. */
  aev_status (*read)(const aev_host* host,
                     const aev_history_request* request,
                     aev_history_read done,
                     void* user);
} aev_history;

/* ---- Extension of the host: small durable state ------------------------------------------ */

#define AEV_EXT_STATE "aev.state/1"

/* Keys and values that outlive the instance and the process, one set for each subscriber's name.
 * For cursors and the like: at most 64 KiB a value, 256 bytes a key, 1 MiB in all. */
typedef struct aev_state {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any] From create() on. Calls `found` once within this call if the key is there; the value is
   * valid during that. AEV_OK if it was there, AEV_E_UNSUPPORTED if not. */
  aev_status (*get)(const aev_host* host,
                    aev_str key,
                    void (*found)(void* user, aev_bytes value),
                    void* user);

  /* [any] From start() until stopped(). Sets the value, which get() shows at once; `done`
   * (may be NULL) tells when it is durable, in the order of the calls. A value whose ptr is NULL
   * removes the key. AEV_E_CONFIG: over a limit, and *error says which. */
  aev_status (*put)(const aev_host* host,
                    aev_str key,
                    aev_bytes value,
                    aev_emitted done,
                    void* user,
                    aev_error* error);
} aev_state;

/* ---- Extension of the plugin: connectivity probe ----------------------------------------- */

#define AEV_EXT_CHECK "aev.check/1"

typedef struct aev_check {
  uint32_t struct_size;
  uint32_t reserved;

  /* [control] Tries to reach the receiver without delivering anything, until `deadline_mono_ns`.
   * AEV_OK, or *error says what is wrong. May block. */
  aev_status (*check)(aev_subscriber* self, int64_t deadline_mono_ns, aev_error* error);
} aev_check;

/* ---- Extension of the plugin: named queries ---------------------------------------------- */

#define AEV_EXT_QUERY "aev.query/1"

/* Where an answer is written. */
typedef struct aev_answer aev_answer;

struct aev_answer {
  uint32_t struct_size;
  uint32_t reserved;
  void* host_data;

  /* [query] Media type of the answer, before the first write(); application/json if never called.
   */
  void (*content_type)(aev_answer* answer, aev_str media_type);

  /* [query] Appends bytes. 0 once nobody wants more (the client left, or the host's limit of 64 MiB
   * is passed): return then. */
  uint32_t (*write)(aev_answer* answer, aev_bytes bytes);
};

/* The host offers queries as GET /v1/subscribers/{name}/query/{q} and
 * `aragora-events subscribers query NAME Q`. */
typedef struct aev_query {
  uint32_t struct_size;
  uint32_t reserved;

  /* What may be asked, NUL-terminated JSON that lives as long as the library: an array of
   * {"name","description","parameters":{name: description},"offline": bool}. An `offline` query
   * also works before start(). */
  const char* queries_json;

  /* [query] Answers query `name`. `parameters_json` is an object of strings. AEV_OK: the answer has
   * been written. AEV_E_UNSUPPORTED: there is no such query; AEV_E_CONFIG: a parameter is wrong,
   * error->path names it ("/period"); AEV_E_STATE: not now; AEV_E_INTERNAL. After an error, what
   * was written is dropped. Never NULL. */
  aev_status (*query)(aev_subscriber* self,
                      aev_str name,
                      aev_str parameters_json,
                      aev_answer* answer,
                      aev_error* error);
} aev_query;

#ifdef __cplusplus
}
#endif

#endif /* AEV_PLUGIN_H */

/* A plugin that plays the part that its configuration names: {"part": "..."}. The well-behaved
 * parts follow plugin.h to the letter; the others break it in one way each. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aev/plugin.h>

#define THREADS 4

typedef struct actor {
  aev_subscriber base;
  const aev_host* host;
  char part[64];
  int calls; /* of deliver() */
  pthread_t workers[THREADS];
  int worker_count;
  int working; /* guarded by mutex, as is batch */
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  const aev_batch* batch;
  const aev_batch* last;
  unsigned taken; /* workers that took the batch */
  unsigned generation;
} actor;

static int plays(const actor* a, const char* part) {
  return strcmp(a->part, part) == 0;
}

static aev_str text(const char* s) {
  aev_str out = {s, strlen(s)};
  return out;
}

/* Lets the test know that the call is under way, and never returns. */
static void hang(const actor* a) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  a->host->ready(a->host);
  pthread_mutex_lock(&mutex);
  for (;;) {
    pthread_cond_wait(&never, &mutex);
  }
}

static aev_result result_for(const aev_batch* batch, uint32_t first, uint32_t count) {
  aev_result r;
  memset(&r, 0, sizeof r);
  r.batch_id = batch->batch_id;
  r.first = first;
  r.count = count;
  r.outcome = AEV_DELIVERED;
  return r;
}

static void complete(const actor* a, aev_result r) {
  a->host->complete(a->host, &r, 1, sizeof r);
}

/* One at a time, from the last to the first; every second one fails with a hint. */
static void complete_in_reverse(const actor* a, const aev_batch* batch) {
  for (uint32_t i = batch->count; i-- > 0;) {
    aev_result r = result_for(batch, i, 1);
    if (i % 2 == 1) {
      r.outcome = AEV_RETRY;
      r.flags = AEV_RESULT_THROTTLE;
      r.retry_after_ms = 1500;
      r.code = 503;
      r.reason = text("busy");
    }
    complete(a, r);
  }
}

static void* work(void* data) {
  actor* a = data;
  unsigned seen = 0;
  for (;;) {
    pthread_mutex_lock(&a->mutex);
    while (a->working && a->generation == seen) {
      pthread_cond_wait(&a->changed, &a->mutex);
    }
    if (!a->working) {
      pthread_mutex_unlock(&a->mutex);
      return NULL;
    }
    seen = a->generation;
    const aev_batch* batch = a->batch;
    pthread_mutex_unlock(&a->mutex);
    if (plays(a, "reverse")) {
      complete_in_reverse(a, batch);
    } else if (plays(a, "partial")) {
      complete(a, result_for(batch, 0, batch->count / 2));
    } else if (plays(a, "busy")) {
      a->host->ready(a->host);
    } else if (plays(a, "race")) {
      /* Every worker completes every event: each must count once. The batch may be gone after the
       * last one, so what is needed of it was copied by the deliver() that is over by then. */
      uint64_t id = 0;
      uint32_t count = 0;
      pthread_mutex_lock(&a->mutex);
      id = (uint64_t)a->calls;
      count = a->taken;
      pthread_mutex_unlock(&a->mutex);
      for (uint32_t i = 0; i < count; ++i) {
        aev_result r;
        memset(&r, 0, sizeof r);
        r.batch_id = id;
        r.first = i;
        r.count = 1;
        complete(a, r);
      }
    }
  }
}

static void hand_over(actor* a, const aev_batch* batch) {
  pthread_mutex_lock(&a->mutex);
  a->batch = batch;
  ++a->generation;
  if (plays(a, "race")) {
    a->calls = (int)batch->batch_id;
    a->taken = batch->count;
  }
  pthread_cond_broadcast(&a->changed);
  pthread_mutex_unlock(&a->mutex);
}

static void use_extensions(const actor* a) {
  const aev_metrics* metrics = a->host->get_extension(a->host, AEV_EXT_METRICS);
  aev_attr label = {{"verse", 5}, {"two", 3}};
  double bounds[2] = {1, 2};
  aev_metric* sung = metrics->series(a->host, AEV_METRIC_COUNTER, text("aragora_zoo_sung_total"),
                                     text("Songs."), &label, 1, NULL, 0);
  metrics->record(sung, 3);
  aev_metric* level = metrics->series(a->host, AEV_METRIC_GAUGE, text("aragora_zoo_level"),
                                      text("Level."), NULL, 0, NULL, 0);
  metrics->set(level, 7);
  aev_metric* time =
      metrics->series(a->host, AEV_METRIC_HISTOGRAM, text("aragora_zoo_time_seconds"),
                      text("Time."), NULL, 0, bounds, 2);
  metrics->record(time, 1.5);
  metrics->record(NULL, 1);
  int refused = 0;
  refused += metrics->series(a->host, AEV_METRIC_COUNTER, text("other_total"), text(""), NULL, 0,
                             NULL, 0) == NULL;
  refused += metrics->series(a->host, AEV_METRIC_GAUGE, text("aragora_zoo_sung_total"), text(""),
                             NULL, 0, NULL, 0) == NULL;
  refused += a->host->get_extension(a->host, "com.acme.unknown/1") == NULL;
  char refusals[16];
  snprintf(refusals, sizeof refusals, "%d", refused);
  aev_attr fields[2] = {{{"bad key\n", 8}, {"v", 1}}, {{"refused", 7}, text(refusals)}};
  a->host->log(a->host, AEV_LOG_WARNING, text("sang to the host"), fields, 2);
  a->host->log(a->host, AEV_LOG_TRACE, text("whispered"), NULL, 0);
}

static aev_status start(aev_subscriber* self, aev_limits* limits, aev_error* error) {
  actor* a = self->plugin_data;
  if (plays(a, "fail_start")) {
    strcpy(error->path, "/url");
    strcpy(error->message, "the address cannot be parsed");
    error->code = 17;
    return AEV_E_CONFIG;
  }
  if (plays(a, "hang_start")) {
    hang(a);
  }
  if (plays(a, "early_stopped")) {
    a->host->stopped(a->host);
  }
  if (plays(a, "sings")) {
    use_extensions(a);
  }
  if (plays(a, "greedy")) {
    limits->max_batch_events = 1000000;
    limits->max_batch_bytes = 0;
    limits->max_in_flight_batches = 2;
  }
  a->working = 1;
  a->worker_count = plays(a, "race") ? THREADS : 1;
  for (int i = 0; i < a->worker_count; ++i) {
    pthread_create(&a->workers[i], NULL, work, a);
  }
  return AEV_OK;
}

/* What the event says, as the reason of its result. */
static void recite(const actor* a, const aev_batch* batch) {
  for (uint32_t i = 0; i < batch->count; ++i) {
    const aev_event* e = (const aev_event*)(const void*)((const char*)batch->events +
                                                         (size_t)i * batch->event_stride);
    char said[512];
    int n = snprintf(said, sizeof said, "%llu|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%u|%u|%lld",
                     (unsigned long long)e->seq, (int)e->id.len, e->id.ptr, (int)e->event_type.len,
                     e->event_type.ptr, (int)e->debate_id.len, e->debate_id.ptr, (int)e->source.len,
                     e->source.ptr, (int)e->key.len, e->key.ptr, (int)e->content_type.len,
                     e->content_type.ptr, (int)e->data.len, (const char*)e->data.ptr, e->attempt,
                     e->flags, (long long)e->time_unix_ns);
    for (uint32_t k = 0; k < e->attribute_count; ++k) {
      n += snprintf(said + n, sizeof said - (size_t)n, "|%.*s=%.*s", (int)e->attributes[k].key.len,
                    e->attributes[k].key.ptr, (int)e->attributes[k].value.len,
                    e->attributes[k].value.ptr);
    }
    aev_result r = result_for(batch, i, 1);
    r.reason.ptr = said;
    r.reason.len = (uint64_t)n;
    complete(a, r);
  }
}

static void complete_strided(const actor* a, const aev_batch* batch) {
  struct {
    aev_result result;
    char tail[24];
  } many[2];

  memset(many, 0xA5, sizeof many);
  many[0].result = result_for(batch, 0, 1);
  many[1].result = result_for(batch, 1, batch->count - 1);
  many[1].result.outcome = 77; /* unknown: counts as RETRY */
  a->host->complete(a->host, &many[0].result, 2, sizeof many[0]);
}

static void complete_with_long_reason(const actor* a, const aev_batch* batch) {
  char reason[4000];
  for (size_t i = 0; i < sizeof reason;
       i += 2) { /* U+00E9 again and again, with a bad byte first */
    reason[i] = (char)0xC3;
    reason[i + 1] = (char)0xA9;
  }
  reason[0] = (char)0xFF;
  reason[1] = 'x';
  aev_result r = result_for(batch, 0, batch->count);
  r.outcome = AEV_REJECT;
  r.reason.ptr = reason;
  r.reason.len = sizeof reason;
  complete(a, r);
}

static aev_status deliver(aev_subscriber* self, const aev_batch* batch, uint32_t* accepted) {
  actor* a = self->plugin_data;
  const int first_call = a->last == NULL;
  a->last = batch;
  if (plays(a, "hang")) {
    hang(a);
  } else if (plays(a, "half_then_hang")) {
    complete(a, result_for(batch, 0, 1));
    hang(a);
  } else if (plays(a, "partial")) {
    *accepted = batch->count / 2;
    hand_over(a, batch);
  } else if (plays(a, "cheat")) {
    complete(a, result_for(batch, 0, batch->count));
    *accepted = 1;
  } else if (plays(a, "too_many")) {
    complete(a, result_for(batch, 0, batch->count));
    *accepted = batch->count + 5;
  } else if (plays(a, "busy") && first_call) {
    *accepted = 0;
    hand_over(a, batch);
    return AEV_BUSY;
  } else if (plays(a, "error")) {
    complete(a, result_for(batch, 0, batch->count));
    return AEV_E_INTERNAL;
  } else if (plays(a, "failed")) {
    aev_error error;
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    strcpy(error.message, "lost my state");
    a->host->failed(a->host, &error);
  } else if (plays(a, "twice")) {
    complete(a, result_for(batch, 0, batch->count));
    complete(a, result_for(batch, 0, batch->count));
  } else if (plays(a, "foreign")) {
    aev_result r = result_for(batch, 0, batch->count);
    r.batch_id += 1000;
    complete(a, r);
    complete(a, result_for(batch, 0, batch->count));
  } else if (plays(a, "range")) {
    complete(a, result_for(batch, 0, 0xFFFFFFFFu));
  } else if (plays(a, "bad_results")) {
    aev_result r = result_for(batch, 0, batch->count);
    a->host->complete(a->host, &r, 1, 8);
    a->host->complete(a->host, NULL, 3, sizeof r);
    complete(a, r);
  } else if (plays(a, "strided")) {
    complete_strided(a, batch);
  } else if (plays(a, "long_reason")) {
    complete_with_long_reason(a, batch);
  } else if (plays(a, "recite")) {
    recite(a, batch);
  } else if (plays(a, "reverse") || plays(a, "race")) {
    hand_over(a, batch);
  } else if (plays(a, "never")) {
    a->host->ready(a->host); /* so that the test knows that it has the batch */
  } else {
    complete(a, result_for(batch, 0, batch->count));
  }
  return AEV_OK;
}

static void stop(aev_subscriber* self, int64_t deadline_mono_ns) {
  actor* a = self->plugin_data;
  (void)deadline_mono_ns;
  if (plays(a, "hang_stop")) {
    hang(a);
  }
  if (!plays(a, "no_stop")) {
    a->host->stopped(a->host);
  }
}

static void destroy(aev_subscriber* self) {
  actor* a = self->plugin_data;
  if (plays(a, "hang_destroy")) {
    hang(a);
  }
  pthread_mutex_lock(&a->mutex);
  a->working = 0;
  pthread_cond_broadcast(&a->changed);
  pthread_mutex_unlock(&a->mutex);
  for (int i = 0; i < a->worker_count; ++i) {
    pthread_join(a->workers[i], NULL);
  }
  pthread_mutex_destroy(&a->mutex);
  pthread_cond_destroy(&a->changed);
  free(a);
}

static const aev_descriptor kTypes[2] = {
    {sizeof(aev_descriptor), 0, "actor", "Actor", "1.2.3", "Zoo", "{\"type\":\"object\"}"},
    {sizeof(aev_descriptor), 0, "actor-2", "Understudy", "1.2.3", "Zoo", "{\"type\":\"object\"}"}};

static const aev_descriptor* descriptor(uint32_t index) {
  return index < 2 ? &kTypes[index] : NULL;
}

static int mentions(aev_str config, const char* word) {
  char copy[256];
  snprintf(copy, sizeof copy, "%.*s", (int)config.len, config.ptr);
  return strstr(copy, word) != NULL;
}

static aev_status validate(const char* id, aev_str config_json, aev_error* error) {
  if (mentions(config_json, "villain") || strcmp(id, "actor-2") == 0) {
    strcpy(error->path, "/part");
    strcpy(error->message, "that part is taken: choose another");
    return AEV_E_CONFIG;
  }
  return AEV_OK;
}

static aev_subscriber* create(const char* id,
                              const aev_host* host,
                              aev_str config_json,
                              aev_error* error) {
  (void)id;
  if (mentions(config_json, "\"villain\"")) {
    strcpy(error->path, "/part");
    strcpy(error->message, "that part is taken: choose another");
    return NULL;
  }
  if (mentions(config_json, "\"silent_refusal\"")) {
    return NULL;
  }
  actor* a = calloc(1, sizeof *a);
  a->host = host;
  char config[256]; /* with the NUL that config_json need not have */
  snprintf(config, sizeof config, "%.*s", (int)config_json.len, config_json.ptr);
  sscanf(config, "{\"part\":\"%63[a-z_]", a->part);
  pthread_mutex_init(&a->mutex, NULL);
  pthread_cond_init(&a->changed, NULL);
  a->base.struct_size = sizeof a->base;
  a->base.plugin_data = a;
  a->base.start = start;
  a->base.deliver = plays(a, "incomplete") ? NULL : deliver;
  a->base.stop = stop;
  a->base.destroy = destroy;
  return &a->base;
}

static int initialised; /* calls of init() that deinit() has not answered */

static aev_status init(const char* path, aev_error* error) {
  if (initialised++ != 0 || strstr(path, ".so") == NULL) {
    strcpy(error->message, "initialised twice");
    return AEV_E_STATE;
  }
  return AEV_OK;
}

static void deinit(void) {
  --initialised;
}

AEV_EXPORT const aev_entry aev_plugin_entry = {
    AEV_MAGIC, sizeof(aev_entry), AEV_ABI_MAJOR, AEV_ABI_MINOR, AEV_ABI_MINOR, 0, init,
    deinit,    descriptor,        validate,      create,        NULL};

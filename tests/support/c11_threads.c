/* glibc's C11 threads by way of its POSIX threads, which are the same underneath. GCC 12's
 * ThreadSanitizer knows only the latter: without this, the first thread that librdkafka makes with
 * thrd_create() crashes. Only for builds with that sanitizer. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "glibc's mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "glibc's cnd_t is a pthread_cond_t");

/* Read by the sanitizer. librdkafka counts references with atomics that it does not see, so what
 * the library does to its own memory looks like races; its locks and queues, which order our
 * threads, are seen. */
const char* __tsan_default_suppressions(void);

__attribute__((visibility("default"))) const char* __tsan_default_suppressions(void) {
  return "called_from_lib:librdkafka.so.1\nrace:^mtx_\nrace:^cnd_\n";
}

struct start {
  thrd_start_t function;
  void* argument;
};

static void* run(void* given) {
  const struct start start = *(struct start*)given;
  free(given);
  return (void*)(long)start.function(start.argument);
}

static int result_of(int error) {
  return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

__attribute__((visibility("default"))) int thrd_create(thrd_t* thread,
                                                       thrd_start_t function,
                                                       void* argument) {
  struct start* const start = malloc(sizeof *start);
  if (start == NULL) {
    return thrd_nomem;
  }
  start->function = function;
  start->argument = argument;
  const int error = pthread_create(thread, NULL, run, start);
  if (error != 0) {
    free(start);
  }
  return result_of(error);
}

__attribute__((visibility("default"))) int thrd_join(thrd_t thread, int* result) {
  void* value = NULL;
  const int error = pthread_join(thread, &value);
  if (result != NULL) {
    *result = (int)(long)value;
  }
  return result_of(error);
}

__attribute__((visibility("default"))) int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes,
                            type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init((pthread_mutex_t*)mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result_of(error);
}

__attribute__((visibility("default"))) void mtx_destroy(mtx_t* mutex) {
  pthread_mutex_destroy((pthread_mutex_t*)mutex);
}

__attribute__((visibility("default"))) int mtx_lock(mtx_t* mutex) {
  return result_of(pthread_mutex_lock((pthread_mutex_t*)mutex));
}

__attribute__((visibility("default"))) int mtx_unlock(mtx_t* mutex) {
  return result_of(pthread_mutex_unlock((pthread_mutex_t*)mutex));
}

__attribute__((visibility("default"))) int cnd_init(cnd_t* condition) {
  return result_of(pthread_cond_init((pthread_cond_t*)condition, NULL));
}

__attribute__((visibility("default"))) void cnd_destroy(cnd_t* condition) {
  pthread_cond_destroy((pthread_cond_t*)condition);
}

__attribute__((visibility("default"))) int cnd_signal(cnd_t* condition) {
  return result_of(pthread_cond_signal((pthread_cond_t*)condition));
}

__attribute__((visibility("default"))) int cnd_broadcast(cnd_t* condition) {
  return result_of(pthread_cond_broadcast((pthread_cond_t*)condition));
}

__attribute__((visibility("default"))) int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result_of(pthread_cond_wait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex));
}

__attribute__((visibility("default"))) int cnd_timedwait(cnd_t* condition,
                                                         mtx_t* mutex,
                                                         const struct timespec* until) {
  return result_of(
      pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until));
}

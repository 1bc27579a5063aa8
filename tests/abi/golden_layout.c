/* The layout that plugins were compiled against: offsets and sizes on 64-bit Linux, pinned. What
 * fails here would break every plugin that exists: add members at the end only, and pin them too.
 */
#include <stddef.h>

#include <aev/plugin.h>

_Static_assert(sizeof(aev_str) == 16, "size of aev_str");
_Static_assert(sizeof(aev_bytes) == 16, "size of aev_bytes");
_Static_assert(sizeof(aev_attr) == 32, "size of aev_attr");
_Static_assert(sizeof(aev_error) == 1032, "size of aev_error");
_Static_assert(offsetof(aev_error, code) == 4, "aev_error.code");
_Static_assert(offsetof(aev_error, path) == 8, "aev_error.path");
_Static_assert(offsetof(aev_error, message) == 264, "aev_error.message");
_Static_assert(sizeof(aev_event) == 160, "size of aev_event");
_Static_assert(offsetof(aev_event, seq) == 0, "aev_event.seq");
_Static_assert(offsetof(aev_event, time_unix_ns) == 8, "aev_event.time_unix_ns");
_Static_assert(offsetof(aev_event, received_unix_ns) == 16, "aev_event.received_unix_ns");
_Static_assert(offsetof(aev_event, id) == 24, "aev_event.id");
_Static_assert(offsetof(aev_event, event_type) == 40, "aev_event.event_type");
_Static_assert(offsetof(aev_event, debate_id) == 56, "aev_event.debate_id");
_Static_assert(offsetof(aev_event, source) == 72, "aev_event.source");
_Static_assert(offsetof(aev_event, key) == 88, "aev_event.key");
_Static_assert(offsetof(aev_event, content_type) == 104, "aev_event.content_type");
_Static_assert(offsetof(aev_event, data) == 120, "aev_event.data");
_Static_assert(offsetof(aev_event, attributes) == 136, "aev_event.attributes");
_Static_assert(offsetof(aev_event, attribute_count) == 144, "aev_event.attribute_count");
_Static_assert(offsetof(aev_event, attempt) == 148, "aev_event.attempt");
_Static_assert(offsetof(aev_event, flags) == 152, "aev_event.flags");
_Static_assert(sizeof(aev_batch) == 40, "size of aev_batch");
_Static_assert(offsetof(aev_batch, event_stride) == 4, "aev_batch.event_stride");
_Static_assert(offsetof(aev_batch, batch_id) == 8, "aev_batch.batch_id");
_Static_assert(offsetof(aev_batch, deadline_mono_ns) == 16, "aev_batch.deadline_mono_ns");
_Static_assert(offsetof(aev_batch, events) == 24, "aev_batch.events");
_Static_assert(offsetof(aev_batch, count) == 32, "aev_batch.count");
_Static_assert(offsetof(aev_batch, flags) == 36, "aev_batch.flags");
_Static_assert(sizeof(aev_result) == 48, "size of aev_result");
_Static_assert(offsetof(aev_result, batch_id) == 0, "aev_result.batch_id");
_Static_assert(offsetof(aev_result, first) == 8, "aev_result.first");
_Static_assert(offsetof(aev_result, count) == 12, "aev_result.count");
_Static_assert(offsetof(aev_result, outcome) == 16, "aev_result.outcome");
_Static_assert(offsetof(aev_result, flags) == 20, "aev_result.flags");
_Static_assert(offsetof(aev_result, retry_after_ms) == 24, "aev_result.retry_after_ms");
_Static_assert(offsetof(aev_result, code) == 28, "aev_result.code");
_Static_assert(offsetof(aev_result, reason) == 32, "aev_result.reason");
_Static_assert(sizeof(aev_limits) == 40, "size of aev_limits");
_Static_assert(offsetof(aev_limits, max_batch_events) == 4, "aev_limits.max_batch_events");
_Static_assert(offsetof(aev_limits, max_batch_bytes) == 8, "aev_limits.max_batch_bytes");
_Static_assert(offsetof(aev_limits, max_in_flight_bytes) == 16, "aev_limits.max_in_flight_bytes");
_Static_assert(offsetof(aev_limits, max_in_flight_batches) == 24,
               "aev_limits.max_in_flight_batches");
_Static_assert(offsetof(aev_limits, timeout_ms) == 28, "aev_limits.timeout_ms");
_Static_assert(offsetof(aev_limits, flags) == 32, "aev_limits.flags");
_Static_assert(sizeof(aev_host) == 88, "size of aev_host");
_Static_assert(offsetof(aev_host, abi_major) == 4, "aev_host.abi_major");
_Static_assert(offsetof(aev_host, abi_minor) == 6, "aev_host.abi_minor");
_Static_assert(offsetof(aev_host, host_data) == 8, "aev_host.host_data");
_Static_assert(offsetof(aev_host, name) == 16, "aev_host.name");
_Static_assert(offsetof(aev_host, version) == 24, "aev_host.version");
_Static_assert(offsetof(aev_host, get_extension) == 32, "aev_host.get_extension");
_Static_assert(offsetof(aev_host, log_enabled) == 40, "aev_host.log_enabled");
_Static_assert(offsetof(aev_host, log) == 48, "aev_host.log");
_Static_assert(offsetof(aev_host, complete) == 56, "aev_host.complete");
_Static_assert(offsetof(aev_host, ready) == 64, "aev_host.ready");
_Static_assert(offsetof(aev_host, stopped) == 72, "aev_host.stopped");
_Static_assert(offsetof(aev_host, failed) == 80, "aev_host.failed");
_Static_assert(sizeof(aev_subscriber) == 56, "size of aev_subscriber");
_Static_assert(offsetof(aev_subscriber, plugin_data) == 8, "aev_subscriber.plugin_data");
_Static_assert(offsetof(aev_subscriber, start) == 16, "aev_subscriber.start");
_Static_assert(offsetof(aev_subscriber, deliver) == 24, "aev_subscriber.deliver");
_Static_assert(offsetof(aev_subscriber, stop) == 32, "aev_subscriber.stop");
_Static_assert(offsetof(aev_subscriber, destroy) == 40, "aev_subscriber.destroy");
_Static_assert(offsetof(aev_subscriber, get_extension) == 48, "aev_subscriber.get_extension");
_Static_assert(sizeof(aev_descriptor) == 48, "size of aev_descriptor");
_Static_assert(offsetof(aev_descriptor, id) == 8, "aev_descriptor.id");
_Static_assert(offsetof(aev_descriptor, name) == 16, "aev_descriptor.name");
_Static_assert(offsetof(aev_descriptor, version) == 24, "aev_descriptor.version");
_Static_assert(offsetof(aev_descriptor, vendor) == 32, "aev_descriptor.vendor");
_Static_assert(offsetof(aev_descriptor, config_schema_json) == 40,
               "aev_descriptor.config_schema_json");
_Static_assert(sizeof(aev_entry) == 64, "size of aev_entry");
_Static_assert(offsetof(aev_entry, struct_size) == 4, "aev_entry.struct_size");
_Static_assert(offsetof(aev_entry, abi_major) == 8, "aev_entry.abi_major");
_Static_assert(offsetof(aev_entry, abi_minor) == 10, "aev_entry.abi_minor");
_Static_assert(offsetof(aev_entry, min_host_minor) == 12, "aev_entry.min_host_minor");
_Static_assert(offsetof(aev_entry, init) == 16, "aev_entry.init");
_Static_assert(offsetof(aev_entry, deinit) == 24, "aev_entry.deinit");
_Static_assert(offsetof(aev_entry, descriptor) == 32, "aev_entry.descriptor");
_Static_assert(offsetof(aev_entry, validate) == 40, "aev_entry.validate");
_Static_assert(offsetof(aev_entry, create) == 48, "aev_entry.create");
_Static_assert(offsetof(aev_entry, get_factory) == 56, "aev_entry.get_factory");
_Static_assert(sizeof(aev_metrics) == 32, "size of aev_metrics");
_Static_assert(offsetof(aev_metrics, series) == 8, "aev_metrics.series");
_Static_assert(offsetof(aev_metrics, record) == 16, "aev_metrics.record");
_Static_assert(offsetof(aev_metrics, set) == 24, "aev_metrics.set");
_Static_assert(sizeof(aev_check) == 16, "size of aev_check");
_Static_assert(offsetof(aev_check, check) == 8, "aev_check.check");
_Static_assert(AEV_OK == 0 && AEV_BUSY == 1 && AEV_E_CONFIG == -1 && AEV_E_INTERNAL == -4,
               "status");
_Static_assert(AEV_DELIVERED == 0 && AEV_RETRY == 1 && AEV_REJECT == 2 && AEV_SKIP == 3 &&
                   AEV_NOT_CONNECTED == 4,
               "outcomes");

#pragma once

#include <vector>

#include "ingest/event_draft.h"

namespace aev::ingest {

/// Decodes one object of application/json or NDJSON: our native form
/// `{id?, event_type, debate_id?, source?, timestamp?, data?, …}` where every other member becomes
/// an attribute; the Aragora stream envelope, known by `type` without `event_type` (`type` is the
/// event type, `loop_id` the debate); or an Aragora bus event (see aragora_event.h). The canonical
/// form of data that is not JSON (`content_type` with text `data` or `data_base64`) is read as
/// well. `draft` must be clear. The result is not yet checked by check_draft().
[[nodiscard]] Verdict decode_native(const std::vector<JsonMember>& members, EventDraft& draft);

}  // namespace aev::ingest

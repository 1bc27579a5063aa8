#include "queries.h"

namespace aev::analytics {

const char* queries_json() noexcept {
  return R"([
  {"name": "counts", "description": "Events by type and time bucket", "offline": true,
   "parameters": {
     "granularity": "minute, hour (default) or day",
     "since": "RFC 3339, Unix seconds, or a duration before now such as 48h",
     "until": "likewise; not included",
     "period": "a duration up to now, instead of since and until",
     "event_type": "only this type",
     "group_by": "bucket,event_type (default), bucket, event_type or none",
     "format": "json (default) or csv"}},
  {"name": "activity", "description": "What agents did, by time bucket", "offline": true,
   "parameters": {
     "granularity": "minute, hour (default) or day",
     "since": "RFC 3339, Unix seconds, or a duration before now such as 48h",
     "until": "likewise; not included",
     "period": "a duration up to now, instead of since and until",
     "agent": "only this agent",
     "group_by": "bucket,agent (default), bucket, agent or none",
     "format": "json (default) or csv"}},
  {"name": "debate_stats", "description": "Statistics of the debates that started in a period, also by protocol and by domain", "offline": true,
   "parameters": {
     "since": "RFC 3339, Unix seconds, or a duration before now such as 48h",
     "until": "likewise; not included",
     "period": "a duration up to now, instead of since and until",
     "domain": "only this domain",
     "protocol": "only this protocol",
     "format": "json (default) or csv"}},
  {"name": "debates", "description": "The debates that started in a period, latest first", "offline": true,
   "parameters": {
     "since": "RFC 3339, Unix seconds, or a duration before now such as 48h",
     "until": "likewise; not included",
     "period": "a duration up to now, instead of since and until",
     "domain": "only this domain",
     "protocol": "only this protocol",
     "outcome": "completed, failed or running",
     "limit": "at most so many; 100 by default",
     "format": "json (default) or csv"}},
  {"name": "debate", "description": "All that is known of one debate", "offline": true,
   "parameters": {"debate_id": "which; required", "format": "json (default) or csv"}},
  {"name": "leaderboard", "description": "Agents over the debates that started in a period", "offline": true,
   "parameters": {
     "since": "RFC 3339, Unix seconds, or a duration before now such as 48h",
     "until": "likewise; not included",
     "period": "a duration up to now, instead of since and until",
     "domain": "only debates of this domain",
     "protocol": "only debates of this protocol",
     "sort": "wins (default), votes_won, messages, critiques, votes_cast, debates, win_rate or errors",
     "limit": "at most so many; 20 by default",
     "format": "json (default) or csv"}},
  {"name": "status", "description": "What was counted, the file, and how a rebuild goes", "offline": true,
   "parameters": {}},
  {"name": "rebuild", "description": "Counts the host's log again and then replaces the figures; see status", "offline": false,
   "parameters": {
     "all": "true: also events that were not routed to this subscriber",
     "partial": "true: even if figures are lost whose events the log no longer has"}}
])";
}

}  // namespace aev::analytics

// @ts-check
// All that an event says, and where it stands.

import { moment } from "../format.js"
import { address } from "../router.js"
import { events as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { CopyButton } from "./copy.js"
import { Json } from "./json.js"

/** @param {{ event: import("../../client/tickwire.js").LogEvent, linked?: boolean }} props ``linked``: whether it leads to its own page */
export const EventFacts = ({ event, linked = true }) => html`
  <div class="event">
    <${Json} label=${say.payload} value=${event.payload} mask=${true} depth=${3} />
    <div>
      <dl class="facts">
        <dt>${say.at}</dt><dd>${moment(event.createdAt)}</dd>
        <dt>${say.position}</dt><dd class="copied"><code>${event.position}</code><${CopyButton} text=${event.position} /></dd>
        <dt>${say.id}</dt><dd>${linked ? html`<a href=${address(`/events/${event.id}`)}><code>${event.id}</code></a>` : html`<code>${event.id}</code>`}</dd>
        ${event.context.jobId && html`<dt>${say.job}</dt><dd><a href=${address(`/jobs/${event.context.jobId}`)}><code>${event.context.jobId}</code></a> · <a href=${address("/events", { job: event.context.jobId, progress: 1 })}>${say.allOfJob}</a></dd>`}
      </dl>
      <${Json} label=${say.context} value=${event.context} />
    </div>
  </div>
`

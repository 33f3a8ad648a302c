// @ts-check
// How a definition is: glyph, word and colour.

import { moment, rough } from "../format.js"
import { Icon } from "../icons.js"
import { definitions as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { useNow } from "./time.js"

/** @param {{ definition: import("../launches.js").Definition }} props */
export function Health({ definition: { health, failing, lastJob, triggerProblem } }) {
  const since = useNow((time) => (failing ? rough(time - Date.parse(failing.since)) : ""), [failing?.since])
  if (health === "failed") {
    return html`<span class="health" data-tone="bad" title=${failing && moment(failing.since)}><${Icon} name="warning" />${say.failures(failing?.failures ?? 1)}<small>${say.failingFor(since)}</small></span>`
  }
  if (triggerProblem) return html`<span class="health" data-tone="warn" title=${triggerProblem.message}><${Icon} name="warning" />${say.triggerStopped}</span>`
  if (!lastJob) return html`<span class="health">${say.unproven}</span>`
  return html`<span class="health" data-tone="good"><${Icon} name="check" />${say.ok}</span>`
}

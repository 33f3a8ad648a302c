// @ts-check
// Deliveries of a span once more, or events that never became deliveries.

import { post, Refused } from "../api.js"
import { count } from "../format.js"
import { now } from "../live.js"
import { endpoints as say } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Span, useSpan } from "./span.js"
import { Trouble } from "./trouble.js"

const WHICH = /** @type {Record<string, string[] | null>} */ ({ failed: ["failed", "disabled"], delivered: ["delivered"], all: ["delivered", "failed", "disabled"], missed: null })

/** @param {{ endpoint: Record<string, any>, close: () => void }} props */
export function EndpointReplay({ endpoint, close }) {
  const [which, setWhich] = useState("failed")
  const span = useSpan()
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [sum, setSum] = useState(/** @type {number | null} */ (null))
  const [isOver, setOver] = useState(false)
  const stopped = useRef(false)
  useEffect(() => () => void (stopped.current = true), [])
  const run = async () => {
    const until = new Date(span.until ?? now()).toISOString()
    const status = WHICH[which]
    const body = { since: new Date(span.since).toISOString(), until, ...(status && { status }) }
    let total = 0
    setSum(total)
    setError(null)
    try {
      /** @type {string | null} */
      let cursor = null
      do {
        const { data } = /** @type {any} */ (await post(`/v1/endpoints/${endpoint.id}/${status ? "replay" : "replay-missed"}`, { ...body, ...(cursor && { cursor }) }))
        total += data.replayed
        cursor = data.cursor
        setSum(total)
      } while (cursor && !stopped.current)
      announce(say.replayed(count(total)))
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
    setOver(true)
  }
  return html`
    <${Dialog} title=${say.replayTitle} close=${close}>
      <${Trouble} error=${error} />
      ${sum === null &&
      html`
        <label class="field">
          <span>${say.which}</span>
          <select value=${which} onChange=${(/** @type {any} */ event) => setWhich(event.currentTarget.value)}>
            ${Object.keys(WHICH).map((one) => html`<option key=${one} value=${one}>${say.whichOf[one]}</option>`)}
          </select>
          <small>${say.whichHelp[which]}</small>
        </label>
        <${Span} span=${span} />
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button type="button" class="primary" onClick=${run}>${say.replay}</button>
        </footer>
      `}
      ${sum !== null &&
      html`
        <p role="status">${isOver ? say.replayed(count(sum)) : say.replaying(count(sum))}</p>
        <footer>
          ${isOver ? html`<button type="button" class="primary" onClick=${close}>${say.done}</button>` : html`<button type="button" onClick=${() => (stopped.current = true)}>${say.stop}</button>`}
        </footer>
      `}
    <//>
  `
}

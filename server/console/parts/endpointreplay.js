// @ts-check
// Deliveries of a span once more, or events that never became deliveries.

import { postOnce, Refused } from "../api.js"
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
  const [sum, setSum] = useState(0)
  const [stands, setStands] = useState(/** @type {"asked" | "running" | "over"} */ ("asked"))
  const stopped = useRef(false)
  // Where a refusal has stopped it: asked for once more, it goes on there.
  const rest = useRef(/** @type {{ body: Record<string, any>, total: number } | null} */ (null))
  useEffect(() => () => void (stopped.current = true), [])
  useEffect(() => {
    rest.current = null
    setSum(0)
    setError(null)
  }, [which, span.since, span.until])
  const run = async () => {
    const status = WHICH[which]
    let { body, total } = rest.current ?? {
      body: { since: new Date(span.since).toISOString(), until: new Date(span.until ?? now()).toISOString(), ...(status && { status }) },
      total: 0,
    }
    setStands("running")
    setError(null)
    try {
      do {
        rest.current = { body, total }
        const { data } = await postOnce(`/v1/endpoints/${endpoint.id}/${status ? "replay" : "replay-missed"}`, body)
        total += data.replayed
        body = { ...body, cursor: data.cursor }
        setSum(total)
      } while (body.cursor && !stopped.current)
      announce(say.replayed(count(total)))
      setStands("over")
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
      setStands("asked")
    }
  }
  return html`
    <${Dialog} title=${say.replayTitle} close=${close}>
      <${Trouble} error=${error} />
      ${stands === "asked" &&
      html`
        <label class="field">
          <span>${say.which}</span>
          <select value=${which} onChange=${(/** @type {any} */ event) => setWhich(event.currentTarget.value)}>
            ${Object.keys(WHICH).map((one) => html`<option key=${one} value=${one}>${say.whichOf[one]}</option>`)}
          </select>
          <small>${say.whichHelp[which]}</small>
        </label>
        <${Span} span=${span} />
        ${sum > 0 && html`<p role="status">${say.replayedSoFar(count(sum))}</p>`}
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button type="button" class="primary" disabled=${Boolean(span.wrong)} onClick=${run}>${say.replay}</button>
        </footer>
      `}
      ${stands !== "asked" &&
      html`
        <p role="status">${stands === "over" ? say.replayed(count(sum)) : say.replaying(count(sum))}</p>
        <footer>
          ${stands === "over" ? html`<button type="button" class="primary" onClick=${close}>${say.done}</button>` : html`<button type="button" onClick=${() => (stopped.current = true)}>${say.stop}</button>`}
        </footer>
      `}
    <//>
  `
}

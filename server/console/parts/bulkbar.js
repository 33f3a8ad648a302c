// @ts-check
// What can be done with the jobs that are selected: all of them at once, after a word on what it means.

import { ask, postOnce } from "../api.js"
import { count } from "../format.js"
import { asFilter } from "../jobfilters.js"
import { hasEnded, jobOf, useChanges } from "../jobs.js"
import { now } from "../live.js"
import { may } from "../session.js"
import { useCell } from "../store.js"
import { bulk as say, shell } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Trouble } from "./trouble.js"

/** @typedef {"retry" | "cancel" | "acknowledge"} Act */
/** @typedef {{ matched: number, done: number, skipped: { id: string, code: string, message: string }[], more: boolean }} Done */

const ACTS = /** @type {Act[]} */ (["retry", "acknowledge", "cancel"])
const AT_ONCE = 1_000

/** Whether a job is one to which it can be done. @param {Act} act @param {import("../jobs.js").Job} job */
function fits(act, job) {
  if (act === "cancel") return !hasEnded(job) && !job.cancelRequestedAt
  return hasEnded(job) && (act === "retry" || !job.outcomeAcknowledgedAt)
}

/**
 * @param {{ selection: import("./table.js").Selection, shown: string[], more: boolean, filters: Record<string, string> }} props ``more`` says
 * that the filters mean others beside those that are shown
 */
export function BulkBar({ selection, shown, more, filters }) {
  const chosen = [...useCell(selection.cell)]
  const [all, setAll] = useState(false)
  const [act, setAct] = useState(/** @type {Act | null} */ (null))
  useEffect(() => setAll(false), [chosen.length])
  // What can be done with them changes as they go on.
  useChanges(chosen)
  if (!chosen.length || !may("run")) return null
  const filter = asFilter(filters, now())
  const whole = more && filter && shown.every((id) => chosen.includes(id))
  const jobs = chosen.flatMap((id) => jobOf(id) ?? [])
  const clear = () => selection.set([])
  return html`
    <section class="bulk" aria-label=${say.title}>
      <strong>${all ? say.allOfFilter : say.selected(count(chosen.length))}</strong>
      ${whole && !all && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>${say.takeAll}</button>`}
      ${ACTS.map((one) => {
        const ids = jobs.filter((job) => fits(one, job)).length
        return html`<button key=${one} type="button" disabled=${!all && !ids} onClick=${() => setAct(one)}>${say.acts[one]}${all ? "" : ` ${count(ids)}`}</button>`
      })}
      <button type="button" class="quiet" onClick=${clear}>${say.clear}</button>
    </section>
    ${act &&
    html`<${Confirm}
      act=${act}
      meant=${all ? { filter } : { ids: jobs.filter((job) => fits(act, job)).map(({ id }) => id) }}
      close=${() => setAct(null)}
      done=${clear}
    />`}
  `
}

/** @param {{ act: Act, meant: { ids?: string[], filter?: any }, close: () => void, done: () => void }} props */
function Confirm({ act, meant: given, close, done }) {
  // What was meant when it was asked: a job that ends meanwhile changes no number under the pointer.
  const [meant] = useState(given)
  const [matched, setMatched] = useState(/** @type {number | null} */ (meant.ids?.length ?? null))
  const [error, setError] = useState(/** @type {any} */ (null))
  const [busy, setBusy] = useState(false)
  const [left, setLeft] = useState(/** @type {Done["skipped"]} */ ([]))
  useEffect(() => {
    if (meant.filter) ask(pathOf(act), { ...meant, dryRun: true }).then(({ data }) => setMatched(data.matched), setError)
  }, [])
  const go = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    const info = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("info")
    setBusy(true)
    setError(null)
    try {
      const found = await whole(act, { ...meant, ...(info && { info }) }, matched ?? 0)
      announce(say.done[act](count(found.done)))
      if (!found.skipped.length) close()
      setLeft(found.skipped)
      done()
    } catch (refused) {
      setError(refused)
    }
    setBusy(false)
  }
  const text = count(matched ?? 0)
  if (left.length) return html`<${Dialog} title=${say.skipped(count(left.length))} close=${close}><${Skipped} left=${left} /><//>`
  return html`
    <${Dialog} title=${matched === null ? say.acts[act] : say.ask[act](text)} close=${close}>
      <form class="form" onSubmit=${go}>
        <${Trouble} error=${error} />
        <p>${say.means[act]}</p>
        ${act === "cancel" && html`<label class="field"><span>${say.reason}</span><input name="info" maxlength="4096" /><small>${say.reasonHelp}</small></label>`}
        <footer>
          <button type="button" autofocus onClick=${close}>${shell.leave}</button>
          <button class=${act === "cancel" ? "danger" : "primary"} disabled=${busy || !matched}>${say.go[act](text)}</button>
        </footer>
      </form>
    <//>
  `
}

/** @param {{ left: Done["skipped"] }} props */
const Skipped = ({ left }) => html`
  <ul class="told">
    ${left.slice(0, 20).map(({ id, message }) => html`<li key=${id}><code>${id}</code> ${message}</li>`)}
    ${left.length > 20 && html`<li>${say.andMore(count(left.length - 20))}</li>`}
  </ul>
`

/** @param {Act} act */
const pathOf = (act) => `/v1/jobs/bulk/${act}`

/** By the thousand, until all is done that was counted. @param {Act} act @param {any} body @param {number} most @returns {Promise<Done>} */
async function whole(act, body, most) {
  let found = /** @type {Done} */ ({ matched: 0, done: 0, skipped: [], more: true })
  while (found.more && found.matched < most) {
    const asked = { ...body, ...(body.filter && { limit: Math.min(AT_ONCE, most - found.matched) }) }
    const some = /** @type {Done} */ ((await postOnce(pathOf(act), asked)).data)
    found = { matched: found.matched + some.matched, done: found.done + some.done, skipped: [...found.skipped, ...some.skipped], more: some.more && some.done > 0 }
  }
  return found
}

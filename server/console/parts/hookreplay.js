// @ts-check
// Calls of a span come once more, in the order in which they came, as the hook is now.

import { get, postOnce, Refused } from "../api.js"
import { count } from "../format.js"
import { hooks as say } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { Dialog } from "./dialog.js"
import { Span, useSpan } from "./span.js"
import { Trouble } from "./trouble.js"

const PAGE_SIZE = 1_000
const MOST = 10_000
/** Refusals that are about one call alone. */
const OWN = [400, 404, 409, 410, 422]
const GOOD = ["started", "published"]
const WHICH = /** @type {Record<string, string[]>} */ ({ failed: ["failed"], ignored: ["ignored"], both: ["failed", "ignored"], all: ["started", "published", "ignored", "failed"] })

/**
 * Those of a span that are to come again, the oldest first. What is a replay itself is left out, and what has had one that went well.
 * @param {any[]} rows the newest first @param {string[]} statuses @param {number} since @param {number} until
 */
export function wanted(rows, statuses, since, until) {
  const mended = new Set(rows.filter(({ replayOf, status }) => replayOf && GOOD.includes(status)).map(({ replayOf }) => replayOf))
  const within = rows.filter(({ at }) => Date.parse(at) >= since && Date.parse(at) < until)
  return within.filter(({ id, status, replayOf }) => !replayOf && statuses.includes(status) && !mended.has(id)).reverse()
}

/** @param {{ hook: Record<string, any>, close: () => void }} props */
export function HookReplay({ hook, close }) {
  const [which, setWhich] = useState("failed")
  const span = useSpan()
  const [found, setFound] = useState(/** @type {any[] | null} */ (null))
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [done, setDone] = useState(/** @type {Record<string, number> | null} */ (null))
  const [isRunning, setRunning] = useState(false)
  const [round, setRound] = useState(0)
  const stopped = useRef(false)
  const { since, until } = span
  useEffect(() => {
    const stop = new AbortController()
    setFound(null)
    setError(null)
    collect(hook.id, since, stop.signal).then(
      (rows) => setFound(wanted(rows, WHICH[which], since, until ?? Infinity)),
      (refused) => stop.signal.aborted || setError(refused),
    )
    return () => stop.abort()
  }, [which, since, until, round])
  useEffect(() => () => void (stopped.current = true), [])
  const run = async () => {
    const sums = { ...done }
    setDone({ ...sums })
    setError(null)
    setRunning(true)
    try {
      for (const { id } of (found ?? []).slice(total)) {
        if (stopped.current) break
        const name = await replay(id)
        sums[name] = (sums[name] ?? 0) + 1
        setDone({ ...sums })
      }
      announce(say.replaySums(sums))
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
    }
    setRunning(false)
  }
  const total = done ? Object.values(done).reduce((sum, one) => sum + one, 0) : 0
  const isOver = done && (stopped.current || total === found?.length)
  return html`
    <${Dialog} title=${say.replayTitle(hook.name)} close=${close}>
      <${Trouble} error=${error} again=${done || found ? undefined : () => setRound(round + 1)} />
      ${!done &&
      html`
        <p>${say.replayHelp}</p>
        <label class="field">
          <span>${say.which}</span>
          <select value=${which} onChange=${(/** @type {any} */ event) => setWhich(event.currentTarget.value)}>
            ${Object.keys(WHICH).map((one) => html`<option key=${one} value=${one}>${say.whichOf[one]}</option>`)}
          </select>
        </label>
        <${Span} span=${span} />
        <p role="status">${found ? say.found(count(found.length)) : error ? "" : say.counting}</p>
        <footer>
          <button type="button" onClick=${close}>${say.cancel}</button>
          <button type="button" class="primary" disabled=${!found?.length || Boolean(span.wrong)} onClick=${run}>${say.replay}</button>
        </footer>
      `}
      ${done &&
      html`
        <progress value=${total} max=${found?.length ?? 1} aria-label=${say.replay}></progress>
        <p>${count(total)} / ${count(found?.length ?? 0)} · ${say.replaySums(done)}</p>
        <footer>
          ${isRunning && html`<button type="button" onClick=${() => (stopped.current = true)}>${say.stop}</button>`}
          ${!isRunning && !isOver && html`<button type="button" onClick=${close}>${say.done}</button><button type="button" class="primary" onClick=${run}>${say.goOn}</button>`}
          ${!isRunning && isOver && html`<button type="button" class="primary" onClick=${close}>${say.done}</button>`}
        </footer>
      `}
    <//>
  `
}

/** What came since then, the newest first. @param {string} id @param {number} since @param {AbortSignal} signal */
async function collect(id, since, signal) {
  const rows = []
  /** @type {string | null} */
  let cursor = null
  do {
    const page = /** @type {any} */ (await get(`/v1/hooks/${id}/deliveries`, { pageSize: PAGE_SIZE, cursor }, signal))
    rows.push(...page.data)
    cursor = page.cursor
  } while (cursor && rows.length < MOST && Date.parse(rows[rows.length - 1].at) >= since)
  return rows
}

/** What became of it. Throws what would become of each of the others too: nobody answers, or one may not, or not so many. @param {string} id */
async function replay(id) {
  try {
    return (await postOnce(`/v1/hook-deliveries/${id}/replay`)).data.status
  } catch (error) {
    if (error instanceof Refused && OWN.includes(error.status)) return "refused"
    throw error
  }
}

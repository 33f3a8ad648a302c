// @ts-check
// What screen readers are told, and others see for a moment: results, not every tick.

import { Cell, useCell } from "../store.js"
import { html } from "../vendor/htm-preact-standalone.js"

const SHOWN_MS = 6_000

/** @type {Cell<{ text: string, tone: "good" | "bad", count: number } | null>} */
const said = new Cell(/** @type {any} */ (null))
/** @type {number | undefined} */
let timer
let count = 0

/** @param {string} text @param {"good" | "bad"} [tone] */
export function announce(text, tone = "good") {
  said.set({ text, tone, count: ++count })
  clearTimeout(timer)
  timer = setTimeout(() => said.set(null), SHOWN_MS)
}

export function Announcements() {
  const news = useCell(said)
  return html`
    <div class="announcements" role="status" aria-live="polite">
      ${news && html`<p key=${news.count} data-tone=${news.tone}>${news.text}</p>`}
    </div>
  `
}

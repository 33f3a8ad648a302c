// @ts-check
// A status: glyph, word and colour, so that nobody has to tell colours apart.

import { statuses } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

const GLYPHS = /** @type {Record<string, string>} */ ({
  created: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9",
  planning: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M5.8 8h.1M8 8h.1M10.2 8h.1",
  scheduled: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3M8 5.5V8l2 1.5",
  ready: "M4 4.5v7M8 4.5v7M12 4.5v7",
  waiting: "M4 3h8M4 13h8M5 3c0 3 6 7 6 10M11 3c0 3-6 7-6 10",
  executing: "M5 3.5 12.5 8 5 12.5z",
  complete: "M3 8.5 6.5 12 13 4.5",
  partial: "M3 8.5 6.5 12l3-3.6M12 3.5v5M12 11.5v.1",
  failed: "M4 4l8 8M12 4l-8 8",
  skipped: "M3 4l5 4-5 4M8 4l5 4-5 4",
  canceled: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3M4.5 11.5l7-7",
})

/** @param {string} status @param {number} [size] */
export const glyph = (status, size = 14) => html`
  <svg class="icon" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true"><path d=${GLYPHS[status] ?? GLYPHS.created} /></svg>
`

/** What a job's status is called; a partial result is told apart. @param {{ status: string, outcome?: { result?: unknown } }} job */
export const shownStatus = ({ status, outcome }) => (status === "complete" && outcome?.result === "partial" ? "partial" : status)

/**
 * @param {{ status: string, short?: boolean, word?: string }} props with ``short`` the word is for screen readers alone, and on hover;
 * ``word`` is that of something else than a job which looks the same
 */
export function Status({ status, short = false, word = statuses[status] ?? status }) {
  return html`
    <span class="status" data-status=${status} title=${short ? word : undefined}>
      ${glyph(status)}
      <span class=${short ? "unseen" : ""}>${word}</span>
    </span>
  `
}

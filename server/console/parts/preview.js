// @ts-check
// What a timing means while it is typed: in words, by its next times in two zones, and who else starts then.

import { ask } from "../api.js"
import { viewer, weekday } from "../format.js"
import { zone } from "../preferences.js"
import { useCell } from "../store.js"
import { timing as say } from "../strings.js"
import { moved, timingOf } from "../timing.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { told } from "./trouble.js"

/** @typedef {import("../api.js").Refused} Refused */
/** @typedef {import("../timing.js").Draft} Draft */
/** @typedef {{ utc: string, local: string, note?: string }} Time */
/** @typedef {{ words: string, dialect?: string, times: Time[], neighbours?: { count: number, names: string[], free?: Time | null } | null }} Answer */
/** @typedef {{ answer: Answer | null, of: Draft | null, errors: Refused[], busy: boolean }} Preview ``answer`` is the last good one, of the draft ``of`` */

const PAUSE_MS = 250
const SHOWN = 10

/**
 * The preview of a draft, asked for when typing pauses.
 * @param {Draft} draft @param {string} [schedule] the id of the one that is changed @returns {Preview}
 */
export function usePreview(draft, schedule) {
  const [preview, set] = useState(/** @type {Preview} */ ({ answer: null, of: null, errors: [], busy: true }))
  const asked = JSON.stringify(timingOf(draft))
  useEffect(() => {
    let isOver = false
    set((before) => ({ ...before, busy: true }))
    const timer = setTimeout(async () => {
      try {
        const { data } = await ask("/v1/schedules/preview", { ...JSON.parse(asked), count: SHOWN, neighbours: true, schedule })
        if (!isOver) set({ answer: data, of: draft, errors: [], busy: false })
      } catch (error) {
        if (!isOver) set((before) => ({ ...before, errors: /** @type {Refused} */ (error).all ?? [error], busy: false }))
      }
    }, PAUSE_MS)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [asked, schedule])
  return preview
}

/** @param {{ preview: Preview, draft: Draft, change: (changes: Partial<Draft>) => void }} props */
export function PreviewPanel({ preview, draft, change }) {
  const { answer, errors, busy } = preview
  useCell(zone)
  const isHome = viewer() === draft.timeZone
  return html`
    <section class="preview" aria-labelledby="preview" aria-busy=${busy} data-stale=${errors.length ? "" : undefined}>
      <h2 id="preview">${say.preview}</h2>
      <p class="sentence" role="status">${errors.length ? html`<${Wrong} errors=${errors} />` : (answer?.words ?? "\u2026")}</p>
      ${answer && html`
        <${Neighbours} answer=${answer} preview=${preview} change=${change} />
        <table class="rows times">
          <caption class="unseen">${say.next}</caption>
          <thead>
            <tr>
              <th scope="col">${say.inZone(draft.timeZone)}</th>
              ${!isHome && html`<th scope="col">${say.yours(viewer())}</th>`}
            </tr>
          </thead>
          <tbody>
            ${answer.times.map((time) => html`<${Line} key=${time.utc} time=${time} zone=${preview.of?.timeZone ?? draft.timeZone} both=${!isHome} />`)}
          </tbody>
        </table>
      `}
    </section>
  `
}

/** What the fields beside do not say themselves. @param {{ errors: Refused[] }} props */
function Wrong({ errors }) {
  const others = errors.filter(({ key = "" }) => !/^(cron|timeZone|once|repeat\b.*)$/.test(key))
  return html`<span class="wrong">${others.length ? others.map(told).join(" ") : say.notYet}</span>`
}

/** A time, and what clocks do to it below. @param {{ time: Time, zone: string, both: boolean }} props */
const Line = ({ time: { utc, local, note }, zone: of, both }) => html`
  <tr data-note=${note ? "" : undefined}>
    <td>${shown(local)}</td>
    ${both && html`<td>${weekday(utc)}</td>`}
  </tr>
  ${note && html`<tr class="of-note" key=${`${utc} ${of}`}><td colspan=${both ? 2 : 1} class="note">${note}</td></tr>`}
`

/** The server's own clocks count: it knows zones that a browser does not. @param {string} local "2026-11-23T09:00:00+01:00" */
const shown = (local) => weekday(`${local.slice(0, 19)}Z`, "UTC")

/** @param {{ answer: Answer, preview: Preview, change: (changes: Partial<Draft>) => void }} props */
function Neighbours({ answer, preview, change }) {
  const { neighbours, times } = answer
  if (!neighbours?.count) return html`<p class="soft crowd">${neighbours ? say.alone : ""}</p>`
  const { count, names, free } = neighbours
  const better = free && preview.of && times.length ? moved(preview.of, times[0].local, free.local) : null
  return html`
    <p class="crowd">
      ${say.others(count, names.join(", "), count > names.length)}
      ${free && !better && html` ${say.free(free.local.slice(11, 16))}`}
      ${free && better && html` <button type="button" onClick=${() => change(better)}>${say.move(free.local.slice(11, 16))}</button>`}
      ${!free && html` ${say.noneFree}`}
    </p>
  `
}

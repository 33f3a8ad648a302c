// @ts-check
// A small plot of what happened over time: a bar for each stretch, the numbers in a table for who cannot see or wants to know.

import { clock, day } from "../format.js"
import { overview as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @typedef {{ at: string, value: number | null, beside?: number }} Bar ``beside`` is a second value, that stands behind the first */

const WIDTH = 480
const HEIGHT = 64
const GAP = 1.5

/**
 * @param {object} props
 * @param {string} props.title
 * @param {any} props.figure the number that counts most
 * @param {string} props.told the plot in words
 * @param {string} [props.tone] in which colour: ``bad``, ``warn``
 * @param {Bar[]} props.bars
 * @param {(value: number) => string} props.show a value in words
 * @param {string} props.column what the values are called
 * @param {string} [props.second] what the second values are called
 */
export function Plot({ title, figure, told, tone, bars, show, column, second }) {
  const most = Math.max(0, ...bars.flatMap(({ value, beside = 0 }) => [value ?? 0, beside]))
  const width = WIDTH / Math.max(1, bars.length)
  // What is there is seen, however little it is beside the rest.
  const height = (/** @type {number} */ value) => (value && most ? Math.max(2, (value / most) * HEIGHT) : 0)
  const rect = (/** @type {number} */ value, /** @type {number} */ at, /** @type {string} */ kind) =>
    value > 0 && html`<rect key=${kind + at} class=${kind} x=${(at * width).toFixed(2)} y=${(HEIGHT - height(value)).toFixed(2)} width=${Math.max(1, width - GAP).toFixed(2)} height=${height(value).toFixed(2)} />`
  return html`
    <section class="plot" data-tone=${tone}>
      <header><h2>${title}</h2><strong>${figure}</strong></header>
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title}: ${told}`}>
        <path class="plotgrid" d=${`M0,0.5H${WIDTH}M0,${HEIGHT / 2}H${WIDTH}M0,${HEIGHT - 0.5}H${WIDTH}`} />
        ${bars.map(({ beside = 0 }, at) => rect(beside, at, "plotsecond"))}${bars.map(({ value }, at) => rect(value ?? 0, at, "plotbar"))}
      </svg>
      <p class="plotaxis"><span>${bars[0] && day(bars[0].at, Date.parse(bars[bars.length - 1].at))}</span><span>${most > 0 && say.most(show(most))}</span><span>${bars.length > 0 && clock(bars[bars.length - 1].at)}</span></p>
      <${Numbers} title=${title} bars=${bars} show=${show} column=${column} second=${second} />
    </section>
  `
}

/** @param {{ title: string, bars: Bar[], show: (value: number) => string, column: string, second?: string }} props */
function Numbers({ title, bars, show, column, second }) {
  const rows = bars.filter(({ value, beside }) => value || beside)
  if (!rows.length) return html`<p class="soft">${say.nothing}</p>`
  const now = Date.parse(bars[bars.length - 1].at)
  return html`
    <details>
      <summary>${say.numbers}<span class="unseen"> ${title}</span></summary>
      <div class="plotnumbers" tabindex="0" role="group" aria-label=${title}>
        <table>
          <thead><tr><th scope="col">${say.from}</th><th scope="col">${column}</th>${second && html`<th scope="col">${second}</th>`}</tr></thead>
          <tbody>
            ${rows.map(({ at, value, beside = 0 }) => html`<tr key=${at}><td>${day(at, now)}</td><td>${value === null ? "" : show(value)}</td>${second && html`<td>${show(beside)}</td>`}</tr>`)}
          </tbody>
        </table>
      </div>
    </details>
  `
}

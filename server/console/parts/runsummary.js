// @ts-check
// One run: its times, its outcome, what it was given, and its files.

import { get, part } from "../api.js"
import { count, moment, size } from "../format.js"
import { address } from "../router.js"
import { runs as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { Dialog } from "./dialog.js"
import { canRunAgain, nameOf, starterOf, statusOf } from "./runwords.js"
import { Status } from "./status.js"
import { Trouble } from "./trouble.js"

/** @typedef {import("../timetable.js").Run} Run */

const TIMES = /** @type {const} */ (["dueAt", "createdAt", "startedAt", "finishedAt"])
const COUNTS = ["total", "ok", "failed", "skipped"]

/** @param {{ run: Run, close: () => void, again: () => void }} props */
export function RunSummary({ run, close, again }) {
  const [whole, setWhole] = useState(run)
  const [error, setError] = useState(/** @type {Error | null} */ (null))
  useEffect(() => {
    get(`/v1/runs/${part(run.id)}`).then(({ data }) => setWhole(data), setError)
  }, [run.id])
  const { jobId, rerunId, heading, message, counts, params, files = [], reason, definitionVersion } = whole
  return html`
    <${Dialog} title=${nameOf(run)} close=${close} wide>
      <p><${Status} status=${statusOf(whole)} />${heading && html` <strong>${heading}</strong>`}</p>
      <${Trouble} error=${error} />
      <dl class="schedulefacts">
        <${Fact} name=${say.trigger} value=${starterOf(whole)} />
        ${TIMES.map((name) => whole[name] && html`<${Fact} key=${name} name=${say.times[name]} value=${moment(whole[name])} />`)}
        <${Fact} name=${say.version} value=${definitionVersion} />
        <${Fact} name=${say.mode} value=${say.modes[whole.mode]} />
        <${Fact} name=${say.attempts} value=${jobId && `${whole.attempts}${whole.maxAttempts ? ` / ${whole.maxAttempts}` : ""}`} />
        <${Fact} name=${say.counts} value=${counts && told(counts)} />
        <${Fact} name=${whole.error ? say.error : reason ? say.reason : say.message} value=${whole.error?.message ?? message} />
      </dl>
      ${files.length > 0 && html`
        <h3>${say.filesTitle}</h3>
        <ul class="files">${files.map((/** @type {any} */ file) => html`<li key=${file.id}>${file.url ? html`<a href=${file.url} download>${file.name}</a>` : file.name} <small>${size(file.size)}</small></li>`)}</ul>
      `}
      ${params && Object.keys(params).length > 0 && html`<h3>${say.params}</h3><pre class="json" tabindex="0">${JSON.stringify(params, null, 2)}</pre>`}
      <footer>
        ${rerunId && html`<a class="button" href=${address(`/jobs/${rerunId}`)}>${say.openAgain}</a>`}
        ${jobId && html`<a class="button" href=${address(`/jobs/${jobId}`)}>${say.openJob}</a>`}
        ${canRunAgain(whole) && html`<button type="button" class="primary" onClick=${again}>${say.again}</button>`}
      </footer>
    <//>
  `
}

/** @param {{ name: string, value: unknown }} props */
const Fact = ({ name, value }) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : null)

/** @param {Record<string, number>} counts */
const told = (counts) => COUNTS.filter((name) => counts[name] !== undefined).map((name) => `${count(counts[name])} ${say.countWords[name]}`).join(", ")

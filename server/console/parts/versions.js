// @ts-check
// What a definition was, and what each version has changed.

import { get } from "../api.js"
import { changes } from "../diff.js"
import { moment } from "../format.js"
import { pathOf } from "../launches.js"
import { definitions as say } from "../strings.js"
import { html, useEffect, useState } from "../vendor/htm-preact-standalone.js"
import { Value } from "./definition.js"
import { Age } from "./time.js"

const PAGE_SIZE = 11
const ABOUT = ["version", "at", "actor"]

/** @param {any} version */
const body = (version) => Object.fromEntries(Object.entries(version).filter(([name]) => !ABOUT.includes(name)))

/** @param {{ definition: import("../launches.js").Definition }} props */
export function Versions({ definition: { jobDefinitionCode: code, version } }) {
  const [rows, setRows] = useState(/** @type {any[]} */ ([]))
  const [size, setSize] = useState(PAGE_SIZE)
  useEffect(() => {
    const stop = new AbortController()
    get(`${pathOf(code)}/versions`, { pageSize: size }, stop.signal).then(({ data }) => setRows(data), () => {})
    return () => stop.abort()
  }, [code, version, size])
  // The oldest that was read is there to be compared with.
  const shown = rows.length < size ? rows : rows.slice(0, -1)
  return html`
    <section aria-labelledby="versions">
      <header><h2 id="versions">${say.versions}</h2></header>
      <ol class="versions" reversed>
        ${shown.map((one, at) => html`<${Version} key=${one.version} version=${one} before=${rows[at + 1]} open=${false} />`)}
      </ol>
      ${shown.length < rows.length && html`<p><button type="button" onClick=${() => setSize(size + 50)}>${say.olderVersions}</button></p>`}
    </section>
  `
}

/** @param {{ version: any, before?: any }} props */
function Version({ version, before }) {
  const found = before ? changes(body(before), body(version)) : []
  const told = before ? found.map(({ path }) => path).join(", ") : say.first
  return html`
    <li>
      <details>
        <summary><strong>${say.versionOf(version.version)}</strong><span class="what">${told}</span><small title=${`${moment(version.at)}, ${version.actor}`}><${Age} at=${version.at} /></small></summary>
        <p class="soft">${moment(version.at)} · ${say.by(version.actor)}</p>
        ${before
          ? html`<table class="diff">
              <thead><tr><th scope="col">${say.place}</th><th scope="col">${say.before}</th><th scope="col">${say.after}</th></tr></thead>
              <tbody>
                ${found.map(
                  ({ path, before, after }) => html`<tr key=${path}><th scope="row"><code>${path}</code></th><td class="was"><${Value} value=${before} /></td><td class="is"><${Value} value=${after} /></td></tr>`,
                )}
              </tbody>
            </table>`
          : html`<${Value} value=${body(version)} />`}
      </details>
    </li>
  `
}

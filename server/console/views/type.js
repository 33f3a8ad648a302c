// @ts-check
// One job type, and a form that makes a job of it.

import { get, part } from "../api.js"
import { start } from "../launches.js"
import { announce } from "../parts/announce.js"
import { Fields, useForm, useSending } from "../parts/form.js"
import { ofEveryJob } from "../parts/launch.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble, Troubles } from "../parts/trouble.js"
import { position, useAnswer } from "../answers.js"
import { address, go, usePlace } from "../router.js"
import { fieldsOf } from "../schema.js"
import { may } from "../session.js"
import { definitions, forms, launch, types as say } from "../strings.js"
import { html, useMemo } from "../vendor/htm-preact-standalone.js"
import { Served } from "./types.js"

/** @typedef {import("../launches.js").JobType} JobType */

/** @param {{ code: string }} props */
export default function TypeView({ code }) {
  const read = async (/** @type {AbortSignal} */ signal) => {
    const asOf = await position(signal)
    const [{ data: type }, used] = await Promise.all([
      get(`/v1/job-types/${part(code)}`, {}, signal),
      get("/v1/job-definitions", { jobType: code, pageSize: 20 }, signal),
    ])
    return { data: { type, definitions: used.data }, asOf }
  }
  const { data, error, again } = useAnswer(read, ["job-type:*", "definition:*"], [code])
  if (error) return html`<${Heading} title=${code} /><${Trouble} error=${error} again=${again} />`
  if (!data) return html`<${Heading} title=${code} /><${Skeleton} lines=${10} />`
  return html`<${Shown} type=${data.type} used=${data.definitions} />`
}

/** @param {{ type: JobType, used: import("../launches.js").Definition[] }} props */
function Shown({ type, used }) {
  const { code, name, label, description, online, builtIn, limits = {} } = type
  return html`
    <p class="crumbs"><a href=${address("/types")}>${say.title}</a></p>
    <${Heading} title=${label ?? code}>
      <${Served} online=${online} builtIn=${builtIn} />
      ${may("define") && html`<span class="actions"><a class="button" href=${address("/new-definition", { type: code })}>${say.define}</a></span>`}
    <//>
    <div class="with-aside">
      <div>
        ${description && html`<p class="intro">${description}</p>`}
        ${may("run") ? html`<${RunForm} key=${JSON.stringify([type.inputSchema, type.inputForm, type.modes])} type=${type} />` : html`<p class="soft">${say.lookOnly}</p>`}
      </div>
      <aside aria-label=${definitions.facts}>
        <section aria-labelledby="facts">
          <h2 id="facts">${definitions.facts}</h2>
          <dl class="facts-shown">
            <div><dt>${definitions.code}</dt><dd><code>${code}</code></dd></div>
            ${name !== code && html`<div><dt>${say.jobs}</dt><dd><code>${name}</code></dd></div>`}
            <div><dt>${say.modes}</dt><dd>${type.modes.map((one) => (one === "delta" ? launch.delta : launch.full)).join(", ")}</dd></div>
            ${Object.entries(limits).map(([limit, value]) => html`<div key=${limit}><dt>${say.limits[limit] ?? limit}</dt><dd>${limit.endsWith("S") ? say.seconds(value) : value}</dd></div>`)}
          </dl>
        </section>
        <section aria-labelledby="used">
          <h2 id="used">${definitions.title}</h2>
          ${used.length
            ? html`<ul class="lines">${used.map((one) => html`<li key=${one.id}><a href=${address(`/definitions/${part(one.jobDefinitionCode)}`)}>${one.name}</a><small>${one.enabled ? "" : definitions.off}</small></li>`)}</ul>`
            : html`<p class="soft">${say.unused}</p>`}
        </section>
        <p class="more-link"><a href=${address("/jobs", { job: name })}>${say.itsJobs}</a></p>
      </aside>
    </div>
  `
}

/** @param {JobType} type @returns {import("../schema.js").Field[]} */
function ofRun(type) {
  const asked = fieldsOf(type.inputSchema, type.inputForm)
  const options = type.modes.map((mode) => ({ value: mode, label: mode === "delta" ? launch.delta : launch.full }))
  return [
    ...(asked.length ? [{ name: "params", kind: /** @type {const} */ ("group"), label: forms.params, required: true, fields: asked, bare: true }] : []),
    ...(type.needsFile ? [{ name: "fileId", kind: /** @type {const} */ ("file"), label: forms.file, required: true }] : []),
    ...(options.length > 1 ? [{ name: "mode", kind: /** @type {const} */ ("choice"), label: launch.mode, required: false, usual: type.modes[0], options }] : []),
    ...ofEveryJob(),
  ]
}

/** Parameters that the address has, for links that fill the form. @param {URLSearchParams} query */
function given(query) {
  try {
    return JSON.parse(query.get("params") ?? "{}")
  } catch {
    return {}
  }
}

/** @param {{ type: JobType }} props */
function RunForm({ type }) {
  const { query } = usePlace()
  const fields = useMemo(() => ofRun(type), [])
  const form = useForm(fields, { params: given(query) })
  const { others, busy, submit } = useSending(form, async () => {
    const id = await start(`/v1/job-types/${part(type.code)}/_execute`, form.values)
    announce(launch.started(type.label ?? type.code))
    go(`/jobs/${id}`)
  })
  return html`
    <section aria-labelledby="run">
      <header><h2 id="run">${say.run}</h2></header>
      ${!type.online && html`<p class="notice" data-tone="warn">${launch.offline}</p>`}
      <form class="form narrow" novalidate ref=${form.ref} onSubmit=${submit}>
        <${Troubles} errors=${others} />
        ${!fields.some(({ name }) => name === "params") && html`<p class="soft">${forms.noFields}</p>`}
        <${Fields} fields=${fields} values=${form.values} change=${form.change} problems=${form.problems} />
        <footer><button class="primary" disabled=${busy}>${say.runIt}</button></footer>
      </form>
    </section>
  `
}

// @ts-check
// What a definition says, to be read.

import { day, moment } from "../format.js"
import { holdsTemplate } from "../launches.js"
import { address } from "../router.js"
import { fieldsOf } from "../schema.js"
import { may } from "../session.js"
import { definitions as say, launch } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"
import { Age, useNow } from "./time.js"

/** @typedef {import("../launches.js").Definition} Definition */
/** @typedef {import("../launches.js").JobType} JobType */

/** A value as one reads it: texts as they are, the rest as JSON. @param {{ value: any }} props */
export function Value({ value }) {
  if (value === undefined) return html`<span class="soft">${say.nothingSaid}</span>`
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2)
  return html`<code class="value" data-template=${holdsTemplate(value) ? "" : undefined}>${text === "" ? '""' : text}</code>`
}

/** @param {{ definition: Definition, type: JobType }} props */
export function Params({ definition: { params }, type }) {
  const fields = fieldsOf(type.inputSchema, type.inputForm)
  const names = Object.keys(params).toSorted((one, other) => place(fields, one) - place(fields, other))
  return html`
    <section aria-labelledby="params">
      <header><h2 id="params">${say.params}</h2></header>
      ${names.length
        ? html`<dl class="pairs-shown">
            ${names.map((name) => html`<div key=${name}><dt title=${name}>${fields.find((one) => one.name === name)?.label ?? name}</dt><dd><${Shown} field=${fields.find((one) => one.name === name)} value=${params[name]} /></dd></div>`)}
          </dl>`
        : html`<p class="soft">${say.noParams}</p>`}
    </section>
  `
}

/** @param {{ field?: import("../schema.js").Field, value: any }} props */
function Shown({ field, value }) {
  const option = field?.options?.find((one) => one.value === value)
  return option && option.label !== String(value) ? html`<span title=${String(value)}>${option.label}</span>` : html`<${Value} value=${value} />`
}

/** @param {import("../schema.js").Field[]} fields @param {string} name */
function place(fields, name) {
  const at = fields.findIndex((one) => one.name === name)
  return at < 0 ? fields.length : at
}

/** @param {{ definition: Definition, type: JobType }} props */
export function Facts({ definition, type }) {
  const { jobDefinitionCode, jobType, target, version, updatedAt, modes } = definition
  const served = type.builtIn ? say.builtIn : type.online ? say.online : say.offline
  return html`
    <section aria-labelledby="facts">
      <h2 id="facts">${say.facts}</h2>
      <dl class="facts-shown">
        <div><dt>${say.code}</dt><dd><code>${jobDefinitionCode}</code></dd></div>
        <div><dt>${say.type}</dt><dd><a href=${address(`/types/${encodeURIComponent(jobType)}`)}>${type.label ?? jobType}</a></dd></div>
        <div><dt>${say.served}</dt><dd>${served}</dd></div>
        ${target && html`<div><dt>${say.target}</dt><dd><code>${target}</code></dd></div>`}
        ${type.modes.length > 1 && html`<div><dt>${say.modes}</dt><dd>${say.usually((modes?.default ?? type.modes[0]) === "delta" ? launch.delta : launch.full)}</dd></div>`}
        ${modes?.onPartial && type.modes.includes("delta") && html`<div><dt>${say.onPartial}</dt><dd>${say.partial[/** @type {"keep"} */ (modes.onPartial)]}</dd></div>`}
        <div><dt>${say.version}</dt><dd>${version}</dd></div>
        <div><dt>${say.changed}</dt><dd><${Age} at=${updatedAt} /> ${say.ago}</dd></div>
      </dl>
    </section>
  `
}

/** @param {{ code: string, schedules: any[] }} props */
export const Schedules = ({ code, schedules }) => html`
  <section aria-labelledby="schedules">
    <header>
      <h2 id="schedules"><a href=${address("/schedules", { definition: code })}>${say.schedules}</a></h2>
      ${may("schedule") && html`<a href=${address("/schedules/new", { definition: code })} aria-label=${say.newSchedule}>${say.addSchedule}</a>`}
    </header>
    ${schedules.length
      ? html`<ul class="lines">
          ${schedules.map((one) => html`<${Schedule} key=${one.id} schedule=${one} />`)}
        </ul>`
      : html`<p class="soft">${say.noSchedules}</p>`}
  </section>
`

/** @param {{ schedule: any }} props */
function Schedule({ schedule: { id, name, words, state, nextAt, timeZone } }) {
  const next = useNow((time) => (nextAt ? day(nextAt, time) : ""), [nextAt])
  return html`
    <li>
      <span>${name && name !== words ? html`<a href=${address(`/schedules/${id}`)}>${name}</a> ${words}` : html`<a href=${address(`/schedules/${id}`)}>${words}</a>`}<small>${timeZone}</small></span>
      <small>${state === "active" ? html`<time dateTime=${nextAt} title=${nextAt && moment(nextAt)}>${next}</time>` : say.scheduleStates[state]}</small>
    </li>
  `
}

/** @param {{ definition: Definition }} props */
export function Triggers({ definition: { triggers = [], triggerProblem, triggerStops } }) {
  if (!triggers.length) return null
  return html`
    <section aria-labelledby="triggers">
      <header><h2 id="triggers">${say.triggers}</h2></header>
      ${triggerProblem && html`<p class="notice" data-tone="warn">${triggerProblem.message} ${triggerStops > 0 && say.stops(triggerStops)}</p>`}
      <ul class="cards">
        ${triggers.map(
          (/** @type {any} */ { topic, filter, params, mode, maxPerMinute }, /** @type {number} */ at) => html`
            <li key=${at}>
              <p><code>${topic}</code><small>${[mode && (mode === "delta" ? launch.delta : launch.full), say.perMinute(maxPerMinute)].filter(Boolean).join(" · ")}</small></p>
              <dl class="pairs-shown">
                ${filter && html`<div><dt>${say.filter}</dt><dd><${Value} value=${filter} /></dd></div>`}
                ${Object.entries(params ?? {}).map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd><${Value} value=${value} /></dd></div>`)}
              </dl>
            </li>
          `,
        )}
      </ul>
    </section>
  `
}

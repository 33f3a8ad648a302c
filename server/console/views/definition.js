// @ts-check
// One definition: launched here, and all that is known of it.

import { get, part, remove } from "../api.js"
import { JobList } from "../joblist.js"
import { pathOf } from "../launches.js"
import { announce } from "../parts/announce.js"
import { Confirm } from "../parts/confirm.js"
import { Facts, Params, Schedules, Triggers } from "../parts/definition.js"
import { Health } from "../parts/health.js"
import { JobRow } from "../parts/jobrow.js"
import { JobHead } from "../parts/jobtable.js"
import { Launch } from "../parts/launch.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Trouble } from "../parts/trouble.js"
import { Versions } from "../parts/versions.js"
import { WatermarkPart } from "../parts/watermark.js"
import { position, useAnswer } from "../answers.js"
import { address, go } from "../router.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { useCell } from "../store.js"
import { definitions as say, launch } from "../strings.js"
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact-standalone.js"
import { EnableSwitch } from "./definitions.js"

/** @typedef {import("../launches.js").Definition} Definition */

const TOPICS = ["definition:*", "schedule:*", "job-type:*", "job:created", "job:completed", "job:failed", "job:canceled"]
const SHOWN_RUNS = 10

/** @param {string} code */
const reader = (code) => async (/** @type {AbortSignal} */ signal) => {
  const asOf = await position(signal)
  const { jobDefinition: definition } = await get(pathOf(code), {}, signal)
  const [type, watermark, schedules] = await Promise.all([
    get(`/v1/job-types/${part(definition.jobType)}`, {}, signal),
    get(`${pathOf(code)}/watermark`, {}, signal),
    get(`${pathOf(code)}/schedules`, { pageSize: 20 }, signal),
  ])
  return { data: { definition, type: type.data, watermark: watermark.data, schedules: schedules.data }, asOf }
}

/** @param {{ code: string }} props */
export default function DefinitionView({ code }) {
  const concerns = (/** @type {import("../live.js").LogEvent} */ { payload, topic }) =>
    payload.definition === code || topic.startsWith("schedule:") || topic.startsWith("job-type:")
  const { data, error, again } = useAnswer(reader(code), TOPICS, [code], concerns)
  if (error) return html`<${Heading} title=${code} /><${Trouble} error=${error} again=${again} />`
  if (!data) return html`<${Heading} title=${code} /><${Skeleton} lines=${10} />`
  return html`<${Shown} ...${data} />`
}

/** @param {{ definition: Definition, type: import("../launches.js").JobType, watermark: import("../launches.js").Watermark, schedules: any[] }} props */
function Shown({ definition, type, watermark, schedules }) {
  const { jobDefinitionCode: code, name, description, enabled } = definition
  const [removing, setRemoving] = useState(false)
  useShortcuts([
    { keys: "l", label: launch.launch, run: () => /** @type {HTMLElement | null} */ (document.querySelector(".heading .split button"))?.click() },
    ...(may("define") ? [{ keys: "e", label: say.edit, run: () => go(`/definitions/${part(code)}/edit`) }] : []),
  ])
  const erase = async () => {
    await remove(pathOf(code))
    announce(say.removed(name))
    go("/definitions")
  }
  return html`
    <p class="crumbs"><a href=${address("/definitions")}>${say.title}</a></p>
    <${Heading} title=${name}>
      <${Health} definition=${definition} />
      <span class="actions">
        <${EnableSwitch} definition=${definition} shown />
        <${Launch} definition=${definition} type=${type} primary />
        ${may("define") && html`
          <a class="button" href=${address(`/definitions/${part(code)}/edit`)}>${say.edit}</a>
          <button type="button" class="danger" onClick=${() => setRemoving(true)}>${say.remove}</button>
        `}
      </span>
    <//>
    ${!enabled && html`<p class="notice">${launch.disabled}</p>`}
    ${enabled && !type.online && html`<p class="notice" data-tone="warn">${launch.offline}</p>`}
    <div class="with-aside">
      <div>
        ${description && html`<p class="intro">${description}</p>`}
        <${Runs} code=${code} />
        <${Params} definition=${definition} type=${type} />
        <${Triggers} definition=${definition} />
        <${Versions} definition=${definition} />
      </div>
      <aside aria-label=${say.facts}>
        <${Facts} definition=${definition} type=${type} />
        <${Schedules} code=${code} schedules=${schedules} />
        ${type.modes.includes("delta") && html`<${WatermarkPart} definition=${definition} watermark=${watermark} />`}
      </aside>
    </div>
    ${removing && html`<${Confirm} title=${say.removeTitle(name)} button=${say.remove} dangerous act=${erase} close=${() => setRemoving(false)}><p>${say.removeHelp}</p><//>`}
  `
}

/** The newest runs, live. @param {{ code: string }} props */
function Runs({ code }) {
  const list = useMemo(() => new JobList({ definition: code }), [code])
  useEffect(() => () => list.close(), [list])
  const { state, ids } = useCell(list.cell)
  return html`
    <section aria-labelledby="runs">
      <header><h2 id="runs">${say.runs}</h2>${ids.length > 0 && html`<a href=${address("/jobs", { definition: code })}>${say.allRuns}</a>`}</header>
      ${state === "loading" && html`<${Skeleton} lines=${3} />`}
      ${state === "ready" && !ids.length && html`<p class="soft">${say.noRuns}</p>`}
      ${ids.length > 0 && html`
        <table class="rows jobs">
          <${JobHead} />
          <tbody>
            ${ids.slice(0, SHOWN_RUNS).map((id) => html`<${JobRow} key=${id} id=${id} />`)}
          </tbody>
        </table>
      `}
    </section>
  `
}

// @ts-check
// Actions: the buttons of each resource, and what they have started.

import { get } from "../api.js"
import { put } from "../jobs.js"
import { CodeBlock } from "../parts/copy.js"
import { Empty } from "../parts/empty.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Toolbar } from "../parts/toolbar.js"
import { Trouble } from "../parts/trouble.js"
import { position, useAnswer } from "../answers.js"
import { address, usePlace } from "../router.js"
import { actions as say } from "../strings.js"
import { html } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../parts/toolbar.js").Action} Action */
/** @typedef {import("../jobs.js").Job} Job */

const TOPICS = ["action:*", "job:created", "job:ready", "job:completed", "job:failed", "job:canceled", "job:deleted"]
const UNFINISHED = "ready,executing,waiting,scheduled"

/** @param {string | null} target */
const reader = (target) => async (/** @type {AbortSignal} */ signal) => {
  const asOf = await position(signal)
  const asked = { status: UNFINISHED, source: target, pageSize: 200, quick: true }
  const [actions, jobs, blocking] = await Promise.all([
    get("/v1/actions", { targetId: target }, signal),
    get("/v1/jobs", asked, signal),
    // However many others are newer, none that blocks a toolbar is overlooked.
    get("/v1/jobs", { ...asked, q: "toolbarBlocking" }, signal),
  ])
  put(jobs.data, jobs.asOf)
  put(blocking.data, blocking.asOf)
  const found = new Map([...jobs.data, ...blocking.data].map((/** @type {Job} */ job) => [job.id, job]))
  return { data: { groups: grouped(actions), jobs: [...found.values()] }, asOf }
}

/** By what they stand on. @param {Action[]} actions */
function grouped(actions) {
  /** @type {Map<string, Action[]>} */
  const found = new Map()
  for (const action of actions) found.set(action.targetId, [...(found.get(action.targetId) ?? []), action])
  return [...found]
}

export default function Actions() {
  const target = usePlace().query.get("target")
  const { data, error, again } = useAnswer(reader(target), TOPICS, [target])
  return html`
    ${target && html`<p class="crumbs"><a href=${address("/actions")}>${say.title}</a></p>`}
    <${Heading} title=${target ? say.of(target) : say.title} />
    ${error && html`<${Trouble} error=${error} again=${again} />`}
    ${!data && !error && html`<${Skeleton} lines=${8} />`}
    ${data?.groups.map(([id, actions]) => html`<${Toolbar} key=${id} target=${id} actions=${actions} jobs=${data.jobs.filter(({ source }) => source === id)} />`)}
    ${data && !data.groups.length && html`<${Empty} title=${target ? say.noneOf : say.none}><p>${say.noneHelp}</p><${CodeBlock} label="shell" text=${COMMAND} /><//>`}
  `
}

const COMMAND = `tickwire actions create workbook:export --label "Export" --target us_wb_orders --confirm --form \\
  '{"fields": [{"key": "title", "type": "string", "label": "Title", "constraints": [{"type": "required"}]}]}'
`

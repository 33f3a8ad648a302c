// @ts-check
// What a person can do with a job: start it, cancel it, run it again, copy the call that makes another.

import { part, post, postOnce, Refused } from "../api.js"
import { Icon } from "../icons.js"
import { hasEnded } from "../jobs.js"
import { address, go } from "../router.js"
import { may } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { jobActs as say, shell } from "../strings.js"
import { html, useLayoutEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { useAgainForm } from "./againlater.js"
import { announce } from "./announce.js"
import { toClipboard } from "./copy.js"
import { Dialog } from "./dialog.js"
import { Menu } from "./menu.js"
import { Skeleton } from "./skeleton.js"
import { told, Trouble } from "./trouble.js"

/** @typedef {import("../jobs.js").Job} Job */

const STARTABLE = ["created", "planning", "waiting", "scheduled"]

/** @param {{ job: Job, again: () => void }} props ``again`` opens the dialog that runs it again */
export function JobActs({ job, again }) {
  const [canceling, setCanceling] = useState(false)
  const ended = hasEnded(job)
  const mayRun = may("run")
  const mayCancel = mayRun && !ended && !job.cancelRequestedAt
  useShortcuts(
    [
      ...(mayRun && ended ? [{ keys: "r", label: say.again, run: again }] : []),
      ...(mayCancel ? [{ keys: "c", label: say.cancel, run: () => setCanceling(true) }] : []),
    ],
    [job.status, job.cancelRequestedAt],
  )
  const start = () => attempt(() => post(`/v1/jobs/${part(job.id)}/execute`), say.started)
  return html`
    <div class="jobacts">
      ${mayRun && STARTABLE.includes(job.status) && html`<button type="button" class="primary" onClick=${start}><${Icon} name="play" />${say.start}</button>`}
      ${mayRun && ended && html`<button type="button" onClick=${again}><${Icon} name="retry" />${say.again}</button>`}
      ${mayCancel && html`<button type="button" class="danger" onClick=${() => setCanceling(true)}><${Icon} name="stop" />${say.cancel}</button>`}
      ${!ended && job.cancelRequestedAt && html`<button type="button" disabled><${Icon} name="stop" />${say.canceling}</button>`}
      <${CopyAs} job=${job} />
    </div>
    ${canceling && html`<${Cancel} job=${job} close=${() => setCanceling(false)} />`}
  `
}

/** @param {() => Promise<any>} act @param {string} done */
async function attempt(act, done) {
  try {
    await act()
    announce(done)
  } catch (error) {
    announce(told(/** @type {any} */ (error)), "bad")
  }
}

/** @param {{ job: Job, close: () => void }} props */
export function Cancel({ job, close }) {
  const [error, setError] = useState(/** @type {Refused | null} */ (null))
  const [busy, setBusy] = useState(false)
  const out = useRef(/** @type {HTMLButtonElement | null} */ (null))
  const ended = hasEnded(job) && !busy
  // Who presses Enter as soon as it says so closes it.
  useLayoutEffect(() => {
    if (ended) out.current?.focus()
  }, [ended])
  const cancel = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    const info = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("info") ?? "")
    setBusy(true)
    try {
      await post(`/v1/jobs/${part(job.id)}/cancel`, info ? { info } : {})
      announce(say.cancelDone)
      close()
    } catch (refused) {
      setError(/** @type {Refused} */ (refused))
      setBusy(false)
    }
  }
  const title = say.cancelAsk(job.label ?? job.job)
  if (ended) {
    return html`
      <${Dialog} title=${title} close=${close}>
        <p role="status">${say.cancelLate}</p>
        <footer><button ref=${out} type="button" class="primary" onClick=${close}>${shell.close}</button></footer>
      <//>
    `
  }
  return html`
    <${Dialog} title=${title} close=${close}>
      <form class="form" onSubmit=${cancel}>
        <${Trouble} error=${error} />
        <p>${job.status === "executing" ? say.cancelRunning : say.cancelWaiting}${job.parts ? ` ${say.cancelParts}` : ""}</p>
        <label class="field"><span>${say.reason}</span><input name="info" maxlength="4096" /><small>${say.reasonHelp}</small></label>
        <footer>
          <button type="button" autofocus onClick=${close}>${shell.leave}</button>
          <button class="danger" disabled=${busy}>${say.cancelGo}</button>
        </footer>
      </form>
    <//>
  `
}

/** @param {{ job: Job, close: () => void, done?: () => void }} props the input is pre-filled, and may be changed */
export function RunAgain({ job, close, done }) {
  const [Form, error] = useAgainForm()
  const run = async (/** @type {Record<string, unknown> | undefined} */ input) => {
    const id = await rerun(job, input)
    announce(say.againDone)
    close()
    done?.()
    go(`/jobs/${id}`)
  }
  const help = (/** @type {boolean} */ isSame) => (isSame ? say.inputSame : job.definition ? say.inputEdited : say.inputNew)
  return html`
    <${Dialog} title=${say.againAsk(job.label ?? job.job)} close=${close} wide>
      <${Trouble} error=${error} />
      ${Form ? html`<${Form} type=${job.jobType ?? job.job} given=${job.input ?? {}} label=${say.input} help=${help} run=${run} close=${close} />` : !error && html`<${Skeleton} lines=${4} />`}
    <//>
  `
}

/** The id of the new job. @param {Job} job @param {Record<string, unknown>} [input] other than the job's */
export async function rerun(job, input) {
  if (!input) return (await postOnce(`/v1/jobs/${part(job.id)}/retry`)).data.id
  if (job.definition) {
    const { data } = await postOnce(`/v1/runs/${part(job.id)}/_again`, { params: input })
    return data.jobId
  }
  const { data } = await postOnce("/v1/jobs", likeIt(job, input))
  return data.id
}

const KEPT = ["type", "operation", "source", "fileId", "label", "mode", "subject", "tags", "metadata", "priority", "maxAttempts", "runTimeoutS", "totalTimeoutS"]

/** The body that makes such a job. @param {Job} job @param {unknown} [input] */
function likeIt(job, input = job.input) {
  const said = Object.fromEntries(KEPT.flatMap((name) => (job[name] === undefined ? [] : [[name, job[name]]])))
  return { ...said, trigger: "immediate", ...(input !== undefined && { input }) }
}

/** @param {{ job: Job }} props */
function CopyAs({ job }) {
  const copy = async (/** @type {string} */ text) => {
    await toClipboard(text)
    announce(say.copied)
  }
  const item = (/** @type {string} */ label, /** @type {string} */ text) => html`<button type="button" class="item" onClick=${() => copy(text)}>${label}</button>`
  return html`
    <${Menu} label=${say.copyAs} icon="copy">
      ${item("curl", curlOf(job))} ${item("Python", pythonOf(job))} ${item(say.shell, shellOf(job))}
      ${item(say.page, pageOf(job))} ${item(say.link, location.origin + address(`/jobs/${job.id}`))}
    <//>
  `
}

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`

/** @param {Job} job */
const curlOf = (job) => `curl -sS ${location.origin}/v1/jobs \\
  -H "Authorization: Bearer $TICKWIRE_API_KEY" -H 'Content-Type: application/json' \\
  -d ${quoted(JSON.stringify(likeIt(job)))}`

/** @param {Job} job */
const shellOf = (job) => `tickwire run ${quoted(job.job)}${Object.entries(job.input ?? {}).map(([name, value]) => ` \\\n  --input ${quoted(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)}`).join("")}`

/** @param {Job} job */
const pythonOf = (job) => `from listener_sdk import Client

async with Client() as client:
    handle = await client.jobs.start(${pythonText(job.job)}, ${pythonOfValue(job.input ?? {})})
`

/** What shows it in a page of another product. @param {Job} job */
const pageOf = (job) => `<script type="module">
  import { connect } from "${location.origin}/client/job.js"

  // For this job alone: tickwire tokens create --job ${job.id} --ttl 15m
  connect({ token: "tws_..." })
</script>

<tickwire-job job="${job.id}"></tickwire-job>
`

/** @param {string} text */
const pythonText = (text) => JSON.stringify(text)

/** @param {any} value @returns {string} */
function pythonOfValue(value) {
  if (value === null) return "None"
  if (value === true) return "True"
  if (value === false) return "False"
  if (Array.isArray(value)) return `[${value.map(pythonOfValue).join(", ")}]`
  if (typeof value === "object") return `{${Object.entries(value).map(([name, one]) => `${pythonText(name)}: ${pythonOfValue(one)}`).join(", ")}}`
  return JSON.stringify(value)
}

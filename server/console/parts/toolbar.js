// @ts-check
// The buttons that stand on one resource. While a job blocks the toolbar they are dark, and it says why.

import { Icon, iconOf } from "../icons.js"
import { hasEnded, jobOf, useChanges, useJob } from "../jobs.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { actions as say } from "../strings.js"
import { html, useId, useState } from "../vendor/htm-preact-standalone.js"
import { JobRow } from "./jobrow.js"
import { needsAsking, Press, press } from "./press.js"
import { announce } from "./announce.js"
import { told } from "./trouble.js"
import { JobHead } from "./jobtable.js"

/** @typedef {import("../jobs.js").Job} Job */
/**
 * @typedef {object} Action
 * @property {string} id
 * @property {string} label
 * @property {string} job
 * @property {string} domain
 * @property {string} targetId
 * @property {string} [description]
 * @property {string} [tooltip]
 * @property {"foreground" | "background" | "toolbarBlocking"} [mode]
 * @property {"weekly" | "daily" | "hourly"} [schedule]
 * @property {boolean} [primary]
 * @property {boolean} [confirm]
 * @property {string} [icon]
 * @property {{ fields: any[] }} [inputForm]
 * @property {{ type: string }[]} [constraints]
 * @property {boolean} [requireSelection]
 * @property {boolean} [requireAllValid]
 * @property {{ type: "error" | "info", content: string }[]} [messages]
 * @property {{ content: string }} [guide]
 * @property {{ content: string }} [guardrail]
 */

/** @param {{ target: string, actions: Action[], jobs: Job[] }} props ``jobs`` are those of the resource that have not ended */
export function Toolbar({ target, actions, jobs }) {
  const id = useId()
  const [pressed, setPressed] = useState(/** @type {string[]} */ ([]))
  const [asking, setAsking] = useState(/** @type {{ action: Action, error?: any } | null} */ (null))
  const blockers = jobs.filter(({ mode }) => mode === "toolbarBlocking").map((one) => one.id)
  // An end that was heard counts, also where the list could not be read again.
  useChanges(blockers)
  const blocking = blockers.find((one) => !hasEnded(jobOf(one) ?? { status: "" }))
  const ids = [...new Set([...pressed, ...jobs.map((one) => one.id)])]
  const began = (/** @type {Job} */ job) => {
    setAsking(null)
    setPressed((before) => [job.id, ...before].slice(0, 5))
    announce(say.started(job.label ?? job.job))
  }
  /** @param {Action} action */
  const choose = async (action) => {
    if (needsAsking(action)) return setAsking({ action })
    try {
      began(await press(action, {}))
    } catch (refused) {
      const error = /** @type {any} */ (refused)
      if (error.key) setAsking({ action, error })
      else announce(told(error), "bad")
    }
  }
  return html`
    <section class="resource" aria-labelledby=${id}>
      <header><h2 id=${id}><a href=${address("/actions", { target })}>${target}</a></h2><span class="soft">${say.kind(actions[0].domain)}</span></header>
      ${blocking && html`<${Blocked} id=${blocking} />`}
      <div class="toolbar" role="group" aria-label=${say.of(target)}>
        ${ordered(actions).map((action) => html`<${Button} key=${action.id} action=${action} blocked=${Boolean(blocking)} choose=${() => choose(action)} />`)}
      </div>
      ${actions.flatMap(({ id, label, messages = [] }) =>
        messages.map(({ type, content }, at) => html`<p key=${id + at} class="notice" data-tone=${type === "error" ? "warn" : undefined}><strong>${label}:</strong> ${content}</p>`),
      )}
      ${ids.length > 0 && html`<table class="rows jobs"><${JobHead} /><tbody>${ids.map((one) => html`<${JobRow} key=${one} id=${one} />`)}</tbody></table>`}
      ${asking && html`<${Press} action=${asking.action} error=${asking.error} done=${began} close=${() => setAsking(null)} />`}
    </section>
  `
}

/** The main one first. @param {Action[]} actions */
const ordered = (actions) => actions.toSorted((one, other) => Number(Boolean(other.primary)) - Number(Boolean(one.primary)))

/** @param {{ action: Action, blocked: boolean, choose: () => void }} props */
function Button({ action, blocked, choose }) {
  const { label, primary, tooltip, icon, schedule } = action
  const id = useId()
  const mayNot = !may("run")
  const reason = mayNot ? say.lookOnly : blocked ? say.blocked : tooltip
  return html`
    <span class="act-on">
      <button type="button" class=${primary ? "primary" : ""} disabled=${blocked || mayNot} title=${reason} aria-describedby=${reason ? id : undefined} onClick=${choose}>
        <${Icon} name=${iconOf(icon)} />${label}${needsAsking(action) ? " …" : ""}
      </button>
      ${reason && html`<span class="unseen" id=${id}>${reason}</span>`}
      ${schedule && html`<small>${say.schedules[schedule]}</small>`}
    </span>
  `
}

/** Why nothing can be pressed. @param {{ id: string }} props */
function Blocked({ id }) {
  const job = useJob(id)
  if (!job || hasEnded(job)) return null
  const percent = job.progress === undefined ? "" : `${job.progress} %`
  return html`<p class="notice" role="status"><${Icon} name="pause" /> ${say.waitsFor(job.label ?? job.job)} <span class="percent">${percent}</span></p>`
}

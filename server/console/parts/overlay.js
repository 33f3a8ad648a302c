// @ts-check
// A job in the foreground takes the middle of the page: how far it is, then what it has come to.

import { dismiss, foreground, watch } from "../foreground.js"
import { Icon } from "../icons.js"
import { hasEnded, useJob } from "../jobs.js"
import { safe } from "../links.js"
import { useOneJob } from "../onejob.js"
import { address } from "../router.js"
import { may } from "../session.js"
import { useCell } from "../store.js"
import { jobs as words, overlay as say, shell } from "../strings.js"
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { useLost } from "./banner.js"
import { Bar } from "./bar.js"
import { Cancel, RunAgain } from "./jobacts.js"
import { Left, shownProgress } from "./jobrow.js"
import { asks, OutcomeCard } from "./outcome.js"
import { shownStatus } from "./status.js"

/** @typedef {import("../jobs.js").Job} Job */

export function Overlay() {
  const ids = useCell(foreground)
  useEffect(watch, [])
  return ids.length ? html`<${One} key=${ids[0]} id=${ids[0]} others=${ids.length - 1} />` : null
}

/** @param {{ id: string, others: number }} props */
function One({ id, others }) {
  const { state } = useOneJob(id)
  const job = useJob(id)
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const [open, setOpen] = useState("")
  const close = () => dismiss(id)
  const shown = state === "ready" ? job : undefined
  const ended = shown && hasEnded(shown)
  const silent = useAutomatic(shown)
  // The page says so too, behind it.
  const lost = useLost() && !ended
  useLayoutEffect(() => {
    const before = document.activeElement
    if (shown) ref.current?.showModal()
    return () => {
      if (shown && before instanceof HTMLElement) before.focus()
    }
  }, [!shown])
  useEffect(() => {
    if (state === "failed" || state === "deleted" || (ended && silent)) close()
  }, [state, ended, silent])
  useEffect(() => {
    if (ended && shown) announce(say.ended(shown.label ?? shown.job))
  }, [ended])
  if (!shown) return null
  const name = shown.label ?? shown.job
  return html`
    <dialog ref=${ref} class="overlay" aria-label=${name} onClose=${close}>
      <div class="sheet">
        <header><${Icon} name="jobs" size=${20} /><h2>${name}</h2>${others > 0 && html`<span class="soft">${say.others(others)}</span>`}</header>
        ${ended ? html`<${OutcomeCard} job=${shown} again=${() => setOpen("again")} then=${close} />` : html`<${Going} job=${shown} />`}
        <p class="notice" data-tone="warn" role="status" hidden=${!lost}>${lost && say.lost}</p>
        <footer>
          <a class="button" href=${address(`/jobs/${id}`)} onClick=${close}>${say.details}</a>
          ${!ended && may("run") && html`<button type="button" class="danger" disabled=${Boolean(shown.cancelRequestedAt)} onClick=${() => setOpen("cancel")}>${say.cancel}</button>`}
          ${!(ended && asks(shown)) && html`<button type="button" autofocus onClick=${close}>${ended ? shell.close : say.background}</button>`}
        </footer>
      </div>
    </dialog>
    ${open === "cancel" && html`<${Cancel} job=${shown} close=${() => setOpen("")} />`}
    ${open === "again" && html`<${RunAgain} job=${shown} close=${() => setOpen("")} done=${close} />`}
  `
}

/** @param {{ job: Job }} props */
const Going = ({ job }) => html`
  <div class="going">
    <${Bar} label=${words.barOf(job.job)} status=${shownStatus(/** @type {any} */ (job))} progress=${shownProgress(job)} text=${job.info} />
    <p class="figures">
      <strong class="percent">${shownProgress(job) === undefined ? "" : `${shownProgress(job)} %`}</strong>
      <span class="info">${job.info ?? (job.status === "executing" ? "" : say.waits)}</span>
      <${Left} job=${job} />
    </p>
  </div>
`

/** What happens by itself at the end, for who has started it; whether it is done, and nobody need look at it. @param {Job | undefined} job */
function useAutomatic(job) {
  const [done, setDone] = useState(false)
  const { trigger, next } = /** @type {any} */ (job?.outcome ?? {})
  const type = typeof trigger === "object" ? trigger?.type : trigger
  const opens = ["url", "download"].includes(next?.type)
  // The answer of the server has the link to a file, and the event of the end has not.
  const url = opens ? safe(next.url) : undefined
  const due = Boolean(job && hasEnded(job) && type && type !== "manual" && (url || !opens))
  useEffect(() => {
    if (!due || done) return
    if (url) openNext(next, url)
    setDone(true)
  }, [due])
  return done && type === "automatic_silent" && Boolean(job && !asks(job))
}

/** @param {any} next @param {string} url */
function openNext(next, url) {
  const link = Object.assign(document.createElement("a"), { href: url, rel: "noopener noreferrer" })
  if (next.type === "download") link.download = next.fileName ?? ""
  else if (!next.replace) link.target = "_blank"
  link.click()
}

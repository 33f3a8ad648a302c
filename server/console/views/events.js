// @ts-check
// The log as it grows.

import { EventList } from "../eventlist.js"
import { clock, count, moment } from "../format.js"
import { Icon } from "../icons.js"
import { Empty, FirstListener } from "../parts/empty.js"
import { aboutOf, isTrouble } from "../parts/eventabout.js"
import { EventFacts } from "../parts/eventfacts.js"
import { LiveMark } from "../parts/livemark.js"
import { Heading } from "../parts/page.js"
import { Skeleton } from "../parts/skeleton.js"
import { Snippets } from "../parts/snippets.js"
import { Trouble } from "../parts/trouble.js"
import { zone } from "../preferences.js"
import { address, setQuery, usePlace } from "../router.js"
import { useSession } from "../session.js"
import { useShortcuts } from "../shortcuts.js"
import { useCell } from "../store.js"
import { events as say, views } from "../strings.js"
import { html, useEffect, useMemo, useRef, useState } from "../vendor/htm-preact-standalone.js"

/** @typedef {import("../eventlist.js").LogEvent} LogEvent */

const PRESETS = ["**", "job:completed,job:failed,job:canceled", "*:*failed,hook:rejected,endpoint:failing,endpoint:disabled,schedule:skipped", "hook:*,endpoint:*", "definition:*,schedule:*,member:*,key:*"]
/** Progress, of which there is far more than of anything else. */
const PROGRESS = "job:updated"

/** @param {string} text */
const patterns = (text) => text.split(/[\s,]+/).filter(Boolean)

/** Which events are shown. @param {{ text: string, job: string, quiet: boolean }} wanted @returns {(event: LogEvent) => boolean} */
function passing({ text, job, quiet }) {
  const lower = text.toLowerCase()
  return (event) => {
    if (quiet && event.topic === PROGRESS && event.payload.progress !== undefined) return false
    if (job && event.context.jobId !== job) return false
    return !lower || JSON.stringify([event.topic, event.payload, event.context]).toLowerCase().includes(lower)
  }
}

export default function Events() {
  const { query } = usePlace()
  const { space } = useSession()
  const [topics, text, job, quiet] = [query.get("topics") || "**", query.get("text") ?? "", query.get("job") ?? "", query.get("progress") === null]
  const key = JSON.stringify([topics, text, job, quiet])
  const list = useMemo(() => new EventList(patterns(topics), passing({ text, job, quiet })), [key])
  useEffect(() => () => list.close(), [list])
  const { state, events, fresh, more, busy, asOf, error } = useCell(list.cell)
  const [paused, setPaused] = useState(false)
  const [snippets, setSnippets] = useState(false)
  useEffect(() => list.pause(paused), [list, paused])
  const toggle = () => setPaused(!paused)
  useShortcuts([{ keys: "p", label: paused ? say.resume : say.pause, run: toggle }], [paused])
  const isFiltered = topics !== "**" || text || job
  const newest = events[0]?.position ?? asOf
  return html`
    <${Heading} title=${views.events}>
      <span class="fresh">${fresh > 0 && html`<button type="button" class="pill" onClick=${() => list.admit()}>${say.fresh(count(fresh))}</button>`}</span>
      <${LiveMark} paused=${paused} turn=${toggle} />
      <button type="button" onClick=${() => setSnippets(true)}>${say.snippets}</button>
    <//>
    <${Filters} topics=${topics} text=${text} job=${job} quiet=${quiet} />
    <${Trouble} error=${error} again=${() => list.load()} />
    ${state === "loading" && html`<${Skeleton} lines=${12} />`}
    ${events.length > 0 && html`<${Table} events=${events} list=${list} />`}
    ${state === "ready" && more && html`<p class="more"><button type="button" disabled=${busy} onClick=${() => list.more()}>${busy ? say.looking : say.older}</button></p>`}
    ${state === "ready" && !events.length && !busy && isFiltered && html`<${Empty} title=${say.noneFiltered}><p>${say.noneFilteredHelp} <a href=${address("/events")}>${say.clear}</a></p><//>`}
    ${state === "ready" && !events.length && !busy && !isFiltered && html`<${Empty} title=${say.none}><${FirstListener} help=${say.noneHelp} space=${space} /><//>`}
    ${snippets && html`<${Snippets} wanted=${{ topics: patterns(topics), filter: job ? { jobId: job } : null, after: newest || "now" }} close=${() => setSnippets(false)} />`}
  `
}

/** @param {{ topics: string, text: string, job: string, quiet: boolean }} props */
function Filters({ topics, text, job, quiet }) {
  const search = useRef(/** @type {HTMLInputElement | null} */ (null))
  useShortcuts([{ keys: "/", label: say.search, run: () => search.current?.focus() }])
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault()
    const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget))
    const found = String(given.get("topics") ?? "").trim()
    setQuery({ topics: found === "**" ? null : found, text: String(given.get("text") ?? "").trim() }, { replace: false })
  }
  return html`
    <form class="eventfilters" role="search" onSubmit=${submit} key=${topics + text}>
      <label class="field"><span>${say.topics}</span><input name="topics" defaultValue=${topics} spellcheck="false" autocapitalize="off" /></label>
      <label class="field"><span>${say.text}</span><input ref=${search} name="text" type="search" defaultValue=${text} placeholder=${say.textExample} /></label>
      <button>${say.show}</button>
      <label class="check"><input type="checkbox" checked=${!quiet} onChange=${() => setQuery({ progress: quiet ? "1" : null })} /><span>${say.progress}</span></label>
      ${job && html`<span class="eventchip">${say.ofJob} <code>${job}</code> <button type="button" class="quiet" aria-label=${say.anyJob} onClick=${() => setQuery({ job: null })}><${Icon} name="close" size=${12} /></button></span>`}
    </form>
    <nav class="tabs lead" aria-label=${say.presets}>
      ${PRESETS.map(
        (one) => html`<a key=${one} href=${address("/events", { topics: one === "**" ? null : one })} aria-current=${one === topics ? "true" : undefined}>${say.presetOf[one]}</a>`,
      )}
    </nav>
  `
}

/** @param {{ events: LogEvent[], list: EventList }} props */
function Table({ events, list }) {
  useCell(zone)
  const [open, setOpen] = useState("")
  const [inside, setInside] = useState(false)
  const body = useRef(/** @type {HTMLElement | null} */ (null))
  useEffect(() => list.hold(inside || open !== ""), [list, inside, open])
  /** @param {number} by */
  const move = (by) => {
    const all = [...(body.current?.querySelectorAll("button.topic-of") ?? [])]
    const at = all.findIndex((one) => one === document.activeElement)
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]
    if (next instanceof HTMLElement) next.focus()
  }
  useShortcuts([
    { keys: "j", label: say.next, run: () => move(1) },
    { keys: "k", label: say.previous, run: () => move(-1) },
  ])
  return html`
    <table class="rows events" onMouseEnter=${() => setInside(true)} onMouseLeave=${() => setInside(false)}>
      <colgroup><col class="c-at" /><col class="c-topic" /><col class="c-about" /><col class="c-position" /></colgroup>
      <thead>
        <tr>
          <th scope="col">${say.at}</th>
          <th scope="col">${say.topic}</th>
          <th scope="col">${say.about}</th>
          <th scope="col" class="number">${say.position}</th>
        </tr>
      </thead>
      <tbody ref=${body}>
        ${events.map((event) => html`<${Row} key=${event.id} event=${event} open=${open === event.id} set=${setOpen} />`)}
      </tbody>
    </table>
  `
}

/** @param {{ event: LogEvent, open: boolean, set: (id: string) => void }} props */
function Row({ event, open, set }) {
  const { id, topic, createdAt, position } = event
  const toggle = () => set(open ? "" : id)
  return html`
    <tr data-id=${id} data-trouble=${isTrouble(topic) ? "" : undefined} onClick=${(/** @type {any} */ press) => press.target.closest("a, button") || toggle()}>
      <td class="soft"><time dateTime=${createdAt} title=${moment(createdAt)}>${clock(createdAt, { seconds: true })}</time></td>
      <td>
        <button type="button" class="quiet topic-of" aria-expanded=${open} onClick=${toggle}>${topic}</button>
        <span class="beneath">${aboutOf(event)}</span>
      </td>
      <td class="about">${aboutOf(event)}</td>
      <td class="number soft" title=${position}>${position.split(":").at(-1)}</td>
    </tr>
    ${open && html`<tr class="opened"><td colspan="4"><${EventFacts} event=${event} /></td></tr>`}
  `
}

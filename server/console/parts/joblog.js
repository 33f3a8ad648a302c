// @ts-check
// What a job's handler has written: searched, followed to its end, and downloaded whole.

import { get, part } from "../api.js"
import { handOver } from "../downloads.js"
import { clock, count } from "../format.js"
import { Icon } from "../icons.js"
import { hasEnded, useJob } from "../jobs.js"
import { jobLog as say } from "../strings.js"
import { html, useEffect, useRef, useState } from "../vendor/htm-preact-standalone.js"
import { announce } from "./announce.js"
import { told } from "./trouble.js"

/** @typedef {{ at: string, attempt: number, level: string, message: string, fields?: unknown }} Line */

const PAGE = 1_000
/** Lines that are read without being asked for. */
const MOST = 5_000
const POLL_MS = 1_000
const CHUNK = 100
/** Of a line that is not drawn yet: a log has the height of its lines before one comes to it. */
const LINE_PX = 18

/** Reads a log page by page, as far as it is wanted. */
class Log {
  /** @type {Line[]} */
  lines = []
  more = true
  /** @type {string | undefined} */
  #after

  /** @param {string} id */
  constructor(id) {
    this.id = id
  }

  /** Whether there were any. @param {AbortSignal} [signal] */
  async next(signal) {
    const page = await get(`/v1/jobs/${part(this.id)}/log`, { pageSize: PAGE, after: this.#after }, signal)
    this.#after = page.cursor ?? this.#after
    this.more = page.data.length === PAGE
    if (page.data.length) this.lines = [...this.lines, ...page.data]
    return page.data.length > 0
  }
}

/** @param {{ id: string }} props */
export function JobLog({ id }) {
  const job = useJob(id)
  const ended = job ? hasEnded(job) : true
  const log = useRef(new Log(id)).current
  const [lines, setLines] = useState(log.lines)
  const [wanted, setWanted] = useState(MOST)
  const [text, setText] = useState("")
  const [level, setLevel] = useState("")
  useEffect(() => {
    const stop = new AbortController()
    /** @type {number | undefined} */
    let timer
    const read = async () => {
      try {
        while (log.lines.length < wanted && (await log.next(stop.signal)) && log.more) setLines(log.lines)
        setLines(log.lines)
      } catch (error) {
        // What follows is tried again; a job that is gone has no log.
        if (stop.signal.aborted || /** @type {any} */ (error).code === "not_found") return
      }
      if (!ended && !stop.signal.aborted) timer = setTimeout(read, POLL_MS)
    }
    read()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [ended, wanted])
  const like = text.toLowerCase()
  const shown = lines.filter((line) => (!level || line.level === level) && (!like || line.message.toLowerCase().includes(like)))
  const bar = html`
    <header>
      <h2>${say.title}</h2>
      <span class="soft">${lines.length > 0 && (shown.length < lines.length ? say.found(count(shown.length), count(lines.length)) : say.lines(count(lines.length)))}</span>
      ${lines.length > 0 &&
      html`
        <input type="search" aria-label=${say.search} placeholder=${say.search} value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
        <select aria-label=${say.level} value=${level} onChange=${(/** @type {any} */ event) => setLevel(event.currentTarget.value)}>
          <option value="">${say.allLevels}</option>
          ${["debug", "info", "warning", "error"].map((one) => html`<option key=${one} value=${one}>${say.levels[one]}</option>`)}
        </select>
        <${Download} log=${log} />
      `}
    </header>
  `
  return html`
    <section class="card log" aria-label=${say.title}>
      ${bar} ${lines.length ? html`<${Lines} lines=${shown} live=${!ended} />` : html`<p class="soft none">${ended ? say.none : say.noneYet}</p>`}
      ${log.more && lines.length >= wanted && html`<p class="more"><button type="button" onClick=${() => setWanted(wanted + MOST)}>${say.further}</button></p>`}
    </section>
  `
}

/** @param {{ lines: Line[], live: boolean }} props */
function Lines({ lines, live }) {
  const ref = useRef(/** @type {HTMLDivElement | null} */ (null))
  const [tail, setTail] = useState(live)
  // Chunks that are full are drawn once, however long the log grows.
  const drawn = useRef(/** @type {Map<number, { first: Line, vnode: any }>} */ (new Map())).current
  useEffect(() => {
    if (tail && ref.current) ref.current.scrollTop = ref.current.scrollHeight
  }, [lines.length, tail])
  const scrolled = () => {
    const found = ref.current
    if (found) setTail(found.scrollHeight - found.scrollTop - found.clientHeight < 24)
  }
  const several = lines.length > 0 && lines[0].attempt !== lines[lines.length - 1].attempt
  const chunks = Array.from({ length: Math.ceil(lines.length / CHUNK) }, (_, at) => {
    const some = lines.slice(at * CHUNK, (at + 1) * CHUNK)
    const known = drawn.get(at)
    if (known && known.first === some[0] && some.length === CHUNK) return known.vnode
    const high = `auto ${some.length * LINE_PX}px`
    const vnode = html`<ol key=${at} start=${at * CHUNK + 1} style=${{ containIntrinsicHeight: high }}>${some.map((line, place) => lineOf(line, place, several))}</ol>`
    if (some.length === CHUNK) drawn.set(at, { first: some[0], vnode })
    else drawn.delete(at)
    return vnode
  })
  const follow = () => setTail(true)
  return html`
    <div ref=${ref} class="loglines" tabindex="0" role="log" aria-live="off" aria-label=${say.title} onScroll=${scrolled}>${chunks}</div>
    ${live && !tail && html`<button type="button" class="pill tail" onClick=${follow}>${say.follow}</button>`}
  `
}

/** @param {Line} line @param {number} key @param {boolean} several */
const lineOf = ({ at, attempt, level, message, fields }, key, several) => html`
  <li key=${key} data-level=${level}>
    <time dateTime=${at} title=${at}>${clock(at, { seconds: true })}</time>
    ${several && html`<span class="attempt" title=${say.attempt(attempt)}>${attempt}</span>`}
    <span class="level">${say.levels[level] ?? level}</span>
    <span class="message">${message}${fields ? html` <span class="fields">${JSON.stringify(fields)}</span>` : ""}</span>
  </li>
`

/** @param {{ log: Log }} props */
function Download({ log }) {
  const [busy, setBusy] = useState(false)
  const press = async () => {
    setBusy(true)
    try {
      const whole = new Log(log.id)
      while ((await whole.next()) && whole.more);
      const text = whole.lines.map(lineText).join("\n") + "\n"
      handOver(`${log.id}.log`, new Blob([text], { type: "text/plain;charset=utf-8" }))
    } catch (error) {
      announce(told(/** @type {any} */ (error)), "bad")
    }
    setBusy(false)
  }
  return html`<button type="button" class="quiet" disabled=${busy} onClick=${press}><${Icon} name="download" />${say.download}</button>`
}

/** @param {Line} line */
const lineText = ({ at, attempt, level, message, fields }) =>
  [at, attempt, level.toUpperCase(), message, ...(fields ? [JSON.stringify(fields)] : [])].join(" ")

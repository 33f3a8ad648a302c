// tickwire.d.ts says what it promises.

const SILENT_MS = 25_000 // it speaks every 10 s
const GATHERED_MS = 20
const MOST_NAMED = 50
const CURSORS = ["cursor_too_old", "epoch_changed", "cursor_ahead"]
const CALLS = { __proto__: null, retry: "retry", acknowledge: "outcome/ack" }
const SCHEMES = ["http:", "https:", "mailto:"]

export const words = {
  created: "Not started",
  planning: "Being planned",
  scheduled: "Waits for its time",
  ready: "Waits to be taken",
  waiting: "Waits for another job",
  executing: "Running",
  complete: "Done",
  failed: "Failed",
  canceled: "Canceled",
  lost: "connection lost, trying again",
  left: (span) => `${span} left`,
  stalled: (span) => `no progress for ${span}`,
  open: "Open",
  download: "Download",
  files: "Download",
  retry: "Try again",
  acknowledge: "Got it",
  wait: "Please wait",
}

const wordOf = (type) => ({ __proto__: null, ...words })[type] ?? words.open

export class Refusal extends Error {
  constructor(told, httpStatus, waitS) {
    super(told.message)
    Object.assign(this, told, { name: "Refusal", httpStatus, waitS })
  }
}

const hasEnded = ({ status }) => ["complete", "failed", "canceled"].includes(status)

const isFinal = ({ name, httpStatus }) => name === "Refusal" && httpStatus < 500 && httpStatus !== 429

export class Messages {
  #rest = ""
  #message = { data: [] }
  #id = ""

  push(text) {
    // A carriage return at the end may be half a line's end.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()
    return lines.flatMap((line) => (line ? this.#read(line) : this.#whole()))
  }

  #read(line) {
    const [, field, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line)
    if (field === "event") this.#message.name = value
    if (field === "data") this.#message.data.push(value)
    if (field === "id") this.#id = value
    return []
  }

  #whole() {
    const { name = "message", data } = this.#message
    this.#message = { data: [] }
    return data.length ? [{ name, data: data.join("\n"), id: this.#id }] : []
  }
}

let introduce
const first = new Promise((resolve) => (introduce = resolve))

export function connect({ url = new URL("..", import.meta.url).href, token, space } = {}) {
  const base = url.replace(/\/+$/, "")
  let ahead // of our clock is the server's, by the quickest of its events

  const send = async (method, path, signal, refused) => {
    const key = typeof token === "function" ? await token(refused) : token
    const headers = { ...(key && { Authorization: `Bearer ${key}` }), ...(space && { "X-Customer-Code": space }) }
    if (!key && method !== "GET") {
      headers["X-CSRF-Token"] = (await client.ask("GET", "/v1/sessions/current")).data.csrfToken
    }
    return fetch(base + path, { method, headers, signal, credentials: key ? "omit" : "same-origin" })
  }

  const request = async (method, path, signal) => {
    let response = await send(method, path, signal, false)
    if (response.status === 401 && typeof token === "function") {
      response = await send(method, path, signal, true)
    }
    if (response.ok) return response
    const { status, headers } = response
    const { errors } = await response.json().catch(() => ({}))
    const [told] = errors ?? [{ code: "http", message: `The server answered ${status}.` }]
    throw new Refusal(told, status, Number(headers.get("Retry-After")) || 0)
  }

  const client = {
    ask: async (method, path) => (await request(method, path)).json(),

    subscribe({ topics = "**", filter, after = "now", progress = false }, told) {
      const query = new URLSearchParams({ topics, progress, ...(filter && { filter: JSON.stringify(filter) }) })
      const open = (at, signal) => {
        query.set("after", at)
        return request("GET", `/v1/events/stream?${query}`, signal)
      }
      const onEvent = (event) => {
        const early = Date.parse(event.createdAt) - Date.now()
        if (!(early <= ahead)) ahead = early
        told?.onEvent?.(event)
      }
      return follow(open, after, { ...told, onEvent })
    },

    watchJob: (id, show, told) => watch(id, { ...told, show }),

    now: () => Date.now() + (ahead ?? 0),

    async act(next, job) {
      const call = CALLS[next.type]
      if (call) return (await client.ask("POST", `/v1/jobs/${encodeURIComponent(job)}/${call}`)).data
      const links = linksOf(next)
      links.forEach((link) => link.click())
      return links.length > 0
    },
  }
  const watch = watchesOf(client)
  introduce(client)
  return client
}

// Each answer begins behind the last position.
function follow(open, position, told) {
  const stop = new AbortController()
  const gone = stop.signal
  const found = { position, close: () => stop.abort() }
  let failures = 0
  let state

  const become = (next) => {
    if (next !== state && !gone.aborted) tell(told.onState, (state = next))
  }

  const hear = ({ name, data, id }) => {
    if (gone.aborted) return
    const news = JSON.parse(data)
    if (name === "refused") throw new Refusal(news, news.code === "unavailable" ? 503 : 410)
    found.position = id || found.position
    failures = 0
    become("live")
    if (name === "message") tell(told.onEvent, news)
    if (name === "progress") news.jobs.forEach((tick) => tell(told.onProgress, tick))
  }

  // One answer, given up after a silence, or when the network is known to have gone.
  const listen = async () => {
    const line = new AbortController()
    const cut = () => line.abort()
    const unhook = hook([gone, "abort", cut], [globalThis, "offline", cut])
    let silence = setTimeout(cut, SILENT_MS)
    try {
      const { body } = await open(found.position, line.signal)
      const [text, messages, reader] = [new TextDecoder(), new Messages(), body.getReader()]
      for (let part; !(part = await reader.read()).done; ) {
        clearTimeout(silence)
        silence = setTimeout(cut, SILENT_MS)
        messages.push(text.decode(part.value, { stream: true })).forEach(hear)
      }
    } finally {
      clearTimeout(silence)
      unhook()
      cut()
    }
  }

  const run = async () => {
    await null // the caller has this in hand first
    become("connecting")
    while (!gone.aborted) {
      let wait
      try {
        await listen()
      } catch (error) {
        if (isFinal(error)) {
          become("ended")
          if (!gone.aborted) tell(told.onError, error)
          return stop.abort()
        }
        wait = error.waitS
      }
      become("lost")
      await pause(failures++, wait, gone)
    }
  }

  run()
  return found
}

// Each job is read, and all are followed by one subscription.
function watchesOf(client) {
  const jobs = new Map()
  let named = []
  let following
  let gathering

  const say = ({ watchers }, how, what) => watchers.forEach((watcher) => tell(watcher[how], what))

  const forget = (watch) => {
    watch.gone.abort()
    jobs.delete(watch.id)
    gather()
  }

  const end = (watch, refusal) => {
    say(watch, "onError", refusal)
    forget(watch)
  }

  const update = (watch, job) => {
    const { attempt, progress } = watch.job ?? {}
    watch.job = job.attempt === attempt && job.progress < progress ? { ...job, progress } : job
    say(watch, "show", watch.job)
  }

  // What is not promised any more is left out of the news.
  const advance = (watch, news) => {
    const { estimatedCompletionAt, stalledSince, ...kept } = watch.job
    update(watch, { ...kept, ...news })
  }

  // Events that come meanwhile are kept: they may be newer.
  const read = async (watch) => {
    const gone = watch.gone.signal
    const missed = (watch.missed = [])
    for (let failures = 0; !gone.aborted; failures++) {
      try {
        const { data, asOf } = await client.ask("GET", `/v1/jobs/${encodeURIComponent(watch.id)}`)
        watch.missed = null
        watch.position = asOf
        if (failures) say(watch, "onState", "live")
        update(watch, data)
        missed.forEach(hear)
        return gather()
      } catch (error) {
        if (isFinal(error)) return gone.aborted || end(watch, error)
        say(watch, "onState", "lost")
        await pause(failures, error.waitS, gone)
      }
    }
  }

  const hear = (event) => {
    const watch = jobs.get(event.context?.jobId)
    if (!watch || !isAfter(event.position, watch.position)) return
    if (watch.missed) return watch.missed.push(event)
    watch.position = event.position
    const news = event.payload
    const moves = event.topic === "job:updated" && ("progress" in news || "stalledSince" in news)
    if (moves) advance(watch, news)
    else read(watch)
  }

  // The jobs of a page come and go together.
  const gather = () => {
    gathering ??= setTimeout(() => {
      gathering = null
      join()
    }, GATHERED_MS)
  }

  const join = () => {
    const open = [...jobs.values()].filter(({ job }) => job && !hasEnded(job))
    const fresh = open.filter(({ id }) => !named.includes(id))
    if (open.length && !fresh.length) return
    const starts = [...fresh, following].flatMap((one) => one?.position ?? [])
    following?.close()
    following = null
    named = open.map(({ id }) => id)
    if (!open.length) return
    const after = starts.reduce((first, one) => (isAfter(first, one) ? one : first))
    const filter = named.length > MOST_NAMED ? null : { jobId: named }
    const onProgress = (tick) => {
      const watch = jobs.get(tick.id)
      if (watch?.job && !watch.missed) advance(watch, tick)
    }
    const onState = (state) => jobs.forEach((watch) => say(watch, "onState", state))
    const told = { onEvent: hear, onProgress, onState, onError: cut }
    following = client.subscribe({ topics: "job:*", filter, after, progress: true }, told)
  }

  // Where the log cannot be followed, jobs say how they stand.
  const cut = async (refusal) => {
    following = null
    named = []
    if (!CURSORS.includes(refusal.code)) return jobs.forEach((watch) => end(watch, refusal))
    await pause(3)
    jobs.forEach((watch) => watch.missed || read(watch))
  }

  return (id, watcher) => {
    const watch = jobs.get(id) ?? { id, watchers: new Set(), gone: new AbortController() }
    watch.watchers.add(watcher)
    if (watch.job) queueMicrotask(() => watch.watchers.has(watcher) && tell(watcher.show, watch.job))
    else if (!jobs.has(id)) {
      jobs.set(id, watch)
      read(watch)
    }
    return { close: () => watch.watchers.delete(watcher) && !watch.watchers.size && forget(watch) }
  }
}

// Full jitter below a ceiling that doubles; the network that is back ends it.
function pause(failures, leastS = 0, gone) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      unhook()
      resolve()
    }
    const ms = Math.max(leastS * 1000, Math.random() * Math.min(30_000, 100 * 2 ** failures))
    const timer = setTimeout(end, gone?.aborted ? 0 : ms)
    const unhook = hook([gone, "abort", end], [globalThis, "online", end])
  })
}

function hook(...hooks) {
  hooks.forEach(([target, name, act]) => target?.addEventListener?.(name, act))
  return () => hooks.forEach(([target, name, act]) => target?.removeEventListener?.(name, act))
}

// Faults of the page break no line.
function tell(act, news) {
  try {
    act?.(news)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

// One of another log does too.
function isAfter(position, other = "") {
  const [[epoch, seq], [log, last]] = [position, other].map((text) => text.split(/:(?=\d+$)/))
  return epoch !== log || Number(seq) > Number(last)
}

function make(tag, part, textContent, facts) {
  return Object.assign(document.createElement(tag), { part, textContent }, facts)
}

// Other schemes make no link.
function linksOf(next) {
  const { type, files = [next], label, fileName: download = "", replace } = next
  const how = { download: { download }, files: { download }, url: replace ? {} : { target: "_blank" } }[type]
  return files.flatMap((file) => {
    const link = make("a", "action", file.label ?? label ?? wordOf(type), { href: file.url ?? "", ...how })
    return file.url && SCHEMES.includes(link.protocol) ? link : []
  })
}

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000))
  const min = Math.floor(s / 60)
  return s < 60 ? `${s} s` : min < 60 ? `${min} min ${s % 60} s` : `${Math.floor(min / 60)} h ${min % 60} min`
}

// By its `client`, or the page's first.
class Shown extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["job"]
  #close

  connectedCallback() {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(this.constructor.style)
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet]
    }
    this.#watch()
  }

  disconnectedCallback() {
    this.#close?.()
  }

  attributeChangedCallback() {
    if (this.shadowRoot && this.isConnected) this.#watch()
  }

  async #watch() {
    this.#close?.()
    let watching, timer
    let job = {}
    const close = (this.#close = () => {
      this.#close = null
      clearInterval(timer)
      watching?.close()
    })
    const client = await (this.client ?? first)
    const id = this.getAttribute("job")
    if (this.#close !== close || !id) return
    const draw = () => this.draw(job, client, this.shadowRoot)
    const show = (news) => {
      job = news
      this.setAttribute("status", job.status)
      draw()
      if (hasEnded(job)) clearInterval(timer)
    }
    const onState = (state) => {
      if (hasEnded(job)) return
      this.toggleAttribute("lost", state === "lost")
      draw()
    }
    const onError = ({ message }) => {
      close()
      this.shadowRoot.replaceChildren(make("p", "error", message, { role: "alert" }))
    }
    this.shadowRoot.replaceChildren()
    timer = setInterval(draw, 1000)
    watching = client.watchJob(id, show, { onState, onError })
  }
}

class Progress extends Shown {
  static style =
    ":host{display:block}div{height:.5em;background:#aaa4}div div{width:0;background:var(--tickwire,#2a6);transition:width .2s}p{margin:.2em 0;unicode-bidi:isolate}"

  draw({ status, progress, info, estimatedCompletionAt: end, stalledSince: since }, client, root) {
    if (!root.firstChild) {
      root.append(make("div", "track"), make("p", "text"))
      root.firstChild.append(make("div", "bar"))
    }
    const runs = status === "executing"
    const ago = (at) => span(client.now() - Date.parse(at))
    const said = [
      runs && progress >= 0 ? `${progress} %` : words[status],
      status !== "complete" && info,
      runs && (since ? words.stalled(ago(since)) : end && words.left(span(Date.parse(end) - client.now()))),
      this.hasAttribute("lost") && words.lost,
    ].filter(Boolean)
    root.firstChild.firstChild.style.width = `${progress ?? 0}%`
    root.lastChild.textContent = said.join(" · ")
    const aria = { ariaValueMin: 0, ariaValueMax: 100, ariaValueNow: progress ?? null, ariaValueText: said.join(", ") }
    Object.assign(this, { role: "progressbar" }, aria)
  }
}

class Result extends Shown {
  static style =
    ":host{display:block}:host(:not([status=complete],[status=failed],[status=canceled])){display:none}h3,p{margin:.2em 0;unicode-bidi:isolate}a{margin-right:1em}"

  draw(job, client, root) {
    if (!hasEnded(job)) return
    const { heading, message, next, errorFiles, acknowledge } = job.outcome ?? {}
    const unseen = acknowledge && !job.outcomeAcknowledgedAt
    root.replaceChildren(
      make("h3", "heading", heading ?? words[job.status]),
      make("p", "message", message ?? job.info),
      ...(errorFiles ? linksOf({ type: "files", files: errorFiles }) : []),
      ...(next ? this.#actions(next, job, client) : []),
      ...(unseen ? this.#actions({ type: "acknowledge" }, job, client) : []),
    )
  }

  #actions(next, job, client) {
    const { type, label } = next
    if (type === "wait") return [make("p", "wait", label ?? words.wait, { role: "status" })]
    const links = linksOf(next)
    if (links.length) return links
    const onclick = () => this.#press(next, job, client)
    return [make("button", "action", label ?? wordOf(type), { onclick })]
  }

  // The page may prevent it, and do it another way.
  async #press(next, job, client) {
    const how = { bubbles: true, composed: true, cancelable: true, detail: { next, job } }
    const name = next.type === "acknowledge" ? next.type : "next"
    if (!this.dispatchEvent(new CustomEvent(`tickwire-${name}`, how))) return
    try {
      const made = await client.act(next, job.id)
      if (made.id) this.setAttribute("job", made.id)
    } catch ({ message }) {
      this.shadowRoot.append(make("p", "error", message, { role: "alert" }))
    }
  }
}

globalThis.customElements?.define("tickwire-progress", Progress)
globalThis.customElements?.define("tickwire-outcome", Result)

// @ts-check
// The one line to the server. Whatever views follow comes over it, so that a tab holds one connection.

import { connect } from "../client/tickwire.js"
import { answeredNow, credentials, NEAR_MS } from "./api.js"
import { isAfter } from "./positions.js"
import { Cell } from "./store.js"

/** @typedef {import("../client/tickwire.js").LogEvent} LogEvent */
/** @typedef {import("../client/tickwire.js").Tick} Tick */

/**
 * @typedef {object} Told
 * @property {(event: LogEvent) => void} [onEvent] each event once, in order
 * @property {(tick: Tick) => void} [onTick] the newest progress of running jobs
 * @property {() => void} onGap the log cannot be followed from where one stands: read anew, and follow from there
 */
/** @typedef {Told & { topics: string[], matches: RegExp, position: string | undefined, joined: boolean }} Follower */

const GATHERED_MS = 20
const ASLEEP_AFTER_MS = 60_000
const CURSORS = ["cursor_too_old", "epoch_changed", "cursor_ahead"]

/** ``since`` is when it became so, in milliseconds. @type {Cell<{ state: "connecting" | "live" | "lost" | "refused", since: number }>} */
export const line = new Cell({ state: /** @type {any} */ ("connecting"), since: Date.now() })

/** @type {Set<Follower>} */
const followers = new Set()
/** @type {import("../client/tickwire.js").Client | undefined} */
let client
/** @type {import("../client/tickwire.js").Subscription | undefined} */
let subscription
let wanted = ""
/** @type {number | undefined} */
let gathering
/** @type {number | undefined} */
let falling
let asleep = false
/** Whether an event has told the client what time it is. */
let heard = false

/** The time of the server in milliseconds: the clock here may be wrong. Events that were heard tell it best, unless they were old. */
export const now = () => (heard && client ? Math.max(client.now(), answeredNow() - NEAR_MS) : answeredNow())

/**
 * Follow topics from behind a position, such as the ``asOf`` of an answer: nothing between is missed.
 * @param {string[]} topics @param {string | undefined} after @param {Told} told @returns {() => void} which ends it
 */
export function follow(topics, after, told) {
  const matches = new RegExp(`^(?:${topics.map(pattern).join("|")})$`)
  const one = { ...told, topics, matches, position: after, joined: false }
  followers.add(one)
  gather()
  return () => {
    if (followers.delete(one)) gather()
  }
}

/** @param {string} topic */
function pattern(topic) {
  const escaped = topic.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
  return escaped.replace(/\*+/g, (stars) => (stars.length > 1 ? ".*" : "[^:]*"))
}

// Followers come and go together, as views do.
function gather() {
  gathering ??= setTimeout(() => {
    gathering = undefined
    join()
  }, GATHERED_MS)
}

function join() {
  if (!followers.size || asleep) return hangUp()
  const topics = [...new Set([...followers].flatMap((one) => one.topics))].sort().join()
  const progress = [...followers].some((one) => one.onTick)
  const starts = [...followers].flatMap((one) => (one.joined || !one.position ? [] : [one.position]))
  const at = subscription?.position
  const behind = starts.some((start) => !at || isAfter(at, start))
  const isSame = subscription && wanted === topics + progress && !behind
  // Who comes now has not heard what the line has told so far.
  if (!isSame) hangUp()
  for (const one of followers) one.joined = true
  if (isSame) return
  wanted = topics + progress
  const after = (at ? [at, ...starts] : resumed(starts)).reduce(
    (first, one) => (first === "now" || isAfter(first, one) ? one : first),
    "now",
  )
  client ??= connect({ space: credentials.space })
  subscription = client.subscribe({ topics, after, progress }, { onEvent, onProgress, onState, onError })
}

/** @param {string[]} starts */
const resumed = (starts) => [...starts, ...[...followers].flatMap((one) => one.position ?? [])]

// Who is there has heard all up to where the line stands.
function hangUp() {
  const at = subscription?.position
  subscription?.close()
  subscription = undefined
  if (!at) return
  for (const one of followers) {
    if (one.joined && (!one.position || isAfter(at, one.position))) one.position = at
  }
}

/** @param {LogEvent} event */
function onEvent(event) {
  heard = true
  for (const one of [...followers]) {
    if (!one.matches.test(event.topic) || (one.position && !isAfter(event.position, one.position))) continue
    one.position = event.position
    one.onEvent?.(event)
  }
}

/** @param {Tick} tick */
function onProgress(tick) {
  for (const one of followers) one.onTick?.(tick)
}

/** @param {string} state */
function onState(state) {
  if (state === "live" || state === "lost") become(state)
}

/** @param {import("../client/tickwire.js").Refusal} refusal */
function onError(refusal) {
  subscription = undefined
  if (refusal.code === "unauthorized") return void credentials.ended()
  if (!CURSORS.includes(refusal.code)) return become("refused")
  const all = [...followers]
  followers.clear()
  for (const one of all) one.onGap()
}

/** @param {"live" | "lost" | "refused"} state */
function become(state) {
  if (line.value.state !== state) line.set({ state, since: now() })
}

/** Begin anew, in another space or for somebody else. */
export function reset() {
  followers.clear()
  hangUp()
  client = undefined
  heard = false
  line.set({ state: "connecting", since: Date.now() })
}

/** Go on where one was, with another session of the same person. */
export const resume = gather

// A tab that nobody sees gives its connection back: browsers have six for a server.
document.addEventListener("visibilitychange", () => {
  clearTimeout(falling)
  if (document.visibilityState === "hidden") {
    falling = setTimeout(() => {
      asleep = true
      join()
    }, ASLEEP_AFTER_MS)
  } else if (asleep) {
    asleep = false
    gather()
  }
})

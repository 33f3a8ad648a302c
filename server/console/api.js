// @ts-check
// Calls of the public API, and of nothing else.

import { errors } from "./strings.js"

/** @typedef {import("./router.js").Query} Query */

const CSRF = "X-CSRF-Token"

/** What every call goes with: the token of the session's page, and the space where that is not the session's own. */
export const credentials = {
  /** @type {string | undefined} */ csrfToken: undefined,
  /** @type {string | undefined} */ space: undefined,
  /** The session has ended. Whether who was there is there again, once somebody is; nothing where nobody was. @type {() => Promise<boolean> | undefined} */
  ended: () => undefined,
  /** It is not as the page knows it: another has taken its place in this browser, or its role is another. */
  replaced: () => {},
}

/** What the server refuses, in its own words; ``network`` where it was not reached. */
export class Refused extends Error {
  /** @param {{ code: string, message: string, key?: string, [more: string]: unknown }} told @param {number} status */
  constructor(told, status) {
    super(told.message)
    this.name = "Refused"
    this.code = told.code
    this.key = told.key
    this.details = told
    this.status = status
    /** @type {Refused[]} */
    this.all = [this]
    /** Where the session has ended: see credentials. @type {Promise<boolean> | undefined} */
    this.back = undefined
  }
}

/**
 * The JSON of an answer; throws Refused. What only reads waits where the session has ended; what changes something is for the person to do again.
 * @param {string} method @param {string} path below the server
 * @param {{ query?: Query, body?: unknown, signal?: AbortSignal, headers?: Record<string, string>, reads?: boolean }} [sent]
 * @returns {Promise<any>}
 */
export async function call(method, path, sent = {}) {
  try {
    return await callOnce(method, path, sent)
  } catch (refused) {
    const { reads = method === "GET", signal } = sent
    const back = refused instanceof Refused && refused.back
    if (!reads || !(await back)) throw refused
    signal?.throwIfAborted()
    return callOnce(method, path, sent)
  }
}

/** @param {string} method @param {string} path @param {NonNullable<Parameters<typeof call>[2]>} sent */
async function callOnce(method, path, { query = {}, body, signal, headers = {} }) {
  const text = queryText(query)
  const response = await reach(path + (text && `?${text}`), {
    method,
    signal,
    headers: { ...identity(method), ...(body !== undefined && { "Content-Type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const answer = await response.json().catch((error) => {
    if (signal?.aborted) throw error
    return {}
  })
  if (response.ok) return answer
  throw refusal(answer, response.status, path)
}

/** What a call says of who makes it, and where. @param {string} method @returns {Record<string, string>} */
export const identity = (method) => ({
  ...(credentials.space && { "X-Customer-Code": credentials.space }),
  ...(method !== "GET" && credentials.csrfToken && { [CSRF]: credentials.csrfToken }),
})

/** @param {string} path @param {Query} [query] @param {AbortSignal} [signal] */
export const get = (path, query, signal) => call("GET", path, { query, signal })
/** @param {string} path @param {unknown} [body] @param {Query} [query] */
export const post = (path, body = {}, query) => call("POST", path, { body, query })
/** What a POST tells and changes nothing by. @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
export const ask = (path, body, signal) => call("POST", path, { body, signal, reads: true })
/** @param {string} path @param {unknown} body */
export const patch = (path, body) => call("PATCH", path, { body })
/** @param {string} path @param {unknown} body */
export const put = (path, body) => call("PUT", path, { body })
/** @param {string} path */
export const remove = (path) => call("DELETE", path)

/** Clocks that are less apart than this are taken for the same: answers tell the second alone. */
export const NEAR_MS = 3_000
/** Codes of refusals that are none of the server's: it was not reached, or something between answered for it. */
const LOST = ["network", "http"]
/** Within this time who asks for the same again means the same. */
const SAME_MS = 300_000
/** Calls that have no answer yet, or whose answer was lost: what was asked, with its key and when. @type {Map<string, { key: string, at: number }>} */
const unanswered = new Map()

/**
 * A POST that is done once: asked for again, because it was pressed twice or its answer was lost, it is not done twice.
 * @param {string} path @param {unknown} [body]
 */
export async function postOnce(path, body = {}) {
  const asked = JSON.stringify([credentials.space, path, body])
  const before = unanswered.get(asked)
  const sent = before && performance.now() - before.at < SAME_MS ? before : { key: crypto.randomUUID(), at: performance.now() }
  unanswered.set(asked, sent)
  try {
    const answer = await call("POST", path, { body, headers: { "Idempotency-Key": sent.key } })
    unanswered.delete(asked)
    return answer
  } catch (refused) {
    // Where it was not the server that spoke, the thing may have been done.
    if (!(refused instanceof Refused && LOST.includes(refused.code))) unanswered.delete(asked)
    throw refused
  }
}

/** An id or code as part of a path. @param {string} text */
export const part = (text) => encodeURIComponent(text)

/** @param {Query} query */
export function queryText(query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "")
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
}

/** How far the clock of the server is ahead of the one here, in milliseconds, by what answers say. */
let ahead = 0

/** By the answers of the server, which tell it to the second. */
export const answeredNow = () => Date.now() + ahead

/** @param {string | null} date */
function hear(date) {
  const apart = Date.parse(date ?? "") - Date.now()
  if (!Number.isNaN(apart)) ahead = Math.abs(apart) < NEAR_MS ? 0 : apart
}

/** @param {string} url @param {RequestInit} how */
export async function reach(url, how) {
  try {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store", ...how })
    hear(response.headers.get("Date"))
    return response
  } catch (error) {
    if (how.signal?.aborted) throw error
    throw new Refused({ code: "network", message: "" }, 0)
  }
}

/** What an answer refuses; the end of a session is told to who keeps it. @param {any} answer @param {number} status @param {string} path */
export function refusal(answer, status, path) {
  const told = answer?.errors?.length ? answer.errors : [{ code: "http", message: `HTTP ${status}` }]
  const all = told.map((/** @type {any} */ one) => new Refused(one, status))
  const [first] = all
  first.all = all
  if (path.startsWith("/v1/sessions")) return first
  const isReplaced = first.code === "csrf" && first.key === CSRF
  // What one may do was less than the page knew.
  if (isReplaced || (first.code === "forbidden" && path !== "/v1/whoami")) credentials.replaced()
  else if (first.code === "unauthorized") first.back = credentials.ended()
  if (isReplaced || first.back) first.message = errors.ended
  return first
}

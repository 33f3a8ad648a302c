// @ts-check
// Who looks on, in which space, and what they may do.

import { call, credentials, get, post, Refused } from "./api.js"
import { belongTo, wasHere } from "./preferences.js"
import { place } from "./router.js"
import { Cell, useCell } from "./store.js"

/**
 * @typedef {object} Session
 * @property {{ id: string, name: string, email?: string, passwordSetAt?: string } | null} member null where a key has logged in
 * @property {string} keyId of whom the server names in what is done: the member's id, or the key's
 * @property {string} role
 * @property {string[]} permissions
 * @property {boolean} everySpace
 * @property {string} home code of the session's own space
 * @property {string} space code of the space that is shown
 * @property {string} position of the log when this was read
 * @property {string} version of the server
 */

/** Undefined until it is known, null where nobody is logged in. @type {Cell<Session | null | undefined>} */
export const session = new Cell(/** @type {Session | null | undefined} */ (undefined))

/** Why the session is not known: the server was not reached. @type {Cell<Refused | null>} */
export const trouble = new Cell(/** @type {Refused | null} */ (null))

/** Whether that session has ended, and its page waits for who was there. */
export const ended = new Cell(false)

/** What is shown belongs to one person in one space. @param {Session | null | undefined} one */
export const standing = (one) => one && one.space + one.keyId

/** Readings that go on when they are there again, and are refused where somebody else is. @type {((goesOn: boolean) => void)[]} */
let waiting = []

/** @param {boolean} goesOn */
function release(goesOn) {
  const all = waiting
  waiting = []
  // What belonged to who was there has left the page by then.
  setTimeout(() => all.forEach((go) => go(goesOn)))
}

export const useSession = () => /** @type {Session} */ (useCell(session))

/** Whether who is logged in may do this; one of the permissions of the API. @param {string} permission */
export const may = (permission) => session.value?.permissions.includes(permission) ?? false

/** Find out who is logged in, by the cookie that the browser has. */
export async function load() {
  trouble.set(null)
  if (!wasHere.value) return leave()
  try {
    const asked = soon()
    const { data } = await get("/v1/sessions/current")
    await enter(data, asked)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    if (error.status === 401) end()
    else if (error.code === "not_found") leave()
    else trouble.set(error)
  }
}

/** @param {{ link: string } | { email: string, password: string, space: string }} how throws Refused */
export async function logIn(how) {
  const { data } = await post("/v1/sessions", how)
  await enter(data)
}

export async function logOut() {
  await call("DELETE", "/v1/sessions/current")
  leave()
}

const whoami = () => call("GET", "/v1/whoami", { reads: false })

/** The same before the session is known, where that is of its own space. */
function soon() {
  if (place.value.query.get("space")) return
  credentials.space = undefined
  const asked = whoami()
  asked.catch(() => 0)
  return asked
}

/** @param {any} begun the answer of the session @param {Promise<any>} [asked] */
async function enter(begun, asked) {
  credentials.csrfToken = begun.csrfToken
  const wanted = place.value.query.get("space")
  credentials.space = wanted && wanted !== begun.space ? wanted : undefined
  const { data } = await (asked ?? whoami())
  const { keyId, role, permissions, everySpace, space, position, version } = data
  const next = { member: begun.member, home: begun.space, keyId, role, permissions, everySpace, space, position, version }
  release(standing(next) === standing(session.value))
  belongTo(standing(next))
  session.set(next)
  ended.set(false)
  wasHere.set(true)
}

/** Nobody is there any more, and nothing of who was. */
export function leave() {
  credentials.csrfToken = undefined
  release(false)
  belongTo(null)
  session.set(null)
  ended.set(false)
  wasHere.set(false)
}

/** It has ended by itself: what was typed is kept for who was there. */
function end() {
  if (!session.value) return leave()
  ended.set(true)
  wasHere.set(false)
}

credentials.ended = () => {
  end()
  return ended.value ? new Promise((go) => void waiting.push(go)) : undefined
}
credentials.replaced = load

// Another tab has logged in, or out, for this one too.
wasHere.watch((here) => {
  if (here && ended.value) load()
  if (!here && session.value) end()
})

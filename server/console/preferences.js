// @ts-check
// What a person likes, kept by the browser. Nothing of the server's is kept.

import { Cell } from "./store.js"

/** Told who is there, and nothing where nobody is. @type {((owner: string) => void)[]} */
const owned = []

/** @template T @param {string} name @param {T} usual @param {boolean} [isOwn] whether each person in each space has their own @returns {Cell<T>} */
function kept(name, usual, isOwn = false) {
  const shared = `tickwire.${name}`
  let place = isOwn ? "" : shared
  const cell = new Cell(read(place, usual))
  cell.watch((value) => place && write(place, value))
  // Tabs do not undo what others have kept.
  addEventListener("storage", (event) => {
    if (event.key === place) cell.set(read(place, usual))
  })
  if (isOwn) {
    owned.push((owner) => {
      const own = owner && `${shared}.${owner}`
      if (own === place) return
      // What was kept before people had their own goes to the first who comes.
      if (own) moveTo(own, shared)
      place = ""
      cell.set(read(own, usual))
      place = own
    })
  }
  return cell
}

/** Show what this person has kept in this space; nobody's where there is none. @param {string | null | undefined} owner */
export const belongTo = (owner) => owned.forEach((show) => show(owner ?? ""))

/** @param {string} place @param {unknown} value */
function write(place, value) {
  try {
    localStorage.setItem(place, JSON.stringify(value))
  } catch {
    // Without storage it holds until the page is left.
  }
}

/** @param {string} place @param {string} former */
function moveTo(place, former) {
  try {
    const text = localStorage.getItem(former)
    if (text === null) return
    if (localStorage.getItem(place) === null) localStorage.setItem(place, text)
    localStorage.removeItem(former)
  } catch {
    // Without storage there was nothing before.
  }
}

/** @template T @param {string} place @param {T} usual @returns {T} */
function read(place, usual) {
  try {
    const found = JSON.parse(localStorage.getItem(place) ?? "null") ?? usual
    // What another version, or a hand, has left there is no reason to show nothing.
    return typeof found === typeof usual && Array.isArray(found) === Array.isArray(usual) ? found : usual
  } catch {
    return usual
  }
}

function hasStorage() {
  try {
    return Boolean(localStorage)
  } catch {
    return false
  }
}

/** @type {Cell<"system" | "light" | "dark">} */
export const theme = kept("theme", /** @type {"system" | "light" | "dark"} */ ("system"))

/** A zone such as Europe/Vienna; the browser's own where it is empty. */
export const zone = kept("zone", "")

/** @type {Cell<{ name: string, query: string }[]>} */
export const jobViews = kept("jobViews", /** @type {{ name: string, query: string }[]} */ ([]), true)

/** The newest jobs that were told to go on in the background. @type {Cell<string[]>} */
export const inBackground = kept("inBackground", /** @type {string[]} */ ([]))

/** Whether somebody has logged in here: the cookie of a session is hidden from scripts, and asking without one is a fault in the browser's log. */
export const wasHere = kept("wasHere", !hasStorage())

/** The browser's own zone. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Let the page look as is liked. */
export function begin() {
  const show = () => {
    const { dataset } = document.documentElement
    if (theme.value === "system") delete dataset.theme
    else dataset.theme = theme.value
  }
  theme.watch(show)
  show()
}

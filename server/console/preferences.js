// @ts-check
// What a person likes, kept by the browser. Nothing of the server's is kept.

import { Cell } from "./store.js"

/** @template T @param {string} name @param {T} usual @returns {Cell<T>} */
function kept(name, usual) {
  const cell = new Cell(read(name, usual))
  cell.watch((value) => {
    try {
      localStorage.setItem(`tickwire.${name}`, JSON.stringify(value))
    } catch {
      // Without storage it holds until the page is left.
    }
  })
  // Tabs do not undo what others have kept.
  addEventListener("storage", (event) => {
    if (event.key === `tickwire.${name}`) cell.set(read(name, usual))
  })
  return cell
}

/** @template T @param {string} name @param {T} usual @returns {T} */
function read(name, usual) {
  try {
    const found = JSON.parse(localStorage.getItem(`tickwire.${name}`) ?? "null") ?? usual
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
export const jobViews = kept("jobViews", /** @type {{ name: string, query: string }[]} */ ([]))

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

// @ts-check
// Where one is: real addresses below /console, with the state of a view in the query, so that each can be sent to a colleague.

import { Cell, useCell } from "./store.js"

const BASE = "/console"

/** @typedef {{ path: string, query: URLSearchParams, hash: string }} Place */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

/** @returns {Place} */
function read() {
  const { pathname, search, hash } = location
  return { path: pathname.slice(BASE.length) || "/", query: new URLSearchParams(search), hash: hash.slice(1) }
}

/** @type {Cell<Place>} */
export const place = new Cell(read())

export const usePlace = () => useCell(place)

/**
 * The address of a view. The space that was chosen stays chosen.
 * @param {string} path @param {Query} [query]
 */
export function address(path, query = {}) {
  const space = place.value.query.get("space")
  const found = new URLSearchParams()
  for (const [name, value] of Object.entries({ space, ...query })) {
    if (value || Number.isFinite(value)) found.set(name, String(value))
  }
  const text = found.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/")
  return BASE + path + (text && `?${text}`)
}

/**
 * Go to a view; ``replace`` leaves no trace in the history.
 * @param {string} path @param {Query} [query] @param {{ replace?: boolean }} [how]
 */
export function go(path, query, how) {
  visit(address(path, query), how)
}

/**
 * Change parts of the query; null takes one away.
 * @param {Query} changes @param {{ replace?: boolean }} [how]
 */
export function setQuery(changes, how = { replace: true }) {
  go(place.value.path, { ...Object.fromEntries(place.value.query), ...changes }, how)
}

/** @param {string} url @param {{ replace?: boolean }} [how] */
function visit(url, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", url)
  else history.pushState(null, "", url)
  place.set(read())
}

/**
 * The view of a path, with what its name's parts stand for: ``/jobs/:id``.
 * @template {{ path: string }} V @param {V[]} views @param {string} path
 * @returns {{ view: V, params: Record<string, string> } | undefined}
 */
export function match(views, path) {
  const given = path.split("/").filter(Boolean)
  for (const view of views) {
    const wanted = view.path.split("/").filter(Boolean)
    if (wanted.length !== given.length) continue
    if (!wanted.every((part, at) => part.startsWith(":") || part === given[at])) continue
    const params = wanted.flatMap((part, at) => (part.startsWith(":") ? [[part.slice(1), decode(given[at])]] : []))
    return { view, params: Object.fromEntries(params) }
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Links of the console change the view without loading a page. */
export function begin() {
  addEventListener("popstate", () => place.set(read()))
  addEventListener("hashchange", () => place.set(read()))
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest("a") : null
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return
    if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return
    if (link.hash && link.pathname === location.pathname) return
    event.preventDefault()
    visit(link.href)
  })
}

// @ts-check
// Keys. A view says which it has, and what they do; `?` shows them all.

import { Cell } from "./store.js"
import { useLayoutEffect } from "./vendor/htm-preact-standalone.js"

/** @typedef {{ keys: string, label: string, run: (event: KeyboardEvent) => void }} Shortcut */

/** In the order of their making; later ones win. @type {Cell<Shortcut[]>} */
export const shortcuts = new Cell(/** @type {Shortcut[]} */ ([]))

/**
 * Keys of a component, as long as it is there: ``j``, ``Enter``, ``?``, or two in a row as in ``g j``.
 * @param {Shortcut[]} own @param {unknown[]} inputs when to take them anew
 */
export function useShortcuts(own, inputs = []) {
  // Whoever sees the page may press them.
  useLayoutEffect(() => {
    shortcuts.set([...shortcuts.value, ...own])
    return () => shortcuts.set(shortcuts.value.filter((one) => !own.includes(one)))
  }, inputs)
}

const PAIR_MS = 1_000
let prefix = ""
let prefixAt = 0

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox],[type=radio]), textarea, select"))
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  if (document.querySelector("dialog[open]")) return
  // Buttons and links have their own use of these.
  if (["Enter", " "].includes(event.key) && event.target instanceof Element && event.target.closest("a, button, input, summary")) return
  const keys = prefix && Date.now() - prefixAt < PAIR_MS ? `${prefix} ${event.key}` : event.key
  const found = shortcuts.value.findLast((one) => one.keys === keys)
  prefix = ""
  if (found) {
    event.preventDefault()
    found.run(event)
  } else if (shortcuts.value.some((one) => one.keys.startsWith(`${event.key} `))) {
    prefix = event.key
    prefixAt = Date.now()
  }
}

export const begin = () => document.addEventListener("keydown", onKey)

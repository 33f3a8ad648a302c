// @ts-check
// A value that is looked at: the least that views need to share something.

import { useEffect, useState } from "./vendor/htm-preact-standalone.js"

/** @template T */
export class Cell {
  /** @type {Set<(value: T) => void>} */
  #watchers = new Set()
  #value

  /** @param {T} value */
  constructor(value) {
    this.#value = value
  }

  get value() {
    return this.#value
  }

  /** @param {T} value */
  set(value) {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const told of [...this.#watchers]) told(value)
  }

  /** @param {(value: T) => void} told @returns {() => void} which ends it */
  watch(told) {
    this.#watchers.add(told)
    return () => void this.#watchers.delete(told)
  }
}

/**
 * The value of a cell; the component is drawn again when it changes.
 * @template T @param {Cell<T>} cell @returns {T}
 */
export function useCell(cell) {
  const [value, set] = useState(cell.value)
  useEffect(() => {
    set(() => cell.value)
    return cell.watch((next) => set(() => next))
  }, [cell])
  return value
}

/** @type {Set<() => void>} */
const due = new Set()

/** Each frame does some of it: a page of which much changes goes on smoothly. @param {() => void} draw */
export function drawSoon(draw) {
  if (!due.size) requestAnimationFrame(drawSome)
  due.add(draw)
}

function drawSome() {
  const some = [...due].slice(0, 25)
  for (const draw of some) due.delete(draw)
  if (due.size) requestAnimationFrame(drawSome)
  for (const draw of some) draw()
}

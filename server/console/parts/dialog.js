// @ts-check
// Dialogs: the browser's own, which keep the focus and give it back.

import { Icon } from "../icons.js"
import { shell } from "../strings.js"
import { html, useId, useLayoutEffect, useRef } from "../vendor/htm-preact-standalone.js"

/** @param {{ title: string, close: () => void, wide?: boolean, children?: any }} props open as long as it is there */
export function Dialog({ title, close, wide = false, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const id = useId()
  // Before it is drawn, so that no key goes past it.
  useLayoutEffect(() => {
    const before = document.activeElement
    ref.current?.showModal()
    return () => before instanceof HTMLElement && before.focus()
  }, [])
  // What was filled in is not lost by a press beside it, nor is a press on the scroll bar one.
  const touched = useRef(false)
  /** @param {MouseEvent} event */
  const outside = (event) => event.target === ref.current && !touched.current && isBeside(event) && close()
  return html`
    <dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby=${id} onClose=${close} onMouseDown=${outside} onInput=${() => void (touched.current = true)}>
      <div class="sheet">
        <header>
          <h2 id=${id}>${title}</h2>
          <button type="button" class="quiet" aria-label=${shell.close} onClick=${close}><${Icon} name="close" /></button>
        </header>
        ${children}
      </div>
    </dialog>
  `
}

/** @param {MouseEvent} event of the element itself, or of what lies behind it */
function isBeside({ clientX, clientY, target }) {
  const { left, right, top, bottom } = /** @type {HTMLElement} */ (target).getBoundingClientRect()
  return clientX < left || clientX > right || clientY < top || clientY > bottom
}

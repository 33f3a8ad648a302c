// @ts-check
// Dialogs: the browser's own, which keep the focus and give it back.

import { Icon } from "../icons.js"
import { shell } from "../strings.js"
import { html, useEffect, useId, useRef } from "../vendor/htm-preact-standalone.js"

/** @param {{ title: string, close: () => void, wide?: boolean, children?: any }} props open as long as it is there */
export function Dialog({ title, close, wide = false, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    ref.current?.showModal()
    return () => before instanceof HTMLElement && before.focus()
  }, [])
  /** @param {MouseEvent} event */
  const outside = (event) => event.target === ref.current && close()
  return html`
    <dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby=${id} onClose=${close} onMouseDown=${outside}>
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

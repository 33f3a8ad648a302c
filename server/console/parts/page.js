// @ts-check
// What each view begins with: its heading, which gets the focus when one comes from another view, and the title of the tab.

import { shell } from "../strings.js"
import { html, useEffect, useRef } from "../vendor/htm-preact-standalone.js"

let isFirst = true

/** @param {{ title: string, unseen?: boolean, children?: any }} props ``children`` stand beside the heading */
export function Heading({ title, unseen = false, children }) {
  const ref = useRef(/** @type {HTMLHeadingElement | null} */ (null))
  useEffect(() => {
    if (!isFirst) ref.current?.focus({ preventScroll: true })
    isFirst = false
  }, [])
  useEffect(() => {
    document.title = `${title} · ${shell.product}`
  }, [title])
  return html`
    <header class="heading">
      <h1 ref=${ref} tabindex="-1" class=${unseen ? "unseen" : ""}>${title}</h1>
      ${children}
    </header>
  `
}

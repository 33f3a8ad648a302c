// @ts-check
// A row, opened beside its list.

import { Icon } from "../icons.js"
import { useShortcuts } from "../shortcuts.js"
import { drawer as say, shell } from "../strings.js"
import { html, useLayoutEffect, useRef } from "../vendor/htm-preact-standalone.js"

/**
 * @param {{ title: any, label: string, close: () => void, href?: string, children?: any }} props ``href`` is the page of what is shown;
 * ``label`` is the name for screen readers
 */
export function Drawer({ title, label, close, href, children }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null))
  useShortcuts([{ keys: "Escape", label: say.close, run: close }], [close])
  useLayoutEffect(() => {
    // On a small screen it lies upon the list: who reads by ear or by keys must find it.
    if (ref.current && getComputedStyle(ref.current).position === "fixed") ref.current.focus()
  }, [])
  return html`
    <aside ref=${ref} class="drawer" aria-label=${label} tabindex="-1">
      <header>
        <h2>${title}</h2>
        ${href && html`<a class="button quiet" href=${href}>${say.page}<${Icon} name="open" /></a>`}
        <button type="button" class="quiet" aria-label=${shell.close} onClick=${close}><${Icon} name="close" /></button>
      </header>
      ${children}
    </aside>
  `
}

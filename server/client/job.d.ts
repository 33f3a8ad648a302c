/**
 * A job in a page of another product: all of tickwire.d.ts, and one element more. docs/browser.md tells how.
 *
 * `<tickwire-job job="…">` shows a job as a card: its name and status, a bar with percent, text and the time that is left, attempt, since when,
 * how long it took, and what it ended with. It is for looking: what a subscriber token may not call, such as another run, has no button in it.
 * It uses its property `client`, or the first client of the page.
 */

import type { JobElement } from "./tickwire.js"

export * from "./tickwire.js"

declare global {
  interface HTMLElementTagNameMap {
    "tickwire-job": JobElement
  }
}
